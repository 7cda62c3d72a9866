"""Cells as the page wants them: stored bytes as they are, depth and instances as pictures or numbers, the warp check."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camxtime.geometry.reproject import LABELS, View, reproject
from camxtime.shards.colours import depth_colours, depth_range, instance_colours
from camxtime.shards.cv2_images import cv2_encode
from camxtime.shards.grid import Grid
from camxtime.viewer.answers import refuse

MEDIA = {b"\xff\xd8": "image/jpeg", b"\x89P": "image/png", b"RI": "image/webp"}
"""Media type of a stored rgb image by its first two bytes."""

OVERLAP_COLOURS = {
    "no_hit": (0, 0, 0, 0), "outside": (120, 124, 134, 120), "edge": (235, 200, 60, 70),
    "occluded": (60, 120, 230, 130), "agree": (40, 180, 90, 110), "contradiction": (230, 40, 40, 235),
}  # fmt: skip
"""RGBA of each label of the warp check."""
OVERLAP_TEXT = {
    "agree": "the other cell sees the same surface at the same place",
    "contradiction": "the other cell sees through it: something moved, or the data is wrong",
    "occluded": "the other cell sees something nearer",
    "edge": "too close to an edge to be judged",
    "outside": "outside the other cell's image",
}
_OVERLAP_PIXELS = 2_000_000
_RANGE_CELLS = 3


@dataclass(frozen=True)
class Picture:
    """Encoded bytes, and what is said in headers beside them."""

    data: bytes
    kind: str
    headers: dict[str, str]

    def __len__(self) -> int:
        return len(self.data) + 256


def stored(grid: Grid, camera: int, time: int, pass_name: str) -> bytes:
    """The bytes of an image as they are stored; an HTTP error where there is none."""
    check_cell(grid, camera, time, pass_name)
    return grid.payloads(camera, time, pass_name)[0]


def check_cell(grid: Grid, camera: int, time: int, pass_name: str) -> str:
    """The image's checksum as text; an HTTP error where there is no such image."""
    if pass_name not in grid.passes:
        raise refuse(404, f"The dataset has no pass {pass_name}; it has {', '.join(grid.passes)}.")
    if not (0 <= camera < grid.C and 0 <= time < grid.T):
        raise refuse(404, f"Grid {grid.id} has cameras 0 to {grid.C - 1} and times 0 to {grid.T - 1}.")
    place = (time, camera, grid.passes.index(pass_name))
    if grid.index.shard[place] < 0:
        raise refuse(404, f"Camera {camera}, time {time} of grid {grid.id} is not rendered yet.")
    return f"{int(grid.index.crc32[place]):08x}{int(grid.index.nbytes[place]):x}"


def media_type(data: bytes) -> str:
    """What browsers call a stored rgb image."""
    return MEDIA.get(data[:2], "application/octet-stream")


def depth_range_of(grid: Grid) -> tuple[float, float]:
    """(near, far) in metres by which all depth pictures of a grid are coloured: over a few of its cells, so that they compare."""
    column = grid.passes.index("depth")
    places = np.argwhere(grid.index.shard[..., column] >= 0)
    if not len(places):
        return 1.0, 2.0
    chosen = places[np.unique(np.linspace(0, len(places) - 1, _RANGE_CELLS).round().astype(int))]
    depths = grid.clip(chosen[:, 1], chosen[:, 0], ("depth",)).depth
    near, far = depth_range(depths)
    return float(f"{near:.4g}"), float(f"{far:.4g}")


def depth_picture(grid: Grid, camera: int, time: int, near: float, far: float) -> Picture:
    """z-depth in colours between near and far, metres."""
    colours = depth_colours(grid.cell(camera, time).depth, near, far)
    return Picture(_png(colours), "image/png", {"X-Depth-Range": f"{near:g} {far:g}"})


def depth_legend() -> bytes:
    """A PNG of 256×1 pixels: near at the left, far at the right, even steps in log depth."""
    return _png(depth_colours(np.geomspace(1.0, 100.0, 256, dtype=np.float32)[None], 1.0, 100.0))


def depth_numbers(grid: Grid, camera: int, time: int) -> bytes:
    """float32 little endian [H, W], metres, +inf where nothing is hit."""
    return grid.cell(camera, time).depth.astype("<f4").tobytes()


def instance_picture(grid: Grid, camera: int, time: int) -> Picture:
    """A colour for each object."""
    return Picture(_png(instance_colours(grid.cell(camera, time).instance)), "image/png", {})


def instance_numbers(grid: Grid, camera: int, time: int) -> bytes:
    """uint16 little endian [H, W] object ids."""
    return grid.cell(camera, time).instance.astype("<u2").tobytes()


def overlap_picture(grid: Grid, first: tuple[int, int], second: tuple[int, int]) -> Picture:
    """The warp check: where the depth of cell `first` (camera, time), carried into `second`, agrees with the depth there.

    RGBA over the first cell's image. Images of more than two million pixels are looked at in every k-th pixel.
    """
    step = int(np.ceil(np.sqrt(grid.H * grid.W / _OVERLAP_PIXELS)))
    clip = grid.clip([first[0], second[0]], [first[1], second[1]], ("depth",))
    a, b = (
        View(depth[::step, ::step], c2w, _coarser(K, step))
        for depth, c2w, K in zip(clip.depth, clip.c2w, clip.K, strict=True)
    )
    found = reproject(a, b)
    table = np.array([OVERLAP_COLOURS[label] for label in LABELS], np.uint8)
    shares = {label: round(count / found.labels.size, 5) for label, count in found.counts.items()}
    words = "{" + ", ".join(f'"{label}": {share}' for label, share in shares.items()) + "}"
    bgra = table[found.labels][..., [2, 1, 0, 3]]
    return Picture(cv2_encode(".png", bgra), "image/png", {"X-Overlap": words})


def _coarser(K: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    """Intrinsics of every `step`-th pixel from the first: centre u becomes (u − 0.5) / step + 0.5."""
    coarse = np.array(K)
    coarse[:2] /= step
    coarse[:2, 2] += 0.5 - 0.5 / step
    return coarse


def _png(rgb: NDArray[np.uint8]) -> bytes:
    return cv2_encode(".png", rgb[..., ::-1])
