"""Pairs over HTTP, from loader processes forked after the parent has used its connections."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

import camxtime
from camxtime.sampling import PairError, PairLoader, PairSampler, Recipe, SampleOptions, View

RECIPE = Recipe(frames=5)
OPTIONS = SampleOptions(View(16, 24))


class Ranges(SimpleHTTPRequestHandler):
    """Static files with byte ranges, as object storage serves them; shards that are `gone` are not found."""

    gone = ""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file() or (self.gone and self.gone in self.path):
            self.send_error(404)
            return
        data = path.read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start, end = (int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1) + 1) if asked else (0, len(data))
        self.send_response(206 if asked else 200)
        self.send_header("Accept-Ranges", "bytes")
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data[start:end])

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def url(dataset_folder: Path) -> Iterator[str]:
    """The dataset on a loopback server."""
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp, which is not installed")
    handler = functools.partial(Ranges, directory=str(dataset_folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        Ranges.gone = ""
        server.shutdown()
        thread.join()
        server.server_close()


def test_pairs_are_those_of_the_folder(url: str, dataset_folder: Path) -> None:
    remote = PairLoader(PairSampler(camxtime.open(url), RECIPE), OPTIONS)
    local = PairLoader(PairSampler(camxtime.open(dataset_folder), RECIPE), OPTIONS)
    assert remote.sampler.fingerprint == local.sampler.fingerprint
    for i in range(3):
        assert np.array_equal(remote[i]["target"], local[i]["target"])


def test_a_missing_shard_is_named_with_the_pair(url: str) -> None:
    loader = PairLoader(PairSampler(camxtime.open(url), RECIPE, grids=["hall.ball.arc"]), OPTIONS)
    loader[0]
    Ranges.gone = "hall.ball.arc/t0004"
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
