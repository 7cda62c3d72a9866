"""Rendering one unit: batches from Blender, through the encoders, into a shard.

Two threads share the work: the one that owns Blender pulls batches and hands them to the encoders, the caller's thread
writes. When Blender is done with a unit it can begin the next while this one's tail is encoded, verified and synced.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from camxtime.errors import DataError
from camxtime.farm.blender import BlenderProcess
from camxtime.farm.blender_types import RenderRequest
from camxtime.farm.encode import EncodedBatch, Encoder
from camxtime.farm.files import await_file
from camxtime.farm.jobs import Recipe, noise_seed
from camxtime.farm.relay import AbandonedError, Relay
from camxtime.geometry.cameras import Cameras
from camxtime.shards.commits import Commit
from camxtime.shards.layout import UnitKey, grid_record_path
from camxtime.shards.records import GridRecord
from camxtime.shards.store import Store
from camxtime.shards.writer import UnitWriter

BATCHES_WAITING = 1  # handed over, not yet taken by the writer


@dataclass
class UnitTiming:
    """Where a unit's seconds went (wall time, seconds). `began` is Unix time at the first request to Blender."""

    began: float = 0.0
    load: float = 0.0
    render: float = 0.0
    blocked: float = 0.0
    tail: float = 0.0
    blender: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        rounded = {name: round(getattr(self, name), 6) for name in ("began", "load", "render", "blocked", "tail")}
        return {**rounded, **{f"blender_{name}": round(value, 6) for name, value in self.blender.items()}}


def recorded_cameras(store: Store, grid_id: str, recipe: Recipe) -> Cameras:
    """The recorded cameras of a prepared grid.

    Raises:
        DataError: there is no record, or it is not one of this recipe.
    """
    await_file(store, grid_record_path(grid_id))
    record = GridRecord.read(store, grid_id)
    found = (len(record.cameras), record.times, record.cameras.width, record.cameras.height)
    wanted = (recipe.cameras, recipe.times, recipe.width, recipe.height)
    if found != wanted:
        raise DataError(
            f"{store.where(grid_record_path(grid_id))}: holds cameras, times, width and height {found}, the spec asks for "
            f"{wanted}; restore the record, or render into a new folder."
        )
    return record.cameras


def film(
    process: BlenderProcess, request: RenderRequest, encoder: Encoder, relay: Relay[EncodedBatch], timing: UnitTiming
) -> None:
    """Blender's half of a unit: pull its batches, start their encoding, hand them over. Ends or fails the relay."""
    start = time.monotonic()
    try:
        for batch in process.render(request):
            for name, seconds in batch.seconds.items():
                timing.blender[name] = timing.blender.get(name, 0.0) + seconds
            encoded = encoder.submit(batch)
            waiting = time.monotonic()
            relay.put(encoded)
            timing.blocked += time.monotonic() - waiting
    except AbandonedError:
        raise
    except BaseException as error:
        relay.fail(error)
        raise
    else:
        relay.end()
    finally:
        timing.render += time.monotonic() - start


def unit_request(cameras: Cameras, key: UnitKey, grid_seed: int, recipe: Recipe) -> RenderRequest:
    """What Blender is asked for: all cameras at the unit's times, with the seeds that the spec implies."""
    return RenderRequest(
        cameras=cameras,
        times=list(key.times),
        seeds=[noise_seed(grid_seed, t) for t in key.times],
        views_per_batch=recipe.views_per_batch,
    )


def write(
    store: Store,
    key: UnitKey,
    recipe: Recipe,
    relay: Relay[EncodedBatch],
    info: Callable[[], dict[str, Any]],
    count: Callable[[int], None],
) -> Commit:
    """The writer's half of a unit: every cell into the shard as it is encoded; then verify, publish and commit.

    Args:
        info: what is kept with the commit, asked for when all cells are there.
        count: called with the number of cells written since the last call.

    Raises:
        WorkError: the target cannot be written, or Blender failed (the error of its half).
    """
    try:
        with UnitWriter(store, key, recipe.cameras, recipe.passes) as writer:
            for batch in relay:
                for camera, payloads in batch.cells():
                    writer.add(batch.time, camera, payloads)
                count(len(batch.cameras))
            return writer.finish(info())
    except BaseException:
        relay.abandon()
        raise
