"""The render loops of other tools, re-expressed on this bpy: which call, in which order, with which of its own settings.

Run in a child process by `benchmarks/peers.py`: `python peer_loops.py LOOP job.json result.json`. The job is that of
`naive_loop.py`; stage, samples, bounces, size and view transform are the same for all. Kept of each tool is the order of its
loops, what it switches between renders, its persistent-data setting and where it writes; left out is everything around it
(loaders, other passes, annotation, containers). docs/comparison.md says what that means.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import cv2
from mathutils import Matrix
from naive_loop import place, settle

from blender_scripts.stage import load_stage

Job = dict[str, Any]


def pose(c2w: list[list[float]]) -> Any:
    """Blender's camera matrix of an OpenCV pose."""
    return Matrix([[row[0], -row[1], -row[2], row[3]] for row in c2w])


def film(out: Path, prefix: str, times: list[int]) -> None:
    """All times from the present camera, in one call of Blender's own animation render."""
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1 + times[0], 1 + times[-1]
    scene.render.filepath = str(out / f"{prefix}_####")
    bpy.ops.render.render(animation=True)


def read_back(out: Path, keep: Path) -> None:
    """Load what Blender wrote to the memory disk and hand it on, as tools do that return arrays."""
    for file in sorted(out.glob("*.png")):
        if cv2.imread(str(file)) is None:
            raise SystemExit(f"{file} cannot be read")
        shutil.move(file, keep / file.name)


def blenderproc(job: Job, out: Path) -> None:
    """BlenderProc: one camera whose pose is a keyframe a frame, persistent data, one animation call, files read back.

    Its timeline is the camera's index; to see an animated scene from a standing camera, its users register the same pose
    once a frame (issues 408 and 548), so a grid is one such call a camera.
    """
    scene, keep = bpy.context.scene, Path(job["out"])
    scene.render.use_persistent_data = True
    for number, c2w in enumerate(job["c2w"]):
        scene.camera.animation_data_clear()
        for t in job["times"]:
            scene.camera.matrix_world = pose(c2w)
            for path in ("location", "rotation_euler"):
                scene.camera.keyframe_insert(path, frame=1 + t)
        film(out, f"c{number:04d}", job["times"])
        read_back(out, keep)


def kubric(job: Job, out: Path) -> None:
    """Kubric: one camera, no persistent data, frame by frame with `write_still`, files read back after the video."""
    scene, keep = bpy.context.scene, Path(job["out"])
    for number, c2w in enumerate(job["c2w"]):
        scene.camera.matrix_world = pose(c2w)
        for t in job["times"]:
            scene.frame_set(1 + t)
            scene.render.filepath = str(out / f"c{number:04d}_{t:04d}.png")
            bpy.ops.render.render(write_still=True)
        read_back(out, keep)


def infinigen(job: Job, _: Path) -> None:
    """Infinigen: all cameras stand in the scene; for each, `scene.camera = it` and one animation call, persistent data."""
    scene = bpy.context.scene
    scene.render.use_persistent_data = len(job["times"]) > 1
    cameras = all_cameras(job)
    for number, camera in enumerate(cameras):
        scene.camera = camera
        film(Path(job["out"]), f"c{number:04d}", job["times"])


def pointodyssey(job: Job, _: Path) -> None:
    """PointOdyssey's multi-view script: time outside, cameras inside, `scene.camera` switched before every render."""
    scene = bpy.context.scene
    cameras = all_cameras(job)
    for t in job["times"]:
        scene.frame_set(1 + t)
        for number, camera in enumerate(cameras):
            scene.camera = camera
            scene.render.filepath = str(Path(job["out"]) / f"c{number:04d}_{t:04d}.png")
            bpy.ops.render.render(write_still=True)


def all_cameras(job: Job) -> list[Any]:
    """One camera object a pose."""
    cameras = []
    for number, (c2w, K) in enumerate(zip(job["c2w"], job["K"], strict=True)):
        place(c2w, K, job, number)
        cameras.append(bpy.context.scene.camera)
    return cameras


LOOPS: dict[str, Callable[[Job, Path], None]] = {
    "blenderproc": blenderproc, "kubric": kubric, "infinigen": infinigen, "pointodyssey": pointodyssey,
}  # fmt: skip


def main(loop: str, job_file: str, result_file: str) -> None:
    """Render the job's cells with one loop and note the times."""
    job = json.loads(Path(job_file).read_text())
    begin = time.perf_counter()
    job["clip"] = load_stage(job["stage"]).clip
    loaded = time.perf_counter()
    settle(job)
    memory = Path(job["memory"])
    place(job["c2w"][0], job["K"][0], job, 999)
    bpy.ops.render.render()  # kernels and caches are warm before the clock starts
    start = time.perf_counter()
    LOOPS[loop](job, memory)
    end = time.perf_counter()
    result = {"load_s": loaded - begin, "render_s": end - start, "cells": len(job["c2w"]) * len(job["times"])}
    Path(result_file).write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[-3:])
