"""The files a dataset is made from must stay what they were: their digests are kept at the first run, compared later."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from camxtime.errors import InputError
from camxtime.farm.jobs import RunPlan
from camxtime.farm.ledger import Ledger
from camxtime.spec.entries import cast_of


def asset_files(plan: RunPlan) -> list[str]:
    """Absolute paths of the scene and animation files."""
    return sorted(
        {entry["file"] for stage in plan.stages for entry in _entries(stage.stage.request) if entry.get("file")}
    )


def pin_assets(ledger: Ledger, plan: RunPlan, assets_root: Path) -> None:
    """Note the scene and animation files' digests, or see that they are those of the run that began the dataset.

    Raises:
        InputError: a file has changed since; grids of one dataset would be made of different content.
    """
    base = assets_root.resolve()
    files = asset_files(plan)
    if plan.captions is not None:
        files.append(plan.captions)
    found = {Path(file).relative_to(base).as_posix(): _sha256(Path(file)) for file in files}
    known = ledger.read("assets.json")
    if known is None:
        ledger.write("assets.json", found)
        return
    changed = [name for name, digest in found.items() if known.get(name) != digest]
    if changed:
        raise InputError(
            f"{base / changed[0]}: is not the file that the dataset in {ledger.root} was begun with "
            f"({len(changed)} such); restore it, or render into a new folder."
        )


def _entries(request: dict[str, Any]) -> list[dict[str, Any]]:
    return [request["scene"], *cast_of(request["animation"])]


def _sha256(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
