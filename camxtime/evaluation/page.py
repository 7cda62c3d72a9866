"""The page: tables, and every shown item's clips side by side, in one folder that needs nothing else.

The clips of an item are one animated WebP, source, truth and methods next to each other, so that they cannot drift apart.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from camxtime.errors import InputError
from camxtime.evaluation import writing
from camxtime.evaluation.harness import Method, predict_one
from camxtime.evaluation.items import EvalItem
from camxtime.evaluation.metrics import Frames
from camxtime.evaluation.report import Report
from camxtime.evaluation.tasks import PredictionError, Task, TaskReader
from camxtime.shards.atomic import write_atomic
from camxtime.shards.dataset import Dataset

SIDE = 240
"""Height in pixels that a clip is shown at; smaller ones are enlarged by whole numbers, larger ones reduced to it."""

GAP = 4
QUALITY = 85
_SHOWN = (
    ("psnr_pooled", "{} dB"), ("ssim", "SSIM {}"), ("psnr_moving", "{} dB moving"), ("psnr_static", "{} dB static"),
    ("camera_cells", "{} cameras off"), ("time_cells", "{} times off"), ("rel_rot", "{}° RelRot"), ("lpips", "LPIPS {}"),
)  # fmt: skip
_STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8881}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:1400px;padding:0 1rem}
h1{font-size:1.5rem;margin-bottom:.2rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.85rem;margin:.5rem 0 1rem}
th,td{padding:.3rem .7rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left}th{font-weight:600}small{opacity:.7}.scroll{overflow-x:auto}
article{border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem;margin:1rem 0;background:var(--soft)}
article h3{margin:0;font-size:1rem}article p{margin:.1rem 0 .6rem;opacity:.8;font-size:.9rem}
.strip{display:inline-block}.strip img{display:block;width:100%}.heads{display:grid;font-size:.8rem;margin-bottom:.3rem}
.heads div{overflow:hidden;text-overflow:ellipsis}.heads b,.heads span{display:block}.heads span{opacity:.75;line-height:1.35}
.wrong{color:#c22}
"""


@dataclass(frozen=True)
class PageOptions:
    """most: items shown, spread evenly over the benchmark (0: none)."""

    most: int = 48
    progress: bool = False


def write_page(
    report: Report, dataset: Dataset, methods: Mapping[str, Method], folder: Path, options: PageOptions | None = None
) -> None:
    """Write `index.html` and `clips/` into a folder that is new or empty (or holds an earlier page, which is replaced).

    Raises `InputError` for a folder with other things in it.
    """
    options = options or PageOptions()
    _prepare(folder)
    reader = TaskReader(dataset, report.options.size)
    items = _spread(report.items.items, options.most)
    parts = [_head(report), *_tables(report), _wrong(report)]
    if items:
        shown = "" if len(items) == len(report.items) else f" ({len(items)} of {len(report.items)}, evenly spread)"
        parts.append(f"<h2>Clips{shown}</h2>")
    for number, item in enumerate(tqdm(items, unit="item", desc="page", disable=None if options.progress else True)):
        parts.append(_article(report, reader.task(item), methods, folder / "clips" / f"{number:04d}.webp"))
    body = "\n".join(part for part in parts if part)
    title = html.escape(report.items.name)
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>{body}</body></html>\n'
    )
    write_atomic(folder / "index.html", page.encode())


def _prepare(folder: Path) -> None:
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if there - {"index.html", "clips"}:
        raise InputError(f"{folder}: is not empty; name a new folder for the page.")
    (folder / "clips").mkdir(parents=True, exist_ok=True)
    for old in (folder / "clips").glob("*.webp"):
        old.unlink()


def _spread(items: Sequence[EvalItem], most: int) -> list[EvalItem]:
    if len(items) <= most:
        return list(items)
    return [items[i] for i in np.linspace(0, len(items) - 1, most).round().astype(int)] if most else []


def _head(report: Report) -> str:
    items, dataset = report.items, report.dataset
    level = f"{report.options.bootstrap.level:.0%}"
    digest = f" <small>{items.digest[:16]}</small>" if items.digest else ""
    return (
        f"<h1>{html.escape(items.name)}{digest}</h1><p>{len(items)} items of the dataset {html.escape(dataset['name'])} "
        f"<small>{dataset['digest'][:16]}</small>. Mean ± std over videos; in brackets the {level} bootstrap interval of the "
        "mean over stages.</p>"
    )


def _tables(report: Report) -> list[str]:
    found = []
    methods = list(report.summarised())
    for group in writing.shown_groups(report):
        found.append(f"<h2>{html.escape(writing.title_of(group))}</h2>")
        tables = writing.tables_of(report)
        for names in tables if group.kind == "all" else tables[:1]:
            head = "".join(f"<th>{html.escape(writing.heading(name))}</th>" for name in names)
            rows = ""
            for method in methods:
                cells = (html.escape(writing.cell(report.stat(method, group, name), name)) for name in names)
                rows += f"<tr><td>{html.escape(method.name)}</td>{''.join(f'<td>{text}</td>' for text in cells)}</tr>"
            found.append(f'<div class="scroll"><table><tr><th>method</th>{head}</tr>{rows}</table></div>')
    found.append("<p><small>All measures of every group are in the Markdown and JSON reports.</small></p>")
    return found


def _wrong(report: Report) -> str:
    def listed(title: str, words: list[str], kind: str) -> str:
        lines = "".join(f"<li>{html.escape(word)}</li>" for word in words)
        return f'<h2>{title}</h2><ul class="{kind}">{lines}</ul>' if words else ""

    return listed("Wrong", report.problems, "wrong") + listed("Not measured", report.notes, "")


def _article(report: Report, task: Task, methods: Mapping[str, Method], path: Path) -> str:
    item = task.item
    columns: list[tuple[str, Frames | None, str]] = [("source", task.source.rgb, ""), ("truth", task.target.rgb, "")]
    for result in report.methods:
        try:
            frames = predict_one(methods[result.name], task).frames
        except PredictionError as error:
            columns.append((result.name, None, str(error)))
            continue
        columns.append((result.name, frames, _score_words(report, result.name, item.id)))
    width = _write_strip(path, [frames for _, frames, _ in columns], task)
    heads = "".join(
        f"<div><b>{html.escape(name)}</b>{words if frames is not None else ''}</div>" for name, frames, words in columns
    )
    wrong = "".join(f'<p class="wrong">{html.escape(words)}</p>' for _, frames, words in columns if frames is None)
    return (
        f"<article><h3>{html.escape(item.id)}</h3><p>{html.escape(item.caption)}</p>{wrong}"
        f'<div class="scroll"><div class="strip" style="width:{width}px"><div class="heads" '
        f'style="grid-template-columns:repeat({len(columns)},1fr)">{heads}</div>'
        f'<img src="clips/{path.name}" loading="lazy" alt="{html.escape(item.id)}: source, truth, predictions"></div></div>'
        "</article>"
    )


def _score_words(report: Report, method: str, item: str) -> str:
    scores = next(result.scores for result in report.methods if result.name == method)
    if item not in scores:
        return ""
    values = scores[item].values
    words = [text.format(writing.number(values[name], name)) for name, text in _SHOWN if name in values]
    return "".join(f"<span>{html.escape(word)}</span>" for word in words)


def _write_strip(path: Path, clips: list[Frames | None], task: Task) -> int:
    """Write the animated WebP; returns its width in pixels. A clip that is not there leaves a grey place."""
    from PIL import Image

    height, width = task.target.size
    scale = SIDE // height if height <= SIDE else SIDE / height
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    pictures = []
    for f in range(len(task.target)):
        row = []
        for clip in clips:
            image = np.full((height, width, 3), 128, np.uint8) if clip is None else clip[min(f, len(clip) - 1)]
            how = cv2.INTER_NEAREST if scale >= 1 else cv2.INTER_AREA
            row += [cv2.resize(image, size, interpolation=how), np.full((size[1], GAP, 3), 128, np.uint8)]
        pictures.append(Image.fromarray(np.concatenate(row[:-1], axis=1)))
    pictures[0].save(path, save_all=True, append_images=pictures[1:], loop=0, quality=QUALITY, method=2,
                     duration=max(20, round(1000 / task.target.fps)))  # fmt: skip
    return int(pictures[0].width)
