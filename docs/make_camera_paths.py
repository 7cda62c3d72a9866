"""Write docs/camera_paths.md from the path kinds' own dataclasses, so that it cannot drift.

python docs/make_camera_paths.py            write the page
python docs/make_camera_paths.py --check    exit 1 if the page is not current
python docs/make_camera_paths.py --figure   draw docs/images/camera_paths.png as well (needs matplotlib)
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import sys
from pathlib import Path
from typing import Any

from camxtime.geometry.framing import FIT_MARGIN
from camxtime.geometry.paths import KINDS
from camxtime.geometry.paths.base import Start, SubjectPath

PAGE = Path(__file__).parent / "camera_paths.md"
FIGURE = Path(__file__).parent / "images" / "camera_paths.png"

PROMISES = {
    "subject": "Keeps the whole subject in the image at every time, given `distance_fit` ≥ 1 and `follow` 0.",
    "centre": "Keeps the subject's centre in the image with the default ranges (aspect ratios up to 16:9).",
    "none": "Promises nothing about the image: it goes where its file says.",
}

HEAD = """# Camera paths

<!-- Written by docs/make_camera_paths.py from camxtime/geometry/paths; change those, then run it. -->

A path is C cameras, 0 … C−1, each with its own pose and lens. It is drawn from ranges with a seed and framed on the
subject: Blender measures where the subject is at each time, and the path takes its target and distance from that.

![Top views of the kinds](images/camera_paths.png)

*Top views, one draw of each kind. Dot: subject; circle: its bounding sphere; triangle: its front; first camera green, last
red; ticks: viewing directions. Kinds that differ in height or lens only stand on a point: the small graphs show the rest.*

In a spec, each parameter may be left out (drawn from its default range), fixed, or given a range:

```yaml
camera_paths:
  - {id: arc, kind: arc}                                        # all from the defaults
  - {id: wide_arc, kind: arc, sweep_deg: [60, 90], direction: 1, speed: ease}
  - {id: front_orbit, kind: orbit, azimuth_deg: 0, elevation_deg: 10, distance_fit: [1.2, 1.6]}
  - {id: mine, kind: keyframes, file: paths/mine.yaml}
```

Paths with a fixed `azimuth_deg`, `elevation_deg`, `distance_fit` and `hfov_deg` share their first pose; left to be drawn,
each path starts elsewhere.

## From the subject to a start

Target: the centre of the box that holds the subject over the whole clip. R: the distance from there to the farthest corner
of the subject's box at any time. The path's narrowest lens sees a cone of half angle α (to the nearer image edge). Then

    d_fit = {margin} · R / sin α        d = distance_fit · d_fit
    start = target + d · (cos el · cos az, cos el · sin az, sin el),   az = front_deg + azimuth_deg, el = elevation_deg

so that at `distance_fit` 1 the subject just fits, at every time, with a margin of 10 %. Cameras look at the target with the
image upright, then `roll_deg` turns them clockwise.

`follow` lets camera c aim at the subject where the *diagonal* sees it (time c·(T−1)/(C−1)), smoothed over a tenth of the
clip. With `follow` above 0 and `distance_fit` ≥ 1 the diagonal keeps the subject in the image; other times may not.

A camera outside the stage's camera box, inside an object or without a view of the subject is not mended: the whole path is
drawn again from the seed, and refused when no draw works. In a narrow room, ask for less: a wider lens (`hfov_deg`), a
`distance_fit` below 1, a shorter `sweep_deg`.

## Speed laws

Position along the path at rank u = i/(C−1); every law is monotone with f(0) = 0, f(1) = 1, and a single camera stands at 0.

| kind | s = f(u) |
|---|---|
| `constant` | u |
| `ease` | u²·(3 − 2u) |
| `exponential`, a | (1 − exp(−a·u)) / (1 − exp(−a)): MultiCamVideo's; a > 0 fast then slow, a < 0 slow then fast |

## Drawing

Each field has a random generator of its own, seeded by the draw and the field's name. So a changed range stretches that
field's value and leaves the others as they were; the record of a path holds every concrete value, and
`geometry.paths.realise(kind, parameters, request)` rebuilds the cameras from it exactly.

## Parameters that many kinds have

All kinds but `keyframes` have these; `trajectory` has no `follow`.

"""

TAIL = """
## Keyframe files

YAML or JSON. Positions in metres; in the frame `subject`, the origin is the subject's centre over the clip, x points to its
front, z up; in `world`, coordinates are the stage's. `at` increases in any unit (frames, seconds); the path runs from the
first to the last. All keys have the same fields.

```yaml
frame: subject            # or world
interpolation: smooth     # natural cubic spline through the keys; or linear
keys:
  - {at: 0,   position: [4, -1, 0.5], look_at: [0, 0, 0], hfov_deg: 50}
  - {at: 60,  position: [3, 2, 1.2],  look_at: [0, 0, 0.3], hfov_deg: 40}
  - {at: 119, position: [1, 4, 0.5],  look_at: [0, 0, 0], hfov_deg: 50}
```

In place of `look_at`: `rotation_wxyz`, a quaternion, camera to world in OpenCV axes. `hfov_deg` and `roll_deg` are optional.

## Trajectory files

Three lines of numbers, as InSpatio-World and TrajectoryCrafter read them; lines may differ in length, each is stretched over
the path; empty lines and lines that begin with `#` are passed over.

```
0 5 10 5 0
0 20 40 20 0
1
```

| line | `dialect: inspatio` | `dialect: trajectorycrafter` |
|---|---|---|
| 1, degrees | pitch, + orbits up | theta, + up |
| 2, degrees | yaw, + orbits left | phi, + right |
| 3, × start distance d | radius r of the orbit; where lines 1 and 2 are all 0: dolly, + forward | move forward, + forward |

Poses are relative to a start camera that looks at the subject: c2w_i = c2w_start · rel_i, OpenCV axes.

    inspatio            rel = [Ry(yaw)·Rx(−pitch) | (−r·cosP·sinY, −r·sinP, r − r·cosP·cosY)]   an orbit about (0, 0, r)
    trajectorycrafter   rel = T(0, 0, d + r) · [Ry(phi)·Rx(theta)]⁻¹ · T(0, 0, −d)               an orbit about (0, 0, d + r)

with right-handed Rx, Ry. (InSpatio's own Rx has the opposite sign, hence −pitch. TrajectoryCrafter's `sphere2pose` builds a
matrix that its warper then uses as world-to-camera; the camera that is rendered is the inverse, given here.) With
`inspatio`, a third line of 1 orbits the subject itself; 0 turns the camera in place.

`smoothing: interpolate` (default) draws a cubic spline through the values (not-a-knot ends, FITPACK's s = 0); lines of fewer
than four values are linear. `smoothing: original` is what both programs do: FITPACK's smoothing spline with its default s = number
of values, which does not pass through them (a zoom of ±1 comes out flattened); TrajectoryCrafter then resets the first and
last value of all lines, InSpatio-World those of the displacement only. It needs SciPy (`pip install scipy`). InSpatio's
adaptive frame count is not imitated: C is the spec's.
"""


def page() -> str:
    """The whole page, from the dataclasses."""
    parts = [HEAD.replace("{margin}", f"{FIT_MARGIN:g}"), table(dataclasses.fields(SubjectPath)), "\n## The kinds\n"]
    parts += [section(kind, parameters) for kind, parameters in KINDS.items()]
    return "".join(parts) + TAIL


def section(kind: str, parameters: type) -> str:
    """One kind: its docstring, its promise, the fields that are its own."""
    shared = {field.name for field in dataclasses.fields(SubjectPath)} if issubclass(parameters, Start) else set()
    own = [field for field in dataclasses.fields(parameters) if field.name not in shared]
    text = inspect.cleandoc(parameters.__doc__ or "")
    return f"\n### {kind}\n\n{text}\n\n{PROMISES[parameters.PROMISE]}\n" + ("\n" + table(own) if own else "")


def table(fields: Any) -> str:
    """Markdown table of fields."""
    rows = ["| parameter | default | bounds | unit | meaning |", "|---|---|---|---|---|"]
    for field in fields:
        meta = field.metadata
        if meta["type"] == "choice":
            default, bounds = f"`{meta['choices'][0]}`", " or ".join(f"`{word}`" for word in meta["choices"])
        elif meta["type"] == "file":
            default, bounds = "required", "–"
        else:
            low, high = meta["default_range"]
            default = f"{low:g}" if low == high else f"{low:g} … {high:g}"
            if meta["type"] == "sign":
                default, bounds = "either", "1 or −1"
            elif meta["unit"] == "seed":
                default, bounds = "any", "0 … 2³² − 1"
            else:
                bounds = f"{meta['min']:g} … {meta['max']:g}"
        name = "file" if meta["type"] == "file" else field.name
        rows.append(f"| `{name}` | {default} | {bounds} | {meta['unit']} | {meta['help']} |")
    return "\n".join(rows) + "\n"


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say whether the page is current")
    parser.add_argument("--figure", action="store_true", help="draw the figure too")
    options = parser.parse_args()
    text = page()
    if options.check:
        current = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
        if not current:
            sys.stderr.write(f"{PAGE} is not current: run python docs/make_camera_paths.py\n")
        return 0 if current else 1
    PAGE.write_text(text, encoding="utf-8")
    if options.figure:
        from camera_paths_figure import draw_figure

        draw_figure(FIGURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
