"""`camxtime import`: other people's datasets → the stored format."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from camxtime.cli.exchange_options import codec_pairs, format_list, format_names
from camxtime.cli.tables import print_json, print_pairs


@click.command("import", epilog=format_list())
@click.argument("source", type=click.Path())
@click.option("--format", "name", required=True, type=click.Choice(format_names()), help="What SOURCE is.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the new dataset.")
@click.option(
    "--only", multiple=True, metavar="PATTERN", help="Import only scenes or clips with such names. Repeatable."
)
@click.option("--pass", "passes", multiple=True, metavar="PASS=CODEC", help="How to store a pass: rgb=webp, depth=zstd32.  "
              "[default: rgb=jpeg:95]")  # fmt: skip
@click.option(
    "--fps", type=click.FloatRange(min=0, min_open=True), help="Frames per second, where SOURCE does not say."
)
@click.option("--focal-mm", type=click.FloatRange(min=0, min_open=True), help="Focal length over a 23.76 mm wide sensor, "
              "where SOURCE has no intrinsics.")  # fmt: skip
@click.option("--hfov", type=click.FloatRange(0, 180, min_open=True, max_open=True), help="Horizontal field of view in "
              "degrees, where SOURCE has no intrinsics.")  # fmt: skip
@click.option("--matrix", type=click.Choice(["w2c", "c2w"]), default="w2c", show_default=True,
              help="What the matrices in Cam×Time's src_cam/camera_data.json are (officially w2c).")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def command(
    source: str,
    name: str,
    out: Path,
    only: tuple[str, ...],
    passes: tuple[str, ...],
    fps: float | None,
    focal_mm: float | None,
    hfov: float | None,
    matrix: Literal["w2c", "c2w"],
    as_json: bool,
) -> None:
    """Import SOURCE, a dataset in a foreign format, into a new dataset.

    \b
    camxtime import MultiCamVideo-Dataset --format multicamvideo --only 'scene1' --out out/multicam
    camxtime import CamxTime_eval --format camxtime-eval --pass rgb=webp --out out/eval
    """
    from camxtime.formats.importing import ImportOptions
    from camxtime.formats.registry import import_dataset

    options = ImportOptions(codec_pairs(passes), only, fps, focal_mm, hfov, matrix, progress=True)
    report = import_dataset(name, source, out, options)
    if as_json:
        print_json({"out": str(report.root), "digest": report.digest, "grids": list(report.grids), "cells": report.cells,
                    "notes": list(report.notes)})  # fmt: skip
        return
    click.echo(f"{report.root}")
    print_pairs([("grids", f"{len(report.grids):,}"), ("cells", f"{report.cells:,}"), ("digest", report.digest)])
    for note in report.notes:
        click.echo(f"  note: {note}")
