"""Blender's log: known failures that it only prints, its tail, and what an exit status means.

Blender renders on with a missing texture, a lost device or a full memory and says so only on its output; such a cell
looks finished and is wrong. So these lines are failures.
"""

from __future__ import annotations

import re
import signal
from pathlib import Path

TAIL_LINES = 12
MAX_SCAN = 16 * 1024 * 1024

KNOWN: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a missing texture or file", re.compile(
        r"Missing image file|Unable to open (?:image|file)|Image file .* not found|failed to load image"
        r"|Cannot read (?:image )?file|Warning: Path .* not found|Could not open (?:texture|image)", re.I)),
    ("a missing library", re.compile(r"Can't find linked|cannot find lib|missing librar", re.I)),
    ("memory exhausted", re.compile(
        r"out of memory|CUDA_ERROR_OUT_OF_MEMORY|Malloc returns null|bad_alloc|cannot allocate memory"
        r"|OPTIX_ERROR.*MEMORY|System is out of GPU", re.I)),
    ("a lost or failing device", re.compile(
        r"CUDA_ERROR_(?!OUT_OF_MEMORY)\w+|OPTIX_ERROR_\w+|hipError\w+|Illegal address|Device lost|GPU device.*lost"
        r"|ZE_RESULT_ERROR\w*|Metal .*command buffer.*(?:failed|error)|error in Cycles kernel", re.I)),
    ("a kernel that could not be built", re.compile(
        r"Failed to (?:load|compile|build).*kernel|kernel compilation failed|Loading render kernels.*fail", re.I)),
    ("a shader that could not be compiled", re.compile(r"(?:SVM|OSL|Shader).*(?:compil\w+ (?:failed|error)|too complex)", re.I)),
    ("an error in a Python script", re.compile(r"^Traceback \(most recent call last\)|Python script error", re.M)),
)  # fmt: skip
"""(what it means, how Blender says it)."""


def scan(log: Path, start: int) -> tuple[list[str], int]:
    """Look for known failures in a log from byte `start`; return what was found and where to go on next time."""
    try:
        with log.open("rb") as file:
            file.seek(start)
            data = file.read(MAX_SCAN)
    except FileNotFoundError:
        return [], start
    return find(data.decode("utf-8", errors="replace")), start + len(data)


def find(text: str) -> list[str]:
    """Return "<what it means>: <the line>" for each kind of known failure in a text."""
    found = []
    for meaning, pattern in KNOWN:
        match = pattern.search(text)
        if match is not None:
            begin = text.rfind("\n", 0, match.start()) + 1
            end = text.find("\n", match.end())
            found.append(f"{meaning}: {text[begin : end if end >= 0 else None].strip()[:300]}")
    return found


def tail(log: Path, start: int) -> str:
    """The last lines of a log from byte `start`, as an indented block to append to a message."""
    try:
        with log.open("rb") as file:
            file.seek(start)
            lines = file.read(MAX_SCAN).decode("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return "".join(f"\n    {line[:200]}" for line in lines[-TAIL_LINES:])


def exit_words(code: int) -> str:
    """Say how a process ended: `was killed by SIGKILL (out of memory?)`, `ended with status 3`."""
    if code >= 0:
        return f"ended with status {code}"
    name = signal.Signals(-code).name if -code in signal.Signals.__members__.values() else f"signal {-code}"
    hint = {"SIGKILL": " (out of memory?)", "SIGSEGV": " (a crash)", "SIGABRT": " (a crash)"}.get(name, "")
    return f"was killed by {name}{hint}"
