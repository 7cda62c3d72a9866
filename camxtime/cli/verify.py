"""`camxtime verify`: prove a dataset complete and correct."""

from __future__ import annotations

import sys
from typing import Any

import click
from tqdm import tqdm

from camxtime.cli.tables import human_bytes, print_json

SHOWN = 50


class _Bars:
    """A progress bar per part of the work, drawn on standard error."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._part = ""

    def __call__(self, part: str, done: int, total: int) -> None:
        if part != self._part:
            self.close()
            self._bar, self._part = tqdm(total=total, desc=part, unit="", file=sys.stderr), part
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


@click.command("verify")
@click.argument("dataset", type=click.Path())
@click.option("--quick", is_flag=True, help="Structure, counts, sizes and digests of the index only.")
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="Also decode N random cells and check warps.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the random choices.")
@click.option("--workers", type=click.IntRange(min=0), default=0, help="Threads; 0 is one per CPU core.")
@click.option("--progress/--no-progress", default=None, help="Progress bar. Default: when on a terminal.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable report on standard output.")
def command(
    dataset: str, quick: bool, sample: int | None, seed: int, workers: int, progress: bool | None, as_json: bool
) -> int:
    """Prove that every cell is there once, undamaged, decodes, and agrees with its neighbours' geometry.

    Without --quick or --sample everything is checked. Nothing is repaired; each bad cell is named with its mend. Exit
    code 1 when something is wrong.

    \b
    camxtime verify out/demo
    camxtime verify /data/my --sample 500
    """
    from camxtime.shards.verify import verify

    if quick and sample is not None:
        raise click.UsageError("--quick and --sample exclude each other.")
    bars = _Bars() if progress or (progress is None and sys.stderr.isatty()) else None
    try:
        report = verify(
            dataset,
            "quick" if quick else "full" if sample is None else "sample",
            sample=sample or 1,
            seed=seed,
            workers=workers,
            progress=bars,
        )
    finally:
        if bars is not None:
            bars.close()
    if as_json:
        print_json(report.to_json())
        return int(not report.ok)
    for finding in report.findings[:SHOWN]:
        click.echo(str(finding))
    if len(report.findings) > SHOWN:
        click.echo(f"and {len(report.findings) - SHOWN:,} more findings; --json lists all")
    counts = ", ".join(
        f"{human_bytes(count) if name == 'bytes' else format(count, ',')} {name if name != 'bytes' else 'read'}"
        for name, count in sorted(report.counts.items())
    )
    verdict = "verified" if report.ok else f"{len(report.errors):,} errors"
    click.echo(f"{dataset}: {verdict} ({report.level}: {counts}); digest {report.digest}")
    return int(not report.ok)
