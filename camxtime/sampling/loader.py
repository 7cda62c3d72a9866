"""PairLoader: pair i with its pixels, cameras and conditions, as a dict of NumPy arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import DataError, InputError
from camxtime.sampling.catalog import Catalog
from camxtime.sampling.condition import Frames, TargetCameras, geometric_condition
from camxtime.sampling.decode import Decoder, Wanted
from camxtime.sampling.draws import VIEW, draw_key, generator
from camxtime.sampling.poses import PLUCKER_ORDERS, POSE_FORMS, plucker_rays, relative_poses
from camxtime.sampling.tracks import ClipRef
from camxtime.sampling.view import Cut, View

if TYPE_CHECKING:
    from camxtime.sampling.pairs import Pair, PairSampler

Sample = dict[str, Any]


class PairError(DataError):
    """A pair could not be read; the message begins with its number, `__cause__` says why.

    `index` is the pair's; None where PyTorch carried the error over from a loader process, which keeps only the message.
    """

    def __init__(self, message: str, index: int | None = None):
        super().__init__(message)
        self.index = index


@dataclass(frozen=True)
class SampleOptions:
    """What a sample holds besides source and target, and how it is laid out. None of it changes which pairs are drawn.

    view: size of the clips. passes: of source and target besides rgb ("depth", "instance"). pose_form: "left" or
    "right" (see `relative_poses`). relative_to: "source" refers all poses to the first source frame, "own" each clip's to
    its own first frame. plucker: None, or the order of the ray maps; plucker_step: pixels per ray. condition: add the
    geometric condition; point_px: side of its points. threads: decoding threads of this process. channels_first: images
    as [F, 3, H, W] in place of [F, H, W, 3].
    """

    view: View = field(default_factory=View)
    passes: tuple[str, ...] = ()
    pose_form: str = "left"
    relative_to: str = "source"
    plucker: str | None = None
    plucker_step: int = 8
    condition: bool = False
    point_px: int = 1
    threads: int = 1
    channels_first: bool = False

    def __post_init__(self) -> None:
        if self.pose_form not in POSE_FORMS or self.relative_to not in ("source", "own"):
            raise InputError("SampleOptions: pose_form is 'left' or 'right', relative_to is 'source' or 'own'.")
        if self.plucker is not None and self.plucker not in PLUCKER_ORDERS:
            raise InputError(
                f"SampleOptions: plucker is None or one of {', '.join(PLUCKER_ORDERS)}, not {self.plucker!r}."
            )
        if self.plucker_step < 1 or not 1 <= self.point_px <= 8:
            raise InputError("SampleOptions: plucker_step must be at least 1, and point_px 1 to 8.")
        if "rgb" in self.passes or len(set(self.passes)) != len(self.passes):
            raise InputError("SampleOptions: passes are those besides rgb, each once.")


class PairLoader:
    """Reads the pairs of a sampler. docs/sampling.md lists every key of a sample with its shape and convention.

    May be forked, pickled to spawned processes and used from many threads.
    """

    def __init__(self, sampler: PairSampler, options: SampleOptions | None = None):
        self.sampler = sampler
        self.options = options or SampleOptions()
        known = sampler.dataset.passes
        for name in ("rgb", *self.options.passes, *(("depth",) if self.options.condition else ())):
            if name not in known:
                raise InputError(f"{sampler.dataset.root} has no pass {name!r}; it has {', '.join(known)}.")
        self._decoder = Decoder(sampler.dataset, self.options.threads, self.options.channels_first)
        self._key = draw_key(sampler.fingerprint, sampler.seed)

    def __getitem__(self, index: int) -> Sample:
        return self.load(self.sampler.pair(index))

    def load(self, pair: Pair) -> Sample:
        """A pair's sample; `PairError` naming the pair and what is wrong if a cell cannot be read."""
        try:
            return self._load(pair)
        except DataError as error:
            raise PairError(f"Pair {pair.index}: {error}", pair.index) from error

    def _load(self, pair: Pair) -> Sample:
        catalog, options = self.sampler.catalog, self.options
        first = catalog.number(pair.source.grids[0])
        height, width = (int(side) for side in catalog.sizes[first])
        cut = options.view.cut(height, width, generator(self._key, pair.index, VIEW))
        clips = {"source": pair.source, "target": pair.target}
        wanted = {name: Wanted(clip, "rgb") for name, clip in clips.items()}
        for extra in options.passes:
            wanted |= {f"{name}_{extra}": Wanted(clip, extra) for name, clip in clips.items()}
        if options.condition:
            wanted["source_depth"] = Wanted(pair.source, "depth")
        contexts = {f"context {i}": clip for i, clip in enumerate(pair.contexts)}
        wanted |= {name: Wanted(clip, "rgb") for name, clip in contexts.items()}
        images = dict(zip(wanted, self._decoder.read(list(wanted.values()), cut), strict=True))

        cameras = {name: _ClipArrays.of(catalog, clip, cut) for name, clip in (clips | contexts).items()}
        reference = cameras["source"].c2w[0]
        arrays = {name: self._camera_arrays(entry, reference, cut) for name, entry in cameras.items()}
        sample: Sample = {name: images[name] for name in ("source", "target")}
        sample |= {f"{name}_{key}": value for name in clips for key, value in arrays[name].items()}
        kept = {f"{name}_{extra}" for name in clips for extra in options.passes}
        sample |= {name: image for name, image in images.items() if name in kept}
        if contexts:
            sample["context"] = np.stack([images[name] for name in contexts])
            for key in arrays["source"]:
                sample[f"context_{key}"] = np.stack([arrays[name][key] for name in contexts])
        if options.condition:
            sample |= self._condition(cameras, images, cut)
        return sample | self._words(pair)

    def _camera_arrays(self, clip: _ClipArrays, reference: NDArray[np.float64], cut: Cut) -> Sample:
        options = self.options
        origin = reference if options.relative_to == "source" else clip.c2w[0]
        arrays: Sample = {
            "c2w": clip.c2w.astype(np.float32),
            "pose": relative_poses(clip.c2w, origin, options.pose_form).astype(np.float32),
            "K": clip.K.astype(np.float32),
            "time": clip.times,
            "cells": clip.cells,
        }
        if options.plucker is not None:
            local = relative_poses(clip.c2w, origin, "left")
            arrays["rays"] = plucker_rays(local, clip.K, cut.size, order=options.plucker, step=options.plucker_step)
        return arrays

    def _condition(self, cameras: dict[str, _ClipArrays], images: dict[str, Any], cut: Cut) -> Sample:
        source, target = cameras["source"], cameras["target"]
        rgb = images["source"]
        if self.options.channels_first:
            rgb = np.moveaxis(rgb, 1, -1)
        frames = Frames(rgb, images["source_depth"], source.c2w, source.K, source.times)
        seen, mask = geometric_condition(
            frames, TargetCameras(target.c2w, target.K, target.times, cut.size), self.options.point_px
        )
        if self.options.channels_first:
            seen = np.ascontiguousarray(np.moveaxis(seen, -1, 1))
        return {"condition": seen, "condition_mask": mask}

    def _words(self, pair: Pair) -> Sample:
        grid = self.sampler.dataset.grid(pair.target.grids[0])
        return {
            "index": np.int64(pair.index),
            "fps": np.float32(grid.fps),
            "caption": grid.caption,
            "grid": grid.id,
            "task": pair.task,
            "warp": pair.warp,
            "camera": pair.camera,
        }


@dataclass(frozen=True, eq=False)
class _ClipArrays:
    """Cameras and times of a clip whose images were cut: c2w (F, 4, 4), K (F, 3, 3), times (F,), cells (F, 2)."""

    c2w: NDArray[np.float64]
    K: NDArray[np.float64]
    times: NDArray[np.int64]
    cells: NDArray[np.int64]

    @staticmethod
    def of(catalog: Catalog, clip: ClipRef, cut: Cut) -> _ClipArrays:
        c2w, K = np.empty((len(clip), 4, 4)), np.empty((len(clip), 3, 3))
        for part, grid in enumerate(clip.grids):
            frames = clip.frames_of(part)
            cameras = catalog.dataset.grid(grid).cameras
            at = clip.track.cameras[frames]
            c2w[frames], K[frames] = cameras.c2w[at], cameras.K[at]
        cells = np.stack([clip.track.cameras, clip.track.times], axis=1)
        return _ClipArrays(c2w, cut.K(K), catalog.animation_times(clip), cells)
