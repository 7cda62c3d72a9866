"""The workers of a run as Ray actors: hired, given tasks, listened to, replaced when they are lost.

At most two tasks are in a worker's hands: one that Blender renders, one whose tail is written (or whose turn is next).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

from camxtime.farm.cluster import Slot
from camxtime.farm.jobs import Task
from camxtime.farm.messages import Report, WorkerSettings
from camxtime.farm.worker import Worker

TASKS_IN_HAND = 2
THREADS = TASKS_IN_HAND + 1  # the third answers `state`
POLL_S = 0.5
SILENCE_S = 600.0  # a worker process that does not even answer `state` for so long is taken for dead
FAREWELL_S = 15.0


@dataclass(eq=False)
class Place:
    """Room for one worker: on a node, or (`node` None) wherever Ray finds room, once it does.

    deaths: workers of this place that died in a row without finishing anything.
    closed: why nobody is hired here any more.
    rests: until when (monotonic clock) nobody is hired here, because one has just died.
    """

    slot: Slot
    settings: WorkerSettings
    node: str | None = None
    deaths: int = 0
    closed: str | None = None
    rests: float = 0.0


@dataclass(eq=False)
class Member:
    """A worker: its Ray actor, the tasks in its hands in the order given, and what it last said of itself."""

    number: int
    place: Place
    actor: Any
    starting: Any
    hands: dict[Any, Task] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    polling: Any = None
    polled: float = 0.0
    finished: int = 0
    blenders: int = 0

    @property
    def ready(self) -> bool:
        return self.starting is None

    def card(self) -> dict[str, Any]:
        """What `status` shows of the worker."""
        shown = {
            "worker": self.number,
            "host": self.info.get("host"),
            "node": self.info.get("node") or self.place.node,
            "pid": self.info.get("pid"),
            "units": self.finished,
        }
        return {**shown, **(self.state or {"doing": "idle" if self.ready else "starting"})}


@dataclass(frozen=True)
class Heard:
    """News of a worker: it `started` (report), finished a task (task, report), or is `lost` (why, its tasks)."""

    member: Member
    task: Task | None = None
    report: Report | None = None
    lost: str | None = None
    left: tuple[Task, ...] = ()


class Crew:
    """The members by number."""

    def __init__(self) -> None:
        self._hired = 0
        self.members: dict[int, Member] = {}

    def hire(self, place: Place) -> Member:
        """Make a worker; it says when it has started. It waits for as long as Ray has no room for it."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._hired += 1
        actor_class: Any = ray.remote(Worker)
        actor = actor_class.options(
            num_cpus=place.slot.cpus,
            num_gpus=place.slot.gpus,
            max_concurrency=THREADS,
            max_restarts=0,
            max_task_retries=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(place.node, soft=False) if place.node else "SPREAD",
        ).remote(replace(place.settings, worker=self._hired))
        member = Member(self._hired, place, actor, actor.start.remote())
        self.members[member.number] = member
        return member

    def give(self, member: Member, task: Task) -> None:
        """Put a task into a worker's hands."""
        member.hands[member.actor.run.remote(task)] = task

    def hold(self) -> None:
        """Ask all workers to finish what Blender works on, and to begin nothing else."""
        for member in self.members.values():
            if member.hands:
                member.actor.hold.remote()

    @property
    def busy(self) -> bool:
        """Whether any task is in anybody's hands."""
        return any(member.hands for member in self.members.values())

    @property
    def tasks_in_hand(self) -> int:
        """Tasks that workers have."""
        return sum(len(member.hands) for member in self.members.values())

    @property
    def units_in_hand(self) -> int:
        """Of these, units."""
        return sum(task.key is not None for member in self.members.values() for task in member.hands.values())

    def cells_in_hand(self) -> int:
        """Cells that workers have written of units that are not committed, as last heard."""
        return sum(member.state.get("cells_in_hand", 0) for member in self.members.values() if member.hands)

    def listen(self, timeout_s: float) -> list[Heard]:
        """What has happened; waits for the first news, at most `timeout_s`."""
        import ray

        self._poll()
        owners = {ref: member for member in self.members.values() for ref in self._awaited(member)}
        if not owners:
            time.sleep(timeout_s)
            return []
        first, _ = ray.wait(list(owners), num_returns=1, timeout=timeout_s)
        ready, _ = ray.wait(list(owners), num_returns=len(owners), timeout=0) if first else ([], [])
        heard: list[Heard] = []
        for ref in ready:
            member = owners[ref]
            if member.number in self.members:  # else it was found lost in this round
                heard += self._hear(member, ref)
        return heard + self._silent()

    def _awaited(self, member: Member) -> list[Any]:
        extra = [ref for ref in (member.starting, member.polling) if ref is not None]
        return [*member.hands, *extra]

    def _hear(self, member: Member, ref: Any) -> list[Heard]:
        import ray

        try:
            value = ray.get(ref)
        except ray.exceptions.RayError as error:
            return [self.lose(member, f"the worker's process is gone: {_first_line(error)}")]
        if ref == member.starting:
            member.starting = None
            member.info = value.info
            return [Heard(member, report=value)]
        if ref == member.polling:
            member.polling, member.state = None, value
            return []
        task = member.hands.pop(ref)
        if value.error is None and task.key is not None:
            member.finished += 1
        return [Heard(member, task=task, report=value)]

    def _poll(self) -> None:
        now = time.monotonic()
        pause = max(POLL_S, len(self.members) / 100)
        for member in self.members.values():
            if member.ready and member.polling is None and now - member.polled >= pause:
                member.polling, member.polled = member.actor.state.remote(), now

    def _silent(self) -> list[Heard]:
        now = time.monotonic()
        late = [m for m in self.members.values() if m.polling is not None and now - m.polled > SILENCE_S]
        return [self.lose(member, f"the worker has not answered for {SILENCE_S:.0f} s") for member in late]

    def lose(self, member: Member, why: str) -> Heard:
        """Take a worker off the crew, killing what is left of it."""
        import ray

        self.members.pop(member.number, None)
        left = tuple(member.hands.values())
        member.hands.clear()
        ray.kill(member.actor)
        return Heard(member, lost=why, left=left)

    def close(self) -> None:
        """Send everybody home: those who are idle end Blender in good order, the rest are killed."""
        import ray

        idle = [member for member in self.members.values() if member.ready and not member.hands]
        farewells = [member.actor.stop.remote() for member in idle]
        if farewells:
            ray.wait(farewells, num_returns=len(farewells), timeout=FAREWELL_S)
        for member in self.members.values():
            ray.kill(member.actor)
        self.members.clear()


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__
