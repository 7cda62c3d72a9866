"""`camxtime status`: how far a running or finished render is, from any terminal."""

from __future__ import annotations

import time

import click

from camxtime.cli.tables import print_json

RUNNING = ("starting", "running", "stopping")


@click.command("status")
@click.argument("dataset")
@click.option("--watch", type=click.FloatRange(min=0.5), metavar="SECONDS", help="Refresh until the render has ended.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def command(dataset: str, watch: float | None, as_json: bool) -> int:
    """Show cells done, rate, time left, workers and what was set aside. Exit code 1 when the dataset is not complete
    and nobody is rendering it.

    \b
    camxtime status out/demo
    camxtime status /data/my --watch 5
    """
    from camxtime.farm.status import status

    while True:
        report = status(dataset)
        if watch is not None and not as_json:
            click.clear()
        if as_json:
            print_json(report.to_json())
        else:
            for line in report.lines():
                click.echo(line)
        if watch is None or report.state not in RUNNING:
            return 0 if report.state == "complete" or report.state in RUNNING else 1
        time.sleep(watch)
