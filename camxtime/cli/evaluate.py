"""`camxtime evaluate`: score predictions of any model on a benchmark."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camxtime.cli.tables import print_table
from camxtime.errors import InputError

if TYPE_CHECKING:
    from camxtime.evaluation.harness import Method
    from camxtime.evaluation.items import EvalSet
    from camxtime.evaluation.report import Report
    from camxtime.evaluation.tasks import TaskReader
    from camxtime.shards.dataset import Dataset


CHECKPOINT_BATCH = 8
"""Items that a checkpoint predicts at once."""


def _size(_: click.Context, __: click.Parameter, text: str | None) -> tuple[int, int] | None:
    """WIDTHxHEIGHT → (H, W)."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text)
    if match is None or not int(match[1]) or not int(match[2]):
        raise InputError(f"--size {text!r}: write WIDTHxHEIGHT, such as 832x480.")
    return int(match[2]), int(match[1])


@click.command("evaluate")
@click.argument("benchmark", type=click.Path(path_type=Path))
@click.argument("dataset", type=click.Path())
@click.argument("predictions", nargs=-1, metavar="[NAME=]FOLDER...")
@click.option("--baseline", "baselines", multiple=True, metavar="NAME",
              help="A baseline beside them: copy, reshuffle, median, depth-warp, oracle, or all. Repeatable.")  # fmt: skip
@click.option("--checkpoint", "checkpoints", multiple=True, metavar="[NAME=]RUN",
              help="A model trained with camxtime: a run's folder or a checkpoint. Repeatable.")  # fmt: skip
@click.option("--measure", "parts", default="frames,masks,cells", show_default=True, metavar="PARTS",
              help="What is measured: some of frames,masks,cells,poses,sync, or all.")  # fmt: skip
@click.option("--size", callback=_size, metavar="WxH", help="Cut the truth to this size (cover, centre crop), for models with a "
              "size of their own.  [default: as stored]")  # fmt: skip
@click.option(
    "--resize", is_flag=True, help="Bring predictions of another size to the truth's, as the published script does."
)
@click.option("--lpips", "lpips", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
              help="LPIPS-AlexNet weights: torchvision's alexnet and LPIPS' alex.pth, or one file with both.")  # fmt: skip
@click.option("--poses", "poses", multiple=True, metavar="NAME=FOLDER",
              help="Pose files of a method, for --measure poses; else poses are estimated.")  # fmt: skip
@click.option("--cells", type=click.Choice(["auto", "full", "cross"]), default="auto", show_default=True,
              help="Cells searched for camera and time error: the whole grid, or the wanted row and column.")  # fmt: skip
@click.option("--mode", "modes", multiple=True, metavar="MODE", help="Only items of this mode. Repeatable.")
@click.option(
    "--partial", is_flag=True, help="Score and summarise what is right, although something is missing or wrong."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of bootstrap and RANSAC.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write all numbers.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path, dir_okay=False), help="Write a row a clip.")
@click.option("--markdown", "markdown_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the tables.")
@click.option("--html", "html_folder", type=click.Path(path_type=Path, file_okay=False),
              help="Write a page with the clips side by side into this folder.")  # fmt: skip
@click.option(
    "--html-items", type=click.IntRange(min=0), default=48, show_default=True, help="Items shown on the page."
)
def command(
    benchmark: Path,
    dataset: str,
    predictions: tuple[str, ...],
    baselines: tuple[str, ...],
    checkpoints: tuple[str, ...],
    parts: str,
    size: tuple[int, int] | None,
    resize: bool,
    lpips: tuple[Path, ...],
    poses: tuple[str, ...],
    cells: str,
    modes: tuple[str, ...],
    partial: bool,
    seed: int,
    json_file: Path | None,
    csv_file: Path | None,
    markdown_file: Path | None,
    html_folder: Path | None,
    html_items: int,
) -> None:
    """Score predictions of any model (a video or a folder of frames per item) on a BENCHMARK cut from DATASET.

    \b
    camxtime evaluate bench.json out/demo --baseline all
    camxtime evaluate bench.json out/demo --checkpoint out/run --baseline copy --html out/page
    camxtime evaluate bench.json out/demo mine=out/mine theirs=out/theirs --json scores.json
    camxtime evaluate bench.json out/demo out/mine --size 832x480 --lpips alexnet.pth --lpips alex.pth --measure all

    Exit code 1 if a prediction is missing, surplus or of the wrong length or size: each is named, none is averaged over.
    """
    import camxtime
    from camxtime.evaluation import harness, options, writing
    from camxtime.evaluation.items import load_items
    from camxtime.evaluation.page import PageOptions, write_page
    from camxtime.evaluation.tasks import TaskReader

    data = camxtime.open(dataset)
    items = load_items(benchmark)
    _check_plan(items, benchmark, data)
    items.check(data)
    items = items.only(modes) if modes else items
    chosen = options.EvalOptions(
        parts=options.PARTS if parts == "all" else tuple(parts.split(",")), size=size, lpips=lpips, cells=cells, seed=seed,
        poses={name: Path(folder) for name, folder in (_named(word, "--poses") for word in poses)}, partial=partial,
        progress=True,
    )  # fmt: skip
    methods = _methods(items, predictions, baselines, resize)
    _add_checkpoints(methods, checkpoints)
    if not methods:
        raise InputError("There is nothing to score: name a folder of predictions, a --checkpoint or a --baseline.")
    wrong = _problems(methods, items, TaskReader(data, size))
    if wrong and not partial:
        _name_all(wrong)
        click.echo("Nothing was scored: mend these, or score the rest with --partial.", err=True)
        raise click.exceptions.Exit(1)
    report = harness.evaluate(items, data, methods, chosen)
    if json_file is not None:
        writing.write_json(report, json_file)
    if csv_file is not None:
        writing.write_csv(report, csv_file)
    if markdown_file is not None:
        writing.write_markdown(report, markdown_file)
    if html_folder is not None:
        write_page(report, data, methods, html_folder, PageOptions(html_items, progress=True))
    _say(report, [path for path in (json_file, csv_file, markdown_file, html_folder) if path is not None])
    if report.problems:
        _name_all(report.problems)
        raise click.exceptions.Exit(1)


def _named(text: str, option: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise InputError(f"{option} {text!r}: write NAME=FOLDER.")
    return name, value


def _method_name(text: str) -> tuple[str, str]:
    """(name, path) of `NAME=PATH`, or of a path that is its own name."""
    return _named(text, "predictions") if "=" in text else (Path(text).resolve().name, text)


def _check_plan(items: EvalSet, file: Path, data: Dataset) -> None:
    """A benchmark that was cut from a spec knows what its grids were to be rendered from: compare that too."""
    if items.planned:
        from camxtime.splits import content_of, load_benchmark

        load_benchmark(file).check(content_of(data))


def _methods(
    items: EvalSet, predictions: tuple[str, ...], baselines: tuple[str, ...], resize: bool
) -> dict[str, Method]:
    from camxtime.evaluation.baselines import BASELINES
    from camxtime.evaluation.predictions import FolderPredictions

    found: dict[str, Method] = {}

    def add(name: str, method: Method) -> None:
        if name in found:
            raise InputError(f"Two methods are called {name!r}: name them apart, as NAME=FOLDER.")
        found[name] = method

    for text in predictions:
        name, folder = _method_name(text)
        add(name, FolderPredictions(folder, items, resize))
    wanted = list(BASELINES) if "all" in baselines else list(baselines)
    for name in wanted:
        if name not in BASELINES:
            raise InputError(f"--baseline {name!r}: there is {', '.join(BASELINES)}, or all.")
        add(name, BASELINES[name])
    return found


def _add_checkpoints(methods: dict[str, Method], checkpoints: tuple[str, ...]) -> None:
    if not checkpoints:
        return
    from camxtime.evaluation.tasks import Batched
    from camxtime.training.predictor import CheckpointPredictor

    for text in checkpoints:
        name, path = _method_name(text)
        if name in methods:
            raise InputError(f"Two methods are called {name!r}: name them apart, as NAME=RUN.")
        methods[name] = Batched(CheckpointPredictor(Path(path)).many, CHECKPOINT_BATCH)


def _problems(methods: dict[str, Method], items: EvalSet, reader: TaskReader) -> list[str]:
    from camxtime.evaluation.predictions import FolderPredictions

    return [f"{name}: {problem}" for name, method in methods.items() if isinstance(method, FolderPredictions)
            for problem in method.problems(items, reader)]  # fmt: skip


def _name_all(problems: list[str]) -> None:
    click.echo(f"{len(problems)} thing{'s are' if len(problems) > 1 else ' is'} wrong with the predictions:", err=True)
    for problem in problems:
        click.echo(f"  {problem}", err=True)


def _say(report: Report, written: list[Path]) -> None:
    from camxtime.evaluation import writing

    methods, tables = list(report.summarised()), writing.tables_of(report)
    for group in writing.shown_groups(report):
        click.echo(f"\n{writing.title_of(group)}")
        for names in tables if group.kind == "all" else tables[:1]:
            rows = [
                [method.name, *(writing.short(report.stat(method, group, name), name) for name in names)]
                for method in methods
            ]
            print_table(["method", *map(writing.heading, names)], rows, right=range(1, len(names) + 1))
            click.echo()
    for note in report.notes:
        click.echo(f"Not measured: {note}")
    for path in written:
        click.echo(f"Written: {path}")
