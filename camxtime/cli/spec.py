"""`camxtime spec`: check a spec, list what specs can name, export the JSON Schema."""

from __future__ import annotations

import click

from camxtime.cli.tables import print_json, print_table
from camxtime.spec import expand, json_schema, load


@click.group("spec")
def command() -> None:
    """Check a spec, list what specs can name, export the JSON Schema.

    \b
    camxtime spec check scene_specs/demo.yaml
    camxtime spec schema > camxtime.schema.json
    """


@command.command("check")
@click.argument("spec", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output: the spec with all defaults.")
def check(spec: str, as_json: bool) -> None:
    """Validate a spec and list its grids.

    \b
    camxtime spec check scene_specs/demo.yaml
    """
    loaded = load(spec)
    expansion = expand(loaded.spec)
    if as_json:
        print_json({"digest": loaded.spec.digest, "spec": loaded.spec.canonical()})
        return
    grids = expansion.grids
    print_table(["scene", "animation", "camera path"], [(g.scene_id, g.animation_id, g.path.id) for g in grids[:50]])
    if len(grids) > 50:
        click.echo(f"  … and {len(grids) - 50:,} more grids")
    click.echo(f"{spec}: valid; {len(grids):,} grids; digest {loaded.spec.digest[:16]}")


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of specs, for editors.

    \b
    camxtime spec schema > camxtime.schema.json
    """
    print_json(json_schema())
