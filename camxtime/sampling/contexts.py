"""Context clips: further clips of the same scene and animation, drawn at random and chosen by what they see.

`frustum`: PlenopticDreamer's 3D field-of-view retrieval (arXiv 2601.05239, Algorithm 1) as published: overlap of viewing
frusta, estimated by Monte Carlo, without any test of occlusion. `covisibility`: the share of surface that target and
candidate both see, from the true depth that a rendered grid has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError
from camxtime.sampling.camera_tracks import camera_track
from camxtime.sampling.catalog import MOVING, SCATTERED, Catalog
from camxtime.sampling.draws import CONTEXT, generator
from camxtime.sampling.overlap import ClipCameras, covisibility, frustum_overlap
from camxtime.sampling.recipe import Contexts
from camxtime.sampling.tracks import ClipRef

if TYPE_CHECKING:
    from camxtime.sampling.pairs import Pair

Indices = NDArray[np.int64]

DRAWS = 64
"""Draws in vain after which a stage is taken to have no more candidates."""


def draw_contexts(catalog: Catalog, wanted: Contexts, pair: Pair, key: bytes) -> tuple[ClipRef, ...]:
    """The context clips of a pair, best first ("random": in the order drawn); a pure function of its arguments.

    Candidates come from all camera paths of the stage. None is another one again, and none gives source or target away:
    at most `wanted.max_shared` of its frames are cells of either. Raises `InputError` where the stage has too few such
    clips, and what reading depth raises when they are chosen by covisibility.
    """
    if wanted.count == 0:
        return ()
    rng = generator(key, pair.index, CONTEXT)
    candidates = _candidates(catalog, wanted, pair, rng)
    if wanted.choose == "random":
        return tuple(candidates[: wanted.count])
    frames = compared_frames(len(pair.target), wanted.frames)
    scores = score_contexts(catalog, wanted, pair.target, candidates, frames, rng)
    best = np.argsort(-scores, kind="stable")[: wanted.count]
    return tuple(candidates[i] for i in best)


def score_contexts(
    catalog: Catalog,
    wanted: Contexts,
    target: ClipRef,
    candidates: list[ClipRef],
    frames: Indices,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Overlap of each candidate with the target, (N,) in 0..1, by the recipe's way of choosing."""
    goal = clip_cameras(catalog, target, frames)
    others = [clip_cameras(catalog, clip, frames) for clip in candidates]
    if wanted.choose == "frustum":
        return np.array(
            [frustum_overlap(other, goal, wanted.near_m, wanted.far_m, wanted.points, rng) for other in others]
        )
    seen = clip_depth(catalog, target, frames)
    return np.array([
        covisibility(other, clip_depth(catalog, clip, frames), goal, seen, wanted.grid_px)
        for other, clip in zip(others, candidates, strict=True)
    ])  # fmt: skip


def compared_frames(frames: int, wanted: int) -> Indices:
    """Indices of `wanted` frames, evenly spread from first to last (all if 0 or too many), int64."""
    if wanted == 0 or wanted >= frames:
        return np.arange(frames)
    return np.unique(np.round(np.linspace(0, frames - 1, wanted)).astype(np.int64))


def clip_cameras(catalog: Catalog, clip: ClipRef, frames: Indices) -> ClipCameras:
    """Poses, intrinsics and image size of some frames of a clip."""
    c2w, K = np.empty((len(frames), 4, 4)), np.empty((len(frames), 3, 3))
    for part, grid in enumerate(clip.grids):
        here = clip.parts[frames] == part
        cameras = catalog.dataset.grid(grid).cameras
        at = clip.track.cameras[frames[here]]
        c2w[here], K[here] = cameras.c2w[at], cameras.K[at]
    return ClipCameras(c2w, K, cameras.width, cameras.height)


def clip_depth(catalog: Catalog, clip: ClipRef, frames: Indices) -> NDArray[np.float32]:
    """z-depth of some frames of a clip, (len(frames), H, W) float32 metres; errors as `Grid.clip`."""
    first = catalog.dataset.grid(clip.grids[0])
    depth = np.empty((len(frames), first.H, first.W), np.float32)
    for part, grid in enumerate(clip.grids):
        here = clip.parts[frames] == part
        if here.any():
            cells = frames[here]
            track = clip.track
            depth[here] = catalog.dataset.grid(grid).clip(track.cameras[cells], track.times[cells], ("depth",)).depth
    return depth


def _candidates(catalog: Catalog, wanted: Contexts, pair: Pair, rng: np.random.Generator) -> list[ClipRef]:
    taken = [set(_cells(pair.source)), set(_cells(pair.target))]
    found: list[ClipRef] = []
    for _ in range(wanted.candidates + DRAWS):
        clip = _candidate(catalog, wanted, pair, rng)
        cells = _cells(clip)
        shared = max(sum(cell in other for cell in cells) for other in taken) / len(cells)
        if shared <= wanted.max_shared and clip not in found:
            found.append(clip)
        if len(found) == wanted.candidates:
            return found
    if len(found) < wanted.count:
        raise InputError(
            f"Pair {pair.index}: {pair.source.grids[0]} offers {len(found)} context clips that differ from source and target, "
            f"not {wanted.count}: ask for fewer, for more camera tracks, or raise recipe.contexts.max_shared."
        )
    return found


def _cells(clip: ClipRef) -> list[tuple[str, int, int]]:
    track = clip.track
    triples = zip(clip.parts.tolist(), track.cameras.tolist(), track.times.tolist(), strict=True)
    return [(clip.grids[part], camera, time) for part, camera, time in triples]


def _candidate(catalog: Catalog, wanted: Contexts, pair: Pair, rng: np.random.Generator) -> ClipRef:
    home = catalog.number(pair.source.grids[0])
    grids = np.append(catalog.siblings(home), home)
    grid = int(grids[int(rng.integers(len(grids)))])
    names = [name for name, weight in wanted.cameras.items() if weight > 0]
    weights = np.array([wanted.cameras[name] for name in names])
    name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
    if catalog.layout(grid) == MOVING:
        name = "diagonal"
    elif catalog.layout(grid) == SCATTERED:
        name = "fixed"
    window = pair.window.times(np.arange(pair.window.frames))
    times = catalog.animation_times(pair.target) if wanted.times == "target" else window
    cameras = camera_track(name, catalog.diagonal(grid, window), catalog.cameras(grid), rng)
    return catalog.clip(grid, cameras, times)
