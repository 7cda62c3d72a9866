"""The ablation's conditions and sizes. All train on the same grids, for as many steps, and are scored on the same items.

Ordinary multi-view video is cut from the grids as it would have been filmed: only diagonals, targets warped *with* their
cameras (`locked`). The probability that source and target share a path is the same wherever there are several paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from camxtime.errors import InputError
from camxtime.sampling import Family, Recipe
from camxtime.training.config import DataConfig, ModelConfig, OptimConfig, RunConfig, TrainConfig

OTHER_PATH = 0.5
STATIC_SHARE = 1 / 3
HELD_OUT_WARP = "ping_pong"
WARPS = {
    "forward": 1.0, "reverse": 1.0, "zigzag": 1.0, "acceleration": 1.0, "deceleration": 1.0, "slow_global": 1.0,
    "slow_segment": 1.0, "ramp": 1.0, "freeze": 1.0, "motion_to_freeze": 1.0, "smooth_random": 1.0,
}  # fmt: skip
"""The training warps: all but the held-out one, equally likely, in every condition."""

MOVES = {
    "diagonal": 2.0, "fixed": 1.0, "reverse": 1.0, "sub_range": 1.0, "strided": 1.0, "eased": 1.0, "random_walk": 1.0,
}  # fmt: skip
"""Camera tracks of a full grid's targets."""


@dataclass(frozen=True)
class Condition:
    """One row of the table.

    locked: the target's camera moves with its warped time, as in a video that is replayed. other_path: probability that
    the target is seen from another path of the stage. static: share of pairs from still scenes. equal_cells: only as many
    stages as have, with all their cells, the distinct cells that diagonals alone have. model: switches that differ.
    """

    name: str
    title: str
    locked: bool = False
    other_path: float = OTHER_PATH
    static: float = 0.0
    equal_cells: bool = False
    model: Mapping[str, Any] = field(default_factory=dict)

    def recipe(self, frames: int) -> Recipe:
        """Which pairs; what is locked or still is changed by the condition's sampler."""
        cameras = {"diagonal": 1.0} if self.locked else MOVES
        return Recipe(frames=frames, families={"warped": Family(1.0, WARPS, cameras)}, other_path=self.other_path)


CONDITIONS = MappingProxyType(
    {
        condition.name: condition
        for condition in (
            Condition("one_path", "one path, warped", locked=True, other_path=0.0),
            Condition("multi_view", "multi-view, warped", locked=True),
            Condition("multi_view_static", "multi-view + static scenes", locked=True, static=STATIC_SHARE),
            Condition("full_grid", "full grid (1-D convolution, source-aware)"),
            Condition("equal_cells", "full grid, as many cells as multi-view", equal_cells=True),
            Condition("uniform", "full grid, uniform sampling", model={"time": "uniform"}),
            Condition("mlp", "full grid, MLP", model={"time": "mlp"}),
            Condition("target_only", "full grid, target camera only", model={"source_camera": False}),
        )
    }
)
"""Every condition by name, in the table's order."""


@dataclass(frozen=True)
class Setting:
    """Sizes of a whole ablation. base: what all runs share. grids: held-out grids that are scored, at most."""

    name: str
    base: TrainConfig
    seeds: tuple[int, ...] = (0, 1, 2)
    grids: int = 48

    def config(self, condition: Condition, seed: int) -> TrainConfig:
        """The configuration of one run."""
        model = replace(self.base.model, **condition.model)
        return replace(self.base, model=model, run=replace(self.base.run, seed=seed))


_CPU = TrainConfig(
    ModelConfig(frames=8, height=32, width=32, patch=8, dim=128, depth=4, heads=4, objective="regression"),
    DataConfig(prefetch=8),
    OptimConfig(rate=1e-3, warmup=100, ema=0.998),
    RunConfig(
        steps=2000, batch=16, threads=1, device="cpu", checkpoint_every=250, keep=1, sample_every=0, samples=4,
        validation_pairs=64, tensorboard=False,
    ),
)  # fmt: skip
_GPU = TrainConfig(
    ModelConfig(frames=16, height=64, width=64, patch=4, dim=384, depth=10, heads=6, objective="flow"),
    DataConfig(workers=6, prefetch=6),
    OptimConfig(rate=3e-4, warmup=1000, ema=0.9995),
    RunConfig(
        steps=30_000, batch=64, checkpoint_every=1000, keep=1, sample_every=5000, samples=4, validation_pairs=64,
        tensorboard=False,
    ),
)  # fmt: skip
_TINY = TrainConfig(
    ModelConfig(frames=4, height=16, width=16, patch=8, dim=24, depth=1, heads=2, time_stride=2),
    DataConfig(),
    OptimConfig(warmup=2),
    RunConfig(steps=4, batch=4, threads=1, device="cpu", checkpoint_every=2, keep=1, sample_every=0, samples=1,
              validation_pairs=4, tensorboard=False),
)  # fmt: skip

SETTINGS = MappingProxyType(
    {
        "cpu": Setting("cpu", _CPU),
        "gpu": Setting("gpu", _GPU),
        "tiny": Setting("tiny", _TINY, seeds=(0, 1), grids=2),
    }
)
"""cpu: 8 frames of 32², regression; gpu: 16 frames of 64², flow matching; tiny: seconds, to see that it works."""


def chosen(names: str) -> tuple[Condition, ...]:
    """Conditions by a comma-separated list of names, all for ""; `InputError` for an unknown one."""
    wanted = [name for name in names.split(",") if name] or list(CONDITIONS)
    for name in wanted:
        if name not in CONDITIONS:
            raise InputError(f"There is no condition {name!r}; there are: {', '.join(CONDITIONS)}.")
    return tuple(CONDITIONS[name] for name in wanted)
