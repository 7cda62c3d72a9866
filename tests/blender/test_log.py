"""Failures that Blender only prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from camxtime.farm import blender_log

HARMLESS = """\
00:00.252  cycles           | WARNING CUEW initialization failed: Error opening the library
00:00.252  cycles           | WARNING HIPEW initialization failed: Error opening HIP dynamic library
08:09:09 | INFO: Data are loaded, start creating Blender stuff
08:09:10 | INFO: glTF import finished in 0.91s
00:01.866  render           | Saved: '/dev/shm/x/batch00000003.exr'
Fra:1 Mem:17.91M (Peak 19.21M) | Time:00:00.12 | Synchronizing object | error_lamp
Info: Read library: 'props.blend'
"""


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("08:09:10 | ERROR: Missing image file (index 0): textures/wood.png", "missing texture"),
        ("Warning: unable to open image: wood.exr. unable to open file 'wood.exr'", "missing texture"),
        ("Error: Out of memory in CUDA queue enqueue (integrator_shade_surface)", "memory exhausted"),
        ("Error: System is out of GPU memory", "memory exhausted"),
        ("Malloc returns null: len=8589934592 in MEM_calloc, total 1200", "memory exhausted"),
        ("CUDA error: Illegal address in CUDA queue synchronize (integrator_sorted_paths_array)", "device"),
        ("OPTIX_ERROR_LAUNCH_FAILURE in optixLaunch", "device"),
        ("hipErrorLaunchFailure in hipDeviceSynchronize", "device"),
        ("Failed to load OptiX kernel from '/opt/blender/kernel_optix.ptx.zst'", "kernel"),
        ("Traceback (most recent call last):", "Python"),
        ("00:01.001  bpy.rna          | ERROR Python script error in CYCLES.render_frame_finish", "Python"),
    ],
)
def test_known_failures_are_found(line: str, meaning: str) -> None:
    (found,) = blender_log.find(HARMLESS + line + "\n" + HARMLESS)
    assert meaning in found
    assert line.strip() in found


def test_harmless_lines_are_not() -> None:
    assert blender_log.find(HARMLESS) == []


def test_scanning_goes_on_where_it_ended(tmp_path: Path) -> None:
    log = tmp_path / "blender.log"
    assert blender_log.scan(log, 0) == ([], 0)
    log.write_text("Error: System is out of GPU memory\n")
    found, end = blender_log.scan(log, 0)
    assert len(found) == 1
    assert blender_log.scan(log, end) == ([], end)
    with log.open("a") as file:
        file.write("hipErrorUnknown\n")
    assert "hipErrorUnknown" in blender_log.scan(log, end)[0][0]
    assert blender_log.tail(log, end) == "\n    hipErrorUnknown"


def test_words_for_the_end_of_a_process() -> None:
    assert blender_log.exit_words(3) == "ended with status 3"
    assert blender_log.exit_words(-9) == "was killed by SIGKILL (out of memory?)"
    assert blender_log.exit_words(-11) == "was killed by SIGSEGV (a crash)"
