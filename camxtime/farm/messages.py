"""What passes between the driver and a worker beside tasks: its settings, and its reports."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass, field
from typing import Any

from camxtime.errors import CamxtimeError, DataError, InputError
from camxtime.farm.blender_types import MachineFault
from camxtime.farm.files import is_disk_full
from camxtime.farm.jobs import Recipe
from camxtime.farm.keeper import BlenderSettings
from camxtime.farm.scratch import Scratch
from camxtime.shards.remote import RemoteOptions


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker is told when it is made.

    run_id: proves that it sees the driver's folder. scratch: the chosen folder, `$NAME` in it not yet filled in.
    asset: one of the spec's files, which its node must see, if the spec has any. worker: its number in the run.
    """

    root: str
    remote: RemoteOptions | None
    run_id: str
    recipe: Recipe
    blender: BlenderSettings
    scratch: str | None
    asset: str | None = None
    worker: int = 0


@dataclass(frozen=True)
class Report:
    """What came of a call to a worker.

    error: None when all went well, else one or two sentences.
    lasting: whether trying again would fail in the same way (bad input, as opposed to a crash).
    disk_full: whether the dataset's disk has no space left.
    log: Blender's log of the task, when it failed.
    held: the task was not begun, because the run is to stop.
    unfit: the worker's machine is at fault, not the task: nothing will go better there.
    """

    error: str | None = None
    lasting: bool = False
    disk_full: bool = False
    log: str | None = None
    held: bool = False
    unfit: bool = False
    cells: int = 0
    nbytes: int = 0
    timing: dict[str, Any] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)


def failure_of(error: Exception, log: str | None, scratch: Scratch | None) -> Report:
    """The report of a call that raised `error`; `log` is Blender's, which lay in the worker's `scratch`."""
    if isinstance(error, CamxtimeError):
        text = str(error)
    else:
        text = "".join(traceback.format_exception(error)).strip().replace("\n", " | ")[-2000:]
    if scratch is not None:  # the log is kept with the failure; where it lay is gone by then
        text = re.sub(rf"; (?:its|the) log is {re.escape(str(scratch.path))}\S*", "", text)
    lasting = isinstance(error, InputError | DataError)
    unfit = isinstance(error, MachineFault)
    return Report(error=text, lasting=lasting, disk_full=is_disk_full(error), log=log, unfit=unfit)
