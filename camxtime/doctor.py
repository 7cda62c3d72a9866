"""Checks of a machine before a render: what is wrong, and the command that mends it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from camxtime.errors import CamxtimeError

MIN_SCRATCH_BYTES = 2 * 10**9
MIN_TARGET_BYTES = 10**9
# Debian and Ubuntu packages of the shared libraries that Blender links against, for the mend.
PACKAGE_OF_LIBRARY = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libICE.so.6": "libice6",
    "libSM.so.6": "libsm6",
    "libX11.so.6": "libx11-6",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libXrender.so.1": "libxrender1",
    "libXxf86vm.so.1": "libxxf86vm1",
    "libgomp.so.1": "libgomp1",
    "libxkbcommon.so.0": "libxkbcommon0",
}


@dataclass(frozen=True)
class Check:
    """One finding. `state` is ok, warn (rendering works, something is worse than it could be) or fail."""

    name: str
    state: str
    message: str
    mend: str | None = None


def run_checks(target: str | Path | None = None, blender: str | None = None, address: str | None = None) -> list[Check]:
    """All checks, in the order in which a render needs them.

    Args:
        target: dataset folder or URL to be written, checked for write access, a folder for space too.
        blender: `blender` executable or Python with bpy; this Python's bpy when None.
        address: Ray cluster to be used, `host:port` or `auto`; None for a local Ray.
    """
    checks = [check_python(), *check_libraries()]
    if blender is None:
        checks += check_bpy_files()
    if not any(check.state == "fail" for check in checks):
        checks += check_blender(blender)
    checks += [check_gpu(), check_scratch(), check_ray(address)]
    if target is not None:
        checks.append(check_storage(target) if "://" in str(target) else check_target(Path(target)))
    return checks


def check_python() -> Check:
    version = platform.python_version()
    if sys.version_info[:2] in ((3, 11), (3, 13)):
        return Check("python", "ok", f"{version} on {platform.system()} {platform.machine()}")
    return Check(
        "python",
        "warn",
        f"{version}: there is no bpy wheel for it (3.11 and 3.13 have one)",
        "make a Python 3.11 environment, or render with --blender /path/to/blender",
    )


def check_libraries() -> list[Check]:
    """Versions of the packages that reading and rendering need."""
    checks = []
    for package, extra in (("numpy", ""), ("pyarrow", ""), ("OpenEXR", "render"), ("opencolorio", "render")):
        try:
            checks.append(Check(package, "ok", importlib.metadata.version(package)))
        except importlib.metadata.PackageNotFoundError:
            wanted = f"camxtime[{extra}]" if extra else "camxtime"
            checks.append(Check(package, "fail", "is not installed", f"pip install '{wanted}'"))
    return checks


def check_bpy_files() -> list[Check]:
    """The bpy wheel and the shared libraries it links against, found without loading it."""
    spec = importlib.util.find_spec("bpy")
    if spec is None or spec.origin is None:
        return [Check("bpy", "fail", "the Blender wheel is not installed", "pip install 'camxtime[render]'")]
    missing = missing_libraries(Path(spec.origin).with_name("__init__.so"))
    if not missing:
        return []
    packages = sorted({PACKAGE_OF_LIBRARY.get(name, name) for name in missing})
    message = f"Blender's shared libraries are missing: {', '.join(missing)}"
    return [Check("bpy", "fail", message, f"apt-get install {' '.join(packages)}")]


def missing_libraries(binary: Path) -> list[str]:
    """Names of shared libraries that `binary` links against and the loader does not find (Linux; else empty)."""
    ldd = shutil.which("ldd")
    if ldd is None or not binary.exists():
        return []
    output = subprocess.run([ldd, str(binary)], capture_output=True, text=True, timeout=60, check=False).stdout
    return sorted({line.split()[0] for line in output.splitlines() if "not found" in line})


def check_gpu() -> Check:
    """GPUs as the NVIDIA driver reports them; Blender's own list comes from `check_blender`."""
    smi = shutil.which("nvidia-smi")
    if smi is None:
        return Check("gpu", "ok", "no NVIDIA driver here; cells are rendered on the CPU or another vendor's GPU")
    query = [smi, "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader"]
    result = subprocess.run(query, capture_output=True, text=True, timeout=60, check=False)
    if result.returncode != 0:
        return Check("gpu", "warn", f"nvidia-smi fails: {result.stderr.strip()[:200]}", "check the NVIDIA driver")
    return Check("gpu", "ok", "; ".join(line.strip() for line in result.stdout.splitlines()))


def check_scratch() -> Check:
    """Space for pixels on their way out of Blender."""
    memory = Path("/dev/shm")  # noqa: S108  memory-backed, a folder of our own is made inside
    folder = memory if memory.is_dir() and os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free
    kind = "memory-backed" if folder == memory else "on disk: slower"
    if free < MIN_SCRATCH_BYTES:
        mend = "docker run --shm-size=8g …, or camxtime render --scratch /a/roomy/folder"
        return Check("scratch", "warn", f"{folder}: only {free / 1e9:.1f} GB free", mend)
    return Check("scratch", "ok", f"{folder}: {free / 1e9:.1f} GB free, {kind}")


def check_ray(address: str | None) -> Check:
    if importlib.util.find_spec("ray") is None:
        return Check("ray", "fail", "is not installed", "pip install 'camxtime[render]'")
    version = importlib.metadata.version("ray")
    if address is None or address == "auto":
        return Check("ray", "ok", f"{version}, {os.cpu_count()} CPU cores here")
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=5):
            return Check("ray", "ok", f"{version}, {address} answers")
    except (OSError, ValueError) as error:
        return Check(
            "ray", "fail", f"{address} does not answer: {error}", "ray start --head --port=6379 on the head node"
        )


def check_target(target: Path) -> Check:
    """Write access and space where the dataset will go; writes and removes one small file."""
    folder = next((p for p in [target, *target.resolve().parents] if p.exists()), Path("/"))
    if not folder.is_dir():
        return Check("target", "fail", f"{folder} is a file", "name a folder for the dataset")
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".camxtime-doctor-") as probe:
            probe.write(b"camxtime")
    except OSError as error:
        return Check(
            "target",
            "fail",
            f"{folder} cannot be written: {error.strerror}",
            f"chmod u+w {folder}, or name another folder",
        )
    free = shutil.disk_usage(folder).free
    if free < MIN_TARGET_BYTES:
        return Check("target", "warn", f"{folder}: only {free / 1e9:.1f} GB free", "free space, or name another folder")
    return Check("target", "ok", f"{folder}: writable, {free / 1e9:.0f} GB free")


def check_storage(url: str | Path) -> Check:
    """Write access to object storage; writes, reads and removes one small object."""
    from camxtime.shards.store import open_store

    name, words = ".camxtime-doctor", b"camxtime"
    try:
        store = open_store(str(url))
        store.write(name, words)
        found = store.read_bytes(name)
        store.remove(name)
    except CamxtimeError as error:
        return Check("target", "fail", str(error), "look at the address, its credentials and their rights")
    if found != words:
        return Check("target", "fail", f"{url}: what was written is not what is read", "use another storage")
    return Check("target", "ok", f"{url}: can be written and read")


def check_blender(blender: str | None) -> list[Check]:
    """Start Blender once, ask for its build and its devices, and stop it."""
    from camxtime.farm.blender import BlenderLaunch, BlenderProcess

    with tempfile.TemporaryDirectory(prefix="camxtime-doctor-") as folder:
        launch = BlenderLaunch(blender, Path(folder), Path(folder) / "blender.log")
        try:
            with BlenderProcess(launch) as process:
                info = process.start()
                devices = process.devices()
        except CamxtimeError as error:
            mend = "name another one with --blender" if blender else "pip install --force-reinstall 'camxtime[render]'"
            return [Check("blender", "fail", str(error), mend)]
    version = ".".join(str(part) for part in info.version)
    listed = ", ".join(f"{device.type} {device.name}" for device in devices)
    return [
        Check("blender", "ok", f"{version} ({info.build_hash}), Python {info.python}"),
        Check("devices", "ok", f"Cycles can render on: {listed}"),
    ]
