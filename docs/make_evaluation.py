"""Draws docs/images/evaluation.png: one benchmark item of out/demo, its baselines and its masks.

python docs/make_evaluation.py [DATASET] [GRID]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import camxtime
from camxtime.evaluation import BASELINES, EvalItem, Prediction
from camxtime.evaluation.masks import covisible, moving, subjects_of
from camxtime.evaluation.tasks import TaskReader
from camxtime.splits.tracks import CellTrack

COLUMNS, SIDE, LABEL, GAP = 6, 144, 150, 4


def main(root: str = "out/demo", grid: str = "courtyard.walker.arc") -> None:
    """The item plays time backwards while the camera runs along its path backwards too, from the middle."""
    dataset = camxtime.open(root)
    count = min(dataset.grid(grid).C, dataset.grid(grid).T)
    forward = tuple(range(count))
    cameras = tuple(min(count - 1, c + count // 2) for c in forward)
    item = EvalItem("x", "x", "x", CellTrack(grid, forward, forward), CellTrack(grid, cameras, forward[::-1]))
    task = TaskReader(dataset).task(item)
    rows: list[tuple[str, np.ndarray]] = [("source", task.source.rgb), ("truth", task.target.rgb)]
    for name in ("copy", "reshuffle", "median", "depth-warp"):
        made = BASELINES[name](task)
        rows.append((name, made.frames if isinstance(made, Prediction) else made))
    moves = moving(task.target, subjects_of(dataset, grid))
    seen = covisible(task, moves)
    shade = (task.target.rgb // 3).astype(np.uint8)
    colour = shade.copy()
    colour[seen] += np.array([20, 120, 60], np.uint8)
    colour[~seen] += np.array([150, 40, 20], np.uint8)
    subject = shade.copy()
    subject[moves] += np.array([20, 80, 160], np.uint8)
    rows += [("co-visible (green),\nrevealed (red)", colour), ("moving", subject)]
    frames = np.linspace(0, count - 1, COLUMNS).round().astype(int)
    sheet = Image.new("RGB", (LABEL + COLUMNS * (SIDE + GAP), len(rows) * (SIDE + GAP)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for r, (name, clip) in enumerate(rows):
        draw.text((8, r * (SIDE + GAP) + SIDE // 2 - 12), name, "black", font)
        for c, f in enumerate(frames):
            picture = Image.fromarray(clip[f]).resize((SIDE, SIDE), Image.Resampling.NEAREST)
            sheet.paste(picture, (LABEL + c * (SIDE + GAP), r * (SIDE + GAP)))
    target = Path(__file__).parent / "images" / "evaluation.png"
    sheet.quantize(256).save(target, optimize=True)
    print(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
