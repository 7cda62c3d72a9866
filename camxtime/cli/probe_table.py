"""The table of `camxtime plan --probe grids`: what each grid costs, and which would fail and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from camxtime.cli.tables import print_table

if TYPE_CHECKING:
    from camxtime.farm.probe_grids import GridProbe

SHOWN = 60
SHOWN_VALUES = {
    "luminance": "light", "clipped_share": "clipped", "black_share": "black", "subject_share": "subject",
    "subject_visible": "visible", "static_share": "static", "camera_motion_px": "camera", "parallax_px": "parallax",
    "covisibility": "covis",
}  # fmt: skip


def print_probes(probes: Sequence[GridProbe]) -> None:
    """Write the table, the failing grids with their mends, and a summary."""
    header = ["grid", "build s", "triangles", "MB", "ms/cell", "draw", *SHOWN_VALUES.values(), "verdict"]
    print_table(header, [_row(probe) for probe in probes[:SHOWN]], right=range(1, len(header) - 1))
    if len(probes) > SHOWN:
        click.echo(f"  … and {len(probes) - SHOWN:,} better grids (--json lists all)")
    failing = [probe for probe in probes if probe.fails]
    for probe in failing[:SHOWN]:
        if probe.error is not None:
            click.echo(f"{probe.grid}: cannot be rendered: {probe.error.removeprefix(probe.grid + ': ')}")
        else:
            click.echo(f"{probe.grid}: would fail: " + "; ".join(f"{fault}: {fault.mend}" for fault in probe.faults))
    again = sum(bool(probe.redrawn) for probe in probes)
    verdict = f"{len(failing)} would fail" if failing else "none would fail"
    cells = [probe.cell_seconds for probe in probes if probe.cell_seconds is not None]
    spread = f"; a probe cell takes {min(cells) * 1000:.0f} to {max(cells) * 1000:.0f} ms" if cells else ""
    click.echo(f"{len(probes)} grids probed: {verdict}, {again} drawn again{spread}")


def _row(probe: GridProbe) -> list[str]:
    cost = [f"{probe.build_seconds:.1f}", f"{probe.triangles:,}", f"{probe.memory_mb:.0f}"]
    cell = "–" if probe.cell_seconds is None else f"{probe.cell_seconds * 1000:.0f}"
    values = ["–" if (v := probe.values.get(name)) is None else f"{v:.3g}" for name in SHOWN_VALUES]
    return [probe.grid, *cost, cell, str(probe.draw), *values, "fails" if probe.fails else "passes"]
