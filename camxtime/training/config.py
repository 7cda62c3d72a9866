"""What a training run is told: plain typed dataclasses, read from YAML strictly and written beside the checkpoints.

Nothing else is read: a run is its configuration, its dataset (by digest) and the software. No pydantic, so that training
runs on an image that holds PyTorch, pyarrow and OpenCV.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from camxtime.errors import InputError

MAX_BYTES = 256 * 1024
OBJECTIVES = ("regression", "flow")
TIMES = ("conv", "uniform", "mlp", "rope")
CAMERAS = ("pose", "plucker")
SOLVERS = ("euler", "heun")
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class ModelConfig:
    """The model's shape and switches; what they mean: docs/training.md.

    frames, height, width: of all clips (F frames, pixels). time_stride: frames per latent frame, F' = ⌈F / time_stride⌉.
    patch: pixels per token side. dim, depth, heads: of the transformer. objective: "regression" or "flow". time: how the
    animation time enters: "conv", "uniform", "mlp", or "rope" (positions only). camera: "pose" (3×4) or "plucker".
    source_camera: False leaves out E_cam(c_src). contexts: further clips given besides the source (0 or more); one is
    what continuation of long tracks needs. text_dim: channels of text embeddings; 0: no text.
    copy_block, copy_heads: of the regression's copying head.
    """

    frames: int = 8
    height: int = 32
    width: int = 32
    time_stride: int = 4
    patch: int = 8
    dim: int = 128
    depth: int = 4
    heads: int = 4
    objective: str = "regression"
    time: str = "conv"
    camera: str = "pose"
    source_camera: bool = True
    contexts: int = 0
    text_dim: int = 0
    copy_block: int = 4
    copy_heads: int = 1

    def __post_init__(self) -> None:
        _one_of(self, "objective", OBJECTIVES)
        _one_of(self, "time", TIMES)
        _one_of(self, "camera", CAMERAS)
        for name in ("frames", "height", "width", "patch", "dim", "depth", "heads", "copy_block", "copy_heads"):
            _least(self, name, 1)
        for name in ("contexts", "text_dim"):
            _least(self, name, 0)
        if self.time_stride not in (1, 2, 4):
            raise InputError(f"model.time_stride must be 1, 2 or 4 (Wan-2.1: 4), not {self.time_stride}.")
        if self.height % self.patch or self.width % self.patch:
            raise InputError(
                f"model.height and width ({self.height}×{self.width}) must be multiples of patch ({self.patch})."
            )
        if self.dim % (2 * self.heads) or self.dim // self.heads < 6:
            raise InputError(f"model.dim ({self.dim}) must be an even number, 6 or more, times heads ({self.heads}).")
        if self.objective == "regression" and self.patch % self.copy_block:
            raise InputError(f"model.copy_block ({self.copy_block}) must divide patch ({self.patch}).")

    @property
    def latent_frames(self) -> int:
        """F' = ⌈F / time_stride⌉: (F−1)/4 + 1 for Wan's 4n + 1 frames and its stride of 4."""
        return -(-self.frames // self.time_stride)


@dataclass(frozen=True)
class DataConfig:
    """Which pairs. recipe: fields of a sampling recipe (docs/sampling.md); `frames` comes from the model.

    manifest, split, held_out_split: a splits manifest and its splits to train on and to validate on. Without a manifest
    `held_out` is the share of stages kept back. workers: loader processes; 0 decodes in a thread of this process.
    augment: exchange colours and mirror the world at random, the same for all clips of a pair.
    """

    recipe: Mapping[str, Any] = field(default_factory=dict)
    manifest: str = ""
    split: str = "train"
    held_out_split: str = "test"
    held_out: float = 0.25
    workers: int = 0
    prefetch: int = 4
    augment: bool = True

    def __post_init__(self) -> None:
        _least(self, "workers", 0)
        _least(self, "prefetch", 1)
        if not 0 <= self.held_out < 1:
            raise InputError(f"data.held_out must be a share from 0 to below 1, not {self.held_out}.")


@dataclass(frozen=True)
class OptimConfig:
    """AdamW with linear warm-up and a cosine to `final` × the rate; clipping by global norm; EMA of the weights."""

    rate: float = 1e-3
    warmup: int = 50
    final: float = 0.05
    weight_decay: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.99
    clip: float = 1.0
    ema: float = 0.995

    def __post_init__(self) -> None:
        _least(self, "warmup", 0)
        for name, low, high in (("rate", 0, 1), ("final", 0, 1), ("beta1", 0, 0.9999), ("beta2", 0, 0.99999)):
            if not low <= getattr(self, name) <= high:
                raise InputError(f"optim.{name} must be from {low} to {high}, not {getattr(self, name)}.")
        if self.clip <= 0 or not 0 <= self.ema < 1 or self.weight_decay < 0:
            raise InputError("optim: clip must be above 0, ema from 0 to below 1, weight_decay at least 0.")


@dataclass(frozen=True)
class RunConfig:
    """How long, and what is written on the way. batch is the global one: all processes' pairs of one optimiser step.

    accumulate: parts a process's share of the batch is cut into. context_drop: share of steps without context clips.
    device: "auto", "cpu", "cuda", "cuda:1", "mps". precision: "auto" is bfloat16 where the hardware has it, on GPUs.
    *_every: steps between; 0: never but at the end. solver, solver_steps: of flow matching when sampling.
    """

    steps: int = 500
    batch: int = 16
    accumulate: int = 1
    seed: int = 0
    context_drop: float = 0.3
    device: str = "auto"
    precision: str = "auto"
    threads: int = 0
    compile: bool = False
    checkpoint_every: int = 250
    keep: int = 2
    sample_every: int = 250
    samples: int = 2
    validate_every: int = 0
    validation_pairs: int = 48
    solver: str = "euler"
    solver_steps: int = 20
    tensorboard: bool = True

    def __post_init__(self) -> None:
        _one_of(self, "solver", SOLVERS)
        _one_of(self, "precision", PRECISIONS)
        for name in ("steps", "batch", "accumulate", "keep", "solver_steps", "samples", "validation_pairs"):
            _least(self, name, 1)
        for name in ("seed", "threads", "checkpoint_every", "sample_every", "validate_every"):
            _least(self, name, 0)
        if self.batch % self.accumulate:
            raise InputError(f"run.batch ({self.batch}) must be a multiple of accumulate ({self.accumulate}).")
        if not 0 <= self.context_drop <= 1:
            raise InputError(f"run.context_drop must be a share from 0 to 1, not {self.context_drop}.")


@dataclass(frozen=True)
class TrainConfig:
    """All of it. `of_json` and `read` are strict: unknown fields and wrong kinds are refused by name."""

    model: ModelConfig = field(default_factory=ModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)
    run: RunConfig = field(default_factory=RunConfig)

    def to_json(self) -> dict[str, Any]:
        """Plain values, ready for JSON or YAML."""
        value = dataclasses.asdict(self)
        value["data"]["recipe"] = dict(self.data.recipe)
        return value

    @staticmethod
    def of_json(value: Any) -> TrainConfig:
        """What `to_json` wrote, or part of one; `InputError` naming the field otherwise."""
        config: TrainConfig = _build(TrainConfig, value, "")
        return config

    def changed(self, changes: Mapping[str, Any]) -> TrainConfig:
        """The same with some fields changed, `{"run.steps": 100}`; `InputError` for a field that is not there."""
        value = self.to_json()
        for name, new in changes.items():
            section, _, key = name.partition(".")
            if section not in value or key not in value[section]:
                raise InputError(f"There is no setting {name!r}; settings look like run.steps or model.dim.")
            value[section][key] = new
        return TrainConfig.of_json(value)


def read_config(path: str | Path) -> TrainConfig:
    """The configuration in a YAML file; `InputError` naming the file and the field that is wrong."""
    file = Path(path)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InputError(f"{file}: a configuration has at most {MAX_BYTES // 1024} kB.")
        value = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: the configuration cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        raise InputError(f"{file} is not YAML: {' '.join(str(error).split())}.") from error
    try:
        return TrainConfig.of_json({} if value is None else value)
    except InputError as error:
        raise InputError(f"{file}: {error}") from error


def config_yaml(config: TrainConfig) -> bytes:
    """The configuration as YAML, in the order of its fields."""
    return yaml.safe_dump(config.to_json(), sort_keys=False, allow_unicode=True).encode()


def _build(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise InputError(f"{where or 'the configuration'} must be a mapping from names to values, not {value!r}.")
    hints = typing.get_type_hints(kind)
    prefix = f"{where}." if where else ""
    fields: dict[str, Any] = {}
    for name, entry in value.items():
        if name not in hints:
            raise InputError(f"{prefix}{name}: there is no such field; there are: {', '.join(hints)}.")
        fields[name] = _value(hints[name], entry, f"{prefix}{name}")
    return kind(**fields)


def _value(hint: Any, entry: Any, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return _build(hint, entry, where)
    if typing.get_origin(hint) not in (None, types.UnionType):
        if not isinstance(entry, Mapping):
            raise InputError(f"{where} must be a mapping, not {entry!r}.")
        return dict(entry)
    if hint is float and isinstance(entry, int) and not isinstance(entry, bool):
        return float(entry)
    if hint is float and isinstance(entry, str):
        return _number(entry, where)  # YAML 1.1 takes 1e-3 for a string
    if type(entry) is not hint or (hint is float and not math.isfinite(entry)):
        raise InputError(f"{where} must be {_WORDS[hint]}, not {entry!r}.")
    return entry


_WORDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}


def _number(text: str, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{where} must be a number, not {text!r}.")
    return number


def _section(config: Any) -> str:
    return type(config).__name__.removesuffix("Config").lower()


def _one_of(config: Any, name: str, choices: tuple[str, ...]) -> None:
    if getattr(config, name) not in choices:
        raise InputError(f"{_section(config)}.{name} must be {' or '.join(choices)}, not {getattr(config, name)!r}.")


def _least(config: Any, name: str, low: int) -> None:
    if getattr(config, name) < low:
        raise InputError(f"{_section(config)}.{name} must be at least {low}, not {getattr(config, name)}.")
