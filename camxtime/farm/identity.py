"""What a dataset is made with: cells of one dataset come from one Blender build, one kind of device, one toolkit."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from camxtime.farm.blender_launch import package_root
from camxtime.farm.ledger import Ledger

PINNED = ("blender", "build_hash", "device", "camxtime")
SCRIPTS = "scripts"
BUILD = ("blender", "build_hash")  # what --allow-mixed-builds lets differ
BUILDS = "builds"  # of engine.json and dataset.json: all builds, when there are several


def scripts_digest() -> str:
    """First 16 digits of the SHA-256 of everything that runs inside Blender, names and contents."""
    folder = package_root() / "blender_scripts"
    whole = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        whole.update(f"{file.relative_to(folder).as_posix()}\n".encode())
        whole.update(hashlib.sha256(Path(file).read_bytes()).digest())
    return whole.hexdigest()[:16]


def compare(ledger: Ledger, found: dict[str, Any], allow_mixed_builds: bool = False) -> tuple[str | None, str | None]:
    """Compare a worker with the one the dataset was begun with, which is noted if this is the first.

    Args:
        found: what the worker is: `PINNED`, `SCRIPTS`, `host` and `device_names`.
        allow_mixed_builds: take workers of another Blender build, noting it in `engine.json` (and so in dataset.json).
            A build that is noted there was allowed once, and is taken without asking again.

    Returns:
        Why the worker cannot be used (None if it can), and a note for the summary (None if there is nothing to say).
    """
    names = (*PINNED, SCRIPTS)
    known = ledger.read("engine.json")
    if known is None:
        ledger.write("engine.json", {name: found[name] for name in names})
        return None, None
    differing = [name for name in PINNED if known.get(name) != found[name]]
    build = {name: found[name] for name in BUILD}
    if differing and set(differing) <= set(BUILD):
        first = {name: known.get(name) for name in BUILD}
        builds = known.get(BUILDS, [first])
        if build in builds:
            return None, None
        if allow_mixed_builds:
            ledger.write("engine.json", {**known, BUILDS: [*builds, build]})
            return (
                None,
                f"note: cells come from several builds of Blender, {_said(first)} and {_said(build)} among them.",
            )
    if differing:
        changes = ", ".join(f"{name} {known.get(name)} -> {found[name]}" for name in differing)
        mend = "Use the same on all nodes and in all runs, or render into a new folder"
        if set(differing) <= set(BUILD):
            mend += "; --allow-mixed-builds takes it all the same"
        return (
            f"{found['host']}: this worker does not have what the dataset was begun with ({changes}); its cells would "
            f"differ. {mend}."
        ), None
    if known.get(SCRIPTS) != found[SCRIPTS]:
        return None, (
            f"note: blender_scripts on {found['host']} differ from those the dataset was begun with; if content changed, "
            "new cells may not match old ones."
        )
    return None, None


def _said(build: dict[str, Any]) -> str:
    return f"{build['blender']} ({build['build_hash']})"
