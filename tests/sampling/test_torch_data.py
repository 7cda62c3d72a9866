"""The PyTorch data sets: batches, resuming with other ranks and workers, processes, damage."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the PyTorch data sets need torch: pip install camxtime[train]")

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402

import camxtime  # noqa: E402
from camxtime.errors import InputError  # noqa: E402
from camxtime.sampling import Contexts, PairError, PairLoader, PairSampler, Recipe, SampleOptions, View  # noqa: E402
from camxtime.sampling.torch_data import PairDataset, PairOrder, PairStream, TorchOptions  # noqa: E402
from camxtime.shards.dataset import Dataset  # noqa: E402

OPTIONS = SampleOptions(view=View(16, 24))
RECIPE = Recipe(frames=5)


@pytest.fixture
def data(dataset: Dataset) -> PairDataset:
    """Pairs of 5 small frames."""
    return PairDataset(PairSampler(dataset, RECIPE, 0), OPTIONS)


def _indices(batches: Any) -> list[int]:
    return [int(i) for batch in batches for i in batch["index"]]


def test_a_sample_is_the_loaders_sample_as_tensors(dataset: Dataset) -> None:
    recipe = Recipe(frames=5, contexts=Contexts(count=2))
    sampler = PairSampler(dataset, recipe, 0)
    options = SampleOptions(View(16, 24), passes=("depth", "instance"), plucker="direction-moment", condition=True)
    sample, arrays = PairDataset(sampler, options)[3], PairLoader(sampler, options)[3]
    assert set(sample) == {*arrays, "replaced"}
    assert sample["source"].shape == (5, 3, 16, 24) and sample["source"].dtype == torch.uint8
    assert sample["context"].shape == (2, 5, 3, 16, 24) and sample["condition"].shape == (5, 3, 16, 24)
    for name in ("source", "target", "context", "condition"):
        assert np.array_equal(np.moveaxis(sample[name].numpy(), -3, -1), arrays[name])
    for name in ("source_c2w", "target_pose", "source_K", "target_time", "target_cells", "source_depth", "source_rays"):
        assert (
            np.array_equal(sample[name].numpy(), arrays[name], equal_nan=True)
            and sample[name].shape == arrays[name].shape
        )
    assert sample["source_instance"].dtype == torch.int32 and sample["index"] == 3 and sample["fps"] == 24.0


def test_default_collate_batches_everything(dataset: Dataset) -> None:
    options = SampleOptions(View(16, 24), passes=("depth", "instance"), plucker="moment-direction", condition=True)
    sampler = PairSampler(dataset, Recipe(frames=5, contexts=Contexts(count=1)), 0)
    batch = next(iter(DataLoader(PairDataset(sampler, options), batch_size=3)))
    assert batch["source"].shape == (3, 5, 3, 16, 24) and batch["target_rays"].shape == (3, 5, 6, 2, 3)
    assert batch["source_depth"].shape == (3, 5, 16, 24) and batch["index"].tolist() == [0, 1, 2]
    assert len(batch["caption"]) == len(batch["task"]) == 3
    wide = PairDataset(sampler, options, TorchOptions(layout="CFHW"))
    assert next(iter(DataLoader(wide, batch_size=2)))["context"].shape == (2, 1, 3, 5, 16, 24)


def test_an_epoch_is_a_map_style_pass(data: PairDataset) -> None:
    assert len(data) == 3
    assert _indices(DataLoader(data, batch_size=2)) == [0, 1, 2]


@pytest.mark.parametrize("workers", [0, 2])
def test_the_order_resumes_with_other_ranks_and_workers(data: PairDataset, workers: int) -> None:
    """Three runs with two resumes: all pairs once, in whatever hands."""
    start, seen = 0, []
    for world, count, batch, steps in ((2, workers, 2, 3), (3, 0, 1, 2), (1, workers + 1, 3, 2)):
        for rank in range(world):
            order = PairOrder(data.sampler, batch, rank=rank, world=world, start=start)
            seen += _indices(islice(DataLoader(data, batch_size=batch, sampler=order, num_workers=count), steps))
        start = PairOrder(data.sampler, batch, rank=0, world=world, start=start).after(steps)
    assert sorted(seen) == list(range(start)) and start == 12 + 6 + 6


@pytest.mark.parametrize("workers", [1, 3])
def test_a_stream_gives_the_same_batches_with_any_number_of_workers(data: PairDataset, workers: int) -> None:
    def run(workers: int, **where: int) -> list[list[int]]:
        loader = DataLoader(PairStream(data, batch=2, **where), batch_size=2, num_workers=workers)
        return [batch["index"].tolist() for batch in loader]

    assert run(workers, stop=14) == run(0, stop=14) == [[i, i + 1] for i in range(0, 14, 2)]
    both = run(workers, rank=0, world=2, start=4, stop=19) + run(0, rank=1, world=2, start=4, stop=19)
    assert sorted(i for batch in both for i in batch) == list(range(4, 19))


@pytest.mark.parametrize("kind", ["map", "stream"])
@pytest.mark.parametrize("workers", [0, 2])
def test_stateful_data_loader_resumes_twice(data: PairDataset, kind: str, workers: int) -> None:
    stateful = pytest.importorskip(
        "torchdata.stateful_dataloader", reason="needs torchdata: pip install camxtime[train]"
    )

    def loader() -> Any:
        if kind == "map":
            order = PairOrder(data.sampler, 2, rank=1, world=2, stop=60)
            return stateful.StatefulDataLoader(data, batch_size=2, sampler=order, num_workers=workers)
        return stateful.StatefulDataLoader(
            PairStream(data, 2, rank=1, world=2, stop=60), batch_size=2, num_workers=workers
        )

    whole = [batch["index"].tolist() for batch in loader()]
    assert len(whole) == 15 and whole[0] == [2, 3]
    first = loader()
    seen = [batch["index"].tolist() for batch in islice(first, 3)]
    for _ in range(2):
        state = first.state_dict()
        first = loader()
        first.load_state_dict(state)
        seen += [batch["index"].tolist() for batch in islice(first, 4)]
    assert seen == whole[:11]
    rest = loader()
    rest.load_state_dict(first.state_dict())
    assert seen + [batch["index"].tolist() for batch in rest] == whole


def test_a_state_between_steps_loads_with_other_ranks(data: PairDataset) -> None:
    iterator: Any = iter(PairOrder(data.sampler, 2, rank=0, world=2))
    assert [next(iterator) for _ in range(4)] == [0, 1, 4, 5]
    other = PairOrder(data.sampler, 1, rank=2, world=3)
    other.load_state_dict(iterator.state_dict())
    assert list(islice(iter(other), 2)) == [10, 13]
    next(iterator)
    with pytest.raises(InputError, match="between steps"):
        other.load_state_dict(iterator.state_dict())


def test_states_of_other_orders_are_refused(data: PairDataset, dataset: Dataset) -> None:
    state = PairOrder(data.sampler, 2).state_dict()
    for sampler in (PairSampler(dataset, RECIPE, 1), PairSampler(dataset, Recipe(frames=4), 0)):
        with pytest.raises(InputError, match="another order"):
            PairOrder(sampler, 2).load_state_dict(state)
        with pytest.raises(InputError, match="another order"):
            PairStream(PairDataset(sampler, OPTIONS), 2).load_state_dict(state)
    iterator: Any = iter(PairStream(data, 2, rank=0, world=2))
    other: Any = iter(PairStream(data, 2, rank=0, world=3))
    with pytest.raises(InputError, match="start = steps"):
        other.load_state_dict(iterator.state_dict())


def test_length_of_an_order(data: PairDataset) -> None:
    for start, stop in ((0, 17), (3, 17), (0, 0), (16, 17)):
        orders = [PairOrder(data.sampler, 3, rank=rank, world=2, start=start, stop=stop) for rank in range(2)]
        assert [len(order) for order in orders] == [len(list(order)) for order in orders]
        assert sum(map(len, orders)) == max(stop - start, 0)
    with pytest.raises(TypeError):
        len(PairOrder(data.sampler, 1))
    with pytest.raises(InputError, match="both rank and world"):
        PairOrder(data.sampler, 1, rank=0)


def test_forking_after_opencv_has_used_its_threads(dataset: Dataset) -> None:
    """A regression: OpenCV's pool does not survive fork, and being told to shrink it, a loader process hung."""
    cv2.setNumThreads(2)
    cv2.resize(np.zeros((1500, 1500, 3), np.uint8), (1000, 1000), interpolation=cv2.INTER_AREA)
    data = PairDataset(PairSampler(dataset, RECIPE, 0), SampleOptions(View(640, 960)))
    loader = DataLoader(data, batch_size=1, num_workers=2, multiprocessing_context="fork", timeout=100)
    assert _indices(loader) == [0, 1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_processes_however_started(dataset: Dataset, method: str) -> None:
    data = PairDataset(PairSampler(dataset, RECIPE, 0), SampleOptions(View(16, 24), threads=2))
    data[0]  # files, threads and OpenCV in use before the fork
    loader = DataLoader(data, batch_size=1, num_workers=2, multiprocessing_context=method)
    batches = list(loader)
    assert _indices(batches) == [0, 1, 2]
    assert torch.equal(batches[1]["source"][0], data[1]["source"])


@pytest.fixture
def damaged(dataset_folder: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy in which one shard of hall.ball.arc is missing and one image of room.ball.arc is damaged."""
    folder = tmp_path / "damaged"
    shutil.copytree(dataset_folder, folder)
    os.remove(folder / "shards" / "hall.ball.arc" / "t0004-0007.parquet")
    dataset = camxtime.open(folder)
    grid = dataset.grid("room.ball.arc")
    place = (5, 5, grid.passes.index("rgb"))
    with open(folder / grid.index.shards[grid.index.shard[place]], "r+b") as file:
        file.seek(int(grid.index.offset[place]) + 40)
        file.write(b"\xff\x00\xff")
    yield folder


def test_missing_and_damaged_files_are_named_with_the_pair(damaged: Path) -> None:
    sampler = PairSampler(camxtime.open(damaged), Recipe(frames=11, offset=0), 0)
    data = PairDataset(sampler, OPTIONS)
    missing = next(i for i in range(9) if sampler.pair(i).source.grids[0] == "hall.ball.arc")
    with pytest.raises(
        PairError, match=rf"Pair {missing}: .*hall\.ball\.arc/t0004-0007\.parquet cannot be read"
    ) as error:
        data[missing]
    assert error.value.index == missing
    # The diagonal of 12 cameras over 11 times passes camera 6 at time 5; a fixed or bullet target meets camera 5.
    hit = next(
        i for i in range(2000)
        if any((c, t, g) == (5, 5, "room.ball.arc") for c, t, g in _cells(sampler.pair(i)))
    )  # fmt: skip
    with pytest.raises(PairError, match=rf"Pair {hit}: .*rgb of grid room\.ball\.arc, camera 5, time 5: .*checksum"):
        data[hit]
    with pytest.raises(PairError, match=rf"Pair {missing}: .*hall"):  # a loader process passes it on, named
        list(DataLoader(data, batch_size=1, num_workers=1, sampler=[missing]))


def _cells(pair: Any) -> list[tuple[int, int, str]]:
    return [
        (int(c), int(t), clip.grids[p])
        for clip in (pair.source, pair.target)
        for p, c, t in zip(clip.parts, clip.track.cameras, clip.track.times, strict=True)
    ]


def test_damaged_pairs_can_be_replaced_and_say_so(damaged: Path) -> None:
    sampler = PairSampler(camxtime.open(damaged), Recipe(frames=11, offset=0), 0)
    data = PairDataset(sampler, OPTIONS, TorchOptions(damaged="replace"))
    missing = next(i for i in range(9) if sampler.pair(i).source.grids[0] == "hall.ball.arc")
    with pytest.warns(RuntimeWarning, match=rf"Pair {missing}: .* Another pair takes its place"):
        sample = data[missing]
    assert sample["replaced"] == 1 and sample["index"] != missing and not sample["grid"].startswith("hall")
    whole = next(
        i for i in range(9) if sampler.pair(i).source.grids[0] == "room.ball.arc_2" and sampler.pair(i).camera != "hop"
    )
    assert data[whole]["replaced"] == 0


def test_options_are_checked(dataset: Dataset) -> None:
    sampler = PairSampler(dataset, RECIPE)
    for bad in ({"layout": "HWC"}, {"damaged": "skip"}):
        with pytest.raises(InputError):
            TorchOptions(**bad)
    for wrong in (
        {"pose_form": "up"},
        {"relative_to": "x"},
        {"plucker": "x"},
        {"plucker_step": 0},
        {"passes": ("rgb",)},
        {"point_px": 0},
    ):
        with pytest.raises(InputError):
            SampleOptions(**wrong)
    with pytest.raises(InputError, match="no pass 'flow'"):
        PairDataset(sampler, SampleOptions(passes=("flow",)))
    with pytest.raises(InputError, match="threads"):
        PairDataset(sampler, SampleOptions(threads=0))
