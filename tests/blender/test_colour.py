"""The display transform against Blender's own."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camxtime.errors import InputError
from camxtime.farm.color import DisplayTransform

CONFIG = "datafiles/colormanagement/config.ocio"


@pytest.fixture(scope="module")
def config() -> Path:
    """The configuration of the installed wheel, found without importing it."""
    spec = find_spec("bpy")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("bpy is not installed")
    return next(Path(spec.submodule_search_locations[0]).glob(f"*/{CONFIG}"))


def _light() -> np.ndarray:
    """A (96, 64, 4) picture from deep shadow to lamps, saturated colours and a grey ramp among it."""
    rng = np.random.default_rng(0)
    light = np.exp2(rng.uniform(-12, 6, (96, 64, 4))).astype(np.float32)
    light[:16, :, :3] = np.linspace(0, 1.2, 64, dtype=np.float32)[:, None]
    light[16:24, :, :3] *= np.eye(3, dtype=np.float32)[rng.integers(0, 3, (8, 64))]
    light[..., 3] = 1.0
    return light


@pytest.mark.slow
@pytest.mark.parametrize(
    ("view", "look", "exposure"),
    [("AgX", "None", 0.0), ("Filmic", "None", 0.0), ("Standard", "None", 0.0), ("AgX", "AgX - Punchy", 1.5),
     ("Filmic", "High Contrast", -1.0)],
)  # fmt: skip
def test_equals_blenders_png(config: Path, tmp_path: Path, view: str, look: str, exposure: float) -> None:
    light = _light()
    np.save(tmp_path / "light.npy", light)
    script = str(Path(__file__).parent / "save_with_blender.py")
    names = [str(tmp_path / "light.npy"), str(tmp_path / "shown.png"), view, look, str(exposure)]
    subprocess.run([sys.executable, script, *names], check=True, capture_output=True)
    blender = cv2.imread(str(tmp_path / "shown.png"))[..., ::-1]
    ours = DisplayTransform(config, view, look, exposure).to_uint8(light)
    assert np.abs(blender.astype(int) - ours).max() <= 1
    assert ours.std() > 20


def test_shapes_and_flipped_input(config: Path) -> None:
    """A batch of views equals its parts, and a view with negative strides (as the reader gives) its copy."""
    transform = DisplayTransform(config, "AgX")
    light = _light()
    batch = np.stack([light, light * 0.5])
    shown = transform.to_uint8(batch)
    assert shown.shape == (2, 96, 64, 3)
    assert shown.dtype == np.uint8
    assert np.array_equal(shown[1], transform.to_uint8(light * np.float32(0.5)))
    assert np.array_equal(transform.to_uint8(batch[:, ::-1]), shown[:, ::-1])
    with pytest.raises(InputError, match="H, W, 4"):
        transform.to_uint8(light[..., :3])


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 100, width=32), st.floats(-4, 4))
def test_standard_is_srgb_and_exposure_is_a_gain(value: float, exposure: float) -> None:
    spec = find_spec("bpy")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("bpy is not installed")
    path = next(Path(spec.submodule_search_locations[0]).glob(f"*/{CONFIG}"))
    grey = np.full((1, 1, 4), value, np.float32)
    shown = DisplayTransform(path, "Standard", exposure_ev=exposure).to_uint8(grey)[0, 0, 0]
    linear = min(value * 2.0**exposure, 1.0)
    srgb = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    assert abs(int(shown) - 255 * srgb) <= 1.01


def test_unknown_names(config: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"view_transform: 'Sepia' is not known to Blender; known: .*AgX"):
        DisplayTransform(config, "Sepia")
    with pytest.raises(InputError, match="look: 'Grim'"):
        DisplayTransform(config, "AgX", "Grim")
    (tmp_path / "config.ocio").write_text("not a configuration")
    with pytest.raises(InputError, match=r"config\.ocio"):
        DisplayTransform(tmp_path / "config.ocio", "AgX")
