"""What a user does after a fault: verify, follow the mends, render again, until all is well; and what that proves.

Outcomes: `digest` (complete, verified in full, the digest of the undisturbed run), `named` (damage is named, render refuses,
nothing else is harmed), `SILENT` (all seems well and is not, or a damaged file was never named), `BROKEN` (a traceback, a hang,
a refusal where nothing is damaged, no way out).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from camxtime.errors import CamxtimeError, DataError
from camxtime.shards.layout import COMMITS, SHARDS_FOLDER
from camxtime.shards.store import Store, open_store
from camxtime.shards.verify import verify
from chaos.rig import PATIENT, Hang, Rig

ROUNDS = 6
GOOD = ("digest", "named")


@dataclass
class Struck:
    """What a fault did. words: for the record. damaged: files of the dataset whose bytes it changed, with their SHA-256 then.

    said: what the run that was hit had to say of it. hit: False if the run was over before anything was struck.
    """

    words: str
    damaged: dict[str, str] = field(default_factory=dict)
    said: str = ""
    hit: bool = True


@dataclass
class Outcome:
    """How a trial ended. named: damaged files that verify or render named; healed: those that were simply made again."""

    outcome: str
    words: str = ""
    rounds: int = 0
    named: list[str] = field(default_factory=list)
    healed: list[str] = field(default_factory=list)


def mend(rig: Rig, root: Path | str, struck: Struck) -> Outcome:
    """Do what the messages say until the dataset verifies, or nothing changes any more."""
    store = open_store(root, PATIENT if "://" in str(root) else None)
    out = Outcome("BROKEN")
    for out.rounds in range(1, ROUNDS + 1):
        texts: list[str] = []
        whole = False
        if store.exists("dataset.json"):
            report = verify(str(root), "full")
            texts += [str(finding) for finding in report.errors]
            whole = report.ok
        if out.rounds == 1 and not whole and (struck.said == "complete" or ": complete: " in struck.said):
            return Outcome("SILENT", f"the run that was hit called it complete; {' '.join(texts[:1])}", 1)
        if whole and _is_done(rig, root, out):
            break
        _delete_named(store, struck, texts, out)
        try:
            rig.render(root)
        except CamxtimeError as error:
            out.words = str(error)
            if not _delete_named(store, struck, [str(error)], out) and out.rounds > 2:
                return _refused(rig, store, struck, out)
        except Hang:
            raise  # the campaign cannot go on beside it
        except Exception as error:  # noqa: BLE001  the very thing that must not happen
            out.words = f"{type(error).__name__}: {error}"
            return out
    else:
        out.words = f"after {ROUNDS} rounds there is still something to do; {out.words}"
        return out
    return _judge(rig, store, root, struck, out)


def _is_done(rig: Rig, root: Path | str, out: Outcome) -> bool:
    """Whether render agrees that there is nothing left."""
    try:
        summary = rig.render(root)
    except CamxtimeError as error:
        out.words = str(error)
        return False
    return summary.ok and summary.units_rendered == 0


def _delete_named(store: Store, struck: Struck, texts: list[str], out: Outcome) -> bool:
    """Delete damaged files that a message names (never others), with the record that belongs to a shard."""
    found = False
    for name in struck.damaged:
        if name in out.named or not any(name in text for text in texts):
            continue
        out.named.append(name)
        found = True
        if name.endswith((".parquet", ".json")) and "/" not in name:
            continue  # the index: its mend is to render again, nothing is to be deleted
        if store.exists(name) and _sha256(store, name) == struck.damaged[name]:
            store.remove(name)
        if name.startswith(COMMITS):
            store.remove(name.replace(COMMITS, SHARDS_FOLDER, 1))
    return found


def _refused(rig: Rig, store: Store, struck: Struck, out: Outcome) -> Outcome:
    """A refusal that stays is a good end only if files are damaged, all of them were named, and no other shard is harmed."""
    if not struck.damaged:
        out.words = f"nothing is damaged, and render refuses for good: {out.words}"
        return out
    good = open_store(rig.reference)
    for name in store.files(COMMITS):
        shard = name.replace(COMMITS, SHARDS_FOLDER, 1)
        if name in struck.damaged or shard in struck.damaged:
            continue
        if not store.exists(shard) or _sha256(store, shard) != _sha256(good, shard):
            out.words = f"{shard} is harmed; {out.words}"
            return out
    unnamed = [name for name in struck.damaged if name not in out.named]
    if unnamed:
        out.outcome, out.words = "SILENT", f"{', '.join(unnamed)}: damaged, and nobody says so; {out.words}"
    else:
        out.outcome = "named"
    return out


def _judge(rig: Rig, store: Store, root: Path | str, struck: Struck, out: Outcome) -> Outcome:
    report = verify(str(root), "full")
    left = [
        n for n, sha in struck.damaged.items() if store.exists(n) and _sha256(store, n) == sha and n not in out.named
    ]
    out.healed = [name for name in struck.damaged if name not in out.named and name not in left]
    if not report.ok:
        out.words = f"after {out.rounds} rounds: {report.errors[0]}"
    elif report.digest != rig.digest:
        out.outcome, out.words = "SILENT", f"digest {report.digest}"
    elif left:
        out.outcome, out.words = "SILENT", f"{', '.join(left)}: damaged, and nobody says so"
    else:
        out.outcome = "digest"
    return out


def _sha256(store: Store, name: str) -> str:
    try:
        return hashlib.sha256(store.read_bytes(name)).hexdigest()
    except DataError:
        return ""
