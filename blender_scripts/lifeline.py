"""What ties a Blender worker to its parent: it never outlives it, and its log is complete when it answers."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
_POLL_S = 2.0


def die_with_parent(parent: int) -> None:
    """Make the kernel (Linux) and a watching thread (everywhere) end this process when its parent is gone.

    The kernel's signal is tied to the parent's *thread*, which the parent therefore keeps alive; the thread here
    covers other systems and runs during renders too, as Blender then releases Python's lock.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    threading.Thread(target=_watch, args=(parent,), name="lifeline", daemon=True).start()


def flush_output() -> None:
    """Write out what Python and the C library still hold of stdout and stderr."""
    sys.stdout.flush()
    sys.stderr.flush()
    ctypes.CDLL(None).fflush(None)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_S)
    os.kill(os.getpid(), signal.SIGKILL)
