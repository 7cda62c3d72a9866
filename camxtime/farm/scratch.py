"""Where pixels lie between Blender and the encoder: a folder of the worker's own, in memory if possible."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import tempfile
from pathlib import Path

from camxtime.errors import InputError, WorkError

PREFIX = "camxtime-scratch-"
OWNER = "owner.lock"
MEMORY = Path("/dev/shm")  # noqa: S108  a folder of our own is made in it
BYTES_PER_PIXEL = 26  # RGBA + depth + instance as float32, with headers
BATCHES_ON_THE_WAY = 4  # two of Blender's, one handed over, one being written


def scratch_needed(width: int, height: int, views_per_batch: int) -> int:
    """Bytes of scratch that one worker needs at most."""
    return width * height * views_per_batch * BYTES_PER_PIXEL * BATCHES_ON_THE_WAY


class Scratch:
    """A fresh folder, locked for as long as its owner lives; what dead owners left beside it is removed.

    Args:
        parent: folder to make it in; None chooses /dev/shm where `needed` bytes are free, else the temporary folder.
        needed: bytes that must be free.

    Attributes:
        path: the folder.

    Raises:
        InputError: `parent` is not a folder that can be written to.
        WorkError: no place has `needed` bytes free.
    """

    def __init__(self, parent: Path | None, needed: int) -> None:
        base = parent if parent is not None else default_parent(needed)
        try:
            base.mkdir(parents=True, exist_ok=True)
            purge(base)
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
            unlocked = self.path / f"{OWNER}.new"
            self._lock = os.open(unlocked, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unlocked.rename(self.path / OWNER)  # `purge` of others finds it locked, or not at all
        except OSError as error:
            raise InputError(
                f"scratch: {base} cannot be used ({error}); choose another folder with --scratch."
            ) from error
        if shutil.disk_usage(base).free < needed:
            self.close()
            raise WorkError(
                f"scratch: {base} has less than the {needed / 1e6:.0f} MB free that one worker needs; "
                "choose another folder with --scratch."
            )

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def placed(folder: Path) -> str:
    """How a chosen scratch folder is told to the workers: absolute, unless each node fills in a variable of its own."""
    return str(folder) if "$" in str(folder) else str(folder.resolve())


def on_this_node(folder: str) -> str:
    """A chosen scratch folder with `$NAME` filled in from this process's environment.

    Raises:
        InputError: a variable is not set here, or the folder is not absolute then.
    """
    found = os.path.expandvars(folder)
    if "$" in found:
        raise InputError(f"scratch: {folder} names a variable that is not set on {socket.gethostname()}; set it there.")
    if not Path(found).is_absolute():
        raise InputError(f"scratch: {folder} is {found} on {socket.gethostname()}; it must be an absolute path.")
    return found


def staging_for(root: str, parent: str | None) -> Scratch | None:
    """The folder in which shards for a URL are written before they go up, None for a dataset in a folder.

    On disk, not in the memory that pixels pass through, unless `parent` says otherwise.
    """
    if "://" not in root:
        return None
    return Scratch(Path(parent) if parent is not None else Path(tempfile.gettempdir()), 0)


def default_parent(needed: int) -> Path:
    """Shared memory if it is there and has twice `needed` bytes free (others use it too), else the temporary folder."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= 2 * needed:
        return MEMORY
    return Path(tempfile.gettempdir())


def purge(parent: Path) -> int:
    """Remove scratch folders whose owner is dead (its lock is free); returns their number."""
    removed = 0
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            handle = os.open(folder / OWNER, os.O_RDWR)
        except OSError:
            continue  # being made, being removed, or another user's
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
        finally:
            os.close(handle)
    return removed
