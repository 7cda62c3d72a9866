"""The report of `camxtime qa`: a folder with a self-contained HTML page per 300 grids, the figures as JSON, the plots."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path

from camxtime.errors import InputError
from camxtime.quality.assess import DatasetQuality, GridQuality
from camxtime.quality.judge import brief
from camxtime.quality.plots import distributions
from camxtime.quality.sheets import strip
from camxtime.shards.atomic import write_atomic
from camxtime.shards.dataset import Dataset
from camxtime.spec.quality import MEASURES, Bounds

PER_PAGE = 300
PAGE, FIGURES, PLOTS = "index.html", "qa.json", "distributions.svg"

_STYLE = """
:root{--ink:#22262c;--faint:#6b7280;--line:#e3e6ea;--bad:#c2452d;--good:#3d7a4e;--paper:#fff;--soft:#f6f7f9}
body{font:14px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:2rem auto;max-width:1240px;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2.2rem 0 .6rem}
p.sub,.faint{color:var(--faint)}p{margin:.3rem 0}
.cards{display:flex;flex-wrap:wrap;gap:.7rem;margin:1.1rem 0}.card{background:var(--soft);border-radius:8px;
  padding:.6rem .9rem;min-width:8rem}
.card b{display:block;font-size:1.35rem;font-weight:600}
.bad{color:var(--bad)}.good{color:var(--good)}
svg{max-width:100%;height:auto}
.grid{border-top:1px solid var(--line);padding:.7rem 0;display:grid;grid-template-columns:444px minmax(0,1fr);gap:1.1rem;
  align-items:start}
.grid img{max-width:100%;border-radius:4px;display:block}
.empty{background:var(--soft);color:var(--faint);padding:1.6rem;border-radius:4px}
.id{font-weight:600}.values{font-size:12px;color:var(--faint);margin-top:.25rem}.values span{white-space:nowrap;margin-right:.8rem}
.fault{font-size:13px;margin:.15rem 0}
table{border-collapse:collapse;font-size:13px}
td,th{text-align:left;padding:.2rem .9rem .2rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}
@media(max-width:900px){.grid{grid-template-columns:1fr}}
"""


def write_report(dataset: Dataset, found: DatasetQuality, folder: Path) -> Path:
    """Write the report and return its first page.

    Raises:
        InputError: the folder holds other things, or matplotlib is not installed.
        WorkError: it cannot be written.
    """
    if folder.exists() and any(entry.name not in _ours(folder) for entry in folder.iterdir()):
        raise InputError(f"{folder}: holds other files; choose a new folder for the report.")
    plots = distributions(found)
    folder.mkdir(parents=True, exist_ok=True)
    pages = [found.grids[i : i + PER_PAGE] for i in range(0, len(found.grids), PER_PAGE)] or [()]
    for number, grids in enumerate(pages):
        rows = "".join(_grid(dataset, grid) for grid in grids)
        body = _summary(found, plots) if number == 0 else _head(found)
        links = _links(len(pages), number)
        text = f"{body}<h2>All grids, worst first</h2>{links}{rows}{links}"
        write_atomic(folder / _page_name(number), _page(found.name, text).encode())
    write_atomic(folder / PLOTS, plots.encode())
    figures = json.dumps(found.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
    write_atomic(folder / FIGURES, figures.encode() + b"\n")
    return folder / PAGE


def _ours(folder: Path) -> set[str]:
    return {PAGE, FIGURES, PLOTS} | {file.name for file in folder.glob("page-*.html")}


def _page_name(number: int) -> str:
    return PAGE if number == 0 else f"page-{number + 1}.html"


def _links(count: int, here: int) -> str:
    if count < 2:
        return ""
    links = (f"<b>{n + 1}</b>" if n == here else f'<a href="{_page_name(n)}">{n + 1}</a>' for n in range(count))
    return f"<p>Page {' · '.join(links)}</p>"


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Quality of {html.escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


def _head(found: DatasetQuality) -> str:
    return (
        f"<h1>Quality of {html.escape(found.name)}</h1><p class=sub>dataset digest {html.escape(found.digest[:16])}; "
        "made by <code>camxtime qa</code>, which docs/quality.md explains</p>"
    )


def _summary(found: DatasetQuality, plots: str) -> str:
    failing, redrawn = len(found.failing), sum(bool(grid.redrawn) for grid in found.grids)
    cards = [
        ("grids", f"{len(found.grids):,}", ""),
        ("fail", f"{failing:,}", "bad" if failing else "good"),
        ("left out", f"{len(found.left_out):,} ({found.left_out_share:.1%})",
         "bad" if found.left_out_share > found.quality.max_left_out else "good"),
        ("drawn again", f"{redrawn:,}", ""),
        ("near-duplicate pairs", f"{len(found.pairs):,}", "bad" if found.pairs else "good"),
    ]  # fmt: skip
    shown = "".join(f'<div class=card><b class="{kind}">{value}</b>{name}</div>' for name, value, kind in cards)
    parts = [_head(found), f"<div class=cards>{shown}</div>"]
    if found.left_out:
        rows = "".join(f"<tr><td>{html.escape(g)}<td>{html.escape(why)}" for g, why in found.left_out.items())
        parts.append(f"<h2>Left out</h2><table><tr><th>grid<th>reason{rows}</table>")
    if found.pairs:
        rows = "".join(
            f"<tr><td>{html.escape(a)}<td>{html.escape(b)}<td class=n>{distance:.2f}" for a, b, distance in found.pairs
        )
        parts.append(f"<h2>Near-duplicates</h2><table><tr><th>grid<th>grid<th>delta E{rows}</table>")
    parts.append(f"<h2>Distributions</h2><p class=faint>Black: median. Red: bounds of the spec.</p>{plots}")
    parts.append(f"<h2>Measures</h2>{_measures(found)}")
    return "".join(parts)


def _measures(found: DatasetQuality) -> str:
    rows = []
    for name, measure in MEASURES.items():
        bounds = found.quality.bounds(name)
        count = sum(fault.measure == name for grid in found.grids for fault in grid.faults)
        rows.append(
            f"<tr><td><b>{name}</b><td>{html.escape(measure.help)}<td>{measure.unit}<td class=n>{_bounds(bounds)}"
            f'<td class="n {"bad" if count else ""}">{count}'
        )
    return f"<table><tr><th>measure<th>meaning<th>unit<th>bounds<th>fail{''.join(rows)}</table>"


def _bounds(bounds: Bounds) -> str:
    low, high = ("–" if value is None else f"{value:g}" for value in (bounds.min, bounds.max))
    return f"{low} … {high}"


def _grid(dataset: Dataset, grid: GridQuality) -> str:
    picture = strip(dataset.grid(grid.grid))
    shown = (
        f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(picture).decode()}">'
        if picture is not None
        else "<div class=empty>not rendered</div>"
    )
    faults = "".join(
        f"<div class=fault><span class=bad>{html.escape(str(fault))}</span> "
        f"<span class=faint>{html.escape(fault.mend)}</span></div>"
        for fault in grid.faults
    )
    failing = {fault.measure for fault in grid.faults}
    values = " ".join(
        f'<span class="{"bad" if name in failing else ""}">{name} {brief(value)}</span>'
        for name, value in grid.values.items()
        if value is not None
    )
    near = f" <span>nearest {html.escape(grid.nearest)} at {grid.distance:.1f}</span>" if grid.nearest else ""
    again = ", ".join(f"{count} {reason}" for reason, count in grid.redrawn.items())
    drawn = f"<div class=faint>drawn again: {html.escape(again)}</div>" if again else ""
    caption = html.escape(dataset.grid(grid.grid).caption)
    verdict = '<span class="bad">fails</span>' if grid.faults else grid.note or '<span class="good">passes</span>'
    return (
        f"<div class=grid><div>{shown}</div><div><span class=id>{html.escape(grid.grid)}</span> {verdict}"
        f"<div class=faint>{caption}</div>{faults}{drawn}<div class=values>{values}{near}</div></div></div>"
    )
