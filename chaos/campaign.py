"""The campaign: trials in a seeded order, one JSON line each, resumed where it was broken off."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from chaos.aftermath import GOOD, Outcome, mend
from chaos.kinds import KINDS
from chaos.page import insert
from chaos.report import tables
from chaos.rig import Hang, Rig, shared_ray

HIT_TRIES = 3  # a fault that came too late is struck again, with other draws


def main() -> int:
    """Run the campaign; 0 if every trial ended well."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    results = options.out / "results.jsonl"
    plan = planned(options.faults, options.seed, options.kinds)
    left = undone(plan, read(results, options.seed))
    if left:
        _run(options, results, left)
    lines = [line for line in read(results, options.seed) if (line["number"], line["kind"]) in set(plan)]
    bad = [line for line in lines if line["outcome"] not in GOOD]
    for line in bad:
        print(f"{line['number']} {line['kind']}: {line['outcome']}: {line['struck']}: {line['words']}", file=sys.stderr)
    skipped = sum(line["outcome"] == "skipped" for line in lines)
    print(f"{len(lines) - len(bad)} of {len(lines)} trials ended well, {skipped} skipped; {results}")
    if options.report is not None:
        command = f"python -m chaos --faults {options.faults} --seed {options.seed}"
        if options.kinds != list(KINDS):
            command += f" --kinds {','.join(options.kinds)}"
        insert(options.report, "chaos", tables(lines, command))
    return 0 if not bad and len(lines) == len(plan) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", type=_kinds, default=list(KINDS), help=f"of {','.join(KINDS)}")
    parser.add_argument("--out", type=Path, default=Path("out/chaos"), help="results.jsonl and what trials write")
    parser.add_argument("--report", type=Path, help="rewrite the tables of this page")
    return parser.parse_args()


def _kinds(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in KINDS]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; known: {', '.join(KINDS)}")
    return names


def planned(faults: int, seed: int, kinds: list[str]) -> list[tuple[int, str]]:
    """(number, kind) of each trial: all kinds equally often, in shuffled decks."""
    rng = np.random.default_rng([seed, 0])
    decks = [rng.permutation(sorted(kinds)) for _ in range(-(-faults // len(kinds)))]
    return list(enumerate([str(kind) for kind in np.concatenate(decks)[:faults]]))


def read(results: Path, seed: int) -> list[dict[str, Any]]:
    """The trials of a seed that are done; a line that was cut off counts as none."""
    lines = []
    for text in results.read_text().splitlines() if results.exists() else []:
        with contextlib.suppress(ValueError):
            line = json.loads(text)
            if line["seed"] == seed:
                lines.append(line)
    return lines


def undone(plan: list[tuple[int, str]], lines: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """The trials of a plan that have no result: under other --kinds the same number was another trial."""
    done = {(line["number"], line["kind"]) for line in lines}
    return [entry for entry in plan if entry not in done]


def _run(options: argparse.Namespace, results: Path, left: list[tuple[int, str]]) -> None:
    far = any(KINDS[kind].far for _, kind in left)
    rig = Rig(options.out.resolve())
    with _storage(rig) if far else contextlib.nullcontext(), shared_ray():
        rig.make_reference()
        for number, kind in tqdm(left, unit="trial", smoothing=0.1, disable=None):
            line = trial(rig, number, kind, options.seed)
            with results.open("a") as file:
                file.write(json.dumps(line) + "\n")
            if line["outcome"] == "BROKEN" and line["words"].startswith("hang"):
                os._exit(1)  # its thread cannot be ended; the same command goes on with the next trial


def trial(rig: Rig, number: int, kind: str, seed: int) -> dict[str, Any]:
    """One fault and its aftermath, as a line of the results."""
    began = time.monotonic()
    words = said = ""
    tries, hit = 0, False
    try:
        for tries in range(1, HIT_TRIES + 1):
            rng = np.random.default_rng([seed, number, tries])
            root = rig.place(number, KINDS[kind].far)
            struck = KINDS[kind].fault.strike(rig, root, rng)
            words, said, hit = struck.words, struck.said, struck.hit
            if hit:
                break
        outcome = mend(rig, root, struck)
    except Hang as error:
        outcome = Outcome("BROKEN", f"hang: {error}")
    except PermissionError as error:
        outcome = Outcome("skipped", str(error))
    except Exception:  # noqa: BLE001  one broken trial must not end the campaign, and is the news
        outcome = Outcome("BROKEN", traceback.format_exc()[-2000:])
    head = {"seed": seed, "number": number, "kind": kind, "seconds": round(time.monotonic() - began, 2)}
    return {**head, **asdict(outcome), "struck": words, "said": said, "tries": tries, "hit": hit}


@contextlib.contextmanager
def _storage(rig: Rig) -> Iterator[None]:
    """The S3-protocol server of the tests, and the environment by which its clients find it (before Ray starts)."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    import s3fs
    from s3_server import s3_server

    with s3_server() as server:
        os.environ.update(
            AWS_ENDPOINT_URL=server.url, AWS_ACCESS_KEY_ID="writer", AWS_SECRET_ACCESS_KEY="not-to-be-seen",
            AWS_DEFAULT_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true",
        )  # fmt: skip
        s3fs.S3FileSystem(skip_instance_cache=True).mkdir("chaos")
        rig.bucket, rig.server = "chaos", server
        yield
