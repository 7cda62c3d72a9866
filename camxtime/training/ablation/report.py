"""The ablation's page: what was trained on what, the table, the verdict, plots and clips."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from camxtime.shards.atomic import write_atomic
from camxtime.training.ablation import pictures
from camxtime.training.ablation.items import HEADLINE, MODES, WARPED
from camxtime.training.ablation.plan import CONDITIONS, Condition
from camxtime.training.ablation.runs import Study, held_out_sets, read_score, run_key
from camxtime.training.ablation.tables import MEASURES, Value, difference, value_of

if TYPE_CHECKING:
    from camxtime.shards.dataset import Dataset

Runs = dict[str, list[dict[str, Any]]]

GATE_DB = 30.0
"""PSNR that the identity task must reach before conditions are compared."""

MARGIN_DB = 1.5
"""What the full grid must be above warped multi-view on the headline modes."""

_DIGITS = {"psnr": 2, "ssim": 3, "moving": 2, "static": 2, "camera": 2, "time": 2}


def write_report(study: Study, dataset: Dataset, kinds: Sequence[Condition], path: Path) -> None:
    """Write the page and its pictures from the runs that are done; `InputError` if matplotlib is missing."""
    runs: Runs = {}
    for kind in kinds:
        found = [read_score(study.folder(kind, seed), run_key(study, dataset, kind, seed)) for seed in study.of.seeds]
        done = [value for value in found if value is not None]
        if done:
            runs[kind.name] = done
    baselines = json.loads((study.out / "baselines.json").read_bytes())["baselines"]
    folder = path.parent / path.stem
    lines = [*_head(study, dataset, runs), *_table(runs, baselines), *_modes(runs, baselines), *_verdict(runs)]
    if runs:
        pictures.bars(runs, baselines, folder / "conditions.png")
        pictures.clips(study, dataset, [CONDITIONS[name] for name in runs], folder / "clips.png")
        lines += [
            f"![PSNR and errors per condition]({path.stem}/conditions.png)", "",
            "A held-out clip played backwards, camera as in the source (first seed): source, truth, then each condition.", "",
            f"![Clips]({path.stem}/clips.png)", "",
        ]  # fmt: skip
    write_atomic(path, "\n".join(lines).encode())
    summary = {name: {m: value_of(done, m).to_json() for m in MEASURES} for name, done in runs.items()}
    write_atomic(folder / "summary.json", json.dumps(summary, indent=1).encode())


def _head(study: Study, dataset: Dataset, runs: Runs) -> list[str]:
    config = study.config(next(iter(CONDITIONS.values())), 0)
    model, sets = config.model, held_out_sets(study, dataset)
    seconds = [run["seconds"] for done in runs.values() for run in done]
    device = (
        torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU ({platform.machine()}), 1 thread a run"
    )
    return [
        "# What a full grid is worth: the ablation", "",
        f"    python -m camxtime.training.ablation {study.dataset} --out {study.out} --setting {study.setting}", "",
        f"- **Data**: `{dataset.name}`, digest `{dataset.digest[:16]}`; {len(sets.train)} grids trained on, "
        f"{len(sets.validation)} held out with their scenes and animations, of which up to {study.of.grids} are scored.",
        f"- **Model**: {model.objective}, {model.frames} frames of {model.height}×{model.width}, {model.depth} blocks of "
        f"{model.dim} channels; {config.run.steps} steps of {config.run.batch} pairs, the same in every condition.",
        f"- **Hardware**: {device}; {sum(seconds) / max(len(seconds), 1):.0f} s a run on average.",
        f"- **Seeds**: {', '.join(map(str, study.of.seeds))}. ± is the half-width of the 95 % interval over seeds "
        "(Student's t).", "",
        "What the conditions and measures are: [training.md](training.md). The warp `ping_pong` is in no run's training.", "",
    ]  # fmt: skip


def _table(runs: Runs, baselines: dict[str, Any]) -> list[str]:
    words = f"Means over {', '.join(WARPED)}: only time changes, the target's cameras are the source's."
    lines = ["## Conditions", "", words, "",
             "| condition | PSNR | SSIM | PSNR moving | PSNR static | camera error | time error |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    for name, items in baselines.items():
        lines.append(_row(f"*{name}*", [value_of([{"items": items, "seed": 0}], measure) for measure in MEASURES]))
    for name, done in runs.items():
        lines.append(_row(CONDITIONS[name].title, [value_of(done, measure) for measure in MEASURES]))
    return [*lines, ""]


def _modes(runs: Runs, baselines: dict[str, Any]) -> list[str]:
    lines = []
    for measure, title in (("psnr", "PSNR"), ("camera", "Camera error in cells"), ("time", "Time error in cells")):
        lines += [f"## {title}, per mode", "", f"| condition | {' | '.join(MODES)} |", "|---" * (len(MODES) + 1) + "|"]
        rows = [(f"*{name}*", [{"items": items, "seed": 0}]) for name, items in baselines.items()]
        rows += [(CONDITIONS[name].title, done) for name, done in runs.items()]
        for label, done in rows:
            cells = [value_of(done, measure, [mode]).text(2) for mode in MODES]
            lines.append(f"| {label} | {' | '.join(cells)} |")
        lines.append("")
    return lines


def _row(label: str, values: list[Value]) -> str:
    cells = [value.text(_DIGITS[measure]) for measure, value in zip(MEASURES, values, strict=True)]
    return f"| {label} | {' | '.join(cells)} |"


def _verdict(runs: Runs) -> list[str]:
    """What holds of the claim, by the numbers."""
    lines = ["## What holds", ""]
    for name, done in runs.items():
        identity = value_of(done, "psnr", ["identity"])
        if identity.mean < GATE_DB:
            lines.append(
                f"- **Not to be compared**: {CONDITIONS[name].title} reaches {identity.text(2)} dB on the identity task, "
                f"below the gate of {GATE_DB:.0f} dB."
            )
    full = runs.get("full_grid")
    for other in ("multi_view", "multi_view_static", "one_path"):
        for kind in ("full_grid", "equal_cells"):
            if kind in runs and other in runs:
                lines += _compared(kind, runs[kind], other, runs[other])
    if full and "uniform" in runs:
        gap = difference(full, runs["uniform"], "psnr", WARPED)
        lines.append(f"- 1-D convolution over uniform sampling: {gap.text(2)} dB over the four warps.")
    if full and "mlp" in runs:
        lines.append(f"- 1-D convolution over MLP: {difference(full, runs['mlp'], 'psnr', WARPED).text(2)} dB.")
    if full and "target_only" in runs:
        gap = difference(full, runs["target_only"], "psnr", ["stabilise"])
        lines.append(f"- Source-aware over target-only cameras, on stabilise: {gap.text(2)} dB.")
    return [*lines, ""]


def _compared(kind: str, runs: list[dict[str, Any]], other: str, others: list[dict[str, Any]]) -> list[str]:
    lines = []
    for mode in HEADLINE:
        gap = difference(runs, others, "psnr", [mode])
        ours, theirs = value_of(runs, "psnr", [mode]), value_of(others, "psnr", [mode])
        cells = value_of(runs, "camera", [mode]), value_of(others, "camera", [mode])
        apart = {None: "one seed, no interval", True: "intervals apart", False: "intervals overlap"}[ours.apart(theirs)]
        holds = "holds" if gap.mean >= MARGIN_DB and cells[0].mean < cells[1].mean else "does not hold"
        lines.append(
            f"- {CONDITIONS[kind].title} over {CONDITIONS[other].title}, {mode}: {gap.text(2)} dB ({apart}), camera error "
            f"{cells[0].text(2)} against {cells[1].text(2)}; the bar of {MARGIN_DB} dB with a lower camera error {holds}."
        )
    return lines
