"""Each measure against images and cameras whose answer is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camxtime.geometry.cameras import Cameras, intrinsics
from camxtime.quality.measures import (
    camera_steps,
    covisibility,
    exposure,
    measure,
    motion,
    sharpness,
    static_share,
    subject,
)
from camxtime.quality.sample import Sample, spread, time_pairs

SIZE = 48
SUBJECT = 7


def cameras_at(x: list[float], focal: list[float] | None = None, turn_deg: list[float] | None = None) -> Cameras:
    """Cameras on the x axis that look along world z, turned about y."""
    count = len(x)
    c2w = np.tile(np.eye(4), (count, 1, 1))
    for i, angle in enumerate(np.radians(turn_deg or [0.0] * count)):
        c2w[i, :3, :3] = [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    c2w[:, 0, 3] = x
    return Cameras(c2w, intrinsics(np.array(focal or [40.0] * count), SIZE, SIZE), SIZE, SIZE).validate()


def sample_of(times: int = 3, path: Cameras | None = None, **passes: np.ndarray) -> Sample:
    path = path or cameras_at([0.0, 0.5])
    return Sample(np.arange(len(path)), np.arange(times), path, frozenset({SUBJECT}), **passes)


def texture(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).uniform(0, 255, (SIZE, SIZE)).astype(np.float32)
    return np.repeat(np.clip(cv2.GaussianBlur(noise, (0, 0), 1.5)[..., None] * 3 - 255, 0, 255), 3, -1).astype(np.uint8)


def test_exposure_counts_what_is_lost_in_lights_and_shadows() -> None:
    image = np.full((10, 10, 3), 128, np.uint8)
    image[:2] = 255
    image[2:5] = (3, 5, 0)
    image[5] = (255, 40, 40)  # a saturated red is not clipped
    values = exposure(image)
    assert values["clipped_share"] == pytest.approx(0.2) and values["black_share"] == pytest.approx(0.3)
    red = 0.2126 * 255 + (0.7152 + 0.0722) * 40
    dark = 0.2126 * 3 + 0.7152 * 5
    assert values["luminance"] == pytest.approx((0.2 * 255 + 0.3 * dark + 0.1 * red + 0.4 * 128) / 255, abs=1e-6)


def test_sharpness_falls_with_blur_and_is_nothing_on_a_flat_image() -> None:
    image = texture()
    blurred = cv2.GaussianBlur(image, (0, 0), 3)
    assert sharpness(np.full((1, 8, 8, 3), 90, np.uint8)) == 0
    assert sharpness(image) > 3 * sharpness(blurred) > 0


def test_the_subject_is_measured_by_its_ids() -> None:
    instance = np.zeros((2, 2, SIZE, SIZE), np.uint16)
    instance[0, 0, :12] = SUBJECT
    instance[0, 1, 0, :3] = SUBJECT  # three pixels are not seen
    instance[1, 0] = SUBJECT + 1
    instance[1, 1, :2, :2] = SUBJECT
    values = subject(sample_of(2, instance=instance))
    assert values["subject_visible"] == 0.5
    assert values["subject_share"] == pytest.approx((12 * SIZE + 3 + 4) / (4 * SIZE * SIZE))


@pytest.mark.parametrize("shift", [(0, 0), (1, 0), (2, 1), (3, -2)])
def test_motion_is_the_length_of_the_subjects_flow(shift: tuple[int, int]) -> None:
    still, moving = texture(1), texture(2)
    images, ids = [], []
    for frame in range(2):
        x, y = 16 + frame * shift[0], 16 + frame * shift[1]
        image, instance = still.copy(), np.ones((SIZE, SIZE), np.uint16)
        image[y : y + 16, x : x + 16] = moving[:16, :16]
        instance[y : y + 16, x : x + 16] = SUBJECT
        images.append(image)
        ids.append(instance)
    sample = sample_of(2, cameras_at([0.0]), rgb=np.stack(images)[:, None], instance=np.stack(ids)[:, None])
    assert motion(sample) == pytest.approx(np.hypot(*shift), rel=0.2, abs=0.05)


def test_static_share_ignores_noise_but_not_moving_surfaces() -> None:
    rng = np.random.default_rng(3)
    depth = np.full((3, 1, SIZE, SIZE), 5.0, np.float32) * rng.uniform(0.9995, 1.0005, (3, 1, SIZE, SIZE)).astype(
        np.float32
    )
    depth[:, :, :6] = np.inf  # the sky
    instance = np.ones((3, 1, SIZE, SIZE), np.uint16)
    rgb = rng.integers(0, 255, (3, 1, SIZE, SIZE, 3), dtype=np.uint8)
    still = sample_of(3, cameras_at([0.0]), rgb=rgb, depth=depth, instance=instance)
    assert static_share(still) == 1.0
    depth[2, 0, 24:30] = 4.0
    instance[1, 0, 30:36] = SUBJECT
    depth[1, 0, 0] = 9.0  # something rises into the sky
    moved = sample_of(3, cameras_at([0.0]), rgb=rgb, depth=depth, instance=instance)
    assert static_share(moved) == pytest.approx(1 - 13 / SIZE)


def test_without_depth_and_ids_the_light_tells_what_changes() -> None:
    rgb = np.tile(texture(4), (2, 1, 1, 1, 1))
    rgb = np.clip(rgb + np.random.default_rng(5).normal(0, 3, rgb.shape), 0, 255).astype(np.uint8)
    assert static_share(sample_of(2, cameras_at([0.0]), rgb=rgb)) > 0.999
    rgb[1, 0, :24] = 255 - rgb[1, 0, :24]
    assert 0.4 < static_share(sample_of(2, cameras_at([0.0]), rgb=rgb)) < 0.8


@settings(max_examples=30, deadline=None)
@given(st.floats(0.01, 0.5), st.floats(2, 50), st.floats(20, 80))
def test_parallax_of_a_wall_is_focal_length_times_step_over_depth(step: float, depth: float, focal: float) -> None:
    path = cameras_at([0.0, step, 2 * step], [focal] * 3)
    values = camera_steps(sample_of(1, path, depth=np.full((1, 3, SIZE, SIZE), depth, np.float32)))
    wanted = focal * step / np.float32(depth)
    assert values["parallax_px"] == pytest.approx(wanted, rel=1e-6)
    assert values["camera_motion_px"] == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize(
    "path",
    [cameras_at([0.0, 0.0], turn_deg=[0.0, 3.0]), cameras_at([0.0, 0.0], focal=[40.0, 50.0])],
    ids=["pan", "zoom"],
)
def test_pans_and_zooms_move_the_image_without_parallax(path: Cameras) -> None:
    values = camera_steps(sample_of(1, path, depth=np.full((1, 2, SIZE, SIZE), 4.0, np.float32)))
    assert values["parallax_px"] == pytest.approx(0, abs=1e-9) and values["camera_motion_px"] > 1


def test_a_camera_that_stands_has_no_motion_and_sees_all_of_what_it_saw() -> None:
    rng = np.random.default_rng(6)
    depth = np.tile(rng.uniform(3, 3.1, (SIZE, SIZE)).astype(np.float32), (1, 2, 1, 1))
    sample = sample_of(1, cameras_at([1.0, 1.0]), depth=depth)
    assert camera_steps(sample)["camera_motion_px"] == pytest.approx(0, abs=1e-9)
    assert covisibility(sample) > 0.95


def test_covisibility_is_what_both_ends_of_the_path_see() -> None:
    wall = np.full((1, 2, SIZE, SIZE), 40.0, np.float32)
    assert covisibility(sample_of(1, cameras_at([0.0, 24.0]), depth=wall)) == pytest.approx(0.5, abs=0.03)
    assert covisibility(sample_of(1, cameras_at([0.0, 0.0], turn_deg=[0, 180]), depth=wall)) == 0
    assert covisibility(sample_of(1, depth=np.full_like(wall, np.inf))) is None


def test_what_the_passes_cannot_tell_is_none() -> None:
    values = measure(sample_of(1, rgb=np.full((1, 2, SIZE, SIZE, 3), 100, np.uint8)))
    assert values["luminance"] == pytest.approx(100 / 255)
    told = {name for name, value in values.items() if value is not None}
    assert told == {"luminance", "clipped_share", "black_share", "sharpness"}


@given(st.integers(1, 200), st.integers(1, 12))
def test_what_is_looked_at_is_in_the_grid_and_reaches_its_ends(count: int, most: int) -> None:
    chosen, times = spread(count, most), time_pairs(count, most)
    assert len(chosen) == min(count, most) and chosen[0] == 0 and (most == 1 or chosen[-1] == count - 1)
    assert (np.diff(times) > 0).all() and times[0] >= 0 and times[-1] < count
    if count > 1:
        assert (np.diff(times) == 1).any()
