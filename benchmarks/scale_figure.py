"""The curves of `scale.py` as one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def draw(found: dict[str, Any], file: Path) -> None:
    """Cost a cell against cells, driver's memory during the largest run, driver's cost a unit against cells, and the scheduler."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import FuncFormatter, NullFormatter

    figure, ((cost, memory), (driver, schedule)) = pyplot.subplots(2, 2, figsize=(10, 6.4), layout="constrained")
    runs = found["cells"]
    cells = [run["cells"] / 1e6 for run in runs]
    cost.plot(cells, [run["steady"] / run["cells"] * 1e3 for run in runs], "o-", label="wall clock")
    cost.plot(cells, [run["total_cpu"] / run["cells"] * 1e3 for run in runs], "s--", label="processor, all processes")
    cost.set(
        xlabel="million cells",
        ylabel="ms a cell",
        title="A cell, everything but rendering",
        xscale="log",
        ylim=(0, None),
    )
    cost.legend(frameon=False)
    samples = runs[-1]["samples"]
    memory.plot([sample[1] / 1e6 for sample in samples], [sample[2] for sample in samples])
    memory.axhline(500, color="0.6", linestyle=":")
    memory.set(xlabel="million cells done", ylabel="MB", title="The driver's memory in the largest run", ylim=(0, 520))
    every = [*runs, *found["tasks"], *found["workers"]]
    for run in every:
        driver.plot(run["units"], run["driver_cpu"] / run["units"] * 1e3, "o", color=f"C{int(run['size']['workers']) % 10}",
                    label=f"{run['size']['workers']} workers")  # fmt: skip
    handles, labels = driver.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    driver.legend(unique.values(), unique.keys(), frameon=False)
    driver.set(
        xlabel="units", ylabel="ms a unit", title="The driver's processor time a unit", xscale="log", ylim=(0, None)
    )
    rows = found["schedule"]
    schedule.plot([row["workers"] for row in rows], [row["us_per_task"] for row in rows], "o-")
    schedule.set(xlabel="workers", ylabel="µs a task", title="The scheduler, 3,000 grids", xscale="log", ylim=(0, None))
    for axes in (cost, memory, driver, schedule):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
        if axes.get_xscale() == "log":
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)
    pyplot.close(figure)
