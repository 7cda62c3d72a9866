"""`camxtime view`: look at a dataset in a web page."""

from __future__ import annotations

import threading
from pathlib import Path

import click


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
) -> None:
    """Explore a dataset in a web page: its grids, the sampler's pairs, the render, a benchmark's results.

    DATASET is a folder, also one that is being rendered, or a URL. Ctrl-C ends.

    \b
    camxtime view out/demo
    camxtime view https://data.example.org/demo --cache /scratch/camxtime
    """
    from camxtime.viewer.options import Access, ViewOptions
    from camxtime.viewer.serve import open_browser, serve

    options = ViewOptions(dataset, manifests, predictions, recipes, cache, cache_mb * 2**20, follow_links)

    def ready(url: str) -> None:
        click.echo(f"{dataset} at {url}\nCtrl-C ends.")
        if not no_open:
            threading.Thread(target=open_browser, args=(url,), daemon=True).start()

    serve(options, Access(host, token, names), port, ready)
