"""Distributions of the measures over a dataset's grids, as one SVG (matplotlib, extra `report`)."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from camxtime.errors import InputError
from camxtime.quality.assess import DatasetQuality
from camxtime.spec.quality import MEASURES, Bounds

COLUMNS = 4
_BAR, _BAD, _MEDIAN, _INK = "#5b7fa6", "#c2452d", "#2b2f36", "#3c4149"


def distributions(found: DatasetQuality) -> str:
    """SVG text: a histogram per measure that has values, its bounds in red, its median in black; and of the distances.

    Raises:
        InputError: matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError(
            "--report draws with matplotlib, which is not here; pip install 'camxtime[report]'."
        ) from error
    panels = [
        (f"{name} ({measure.unit})", values, found.quality.bounds(name))
        for name, measure in MEASURES.items()
        if (values := [v for grid in found.grids if (v := grid.values.get(name)) is not None])
    ]
    distances = [grid.distance for grid in found.grids if grid.distance is not None]
    if distances:
        panels.append(("distance to the nearest grid (delta E)", distances, Bounds(min=found.quality.min_distance)))
    rows = max(-(-len(panels) // COLUMNS), 1)
    with rc_context(
        {"svg.hashsalt": "camxtime", "font.size": 8.5, "font.family": "sans-serif", "svg.fonttype": "none"}
    ):
        figure = Figure(figsize=(3.0 * COLUMNS, 2.1 * rows), layout="constrained")
        for place, (title, values, bounds) in enumerate(panels, 1):
            _panel(figure.add_subplot(rows, COLUMNS, place), title, np.asarray(values, dtype=np.float64), bounds)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def _panel(axes: Any, title: str, values: Any, bounds: Bounds) -> None:
    limits = [limit for limit in (bounds.min, bounds.max) if limit is not None]
    low, high = _range(values)
    near = [limit for limit in limits if low - (high - low) <= limit <= high + (high - low)]
    low, high = min([low, *near]), max([high, *near])  # a bound far off would squeeze the histogram to a line
    axes.hist(values, bins=np.linspace(low, high, 25), color=_BAR)
    for limit in near:
        axes.axvline(limit, color=_BAD, linewidth=1.2, linestyle=(0, (4, 2)))
    axes.axvline(float(np.median(values)), color=_MEDIAN, linewidth=1.0)
    axes.set_title(title, fontsize=9, color=_INK, loc="left")
    words = [f"{'min' if limit == bounds.min else 'max'} {limit:g}" for limit in limits]
    axes.set_xlabel("bounds: " + (", ".join(words) or "none"), fontsize=7.5, color=_BAD if near else _INK)
    axes.yaxis.get_major_locator().set_params(integer=True, nbins=4)
    axes.xaxis.get_major_locator().set_params(nbins=5)
    axes.tick_params(labelsize=7.5, colors=_INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _range(values: Any) -> tuple[float, float]:
    """Of the histogram: the values' own, widened where they are all but equal; no measure is below 0."""
    low, high = float(values.min()), float(values.max())
    least = max(0.02 * abs(high), 1e-3)
    return (low, high) if high - low >= least else (max(low - least, 0.0), high + least)
