"""One Blender, kept alive: started when needed, its stage kept loaded, replaced when it dies, hangs or has grown."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from camxtime.errors import CamxtimeError, InputError
from camxtime.farm.blender import BlenderProcess
from camxtime.farm.blender_types import BlenderInfo, BlenderLaunch, DeviceInfo, Limits, MachineFault, StageReport
from camxtime.farm.jobs import Recipe, StageJob

LOG_BYTES_KEPT = 200_000
GPU_PREFERENCE = ("OPTIX", "CUDA", "HIP", "ONEAPI", "METAL")


@dataclass(frozen=True)
class BlenderSettings:
    """How a worker runs Blender; the same for all workers of a run but for `threads`.

    device: a Cycles device, or `GPU`: the best kind of GPU that Blender sees here.
    """

    executable: str | None
    device: str
    threads: int
    hang_timeout_s: float
    recycle_units: int
    recycle_gb: float


class BlenderKeeper:
    """Use it from one thread only, which must live as long as Blender shall: the kernel ends the child with it.

    Args:
        settings: how Blender runs.
        recipe: engine, image size and passes to configure it for.
        scratch: the worker's scratch folder; Blender's log lies in it too.
        tell: called with `blender_started` or `blender_ended`, and keywords that say more.
    """

    def __init__(
        self, settings: BlenderSettings, recipe: Recipe, scratch: Path, tell: Callable[..., None] | None = None
    ) -> None:
        self._on_change = tell
        self._settings = settings
        self._recipe = recipe
        self._scratch = scratch
        self._log = scratch / "blender.log"
        self._process: BlenderProcess | None = None
        self._stage: StageReport | None = None
        self._stage_id: str | None = None
        self._units = 0
        self.info: BlenderInfo | None = None
        self.device: DeviceInfo | None = None
        self.starts = 0

    def _tell(self, event: str, **fields: Any) -> None:
        if self._on_change is not None:
            self._on_change(event, **fields)

    @property
    def stage_id(self) -> str | None:
        """The stage that is loaded."""
        return self._stage_id

    def start(self) -> BlenderProcess:
        """The running Blender, started and configured if it is not.

        Raises:
            InputError: the executable is not Blender, or too old, or the device is absent.
            WorkError: it does not start.
            MachineFault: one of these, or it is another Blender or device now, and it ran here before.
        """
        if self._process is not None:
            return self._process
        launch = BlenderLaunch(
            executable=self._settings.executable,
            scratch=self._scratch,
            log=self._log,
            env={"OMP_NUM_THREADS": str(self._settings.threads)},  # Ray sets it to 1 for its workers
            limits=Limits(work_s=self._settings.hang_timeout_s),
        )
        process = BlenderProcess(launch)
        try:
            info = process.start()
            self.starts += 1
            engine = {**self._recipe.engine, "device": self._device(process), "threads": self._settings.threads}
            size = (self._recipe.width, self._recipe.height)
            self._take(info, process.configure(engine, size, list(self._recipe.passes)))
        except BaseException as error:
            process.kill()
            if self.device is not None and isinstance(error, CamxtimeError):
                raise MachineFault(
                    f"{os.uname().nodename}: Blender cannot be started again as it was: {error}"
                ) from error
            raise
        self._process = process
        self._units = 0
        self._tell("blender_started", blender_pid=process.pid, start=self.starts, build=info.build_hash)
        return process

    def _take(self, info: BlenderInfo, device: DeviceInfo) -> None:
        """Note what was started; it was vetted for the run the first time, and must stay what it is."""
        if self.info is not None and self.device is not None:
            before = (self.info.version, self.info.build_hash, self.device.device)
            now = (info.version, info.build_hash, device.device)
            if now != before:
                raise InputError(f"it was {before} and is {now} (version, build, device).")
        self.info, self.device = info, device

    def _device(self, process: BlenderProcess) -> str:
        if self._settings.device != "GPU":
            return self._settings.device
        there = {device.type for device in process.devices()}
        for kind in GPU_PREFERENCE:
            if kind in there:
                return kind
        raise InputError(
            f"device: Ray has GPUs on {os.uname().nodename}, but Blender sees none of "
            f"{', '.join(GPU_PREFERENCE)}; mend the driver (camxtime doctor says what is wrong) or choose --device CPU."
        )

    def load(self, stage: StageJob) -> tuple[BlenderProcess, StageReport]:
        """Blender with the stage loaded, and what loading it reported.

        Raises:
            InputError: the stage's request is wrong (an asset is missing or is not what its suffix says, …).
            WorkError: Blender died or hung.
        """
        process = self.start()
        if self._stage is None or self._stage_id != stage.stage_id:
            self._stage, self._stage_id = None, None
            self._stage = process.load_stage(stage.request)
            self._stage_id = stage.stage_id
        return process, self._stage

    def unit_done(self) -> None:
        """Count a unit, and replace Blender if it has done or grown enough."""
        self._units += 1
        limit = self._settings.recycle_units
        grown = self._settings.recycle_gb > 0 and self.resident_gb() > self._settings.recycle_gb
        if grown or (limit > 0 and self._units >= limit):
            why = f"it has grown to {self.resident_gb():.2f} GB" if grown else f"it has done {self._units} units"
            self.close(why)

    def resident_gb(self) -> float:
        """Resident memory of Blender, GB; 0 when none runs."""
        process = self._process
        if process is None or process.pid is None:
            return 0.0
        try:
            return float(psutil.Process(process.pid).memory_info().rss) / 1e9
        except psutil.Error:
            return 0.0

    @property
    def pid(self) -> int | None:
        """Process id of Blender, None when none runs."""
        return self._process.pid if self._process is not None else None

    def discard(self) -> None:
        """Kill Blender: after an error its state is not to be trusted."""
        process, self._process = self._process, None
        self._stage, self._stage_id = None, None
        if process is not None:
            self._tell("blender_ended", blender_pid=process.pid, why="its task failed", level="warning")
            process.kill()

    def close(self, why: str = "the worker ends") -> None:
        """End Blender in good order."""
        process, self._process = self._process, None
        self._stage, self._stage_id = None, None
        if process is not None:
            self._tell("blender_ended", blender_pid=process.pid, why=why)
            process.close()

    def log_mark(self) -> int:
        """The log's length now, to take a unit's part of it later."""
        return self._log.stat().st_size if self._log.exists() else 0

    def log_since(self, mark: int) -> str:
        """Blender's log from `mark` on (the last `LOG_BYTES_KEPT` bytes of that)."""
        if not self._log.exists():
            return ""
        size = self._log.stat().st_size
        with self._log.open("rb") as file:
            file.seek(max(mark if mark <= size else 0, size - LOG_BYTES_KEPT))
            return file.read().decode("utf-8", "replace")
