"""`camxtime qa`: are the grids worth training on?"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from camxtime.cli.tables import print_table
from camxtime.shards.atomic import write_atomic

if TYPE_CHECKING:
    from camxtime.quality import DatasetQuality, GridQuality

SHOWN = 40
SHORT = {
    "luminance": "light", "clipped_share": "clipped", "black_share": "black", "sharpness": "sharp",
    "subject_share": "subject", "subject_visible": "visible", "motion_px": "motion", "static_share": "static",
    "camera_motion_px": "camera", "parallax_px": "parallax", "covisibility": "covis", "seconds_per_cell": "s/cell",
}  # fmt: skip


@click.command("qa")
@click.argument("dataset", type=click.Path())
@click.option(
    "--spec", type=click.Path(), help="Take the bounds from this spec's `quality:`, not from the dataset's own."
)
@click.option("--report", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Write an HTML page with distributions and all grids, worst first, and the figures as JSON.")  # fmt: skip
@click.option("--json", "json_file", type=click.Path(dir_okay=False, allow_dash=True), metavar="FILE",
              help="Write every value as JSON; - is standard output.")  # fmt: skip
@click.option("--strict", is_flag=True, help="Fail also for near-duplicates, incomplete grids, and bounds that the data "
              "cannot be held against.")  # fmt: skip
@click.option("--cameras", type=click.IntRange(min=1), default=5, show_default=True, help="Cameras looked at per grid.")
@click.option("--times", type=click.IntRange(min=1), default=4, show_default=True,
              help="Pairs of consecutive times looked at per grid.")  # fmt: skip
@click.option("--workers", type=click.IntRange(min=0), default=0, help="Threads; 0 is one per CPU core.")
@click.option("--all", "show_all", is_flag=True, help=f"Print all grids, not the {SHOWN} worst.")
def command(
    dataset: str,
    spec: str | None,
    report: Path | None,
    json_file: str | None,
    strict: bool,
    cameras: int,
    times: int,
    workers: int,
    show_all: bool,
) -> int:
    """Measure every grid (light, subject, motion, parallax, …), hold it against the bounds of the spec, and name what fails.

    Also names near-duplicates and planned grids that were left out. Exit code 1 when a grid fails, or more grids are left
    out than the spec allows. docs/quality.md explains the measures.

    \b
    camxtime qa out/mini
    camxtime qa out/mini --report out/mini-qa --json out/mini-qa.json
    camxtime qa out/mini --spec stricter.yaml --strict
    """
    import camxtime
    from camxtime.quality.assess import AssessOptions, assess
    from camxtime.spec import load

    data = camxtime.open(dataset)
    bounds = load(spec).spec.quality if spec is not None else None
    options = AssessOptions(cameras, times, workers or os.cpu_count() or 1)
    with tqdm(total=len(data), unit="grid", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:
        found = assess(data, bounds, options, lambda done, _: _advance(bar, done))
    if json_file is not None:
        text = json.dumps(found.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
        if json_file == "-":
            click.echo(text)
        else:
            write_atomic(Path(json_file), text.encode() + b"\n")
    if json_file != "-":
        _print(found, len(found.grids) if show_all else SHOWN, strict)
    if report is not None:
        from camxtime.quality.report import write_report

        page = write_report(data, found, report)
        click.echo(f"Report: {page}", err=json_file == "-")
    return int(not found.ok or (strict and bool(found.open_points)))


def _advance(bar: tqdm[Any], done: int) -> None:
    bar.update(done - bar.n)


def _print(found: DatasetQuality, shown: int, strict: bool) -> None:
    header = ["grid", *SHORT.values(), "nearest", "verdict"]
    rows = [
        [grid.grid, *(_number(grid.values.get(name)) for name in SHORT), _number(grid.distance), _verdict(grid)]
        for grid in found.grids[:shown]
    ]
    print_table(header, rows, right=range(1, len(header) - 1))
    if len(found.grids) > shown:
        click.echo(f"  … and {len(found.grids) - shown:,} better grids (--all prints them)")
    for grid in found.failing[:shown]:
        click.echo(f"{grid.grid}: " + "; ".join(f"{fault}: {fault.mend}" for fault in grid.faults))
    if found.left_out:
        for grid_id, reason in list(found.left_out.items())[:shown]:
            click.echo(f"left out: {grid_id}: {reason}")
        click.echo(
            f"{len(found.left_out)} of {len(found.grids) + len(found.left_out)} planned grids are left out "
            f"({found.left_out_share:.1%}; the spec allows {found.quality.max_left_out:.1%})"
        )
    for point in found.open_points[:shown]:
        click.echo(f"{'strict' if strict else 'note'}: {point}")
    counted = (
        f"{len(found.failing)} of {len(found.grids)} grids fail"
        if found.failing
        else f"all {len(found.grids)} grids pass"
    )
    apart = f", median distance to the nearest grid {found.median_distance:.1f}" if found.median_distance else ""
    click.echo(f"{found.name}: {counted}; {len(found.pairs)} near-duplicate pairs{apart}; digest {found.digest[:16]}")


def _verdict(grid: GridQuality) -> str:
    return "fails" if grid.faults else grid.note or "passes"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"
