"""A report as JSON, CSV and Markdown."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

from camxtime.evaluation.measures import MEASURES
from camxtime.evaluation.report import Group, MethodResult, Report
from camxtime.evaluation.stats import Stat
from camxtime.shards.atomic import write_atomic

INFINITE = "∞"


def write_json(report: Report, path: Path) -> None:
    """Everything: summaries with intervals, every clip's and every frame's numbers, what is wrong."""
    _write(path, json.dumps(report.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def write_csv(report: Report, path: Path) -> None:
    """One row a method and clip, one column a measure; empty where it is not defined, `inf` for PSNR of equal clips."""
    measures = report.measures()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["method", "item", "mode", "group", "grid", *measures])
    for method in report.methods:
        for item in report.items.items:
            if item.id in method.scores:
                values = method.scores[item.id].values
                row = [_plain(values.get(name, math.nan)) for name in measures]
                writer.writerow([method.name, item.id, item.mode, item.group, item.target.grid, *row])
    _write(path, text.getvalue())


def write_markdown(report: Report, path: Path) -> None:
    """The summary as tables: one a group of items, a row a method."""
    _write(path, markdown(report))


def markdown(report: Report) -> str:
    """The summary as Markdown."""
    items, dataset = report.items, report.dataset
    lines = [f"# {items.name}", "", f"{len(items)} items" + (f", benchmark `{items.digest[:16]}`" if items.digest else "")
             + f", dataset {dataset['name']} `{dataset['digest'][:16]}`. Mean ± std over videos, in brackets the "
             f"{report.options.bootstrap.level:.0%} bootstrap interval of the mean over stages.", ""]  # fmt: skip
    methods = list(report.summarised())
    for group in shown_groups(report):
        lines += [f"## {title_of(group)}", ""]
        for names in tables_of(report):
            header = ["method", *(heading(name) for name in names)]
            lines += ["| " + " | ".join(header) + " |", "|---" + "|---:" * len(names) + "|"]
            for method in methods:
                cells = [cell(report.stat(method, group, name), name) for name in names]
                lines.append("| " + " | ".join([method.name, *cells]) + " |")
            lines.append("")
    lines += _words("Not measured", report.notes) + _words("Wrong", report.problems) + _left_out(report, methods)
    return "\n".join(lines)


def shown_groups(report: Report) -> list[Group]:
    """The groups with different items: a group of one mode is shown once."""
    found: list[Group] = []
    for group in report.groups():
        if not any(set(group.items) == set(other.items) for other in found):
            found.append(group)
    return found


TABLES = (
    ("psnr", "psnr_pooled", "ssim", "lpips"),
    ("psnr_covisible", "psnr_revealed", "psnr_moving", "psnr_static", "psnr_known"),
    ("camera_cells", "time_cells", "camera_cells_row", "time_cells_column", "right_cell", "cell_margin", "sharpness"),
    ("rel_rot", "rel_trans", "abs_rot", "abs_trans", "rot", "rta_15", "rta_30", "posed"),
    ("sync_matches", "sync_consistent", "sync_of_truth"),
)
"""What is shown side by side."""


def tables_of(report: Report) -> list[tuple[str, ...]]:
    """The measures of each table that some clip has a number for."""
    there = {
        name for method in report.methods for score in method.scores.values()
        for name, value in score.values.items() if not math.isnan(value)
    }  # fmt: skip
    chosen = [tuple(name for name in names if name in there) for names in TABLES]
    return [names for names in chosen if names]


def title_of(group: Group) -> str:
    """A group in words: `all: 160 items`."""
    return f"{group.name}: {len(group.items)} item{'s' if len(group.items) != 1 else ''}"


def heading(name: str) -> str:
    """A measure's label with its unit and an arrow to the better side."""
    measure = MEASURES[name]
    unit = f" ({measure.unit})" if measure.unit else ""
    return f"{measure.label}{unit}{' ↑' if measure.better > 0 else ' ↓' if measure.better < 0 else ''}"


def number(value: float, name: str) -> str:
    """One value as it is shown: `21.29`, `∞`, `–` where it is not defined."""
    measure = MEASURES[name]
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return INFINITE
    return f"{value * (100 if measure.of_100 else 1):.{measure.digits}f}"


def cell(stat: Stat, name: str) -> str:
    """A statistic as it is shown: `21.29 ± 1.20 [20.8, 21.7]`; infinite means say what the other videos have."""
    if stat.n == 0:
        return "–"
    if stat.exact == stat.n:
        return INFINITE
    spread = f" ± {number(stat.std, name)}"
    between = "" if math.isnan(stat.low) else f" [{number(stat.low, name)}, {number(stat.high, name)}]"
    if stat.exact:
        return (
            f"{INFINITE} ({stat.exact} of {stat.n} infinite; others {number(stat.finite_mean, name)}{spread}{between})"
        )
    return f"{number(stat.mean, name)}{spread}{between}"


def short(stat: Stat, name: str) -> str:
    """A statistic for a terminal: `21.29 ± 1.20`; the mean of the finite ones where some are infinite, marked so."""
    if stat.n == 0 or stat.exact == stat.n:
        return number(stat.mean, name)
    some = f" +{stat.exact}{INFINITE}" if stat.exact else ""
    return f"{number(stat.finite_mean, name)} ± {number(stat.std, name)}{some}"


def _words(title: str, words: list[str]) -> list[str]:
    return [f"## {title}", "", *(f"- {word}" for word in words), ""] if words else []


def _left_out(report: Report, shown: list[MethodResult]) -> list[str]:
    names = [method.name for method in report.methods if method not in shown]
    return [f"Not summarised, because something is wrong with them: {', '.join(names)}.", ""] if names else []


def _plain(value: float) -> str:
    return "" if math.isnan(value) else repr(float(value))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, text.encode())
