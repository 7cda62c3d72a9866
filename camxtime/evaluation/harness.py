"""`evaluate`: methods × items → report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tqdm import tqdm

from camxtime.errors import InputError
from camxtime.evaluation.items import EvalItem, EvalSet, load_items
from camxtime.evaluation.options import EvalOptions
from camxtime.evaluation.predictions import FolderPredictions
from camxtime.evaluation.report import MethodResult, Report, stage_of
from camxtime.evaluation.scorer import Scorer
from camxtime.evaluation.tasks import (
    Batched,
    Frames,
    Prediction,
    PredictionError,
    Predictor,
    Task,
    TaskReader,
    checked,
)
from camxtime.shards.dataset import Dataset

Method = Predictor | Batched


def evaluate(
    items: EvalSet | str | Path,
    dataset: Dataset,
    methods: Mapping[str, Method] | Method,
    options: EvalOptions | None = None,
) -> Report:
    """Score methods (name → predictor, or one predictor) on the items of a benchmark.

    A predictor that raises `PredictionError` for an item, or returns frames of the wrong number, size or type, gets a problem
    that names the item; the item counts for nothing. Raises `DataError` if the benchmark does not fit the dataset.
    """
    chosen = load_items(items) if isinstance(items, str | Path) else items
    options = options or EvalOptions()
    named = dict(methods) if isinstance(methods, Mapping) else {"prediction": methods}
    if not named:
        raise InputError("There is no method to evaluate: name predictions or a baseline.")
    chosen.check(dataset)
    reader = TaskReader(dataset, options.size)
    scorer = Scorer(dataset, options)
    results = [_Running(MethodResult(name, problems=_surplus(method)), method) for name, method in named.items()]
    batch = max((m.size for m in named.values() if isinstance(m, Batched)), default=1)
    with tqdm(
        total=len(chosen) * len(named), unit="clip", desc="evaluate", disable=None if options.progress else True
    ) as bar:
        for group in _batches(chosen.items, batch):
            tasks = [reader.task(item) for item in group]
            for running in results:
                running.score(tasks, scorer)
                bar.update(len(tasks))
    facts = {"name": dataset.name, "digest": dataset.digest, "root": Path(dataset.root).name}
    return Report(chosen, facts, options, [running.result for running in results], scorer.notes)


def predict_one(method: Method, task: Task) -> Prediction:
    """One item's checked prediction; `PredictionError` naming what is wrong with it."""
    return checked(task, method.predict([task])[0] if isinstance(method, Batched) else method(task))


def _surplus(method: Method) -> list[str]:
    return method.surplus_words() if isinstance(method, FolderPredictions) else []


def _batches(items: Sequence[EvalItem], size: int) -> Iterator[list[EvalItem]]:
    """Items stage by stage, in batches: what is read of a stage serves all of its items."""
    ordered = sorted(items, key=stage_of)
    for _, same in groupby(ordered, key=lambda item: item.target.grid):
        stage = list(same)
        yield from (stage[first : first + size] for first in range(0, len(stage), size))


@dataclass(frozen=True, eq=False)
class _Running:
    """A method while it is evaluated."""

    result: MethodResult
    method: Method

    def score(self, tasks: Sequence[Task], scorer: Scorer) -> None:
        for task, prediction in zip(tasks, self._predict(tasks), strict=True):
            try:
                if isinstance(prediction, PredictionError):
                    raise prediction
                self.result.scores[task.item.id] = scorer.score(self.result.name, task, checked(task, prediction))
            except PredictionError as error:
                self.result.problems.append(str(error))

    def _predict(self, tasks: Sequence[Task]) -> Iterator[Frames | Prediction | PredictionError]:
        if isinstance(self.method, Batched):
            for first in range(0, len(tasks), self.method.size):
                part = tasks[first : first + self.method.size]
                answers = list(self.method.predict(part))
                if len(answers) != len(part):
                    raise InputError(f"{self.result.name}: {len(part)} items were asked for, {len(answers)} came.")
                yield from answers
            return
        for task in tasks:
            try:
                yield self.method(task)
            except PredictionError as error:
                yield error
