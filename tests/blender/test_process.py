"""The Blender process: what is refused, how it hangs, dies and is killed, and that nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from camxtime.errors import InputError
from camxtime.farm import blender as blender_module
from camxtime.farm.blender import BlenderProcess
from camxtime.farm.blender_launch import command, environment, identify
from camxtime.farm.blender_types import BlenderDied, BlenderHung, BlenderLaunch, Limits, RenderRequest
from tests.blender import stages

SIZE = (stages.WIDTH, stages.HEIGHT)


def _script(folder: Path, body: str) -> str:
    path = folder / "blender"
    path.write_text("#!/bin/sh\n" + textwrap.dedent(body))
    path.chmod(0o755)
    return str(path)


def _gone(pid: int, within_s: float = 20.0) -> bool:
    """Whether a process has ended (a zombie counts) before the deadline."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


def _launch(folder: Path, executable: str | None = None) -> BlenderLaunch:
    (folder / "scratch").mkdir(exist_ok=True)
    return BlenderLaunch(executable, folder / "scratch", folder / "blender.log")


def test_executables_that_are_not_blender(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no program")
    for executable, words in (
        (str(tmp_path / "absent"), "cannot be run"),
        (str(tmp_path / "notes.txt"), "cannot be run"),
        ("/bin/ls", "is not Blender"),
        (_script(tmp_path, "echo 'Blender 4.2.1 LTS'"), "Blender 4.2; 5.0 or newer"),
    ):
        with pytest.raises(InputError, match=words):
            BlenderProcess(_launch(tmp_path, executable)).start()


def test_executables_are_told_apart(tmp_path: Path) -> None:
    assert identify(sys.executable) == "python"
    blender = _script(tmp_path, "echo 'Blender 5.2.0'; echo '\tbuild date: 2026-07-01'")
    assert identify(blender) == "blender"
    argv = command(blender, 7)
    assert argv[1:5] == ["--background", "--factory-startup", "--disable-autoexec", "--python-exit-code"]
    assert argv[-3:] == ["--", "--fd", "7"]
    assert Path(argv[argv.index("--python") + 1]).name == "worker.py"


def test_environment_holds_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    env = environment({"CUDA_VISIBLE_DEVICES": "3", "TMPDIR": "/x"})
    assert "AWS_SECRET_ACCESS_KEY" not in env
    assert env["CUDA_VISIBLE_DEVICES"] == "3"
    assert env["PATH"] == os.environ["PATH"]


DEAF = """
import json, os, sys, time
hello = {"version": [5, 0, 1], "build_hash": "a", "build": "", "python": "", "pid": 1}
os.write(int(sys.argv[-1]), json.dumps({"id": 0, "ok": hello}).encode() + b"\\n")
time.sleep(60)
"""


def test_a_blender_that_reads_no_more_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request of thousands of cameras is larger than the socket's buffer: it goes only as fast as Blender reads."""
    monkeypatch.setattr(blender_module, "QUIT_S", 0.1)
    (tmp_path / "deaf.py").write_text(DEAF)
    executable = _script(
        tmp_path,
        f"""
        if [ "$1" = --version ]; then echo 'Python 3.11'; exit 0; fi
        exec {sys.executable} {tmp_path / "deaf.py"} "$@"
        """,
    )
    launch = BlenderLaunch(executable, tmp_path, tmp_path / "blender.log", limits=Limits(60.0, 0.2))
    process = BlenderProcess(launch)
    assert process.start().build_hash == "a"
    with pytest.raises(BlenderDied, match="took nothing from it"):
        process.load_stage({"cameras": "x" * 4_000_000})
    assert process.pid is not None and _gone(process.pid)


def test_a_blender_that_no_signal_reaches_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stuck:
        pid = 2**30

        def wait(self, seconds: float) -> int:
            raise subprocess.TimeoutExpired("blender", seconds)

    monkeypatch.setattr(os, "killpg", lambda *_: None)
    process = BlenderProcess(_launch(tmp_path))
    process._process = Stuck()  # type: ignore[assignment]
    process.kill()


@pytest.mark.slow
def test_a_blender_executable_runs_the_worker_as_a_file(tmp_path: Path) -> None:
    """The command line of a real `blender`, with Python and bpy behind it: options up to the script are dropped."""
    executable = _script(
        tmp_path,
        f"""
        if [ "$1" = --version ]; then echo 'Blender 5.0.1'; exit 0; fi
        while [ "$1" != --python ]; do shift; done
        script="$2"; shift 2
        cd / && PYTHONPATH= exec {sys.executable} "$script" "$@"
        """,
    )
    with BlenderProcess(_launch(tmp_path, executable)) as process:
        assert process.start().version >= (5, 0, 0)
        assert any(device.type == "CPU" for device in process.devices())


@pytest.mark.slow
def test_devices_and_settings_that_do_not_exist(tmp_path: Path) -> None:
    with stages.start(tmp_path) as process:
        types = {device.type for device in process.devices()}
        assert "CPU" in types
        absent = next(kind for kind in ("METAL", "HIP", "ONEAPI") if kind not in types)
        for engine, passes, words in (
            (stages.engine(device=absent), ["rgb"], f"no {absent} device here; it finds .*CPU"),
            (stages.engine(device="TPU"), ["rgb"], "not a device type"),
            (stages.engine(view_transform="Sepia"), ["rgb"], "view_transform: 'Sepia'"),
            (stages.engine(look="Grim"), ["rgb"], "look: 'Grim'"),
            (stages.engine(denoise="magic"), ["rgb"], "denoise: 'magic'"),
            (stages.engine(), ["rgb", "smell"], "'smell' is not a pass"),
        ):
            with pytest.raises(InputError, match=words):
                process.configure(engine, SIZE, passes)
        with pytest.raises(InputError, match="load a stage first"):
            process.check_path(stages.ring(2), [0])
        assert process.configure(stages.engine(), SIZE, ["rgb"]).device == "CPU"


@pytest.mark.slow
def test_a_hung_blender_is_killed(tmp_path: Path) -> None:
    process = stages.start(tmp_path, work_s=2.0)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(BlenderHung, match="no sign of life for 2 s"):
        process.devices()
    assert _gone(process.pid)


@pytest.mark.slow
def test_a_killed_blender_is_reported_with_its_log(tmp_path: Path) -> None:
    process = stages.start(tmp_path)
    process.configure(stages.engine(samples=64), (256, 256), ["rgb"])
    process.load_stage(stages.calibration())
    stream = process.render(RenderRequest(stages.ring(4), list(range(8)), [1] * 8, 4))
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(BlenderDied, match=r"killed by SIGKILL .*log is .*blender\.log"):
        list(stream)
    process.close()
    with pytest.raises(BlenderDied):
        process.devices()


@pytest.mark.slow
def test_a_blender_that_cannot_start_is_reported(tmp_path: Path) -> None:
    executable = _script(
        tmp_path, "if [ \"$1\" = --version ]; then echo 'Blender 5.0.1'; exit 0; fi; echo no libX >&2; exit 3"
    )
    with pytest.raises(BlenderDied, match=r"ended with status 3(.|\n)*no libX"):
        BlenderProcess(_launch(tmp_path, executable)).start()


@pytest.mark.slow
def test_blender_dies_with_its_parent(tmp_path: Path) -> None:
    code = f"""
        import os, signal, sys
        from pathlib import Path
        from tests.blender import stages
        process = stages.start(Path({str(tmp_path)!r}))
        print(process.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert _gone(int(done.stdout))


@pytest.mark.slow
def test_close_ends_the_process_and_start_may_come_from_a_short_lived_thread(tmp_path: Path) -> None:
    """Linux kills the child when the *thread* that started it ends, unless the process takes care of that."""
    import threading

    started: list[BlenderProcess] = []
    thread = threading.Thread(target=lambda: started.append(stages.start(tmp_path)))
    thread.start()
    thread.join()
    time.sleep(0.5)
    process = started[0]
    assert process.devices()
    assert process.pid is not None
    process.close()
    assert _gone(process.pid)
