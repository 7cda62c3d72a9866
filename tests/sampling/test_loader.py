"""From cells to arrays: pixels, cuts and their intrinsics, poses, ray maps, the geometric condition."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import SyntheticScene

from camxtime.errors import DataError, InputError
from camxtime.geometry.cameras import Cameras, intrinsics, look_at, pixel_centres, project, unproject
from camxtime.sampling import ClipRef, PairLoader, PairSampler, Recipe, SampleOptions, Track, View
from camxtime.sampling.condition import Frames, TargetCameras, geometric_condition
from camxtime.sampling.decode import Decoder, Wanted
from camxtime.sampling.poses import plucker_rays, relative_poses
from camxtime.sampling.view import Cut
from camxtime.shards.codecs import get
from camxtime.shards.dataset import Dataset

NATIVE = View().cut(32, 48)


def _track(grid: str = "room.ball.arc") -> ClipRef:
    return ClipRef.of(grid, Track(np.array([0, 3, 3, 11, 3]), np.array([0, 2, 2, 10, 2])))


def test_pixels_are_those_of_the_reader(dataset: Dataset) -> None:
    clip = _track()
    read = dataset.grid("room.ball.arc").clip(clip.track.cameras, clip.track.times, ("rgb", "depth", "instance"))
    for threads in (1, 3):
        decoder = pickle.loads(pickle.dumps(Decoder(dataset, threads)))
        for _ in range(2):
            images = decoder.read([Wanted(clip, name) for name in ("rgb", "depth", "instance")], NATIVE)
            for image, name in zip(images, ("rgb", "depth", "instance"), strict=True):
                assert image.dtype == read.image(name).dtype and np.array_equal(image, read.image(name))
    first = Decoder(dataset, channels_first=True).read([Wanted(clip, "rgb")], NATIVE)[0]
    assert first.shape == (5, 3, 32, 48) and np.array_equal(np.moveaxis(first, 1, -1), read.rgb)


def test_hops_and_shared_cells(dataset: Dataset) -> None:
    track = _track().track
    clip = ClipRef(("room.ball.arc", "room.ball.arc_2"), np.array([0, 0, 1, 1, 0]), track)
    image = Decoder(dataset).read([Wanted(clip, "rgb"), Wanted(_track(), "rgb")], NATIVE)[0]
    for frame, part in enumerate(clip.parts):
        cell = dataset.grid(clip.grids[part]).cell(int(track.cameras[frame]), int(track.times[frame]))
        assert np.array_equal(image[frame], cell.rgb)


def test_many_threads_may_share_a_loader(dataset: Dataset) -> None:
    loader = PairLoader(PairSampler(dataset, Recipe(frames=5)), SampleOptions(View(16, 24), threads=2))
    alone = [loader[i]["target"] for i in range(8)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda i: loader[i]["target"], range(8)))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


sides = st.integers(1, 300)


@given(stored=st.tuples(sides, sides), wanted=st.tuples(sides, sides), seed=st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_cuts_cover_and_move_the_intrinsics_with_the_pixels(
    stored: tuple[int, int], wanted: tuple[int, int], seed: int
) -> None:
    """A point's image position moves by the same map as the pixels: corners to corners of the resized image."""
    for view in (View(*wanted), View(*wanted, crop="random")):
        cut = view.cut(*stored, np.random.default_rng(seed))
        assert cut.size == wanted
        assert all(r >= w for r, w in zip(cut.resized, wanted, strict=True))
        assert all(0 <= c <= r - w for c, r, w in zip(cut.corner, cut.resized, wanted, strict=True))
        assert cut.resized[0] == wanted[0] or cut.resized[1] == wanted[1]
        K = intrinsics(100.0, stored[1], stored[0])
        point = np.array([0.3, -0.2, 2.0])
        before = (K @ point)[:2] / 2.0
        after = (cut.K(K) @ point)[:2] / 2.0
        scale = np.array([cut.resized[1] / stored[1], cut.resized[0] / stored[0]])
        assert np.allclose(after, before * scale - (cut.corner[1], cut.corner[0]), atol=1e-9)
        factor = cut.reduction()
        assert all(
            s % factor == 0 and (factor == 1 or s // factor >= r) for s, r in zip(stored, cut.resized, strict=True)
        )


@pytest.mark.parametrize(
    ("view", "reduction"), [(View(96, 128), 4), (View(100, 200), 2), (View(64, 64), 4), (View(300, 400), 1)]
)
def test_a_point_stays_where_its_camera_says(dataset: Dataset, view: View, reduction: int) -> None:
    """A bright disc at a known world point, encoded, reduced, resized and cropped, lies where the cut K projects it."""
    height, width = 384, 512
    cameras = Cameras(
        look_at([[4.0, 0, 1]], [0, 0.3, 0.4]), intrinsics(np.array([420.0]), width, height), width, height
    )
    point = np.array([0.1, 0.5, 0.2])
    uv, _ = project(point, cameras.c2w[0], cameras.K[0])
    distance = np.linalg.norm(pixel_centres(height, width) - uv, axis=-1)
    disc = np.clip(255 * np.clip(25 - distance, 0, 1), 0, 255).astype(np.uint8)
    payload = get("jpeg:95").encode(np.repeat(disc[..., None], 3, axis=2))
    cut = view.cut(height, width)
    assert cut.reduction() == reduction
    target = np.empty((*cut.size, 3), np.uint8)
    Decoder(dataset).decode(get("jpeg:95"), payload, cut, [target])
    weight = np.where(target[..., 0] > 60, target[..., 0], 0).astype(float)
    centroid = (weight[..., None] * pixel_centres(*cut.size)).sum((0, 1)) / weight.sum()
    expected, _ = project(point, cameras.c2w[0], cut.K(cameras.K[0]))
    assert np.abs(centroid - expected).max() < 0.06


def test_depth_and_ids_are_not_blended(dataset: Dataset) -> None:
    clip = _track()
    cut = View(20, 30).cut(32, 48)
    depth, instance = Decoder(dataset).read([Wanted(clip, "depth"), Wanted(clip, "instance")], cut)
    read = dataset.grid("room.ball.arc").clip(clip.track.cameras, clip.track.times, ("depth", "instance"))
    assert depth.shape == instance.shape == (5, 20, 30)
    assert np.isin(depth, read.depth).all() and np.isin(instance, read.instance).all()


def test_views_are_checked() -> None:
    for bad in (
        {"height": 3},
        {"height": 0, "width": 3},
        {"height": 3, "width": 3, "crop": "left"},
        {"height": 3.0, "width": 3},
    ):
        with pytest.raises(InputError):
            View(**bad)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="random generator"):
        View(4, 9, crop="random").cut(8, 8)


def test_grids_of_another_size_are_refused(dataset: Dataset) -> None:
    with pytest.raises(InputError, match="48×32"):
        Decoder(dataset).read([Wanted(_track(), "rgb")], Cut((8, 8), (8, 8), (0, 0), (8, 8)))
    with pytest.raises(InputError, match="no pass 'flow'"):
        Decoder(dataset).read([Wanted(_track(), "flow")], NATIVE)


def test_relative_poses_in_both_forms() -> None:
    eyes = np.array([[3.0, 0, 1], [2.5, 1, 1.2], [2, 2, 1]])
    c2w = look_at(eyes, [0, 0, 0.5])
    left, right = relative_poses(c2w, c2w[0], "left"), relative_poses(c2w, c2w[0], "right")
    assert np.allclose(left[0], np.eye(4)) and np.allclose(right[0], np.eye(4))
    assert np.allclose(c2w[0] @ left, c2w) and np.allclose(right @ c2w[0], c2w)
    assert not np.allclose(left[2], right[2])
    with pytest.raises(InputError, match="left or right"):
        relative_poses(c2w, c2w[0], "both")


def test_poses_refer_to_the_source_or_to_their_own_first_frame(dataset: Dataset) -> None:
    sampler = PairSampler(dataset, Recipe(frames=5), 0)
    for form in ("left", "right"):
        for relative_to in ("source", "own"):
            sample = PairLoader(sampler, SampleOptions(pose_form=form, relative_to=relative_to))[4]
            for clip in ("source", "target"):
                origin = sample["source_c2w"][0] if relative_to == "source" else sample[f"{clip}_c2w"][0]
                expected = relative_poses(sample[f"{clip}_c2w"].astype(float), origin.astype(float), form)
                assert np.allclose(sample[f"{clip}_pose"], expected, atol=1e-5)


@pytest.mark.parametrize("step", [1, 4])
def test_pluecker_rays_pass_through_the_pixels_points(step: int) -> None:
    c2w = look_at(np.array([[3.0, 0, 1], [2.5, 1, 1.2]]), [0, 0, 0.5])
    K = intrinsics(np.array([20.0, 25.0]), 24, 16)
    rays = plucker_rays(c2w, K, (16, 24), step=step)
    assert rays.shape == (2, 6, 16 // step, 24 // step) and rays.dtype == np.float32
    moment, direction = rays[:, :3], rays[:, 3:]
    assert np.allclose(np.linalg.norm(direction, axis=1), 1, atol=1e-6)
    for frame in range(2):
        for row, column in ((0, 0), (2, 5), (3, 1)):
            u, v = (column + 0.5) * step, (row + 0.5) * step
            point = unproject(np.array([u, v]), 2.7, c2w[frame], K[frame])
            d, m = direction[frame, :, row, column], moment[frame, :, row, column]
            assert np.allclose(np.cross(point, d), m, atol=1e-5)  # a line's moment is the same from all its points
            assert d @ c2w[frame, :3, 2] > 0
    swapped = plucker_rays(c2w, K, (16, 24), order="direction-moment", step=step)
    assert np.array_equal(swapped[:, :3], direction) and np.array_equal(swapped[:, 3:], moment)


def test_plucker_covers_sizes_that_the_step_does_not_divide() -> None:
    assert plucker_rays(np.eye(4)[None], np.eye(3)[None], (9, 17), step=8).shape == (1, 6, 2, 3)
    for wrong in ({"order": "x"}, {"step": 0}):
        with pytest.raises(InputError):
            plucker_rays(np.eye(4)[None], np.eye(3)[None], (4, 4), **wrong)  # type: ignore[arg-type]


def _frames(scene: SyntheticScene, cameras: Cameras, times: np.ndarray) -> Frames:
    cells = [scene.render(cameras, i, int(t)) for i, t in enumerate(times)]
    return Frames(
        np.stack([c["rgb"] for c in cells]), np.stack([c["depth"] for c in cells]), cameras.c2w, cameras.K, times
    )


def test_the_condition_shows_what_is_there() -> None:
    """Seen from its own camera it is the source itself; from another, its pixels agree with the true picture."""
    scene = SyntheticScene(5)
    eyes = np.array([[5.0, 0, 1.6], [4.9, 0.6, 1.7], [4.8, 1.0, 1.8]])
    cameras = Cameras(look_at(eyes, [0, 0, 0.8]), intrinsics(np.full(3, 130.0), 160, 120), 160, 120)
    source = _frames(scene, cameras, np.array([0, 1, 2]))
    same, mask = geometric_condition(source, TargetCameras(cameras.c2w, cameras.K, source.times, (120, 160)))
    hit = np.isfinite(source.depth)
    assert np.array_equal(mask.astype(bool), hit)
    assert np.array_equal(same[hit], source.rgb[hit]) and not same[~hit].any()

    # The target goes the other way: cameras 0, 1, 2 at times 2, 1, 0 take source frames 2, 1, 0.
    times = np.array([2, 1, 0])
    truth = _frames(scene, cameras, times)
    seen, mask = geometric_condition(source, TargetCameras(cameras.c2w, cameras.K, times, (120, 160)), point_px=2)
    valid = mask.astype(bool)
    assert 0.5 < valid.mean() < 1.0
    difference = np.abs(seen.astype(int) - truth.rgb.astype(int)).max(-1)[valid]
    # The far chequers are finer than a pixel: a hard splat picks one or the other.
    assert np.median(difference) <= 3 and (difference > 40).mean() < 0.12


def test_the_nearer_point_wins() -> None:
    K = intrinsics(10.0, 9, 8)  # both rays end in the middle of a pixel
    K[1, 2] = 4.5
    rgb = np.zeros((1, 1, 2, 3), np.uint8)
    rgb[0, 0, 0], rgb[0, 0, 1] = (255, 0, 0), (0, 255, 0)
    depth = np.array([[[3.0, 1.0]]], np.float32)
    tiny = np.array([[[1e-3, 0, 1.0], [0, 1e-3, 0.5], [0, 0, 1.0]]])  # both pixels look almost straight ahead
    tiny[0, 0, 0] = tiny[0, 1, 1] = 1e6
    source = Frames(rgb, depth, np.eye(4)[None], tiny, np.array([0]))
    image, mask = geometric_condition(source, TargetCameras(np.eye(4)[None], K[None], np.array([0]), (8, 9)))
    assert mask.sum() == 1 and image[0][mask[0].astype(bool)].tolist() == [[0, 255, 0]]


def test_random_crops_are_the_same_for_all_clips_of_a_pair(dataset: Dataset) -> None:
    sampler = PairSampler(dataset, Recipe(frames=5), 0)
    loader = PairLoader(sampler, SampleOptions(View(20, 20, crop="random")))
    centres = set()
    for i in range(12):
        sample, again = loader[i], loader[i]
        assert np.array_equal(sample["target"], again["target"])
        offset = {round(float(sample[f"{clip}_K"][f, 0, 2]), 4) for clip in ("source", "target") for f in range(5)}
        assert len(offset) == 1
        centres |= offset
    assert len(centres) > 3


@pytest.mark.parametrize("view", [View(), View(16, 24)])
@pytest.mark.parametrize("first", [False, True])
def test_images_that_lie_about_themselves_are_refused(dataset: Dataset, view: View, first: bool) -> None:
    """A size that the grid does not have, or bytes that are no JPEG, are an error, never a black frame."""
    decoder, cut = Decoder(dataset, channels_first=first), view.cut(32, 48)
    shape = (3, *cut.size) if first else (*cut.size, 3)
    codec = get("jpeg:95")
    for height, width in ((64, 96), (16, 24), (32, 40), (48, 32)):
        payload = codec.encode(np.zeros((height, width, 3), np.uint8))
        with pytest.raises(DataError, match="48×32"):
            decoder.decode(codec, payload, cut, [np.empty(shape, np.uint8)])
    whole = codec.encode(np.random.default_rng(0).integers(0, 255, (32, 48, 3)).astype(np.uint8))
    for bad in (b"", b"\xff\xd8\xff", whole[: len(whole) // 2], b"GIF89a" + whole):
        with pytest.raises(DataError):
            decoder.decode(codec, bad, cut, [np.empty(shape, np.uint8)])
