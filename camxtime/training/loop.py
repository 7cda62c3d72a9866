"""The trainer: one loop, for one process or many. `train` runs a configuration on a dataset; `ray_train` runs it on Ray."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from camxtime.errors import InputError, WorkError
from camxtime.shards.atomic import write_atomic
from camxtime.training import checkpoint
from camxtime.training.augment import augmented
from camxtime.training.batch import Batch, to_batch
from camxtime.training.config import TrainConfig, config_yaml
from camxtime.training.data import Share, batches, pair_data, samplers
from camxtime.training.device import Ranks, autocast, choose_device
from camxtime.training.learner import Learner, ReferenceLearner
from camxtime.training.log import RunLog, StepRow
from camxtime.training.objectives import Draw, seeded
from camxtime.training.optim import Ema, make_optimizer, rate_at, restore, trainable
from camxtime.training.stop import StopFlag
from camxtime.training.text import TextEncoder, encode
from camxtime.training.validation import Scores, Validation

if TYPE_CHECKING:
    from camxtime.sampling import PairSampler
    from camxtime.shards.dataset import Dataset


@dataclass(frozen=True)
class Summary:
    """What a run did. stopped: why it ended before its last step ("" if it did not). scores: at the end, on rank 0."""

    out: Path
    step: int
    steps: int
    loss: float | None
    seconds: float
    wait: float
    pairs_per_s: float
    stopped: str
    scores: Scores | None
    held_out: bool


@dataclass(frozen=True, eq=False)
class Sources:
    """The pairs of a run, where they are not those of the configuration's own recipe (the ablation's)."""

    train: PairSampler
    validation: PairSampler
    held_out: bool = True


@dataclass(frozen=True, eq=False)
class Options:
    """What cannot stand in a configuration file.

    resume: go on from the last checkpoint in `out`. text: encoder of captions. learner: what to train in place of the
    reference model (Wan-2.1). sources: samplers in place of the configuration's. stop: asked to stop from elsewhere.
    """

    resume: bool = False
    text: TextEncoder | None = None
    learner: Learner | None = None
    sources: Sources | None = None
    stop: StopFlag | None = None


def train(config: TrainConfig, dataset: Dataset, out: Path, options: Options | None = None) -> Summary:
    """Train, or go on training, and leave `config.yaml`, checkpoints, `log.jsonl`, TensorBoard files and clips in `out`.

    Raises `InputError` for a configuration that does not fit the dataset or the checkpoint, `DataError` (`PairError`) for
    a pair that cannot be read, `WorkError` for a loss that is not finite, naming step and pair.
    """
    return _Run(config, dataset, out, options or Options()).run()


class _Run:
    """One process's part in a run."""

    def __init__(self, config: TrainConfig, dataset: Dataset, out: Path, options: Options):
        self.config, self.out, self.options = config, out, options
        if options.learner is None and bool(config.model.text_dim) != (options.text is not None):
            raise InputError(
                "model.text_dim and a text encoder go together: give `camxtime.training.train` Options(text=…), a callable "
                "from captions to embeddings [B, L, text_dim], or set text_dim: 0."
            )
        if config.run.threads:
            torch.set_num_threads(config.run.threads)
        self.ranks = Ranks.current()
        self.device = choose_device(config.run.device)
        self.sources = options.sources or _sources(dataset, config)
        self.size = self.ranks.share(config.run.batch, config.run.accumulate)
        self.data = pair_data(self.sources.train, config.model)
        self.validation = Validation(
            pair_data(self.sources.validation, config.model), config, self.device, options.text
        )
        torch.manual_seed(config.run.seed)  # the initial weights; nothing else draws from it
        self.learner: Learner = options.learner or ReferenceLearner(config).to(self.device)
        self.model = self.learner.model
        self.parts = checkpoint.Parts(
            self.model, Ema(self.model, config.optim.ema), make_optimizer(self.model, config.optim)
        )
        self.start = self._begin()
        self.forward = self._wrapped()

    def run(self) -> Summary:
        config, began, stopped = self.config.run, time.perf_counter(), ""
        waited, loss = 0.0, math.nan
        stream = self._stream()
        stop = self.options.stop or StopFlag()
        step = self.start
        with ExitStack() as stack:
            stack.enter_context(stop)
            log = self._log(stack)
            for step in range(self.start, config.steps):
                began_step = time.perf_counter()
                loss, norm, wait = self._step(step, stream)
                seconds = time.perf_counter() - began_step
                waited += wait
                if log is not None:
                    rate = rate_at(step, config.steps, self.config.optim)
                    log.step(StepRow(step, loss, rate, norm, config.batch / seconds, wait / seconds))
                done = step + 1
                if done < config.steps and self.ranks.any(bool(stop.asked)):
                    stopped = stop.asked or "another process"
                self._after(done, stopped, log)
                if stopped:
                    break
            total = time.perf_counter() - began
            done = step + 1 if config.steps > self.start else self.start
            scores = self._finish(log) if log is not None and not stopped else None
        stream.close()
        last = None if math.isnan(loss) else loss
        total = max(total, 1e-9)
        speed = (done - self.start) * config.batch / total
        return Summary(
            self.out, done, config.steps, last, total, waited / total, speed, stopped, scores, self.sources.held_out
        )

    def _log(self, stack: ExitStack) -> RunLog | None:
        """The run's log, in the first process."""
        if not self.ranks.first:
            return None
        return stack.enter_context(RunLog(self.out, self.start, self.config.run.steps, self.config.run.tensorboard))

    def _step(self, step: int, stream: Iterator[dict[str, Any]]) -> tuple[float, float, float]:
        """(loss, gradient norm, seconds waited for data) of one optimiser step."""
        config = self.config
        optimizer, wait = self.parts.optimizer, 0.0
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, config.run.steps, config.optim)
        total = torch.zeros((), device=self.device)
        drop = float(torch.rand((), generator=seeded("drop", config.run.seed, step))) < config.run.context_drop
        for part in range(config.run.accumulate):
            began = time.perf_counter()
            sample = next(stream)
            wait += time.perf_counter() - began
            batch = to_batch(sample, config.model, self.device, encode(self.options.text, sample, self.device))
            if config.data.augment:
                batch = augmented(batch, config.model, config.run.seed)
            loss = self._backward(batch.without_contexts() if drop else batch, step, part)
            total += loss.detach() / config.run.accumulate
        norm = nn.utils.clip_grad_norm_([p for _, p in trainable(self.model)], config.optim.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        self.parts.ema.update(self.model, step)
        return float(self.ranks.mean(total)), float(norm), wait

    def _backward(self, batch: Batch, step: int, part: int) -> Tensor:
        config = self.config
        last = part == config.run.accumulate - 1
        quiet = nullcontext() if last or self.ranks.world == 1 else self.forward.no_sync()  # type: ignore[operator]
        with quiet:
            with autocast(config.run, self.device):
                each = self.forward(batch, Draw(config.run.seed, batch.indices))
            if not torch.isfinite(each).all():
                bad = batch.indices[int((~torch.isfinite(each)).nonzero()[0])]
                raise WorkError(
                    f"The loss is not finite at step {step}, pair {bad}. Look at the pair (camxtime sample --start {bad} "
                    "-n 1), lower optim.rate, or resume from an earlier checkpoint."
                )
            mean = each.mean()
            (mean / config.run.accumulate).backward()
        return mean

    def _stream(self) -> Any:
        share = Share(self.size, self.ranks.rank, self.ranks.world, self.start * self.config.run.batch)
        return batches(self.data, share, self.config.data)

    def _begin(self) -> int:
        """Load the last checkpoint if asked to, and write the configuration; the first step to do."""
        folder = self.out / "checkpoints"
        found = checkpoint.checkpoints(folder)
        if not self.options.resume:
            if found:
                raise InputError(f"{self.out} holds a run already: resume it (--resume), or choose another folder.")
        elif found:
            state = checkpoint.load(found[-1], self.parts)
            _check_same(state, self.config, self._identity())
            return state.step
        if self.ranks.first:
            write_atomic(self.out / "config.yaml", config_yaml(self.config))
        return 0

    def _identity(self) -> dict[str, Any]:
        return {"fingerprint": self.sources.train.fingerprint, "seed": self.sources.train.seed}

    def _wrapped(self) -> nn.Module:
        model: nn.Module = self.learner  # type: ignore[assignment]
        if self.config.run.compile:
            model = torch.compile(model)  # type: ignore[assignment]
        if self.ranks.world > 1:
            from torch.nn.parallel import DistributedDataParallel

            model = DistributedDataParallel(model)
        return model

    def _after(self, done: int, stopped: str, log: RunLog | None) -> None:
        """What is written between steps, by the first process."""
        config = self.config.run
        if log is None:
            return
        last = done == config.steps
        if last or stopped or (config.checkpoint_every and done % config.checkpoint_every == 0):
            log.flush()
            state = checkpoint.State(done, done * config.batch, self._identity(), self.config)
            checkpoint.save(self.out / "checkpoints", state, self.parts, config.keep)
        if not last and not stopped:
            if config.sample_every and done % config.sample_every == 0:
                self._with_mean(
                    lambda: self.validation.write_clips(self.learner, self.out / "samples", f"step-{done:08d}")
                )
            if config.validate_every and done % config.validate_every == 0:
                log.event(done, _values(self._with_mean(lambda: self.validation.scores(self.learner))))

    def _finish(self, log: RunLog) -> Scores:
        scores: Scores = self._with_mean(lambda: self.validation.scores(self.learner))
        self._with_mean(lambda: self.validation.write_clips(self.learner, self.out / "samples", "final"))
        log.event(self.config.run.steps, _values(scores))
        return scores

    def _with_mean(self, work: Any) -> Any:
        """Do something with the weights' running mean in the model."""
        kept = self.parts.ema.swapped(self.model)
        self.model.eval()
        try:
            with autocast(self.config.run, self.device):
                return work()
        finally:
            self.model.train()
            restore(self.model, kept)


def _sources(dataset: Dataset, config: TrainConfig) -> Sources:
    train_pairs, validation_pairs, sets = samplers(dataset, config)
    return Sources(train_pairs, validation_pairs, sets.held_out)


def _values(scores: Scores) -> dict[str, float]:
    return {"model": scores.model, "copy": scores.copy, "reshuffle": scores.reshuffle, "wins": scores.wins}


def _check_same(state: checkpoint.State, config: TrainConfig, sampler: dict[str, Any]) -> None:
    """A run goes on as it began: `InputError` naming the first setting that differs and matters."""
    if state.sampler != sampler:
        raise InputError(
            "The checkpoint's pairs are others: its dataset, splits, recipe or seed differ from what is given now."
        )
    free = {"run": {"steps", "device", "precision", "threads", "compile", "checkpoint_every", "keep", "sample_every",
                    "samples", "validate_every", "validation_pairs", "tensorboard", "solver", "solver_steps",
                    "accumulate"},
            "data": {"workers", "prefetch", "manifest"}}  # fmt: skip
    old, new = state.config.to_json(), config.to_json()
    for section, values in new.items():
        for name, value in values.items():
            if name not in free.get(section, ()) and old[section][name] != value:
                raise InputError(
                    f"{section}.{name} is {value!r}, but the run began with {old[section][name]!r}: a resumed run keeps it."
                )
