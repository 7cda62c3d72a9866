"""`camxtime split`: cut held-out splits and benchmarks, freeze them, check them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from camxtime.cli.card_options import card_options
from camxtime.cli.tables import print_json, print_pairs
from camxtime.errors import InputError

if TYPE_CHECKING:
    from camxtime.shards.dataset import Dataset
    from camxtime.spec import LoadedSpec
    from camxtime.splits import Benchmark, Content, Manifest
    from camxtime.splits.about import Publisher


@click.command("split")
@click.argument("source", type=click.Path())
@click.option("--hold-out", "hold_out", multiple=True, metavar="NAME=RULE",
              help="What a split gets: test=32, test=10%, test=hash:10%, test=name:cave-*,arena or "
              "test=rule:path_kind=arc. Repeat for more splits.  [default: test=10%]")  # fmt: skip
@click.option("--by", type=click.Choice(["scene", "animation", "path", "both"]), default="both", show_default=True,
              help="What must not cross a boundary; numbers count scenes, animations or paths (both: scenes).")  # fmt: skip
@click.option("--rest", default="train", show_default=True, help="Name of the split that gets the rest.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of what is drawn.")
@click.option("--drop-mixed", is_flag=True, help="With --by both: leave out grids that mix held-out and other content.")
@click.option(
    "--ignore", multiple=True, metavar="KEY", help="A key that may cross, such as clip:mixamo.com. Repeatable."
)
@click.option("--name", help="Name of the manifest; that of the spec or dataset by default.")
@click.option("--assets", type=click.Path(), help="Folder of a spec's files, to know them by their SHA-256.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the manifest to this file.")
@click.option(
    "--benchmark", "benchmark_out", type=click.Path(path_type=Path), help="Cut a benchmark too, into this file."
)
@click.option("--benchmark-split", default="test", show_default=True, help="Split that the benchmark is cut from.")
@click.option("--modes", default="control", show_default=True,
              help="Benchmark modes: control, paper, or some of forward,backward,zigzag,slowmo,bullettime,joint.")  # fmt: skip
@click.option(
    "--stages", type=click.IntRange(min=1), help="Benchmark: how many (scene, animation).  [default: 32 or all]"
)
@click.option(
    "--frames", type=click.IntRange(min=5), help="Benchmark: frames of a clip, 4n+1.  [default: 81 or what fits]"
)
@click.option("--metadata", type=click.Path(path_type=Path, file_okay=False),
              help="Write the card (README.md) and croissant.json of a dataset with these splits into this folder.")  # fmt: skip
@card_options
@click.option("--check", "check_file", type=click.Path(path_type=Path), help="Cut nothing: check this manifest or benchmark "
              "against SOURCE; with --out, write the manifest again with the digests of a dataset.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def command(
    source: str,
    hold_out: tuple[str, ...],
    by: str,
    rest: str,
    seed: int,
    drop_mixed: bool,
    ignore: tuple[str, ...],
    name: str | None,
    assets: str | None,
    out: Path | None,
    benchmark_out: Path | None,
    benchmark_split: str,
    modes: str,
    stages: int | None,
    frames: int | None,
    metadata: Path | None,
    licence: str | None,
    creators: tuple[str, ...],
    url: str | None,
    data_version: str,
    date: str | None,
    check_file: Path | None,
    as_json: bool,
) -> None:
    """Cut held-out splits of SOURCE (a spec, or a dataset) that cannot leak, and freeze them in a manifest.

    \b
    camxtime split out/demo --hold-out test=1 --out out/demo-splits.json
    camxtime split scene_specs/camxtime-180k.yaml --hold-out val=4 --hold-out test=32 --out splits.json --benchmark bench.json
    camxtime split out/demo --check out/demo-splits.json
    """
    from camxtime import splits
    from camxtime.splits.about import Publisher
    from camxtime.splits.manifest import By

    opened = _open(source)
    content = splits.content_of(opened, assets)
    if check_file is not None:
        checked = _check(check_file, content)
        result: dict[str, object] = {"file": str(check_file), "digest": checked.digest, "fits": source}
        if out is not None:
            if not isinstance(checked, splits.Manifest):
                raise InputError(
                    "--out: a benchmark is bound to a dataset by cutting it from a manifest of that dataset."
                )
            result["out"] = str(checked.bind(content).write(out))
        _say(as_json, checked.name, result)
        return
    wanted = dict(_pair(text) for text in hold_out) or {"test": "10%"}
    if len(wanted) < len(hold_out):
        raise InputError("--hold-out: a split is named twice.")
    role: By = next(value for value in get_args(By) if value == by)
    recipe = splits.Recipe(wanted, by=role, rest=rest, seed=seed, drop_mixed=drop_mixed, ignore=ignore)
    manifest = splits.cut(content, recipe, name)
    result = {"manifest": manifest.digest, "splits": {key: len(grids) for key, grids in manifest.splits.items()},
              "overlap": dict(manifest.overlap), "dropped": len(manifest.dropped)}  # fmt: skip
    if out is not None:
        result["out"] = str(manifest.write(out))
    if benchmark_out is not None:
        chosen = tuple(modes.split(",")) if "," in modes else modes
        cut = splits.BenchmarkRecipe(split=benchmark_split, stages=stages, modes=chosen, frames=frames, seed=seed)
        benchmark = splits.cut_benchmark(manifest, content, cut)
        result |= {"benchmark": benchmark.digest, "items": len(benchmark.items), "frames": benchmark.frames,
                   "benchmark_out": str(benchmark.write(benchmark_out))}  # fmt: skip
    if metadata is not None:
        result["metadata"] = _metadata(
            opened, manifest, metadata, Publisher(licence, creators, url, data_version, date)
        )
    _say(as_json, manifest.name, result)


def _open(source: str) -> Dataset | LoadedSpec:
    """A spec (a YAML file) or a dataset (anything else)."""
    import camxtime
    from camxtime.spec import load

    return load(source) if source.endswith((".yaml", ".yml")) else camxtime.open(source)


def _pair(text: str) -> tuple[str, str]:
    name, sign, rule = text.partition("=")
    if not (name and sign and rule):
        raise InputError(f"--hold-out {text!r}: write NAME=RULE, such as test=10%.")
    return name, rule


def _check(file: Path, content: Content) -> Manifest | Benchmark:
    from camxtime import splits
    from camxtime.splits.manifest import FORMAT, format_of

    found = splits.load(file) if format_of(file) == FORMAT else splits.load_benchmark(file)
    found.check(content)
    return found


def _metadata(opened: Dataset | LoadedSpec, manifest: Manifest, folder: Path, publisher: Publisher) -> list[str]:
    from camxtime.spec import LoadedSpec
    from camxtime.splits.card import write_metadata

    if isinstance(opened, LoadedSpec):
        raise InputError("--metadata: a card describes rendered data; name a dataset, not a spec.")
    return write_metadata(opened, folder, manifest, publisher)


def _say(as_json: bool, name: str, result: dict[str, object]) -> None:
    if as_json:
        print_json(result)
        return
    click.echo(name)
    print_pairs([(key, str(value)) for key, value in result.items()])
