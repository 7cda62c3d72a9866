"""camxtime: make, prove and read camera×time datasets.

`camxtime.open(path_or_url)` reads a dataset. Nothing heavy is imported until it is used: importing this package
needs neither Blender, Ray nor torch, and loads neither pyarrow nor OpenCV.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camxtime.shards.dataset import Dataset
    from camxtime.shards.remote import RemoteOptions

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(
    path: str | os.PathLike[str],
    *,
    cache: str | os.PathLike[str] | None = None,
    cache_bytes: int | None = None,
    remote: RemoteOptions | None = None,
) -> Dataset:
    """Open the dataset in a folder or at a URL (`file://`, `https://`, `s3://`, … whatever fsspec reads).

    cache: folder in which images that were read are kept, at most `cache_bytes` (64 GiB if not said), for this and other
    processes; see docs/remote.md. remote: tries, time limits, requests at once and fsspec's storage options of a URL.

    Raises `InputError` when there is no such folder and `DataError` when what lies there is not a dataset that
    this version reads.
    """
    from camxtime.errors import InputError
    from camxtime.shards.cache import DEFAULT_BYTES, ImageCache
    from camxtime.shards.dataset import open_dataset

    if cache is None and cache_bytes is not None:
        raise InputError(
            "cache_bytes bounds a cache: say its folder too, as in open(url, cache=folder, cache_bytes=…)."
        )
    kept = None if cache is None else ImageCache(cache, DEFAULT_BYTES if cache_bytes is None else cache_bytes)
    return open_dataset(path, kept, remote)
