"""One run's loop: tasks to workers, reports into the ledger, retries, setting aside, and knowing when to stop."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

from camxtime.errors import InputError, WorkError
from camxtime.farm import identity
from camxtime.farm.crew import TASKS_IN_HAND, Crew, Heard, Member
from camxtime.farm.events import EventLog
from camxtime.farm.hiring import Hiring
from camxtime.farm.jobs import Task
from camxtime.farm.ledger import Ledger
from camxtime.farm.messages import Report
from camxtime.farm.options import Failure, Progress, RenderOptions
from camxtime.farm.pace import Pace, Reporter
from camxtime.farm.schedule import Scheduler
from camxtime.farm.stop import StopWish

TICK_S = 0.25
START_LIMIT_S = 1800.0  # kernels may be compiled, and nodes may have to be booted


class Run:
    """The state of a run between Ray's start and its end."""

    def __init__(
        self,
        ledger: Ledger,
        events: EventLog,
        options: RenderOptions,
        schedule: Scheduler,
        pace: Pace,
        reporter: Reporter,
    ) -> None:
        self._ledger = ledger
        self._events = events
        self._options = options
        self._schedule = schedule
        self._pace = pace
        self._reporter = reporter
        self._attempts: Counter[str] = Counter()
        self._stages_failing: set[str] = set()
        self._hopeless: Report | None = None  # why the last worker could not be started
        self.first_render: float | None = None
        self.last_commit: float | None = None
        self.timing: Counter[str] = Counter()
        self.notes: list[str] = []

    @property
    def steady_seconds(self) -> float:
        """Wall time from the first unit's first request to Blender until the last unit's commit."""
        return max(0.0, (self.last_commit or 0.0) - (self.first_render or 0.0))

    def go(self, crew: Crew, hiring: Hiring, stop: StopWish) -> bool:
        """Work until all is done or set aside (True), or the wish to stop is granted (False).

        Raises:
            InputError: no worker can be started, for a reason that lies in the options or the machine.
            WorkError: no worker can be kept alive, the disk is full, or everything fails.
        """
        last_ready = time.monotonic()
        stopping: float | None = None
        while True:
            if stop.times and stopping is None:
                stopping = time.monotonic()
                self._events.add("stop_wished", signal=stop.name)
                crew.hold()
            if stopping is None:
                hiring.look(crew, lambda: self._schedule.tasks + crew.tasks_in_hand)
                self._hand_out(crew)
            elif not crew.busy or stop.times > 1 or time.monotonic() - stopping > self._options.grace_s:
                return False
            if stopping is None and not crew.busy and self._schedule.empty:
                return True
            if not crew.members and not hiring.hopeful:
                raise self._nobody_left(hiring)
            if any(member.ready for member in crew.members.values()):
                last_ready = time.monotonic()
            elif time.monotonic() - last_ready > START_LIMIT_S:
                raise WorkError(
                    f"No worker has started in {START_LIMIT_S:.0f} s: Ray has no room for one, or is stuck."
                )
            for heard in crew.listen(TICK_S):
                self._take_in(crew, hiring, heard)
            self._note_new_blenders(crew)
            self._pace.sample(crew.cells_in_hand())
            state = "stopping" if stopping is not None else "running"
            self._reporter.show(state, self._progress(crew, hiring))
            self._events.tick()

    def _progress(self, crew: Crew, hiring: Hiring) -> Progress:
        progress = self._pace.progress(tuple(member.card() for member in crew.members.values()))
        return replace(
            progress, units_in_hand=crew.units_in_hand, tasks_waiting=self._schedule.tasks, nodes=hiring.cards(crew)
        )

    def _note_new_blenders(self, crew: Crew) -> None:
        """A worker has replaced its Blender, after a failure or because it was due."""
        for member in crew.members.values():
            starts = int(member.state.get("blender_starts", 0))
            if starts > max(1, member.blenders):
                self._events.add(
                    "blender_replaced", worker=member.number, times=starts - max(1, member.blenders),
                    blender_pid=member.state.get("blender_pid"),
                )  # fmt: skip
            member.blenders = max(starts, member.blenders)

    def _hand_out(self, crew: Crew) -> None:
        """First one task each, then the second; near the end only one, so that nobody hoards while another idles."""
        for depth in range(1, TASKS_IN_HAND + 1):
            for member in crew.members.values():
                if depth > 1 and self._schedule.tasks < len(crew.members):
                    return
                if member.ready and len(member.hands) < depth:
                    task = self._schedule.next(member.number, busy=bool(member.hands))
                    if task is not None:
                        crew.give(member, task)

    def _take_in(self, crew: Crew, hiring: Hiring, heard: Heard) -> None:
        if heard.lost is not None:
            self._lost(hiring, heard)
        elif heard.report is not None and heard.task is None:
            self._started(crew, hiring, heard.member, heard.report)
        elif heard.report is not None and heard.task is not None:
            if heard.report.error is None:
                self._done(heard.member, heard.task, heard.report)
            elif heard.report.unfit:
                self._unfit(crew, hiring, heard.member, heard.task, heard.report)
            else:
                self._failed(heard.member, heard.task, heard.report, _kind(heard.report))

    def _started(self, crew: Crew, hiring: Hiring, member: Member, report: Report) -> None:
        if report.error is None:
            report = self._same_engine(report)
        if report.error is None:
            self._events.add("worker_started", worker=member.number, **report.info)
            return
        self._events.add("worker_failed_to_start", worker=member.number, error=report.error)
        self._hopeless = report
        crew.lose(member, report.error)
        if report.lasting:
            member.place.closed = report.error
        else:
            hiring.bereaved(member)

    def _same_engine(self, report: Report) -> Report:
        """The report, or a failure if this worker would not render what the others have rendered."""
        mismatch, note = identity.compare(self._ledger, report.info, self._options.allow_mixed_builds)
        if note is not None and note not in self.notes:
            self.notes.append(note)
            self._events.add("note", text=note)
        return report if mismatch is None else Report(error=mismatch, lasting=True)

    def _nobody_left(self, hiring: Hiring) -> Exception:
        report = self._hopeless
        if report is not None:
            return (
                InputError(report.error) if report.lasting else WorkError(f"No worker can be started: {report.error}")
            )
        if hiring.refusal is not None:
            return InputError(hiring.refusal)
        if not hiring.room:
            return InputError(
                "threads: no node of this Ray has room for a worker of that size; choose fewer, or other nodes."
            )
        return WorkError("No worker is left: their processes died again and again; see ledger/events.")

    def _lost(self, hiring: Hiring, heard: Heard) -> None:
        """A worker's process is gone: its tasks are handed out again; the first in its hands is the suspect."""
        member = heard.member
        if not member.ready:
            self._events.add("worker_failed_to_start", worker=member.number, error=heard.lost)
            hiring.bereaved(member)
            return
        self._events.add(
            "worker_lost", worker=member.number, host=member.info.get("host"), error=heard.lost,
            tasks=[str(task) for task in heard.left],
        )  # fmt: skip
        self._schedule.forget_worker(member.number)
        for place, task in reversed(list(enumerate(heard.left))):
            if place == 0:
                self._failed(member, task, Report(error=heard.lost), "lost")
            else:
                self._schedule.give_back(task)
        hiring.bereaved(member)

    def _unfit(self, crew: Crew, hiring: Hiring, member: Member, task: Task, report: Report) -> None:
        """A worker's machine cannot go on: it is sent home, and its tasks are handed out again; none is to blame."""
        left = [task]
        if member.number in crew.members:  # else its other task has told already
            left += crew.lose(member, report.error or "unfit").left
            self._hopeless = report
            self._events.add(
                "worker_lost", worker=member.number, host=member.info.get("host"), error=report.error,
                tasks=[str(each) for each in left],
            )  # fmt: skip
            self._schedule.forget_worker(member.number)
            hiring.bereaved(member)
        for each in reversed(left):
            self._schedule.give_back(each)

    def _done(self, member: Member, task: Task, report: Report) -> None:
        self._schedule.finished(task)
        self._ledger.forgive(task.grid.grid_id, task.unit)
        self._attempts.pop(str(task), None)
        if task.key is None:
            self._events.add("prepared", grid=task.grid.grid_id, worker=member.number, seconds=report.timing)
            return
        began = report.timing["began"] + report.timing["load"]
        if self.first_render is None:
            self._pace.begin()
        self.first_render = min(began, self.first_render or began)
        self.last_commit = time.time()
        self._pace.add(report.cells)
        self._stages_failing.clear()
        seconds = {name: value for name, value in report.timing.items() if name != "began"}
        self.timing.update(seconds)
        self._events.add(
            "rendered", grid=task.grid.grid_id, unit=task.unit, worker=member.number, cells=report.cells,
            nbytes=report.nbytes, seconds=seconds,
        )  # fmt: skip

    def _failed(self, member: Member, task: Task, report: Report, kind: str) -> None:
        error = report.error or "unknown"
        if report.held:
            self._schedule.give_back(task)
            return
        self._attempts[str(task)] += 1
        attempt = self._attempts[str(task)]
        again = attempt <= self._options.retries and not report.lasting and not report.disk_full
        self._events.add(
            "failed", grid=task.grid.grid_id, unit=task.unit, worker=member.number, attempt=attempt, kind=kind,
            again=again, error=error,
        )  # fmt: skip
        if report.disk_full:
            raise WorkError(f"{error} What is committed is safe; run render again once there is room.")
        if again:
            self._schedule.give_back(task)
            return
        failure = self._ledger.set_aside(Failure(task.grid.grid_id, task.unit, attempt, error), report.log)
        self._events.add("set_aside", grid=task.grid.grid_id, unit=task.unit, error=error)
        self._pace.units_failed += self._schedule.drop(task)
        self._stages_failing.add(task.stage.stage_id)
        limit = self._options.give_up_after
        if limit and len(self._stages_failing) >= limit and self._pace.units_rendered == 0:
            raise WorkError(
                f"{limit} stages failed and nothing could be rendered, so the run stops; the last failure: {failure}"
            )


def _kind(report: Report) -> str:
    """`disk` (full), `content` (would fail again in the same way), or `work` (a crash, a hang, a broken connection)."""
    return "disk" if report.disk_full else "content" if report.lasting else "work"
