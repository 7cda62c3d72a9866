"""`camxtime train`: train the reference model on a dataset's pairs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from camxtime.cli.tables import print_json, print_pairs
from camxtime.errors import InputError

if TYPE_CHECKING:
    from camxtime.training import Summary, TrainConfig

_FLAGS = {"steps": "run.steps", "batch": "run.batch", "seed": "run.seed", "device": "run.device",
          "objective": "model.objective", "manifest": "data.manifest", "workers": "data.workers"}  # fmt: skip


@click.command("train")
@click.argument("dataset", type=click.Path())
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of the run.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), metavar="YAML",
              help="Configuration; fields left out keep their defaults (docs/training.md).")  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint in --out, with its configuration.")
@click.option("--steps", type=click.IntRange(min=1), help="Optimiser steps.")
@click.option("--batch", type=click.IntRange(min=1), help="Pairs of a step, of all processes together.")
@click.option("--seed", type=click.IntRange(min=0), help="Of weights, pairs and noise.")
@click.option("--device", help="cpu, cuda, cuda:1, mps or auto.")
@click.option("--objective", type=click.Choice(["regression", "flow"]), help="regression for CPUs, flow for GPUs.")
@click.option("--manifest", metavar="JSON", help="Train on its split 'train', validate on 'test' (data.split, …).")
@click.option("--workers", type=click.IntRange(min=0), help="Loader processes; 0: a thread.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Any other setting: --set model.dim=192.")
@click.option("--ray", "ray_workers", type=click.IntRange(min=1), metavar="N", help="Train on Ray with N processes.")
@click.option("--gpu/--no-gpu", default=False, help="With --ray: one GPU for each process.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable summary.")
def command(
    dataset: str,
    out: Path,
    config_file: Path | None,
    resume: bool,
    settings: tuple[str, ...],
    ray_workers: int | None,
    gpu: bool,
    as_json: bool,
    **flags: Any,
) -> None:
    """Train the reference model; stop it with Ctrl-C or SIGTERM, and go on with --resume.

    \b
    camxtime train out/demo --out out/run
    camxtime train out/demo --out out/run --resume --steps 2000
    camxtime train D --out R --config config.yaml --objective flow --set run.precision=bfloat16
    """
    changes = {_FLAGS[name]: value for name, value in flags.items() if value is not None}
    changes |= dict(_setting(text) for text in settings)
    config = _configuration(config_file, out, resume).changed(changes)
    if ray_workers is not None:
        from camxtime.training.ray_train import RayOptions, train_on_ray

        _print(train_on_ray(config, dataset, out, RayOptions(ray_workers, gpu, resume=resume)), as_json)
        return
    import camxtime
    from camxtime.training import Options, train

    if config.model.text_dim:
        raise InputError("model.text_dim: text needs an encoder, which only Python can give; see docs/training.md.")
    _print(_plain(train(config, camxtime.open(dataset), out, Options(resume=resume))), as_json)


def _configuration(file: Path | None, out: Path, resume: bool) -> TrainConfig:
    from camxtime.training import TrainConfig, read_config

    if file is not None:
        return read_config(file)
    saved = out / "config.yaml"
    if resume and not saved.is_file():
        raise InputError(f"{out}: there is no run to resume; leave --resume out to begin one.")
    return read_config(saved) if resume else TrainConfig()


def _setting(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign:
        raise InputError(f"--set {text}: write NAME=VALUE, as in --set model.dim=192.")
    try:
        return name, yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise InputError(f"--set {text}: the value is not YAML.") from error


def _loss(loss: float | None) -> str:
    return "" if loss is None else f", loss {loss:.4f}"


def _plain(summary: Summary) -> dict[str, Any]:
    return {**dataclasses.asdict(summary), "out": str(summary.out)}


def _print(summary: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(summary)
        return
    rows = [
        ("steps", f"{summary['step']} of {summary['steps']}" + _loss(summary["loss"])),
        ("speed", f"{summary['pairs_per_s']:.1f} pairs/s, {summary['wait']:.1%} of the time waiting for data"),
        ("run", f"{summary['out']}  (checkpoints, samples, log.jsonl, tensorboard)"),
    ]
    scores = summary["scores"]
    if scores is not None:
        margin = scores["model"] - max(scores["copy"], scores["reshuffle"])
        where = "held-out grids" if summary["held_out"] else "the training grids: there is no second stage to hold out"
        rows += [
            ("PSNR", f"{scores['model']:.2f} dB; copy {scores['copy']:.2f}, reshuffle {scores['reshuffle']:.2f}"),
            ("margin", f"{margin:+.2f} dB over the better, on {scores['pairs']} pairs of {where}"),
        ]
    print_pairs(rows)
    if summary["stopped"]:
        click.echo(f"\nStopped by {summary['stopped']}; go on with --resume.")
