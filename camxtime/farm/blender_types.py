"""What goes in and out of a Blender process, and how it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import InputError, WorkError
from camxtime.geometry.cameras import Cameras

Pixels = NDArray[np.float32]


class BlenderHung(WorkError):
    """Blender gave no sign of life within the time limit; it has been killed."""


class BlenderDied(WorkError):
    """Blender ended on its own: a crash, out of memory, or killed from outside."""


class BlenderFailed(WorkError):
    """Blender is alive but could not do what was asked, or its log shows a failure."""


class MachineFault(WorkError):
    """Blender ran on this machine and cannot be started again as it was: no task is to blame, and none will do better here."""


@dataclass(frozen=True)
class Limits:
    """Seconds without a sign of life after which Blender counts as hung.

    start_s: from launch to the first message. work_s: during anything else; Blender tells of its progress about once
    a second while it renders, so this must cover the longest silent stretch: importing a large file, building its
    BVH, compiling a GPU's kernels for the first time.
    """

    start_s: float = 120.0
    work_s: float = 900.0


@dataclass(frozen=True)
class BlenderLaunch:
    """How to start Blender.

    executable: None for this Python's bpy, else the path of a `blender` or of a Python that has bpy.
    scratch: existing folder for pixels on their way out (memory-backed: /dev/shm); its owner removes it.
    log: file to which Blender's stdout and stderr are appended.
    env: variables to set over the small environment that is passed on (CUDA_VISIBLE_DEVICES, for instance).
    pixels: how pixels leave Blender: auto, memory (Cycles' private hook) or exr; the results are the same.
    """

    executable: str | None
    scratch: Path
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    pixels: str = "auto"
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class BlenderInfo:
    """The Blender that was started. build: version, platform and date; build_hash: its commit."""

    version: tuple[int, int, int]
    build_hash: str
    build: str
    python: str
    pid: int


@dataclass(frozen=True)
class Device:
    """A compute device as Cycles lists it; type is CPU, OPTIX, CUDA, HIP, ONEAPI or METAL."""

    type: str
    name: str
    id: str


@dataclass(frozen=True)
class DeviceInfo:
    """What `configure` chose. route: memory or exr; ocio_config: Blender's colour configuration."""

    device: str
    names: tuple[str, ...]
    route: str
    ocio_config: Path


@dataclass(frozen=True)
class FileReport:
    """What a file holds.

    clips: [{"name", "seconds"}], the name "" for motion without one. size: (3,) metres as imported. floor_radius_m: radius
    of the free floor with headroom that was found in it; None without one.
    """

    clips: list[dict[str, Any]]
    armature: bool
    size: list[float]
    triangles: int
    floor_radius_m: float | None


@dataclass(frozen=True)
class StageReport:
    """A loaded stage.

    framing: JSON-ready fields of `geometry.Framing`. instances: [{"id", "name", "role"}], ids 1..N, 0 is background.
    assets: [{"file", "sha256"}], files as requested, textures beside them by path. captions: {"scene", "animation"}.
    stage: {"centre": [x, y, z], "radius_m"} of the free floor the subject acts on. memory_mb: Blender's peak so far.
    """

    triangles: int
    objects: int
    memory_mb: float
    seconds: float
    framing: dict[str, Any]
    instances: list[dict[str, Any]]
    assets: list[dict[str, str]]
    captions: dict[str, str]
    stage: dict[str, Any]


@dataclass(frozen=True, eq=False)
class PathReport:
    """What stands in the way of a camera path.

    inside_geometry: (C,) bool. clearance_m: (C,) to the nearest surface at any checked time. segment_blocked: (C,) bool,
    whether a surface lies between a camera and the next (the last is False). subject_visible: (C, len(times)) fraction
    of the subject's surface points that are in the image and not hidden by the scene (the subject's own far side
    counts as visible).
    """

    inside_geometry: NDArray[np.bool_]
    clearance_m: NDArray[np.float64]
    segment_blocked: NDArray[np.bool_]
    subject_visible: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RenderRequest:
    """Cells to render: all cameras at each time, with Cycles' noise seed (31 bits) per time.

    views_per_batch cameras are rendered in one call. The noise depends on a camera's place in its batch, so this is
    part of the recipe and must not depend on the machine.
    """

    cameras: Cameras
    times: list[int]
    seeds: list[int]
    views_per_batch: int

    def __post_init__(self) -> None:
        if len(self.seeds) != len(self.times):
            raise InputError(f"render: {len(self.times)} times need as many seeds, not {len(self.seeds)}")


@dataclass(frozen=True, eq=False)
class RenderedBatch:
    """The cells (time, cameras): passes by name, each (V, H, W, channels) float32, rows from the top.

    rgb: 4 channels, scene-linear Rec. 709, alpha premultiplied. depth: z in metres, +inf where nothing is hit.
    instance: whole numbers, 0 where nothing is hit. position: world metres. normal: world. albedo: linear.
    The arrays are views of mapped memory that lives as long as they do. seconds: {"render": …} of the whole batch.
    """

    time: int
    cameras: range
    passes: dict[str, Pixels]
    seconds: dict[str, float]
