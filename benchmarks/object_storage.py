"""Rendering into a bucket whose answers fail, against rendering into a folder, in one run.

    python benchmarks/object_storage.py [--json FILE] [--quick] [--rounds 3] [--errors 0.05]

The first case of `render.py` (64², real Blender), end to end, once into a folder and once into a bucket of an S3-protocol
server (moto, on loopback, in a process of its own), in turns. A share of all requests, at random from a seed, fails: 500,
503 Slow Down, a connection dropped before or after the work was done. Retries are those that users get. Every dataset is
verified in full and must have the same digest. Throughput counts from the first request to Blender to the last commit, and
the index. The server works on the same cores, so part of what is missing is its own work and not waiting.
Needs `pip install camxtime[render,remote] 'moto[server]'`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from render import CASES, Case, make_scene, spec_of

from camxtime.farm.driver import render
from camxtime.farm.options import RenderOptions
from camxtime.shards.remote import RemoteOptions
from camxtime.shards.verify import verify

BAR = 0.9
BUCKET = "benchmark"
FAULTS = (500, True, "drop", "late")  # see tests/s3_server.py
TESTS = Path(__file__).resolve().parent.parent / "tests"


def serve(errors: float) -> None:
    """Run the server until standard input ends; prints its address, then how many of how many requests failed."""
    sys.path.insert(0, str(TESTS))
    from s3_server import s3_server

    rng = np.random.default_rng(0)
    failed = 0

    def fail(number: int, _: str) -> Any:
        nonlocal failed
        draw = rng.random()
        if number == 1 or draw >= errors:  # the first makes the bucket
            return False
        failed += 1
        return FAULTS[int(draw / errors * len(FAULTS))]

    with s3_server() as server:
        print(server.url, flush=True)
        sys.stdin.readline()
        server.fail = fail
        sys.stdin.readline()
        print(failed, len(server.requests), flush=True)


@contextmanager
def server_apart(errors: float) -> Iterator[tuple[dict[str, str], list[int]]]:
    """How clients find a server in a process of its own; afterwards the list holds (failed, all) requests."""
    words = [sys.executable, __file__, "--serve", str(errors)]
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("no pipes")
    counts: list[int] = []
    known = {"endpoint_url": process.stdout.readline().strip(), "key": "benchmark", "secret": "benchmark"}
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    import s3fs

    s3fs.S3FileSystem(skip_instance_cache=True, **known).mkdir(BUCKET)
    process.stdin.write("\n")
    process.stdin.flush()
    try:
        yield known, counts
        process.stdin.write("\n")
        process.stdin.flush()
        counts += [int(word) for word in process.stdout.readline().split()]
    finally:
        process.kill()
        process.wait()


def once(case: Case, root: Path | str, options: RenderOptions) -> tuple[float, str]:
    """Cells per second, and the digest, of one render that must be whole and verify."""
    summary = render(spec_of(case), root, options)
    if not summary.ok or summary.digest is None:
        raise SystemExit("\n".join(summary.lines()))
    return summary.cells_rendered / (summary.timing["steady"] + summary.timing["index"]), summary.digest


def main() -> int:
    """Measure; exit code 1 if the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the row to this file")
    parser.add_argument("--quick", action="store_true", help="a quarter of the cells, one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--errors", type=float, default=0.05, help="share of requests that fail")
    parser.add_argument("--serve", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve is not None:
        serve(given.serve)
        return 0
    case = replace(CASES[0], times=8) if given.quick else CASES[0]
    near, far, digests = [], [], set()
    with (
        tempfile.TemporaryDirectory(prefix="camxtime-bench-") as temporary,
        server_apart(given.errors) as (known, counts),
    ):
        base = Path(temporary)
        make_scene(base)
        options = RenderOptions(assets=base, workers=1, threads=min(os.cpu_count() or 1, 2), progress=False)
        os.environ.update(
            AWS_ENDPOINT_URL=known["endpoint_url"], AWS_ACCESS_KEY_ID=known["key"], AWS_SECRET_ACCESS_KEY=known["secret"],
            AWS_EC2_METADATA_DISABLED="true",
        )  # fmt: skip
        for number in range(1 if given.quick else given.rounds):
            rate, digest = once(case, base / f"near-{number}", options)
            near.append(rate)
            url = f"s3://{BUCKET}/far-{number}"
            remote = replace(options, remote=RemoteOptions())
            rate, other = once(case, url, remote)
            far.append(rate)
            digests |= {digest, other}
            if not verify(url, "full").ok:
                raise SystemExit(f"{url} does not verify")
            print(f"round {number}: folder {near[-1]:.1f}, bucket {far[-1]:.1f} cells/s", flush=True)
    if len(digests) != 1:
        raise SystemExit(f"digests differ: {digests}")
    ratio = float(np.median(far) / np.median(near))
    row = {
        "name": f"render 64² into a bucket, {given.errors:.0%} of requests failing", "ours": round(float(np.median(far)), 1),
        "baseline": round(float(np.median(near)), 1), "ratio": round(ratio, 3), "unit": "cells/s", "bar": BAR,
        "holds": ratio >= BAR, "failed_requests": counts[0], "requests": counts[1],
    }  # fmt: skip
    print(f"bucket / folder: {ratio:.2f} (bar {BAR}); {counts[0]} of {counts[1]} requests failed; verified, one digest")
    if given.json is not None:
        given.json.write_text(json.dumps({"rows": [row]}, indent=1))
    return 0 if row["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
