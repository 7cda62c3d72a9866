"""Pixels: where they are, that they repeat, and that every way of rendering them agrees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from camxtime.errors import InputError
from camxtime.farm.blender import BlenderProcess
from camxtime.farm.blender_types import RenderRequest, StageReport
from tests.blender import stages

pytestmark = pytest.mark.slow

MARKERS, MARKER_HELIX_M, MARKER_RADIUS_M = 24, 3.0, 0.08
BALL_RADIUS_M, BALL_CIRCLE_M = 0.3, 1.0


@pytest.fixture(scope="module")
def stage(blender: BlenderProcess) -> StageReport:
    return blender.load_stage(stages.calibration())


@pytest.fixture(scope="module")
def cells(blender: BlenderProcess, stage: StageReport) -> stages.Cells:
    """Times 0 and 3, five cameras in batches of three."""
    return stages.render(blender, stages.ring(5), [0, 3])


def _marker_centre(k: int) -> np.ndarray:
    share = (k + 0.5) / MARKERS
    angle = 4 * np.pi * share
    return np.array([MARKER_HELIX_M * np.cos(angle), MARKER_HELIX_M * np.sin(angle), 0.2 + 2.4 * share])


def test_every_cell_arrives_once_in_order(blender: BlenderProcess, stage: StageReport) -> None:
    request = RenderRequest(stages.ring(5), [3, 0], [1, 2], 2)
    got = [(b.time, b.cameras.start, b.cameras.stop) for b in blender.render(request)]
    assert got == [(3, 0, 2), (3, 2, 4), (3, 4, 5), (0, 0, 2), (0, 2, 4), (0, 4, 5)]


def test_position_pass_projects_to_pixel_centres(cells: stages.Cells) -> None:
    """Each pixel's world point must project to the pixel's centre through the K and pose that were asked for."""
    cameras = stages.ring(5)
    v, u = np.mgrid[: stages.HEIGHT, : stages.WIDTH] + 0.5
    for (_, camera), cell in cells.items():
        w2c = np.linalg.inv(cameras.c2w[camera])
        local = cell["position"].astype(np.float64) @ w2c[:3, :3].T + w2c[:3, 3]
        depth = cell["depth"][..., 0]
        hit = np.isfinite(depth)
        assert 0.2 < hit.mean() < 1.0
        uvz = local[hit] @ cameras.K[camera].T
        error = np.abs(uvz[:, :2] / uvz[:, 2:] - np.stack([u, v], axis=-1)[hit])
        assert error.max() < 0.01
        assert np.abs(local[hit][:, 2] / depth[hit] - 1).max() < 1e-4


def test_depth_of_known_spheres(cells: stages.Cells, stage: StageReport) -> None:
    """Unprojected depth lies on spheres whose centres and radii are stated: markers, and the ball at each time."""
    cameras = stages.ring(5)
    ids = {entry["name"]: entry["id"] for entry in stage.instances}
    v, u = np.mgrid[: stages.HEIGHT, : stages.WIDTH] + 0.5
    checked = 0
    for (time, camera), cell in cells.items():
        angle = 2 * np.pi * time / 8
        ball = np.array([BALL_CIRCLE_M * np.cos(angle), BALL_CIRCLE_M * np.sin(angle), BALL_RADIUS_M])
        known = {ids[f"marker {k}"]: (_marker_centre(k), MARKER_RADIUS_M) for k in range(MARKERS)}
        known[ids["ball"]] = (ball, BALL_RADIUS_M)
        K, c2w = cameras.K[camera], cameras.c2w[camera]
        rays = np.linalg.solve(K, np.stack([u, v, np.ones_like(u)]).reshape(3, -1)).T
        instance, depth = cell["instance"].ravel(), cell["depth"].ravel().astype(np.float64)
        for number, (centre, radius) in known.items():
            local = np.linalg.inv(c2w)[:3] @ np.append(centre, 1.0)
            along = rays[instance == number]
            if len(along) == 0:
                continue
            # Solve |z·ray − centre| = radius for the nearer z; at grazing rays the facets of the mesh show.
            a, b, c = (along**2).sum(1), along @ local, local @ local - radius**2
            root = b**2 - a * c
            facing = root > 0.3 * a * radius**2
            expected = (b[facing] - np.sqrt(root[facing])) / a[facing]
            assert np.abs(depth[instance == number][facing] / expected - 1).max(initial=0) < 1e-3
            checked += int(facing.sum())
    assert checked > 300


def test_background_is_infinitely_far_and_has_no_id(cells: stages.Cells) -> None:
    for cell in cells.values():
        sky = ~np.isfinite(cell["depth"][..., 0])
        assert sky.any()
        assert (cell["depth"][sky] == np.inf).all()
        assert (cell["instance"][..., 0][sky] == 0).all()
        assert (cell["instance"][..., 0][~sky] > 0).all()


def test_fresh_blender_gives_the_same_bits(tmp_path: Path, blender: BlenderProcess, cells: stages.Cells) -> None:
    """A time rendered alone in a new process, and again after other units, equals the one rendered in sequence."""
    stages.render(blender, stages.ring(2, distance=5.0), [6, 1], views=2)
    assert stages.same(stages.render(blender, stages.ring(5), [3]), cells)
    fresh = stages.start(tmp_path)
    with fresh:
        fresh.configure(stages.engine(), (stages.WIDTH, stages.HEIGHT), stages.ALL_PASSES)
        fresh.load_stage(stages.calibration())
        assert stages.same(stages.render(fresh, stages.ring(5), [3]), cells)


def test_both_pixel_routes_give_the_same_bits(tmp_path: Path, blender: BlenderProcess, cells: stages.Cells) -> None:
    exr = stages.start(tmp_path, pixels="exr")
    with exr:
        chosen = exr.configure(stages.engine(), (stages.WIDTH, stages.HEIGHT), stages.ALL_PASSES)
        assert chosen.route == "exr"
        exr.load_stage(stages.calibration())
        assert stages.same(stages.render(exr, stages.ring(5), [3]), cells)
        single = stages.render(exr, stages.ring(2), [3], views=1)
    assert stages.same(single, stages.render(blender, stages.ring(2), [3], views=1))


def test_multi_view_equals_single_renders(blender: BlenderProcess, cells: stages.Cells) -> None:
    """Depth, position and ids to the bit; colour up to noise, which depends on the place in the batch."""
    single = stages.render(blender, stages.ring(5), [3], views=1)
    assert stages.same(single, cells, ["depth", "position", "instance"])
    for key, cell in single.items():
        other = cells[key]
        noise = np.abs(cell["rgb"] - other["rgb"]).mean()
        assert noise < 0.1
        assert abs(cell["rgb"].mean() - other["rgb"].mean()) < 0.01
    assert np.array_equal(single[3, 0]["rgb"], cells[3, 0]["rgb"])


def test_seed_changes_noise_only(blender: BlenderProcess, cells: stages.Cells) -> None:
    (batch,) = blender.render(RenderRequest(stages.ring(1), [3], [7], 1))
    assert not np.array_equal(batch.passes["rgb"][0], cells[3, 0]["rgb"])
    assert np.array_equal(batch.passes["depth"][0], cells[3, 0]["depth"])


def test_a_dropped_iteration_leaves_nothing_behind(blender: BlenderProcess, cells: stages.Cells) -> None:
    blender.load_stage(stages.calibration())
    dropped = blender.render(RenderRequest(stages.ring(5), list(range(8)), [0] * 8, 1))
    next(dropped)
    again = stages.render(blender, stages.ring(5), [3])
    assert list(dropped) == []
    assert not list(blender._launch.scratch.glob("batch*"))
    assert stages.same(again, cells)


@pytest.mark.parametrize("settings", [{"adaptive_threshold": 0.1}, {"denoise": "fast"}, {"film_transparent": True}])
def test_other_settings_repeat_too(blender: BlenderProcess, stage: StageReport, settings: dict[str, object]) -> None:
    size = (stages.WIDTH, stages.HEIGHT)
    try:
        blender.configure(stages.engine(**settings), size, stages.ALL_PASSES)
        once, again = (stages.render(blender, stages.ring(2), [2]) for _ in range(2))
        assert stages.same(once, again)
        alpha = once[2, 0]["rgb"][..., 3]
        assert (alpha.min() < 0.5) == bool(settings.get("film_transparent", False))
    finally:
        blender.configure(stages.engine(), size, stages.ALL_PASSES)


def test_bad_orders_are_refused(blender: BlenderProcess, stage: StageReport) -> None:
    for times, views, words in (([9], 3, "outside"), ([0], 0, "views_per_batch")):
        with pytest.raises(InputError, match=words):
            list(blender.render(RenderRequest(stages.ring(2), times, [0], views)))
    with pytest.raises(InputError, match="as many"):
        RenderRequest(stages.ring(2), [0, 1], [0], 2)
