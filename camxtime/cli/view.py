"""`camxtime view`: look at a dataset in a web page."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from camxtime.cli.tables import human_bytes
from camxtime.errors import InputError

if TYPE_CHECKING:
    from camxtime.viewer.options import ViewOptions


@click.command("view")
@click.argument("dataset", type=click.Path())
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen at.  [default: any free one]")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; others than this machine's "
              "own need a token.")  # fmt: skip
@click.option("--token", envvar="CAMXTIME_VIEW_TOKEN", help="What a browser must know, at least 16 characters.  "
              "[env: CAMXTIME_VIEW_TOKEN]")  # fmt: skip
@click.option("--allow-host", "names", multiple=True, metavar="NAME", help="A further host name that the page is asked "
              "for by, behind a proxy for one.")  # fmt: skip
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@click.option("--manifest", "manifests", type=click.Path(path_type=Path), multiple=True, metavar="JSON",
              help="Splits to show, and benchmark items.")  # fmt: skip
@click.option("--predictions", type=click.Path(path_type=Path), multiple=True, metavar="DIR",
              help="Predictions of the benchmark's items, one folder a model.")  # fmt: skip
@click.option("--recipe", "recipes", type=click.Path(path_type=Path), multiple=True, metavar="YAML",
              help="A recipe for the view of pairs, beside the built-in ones.")  # fmt: skip
@click.option("--cache", type=click.Path(path_type=Path), metavar="DIR", help="Where thumbnails are kept, and what was "
              "read from a URL.  [default: in the dataset, else ~/.cache/camxtime]")  # fmt: skip
@click.option("--cache-mb", type=click.IntRange(1), default=2048, show_default=True, help="Bound of the thumbnails.")
@click.option("--export", "site", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Write the page with its pictures into a new folder, for any web host, in place of serving it.")  # fmt: skip
@click.option("--export-grid", "export_grids", multiple=True, metavar="GRID", help="With --export: these grids (ids or "
              "patterns such as 'room.*').  [default: all]")  # fmt: skip
@click.option("--export-pass", "export_passes", multiple=True, type=click.Choice(["rgb", "depth", "instance"]),
              help="With --export: the cells of these passes.  [default: all]")  # fmt: skip
@click.option("--yes", is_flag=True, help="With --export: do not ask whether that much may be written.")
@click.option("--follow-links", is_flag=True, help="Read shards that are links out of the dataset's folder.")
def command(
    dataset: str,
    port: int,
    host: str,
    token: str | None,
    names: tuple[str, ...],
    no_open: bool,
    manifests: tuple[Path, ...],
    predictions: tuple[Path, ...],
    recipes: tuple[Path, ...],
    cache: Path | None,
    cache_mb: int,
    follow_links: bool,
    site: Path | None,
    export_grids: tuple[str, ...],
    export_passes: tuple[str, ...],
    yes: bool,
) -> None:
    """Explore a dataset in a web page: its grids, the sampler's pairs, the render, a benchmark's results.

    DATASET is a folder, also one that is being rendered, or a URL. Ctrl-C ends.

    \b
    camxtime view out/demo
    camxtime view https://data.example.org/demo --cache /scratch/camxtime
    camxtime view out/demo --export site --export-pass rgb
    """
    from camxtime.viewer.options import Access, ViewOptions
    from camxtime.viewer.serve import open_browser, serve

    options = ViewOptions(dataset, manifests, predictions, recipes, cache, cache_mb * 2**20, follow_links)
    if site is not None:
        _export(options, site, export_grids, export_passes, yes)
        return
    if export_grids or export_passes or yes:
        raise InputError("--export-grid, --export-pass and --yes go with --export DIR.")

    def ready(url: str) -> None:
        click.echo(f"{dataset} at {url}\nCtrl-C ends.")
        if not no_open:
            threading.Thread(target=open_browser, args=(url,), daemon=True).start()

    serve(options, Access(host, token, names), port, ready)


def _export(options: ViewOptions, site: Path, grids: tuple[str, ...], passes: tuple[str, ...], yes: bool) -> None:
    from camxtime.viewer.export import PASSES, ExportWish, plan_export, write_site
    from camxtime.viewer.state import State

    state = State(options)
    try:
        plan = plan_export(state, ExportWish(grids, passes or PASSES))
        click.echo(f"{site}: {len(plan.grids):,} grids with {', '.join(plan.passes)} make {plan.files:,} files, about "
                   f"{human_bytes(plan.nbytes)}.")  # fmt: skip
        if not yes:
            if not sys.stdin.isatty():
                raise InputError("Nobody can be asked here: say --yes to write it.")
            click.confirm("Write it?", abort=True)
        written = write_site(state, plan, site)
        click.echo(f"Written: {human_bytes(written)}. Look at it: python -m http.server -d {site}")
    finally:
        state.close()
