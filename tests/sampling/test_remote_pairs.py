"""Pairs over HTTP, from loader processes forked after the parent has used its connections."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from http_server import RangeServer, range_server

import camxtime
from camxtime.sampling import PairError, PairLoader, PairSampler, Recipe, SampleOptions, View

RECIPE = Recipe(frames=5)
OPTIONS = SampleOptions(View(16, 24))


@pytest.fixture
def server(dataset_folder: Path) -> Iterator[RangeServer]:
    """The dataset on a loopback server."""
    with range_server(dataset_folder) as running:
        yield running


@pytest.fixture
def url(server: RangeServer) -> str:
    """Its address."""
    return server.url


def test_pairs_are_those_of_the_folder(url: str, dataset_folder: Path) -> None:
    remote = PairLoader(PairSampler(camxtime.open(url), RECIPE), OPTIONS)
    local = PairLoader(PairSampler(camxtime.open(dataset_folder), RECIPE), OPTIONS)
    assert remote.sampler.fingerprint == local.sampler.fingerprint
    for i in range(3):
        assert np.array_equal(remote[i]["target"], local[i]["target"])


def test_a_missing_shard_is_named_with_the_pair(server: RangeServer) -> None:
    loader = PairLoader(PairSampler(camxtime.open(server.url), RECIPE, grids=["hall.ball.arc"]), OPTIONS)
    loader[0]
    server.gone = "hall.ball.arc/t0004"
    number = next(i for i in range(99) if 4 in loader.sampler.pair(i).source.track.times)
    with pytest.raises(PairError, match=rf"Pair {number}: .*hall\.ball\.arc/t0004-0007\.parquet"):
        loader[number]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_loader_processes_read_over_http(url: str, method: str) -> None:
    torch = pytest.importorskip("torch", reason="needs torch: pip install camxtime[train]")
    from camxtime.sampling.torch_data import PairDataset

    data = PairDataset(PairSampler(camxtime.open(url), RECIPE), OPTIONS)
    expected = data[1]["target"]
    batches = list(torch.utils.data.DataLoader(data, batch_size=1, num_workers=2, multiprocessing_context=method))
    assert torch.equal(batches[1]["target"][0], expected) and len(batches) == 3
