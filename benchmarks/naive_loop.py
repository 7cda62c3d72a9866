"""The plain script that a grid is usually rendered with: camera outside, time inside, one PNG per render call.

Run in a child process by `benchmarks/render.py` (it imports bpy): `python naive_loop.py job.json result.json`. The job
holds a stage request, engine settings, the image size, cameras (c2w, K) and times; the result the seconds of each part.
No persistent data, no multi-view, no Ray; what is rendered, and with what settings, is the same.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix

from blender_scripts.stage import load_stage

SENSOR_MM = 36.0


def settle(job: dict[str, Any]) -> None:
    """Cycles on the CPU with the job's samples and bounces; everything else as a script would leave it."""
    scene, engine = bpy.context.scene, job["engine"]
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = engine["samples"]
    scene.cycles.max_bounces = engine["max_bounces"]
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.use_denoising = False
    scene.render.use_persistent_data = False
    scene.render.resolution_x, scene.render.resolution_y = job["width"], job["height"]
    scene.render.resolution_percentage = 100
    scene.render.image_settings.media_type = "IMAGE"
    scene.render.image_settings.file_format = "PNG"
    scene.view_settings.view_transform = engine["view_transform"]
    if job["threads"]:
        scene.render.threads_mode, scene.render.threads = "FIXED", job["threads"]


def place(c2w: list[list[float]], K: list[list[float]], job: dict[str, Any], number: int) -> None:
    """Make camera `number` from an OpenCV pose and intrinsics, and film with it."""
    data = bpy.data.cameras.new(f"camera{number}")
    data.sensor_fit, data.sensor_width = "HORIZONTAL", SENSOR_MM
    data.lens = K[0][0] * SENSOR_MM / job["width"]
    data.clip_start, data.clip_end = job["clip"]
    camera = bpy.data.objects.new(f"camera{number}", data)
    flipped = [[row[0], -row[1], -row[2], row[3]] for row in c2w]
    camera.matrix_world = Matrix(flipped)
    bpy.context.scene.collection.objects.link(camera)
    bpy.context.scene.camera = camera


def main(job_file: str, result_file: str) -> None:
    """Render the job's cells and note the times."""
    job = json.loads(Path(job_file).read_text())
    start = time.perf_counter()
    job["clip"] = load_stage(job["stage"]).clip
    loaded = time.perf_counter()
    settle(job)
    out = Path(job["out"])
    place(job["c2w"][0], job["K"][0], job, 999)
    bpy.ops.render.render()  # kernels and caches are warm before the clock starts
    begin = time.perf_counter()
    for number, (c2w, K) in enumerate(zip(job["c2w"], job["K"], strict=True)):
        place(c2w, K, job, number)
        for t in job["times"]:
            bpy.context.scene.frame_set(1 + t)
            bpy.context.scene.render.filepath = str(out / f"c{number:04d}_t{t:04d}.png")
            bpy.ops.render.render(write_still=True)
    end = time.perf_counter()
    result = {"load_s": loaded - start, "render_s": end - begin, "cells": len(job["c2w"]) * len(job["times"])}
    Path(result_file).write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[-2:])
