"""Depth against depth, on an analytic world: right data yields no contradiction, wrong data is flagged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_camera_paths import request, rng
from worlds import World, depth, view

from camxtime.errors import DataError
from camxtime.geometry.cameras import Cameras, look_at, pixel_centres, project, unproject
from camxtime.geometry.paths import draw
from camxtime.geometry.paths.base import axis_rotation
from camxtime.geometry.reproject import LABELS, Reprojection, Tolerances, View, covisible_mask, reproject

ROOM = World(room=5.0)
SKY = World()
THIN = World(
    boxes=(
        ((-0.5, 1.0, 0.0), (-0.48, 1.02, 2.0)),  # a pole of 2 cm
        ((1.0, 0.5, 0.0), (1.02, 1.5, 1.2)),  # a board, seen edge-on and broadside
        ((-1.0, -1.5, 0.0), (-0.6, -1.2, 0.02)),  # a plate on the floor
        ((-1.5, 0.2, 0.8), (1.5, 0.215, 0.815)),  # a wire
    ),
    room=5.0,
)
KINDS = ("arc", "random_walk", "truck", "spiral", "dolly", "orbit", "zoom", "handheld")


def cameras_of(kind: str, size: int, seed: int = 0) -> Cameras:
    path = request(cameras=8)
    start = {"elevation_deg": (5, 25), "distance_fit": (1, 1.5), "hfov_deg": (45, 60)}
    return draw(kind, start, replace(path, width=size, height=size), rng(seed)).cameras


def pairs(world: World, size: int) -> list[tuple[View, View]]:
    found = []
    for seed, kind in enumerate(KINDS):
        cameras = cameras_of(kind, size, seed)
        found += [(view(world, cameras, i), view(world, cameras, j)) for i, j in ((0, 7), (7, 0), (2, 5), (3, 4))]
    return found


def totals(results: list[Reprojection]) -> tuple[int, int]:
    return sum(result.counts["contradiction"] for result in results), sum(result.decided for result in results)


@pytest.mark.parametrize("world", [ROOM, SKY, THIN], ids=["room", "sky", "thin"])
@pytest.mark.parametrize("size", [48, 96])
def test_right_data_yields_no_contradiction(world: World, size: int):
    contradictions, decided = totals([reproject(a, b) for a, b in pairs(world, size)])
    assert decided > 0.2 * len(KINDS) * 4 * size * size * (0.5 if world is SKY else 1.0)
    assert contradictions < 1e-4 * decided


@pytest.mark.parametrize("world", [ROOM, THIN], ids=["room", "thin"])
def test_a_codec_error_of_a_thousandth_is_forgiven(world: World):
    def stored(image: View, seed: int) -> View:
        return replace(image, depth=image.depth * (1 + 1e-3 * rng(seed).uniform(-1, 1, image.depth.shape)))

    results = [reproject(stored(a, 1), stored(b, 2)) for a, b in pairs(world, 64)]
    contradictions, decided = totals(results)
    assert contradictions < 1e-3 * decided


def moved(image: View, turn_deg: float = 0.0, axis: str = "y", shift: tuple[float, float, float] = (0, 0, 0)) -> View:
    """The image with a wrong pose: turned about a camera axis, shifted along the camera's axes (metres)."""
    pose = image.c2w.copy()
    pose[:3, 3] += pose[:3, :3] @ np.array(shift)
    pose[:3, :3] = pose[:3, :3] @ axis_rotation(axis, turn_deg)
    return replace(image, c2w=pose)


def as_ray_distance(image: View) -> View:
    height, width = image.depth.shape
    uv = pixel_centres(height, width)
    rays = np.concatenate([uv, np.ones_like(uv[..., :1])], -1) @ np.linalg.inv(image.K).T
    return replace(image, depth=image.depth * np.linalg.norm(rays, axis=-1))


WRONG = {
    "turned 1 degree about x": lambda a, b: (a, moved(b, 1.0, "x")),
    "turned 1 degree about y": lambda a, b: (a, moved(b, 1.0, "y")),
    "turned 1 degree about z": lambda a, b: (a, moved(b, 1.0, "z")),
    "shifted 5 cm sideways": lambda a, b: (a, moved(b, shift=(0.05, 0, 0))),
    "shifted 5 cm down": lambda a, b: (a, moved(b, shift=(0, 0.05, 0))),
    "shifted 5 cm forward": lambda a, b: (a, moved(b, shift=(0, 0, 0.05))),
    "ray distance in place of z": lambda a, b: (as_ray_distance(a), as_ray_distance(b)),
    "depth 2 % too large": lambda a, b: (replace(a, depth=a.depth * 1.02), replace(b, depth=b.depth * 1.02)),
    "focal length 3 % off": lambda a, b: (a, replace(b, K=b.K * [[1.03, 1, 1], [1, 1.03, 1], [1, 1, 1]])),
    "OpenGL axes taken for OpenCV": lambda a, b: (a, replace(b, c2w=b.c2w @ np.diag([1.0, -1, -1, 1]))),
    "w2c taken for c2w": lambda a, b: (replace(a, c2w=np.linalg.inv(a.c2w)), replace(b, c2w=np.linalg.inv(b.c2w))),
}


@pytest.mark.parametrize("fault", WRONG)
def test_wrong_data_is_flagged(fault: str):
    results = [reproject(*WRONG[fault](a, b)) for a, b in pairs(ROOM, 96)]
    contradictions, decided = totals(results)
    assert decided == 0 or contradictions > 0.005 * decided
    # Nothing decided at all is a sign of its own: overlapping views of one room always agree somewhere.
    if decided == 0:
        assert "OpenGL" in fault


def test_planes_are_predicted_exactly():
    cameras = cameras_of("arc", 64)
    result = reproject(view(World(spheres=()), cameras, 0), view(World(spheres=()), cameras, 7))
    assert result.counts["contradiction"] == result.counts["occluded"] == 0
    error = np.abs(result.relative_error[result.mask("agree")])
    assert error.max() < 1e-9
    assert result.median_error() < 1e-10


def test_labels_tell_what_happened():
    """A camera before and one beside a sphere, above a floor, under a sky."""
    poses = look_at([[4.0, 0, 1.2], [0, 4.0, 1.2]], [0, 0, 0.9])
    base = cameras_of("static", 96)
    cameras = Cameras(poses, base.K[:2], 96, 96)
    a, b = view(SKY, cameras, 0), view(SKY, cameras, 1)
    result = reproject(a, b)
    assert sum(result.counts.values()) == 96 * 96
    assert set(result.counts) == set(LABELS)
    np.testing.assert_array_equal(result.mask("no_hit"), ~np.isfinite(a.depth))
    points = unproject(pixel_centres(96, 96), np.where(np.isfinite(a.depth), a.depth, np.nan), a.c2w, a.K)
    uv, z = project(points, b.c2w, b.K)
    outside = np.isfinite(a.depth) & ~((z > 0) & (uv >= 0.5).all(-1) & (uv <= 95.5).all(-1))
    np.testing.assert_array_equal(result.mask("outside"), outside)
    # The side of the sphere that faces A and turns away from B is hidden behind the sphere's own limb.
    on_sphere = np.abs(np.linalg.norm(points - [0, 0, 0.9], axis=-1) - 0.7) < 1e-6
    hidden = on_sphere & (((points - [0, 0, 0.9]) * (b.c2w[:3, 3] - points)).sum(-1) < -0.3)
    assert hidden.sum() > 50
    assert (hidden & result.mask("agree")).sum() <= 0.01 * hidden.sum()
    assert (hidden & result.mask("occluded")).sum() > 0.4 * hidden.sum()


def test_covisibility_is_what_a_ray_from_b_finds():
    cameras = cameras_of("arc", 96, seed=3)
    a, b = view(ROOM, cameras, 0), view(ROOM, cameras, 7)
    mask = covisible_mask(a, b)
    points = unproject(pixel_centres(96, 96), a.depth, a.c2w, a.K)
    uv, z = project(points, b.c2w, b.K)
    free = ROOM.trace(b.c2w[:3, 3], points - b.c2w[:3, 3]) > 1 - 1e-6
    truth = free & (z > 0) & (uv >= 0.5).all(-1) & (uv <= 95.5).all(-1)
    assert (mask & truth).sum() > 0.97 * truth.sum()
    assert (mask & ~truth).sum() < 0.02 * mask.sum()


def test_the_same_view_agrees_with_itself_and_a_view_the_other_way_shares_nothing():
    cameras = cameras_of("orbit", 48)
    a = view(ROOM, cameras, 0)
    same = reproject(a, a)
    assert same.counts["contradiction"] == same.counts["occluded"] == 0
    assert same.counts["agree"] > 0.8 * 48 * 48
    turned = cameras.c2w[0] @ np.diag([-1.0, 1, -1, 1])
    away = Cameras(turned[None], cameras.K[:1], 48, 48)
    other = reproject(a, view(ROOM, away, 0))
    assert other.counts["outside"] == 48 * 48
    assert other.contradiction_share == 0.0
    assert np.isnan(other.median_error())
    assert not covisible_mask(a, view(ROOM, away, 0)).any()


def test_views_of_different_sizes_and_lenses_compare():
    small, large = cameras_of("arc", 40, seed=1), cameras_of("arc", 100, seed=1)
    result = reproject(view(ROOM, small, 0), view(ROOM, large, 4))
    assert result.labels.shape == (40, 40)
    assert result.counts["contradiction"] == 0
    assert result.counts["agree"] > 300


def test_a_missing_object_is_a_contradiction():
    cameras = cameras_of("arc", 96)
    without = World(spheres=ROOM.spheres[1:], room=5.0)
    b = View(depth(without, cameras, 7), cameras.c2w[7], cameras.K[7])
    result = reproject(view(ROOM, cameras, 0), b)
    assert result.contradiction_share > 0.05
    assert (result.relative_error[result.mask("contradiction")] > 0).all()
    strict = reproject(view(ROOM, cameras, 0), b, Tolerances(relative=1.0))
    assert strict.counts["contradiction"] < result.counts["contradiction"]


@pytest.mark.parametrize("bad", [np.zeros((4, 4)), np.full((4, 4), np.nan), np.ones((4, 4, 1)), np.ones((0, 4))])
def test_damaged_depth_is_refused(bad: np.ndarray):
    cameras = cameras_of("static", 48)
    good = view(ROOM, cameras, 0)
    with pytest.raises(DataError):
        reproject(View(bad, good.c2w, good.K), good)
    with pytest.raises(DataError):
        reproject(good, View(bad, good.c2w, good.K))


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (2, 2), (3, 4)])
def test_tiny_images_work(shape: tuple[int, int]):
    pose, K = look_at([4.0, 0, 1], [0, 0, 1.0]), np.array([[3.0, 0, 1], [0, 3, 1], [0, 0, 1]])
    tiny = View(np.full(shape, 2.0), pose, K)
    assert reproject(tiny, tiny).counts["contradiction"] == 0
