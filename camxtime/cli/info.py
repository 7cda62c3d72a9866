"""`camxtime info`: what a dataset holds, as tables and contact sheets."""

from __future__ import annotations

from pathlib import Path

import click

from camxtime.cli.tables import human_bytes, print_json, print_pairs, print_table


@click.command("info")
@click.argument("dataset", type=click.Path())
@click.option("--grid", "grid_id", metavar="GRID", help="Show one grid only.")
@click.option("--sheet", type=click.Path(dir_okay=False, path_type=Path), metavar="PNG",
              help="Draw a contact sheet: of the grid (cameras across, times down), or of all (a diagonal each).")  # fmt: skip
@click.option("--pass", "pass_name", default="rgb", show_default=True, help="Pass that the sheet shows.")
@click.option("--columns", type=int, default=12, show_default=True, help="Most cells across the sheet.")
@click.option("--rows", type=int, default=12, show_default=True, help="Most cells down the sheet.")
@click.option("--thumb", type=int, default=128, show_default=True, help="Longer side of a thumbnail, pixels.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def command(
    dataset: str,
    grid_id: str | None,
    sheet: Path | None,
    pass_name: str,
    columns: int,
    rows: int,
    thumb: int,
    as_json: bool,
) -> None:
    """Show what a dataset holds, and draw contact sheets.

    \b
    camxtime info out/demo
    camxtime info out/demo --sheet all.png
    camxtime info out/demo --grid courtyard.walker.arc --sheet grid.png --pass depth
    """
    import camxtime
    from camxtime.shards.contact_sheet import SheetOptions, dataset_sheet, grid_sheet, write_sheet
    from camxtime.shards.info import dataset_info

    data = camxtime.open(dataset)
    info = dataset_info(data, [grid_id] if grid_id is not None else None)
    if sheet is not None:
        options = SheetOptions(columns, rows, thumb, pass_name)
        write_sheet(grid_sheet(data.grid(grid_id), options) if grid_id else dataset_sheet(data, options), sheet)
    if as_json:
        print_json(info.to_json())
        return
    click.echo(f"{info.name}  (digest {info.digest[:16]})")
    size = info.grids[0] if info.grids else None
    print_pairs(
        [
            ("scenes", f"{info.scenes:,}"),
            ("animations", f"{info.animations:,}"),
            ("camera paths", f"{info.paths:,}"),
            ("grids", ", ".join(f"{count:,} {state}" for state, count in info.states.items() if count) or "none"),
            ("videos, cells", f"{info.videos:,}, {info.cells:,}"),
            ("cell", f"{size.width}×{size.height} at {size.fps:g} fps" if size else "–"),
            ("shards", f"{info.shards:,} ({human_bytes(info.nbytes)})"),
            ("passes", ", ".join(f"{p.name} {p.codec} ({human_bytes(p.nbytes)})" for p in info.passes)),
            ("rendered by", "; ".join(info.renderers) or "–"),
        ]
    )
    print_table(
        ["grid", "cameras × times", "state", "bytes", "caption"],
        [(g.grid, f"{g.cameras} × {g.times}", g.status, human_bytes(g.nbytes), g.caption) for g in info.grids[:200]],
        right=[3],
    )
    if len(info.grids) > 200:
        click.echo(f"  … and {len(info.grids) - 200:,} more grids (--json lists all)")
    if sheet is not None:
        click.echo(f"Contact sheet: {sheet}")
