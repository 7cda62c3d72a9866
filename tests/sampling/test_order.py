"""Resume: the union of what all ranks and workers read, over any stops and restarts, is the uninterrupted order."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camxtime.errors import InputError
from camxtime.sampling.order import Lane
from camxtime.sampling.permute import Permutation


@given(count=st.integers(1, 700), key=st.integers(0, 2**64 - 1))
@settings(max_examples=80, deadline=None)
def test_permutation_is_one(count: int, key: int) -> None:
    permutation = Permutation(count, key)
    assert sorted(permutation[i] for i in range(count)) == list(range(count))


def test_permutations_differ_by_key_and_mix_well() -> None:
    count = 1000
    orders = {tuple(Permutation(count, key)[i] for i in range(count)) for key in range(20)}
    assert len(orders) == 20
    order = next(iter(orders))
    neighbours = sum(abs(order[i + 1] - order[i]) < 10 for i in range(count - 1))
    assert neighbours < 60  # about 19 of 999 by chance


def test_permutation_of_a_huge_range_costs_nothing() -> None:
    huge = Permutation(43_200_000_000, 7)
    assert len({huge[i] for i in range(0, 43_200_000_000, 43_200_000)}) == 1000


def test_permutation_refuses() -> None:
    with pytest.raises(IndexError):
        Permutation(5, 0)[5]
    with pytest.raises(InputError):
        Permutation(0, 0)


phases = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(0, 5)), min_size=1, max_size=5
)


@given(phases=phases)
@settings(max_examples=150, deadline=None)
def test_any_stops_and_restarts_read_every_pair_once(phases: list[tuple[int, int, int, int]]) -> None:
    """Each phase is a run with its own ranks, workers and batch that stops after some steps."""
    start, seen = 0, []
    for world, workers, batch, steps in phases:
        for rank in range(world):
            for step in range(steps):  # DataLoader asks the workers of a rank in turn, a batch each
                lane = Lane(batch, rank, world, step % workers, workers, start)
                seen += list(islice(lane.indices(step // workers * batch), batch))
        start = Lane(batch, 0, world, 0, workers, start).after(steps).start
    assert sorted(seen) == list(range(start))


@given(
    world=st.integers(1, 4),
    workers=st.integers(1, 4),
    batch=st.integers(1, 4),
    start=st.integers(0, 9),
    length=st.integers(0, 40),
)
@settings(max_examples=100, deadline=None)
def test_a_run_with_an_end_reads_all_before_it(world: int, workers: int, batch: int, start: int, length: int) -> None:
    lanes = [
        Lane(batch, rank, world, worker, workers, start, start + length)
        for rank in range(world)
        for worker in range(workers)
    ]
    assert sorted(i for lane in lanes for i in lane.indices()) == list(range(start, start + length))


def test_refuses() -> None:
    for bad in ({"batch": 0}, {"rank": 1}, {"worker": 2, "workers": 2}, {"start": -1}, {"world": 0}):
        with pytest.raises(InputError):
            Lane(**bad)
