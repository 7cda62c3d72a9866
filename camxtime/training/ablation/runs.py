"""Training and scoring the runs: each resumable, several at a time in processes of their own."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from camxtime.errors import DataError, InputError, WorkError
from camxtime.evaluation.baselines import BASELINES
from camxtime.evaluation.tasks import Batched, Predictor
from camxtime.shards.atomic import write_atomic
from camxtime.training.ablation.items import MODES, ablation_items
from camxtime.training.ablation.pairs import ConditionSampler, condition_grids
from camxtime.training.ablation.plan import CONDITIONS, SETTINGS, Condition, Setting
from camxtime.training.ablation.score import score_items
from camxtime.training.checkpoint import checkpoints
from camxtime.training.data import GridSets, choose_grids
from camxtime.training.loop import Options, Sources, train
from camxtime.training.predictor import CheckpointPredictor
from camxtime.training.stop import StopFlag

if TYPE_CHECKING:
    from camxtime.shards.dataset import Dataset
    from camxtime.training.config import TrainConfig

POLL_S = 0.5


@dataclass(frozen=True)
class Study:
    """An ablation: on what, with which setting, where. manifest: of splits; its `test` split is scored. steps: in place of
    the setting's."""

    dataset: str
    manifest: str
    out: Path
    setting: str = "cpu"
    steps: int | None = None

    @property
    def of(self) -> Setting:
        """The setting; `InputError` for an unknown one."""
        if self.setting not in SETTINGS:
            raise InputError(f"There is no setting {self.setting!r}; there are: {', '.join(SETTINGS)}.")
        return SETTINGS[self.setting]

    def config(self, condition: Condition, seed: int) -> TrainConfig:
        """The configuration of a run."""
        changes: dict[str, Any] = {"data.manifest": self.manifest}
        if self.steps is not None:
            changes["run.steps"] = self.steps
        return self.of.config(condition, seed).changed(changes)

    def folder(self, condition: Condition, seed: int) -> Path:
        """Where a run lives."""
        return self.out / "runs" / f"{condition.name}-{seed}"


def run_one(study: Study, dataset: Dataset, name: str, seed: int) -> dict[str, Any]:
    """Train one condition with one seed and score it; what is done already is not done again. Returns `score.json`.

    Raises what training raises, and `WorkError` when it was stopped: run again to go on.
    """
    condition = CONDITIONS[name]
    folder, config = study.folder(condition, seed), study.config(condition, seed)
    key = _key(dataset, config)
    done = read_score(folder, key)
    if done is not None:
        return done
    sets = choose_grids(dataset, config.data)
    grids = condition_grids(condition, dataset, sets.train, seed)
    recipe = condition.recipe(config.model.frames)
    sampler = ConditionSampler(dataset, condition, recipe, seed, grids)
    validation = ConditionSampler(dataset, condition, recipe, seed + 1_000_003, sets.validation)
    began = time.perf_counter()
    resume = bool(checkpoints(folder / "checkpoints"))
    summary = train(config, dataset, folder, Options(resume=resume, sources=Sources(sampler, validation)))
    if summary.stopped:
        raise WorkError(f"{folder}: stopped by {summary.stopped} at step {summary.step}; run again to go on.")
    predictor = CheckpointPredictor(folder, config.run.device)
    size = (config.model.height, config.model.width)
    items = ablation_items(dataset, sets.validation, config.model.frames, study.of.grids)
    scores = score_items(dataset, items, {name: Batched(predictor.many, len(MODES))}, size)[name]
    value = {
        "key": key, "condition": name, "seed": seed, "steps": config.run.steps, "grids": len(grids), "loss": summary.loss,
        "seconds": time.perf_counter() - began, "items": [score.to_json() for score in scores],
    }  # fmt: skip
    write_atomic(folder / "score.json", json.dumps(value, allow_nan=False).encode())
    return value


def score_baselines(study: Study, dataset: Dataset) -> None:
    """Score the evaluation's baselines on the same items, into `baselines.json`."""
    config = study.config(next(iter(CONDITIONS.values())), 0)
    key = _key(dataset, config)
    target = study.out / "baselines.json"
    if _read(target).get("key") == key:
        return
    sets = held_out_sets(study, dataset)
    items = ablation_items(dataset, sets.validation, config.model.frames, study.of.grids)
    size = (config.model.height, config.model.width)
    methods: dict[str, Predictor | Batched] = {
        name: method for name, method in BASELINES.items() if name != "depth-warp" or "depth" in dataset.passes
    }
    scored = score_items(dataset, items, methods, size)
    rows = {name: [score.to_json() for score in scores] for name, scores in scored.items()}
    write_atomic(target, json.dumps({"key": key, "baselines": rows}, allow_nan=False).encode())


def held_out_sets(study: Study, dataset: Dataset) -> GridSets:
    """The grids trained on and scored; `DataError` where nothing is held out."""
    sets = choose_grids(dataset, study.config(next(iter(CONDITIONS.values())), 0).data)
    if not sets.held_out:
        raise DataError(f"{dataset.root}: there is one stage alone; an ablation needs others to be scored on.")
    return sets


def run_all(study: Study, jobs: Sequence[tuple[str, int]], at_once: int) -> list[tuple[str, int]]:
    """Run (condition, seed) jobs, `at_once` processes at a time; returns those that failed. Stops them on SIGTERM."""
    waiting, failed = list(jobs), []
    running: dict[tuple[str, int], subprocess.Popen[bytes]] = {}
    with StopFlag() as stop, tqdm(total=len(jobs), unit="run", disable=None) as bar:
        while (waiting or running) and not stop.asked:
            while waiting and len(running) < at_once:
                job = waiting.pop(0)
                running[job] = _start(study, *job)
            bar.set_postfix_str(", ".join(f"{name} {seed}" for name, seed in running))
            time.sleep(POLL_S)
            for job in [job for job, process in running.items() if process.poll() is not None]:
                if running.pop(job).returncode != 0:
                    failed.append(job)
                bar.update()
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        for process in running.values():
            process.wait()
    if stop.asked:
        raise WorkError(f"Stopped by {stop.asked}; every run has its checkpoint. Run again to go on.")
    return failed


def read_score(folder: Path, key: str) -> dict[str, Any] | None:
    """A run's scores, if it is done and was made from the same data and configuration."""
    value = _read(folder / "score.json")
    return value if value.get("key") == key else None


def run_key(study: Study, dataset: Dataset, condition: Condition, seed: int) -> str:
    """What a run's scores must carry to count."""
    return _key(dataset, study.config(condition, seed))


def _start(study: Study, name: str, seed: int) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "camxtime.training.ablation", study.dataset, "--out", str(study.out), "--manifest",
             study.manifest, "--setting", study.setting, "--only", f"{name}:{seed}"]  # fmt: skip
    if study.steps is not None:
        words += ["--steps", str(study.steps)]
    folder = study.out / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}-{seed}.log").open("ab") as log:
        return subprocess.Popen(words, stdout=log, stderr=log)


def _key(dataset: Dataset, config: TrainConfig) -> str:
    value = config.to_json()
    for name in ("device", "threads", "checkpoint_every", "keep", "sample_every"):
        del value["run"][name]
    text = json.dumps([dataset.digest, value], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        value: dict[str, Any] = json.loads(file.read_bytes())
    except ValueError as error:
        raise DataError(f"{file}: is damaged ({error}); remove it, and it is made again.") from error
    return value
