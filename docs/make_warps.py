"""Write docs/warps.md from the warps' own docstrings, so that it cannot drift.

python docs/make_warps.py            write the page
python docs/make_warps.py --check    exit 1 if the page is not current
python docs/make_warps.py --figures  draw docs/images/warps.png and patterns.png as well (needs matplotlib)
"""

from __future__ import annotations

import argparse
import inspect
import sys
from pathlib import Path

from camxtime.sampling.camera_tracks import CAMERA_TRACKS, HOP, summary
from camxtime.timewarp import MIXTURES, PATTERNS, WARPS

PAGE = Path(__file__).parent / "warps.md"
IMAGES = Path(__file__).parent / "images"
FRAMES = 81

HEAD = """# Time warps and camera tracks

<!-- Written by docs/make_warps.py from camxtime/timewarp and camxtime/sampling/camera_tracks.py; change those, then run it. -->

A warp τ maps the F frames of a clip to animation times: f = 0 … F−1 ↦ τ(f) in 0 … T−1. A target clip shows the times τ(f)
where the source shows f. A warp is a pure function of F, T and a seed: parameters that are not given are drawn. The
sampler gives it T = F, the times of the window that the source shows (`docs/sampling.md`).

```python
from camxtime.timewarp import times, pattern, mixture

times("zigzag", 81, 81, seed=0)  # int64 [81]
times("freeze", 81, 120, seed=0, at=60)
pattern("bounce_late")  # SpaceTimePilot's, as documented
pattern("bounce_late", "coded")  # … as its public code has it
mixture("spacetimepilot-coded").draw(81, seed=0)  # ("zigzag", int64 [81])
```

## Warps

![All warps](images/warps.png)

*τ(f) for F = T = 81; three seeds each where something is drawn.*

x = f/(F−1); round halves up. F and T below are the smallest that a warp can do with.
"""

PATTERNS_HEAD = f"""
## SpaceTimePilot's named patterns

Fixed lists for {FRAMES} frames, by the names of its inference code. Where documentation and code differ, both are here:
`documented` and `coded`; `coded-clipped` sets the coded indices above 80 to 80. The documented variant also scales to any F = 4n+1.
An unknown name is an error here; the published code prints it and plays forward.

![The patterns](images/patterns.png)

*Solid: as documented. Dashed: as coded, where it differs; the grey line is the last of 81 times.*

| pattern | first name in the code | times | remark |
|---|---|---|---|
"""

MIXTURES_HEAD = """
## SpaceTimePilot's training mixture

The public code and the publication differ, so there are two.

- `spacetimepilot-coded` is the code: seven modes; every sequence longer than F is cut to a random contiguous F frames (its
  docstring speaks of linear interpolation; the code does not interpolate). Segments of slow motion are 20–25 frames.
- `spacetimepilot-documented` is the text and figure: the operations named there, as defined there. **The publication gives
  no probabilities**: operations that the code has keep the code's, and the 0.10 of the boomerang, which the publication
  does not have, is shared by acceleration and motion-to-freeze, which the code does not have. That share is our choice.

"""

TRACKS_HEAD = """
## Camera tracks

A camera track γ maps frames to cameras of a path, given the source's cameras: f ↦ γ(f) in 0 … C−1.

| track | what it does | formula |
|---|---|---|
"""


def page() -> str:
    """The page as text."""
    parts = [HEAD]
    for warp in WARPS.values():
        parameters = ", ".join(f"`{name}`" for name in warp.parameters)
        needs = f"F ≥ {warp.min_frames}, T ≥ {_needed(warp.min_times(81))}"
        parts.append(
            f"\n### {warp.name}\n\n{warp.summary}\n\n```\n{warp.formula}\n```\n\nParameters: {parameters or 'none'}. {needs}.\n"
        )
    parts.append(PATTERNS_HEAD)
    for entry in PATTERNS.values():
        shown = runs(entry().tolist())
        coded = runs(entry("coded").tolist())
        if coded != shown:
            shown = f"{shown}; coded: {coded}"
        parts.append(f"| {entry.name} | {entry.old_name} | {shown} | {entry.remark} |\n")
    parts.append(MIXTURES_HEAD)
    for mixture in MIXTURES.values():
        parts.append(f"| `{mixture.name}` | probability |\n|---|---|\n")
        parts += [f"| {name} | {share:.2f} |\n" for name, (share, _) in mixture.modes.items()]
        parts.append("\n")
    parts.append(TRACKS_HEAD.lstrip("\n"))
    for name, track in CAMERA_TRACKS.items():
        formula = (inspect.getdoc(track) or "").split("\n\n", 1)[1].replace("|", "\\|")
        parts.append(f"| {name} | {summary(name)} | {formula} |\n")
    parts.append(f"| {HOP} | {summary(HOP)} | |\n")
    return "".join(parts)


def _needed(times_of_81: int) -> str:
    return {81: "F", 41: "⌈F/2⌉", 1: "1"}[times_of_81]


def runs(values: list[int]) -> str:
    """Times as short text: runs up, down, standing and doubled."""
    if len(set(values)) == 1:
        return f"{values[0]} ({len(values)} times)"
    if len(values) > 8 and values[1:] == [v for v in range(values[1], values[-1] + 1) for _ in (0, 1)]:
        return f"{values[0]}, {values[1]}, {values[1]}, {values[3]}, {values[3]} … {values[-1]}, {values[-1]}"
    parts, start = [], 0
    for i in range(1, len(values) + 1):
        if i == len(values) or (i > start + 1 and values[i] - values[i - 1] != values[start + 1] - values[start]):
            standing = i - start > 1 and values[start] == values[i - 1]
            parts.append(f"{values[start]} ({i - start} times)" if standing else f"{values[start]} … {values[i - 1]}")
            start = i
    return ", ".join(parts)


def figures() -> None:
    """Draw both figures."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    _draw(plt, "warps.png", 4, list(WARPS), _draw_warp)
    _draw(plt, "patterns.png", 5, list(PATTERNS), _draw_pattern)


def _draw(plt, file, columns, names, draw) -> None:  # type: ignore[no-untyped-def]
    rows = -(-len(names) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(2.5 * columns, 2.35 * rows), sharex=True, sharey=True, squeeze=False
    )
    for place, axis in enumerate(axes.flat):
        if place >= len(names):
            axis.axis("off")
            continue
        axis.set_title(names[place], fontsize=10, loc="left")
        axis.set_xticks([0, 40, 80])
        axis.set_yticks([0, 40, 80])
        axis.grid(color="#eeeeee")
        draw(axis, names[place])
        if place % columns == 0:
            axis.set_ylabel("animation time")
        if place + columns >= len(names):
            axis.set_xlabel("output frame")
            axis.tick_params(labelbottom=True)
    figure.tight_layout()
    figure.savefig(IMAGES / file, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _draw_warp(axis, name: str) -> None:  # type: ignore[no-untyped-def]
    paths = {tuple(WARPS[name](FRAMES, FRAMES, seed).tolist()) for seed in range(3)}
    colours = ["#1f5fa8", "#d2502a", "#3a8a5c"]
    for colour, path in zip(colours, sorted(paths, reverse=True), strict=False):
        axis.plot(path, color=colour, linewidth=1.5)


def _draw_pattern(axis, name: str) -> None:  # type: ignore[no-untyped-def]
    entry = PATTERNS[name]
    documented, coded = entry(), entry("coded")
    axis.axhline(FRAMES - 1, color="#bbbbbb", linewidth=0.8)
    if documented.tolist() != coded.tolist():
        axis.plot(coded, color="#d2502a", linewidth=1.3, linestyle="--")
    axis.plot(documented, color="#1f5fa8", linewidth=1.5)


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--figures", action="store_true")
    options = parser.parse_args()
    if options.figures:
        figures()
    if options.check:
        if PAGE.read_text("utf-8") != page():
            sys.stderr.write("docs/warps.md is not current: run python docs/make_warps.py\n")
            return 1
        return 0
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
