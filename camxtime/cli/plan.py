"""`camxtime plan`: what a spec will make and what it will cost."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from camxtime.cli.probe_table import print_probes
from camxtime.cli.tables import human_bytes, human_seconds, print_json, print_pairs
from camxtime.errors import InputError
from camxtime.spec import CostEstimate, Expansion, LoadedSpec, Rates, estimate, expand, load
from camxtime.spec.content import check_content

if TYPE_CHECKING:
    from camxtime.farm.probe_grids import GridProbe


@click.command("plan")
@click.argument("spec", type=click.Path())
@click.option("--assets", type=click.Path(), help="Folder that `file:` entries of the spec are relative to.")
@click.option("--probe", "probe", type=click.Choice(["quick", "grids", "none"]), is_flag=False, flag_value="grids",
              help="What to render here first. quick: a few cells of the first grid, for time and bytes (the default, unless "
              "a rate is given). grids: a few small cells of every grid too, to see what each costs and which would fail; "
              "so does a bare --probe at the end of the line. none: nothing.")  # fmt: skip
@click.option("--no-probe", is_flag=True, help="The same as --probe none.")
@click.option("--grids", metavar="N|PATTERN", help="With --probe grids: only N grids, evenly spread, or those whose id "
              "matches a pattern such as 'courtyard-*'.")  # fmt: skip
@click.option("--local-workers", type=click.IntRange(min=0), default=0,
              help="With --probe grids: Blenders at once; 0 is one per two CPU cores.")  # fmt: skip
@click.option(
    "--cells-per-second", type=click.FloatRange(min=0, min_open=True), help="Known rate of one GPU or worker."
)
@click.option("--gpus", "--workers", "workers", type=click.IntRange(min=1), default=1, show_default=True,
              help="How many GPUs (or CPU workers) will render.")  # fmt: skip
@click.option("--blender", type=click.Path(), help="Blender executable for the probe, instead of the bpy wheel.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def command(
    spec: str,
    assets: str | None,
    probe: str | None,
    no_probe: bool,
    grids: str | None,
    local_workers: int,
    cells_per_second: float | None,
    workers: int,
    blender: str | None,
    as_json: bool,
) -> int:
    """Say what a spec will make (grids, cells, videos, shards), what it will cost, and with --probe grids what would fail.

    Exit code 1 when a probed grid cannot be rendered or would fail the quality bounds.

    \b
    camxtime plan scene_specs/demo.yaml
    camxtime plan scene_specs/mini.yaml --probe grids
    camxtime plan scene_specs/camxtime-180k.yaml --probe grids --grids 100 --cells-per-second 8 --gpus 64
    camxtime plan scene_specs/camxtime-360k.yaml --no-probe --json
    """
    mode = _mode(probe, no_probe, cells_per_second)
    if grids is not None and mode != "grids":
        raise InputError("--grids bounds what --probe grids looks at; add --probe grids, or take --grids out.")
    loaded = load(spec)
    check_content(loaded.spec, spec)
    expansion = expand(loaded.spec)
    probes = (
        _probe_grids(loaded, expansion, assets, ProbeWish(grids, local_workers, blender)) if mode == "grids" else []
    )
    if cells_per_second is not None:
        rates = Rates(cells_per_second * workers, None, f"{cells_per_second:g} cells/s as given, times {workers}")
    elif mode == "none":
        rates = Rates()
    else:
        from camxtime.farm.probe import probe_rates

        rates = probe_rates(loaded, expansion, workers=workers, assets=assets, blender=blender)
        if probes:
            from camxtime.farm.probe_grids import weighed

            rates = weighed(rates, probes, expansion.grids[0].grid_id)
    cost = estimate(expansion, rates)
    if as_json:
        print_json({**cost.to_json(), **({"probe": [found.to_json() for found in probes]} if mode == "grids" else {})})
    else:
        _print(cost)
        if mode == "grids":
            print_probes(probes)
    return int(any(found.fails for found in probes))


def _mode(probe: str | None, no_probe: bool, cells_per_second: float | None) -> str:
    if no_probe and probe not in (None, "none"):
        raise InputError(f"--no-probe and --probe {probe} exclude each other; use one of them.")
    if cells_per_second is not None and probe == "quick":
        raise InputError("--probe quick measures a rate and --cells-per-second gives one; use one of them.")
    return "none" if no_probe else probe or ("none" if cells_per_second is not None else "quick")


@dataclass(frozen=True)
class ProbeWish:
    """What `--probe grids` was asked for, see `camxtime.farm.probe_grids.ProbeOptions`."""

    grids: str | None
    local_workers: int
    blender: str | None


def _probe_grids(loaded: LoadedSpec, expansion: Expansion, assets: str | None, wish: ProbeWish) -> list[GridProbe]:
    from camxtime.farm.jobs import plan_run
    from camxtime.farm.probe_grids import ProbeOptions, probe_grids

    workers = wish.local_workers or max(1, (os.cpu_count() or 1) // 2)
    with tqdm(unit="grid", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        options = ProbeOptions(wish.grids, workers, wish.blender, show)
        return probe_grids(plan_run(expansion, loaded.assets_root(assets)), options)


def _print(cost: CostEstimate) -> None:
    click.echo(f"{cost.name}")
    split = ", ".join(f"{name} {human_bytes(size)}" for name, size in cost.bytes_by_pass.items())
    print_pairs(
        [
            ("scenes", f"{cost.scenes:,}"),
            ("animations", f"{cost.animations:,}"),
            ("camera paths", f"{cost.camera_paths:,}"),
            ("grids", f"{cost.grids:,}  of {cost.cameras} cameras × {cost.times} times"),
            ("videos", f"{cost.videos:,}  (one per grid and camera)"),
            ("cells", f"{cost.cells:,}"),
            ("units = shards", f"{cost.units:,}"),
            ("bytes", f"{human_bytes(cost.bytes)}  ({split})"),
            ("render time", human_seconds(cost.render_seconds) if cost.render_seconds else "unknown"),
            ("estimated from", cost.rates),
        ]
    )
