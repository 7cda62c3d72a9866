"""A bounded folder of thumbnails, named by the digest of the grid that they show. Shared by any number of servers.

`camxtime-thumbs-1/<digest>-<kind>`: files appear by rename; those used longest ago go first; nothing else is removed.
"""

from __future__ import annotations

import os
import re
import threading
import time
from contextlib import suppress
from pathlib import Path

from camxtime.errors import WorkError
from camxtime.shards.atomic import write_atomic

FOLDER = "camxtime-thumbs-1"
BESIDE = Path(".cache") / "viewer"
"""Where thumbnails lie in a dataset's own folder."""

_NAME = re.compile(r"[0-9a-f]{64}-(diagonal\.webp|mosaic\.jpg|coarse\.jpg)")
_PART = re.compile(r"\.[0-9a-f]{64}-[a-z]+\.[a-z]+\.[0-9a-f]{16}\.part")
_LEFTOVER_S = 3600.0
_ROOM = 8  # this share is freed at once


class ThumbStore:
    """Thumbnails in the first of `folders` that can be written to, at most `limit` bytes; nowhere if none can."""

    def __init__(self, folders: list[Path], limit: int):
        self.limit = limit
        self._lock = threading.Lock()
        self.root = next((root for folder in folders if (root := _usable(folder)) is not None), None)

    def get(self, digest: str, kind: str) -> bytes | None:
        """What is kept for a grid's digest, if it is."""
        if self.root is None:
            return None
        path = self.root / f"{digest}-{kind}"
        try:
            data = path.read_bytes() if not path.is_symlink() else None
        except OSError:
            return None
        with suppress(OSError):
            os.utime(path)  # used now
        return data

    def put(self, digest: str, kind: str, data: bytes) -> None:
        """Keep it, if it fits and the disk has room; the page works without."""
        if self.root is None or len(data) > self.limit // _ROOM:
            return
        with self._lock, suppress(WorkError):
            write_atomic(self.root / f"{digest}-{kind}", data)
            self._shrink()

    def nbytes(self) -> int:
        """Bytes of all thumbnails kept now."""
        return sum(size for _, size, path in self._files() if _NAME.fullmatch(path.name))

    def _shrink(self) -> None:
        files = self._files()
        total = sum(size for _, size, _ in files)
        stale = time.time() - _LEFTOVER_S
        target = self.limit - self.limit // _ROOM if total > self.limit else self.limit
        for used, size, path in sorted(files):
            unfinished = path.name.startswith(".")
            if (unfinished and used < stale) or (not unfinished and total > target):
                with suppress(OSError):  # another server was faster
                    path.unlink()
                total -= size

    def _files(self) -> list[tuple[float, int, Path]]:
        """(time of last use, size, path) of the files that are ours."""
        found: list[tuple[float, int, Path]] = []
        if self.root is None:
            return found
        with suppress(OSError), os.scandir(self.root) as entries:
            for entry in entries:
                if not (_NAME.fullmatch(entry.name) or _PART.fullmatch(entry.name)):
                    continue
                with suppress(OSError):
                    stat = entry.stat(follow_symlinks=False)
                    found.append((stat.st_mtime, stat.st_size, Path(entry.path)))
        return found


def user_cache() -> Path:
    """The user's cache folder of camxtime."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "camxtime"


def _usable(folder: Path) -> Path | None:
    """The store in a folder, made if need be; None if it cannot be written to or leads elsewhere by a link."""
    root = folder / FOLDER
    try:
        root.mkdir(parents=True, exist_ok=True)
        if root.is_symlink() or folder.is_symlink() or folder.parent.is_symlink() or not os.access(root, os.W_OK):
            return None
    except OSError:
        return None
    return root
