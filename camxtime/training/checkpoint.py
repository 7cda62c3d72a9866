"""Checkpoints: safetensors and JSON in a folder that appears whole or not at all. No pickle, nothing is executed.

    checkpoints/step-00000200/  weights.safetensors  ema.safetensors  optimizer.safetensors  state.json

`state.json` is written last, and the folder gets its name when all is on the disk. It holds the step, the next pair, the
sampler's fingerprint and seed (random numbers of a step are functions of seed and pair: there is no generator to store),
and the configuration.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from camxtime.errors import DataError, InputError
from camxtime.shards.atomic import sync_folder, write_atomic, write_error
from camxtime.training.config import TrainConfig
from camxtime.training.optim import Ema, trainable

FORMAT = "camxtime-checkpoint"
VERSION = 1
_NAME = re.compile(r"step-(\d{8})")


@dataclass(frozen=True)
class State:
    """Where a run stands. step: optimiser steps done. next_pair: first pair not yet taken. sampler: its identity."""

    step: int
    next_pair: int
    sampler: dict[str, Any]
    config: TrainConfig


@dataclass(frozen=True, eq=False)
class Parts:
    """What is saved and loaded in place."""

    model: nn.Module
    ema: Ema
    optimizer: torch.optim.AdamW


def save(folder: Path, state: State, parts: Parts, keep: int) -> Path:
    """Write a checkpoint below `folder` and remove all but the last `keep`; `WorkError` if the disk refuses."""
    target = folder / f"step-{state.step:08d}"
    temporary = folder / f".step-{state.step:08d}.part"
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        _write(temporary / "weights.safetensors", _weights(parts.model))
        _write(temporary / "ema.safetensors", parts.ema.mean)
        _write(temporary / "optimizer.safetensors", _moments(parts))
        write_atomic(temporary / "state.json", _state_bytes(state))
        sync_folder(temporary)
        shutil.rmtree(target, ignore_errors=True)
        temporary.rename(target)
        sync_folder(folder)
        for old in checkpoints(folder)[:-keep]:
            shutil.rmtree(old)
    except OSError as error:
        raise write_error(target, error) from error
    return target


def checkpoints(folder: Path) -> list[Path]:
    """The complete checkpoints in a folder, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(
        entry for entry in folder.iterdir() if _NAME.fullmatch(entry.name) and (entry / "state.json").is_file()
    )


def find(path: Path) -> Path:
    """The checkpoint meant by a path: one itself, or the last of a run's folder; `InputError` if there is none."""
    if (path / "state.json").is_file():
        return path
    found = checkpoints(path / "checkpoints") or checkpoints(path)
    if not found:
        raise InputError(f"{path}: there is no checkpoint here; name a run's folder, or one of its checkpoints.")
    return found[-1]


def read_state(path: Path) -> State:
    """The state of a checkpoint; `DataError` if it is none of ours, or damaged."""
    file = path / "state.json"
    try:
        value = json.loads(file.read_bytes())
        if value["format"] != FORMAT or value["format_version"] != VERSION:
            raise DataError(f"{file}: is not a checkpoint of version {VERSION}.")
        config = TrainConfig.of_json(value["config"])
        return State(int(value["step"]), int(value["next_pair"]), dict(value["sampler"]), config)
    except (OSError, ValueError, KeyError, TypeError, InputError) as error:
        raise DataError(f"{file}: cannot be read as a checkpoint's state: {error}.") from error


def load(path: Path, parts: Parts) -> State:
    """Load everything in place; `InputError` naming the first weight that does not fit the model."""
    state = read_state(path)
    load_weights(path / "weights.safetensors", parts.model)
    mean = _read(path / "ema.safetensors")
    _check_names(path / "ema.safetensors", mean, parts.ema.mean)
    parts.ema.mean = {name: mean[name].to(old.device) for name, old in parts.ema.mean.items()}
    _load_moments(path / "optimizer.safetensors", parts)
    return state


def load_weights(file: Path, model: nn.Module) -> None:
    """Load trainable weights by name; `InputError` if the file is of a model of another configuration."""
    stored = _read(file)
    wanted = dict(trainable(model))
    _check_names(file, stored, {name: p.detach() for name, p in wanted.items()})
    with torch.no_grad():
        for name, p in wanted.items():
            p.copy_(stored[name])


def _weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach() for name, p in trainable(model)}


def _moments(parts: Parts) -> dict[str, Tensor]:
    tensors = {}
    for name, p in trainable(parts.model):
        for key, value in parts.optimizer.state.get(p, {}).items():
            tensors[f"{key}:{name}"] = value if isinstance(value, Tensor) else torch.tensor(value)
    return tensors


def _load_moments(file: Path, parts: Parts) -> None:
    stored = _read(file)
    for name, p in trainable(parts.model):
        keys = {key: f"{key}:{name}" for key in ("step", "exp_avg", "exp_avg_sq")}
        if not set(keys.values()) <= set(stored):
            continue  # a weight that has had no gradient yet
        entry = {key: stored[full] for key, full in keys.items()}
        parts.optimizer.state[p] = {k: v if k == "step" else v.to(p.device, p.dtype) for k, v in entry.items()}


def _check_names(file: Path, stored: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    for name, tensor in wanted.items():
        if name not in stored or stored[name].shape != tensor.shape:
            found = list(stored[name].shape) if name in stored else "nothing"
            raise InputError(
                f"{file}: was written by a model of another configuration: {name} is {found} there, "
                f"{list(tensor.shape)} here. Use the configuration beside the checkpoints."
            )
    extra = sorted(set(stored) - set(wanted))
    if extra:
        raise InputError(f"{file}: was written by a model of another configuration: {extra[0]} has no place here.")


def _write(file: Path, tensors: dict[str, Tensor]) -> None:
    from safetensors.torch import save

    write_atomic(file, save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}))


def _read(file: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load as parse

    try:
        return dict(parse(file.read_bytes()))
    except (OSError, SafetensorError) as error:
        raise DataError(f"{file}: cannot be read: {error}. Resume from an earlier checkpoint.") from error


def _state_bytes(state: State) -> bytes:
    value = {
        "format": FORMAT, "format_version": VERSION, "step": state.step, "next_pair": state.next_pair,
        "sampler": state.sampler, "config": state.config.to_json(),
    }  # fmt: skip
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False).encode()
