"""Starting Blender: telling what an executable is, the command line, and the environment it may see."""

from __future__ import annotations

import os
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from camxtime.errors import InputError

OLDEST = (5, 0)
PROBE_TIMEOUT_S = 60.0

PASSED_ON = ("PATH", "HOME", "USER", "LANG", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONPATH", "SYSTEMROOT")
PASSED_ON_PREFIXES = ("LC_", "XDG_", "CUDA_", "NVIDIA_", "OPTIX_", "HIP_", "ROCR_", "HSA_", "ONEAPI_", "ZE_", "SYCL_",
                      "CYCLES_", "OMP_", "EGL_", "LIBGL_", "MESA_", "__EGL_", "__GLX_")  # fmt: skip
"""What of this process's environment Blender gets: paths, language and GPU drivers, no tokens or keys."""


def package_root() -> Path:
    """The folder that holds the package blender_scripts."""
    spec = find_spec("blender_scripts")
    if spec is None or spec.origin is None:
        raise InputError("the package blender_scripts is not installed; install camxtime again")
    return Path(spec.origin).resolve().parent.parent


def connection(send_limit_s: float) -> tuple[socket.socket, socket.socket]:
    """Our end and Blender's. A message that Blender takes nothing of for `send_limit_s` fails, rather than wait for ever."""
    ours, theirs = socket.socketpair()
    limit = struct.pack("ll", int(send_limit_s), int(send_limit_s % 1 * 1e6))
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
    return ours, theirs


def command(executable: str | None, fd: int) -> list[str]:
    """The command line of a worker on socket `fd`.

    Raises InputError if the executable does not exist, cannot run, is neither Blender nor a Python, or is too old.
    """
    if executable is None:
        if find_spec("bpy") is None:
            raise InputError("this Python has no bpy; pip install 'camxtime[render]' or name a Blender with --blender")
        return _python_command(sys.executable, fd)
    kind = identify(executable)
    if kind == "python":
        return _python_command(executable, fd)
    script = package_root() / "blender_scripts" / "worker.py"
    return [executable, "--background", "--factory-startup", "--disable-autoexec", "--python-exit-code", "3",
            "--python", str(script), "--", "--fd", str(fd)]  # fmt: skip


def identify(executable: str) -> str:
    """Return "blender" or "python" for an executable by what its `--version` says; raise InputError otherwise."""
    try:
        probe = subprocess.run(
            [executable, "--version"], capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL,
            timeout=PROBE_TIMEOUT_S, env=environment({}), check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise InputError(f"--blender {executable}: did not answer --version; it is not Blender") from error
    except OSError as error:
        raise InputError(f"--blender {executable}: cannot be run ({error.strerror or error})") from error
    text = (probe.stdout or probe.stderr).lstrip()
    if text.startswith("Python "):
        return "python"
    match = re.search(r"^Blender (\d+)\.(\d+)", text, re.MULTILINE)
    if match is None:
        raise InputError(f"--blender {executable}: is not Blender (its --version does not say so)")
    if (int(match[1]), int(match[2])) < OLDEST:
        raise InputError(
            f"--blender {executable}: is Blender {match[1]}.{match[2]}; {OLDEST[0]}.{OLDEST[1]} or newer is needed: get one "
            "from blender.org/download, or leave --blender out to render with the bpy of this Python"
        )
    return "blender"


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a worker: the few variables passed on, those of `extra`, and where the package lies."""
    kept = {k: v for k, v in os.environ.items() if k in PASSED_ON or k.startswith(PASSED_ON_PREFIXES)}
    path = [str(package_root()), *filter(None, kept.get("PYTHONPATH", "").split(os.pathsep))]
    return {**kept, "PYTHONPATH": os.pathsep.join(path), "PYTHONUNBUFFERED": "1", **extra}


def _python_command(python: str, fd: int) -> list[str]:
    return [python, "-m", "blender_scripts.worker", "--fd", str(fd)]
