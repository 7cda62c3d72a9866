"""Render docs/gallery.md: every scene family, animation family and kind of camera path, filmed as a farm films them.

python docs/make_gallery.py                    all of it (about ten minutes on two cores)
python docs/make_gallery.py --only street fish pictures of these families or kinds again
python docs/make_gallery.py --out DIR          into another folder, to look before replacing
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from camera_paths_figure import CHOSEN, KEYS, TRAJECTORY
from gallery_studio import Filmed, Studio, row, studio
from PIL import Image
from tqdm import tqdm

from camxtime.geometry.paths import KINDS
from camxtime.spec.content import families

DOCS = Path(__file__).parent
TIMES, FPS = 36, 12
SHOWN = (0, 5, 12, 18, 26, 33)  # uneven, so that no gait is caught in the same pose
CAMERAS = 31
SEED = 11
HOSTS = ("courtyard", "meadow", "warehouse", "gallery", "street", "beach")
"""Scenes that animations are shown in, in turn."""

PERSON = {"id": "person", "family": "walker", "params": {"gait": "idle", "height_m": 1.75}}


def spec(width: int, height: int, cameras: int, times: int, **parts: Any) -> dict[str, Any]:
    """Fields of a spec."""
    grid = {"cameras": cameras, "times": times, "fps": FPS}
    return {"seed": SEED, "grid": grid, "image": {"width": width, "height": height}, **parts}


def shot_of_scene(name: str, place: Studio, folder: Path) -> np.ndarray:
    """Three seeds of a scene family, a person of 1.75 m on the stage for scale; of four sides, the one with most in view."""
    paths = [{"id": f"view-{side}", "kind": "static", "azimuth_deg": [side - 30, side + 30], "elevation_deg": [4, 14],
              "distance_fit": [1.5, 2.6], "hfov_deg": [68, 78]} for side in (0, 90, 180, 270)]  # fmt: skip
    whole = {"scenes": [{"id": name, "family": name, "count": 3}], "animations": [PERSON]}
    tries = place.film(spec(64, 40, 1, 1, camera_paths=paths, **whole), folder, [0], [0])
    best: dict[str, Filmed] = {}
    for shot in tries:
        scene, _, _ = shot.record.names
        best[scene] = max(best.get(scene, shot), shot, key=lambda found: found.things)
    chosen = [
        {"scene": scene, "animation": PERSON["id"], "paths": [shot.record.names[2]]} for scene, shot in best.items()
    ]
    combine = {"how": "list", "grids": chosen}
    filmed = place.film(spec(320, 200, 1, 1, camera_paths=paths, combine=combine, **whole), folder, [0], [0])
    return row([shot.images[0, 0] for shot in filmed])


def shot_of_animation(name: str, number: int, place: Studio, folder: Path) -> np.ndarray:
    """A strip over three seconds, from a camera that stands still."""
    host = HOSTS[number % len(HOSTS)]
    path = {"id": "view", "kind": "static", "azimuth_deg": [25, 50], "elevation_deg": [6, 14],
            "distance_fit": [0.95, 1.15], "hfov_deg": [48, 76]}  # fmt: skip
    fields = spec(176, 176, 1, TIMES, scenes=[{"id": host, "family": host}],
                  animations=[{"id": name, "family": name}], camera_paths=[path])  # fmt: skip
    filmed = place.film(fields, folder, [0], SHOWN)[0]
    return row(list(filmed.images[0]))


def shot_of_path(kind: str, place: Studio, folder: Path) -> np.ndarray:
    """A strip over cameras at one time, and the path from above."""
    path: dict[str, Any] = {"id": kind, "kind": kind}
    files = {"keyframes": KEYS, "trajectory": TRAJECTORY}
    if kind == "keyframes":
        (folder / "keys.json").write_text(json.dumps(files[kind]))
        path["file"] = "keys.json"
    elif kind == "trajectory":
        lines = [" ".join(map(str, TRAJECTORY[name])) for name in ("pitch", "yaw", "displacement")]
        (folder / "trajectory.txt").write_text("\n".join(lines) + "\n")
        path["file"] = "trajectory.txt"
    else:
        path.update(CHOSEN.get(kind, {}))
    fields = spec(160, 160, CAMERAS, 12, scenes=[{"id": "courtyard", "family": "courtyard"}],
                  animations=[{"id": "dancer", "family": "dancer"}], camera_paths=[path])  # fmt: skip
    filmed = place.film(fields, folder, np.linspace(0, CAMERAS - 1, 5).round().astype(int).tolist(), [4])[0]
    return row([*filmed.images[:, 0], top_view(filmed, 160)])


def top_view(filmed: Filmed, side: int) -> np.ndarray:
    """(side, side, 3): the subject's ground over the clip, the path from green to red, views as ticks."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.patches import Rectangle

    framing, cameras = filmed.framing, filmed.record.cameras
    figure = pyplot.figure(figsize=(1, 1), dpi=side, facecolor="0.97")
    axis = figure.add_axes((0, 0, 1, 1))
    low, high = framing.subject_bounds[:, 0].min(axis=0), framing.subject_bounds[:, 1].max(axis=0)
    axis.add_patch(Rectangle(tuple(low[:2]), *(high - low)[:2], color="0.75", linewidth=0))
    eyes = cameras.centres
    ground = np.stack([np.minimum(eyes.min(axis=0), low), np.maximum(eyes.max(axis=0), high)])[:, :2]
    centre, reach = ground.mean(axis=0), 0.6 * np.ptp(ground, axis=0).max() + 0.3
    for eye, forward in zip(eyes[::3], cameras.forward[::3], strict=True):
        axis.plot(*np.stack([eye, eye + 0.3 * reach * forward])[:, :2].T, color="tab:blue", linewidth=0.4, alpha=0.6)
    axis.plot(eyes[:, 0], eyes[:, 1], color="tab:blue", linewidth=0.9)
    axis.plot(*eyes[0, :2], "o", color="tab:green", markersize=2.6)
    axis.plot(*eyes[-1, :2], "o", color="tab:red", markersize=1.8)
    axis.set(xlim=centre[0] + np.array([-reach, reach]), ylim=centre[1] + np.array([-reach, reach]), aspect="equal")
    axis.set_axis_off()
    figure.canvas.draw()
    picture = np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()  # type: ignore[attr-defined]
    pyplot.close(figure)
    return picture


def names() -> dict[str, list[str]]:
    """Section → its families or kinds."""
    found = [family for family in families() if family.name != "calibration"]
    return {
        "scenes": [family.name for family in found if family.kind == "scene"],
        "animations": [family.name for family in found if family.kind == "animation"],
        "paths": list(KINDS),
    }


TITLES = {
    "scenes": "## Scenes\n\nThree seeds of each family; a person of 1.75 m stands on the stage.\n",
    "animations": f"## Animations\n\n{TIMES / FPS:g} seconds from a camera that stands still, left to right.\n",
    "paths": "## Camera paths\n\nFive cameras of a path at one time, then the path from above: first camera green, last "
    "red, the subject's ground grey.\n",
}


def words(section: str, name: str) -> str:
    """First sentence of what a family's or a kind's own source says of it."""
    if section == "paths":
        return (KINDS[name].__doc__ or "").strip().splitlines()[0]
    source = DOCS.parent / "blender_scripts" / section / f"{name}.py"
    return (ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or "").split("\n\n")[0].replace("\n", " ")


def page() -> str:
    """The Markdown page."""
    parts = ["# Gallery\n\nReal renders of what a spec can name, made by `python docs/make_gallery.py`.\n"]
    for section, found in names().items():
        parts.append(TITLES[section])
        parts += [
            f"### {name}\n\n![{name}](images/gallery/{section}-{name}.jpg)\n\n{words(section, name)}\n"
            for name in found
        ]
    return "\n".join(parts)


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=None, help="families or kinds to picture again")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of gallery.md (default: docs)")
    options = parser.parse_args()
    known = names()
    unknown = set(options.only or ()) - {name for group in known.values() for name in group}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    pictures = options.out / "images" / "gallery"
    pictures.mkdir(parents=True, exist_ok=True)
    wanted = [(s, n, i) for s, group in known.items() for i, n in enumerate(group) if n in (options.only or [n])]
    with studio() as place, tempfile.TemporaryDirectory() as folder:
        for section, name, number in tqdm(wanted, unit="picture", disable=None):
            if section == "scenes":
                picture = shot_of_scene(name, place, Path(folder))
            elif section == "animations":
                picture = shot_of_animation(name, number, place, Path(folder))
            else:
                picture = shot_of_path(name, place, Path(folder))
            Image.fromarray(picture).save(pictures / f"{section}-{name}.jpg", quality=86)
    (options.out / "gallery.md").write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{len(wanted)} pictures in {pictures}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
