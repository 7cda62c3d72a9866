"""All kinds of faults, by the name that `--kinds` takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chaos import damage
from chaos.company import DuplicateWorkers, Storage, TwoDrivers
from chaos.live import Clock, DiskFull, Driver, ScratchFull, ScratchGone, Signal
from chaos.rig import BLENDER, RAYLET, WORKER


@dataclass(frozen=True)
class Kind:
    """fault: has `strike(rig, root, rng)`. far: rendered into a bucket."""

    fault: Any
    words: str
    far: bool = False


KINDS: dict[str, Kind] = {
    "kill-blender": Kind(Signal(BLENDER, False), "SIGKILL of Blender"),
    "stop-blender": Kind(Signal(BLENDER, True), "SIGSTOP of Blender, for good"),
    "kill-worker": Kind(Signal(WORKER, False), "SIGKILL of the worker (Ray actor)"),
    "stop-worker": Kind(Signal(WORKER, True), "SIGSTOP of the worker, then SIGCONT or SIGKILL"),
    "kill-driver": Kind(Driver("driver", False), "SIGKILL of the driver"),
    "stop-driver": Kind(Driver("driver", True), "SIGSTOP of the driver, then SIGCONT or SIGKILL"),
    "kill-raylet": Kind(Driver(RAYLET, False), "SIGKILL of the raylet"),
    "stop-raylet": Kind(Driver(RAYLET, True), "SIGSTOP of the raylet, then SIGCONT or SIGKILL"),
    "disk-full": Kind(DiskFull(), "the dataset's disk is full"),
    "scratch-full": Kind(ScratchFull(), "the scratch disk is full"),
    "scratch-gone": Kind(ScratchGone(), "the scratch folder vanishes"),
    "clock": Kind(Clock(), "the driver's clock and all file times jump 3 days"),
    "shard-flip": Kind(damage.SHARD, "a byte of a shard changes"),
    "shard-cut": Kind(damage.SHARD_CUT, "a shard is cut short or deleted"),
    "half-upload": Kind(damage.HalfUploaded(), "part of a shard, or all of it, without its commit"),
    "commit-harm": Kind(damage.COMMIT, "a commit record: a byte changes, cut short, deleted"),
    "record-harm": Kind(damage.RECORD, "a grid record: a byte changes, cut short, deleted"),
    "index-harm": Kind(damage.INDEX_FILES, "a file of the index: a byte changes, cut short, deleted"),
    "two-workers": Kind(DuplicateWorkers(), "two workers on the same units at once"),
    "two-drivers": Kind(TwoDrivers(False), "a second driver on the folder"),
    "two-unlocked": Kind(TwoDrivers(True), "a second driver, the first one's lock file deleted"),
    "s3-outage": Kind(Storage("outage"), "S3: an outage, short or lasting", far=True),
    "s3-errors": Kind(Storage("errors"), "S3: errors, throttling, broken connections", far=True),
    "s3-slow": Kind(Storage("slow"), "S3: slow answers", far=True),
    "s3-harm": Kind(damage.FAR_SHARD, "S3: an object changed, cut short, deleted", far=True),
}
