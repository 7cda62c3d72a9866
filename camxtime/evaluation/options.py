"""What is measured, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from camxtime.errors import InputError
from camxtime.evaluation.stats import Bootstrap

PARTS = ("frames", "masks", "cells", "poses", "sync")
"""frames: PSNR, SSIM and, with weights, LPIPS. masks: PSNR on co-visible, revealed, moving, static pixels. cells: camera and
time error in cells. poses: camera accuracy by the built-in estimator or pose files. sync: matches between views of one time."""

SEARCHES = ("auto", "full", "cross")


@dataclass(frozen=True)
class EvalOptions:
    """parts: some of `PARTS`; those whose passes the dataset lacks are skipped with a note.

    size: (H, W) that truth is cut to and predictions must have; None: as stored. lpips: files of LPIPS weights.
    cells: "full" searches the whole grid, "cross" the wanted camera's and the wanted time's cells alone, "auto" is full up to
    `cells_most` cells. cells_px: longer side that images are reduced to for that search. poses: method → folder of pose files;
    other methods' poses are estimated. seed: of the bootstrap and RANSAC. partial: summarise methods with problems too.
    """

    parts: tuple[str, ...] = ("frames", "masks", "cells")
    size: tuple[int, int] | None = None
    lpips: tuple[Path, ...] = ()
    cells: str = "auto"
    cells_px: int = 64
    cells_most: int = 4096
    poses: Mapping[str, Path] = field(default_factory=dict)
    bootstrap: Bootstrap = field(default_factory=Bootstrap)
    seed: int = 0
    partial: bool = False
    progress: bool = False

    def __post_init__(self) -> None:
        unknown = [part for part in self.parts if part not in PARTS]
        if unknown or not self.parts:
            raise InputError(f"parts: {', '.join(unknown) or 'none'} is not among {', '.join(PARTS)}.")
        if self.cells not in SEARCHES:
            raise InputError(f"cells: {self.cells!r} is none of {', '.join(SEARCHES)}.")
        if self.cells_px < 8 or self.cells_most < 1 or self.seed < 0:
            raise InputError("cells_px must be at least 8, cells_most at least 1, seed at least 0.")

    def to_json(self) -> dict[str, Any]:
        """What results depend on, JSON-ready."""
        return {
            "parts": list(self.parts), "size": list(self.size) if self.size is not None else None,
            "lpips": [path.name for path in self.lpips], "cells": self.cells, "cells_px": self.cells_px,
            "cells_most": self.cells_most, "poses": {name: Path(path).name for name, path in self.poses.items()},
            "seed": self.seed, "bootstrap": {"resamples": self.bootstrap.resamples, "level": self.bootstrap.level},
        }  # fmt: skip
