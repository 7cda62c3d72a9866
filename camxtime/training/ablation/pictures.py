"""Plots and clips of the ablation."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from camxtime.errors import InputError
from camxtime.evaluation.tasks import TaskReader
from camxtime.shards.atomic import write_atomic
from camxtime.training.ablation.items import MODES, ablation_items
from camxtime.training.ablation.plan import CONDITIONS, Condition
from camxtime.training.ablation.runs import Study, held_out_sets
from camxtime.training.ablation.tables import value_of
from camxtime.training.predictor import CheckpointPredictor

if TYPE_CHECKING:
    from camxtime.shards.dataset import Dataset

_INK, _BLUE, _GREY = "#1c1e24", "#466ec8", "#b9bdc6"
_LABEL, _GAP, _SCALE, _CLIPS = 250, 4, 2, 2


def bars(runs: dict[str, list[dict[str, Any]]], baselines: dict[str, Any], path: Path) -> None:
    """PSNR per mode, and camera and time error, of every condition; baselines as lines."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError("Plots need matplotlib: pip install 'camxtime[report]'.") from error
    figure = Figure(figsize=(12, 1.2 + 0.34 * len(runs)), layout="constrained")
    FigureCanvasAgg(figure)
    panels: list[tuple[str, str, list[str]]] = [
        ("psnr", "PSNR, reverse (dB)", ["reverse"]),
        ("psnr", "PSNR, stabilise (dB)", ["stabilise"]),
        ("camera", "camera error, reverse (cells)", ["reverse"]),
        ("time", "time error, reverse (cells)", ["reverse"]),
    ]
    axes = figure.subplots(1, len(panels), sharey=True)
    names = list(runs)
    for axis, (measure, title, modes) in zip(axes, panels, strict=True):
        values = [value_of(runs[name], measure, modes) for name in names]
        colours = [_BLUE if name in ("full_grid", "equal_cells") else _GREY for name in names]
        errors = [value.half or 0.0 for value in values]
        axis.barh(range(len(names)), [v.mean for v in values], xerr=errors, color=colours, ecolor=_INK, capsize=2)
        for place, value in enumerate(values):
            axis.plot(value.seeds, [place] * len(value.seeds), "o", color=_INK, markersize=2.5)
        for style, baseline in (("--", "copy"), (":", "reshuffle")):
            if baseline in baselines:
                mean = value_of([{"items": baselines[baseline], "seed": 0}], measure, modes).mean
                axis.axvline(mean, color=_INK, linestyle=style, linewidth=0.9, label=baseline)
        low = min([v.mean - (v.half or 0) for v in values]) if measure == "psnr" else 0.0
        axis.set_xlim(left=max(0.0, low - 2) if measure == "psnr" else 0.0)
        axis.set_title(title, fontsize=9)
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_yticks(range(len(names)), [CONDITIONS[name].title for name in names], fontsize=8)
    axes[0].invert_yaxis()
    handles, labels = axes[-1].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=8, frameon=False, ncols=2, loc="outside lower right")
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=110)
    write_atomic(path, image.getvalue())


def clips(study: Study, dataset: Dataset, kinds: Sequence[Condition], path: Path) -> None:
    """Rows of frames: source, truth, and each condition's prediction of `reverse`, of two held-out grids."""
    config = study.config(kinds[0], 0)
    size = (config.model.height, config.model.width)
    sets = held_out_sets(study, dataset)
    items = ablation_items(dataset, sets.validation, config.model.frames, _CLIPS)
    wanted = [item for item in items.items if item.mode == MODES[1]]
    reader = TaskReader(dataset, size)
    tasks = [reader.task(item) for item in wanted]
    rows: list[list[tuple[str, NDArray[np.uint8]]]] = [
        [("source", task.source.rgb), ("truth: reverse", task.target.rgb)] for task in tasks
    ]
    for kind in kinds:
        folder = study.folder(kind, study.of.seeds[0])
        if not (folder / "score.json").is_file():
            continue
        made = CheckpointPredictor(folder, config.run.device).many(tasks)
        for row, clip in zip(rows, made, strict=True):
            row.append((kind.title, clip))
    write_atomic(path, _page([line for row in rows for line in row], size))


def _page(lines: list[tuple[str, NDArray[np.uint8]]], size: tuple[int, int]) -> bytes:
    height, width = size[0] * _SCALE, size[1] * _SCALE
    frames = len(lines[0][1])
    page = Image.new("RGB", (_LABEL + frames * (width + _GAP), len(lines) * (height + _GAP)), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(13)
    for number, (label, clip) in enumerate(lines):
        y = number * (height + _GAP)
        draw.text((6, y + height // 2), label, fill=_INK, font=font, anchor="lm")
        for frame, pixels in enumerate(clip):
            image = Image.fromarray(np.ascontiguousarray(pixels)).resize((width, height), Image.Resampling.NEAREST)
            page.paste(image, (_LABEL + frame * (width + _GAP), y))
    data = io.BytesIO()
    page.save(data, "PNG")
    return data.getvalue()
