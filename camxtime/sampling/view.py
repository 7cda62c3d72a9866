"""How cells are cut to a clip's size, and what that does to the intrinsics.

Images are resized to cover the wanted size and then cropped. Pixel centres lie at half-integers, so scaling by s maps
the image position u to s·u exactly, and cropping x0 pixels subtracts x0: K changes by the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError

CROPS = ("center", "random")
MAX_SIDE = 16_384


@dataclass(frozen=True)
class View:
    """The size of the clips: height × width pixels, or that of the stored images where both are None.

    crop: what is cut off where the proportions differ: "center" keeps the middle, "random" a drawn part, the same for
    all clips of a pair.
    """

    height: int | None = None
    width: int | None = None
    crop: str = "center"

    def __post_init__(self) -> None:
        if (self.height is None) != (self.width is None):
            raise InputError("A view needs both height and width, or neither.")
        for side in (self.height, self.width):
            if side is not None and (isinstance(side, bool) or not isinstance(side, int) or not 1 <= side <= MAX_SIDE):
                raise InputError(f"A view's height and width must be whole numbers from 1 to {MAX_SIDE}, not {side!r}.")
        if self.crop not in CROPS:
            raise InputError(f"A view's crop must be one of {', '.join(CROPS)}, not {self.crop!r}.")

    def cut(self, height: int, width: int, rng: np.random.Generator | None = None) -> Cut:
        """What is done to images of height × width; `rng` places a random crop (needed for that alone)."""
        if self.height is None or self.width is None:
            return Cut((height, width), (height, width), (0, 0), (height, width))
        scale = max(self.height / height, self.width / width)
        resized = (max(self.height, round(height * scale)), max(self.width, round(width * scale)))
        spare = (resized[0] - self.height, resized[1] - self.width)
        corner = (spare[0] // 2, spare[1] // 2)
        if self.crop == "random":
            if rng is None:
                raise InputError("A random crop needs a random generator.")
            corner = (int(rng.integers(spare[0], endpoint=True)), int(rng.integers(spare[1], endpoint=True)))
        return Cut((height, width), resized, corner, (self.height, self.width))


@dataclass(frozen=True)
class Cut:
    """(height, width) as stored, as resized, the crop's top left corner (row, column) therein, and the result's size."""

    stored: tuple[int, int]
    resized: tuple[int, int]
    corner: tuple[int, int]
    size: tuple[int, int]

    @property
    def nothing(self) -> bool:
        """Whether images stay as they are."""
        return self.stored == self.size

    def K(self, K: NDArray[np.float64]) -> NDArray[np.float64]:
        """Intrinsics (..., 3, 3) of the cut images from those of the stored ones, in pixels."""
        cut = np.array(K, np.float64)
        cut[..., 0, :] *= self.resized[1] / self.stored[1]
        cut[..., 1, :] *= self.resized[0] / self.stored[0]
        cut[..., 0, 2] -= self.corner[1]
        cut[..., 1, 2] -= self.corner[0]
        return cut

    def reduction(self) -> int:
        """1, 2, 4 or 8: how much smaller a JPEG may be decoded at once, exactly, and still cover the resized image."""
        for factor in (8, 4, 2):
            fits = all(stored % factor == 0 for stored in self.stored)
            if fits and all(s // factor >= r for s, r in zip(self.stored, self.resized, strict=True)):
                return factor
        return 1

    def crop(self, image: NDArray[np.generic]) -> NDArray[np.generic]:
        """The crop of a resized image, a view."""
        row, column = self.corner
        return image[row : row + self.size[0], column : column + self.size[1]]
