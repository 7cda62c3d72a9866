"""The same trainer on Ray Train: one process per GPU (or CPU share), on one machine or many.

    from camxtime.training.ray_train import RayOptions, train_on_ray
    train_on_ray(config, "s3://bucket/dataset", Path("/shared/run"), RayOptions(workers=8, gpu=True))

Every process opens the dataset itself and takes its rank's part of each step's pairs, gradients are averaged, and the first
process writes. `config.run.batch` is the batch of all together, so the number of processes changes nothing but speed.
`out` must be a folder that the first process's machine and this one share. The only module of the room that imports Ray.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camxtime.errors import InputError, WorkError
from camxtime.training.config import TrainConfig


@dataclass(frozen=True)
class RayOptions:
    """workers: processes. gpu: one GPU each. cpus: of each. resume: go on from the last checkpoint. retries: of the group,
    after a process or node was lost; each goes on from the last checkpoint."""

    workers: int = 2
    gpu: bool = False
    cpus: float = 1
    resume: bool = False
    retries: int = 0


def train_on_ray(config: TrainConfig, dataset: str, out: Path, options: RayOptions | None = None) -> dict[str, Any]:
    """Train with Ray Train on the cluster that is connected (or a local one); returns the summary's fields.

    Raises `InputError` for a batch that does not divide among the processes, `WorkError` if the processes fail.
    """
    import ray
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    options = options or RayOptions()
    if options.workers < 1 or config.run.batch % (options.workers * config.run.accumulate):
        raise InputError(
            f"run.batch ({config.run.batch}) must be a multiple of processes × accumulate "
            f"({options.workers} × {config.run.accumulate})."
        )
    if not ray.is_initialized():
        ray.init(log_to_driver=False)
    out = Path(out).resolve()
    resources = {"CPU": options.cpus, **({"GPU": 1} if options.gpu else {})}
    trainer = TorchTrainer(
        _work,
        train_loop_config={
            "config": config.to_json(), "dataset": dataset, "out": str(out), "resume": options.resume,
        },
        torch_config=TorchConfig(backend="nccl" if options.gpu else "gloo"),
        scaling_config=ScalingConfig(
            num_workers=options.workers, use_gpu=options.gpu, resources_per_worker=resources
        ),
        run_config=RunConfig(
            name="ray", storage_path=str(out), failure_config=FailureConfig(max_failures=options.retries)
        ),
    )  # fmt: skip
    try:
        trainer.fit()
    except Exception as error:
        raise WorkError(f"Ray Train: {_cause(error)}") from error
    return dict(json.loads((out / "summary.json").read_bytes()))


def _work(given: dict[str, Any]) -> None:
    """What each process does."""
    import ray.train
    from ray.train.torch import get_device

    import camxtime
    from camxtime.shards.atomic import write_atomic
    from camxtime.training.checkpoint import checkpoints
    from camxtime.training.loop import Options, train

    out = Path(given["out"])
    config = TrainConfig.of_json(given["config"]).changed({"run.device": str(get_device())})
    again = given["resume"] or bool(checkpoints(out / "checkpoints"))
    summary = train(config, camxtime.open(given["dataset"]), out, Options(resume=again))
    if ray.train.get_context().get_world_rank() == 0:
        value = {**dataclasses.asdict(summary), "out": str(out)}
        write_atomic(out / "summary.json", json.dumps(value).encode())


def _cause(error: BaseException) -> str:
    """The last line of the first error that says something, without Ray's trace."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
