"""`camxtime sample`: draw pairs from a dataset, list them, and look at them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camxtime.cli.tables import print_json, print_pairs, print_table
from camxtime.errors import InputError

if TYPE_CHECKING:
    from camxtime.sampling import Pair, PairSampler, Recipe
    from camxtime.shards.dataset import Dataset


@click.command("sample")
@click.argument("dataset", type=click.Path())
@click.option("-n", "--pairs", "count", type=click.IntRange(1, 100_000), default=8, show_default=True,
              help="How many pairs.")  # fmt: skip
@click.option("--start", type=click.IntRange(min=0), default=0, show_default=True, help="Number of the first pair.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Which order of pairs.")
@click.option("--recipe", "recipe_file", type=click.Path(path_type=Path), metavar="YAML",
              help="What pairs are drawn: a file with the fields of docs/sampling.md.")  # fmt: skip
@click.option("--frames", type=click.IntRange(min=1), help="Frames of a clip, in place of the recipe's.  "
              "[default: 81, or all times there are]")  # fmt: skip
@click.option("--contexts", type=click.IntRange(min=0), help="Context clips of each pair, in place of the recipe's.")
@click.option("--choose", type=click.Choice(["random", "frustum", "covisibility"]), help="How contexts are chosen.")
@click.option("--manifest", type=click.Path(path_type=Path), metavar="JSON", help="Draw from a split of this manifest.")
@click.option("--split", default="train", show_default=True, help="The split, with --manifest.")
@click.option("--strip", type=click.Path(dir_okay=False, path_type=Path), metavar="PNG",
              help="Draw the pairs, source above target.")  # fmt: skip
@click.option("--condition", is_flag=True, help="With --strip: the geometric condition too (needs the pass depth).")
@click.option("--columns", type=int, default=9, show_default=True, help="Frames of each clip in the strip.")
@click.option("--thumb", type=int, default=144, show_default=True, help="Longer side of a thumbnail, pixels.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output: every cell of every clip.")
def command(
    dataset: str,
    count: int,
    start: int,
    seed: int,
    recipe_file: Path | None,
    frames: int | None,
    contexts: int | None,
    choose: str | None,
    manifest: Path | None,
    split: str,
    strip: Path | None,
    condition: bool,
    columns: int,
    thumb: int,
    as_json: bool,
) -> None:
    """Draw (source, target) pairs from a dataset: list which cells they show, and look at them.

    \b
    camxtime sample out/demo
    camxtime sample out/demo -n 4 --frames 9 --strip pairs.png
    camxtime sample out/demo --recipe recipe.yaml --manifest split.json --split train --json
    """
    import camxtime
    from camxtime.sampling import PairSampler, Recipe
    from camxtime.sampling.catalog import Catalog, fitting_frames
    from camxtime.sampling.recipe_file import read_recipe

    if condition and strip is None:
        raise InputError("--condition adds a row to the strip: give --strip PNG too.")
    data = camxtime.open(dataset)
    grids = _split_grids(data, manifest, split) if manifest is not None else None
    recipe = read_recipe(recipe_file) if recipe_file is not None else Recipe()
    if recipe_file is None and frames is None:
        frames = fitting_frames(Catalog(data), recipe.frames)
    recipe = _changed(recipe, frames, contexts, choose)
    sampler = PairSampler(data, recipe, seed, grids)
    pairs = [sampler.pair(index) for index in range(start, start + count)]
    if strip is not None:
        _draw(sampler, pairs, strip, condition, (columns, thumb))
    if as_json:
        print_json({
            "dataset": {"root": data.root, "digest": data.digest}, "recipe": recipe.to_json(), "seed": seed,
            "fingerprint": sampler.fingerprint, "epoch_pairs": sampler.epoch_pairs,
            "pairs": [pair.to_json() for pair in pairs],
        })  # fmt: skip
        return
    _print(sampler, pairs)
    if strip is not None:
        click.echo(f"\nDrawn: {strip}")


def _split_grids(data: Dataset, manifest: Path, split: str) -> tuple[str, ...]:
    from camxtime.splits import content_of, load

    frozen = load(manifest)
    frozen.check(content_of(data))
    return frozen.grids(split)


def _changed(recipe: Recipe, frames: int | None, contexts: int | None, choose: str | None) -> Recipe:
    wanted = recipe.contexts
    if contexts is not None:
        wanted = replace(wanted, count=contexts, candidates=max(wanted.candidates, contexts))
    if choose is not None:
        wanted = replace(wanted, choose=choose)
    return replace(recipe, contexts=wanted, frames=recipe.frames if frames is None else frames)


def _draw(sampler: PairSampler, pairs: list[Pair], target: Path, condition: bool, shape: tuple[int, int]) -> None:
    from camxtime.sampling import PairLoader, SampleOptions
    from camxtime.sampling.strip import StripOptions, pair_strip
    from camxtime.shards.contact_sheet import write_sheet

    loader = PairLoader(sampler, SampleOptions(condition=condition, point_px=2 if condition else 1))
    write_sheet(pair_strip([loader.load(pair) for pair in pairs], StripOptions(*shape)), target)


def _print(sampler: PairSampler, pairs: list[Pair]) -> None:
    catalog = sampler.catalog
    print_pairs([
        ("dataset", f"{sampler.dataset.root}  ({len(catalog)} grids to draw from)"),
        ("clips", f"{sampler.recipe.frames} frames, an epoch has {sampler.epoch_pairs:,} pairs"),
        ("order", f"{sampler.fingerprint[:16]} with seed {sampler.seed}"),
    ])  # fmt: skip
    click.echo()
    rows = []
    for pair in pairs:
        times = catalog.animation_times(pair.target)
        rows.append([
            pair.index, pair.task, pair.warp, pair.camera, pair.source.grids[0], _ends(pair.source.track.cameras.tolist()),
            _ends(pair.window.times([0, pair.window.frames - 1]).tolist()), " → ".join(pair.target.grids),
            _ends(pair.target.track.cameras.tolist()), _ends(times.tolist()),
        ])  # fmt: skip
    header = ["pair", "task", "time", "camera", "source", "cameras", "times", "target", "cameras", "times"]
    print_table(header, rows, right=(0,))


def _ends(indices: list[int]) -> str:
    """First, extreme and last index of a track, in short: 0–80, or 12–60–31 where it turns."""
    first, last = indices[0], indices[-1]
    inner = [value for value in (max(indices), min(indices)) if not min(first, last) <= value <= max(first, last)]
    return "–".join(map(str, [first, *inner, last])) if first != last or inner else str(first)
