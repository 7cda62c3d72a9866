"""A bounded folder of images that were read from far away, shared by any number of processes.

One file an image, named by a hash of everything that says which bytes it must hold: dataset digest, shard, offset, size,
CRC-32. So another version of a dataset never finds them, and what is found is checked against the index on every read. No
process holds a lock: files appear by rename, are read once opened whatever becomes of their names, and the least
recently used go first. Only files with names of this kind below `camxtime-images-1/` are ever removed.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import threading
import time
import warnings
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camxtime.errors import InputError
from camxtime.shards.atomic import write_error

FOLDER = "camxtime-images-1"
DEFAULT_BYTES = 64 * 2**30
SHARE = 64
"""A process looks at the whole folder after writing this share of the bound."""
ROOM = 8
"""Then this share is freed, so that as many as SHARE / ROOM processes at once cannot pass the bound."""
_LEFTOVER_S = 3600.0  # no write of an image takes this long

_FAN = re.compile(r"[0-9a-f]{2}")
_ENTRY = re.compile(r"[0-9a-f]{62}\.image")
_PART = re.compile(r"\.[0-9a-f]{62}\.[0-9a-f]{16}\.part")


@dataclass(frozen=True)
class ImageKey:
    """Which bytes are meant: `nbytes` at `offset` of a shard of the dataset with this digest, with this CRC-32."""

    digest: str
    shard: str
    offset: int
    nbytes: int
    crc32: int

    def name(self) -> str:
        """Path below the cache's folder."""
        text = f"{self.digest}\n{self.shard}\n{self.offset}\n{self.nbytes}\n{self.crc32}"
        number = hashlib.sha256(text.encode()).hexdigest()
        return f"{number[:2]}/{number[2:]}.image"


class ImageCache:
    """The cache in `folder`, which may hold other things too, bounded by `limit` bytes of images.

    Raises `InputError` for a bound below 1 and `WorkError` if the folder cannot be made. Writing that fails later (the
    disk is full, for one) is warned of once and reading goes on without keeping more. May be forked and pickled.
    """

    _allowance: int  # bytes to write before looking at the folder again
    _writing: bool

    def __init__(self, folder: str | os.PathLike[str], limit: int = DEFAULT_BYTES):
        if limit < 1:
            raise InputError(f"A cache needs at least 1 byte, not {limit}.")
        self.root = Path(folder).absolute() / FOLDER
        self.limit = limit
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(self.root, error) from error
        self._forget()

    def get(self, key: ImageKey) -> bytes | None:
        """The image, if it is here and whole; a file that is damaged is removed."""
        path = self.root / key.name()
        try:
            with path.open("rb") as file:
                data = file.read(key.nbytes + 1)
        except OSError:  # not here, or not any more; what cannot be read is fetched anew
            return None
        if len(data) != key.nbytes or zlib.crc32(data) != key.crc32:
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)  # used now
        return data

    def put(self, key: ImageKey, data: bytes) -> None:
        """Keep an image whose checksum was checked; one that would fill much of the cache is not kept."""
        if len(data) > self.limit // SHARE or not self._may_write(len(data)):
            return
        path = self.root / key.name()
        part = path.with_name(f".{path.stem}.{secrets.token_hex(8)}.part")
        try:
            path.parent.mkdir(exist_ok=True)
            try:
                with part.open("xb") as file:  # no fsync: what a crash leaves is checked on reading
                    file.write(data)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            self._writing = False
            warnings.warn(
                f"Nothing more is kept in the cache by this process. {write_error(path, error)}", stacklevel=2
            )

    def nbytes(self) -> int:
        """Bytes of all images and unfinished files in the folder now."""
        return sum(size for _, size, _ in self._files())

    def shrink(self, target: int) -> None:
        """Remove what killed writers left, then the images used longest ago, until `target` bytes are left."""
        files = self._files()
        total = sum(size for _, size, _ in files)
        stale = time.time() - _LEFTOVER_S
        for used, size, path in sorted(files):
            leftover = path.suffix == ".part"
            if (leftover and used < stale) or (not leftover and total > target):
                with suppress(OSError):  # another process was faster
                    path.unlink()
                total -= size

    def _may_write(self, nbytes: int) -> bool:
        if self._pid != os.getpid():
            self._forget()  # after fork: the parent's lock may be held by a thread that is not here
        with self._lock:
            if not self._writing:
                return False
            if nbytes > self._allowance:
                self.shrink(self.limit - self.limit // ROOM)
                self._allowance = self.limit // SHARE
            self._allowance -= nbytes
            return True

    def _files(self) -> list[tuple[float, int, Path]]:
        """(time of last use, size, path) of the files that are the cache's own."""
        found = []
        for fan in _scan(self.root):
            if not (_FAN.fullmatch(fan.name) and fan.is_dir(follow_symlinks=False)):
                continue
            for entry in _scan(Path(fan.path)):
                if not (_ENTRY.fullmatch(entry.name) or _PART.fullmatch(entry.name)):
                    continue
                with suppress(OSError):  # removed in between
                    stat = entry.stat(follow_symlinks=False)
                    found.append((stat.st_mtime, stat.st_size, Path(entry.path)))
        return found

    def _forget(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._allowance = 0  # look at the folder first
        self._writing = True

    def __getstate__(self) -> dict[str, Any]:
        return {"root": self.root, "limit": self.limit}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.root, self.limit = state["root"], state["limit"]
        self._forget()


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:  # removed, or not ours to read
        return []
