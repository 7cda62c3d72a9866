"""Who is hired where: the nodes of the cluster as they come and go, which of them may work, and room for workers.

Every node is looked at once when it joins: a small task tells which camxtime it has. A node with another one gets no
worker; all others get as many as they have room for, up to the limit. When a node is lost its places go with it; a node that
joins, at any time, brings places of its own.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from camxtime.farm.cluster import Node, Slot, alive_nodes, room
from camxtime.farm.crew import Crew, Member, Place
from camxtime.farm.events import EventLog
from camxtime.farm.messages import WorkerSettings
from camxtime.farm.options import RenderOptions

LOOK_S = 5.0
REST_S = 0.5
DEATHS_IN_A_ROW = 3  # of one place's workers, nothing finished in between


@dataclass(eq=False)
class _Known:
    """A node: the answer that is awaited from it, why it is refused, its places (once it has passed)."""

    node: Node
    asked: Any = None
    refused: str | None = None
    places: list[Place] = field(default_factory=list)


class Hiring:
    """The places of a run.

    Args:
        options: how many workers of what size; `address` says whether nodes may come and go.
        device: what all workers render on.
        settings: a worker's settings, by its slot.
        events: told who joins, leaves and is refused.
    """

    def __init__(
        self, options: RenderOptions, device: str, settings: Callable[[Slot], WorkerSettings], events: EventLog
    ) -> None:
        self._options = options
        self._device = device
        self._settings = settings
        self._events = events
        self._nodes: dict[str, _Known] = {}
        self._anywhere: list[Place] = []  # asked for beyond the room there is: Ray's autoscaler may make some
        self._counted: float | None = None
        self._opened = False

    @property
    def _limit(self) -> int:
        bounds = [n for n in (self._options.workers, self._options.max_workers) if n is not None]
        return min(bounds, default=sys.maxsize)

    def look(self, crew: Crew, tasks: Callable[[], int]) -> None:
        """Take note of the nodes, every `LOOK_S`, and fill the places that are useful.

        Args:
            tasks: how many tasks there are for workers, those in hands included: more workers than that are not hired.
        """
        started = self._counted is None
        if started or (self._options.address is not None and time.monotonic() - (self._counted or 0.0) >= LOOK_S):
            self._count(alive_nodes())
            self._counted = time.monotonic()
        self._hear()
        vacant = self._vacant(crew)
        if not vacant and (self._options.workers is None or len(crew.members) >= self._options.workers):
            return
        wanted = min(self._limit, max(1, tasks()))
        for place in vacant[: max(0, wanted - len(crew.members))]:
            crew.hire(place)
        if not self.undecided and self._options.workers is not None:
            self._ask_for_more(crew, wanted)

    def _count(self, nodes: list[Node]) -> None:
        """Nodes that are new are asked what they have; those that are gone are forgotten, with their places."""
        alive = {node.node_id for node in nodes}
        for node_id in [key for key in self._nodes if key not in alive]:
            known = self._nodes.pop(node_id)
            for place in known.places:
                place.closed = "its node is gone"
            self._events.add("node_lost", node=node_id, host=known.node.host)
        for node in nodes:
            if node.node_id not in self._nodes:
                known = self._nodes[node.node_id] = _Known(node)
                self._events.add("node_joined", node=node.node_id, host=node.host, cpus=node.cpus, gpus=node.gpus)
                if not self._room(known):
                    continue
                if self._options.address is not None:
                    known.asked = _ask(node.node_id)
                else:  # this machine's own Ray runs this camxtime
                    self._open(known)

    def _room(self, known: _Known) -> int:
        return room(known.node, self._device, self._options)[0]

    def _open(self, known: _Known) -> None:
        count, slot = room(known.node, self._device, self._options)
        known.places = [Place(slot, self._settings(slot), known.node.node_id) for _ in range(count)]
        self._opened = self._opened or bool(known.places)

    def _hear(self) -> None:
        """Open the nodes that answered well, refuse the others."""
        import ray

        asked = {known.asked: known for known in self._nodes.values() if known.asked is not None}
        if not asked:
            return
        ready, _ = ray.wait(list(asked), num_returns=len(asked), timeout=0)
        for reference in ready:
            known = asked[reference]
            known.asked = None
            try:
                known.refused = _objection(known.node.host, ray.get(reference))
            except ray.exceptions.RayError as error:
                text = str(error).strip() or type(error).__name__
                known.refused = f"{known.node.host}: cannot run anything: {text.splitlines()[-1][:300]}"
            if known.refused is None:
                self._open(known)
            else:
                self._events.add("node_refused", node=known.node.node_id, host=known.node.host, error=known.refused)

    def _vacant(self, crew: Crew) -> list[Place]:
        """Places to be filled, those on the nodes with fewest workers first."""
        taken = {id(member.place) for member in crew.members.values()}
        guests = Counter(member.info.get("node") for member in crew.members.values() if member.place.node is None)
        now = time.monotonic()

        def is_free(place: Place) -> bool:
            return id(place) not in taken and place.closed is None and place.rests <= now

        found: list[tuple[int, int, Place]] = []
        for number, known in enumerate(self._nodes.values()):
            filled = sum(id(place) in taken for place in known.places)
            guest = guests[known.node.node_id]  # in the room of one of its places
            free = [place for place in known.places if is_free(place)][guest:]
            filled += guest
            found += [(filled + i, number, place) for i, place in enumerate(free)]
        places = [place for _, _, place in sorted(found, key=lambda entry: entry[:2])]
        return places + [place for place in self._anywhere if is_free(place)]

    def _ask_for_more(self, crew: Crew, wanted: int) -> None:
        """More workers were asked for than there is room: let Ray wait for it (an autoscaler sees the demand)."""
        sample = next(iter(self._nodes.values()), None)
        if self._options.address is None or sample is None:
            return
        while len(self._anywhere) + sum(len(known.places) for known in self._nodes.values()) < wanted:
            able = next((known for known in self._nodes.values() if self._room(known)), sample)
            slot = room(able.node, self._device, self._options)[1]
            self._anywhere.append(Place(slot, self._settings(slot)))
            crew.hire(self._anywhere[-1])

    def bereaved(self, member: Member) -> None:
        """A worker died: its place gets another one a little later, and is given up when that has happened too often.

        The pause grows: if the whole node is dying, Ray says so only after some seconds.
        """
        place = member.place
        place.deaths = 0 if member.finished else place.deaths + 1
        place.rests = time.monotonic() + REST_S * 3.0**place.deaths
        if place.deaths >= DEATHS_IN_A_ROW:
            place.closed = f"its workers died {DEATHS_IN_A_ROW} times in a row without finishing anything"

    @property
    def undecided(self) -> bool:
        """Whether a node has not answered yet."""
        return any(known.asked is not None for known in self._nodes.values())

    @property
    def hopeful(self) -> bool:
        """Whether there may be workers again although there are none: nodes of a cluster may come back."""
        places = [place for known in self._nodes.values() for place in known.places]
        if self.undecided or any(place.closed is None for place in (*places, *self._anywhere)):
            return True
        return self._opened and self._options.address is not None and not places

    @property
    def room(self) -> bool:
        """Whether any node has ever had room for a worker."""
        return self._opened

    @property
    def refusal(self) -> str | None:
        """Why the first refused node is refused."""
        return next((known.refused for known in self._nodes.values() if known.refused is not None), None)

    def cards(self, crew: Crew) -> tuple[dict[str, Any], ...]:
        """What `status` shows of the nodes."""
        at = Counter(member.info.get("node") for member in crew.members.values() if member.ready)
        return tuple(
            {
                "node": known.node.node_id,
                "host": known.node.host,
                "cpus": known.node.cpus,
                "gpus": known.node.gpus,
                "workers": at[known.node.node_id],
                "refused": known.refused or next((p.closed for p in known.places if p.closed is not None), None),
                "metrics": f"http://{known.node.address}:{known.node.metrics_port}/metrics"
                if known.node.metrics_port
                else None,
            }
            for known in self._nodes.values()
        )


def _ask(node_id: str) -> Any:
    """Ask a node which camxtime it has; returns the reference of the answer.

    The function lies in this one, so that it travels by value: a node without this module can run it.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    def look() -> dict[str, str | None]:
        import importlib.metadata

        try:
            found: str | None = importlib.metadata.version("camxtime")
        except importlib.metadata.PackageNotFoundError:
            found = None
        return {"camxtime": found}

    strategy = NodeAffinitySchedulingStrategy(node_id, soft=False)
    return ray.remote(look).options(num_cpus=0, max_retries=2, scheduling_strategy=strategy).remote()


def _objection(host: str, answer: dict[str, str | None]) -> str | None:
    """Why a node with this answer may not work, None if it may."""
    ours, theirs = version("camxtime"), answer["camxtime"]
    if theirs == ours:
        return None
    has = f"has camxtime {theirs}" if theirs is not None else "has no camxtime"
    return f"{host}: {has}, and the run is driven by camxtime {ours}; install the same on all nodes."
