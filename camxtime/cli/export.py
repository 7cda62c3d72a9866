"""`camxtime export`: a dataset → other people's formats, or its card."""

from __future__ import annotations

from pathlib import Path

import click

from camxtime.cli.card_options import card_options
from camxtime.cli.exchange_options import format_list, format_names
from camxtime.cli.tables import print_json, print_pairs
from camxtime.errors import InputError


@click.command("export", epilog=format_list())
@click.argument("dataset", type=click.Path())
@click.option("--format", "name", required=True, type=click.Choice([*format_names(), "card"]),
              help="What to write; card: README.md and croissant.json.")  # fmt: skip
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write into; new, but for card.")
@click.option(
    "--grid", "grids", multiple=True, metavar="PATTERN", help="Grids to export.  [default: all complete ones]"
)
@click.option(
    "--track", help="diagonal, camera:5, time:7, all, or cameras@times such as 0:80@40*81.  [default: by format]"
)
@click.option("--lossless", is_flag=True, help="Videos that keep every pixel (RGB H.264 at QP 0), instead of CRF.")
@click.option(
    "--crf", type=click.IntRange(0, 51), default=18, show_default=True, help="Quality of H.264 videos, lower is better."
)
@click.option(
    "--pass", "passes", multiple=True, help="Pass to export, for formats of single images.  [default: all they hold]"
)
@click.option(
    "--benchmark", type=click.Path(path_type=Path), help="camxtime-eval: write this benchmark's eval_input and eval_gt."
)
@click.option("--manifest", type=click.Path(path_type=Path), help="card: describe the dataset with these splits.")
@card_options
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def command(
    dataset: str,
    name: str,
    out: Path,
    grids: tuple[str, ...],
    track: str | None,
    lossless: bool,
    crf: int,
    passes: tuple[str, ...],
    benchmark: Path | None,
    manifest: Path | None,
    licence: str | None,
    creators: tuple[str, ...],
    url: str | None,
    data_version: str,
    date: str | None,
    as_json: bool,
) -> None:
    """Export grids or tracks of DATASET; what the format cannot hold is said, and written into camxtime_export.json.

    \b
    camxtime export out/demo --format mp4 --track diagonal --out out/videos
    camxtime export out/demo --format nerfstudio --grid 'courtyard.walker.*' --out out/nerf
    camxtime export out/demo --format card --manifest splits.json --licence CC-BY-4.0 --out out/demo
    """
    import camxtime

    opened = camxtime.open(dataset)
    if name == "card":
        from camxtime import splits
        from camxtime.splits.about import Publisher
        from camxtime.splits.card import write_metadata

        frozen = splits.load(manifest) if manifest is not None else None
        if frozen is not None:
            frozen.check(splits.content_of(opened))
        files = write_metadata(opened, out, frozen, Publisher(licence, creators, url, data_version, date))
        _say(as_json, {"files": [str(file) for file in files]}, [])
        return
    from camxtime.formats.exporting import ExportOptions
    from camxtime.formats.registry import export_dataset

    if benchmark is not None and name != "camxtime-eval":
        raise InputError(f"--benchmark: the format {name} has no place for one; camxtime-eval does.")
    video = "lossless" if lossless else "h264"
    options = ExportOptions(grids, track, video, crf, passes or None, benchmark, progress=True)  # type: ignore[arg-type]
    report = export_dataset(name, opened, out, options)
    _say(as_json, {"out": str(out), "files": len(report.table)}, report.notes)


def _say(as_json: bool, result: dict[str, object], notes: list[str]) -> None:
    if as_json:
        print_json({**result, "not_held": notes})
        return
    print_pairs([(key, str(value)) for key, value in result.items()])
    for note in notes:
        click.echo(f"  not held: {note}")
