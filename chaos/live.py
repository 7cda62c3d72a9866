"""Faults of a run under way: processes killed or frozen, disks filled, scratch gone, clocks set wrong."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from camxtime.errors import CamxtimeError
from chaos.aftermath import Struck
from chaos.driver import TRACEBACK
from chaos.rig import BLENDER, LIMIT_S, RAYLET, WORKER, Attempt, Hang, Moment, Rig, await_true, process_of

HANG_S = 4.0  # so that a frozen Blender is found in seconds
FREEZE_S = (0.3, 4.0)


@dataclass(frozen=True)
class Signal:
    """SIGKILL to a Blender or its worker, or SIGSTOP: a Blender stays frozen, a worker is let go (or killed) after a while."""

    whom: str
    stop: bool

    def strike(self, rig: Rig, root: Path, rng: np.random.Generator) -> Struck:
        """Render, and hit the process at a seeded moment."""
        moment, cruel = Moment.draw(rng, rig), bool(rng.random() < 0.5)
        attempt = rig.start(root, hang_timeout_s=HANG_S if self.stop and self.whom == BLENDER else 900.0)
        target = await_true(lambda: process_of(self.whom), lambda: attempt.over)
        hit = target is not None and moment.wait(root, lambda: attempt.over)
        now = process_of(self.whom) or target
        words = f"{'SIGSTOP' if self.stop else 'SIGKILL'} of the {self.whom} {moment}"
        if hit and now is not None:
            hit = _send(now, signal.SIGSTOP if self.stop else signal.SIGKILL)
        if hit and self.stop and self.whom == WORKER:
            words += _let_go(now, rng, cruel)
        attempt.join()
        return Struck(words, said=_said(attempt), hit=hit)


@dataclass(frozen=True)
class Driver:
    """A driver of its own, killed or frozen, or the raylet of its Ray."""

    whom: str  # "driver" or "raylet"
    stop: bool

    def strike(self, rig: Rig, root: Path, rng: np.random.Generator) -> Struck:
        """Render in a process of its own, and hit it or its raylet at a seeded moment."""
        moment, cruel = Moment.draw(rng, rig), bool(rng.random() < 0.5)
        process = rig.driver(root, own_ray=self.whom == RAYLET)
        family: dict[int, psutil.Process] = {}

        def over() -> bool:
            return process.poll() is not None

        def target() -> psutil.Process | None:
            if self.whom == RAYLET:
                return process_of(RAYLET, process.pid)
            return psutil.Process(process.pid) if (root / "ledger" / "run.json").exists() else None

        try:
            found = await_true(target, over)
            hit = found is not None and moment.wait(root, over)
            family = _family(process.pid)
            if hit and found is not None:
                hit = _send(found, signal.SIGSTOP if self.stop else signal.SIGKILL)
            words = f"{'SIGSTOP' if self.stop else 'SIGKILL'} of the {self.whom} {moment}"
            if hit and self.stop:
                words += _let_go(found, rng, cruel)
            family |= _family(process.pid)
            _wait(process)
        finally:
            _end(process, family)
        return Struck(words, said=_last_words(process, rig), hit=hit)


@dataclass(frozen=True)
class Clock:
    """The driver's clock jumps three days, ahead or back, in the middle; then all files carry times of that day."""

    def strike(self, rig: Rig, root: Path, rng: np.random.Generator) -> Struck:
        """Simulated: `time.time` in the driver's process, and the files' times; no clock of the machine is touched."""
        moment, ahead, kill = Moment.draw(rng, rig), bool(rng.random() < 0.5), bool(rng.random() < 0.5)
        process = rig.driver(root)
        try:
            found = await_true((root / "ledger" / "run.json").exists, lambda: process.poll() is not None)
            hit = found is not None and moment.wait(root, lambda: process.poll() is not None)
            if hit:
                process.send_signal(signal.SIGUSR1 if ahead else signal.SIGUSR2)
                if kill:
                    time.sleep(float(rng.uniform(0, 1)))
                    process.kill()
            _wait(process)
        finally:
            _end(process, _family(process.pid))
        day = time.time() + (259_200 if ahead else -259_200)
        for file in root.rglob("*"):
            with contextlib.suppress(FileNotFoundError):  # workers of a dead driver clean up after themselves
                os.utime(file, (day, day))
        words = f"the clock jumps 3 days {'ahead' if ahead else 'back'} {moment}{', then SIGKILL' if kill else ''}"
        return Struck(words, said=_last_words(process, rig), hit=hit)


@dataclass(frozen=True)
class DiskFull:
    """The dataset lies on a disk (a tmpfs) without enough room; then on one that has it."""

    def strike(self, rig: Rig, root: Path, rng: np.random.Generator) -> Struck:
        """Needs the right to mount; `PermissionError` otherwise."""
        disk = root.parent / "disk"
        whole = sum(-(-file.stat().st_size // 4096) + 1 for file in rig.reference.rglob("*")) * 4
        kb = int(whole * rng.uniform(0.2, 0.95))
        with mounted(disk, kb):
            attempt = rig.start(disk / "dataset", ignore_free_space=True).join()
            shutil.copytree(disk / "dataset", root)  # a larger disk
        return Struck(f"a disk of {kb} kB", said=_said(attempt), hit=not _ok(attempt))


@dataclass(frozen=True)
class ScratchFull:
    """Somebody fills the disk that the scratch folder lies on, while workers use it."""

    def strike(self, rig: Rig, root: Path, rng: np.random.Generator) -> Struck:
        """As `DiskFull`."""
        moment, disk = Moment.draw(rng, rig), root.parent / "disk"
        with mounted(disk, 4096):
            attempt = rig.start(root, scratch=disk)
            found = await_true(lambda: process_of(BLENDER), lambda: attempt.over)
            hit = found is not None and moment.wait(root, lambda: attempt.over)
            if hit:
                _fill(disk / "somebody-elses")
            attempt.join()
        return Struck(f"the scratch disk fills up {moment}", said=_said(attempt), hit=hit)


@dataclass(frozen=True)
class ScratchGone:
    """Somebody cleans /dev/shm: the scratch folders vanish under a running worker."""

    def strike(self, rig: Rig, root: Path, rng: np.random.Generator) -> Struck:
        """Render, and delete the scratch at a seeded moment."""
        moment = Moment.draw(rng, rig)
        attempt = rig.start(root)
        found = await_true(lambda: process_of(BLENDER), lambda: attempt.over)
        hit = found is not None and moment.wait(root, lambda: attempt.over)
        if hit:
            for folder in (rig.folder / "scratch").glob("camxtime-scratch-*"):
                shutil.rmtree(folder, ignore_errors=True)
        attempt.join()
        return Struck(f"scratch vanishes {moment}", said=_said(attempt), hit=hit)


@contextmanager
def mounted(disk: Path, kb: int) -> Iterator[None]:
    """A tmpfs of so many kB for the time of the block; `PermissionError` where that is not allowed."""
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kb}k", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PermissionError(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
        while ballast.write(bytes(4096)):
            pass


def _send(process: psutil.Process, number: signal.Signals) -> bool:
    try:
        process.send_signal(number)
    except psutil.Error:
        return False
    return True


def _let_go(process: psutil.Process | None, rng: np.random.Generator, cruel: bool) -> str:
    """Continue (or kill) a stopped process after a while; words for it."""
    pause = float(rng.uniform(*FREEZE_S))
    time.sleep(pause)
    if process is not None:
        _send(process, signal.SIGKILL if cruel else signal.SIGCONT)
    return f", {'SIGKILL' if cruel else 'SIGCONT'} {pause:.1f} s later"


def _wait(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(LIMIT_S)
    except subprocess.TimeoutExpired as error:
        raise Hang(f"the driver has not ended in {LIMIT_S:.0f} s") from error


def _family(pid: int) -> dict[int, psutil.Process]:
    try:
        return {child.pid: child for child in psutil.Process(pid).children(recursive=True)}
    except psutil.Error:
        return {}


def _end(process: subprocess.Popen[str], family: dict[int, psutil.Process]) -> None:
    """End a driver and what it started (psutil compares the times of birth, so no other process is ever hit)."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()
    for child in family.values():
        if child.is_running():
            _send(child, signal.SIGKILL)


def _ok(attempt: Attempt) -> bool:
    return attempt.summary is not None and attempt.summary.ok


def _last_words(process: subprocess.Popen[str], rig: Rig) -> str:
    """The end of a driver's log; an error of the trial if that is a traceback."""
    text = (rig.folder / "driver.log").read_text()
    if process.returncode == TRACEBACK:
        raise RuntimeError(f"the driver ended in a traceback: {text[-1500:]}")
    return text[-300:]


def _said(attempt: Attempt) -> str:
    """How a render ended; an error of the trial if that was not in words for a user, whatever comes of the dataset."""
    if attempt.error is not None and not isinstance(attempt.error, CamxtimeError):
        raise RuntimeError(f"the run that was hit ended in {type(attempt.error).__name__}") from attempt.error
    if attempt.error is not None:
        return f"{type(attempt.error).__name__}: {attempt.error}"[:300]
    return attempt.summary.state if attempt.summary is not None else "nothing"
