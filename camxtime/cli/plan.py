"""`camxtime plan`: what a spec will make and what it will cost."""

from __future__ import annotations

import click

from camxtime.cli.tables import human_bytes, human_seconds, print_json, print_pairs
from camxtime.errors import InputError
from camxtime.spec import CostEstimate, Rates, estimate, expand, load
from camxtime.spec.content import check_content


@click.command("plan")
@click.argument("spec", type=click.Path())
@click.option("--assets", type=click.Path(), help="Folder that `file:` entries of the spec are relative to.")
@click.option("--probe/--no-probe", default=None, help="Render a few small cells here to estimate time and bytes "
              "(the default, unless a rate is given).")  # fmt: skip
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
    probe: bool | None,
    cells_per_second: float | None,
    workers: int,
    blender: str | None,
    as_json: bool,
) -> None:
    """Say what a spec will make (grids, cells, videos, shards) and what it will cost (bytes, render time).

    \b
    camxtime plan scene_specs/demo.yaml
    camxtime plan scene_specs/camxtime-180k.yaml --cells-per-second 8 --gpus 64
    camxtime plan scene_specs/camxtime-360k.yaml --json
    """
    loaded = load(spec)
    check_content(loaded.spec, spec)
    expansion = expand(loaded.spec)
    if cells_per_second is not None:
        if probe:
            raise InputError("--probe measures a rate and --cells-per-second gives one; use one of them.")
        rates = Rates(cells_per_second * workers, None, f"{cells_per_second:g} cells/s as given, times {workers}")
    elif probe is False:
        rates = Rates()
    else:
        from camxtime.farm.probe import probe_rates

        rates = probe_rates(loaded, expansion, workers=workers, assets=assets, blender=blender)
    cost = estimate(expansion, rates)
    if as_json:
        print_json(cost.to_json())
    else:
        _print(cost)


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
