"""A stand-in for the `blender` executable that computes tiny deterministic images: what is left of a render is the farm.

    python benchmarks/python_engine.py --version
    python benchmarks/python_engine.py … -- --fd N          (as `camxtime` starts a blender)

It speaks the protocol of `blender_scripts/worker.py`, and nothing in the farm knows that it is not Blender: the same socket, the
same scratch files, the same answers, one event a batch. `--seconds` (environment: CYCLES_PYTHON_ENGINE_S) makes it take so long
for a cell. Its scene is a ball on the floor that no path can fail to film.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from blender_scripts.lifeline import die_with_parent
from blender_scripts.protocol import Channel, ChannelClosed

VERSION = (5, 0, 1)
OUTSTANDING = 2
SECONDS = "CYCLES_PYTHON_ENGINE_S"  # of a prefix that the farm passes on


class PythonEngine:
    """Answers the requests of one parent until it is gone."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._setup: dict[str, Any] = {}
        self._times = 0
        self._count = 0
        self._unconsumed = 0
        self._queue: list[dict[str, Any]] = []
        self._seconds = float(os.environ.get(SECONDS, "0"))
        self._pattern = np.zeros(0, np.float32)

    def serve(self) -> None:
        """Until asked to quit."""
        while True:
            message = self._queue.pop(0) if self._queue else self._channel.receive(None)
            if message is None or "do" not in message:
                self._note(message or {})
                continue
            if message["do"] == "quit":
                self._channel.send({"id": message["id"], "ok": {}})
                return
            answer = getattr(self, f"_{message['do']}")(message["id"], message.get("args", {}))
            self._channel.send({"id": message["id"], "ok": answer})

    def _devices(self, _: int, __: Any) -> dict[str, Any]:
        return {"devices": [{"type": "CPU", "name": "NumPy", "id": "cpu"}]}

    def _configure(self, _: int, args: dict[str, Any]) -> dict[str, Any]:
        self._setup = args
        y, x = np.mgrid[0 : args["height"], 0 : args["width"]].astype(np.float32)
        self._pattern = np.stack([x / args["width"], y / args["height"], 0.5 + 0 * x, 1 + 0 * x], axis=-1)
        spec = find_spec("bpy")
        found = Path(spec.origin).parent.glob("*/datafiles/colormanagement/config.ocio") if spec and spec.origin else []
        return {"device": "CPU", "names": ["NumPy"], "route": "memory", "ocio_config": str(next(iter(found)))}

    def _load_stage(self, _: int, args: dict[str, Any]) -> dict[str, Any]:
        self._times = int(args["times"])
        box = [[-0.5, -0.5, 0.0], [0.5, 0.5, 1.0]]
        framing = {
            "subject_bounds": [box] * self._times, "camera_min": [-20, -20, 0.1], "camera_max": [20, 20, 20],
            "floor_m": 0.0, "front_deg": 0.0,
        }  # fmt: skip
        instances = [{"id": 1, "name": "floor", "role": "floor"}, {"id": 2, "name": "ball", "role": "subject"}]
        return {
            "triangles": 2, "objects": 2, "memory_mb": 0.0, "seconds": 0.0, "framing": framing, "instances": instances,
            "assets": [], "captions": {"scene": "a floor", "animation": f"ball {args['animation']['id']} rolls"},
            "stage": {"centre": [0.0, 0.0, 0.0], "radius_m": 2.0},
        }  # fmt: skip

    def _check_path(self, _: int, args: dict[str, Any]) -> dict[str, Any]:
        cameras = len(args["c2w"])
        return {
            "inside_geometry": [False] * cameras, "clearance_m": [1.0] * cameras,
            "segment_blocked": [False] * cameras, "subject_visible": [[1.0] * len(args["times"])] * cameras,
        }  # fmt: skip

    def _render(self, request: int, args: dict[str, Any]) -> dict[str, Any]:
        cameras, step = len(args["c2w"]), int(args["views_per_batch"])
        batches = 0
        for t, seed in zip(args["times"], args["seeds"], strict=True):
            for first in range(0, cameras, step):
                views = range(first, min(first + step, cameras))
                began = time.perf_counter()
                name = self._picture(t, seed, views)
                seconds = time.perf_counter() - began
                batch = {"time": t, "first": first, "count": len(views), "file": name, "seconds": {"render": seconds}}
                self._channel.send({"id": request, "event": {"batch": batch}})
                batches += 1
                self._unconsumed += 1
                while self._unconsumed >= OUTSTANDING:
                    self._note(self._channel.receive(None) or {})
        return {"batches": batches}

    def _picture(self, t: int, seed: int, views: range) -> str:
        """Write the batch's pixels: a gradient whose tint depends on seed, camera and time; rgb alone."""
        tint = (np.arange(views.start, views.stop)[:, None] * [7, 11, 13] + seed % 97 + t * 5) % 64 / 64.0
        pixels = np.repeat(self._pattern[None], len(views), axis=0)
        pixels[..., :3] *= (0.5 + 0.5 * tint.astype(np.float32))[:, None, None, :]
        self._count += 1
        name = f"batch{self._count:08d}.raw"
        pixels.tofile(Path(self._setup["scratch"]) / name)
        if self._seconds:
            time.sleep(self._seconds * len(views))
        return name

    def _note(self, message: dict[str, Any]) -> None:
        if "ack" in message:
            self._unconsumed -= 1
        elif "do" in message:
            self._queue.append(message)


def main() -> int:
    """Serve on the socket after `--fd`, or say the version."""
    if "--version" in sys.argv:
        print("Blender {}.{}.{}".format(*VERSION))
        return 0
    die_with_parent(os.getppid())
    channel = Channel(socket.socket(fileno=int(sys.argv[sys.argv.index("--fd") + 1])))
    hello = {"version": list(VERSION), "build_hash": "python", "build": "images computed in Python",
             "python": sys.version.split()[0], "pid": os.getpid()}  # fmt: skip
    try:
        channel.send({"id": 0, "ok": hello})
        PythonEngine(channel).serve()
    except ChannelClosed:
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
