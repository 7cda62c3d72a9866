"""`camxtime render`: a spec becomes a dataset; the same command again resumes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from camxtime.cli.tables import print_json
from camxtime.farm.options import DEVICES, RenderOptions

DEFAULTS = RenderOptions()


@click.command("render")
@click.argument("spec", type=click.Path())
@click.option("--out", required=True, help="Folder of the dataset, or a URL such as s3://bucket/name.")
@click.option(
    "--assets", type=click.Path(path_type=Path), help="Folder that `file:` entries of the spec are relative to."
)
@click.option(
    "--address", help="Ray cluster: host:port of its head, or `auto` on one of its nodes. Default: a local Ray."
)
@click.option("--device", type=click.Choice(DEVICES, case_sensitive=False), default="auto", show_default=True,
              help="Where Cycles renders. A device that is absent is an error, never a fall-back to the CPU.")  # fmt: skip
@click.option("--workers", type=int, help="Blender processes. Default: one per GPU, or as the CPU cores allow, also on "
              "nodes that join later.")  # fmt: skip
@click.option("--max-workers", type=int, help="Most Blender processes, however many nodes join. Default: no bound.")
@click.option("--threads", type=int, help="CPU threads of each worker.")
@click.option(
    "--blender", type=click.Path(), help="A `blender` executable or a Python with bpy, the same on all nodes."
)
@click.option("--scratch", type=click.Path(path_type=Path), help="Folder for pixels on their way out of Blender; "
              "'$NAME' in it is filled in by each node. Default: memory.")  # fmt: skip
@click.option("--retries", type=int, default=DEFAULTS.retries, show_default=True,
              help="Tries after a unit's first failure, before it is set aside.")  # fmt: skip
@click.option("--hang-timeout", "hang_timeout_s", type=float, default=DEFAULTS.hang_timeout_s, show_default=True,
              help="Seconds without a sign of life before Blender is killed and the unit retried.")  # fmt: skip
@click.option("--recycle-units", type=int, default=DEFAULTS.recycle_units, show_default=True,
              help="Replace a worker's Blender after this many units; 0 never.")  # fmt: skip
@click.option("--recycle-gb", type=float, default=DEFAULTS.recycle_gb, show_default=True,
              help="Replace a worker's Blender when it holds this many GB; 0 never.")  # fmt: skip
@click.option("--grace", "grace_s", type=float, default=DEFAULTS.grace_s, show_default=True,
              help="Seconds that units in flight get to finish after Ctrl-C or SIGTERM.")  # fmt: skip
@click.option("--give-up-after", type=int, default=DEFAULTS.give_up_after, show_default=True,
              help="Stages that may fail while nothing at all was rendered, before the run stops; 0 never.")  # fmt: skip
@click.option("--allow-mixed-builds", is_flag=True,
              help="Take workers whose Blender is another version or build than the dataset was begun with.")  # fmt: skip
@click.option("--ignore-free-space", is_flag=True, help="Start although the estimate says the disk will fill up.")
@click.option("--progress/--no-progress", default=None, help="Progress bar. Default: when on a terminal.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable summary on standard output.")
def command(spec: str, out: str, as_json: bool, **chosen: Any) -> int:
    """Render every cell of every grid of SPEC into the dataset OUT.

    Running it again resumes: what is committed is never rendered twice. Exit code 1 means that some units were set
    aside; the summary and OUT/ledger/failures say which and why.

    \b
    camxtime render scene_specs/demo.yaml --out out/demo
    camxtime render my.yaml --out /data/my --address 10.0.0.1:6379 --device OPTIX
    camxtime render my.yaml --out s3://bucket/my --address auto
    """
    from camxtime.farm.driver import render
    from camxtime.spec import load

    summary = render(load(spec), out, RenderOptions(**chosen))
    if as_json:
        print_json(summary.to_json())
    else:
        for line in summary.lines():
            click.echo(line)
    return summary.exit_code
