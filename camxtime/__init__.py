"""camxtime: make, prove and read camera×time datasets.

`camxtime.open(path_or_url)` reads a dataset. Nothing heavy is imported until it is used: importing this package
needs neither Blender, Ray nor torch, and loads neither pyarrow nor OpenCV.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camxtime.shards.dataset import Dataset

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(path: str | os.PathLike[str]) -> Dataset:
    """Open the dataset in a folder or at a URL (`file://`, `https://`, `s3://`, … whatever fsspec reads).

    Raises `InputError` when there is no such folder and `DataError` when what lies there is not a dataset that
    this version reads.
    """
    from camxtime.shards.dataset import open_dataset

    return open_dataset(path)
