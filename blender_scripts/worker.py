"""The entry point of a Blender worker: serves requests of its parent until the parent is gone.

Started as `python -m blender_scripts.worker --fd N` (bpy wheel) or `blender --background --factory-startup
--disable-autoexec --python-exit-code 3 --python blender_scripts/worker.py -- --fd N`.
"""

from __future__ import annotations

import os
import socket
import sys
import time as clock
import traceback
from pathlib import Path
from typing import Any

if __package__ in (None, ""):  # run as a file, by a blender executable
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bpy

from blender_scripts.engine import Engine
from blender_scripts.engine import apply as apply_engine
from blender_scripts.errors import RenderFault, StageError
from blender_scripts.lifeline import die_with_parent, flush_output
from blender_scripts.protocol import Channel, ChannelClosed, Message

OUTSTANDING = 2
"""Batches that may be rendered but not yet consumed."""

HEARTBEAT_S = 1.0


class Worker:
    """Holds the engine and the stage, and answers one request after the other."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._engine: Engine | None = None
        self._setup: Message = {}
        self._stage: Any = None
        self._renderer: Any = None
        self._checker: Any = None
        self._request = 0
        self._unconsumed = 0
        self._queue: list[Message] = []
        self._cancelled: set[int] = set()
        self._last_beat = 0.0

    def serve(self) -> None:
        """Answer requests until the parent closes the socket or asks to quit."""
        while True:
            message = self._next()
            if "do" not in message:
                self._note(message)
                continue
            if message["do"] == "quit":
                self._channel.send({"id": message["id"], "ok": {}})
                return
            self._request = message["id"]
            answer = self._answer(message)
            flush_output()  # the parent looks for failures in the log when it has the answer
            self._channel.send(answer)

    def _answer(self, message: Message) -> Message:
        verbs = {
            "devices": self._devices,
            "configure": self._configure,
            "inspect": self._inspect,
            "load_stage": self._load_stage,
            "check_path": self._check_path,
            "render": self._render,
        }
        try:
            return {"id": message["id"], "ok": verbs[message["do"]](message.get("args", {}))}
        except ChannelClosed:
            raise
        except (StageError, RenderFault) as error:
            return {"id": message["id"], "error": {"kind": error.kind, "message": str(error)}}
        except Exception as error:  # noqa: BLE001  the parent must hear of every failure; the log has the traceback
            traceback.print_exc()
            text = f"{type(error).__name__}: {error}"
            return {"id": message["id"], "error": {"kind": "bug", "message": text, "trace": traceback.format_exc()}}

    def _devices(self, _: Message) -> Message:
        from blender_scripts.devices import list_devices

        return {"devices": list_devices()}

    def _configure(self, args: Message) -> Message:
        from blender_scripts.passes import choose_route

        engine = Engine(args["engine"], int(args["width"]), int(args["height"]), tuple(args["passes"]))
        devices = apply_engine(engine)
        self._engine, self._setup, self._renderer = engine, args, None
        return {
            "device": engine.settings.get("device", "CPU"),
            "names": devices,
            "route": choose_route(args["route"]),
            "ocio_config": str(Path(bpy.utils.system_resource("DATAFILES")) / "colormanagement" / "config.ocio"),
        }

    def _inspect(self, args: Message) -> Message:
        from blender_scripts.inspection import inspect

        self._stage = self._renderer = self._checker = None
        return inspect(args)

    def _load_stage(self, args: Message) -> Message:
        from blender_scripts.stage import load_stage

        self._stage = self._renderer = self._checker = None
        self._stage = load_stage(args, self._beat)
        self._watch_renders()
        if self._engine is not None:
            apply_engine(self._engine)  # loading has emptied the file
        report: Message = self._stage.report
        return report

    def _check_path(self, args: Message) -> Message:
        from blender_scripts.checks import PathChecker

        if self._checker is None:
            self._checker = PathChecker(self._loaded())
        return self._checker.check(args, self._beat)

    def _render(self, args: Message) -> Message:
        from blender_scripts.passes import choose_route
        from blender_scripts.render import Order, Renderer

        stage = self._loaded()
        if self._engine is None:
            raise StageError("render: configure the engine first")
        order = Order.parse(args, stage.times)
        if self._renderer is None:
            route = choose_route(self._setup["route"])
            self._renderer = Renderer(self._engine, route, Path(self._setup["scratch"]), stage.clip)
        self._wait_for_room()
        return {"batches": self._renderer.run(order, self._emit)}

    def _emit(self, batch: Message) -> bool:
        """Tell the parent of a batch; before the next is rendered, wait until there is room for it."""
        self._channel.send({"id": self._request, "event": {"batch": batch}})
        self._last_beat = clock.monotonic()
        self._unconsumed += 1
        self._wait_for_room()
        return self._request not in self._cancelled

    def _wait_for_room(self) -> None:
        while (message := self._channel.receive(0.0)) is not None:
            self._note(message)
        while self._unconsumed >= OUTSTANDING and self._request not in self._cancelled:
            waited = self._channel.receive(None)
            if waited is not None:
                self._note(waited)

    def _next(self) -> Message:
        if self._queue:
            return self._queue.pop(0)
        message = self._channel.receive(None)
        return message if message is not None else {}

    def _note(self, message: Message) -> None:
        if "ack" in message:
            self._unconsumed -= 1
        elif "cancel" in message:
            self._cancelled.add(message["cancel"])
        elif "do" in message:
            self._queue.append(message)

    def _loaded(self) -> Any:
        if self._stage is None:
            raise StageError("load a stage first")
        return self._stage

    def _watch_renders(self) -> None:
        """Loading a file removes handlers, so this follows each load."""
        bpy.app.handlers.render_stats.append(self._beat)

    def _beat(self, *_: Any) -> None:
        """Tell the parent, at most once a second, that work goes on."""
        now = clock.monotonic()
        if now - self._last_beat >= HEARTBEAT_S:
            self._last_beat = now
            self._channel.send({"id": self._request, "event": {"beat": True}})


def main(arguments: list[str]) -> int:
    """Serve on the socket whose file descriptor follows `--fd`; return the exit status."""
    if arguments[:1] != ["--fd"] or len(arguments) != 2:
        print("usage: worker.py --fd N", file=sys.stderr)
        return 2
    die_with_parent(os.getppid())
    channel = Channel(socket.socket(fileno=int(arguments[1])))
    hello = {
        "version": list(bpy.app.version),
        "build_hash": bpy.app.build_hash.decode(),
        "build": f"{bpy.app.version_string} {bpy.app.build_platform.decode()} {bpy.app.build_date.decode()}".strip(),
        "python": sys.version.split()[0],
        "pid": os.getpid(),
    }
    try:
        channel.send({"id": 0, "ok": hello})
        Worker(channel).serve()
    except ChannelClosed:
        print("the parent has closed the connection", file=sys.stderr)
    return 0


if __name__ == "__main__":
    own = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    sys.exit(main(own))
