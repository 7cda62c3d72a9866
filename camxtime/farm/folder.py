"""Is this folder ours to render into? Checked before anything is started: identity, write access, free space."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from camxtime.errors import InputError
from camxtime.farm.ledger import Ledger
from camxtime.shards.atomic import write_error
from camxtime.shards.store import LocalStore, Store
from camxtime.spec import DatasetSpec

SHOWN_DIFFERENCES = 8
RESERVE_BYTES = 64 * 2**20  # index, ledger and unfinished shards


def check_target(store: Store) -> None:
    """Make the folder if need be, and see that it can be written to and holds nothing foreign.

    Raises:
        InputError: it is a file, or holds other files, or a dataset made without a ledger.
        WorkError: it may not be written to.
    """
    names = _names(Path(store.root)) if isinstance(store, LocalStore) else set(store.names(""))
    if "ledger" not in names and (names - {"lost+found"}):
        if "dataset.json" in names:
            raise InputError(
                f"{store.root}: holds a dataset without its ledger, which cannot be added to; choose a new folder."
            )
        some = ", ".join(sorted(names)[:3])
        raise InputError(f"{store.root}: holds other files ({some}); choose a new or empty folder for the dataset.")
    probe = f".write-test-{os.getpid()}"
    try:
        store.write(probe, b"camxtime", durable=False)
    finally:
        store.remove(probe)


def _names(root: Path) -> set[str]:
    """Make the folder; names in it."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        return {entry.name for entry in root.iterdir()}
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(f"{root}: is not a folder; choose another one for the dataset.") from error
    except OSError as error:
        raise write_error(root, error) from error


def claim(ledger: Ledger, spec: DatasetSpec) -> None:
    """Bind the folder to the spec, or see that it is already bound to the same one. Needs the lock.

    Raises:
        InputError: the folder is of another dataset, or its spec has changed since; the differences are listed.
    """
    wanted = spec.canonical()
    known = ledger.read("spec.json")
    if known is None:
        if ledger.prepared():
            raise InputError(f"{ledger.root}: has grids but no ledger/spec.json; choose a new folder.")
        ledger.write("spec.json", wanted)
        return
    if known.get("name") != wanted["name"]:
        raise InputError(
            f"{ledger.root}: holds the dataset {known.get('name')!r}, and the spec is {wanted['name']!r}; "
            "choose another folder."
        )
    changes = differences(known, wanted)
    if changes:
        shown = "; ".join(changes[:SHOWN_DIFFERENCES])
        more = f"; and {len(changes) - SHOWN_DIFFERENCES} more" if len(changes) > SHOWN_DIFFERENCES else ""
        raise InputError(
            f"{ledger.root}: was begun with another spec: {shown}{more}. Undo the change, or choose another folder."
        )


def differences(old: Any, new: Any, path: str = "") -> list[str]:
    """Fields in which two JSON values differ, as `field: old -> new`, in the order of the old one."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [*old, *(key for key in new if key not in old)]
        return [
            line
            for key in keys
            for line in differences(
                old.get(key, "absent"), new.get(key, "absent"), f"{path}.{key}" if path else str(key)
            )
        ]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [
            line for i, (a, b) in enumerate(zip(old, new, strict=True)) for line in differences(a, b, f"{path}.{i}")
        ]
    if old == new and type(old) is type(new):
        return []
    if isinstance(old, list) and isinstance(new, list):
        return [f"{path}: {len(old)} -> {len(new)} entries"]
    return [f"{path}: {_short(old)} -> {_short(new)}"]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def check_space(store: Store, needed_bytes: float, ignore: bool) -> None:
    """See that what is left to render fits the disk, by the estimate; object storage has no bounds.

    Raises:
        InputError: it does not fit and `ignore` is False.
    """
    free = store.free_bytes()
    needed = needed_bytes + RESERVE_BYTES
    if free is not None and free < needed and not ignore:
        raise InputError(
            f"{store.root}: about {needed / 1e9:.2f} GB are needed and {free / 1e9:.2f} GB are free; free some space, "
            "choose another disk, or start anyway with --ignore-free-space (a full disk only stops the run)."
        )


def sweep(store: Store) -> int:
    """Remove half-written files of runs that were killed; returns their number. Needs the lock."""
    return sum(store.sweep(top) for top in ("", "shards", "ledger"))
