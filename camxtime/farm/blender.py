"""A Blender in a child process: started, asked, watched, and killed when it hangs.

Blender runs apart so that a crash, a hang, a leak or a NumPy clash never touches the caller. One process loads one
stage at a time. Not thread-safe: use each `BlenderProcess` from one thread.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from blender_scripts.protocol import Channel, ChannelClosed, Message
from camxtime.errors import InputError
from camxtime.farm import blender_log
from camxtime.farm.blender_launch import OLDEST, command, connection, environment
from camxtime.farm.blender_pixels import Layout, read_batch
from camxtime.farm.blender_types import (
    BlenderDied,
    BlenderFailed,
    BlenderHung,
    BlenderInfo,
    BlenderLaunch,
    Device,
    DeviceInfo,
    FileReport,
    PathReport,
    RenderedBatch,
    RenderRequest,
    StageReport,
)
from camxtime.geometry.cameras import Cameras

QUIT_S, KILL_S = 5.0, 30.0


class BlenderProcess:
    """One Blender and the conversation with it. Also a context manager, which closes it."""

    def __init__(self, launch: BlenderLaunch) -> None:
        self._launch = launch
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._keeper: threading.Thread | None = None
        self._requests = 0
        self._stream: RenderStream | None = None
        self._log_start = 0
        self._layout: Layout | None = None
        self.setup: tuple[dict[str, Any], tuple[int, int], list[str]] | None = None  # `configure`'s last arguments

    def __enter__(self) -> BlenderProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Process id, or None before `start`."""
        return None if self._process is None else self._process.pid

    def start(self) -> BlenderInfo:
        """Start Blender and wait until it answers.

        Raises InputError if the executable is not Blender or older than 5.0, BlenderDied or BlenderHung if it does
        not come up.
        """
        ours, theirs = connection(self._launch.limits.work_s)
        with theirs:
            argv = command(self._launch.executable, theirs.fileno())
            self._launch.log.parent.mkdir(parents=True, exist_ok=True)
            self._log_start = self._launch.log.stat().st_size if self._launch.log.exists() else 0
            self._spawn(argv, theirs.fileno())
        self._channel = Channel(ours)
        hello = self._wait(0, self._launch.limits.start_s)
        info = BlenderInfo(
            tuple(hello["version"]), hello["build_hash"], hello["build"], hello["python"], int(hello["pid"])
        )
        if info.version[:2] < OLDEST:
            self.kill()
            raise InputError(f"Blender {info.version} is too old; {OLDEST[0]}.{OLDEST[1]} or newer is needed")
        return info

    def devices(self) -> list[Device]:
        """Every device that this Blender can render on; needs no stage."""
        return [Device(**d) for d in self._ask("devices", {})["devices"]]

    def configure(self, engine: dict[str, Any], image: tuple[int, int], passes: list[str]) -> DeviceInfo:
        """Set engine, image size (width, height) and passes for all that follows.

        Raises InputError if the device, a pass or a view transform does not exist; never falls back to the CPU.
        """
        width, height = image
        answer = self._ask(
            "configure",
            {"engine": engine, "width": width, "height": height, "passes": passes, "route": self._launch.pixels,
             "scratch": str(self._launch.scratch.resolve())},
        )  # fmt: skip
        self._layout, self.setup = (width, height, tuple(passes), answer["route"]), (engine, image, passes)
        return DeviceInfo(answer["device"], tuple(answer["names"]), answer["route"], Path(answer["ocio_config"]))

    def inspect(self, file: Path) -> FileReport:
        """What a scene or animation file holds; raises InputError if it cannot be imported. Unloads the stage."""
        return FileReport(**self._ask("inspect", {"file": str(file)}))

    def load_stage(self, request: dict[str, Any]) -> StageReport:
        """Load a stage in place of the last one; raises InputError for a bad request or asset."""
        return StageReport(**self._ask("load_stage", request))

    def check_path(self, cameras: Cameras, times: list[int]) -> PathReport:
        """Check a camera path against the loaded stage's geometry at the given times."""
        answer = self._ask("check_path", {**_cameras(cameras), "times": list(times)})
        clearance = [np.inf if c is None else c for c in answer["clearance_m"]]
        return PathReport(
            np.array(answer["inside_geometry"], dtype=bool),
            np.array(clearance, dtype=np.float64),
            np.array(answer["segment_blocked"], dtype=bool),
            np.array(answer["subject_visible"], dtype=np.float64).reshape(len(cameras), len(times)),
        )

    def render(self, request: RenderRequest) -> RenderStream:
        """Start rendering and return an iterator over the batches, time by time and in camera order.

        Blender works at most two batches ahead. Asking anything else of this process ends an unfinished iteration.
        """
        if self._layout is None:
            raise InputError("render: configure the engine first")
        body = {
            **_cameras(request.cameras),
            "times": list(request.times),
            "seeds": list(request.seeds),
            "views_per_batch": request.views_per_batch,
        }
        self._stream = RenderStream(self, self._send("render", body), self._layout)
        return self._stream

    def close(self) -> None:
        """Ask Blender to quit, and kill it if it does not within five seconds."""
        if self._process is not None and self._channel is not None and self._process.poll() is None:
            with contextlib.suppress(ChannelClosed, subprocess.TimeoutExpired):
                self._channel.send({"id": -1, "do": "quit"})
                self._process.wait(QUIT_S)
        self.kill()

    def kill(self) -> None:
        """End Blender and all its children at once. May be called at any time, from any thread."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):  # it is stuck in a driver, where no signal reaches it
                self._process.wait(KILL_S)
        if self._channel is not None:
            self._channel.close()

    def _spawn(self, argv: list[str], fd: int) -> None:
        """Start the child from a thread that outlives it: Linux ties its death signal to the parent's thread."""
        started = threading.Event()
        failure: list[OSError] = []
        env = environment({"TMPDIR": str(self._launch.scratch), **self._launch.env})

        def keep() -> None:
            try:
                with self._launch.log.open("ab") as log:
                    self._process = subprocess.Popen(
                        argv, pass_fds=[fd], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                        start_new_session=True,
                    )  # fmt: skip
            except OSError as error:
                failure.append(error)
                return
            finally:
                started.set()
            self._process.wait()

        self._keeper = threading.Thread(target=keep, name="blender-keeper", daemon=True)
        self._keeper.start()
        started.wait()
        if failure:
            raise InputError(f"Blender cannot be started: {failure[0]}") from failure[0]

    def _ask(self, verb: str, args: Message) -> Message:
        return self._wait(self._send(verb, args), self._launch.limits.work_s)

    def _send(self, verb: str, args: Message) -> int:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._requests += 1
        try:
            self._open_channel().send({"id": self._requests, "do": verb, "args": args})
        except ChannelClosed as error:
            raise self._died() from error
        return self._requests

    def _wait(self, request: int, limit_s: float) -> Message:
        """Return the answer to a request, past the signs of life before it."""
        while True:
            message = self._receive(limit_s)
            if message["id"] == request and "event" not in message:
                return self._result(message)

    def _receive(self, limit_s: float) -> Message:
        try:
            message = self._open_channel().receive(limit_s)
        except ChannelClosed as error:
            raise self._died() from error
        if message is None:
            self.kill()
            raise BlenderHung(
                f"Blender gave no sign of life for {limit_s:g} s and was killed; its log is {self._launch.log}"
                + blender_log.tail(self._launch.log, self._log_start)
            )
        return message

    def _result(self, message: Message) -> Message:
        """The body of an answer; raises what it reports, or what Blender's log shows since the last answer."""
        faults, self._log_start = blender_log.scan(self._launch.log, self._log_start)
        error = message.get("error")
        if error is not None:
            if error["kind"] == "input":
                raise InputError(error["message"])
            raise BlenderFailed(f"Blender: {error['message']}; its log is {self._launch.log}")
        if faults:
            raise BlenderFailed(f"Blender's log shows {faults[0]}; the log is {self._launch.log}")
        body: Message = message["ok"]
        return body

    def _died(self) -> BlenderDied:
        """Say how Blender ended."""
        code: int | None = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._process.wait(QUIT_S)
        self.kill()
        how = "closed its connection or took nothing from it" if code is None else blender_log.exit_words(code)
        return BlenderDied(
            f"Blender {how}; its log is {self._launch.log}" + blender_log.tail(self._launch.log, self._log_start)
        )

    def _open_channel(self) -> Channel:
        if self._channel is None:
            raise InputError("Blender is not started")
        return self._channel


class RenderStream(Iterator[RenderedBatch]):
    """The batches of one render request. A batch counts as consumed when the next is asked for."""

    def __init__(self, process: BlenderProcess, request: int, layout: Layout) -> None:
        self.request = request
        self._layout = layout
        self._process = process
        self._pending = False
        self._ended = False

    def __next__(self) -> RenderedBatch:
        self._acknowledge()
        if self._ended:
            raise StopIteration
        message = self._next_message()
        if "event" not in message:
            self._ended = True
            self._process._result(message)
            raise StopIteration
        self._pending = True
        return read_batch(self._process._launch.scratch, message["event"]["batch"], self._layout)

    def close(self) -> None:
        """Stop rendering this request after the batch at hand and drop what is left of it, its failures too."""
        if self._ended:
            return
        with contextlib.suppress(ChannelClosed):
            self._process._open_channel().send({"cancel": self.request})
        while not self._ended:
            with contextlib.suppress(BlenderFailed, InputError, StopIteration):
                next(self)

    def _next_message(self) -> Message:
        while True:
            message = self._process._receive(self._process._launch.limits.work_s)
            if message["id"] == self.request and "batch" in message.get("event", {"batch": None}):
                return message

    def _acknowledge(self) -> None:
        if self._pending:
            self._pending = False
            with contextlib.suppress(ChannelClosed):  # its end is reported where the next message is awaited
                self._process._open_channel().send({"ack": self.request})


def _cameras(cameras: Cameras) -> Message:
    return {"c2w": cameras.c2w.tolist(), "K": cameras.K.tolist(), "width": cameras.width, "height": cameras.height}
