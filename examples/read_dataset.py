"""Read a camera×time dataset: a source clip, two targets, and a point carried from one camera to another.

python examples/read_dataset.py out/demo
"""

from __future__ import annotations

import sys

import numpy as np

import camxtime
from camxtime.geometry.cameras import project, unproject


def main(path: str) -> None:
    """Walk through the first grid of the dataset at `path`."""
    data = camxtime.open(path)
    print(data)
    grid = data.grid(data.grids.ids[0])
    print(f"{grid.id}: {grid.C} cameras × {grid.T} times of {grid.W}×{grid.H} pixels at {grid.fps:g} fps")
    print(f"  {grid.caption}")

    source = grid.diagonal()  # camera and time advance together: the video that a moving camera takes
    bullet = grid.bullet_time(grid.T // 2, passes=("rgb", "depth"))  # time stands still, the camera moves
    reverse = grid.clip(source.cameras, source.times[::-1])  # the same camera path, time running backwards
    print(
        f"  source {source.rgb.shape} {source.rgb.dtype}; bullet time {bullet.rgb.shape}; reverse {reverse.rgb.shape}"
    )

    # The middle pixel of the first camera, lifted to the world by its depth and seen by the last camera.
    row, column = grid.H // 2, grid.W // 2
    pixel = np.array([column + 0.5, row + 0.5])
    point = unproject(pixel, bullet.depth[0, row, column], bullet.c2w[0], bullet.K[0])
    uv, z = project(point, bullet.c2w[-1], bullet.K[-1])
    print(
        f"  pixel {pixel} of camera 0 is at {np.round(point, 3)} m, and at pixel {np.round(uv, 2)} of camera {grid.C - 1}"
    )
    print(f"  there it is {float(z):.3f} m deep")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
