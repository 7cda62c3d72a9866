"""`camxtime spec`: check a spec, list what specs can name, export the JSON Schema."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from camxtime.cli.tables import print_json, print_table
from camxtime.errors import InputError
from camxtime.geometry.paths import KINDS
from camxtime.spec import expand, json_schema, load, loads
from camxtime.spec.content import check_content, families
from camxtime.spec.draft import DraftOptions, draft
from camxtime.spec.paths import PATH_MODELS, PathBase


@click.group("spec")
def command() -> None:
    """Check a spec, make one from a folder of assets, list what specs can name, export the JSON Schema.

    \b
    camxtime spec from-assets ~/assets --out assets.yaml
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
    check_content(loaded.spec, spec)
    expansion = expand(loaded.spec)
    if as_json:
        print_json({"digest": loaded.spec.digest, "spec": loaded.spec.canonical()})
        return
    grids = expansion.grids
    print_table(["scene", "animation", "camera path"], [(g.scene_id, g.animation_id, g.path.id) for g in grids[:50]])
    if len(grids) > 50:
        click.echo(f"  … and {len(grids) - 50:,} more grids")
    click.echo(f"{spec}: valid; {len(grids):,} grids; digest {loaded.spec.digest[:16]}")


@command.command("from-assets")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The spec to write; it must not exist yet.")
@click.option("--name", help="Name of the dataset. Default: that of the spec's file.")
@click.option("--clips", type=click.IntRange(min=1), default=3, show_default=True, help="Clips to use of each subject.")
@click.option("--scene", "scenes", multiple=True, metavar="PATTERN", help="Files that are scenes, whatever they hold.")
@click.option("--animation", "animations", multiple=True, metavar="PATTERN",
              help="Files that are subjects; without clips they stand still.")  # fmt: skip
@click.option("--licence", help="Licence of all files. Default: of the licence text beside each.")
@click.option("--blender", type=click.Path(), help="Blender executable, instead of the bpy wheel.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable list of what was found.")
def from_assets(
    folder: Path, out: Path, name: str | None, clips: int, licence: str | None, as_json: bool, **chosen: Any
) -> None:
    """Write a spec for a folder of assets: environments become scenes, files with clips become subjects.

    Patterns are of names below FOLDER, such as `props/*.glb`. What cannot be used is listed with the reason.

    \b
    camxtime spec from-assets ~/assets --out assets.yaml
    camxtime spec from-assets ~/assets --out assets.yaml --clips 5 --licence CC0-1.0 --scene 'rooms/*'
    """
    from camxtime.farm.survey import SurveyOptions, survey

    if out.exists():
        raise InputError(f"{out}: exists already; choose another name, or remove it.")
    title = name if name is not None else re.sub(r"[^a-z0-9]+", "-", out.stem.lower()).strip("-") or "assets"
    found = survey(folder, SurveyOptions(chosen["scenes"], chosen["animations"], licence, chosen["blender"]))
    beside = folder.resolve() == out.resolve().parent
    text = draft(found, DraftOptions(title, clips, "" if beside else str(folder), out.name))
    grids = len(expand(loads(text, str(out))).grids)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror}).") from error
    if as_json:
        print_json([vars(item) for item in found])
        return
    print_table(["role", "file", "licence", "why"], [(f.role, f.file, f.licence or "", f.why) for f in found])
    click.echo(f"{out}: {grids:,} grids. camxtime plan {out}" + ("" if beside else f" --assets {folder}"))


@command.command("families")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def list_families(name: str | None, as_json: bool) -> None:
    """List scene and animation families and kinds of camera path; with NAME, its parameters.

    \b
    camxtime spec families
    camxtime spec families courtyard
    camxtime spec families arc
    """
    table: list[tuple[str, str, dict[str, tuple[str, str]]]] = [
        (family.kind, family.name, {key: (str(default), words) for key, (default, words) in family.parameters.items()})
        for family in families()
    ]
    for kind, parameters in KINDS.items():
        fields = PATH_MODELS[kind].model_fields.items()
        own = {key: ("", field.description or "") for key, field in fields if key not in PathBase.model_fields}
        table.append(("camera path", kind, {"": ("", (parameters.__doc__ or "").splitlines()[0]), **own}))
    chosen = [row for row in table if name in (None, row[1])]
    if not chosen:
        raise InputError(f"there is no family or kind {name!r}; known: {', '.join(key for _, key, _ in table)}.")
    if as_json:
        print_json([{"kind": kind, "name": key, "parameters": own} for kind, key, own in chosen])
    elif name is None:
        print_table(
            ["kind", "name", "parameters"],
            [(kind, key, ", ".join(filter(None, own))) for kind, key, own in chosen],
        )
    else:
        for kind, _, own in chosen:
            if len(chosen) > 1:
                click.echo(f"{kind}:")
            print_table(["parameter", "default", "meaning"], [(key, *rest) for key, rest in own.items()])


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of specs, for editors.

    \b
    camxtime spec schema > camxtime.schema.json
    """
    print_json(json_schema())
