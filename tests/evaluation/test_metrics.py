"""PSNR, SSIM and LPIPS: held to scikit-image, and to LPIPS' own definition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camxtime.errors import DataError, InputError
from camxtime.evaluation import metrics
from camxtime.evaluation.metrics import Frames
from camxtime.evaluation.predictions import FolderPredictions
from camxtime.evaluation.score import score_clip
from camxtime.evaluation.tasks import Task
from camxtime.formats.video import read_video, write_video

skimage = pytest.importorskip("skimage.metrics")


def published(a: Frames, b: Frames) -> tuple[list[float], list[float]]:
    """What the published script computes for each pair of frames."""
    pairs = list(zip(a, b, strict=True))
    return (
        [skimage.peak_signal_noise_ratio(x, y, data_range=255) for x, y in pairs],
        [skimage.structural_similarity(x, y, data_range=255, channel_axis=-1) for x, y in pairs],
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(7, 40), st.integers(7, 40), st.integers(0, 2**32 - 1), st.integers(1, 255))
def test_equal_to_scikit_image(height: int, width: int, seed: int, noise: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    b = np.clip(a.astype(int) + rng.integers(-noise, noise + 1, a.shape), 0, 255).astype(np.uint8)
    b[:, 0, 0] = 255 - a[:, 0, 0]  # never equal: scikit-image divides by zero there
    psnr, ssim = published(a, b)
    assert np.abs(metrics.psnr(a, b) - psnr).max() < 1e-6
    assert np.abs(metrics.ssim(a, b) - ssim).max() < 1e-6


@pytest.mark.parametrize("kind", ["h264", "lossless"])
def test_equal_to_scikit_image_on_decoded_videos(task: Task, tmp_path: Path, kind: str) -> None:
    from camxtime.evaluation.items import item_set

    path = tmp_path / f"{task.item.id}.mp4"
    write_video(path, task.source.rgb, 12, kind)  # type: ignore[arg-type]
    frames = FolderPredictions(tmp_path, item_set([task.item]))(task)
    assert np.array_equal(frames, np.stack(list(read_video(path))))
    apart = np.array([not np.array_equal(a, b) for a, b in zip(frames, task.target.rgb, strict=True)])
    psnr, ssim = published(frames[apart], task.target.rgb[apart])
    score = score_clip(frames, task.target.rgb)
    assert np.abs(score.frames["psnr"][apart] - psnr).max() < 1e-6
    assert np.abs(score.frames["ssim"][apart] - ssim).max() < 1e-6
    assert np.isinf(score.frames["psnr"][~apart]).all() and (score.frames["ssim"][~apart] == 1).all()
    assert bool((~apart).any()) == (kind == "lossless")  # frame 4 of 9 played backwards is the source's own


def test_masks_divide_the_error(task: Task) -> None:
    mask = task.target.instance == 2
    score = score_clip(task.source.rgb, task.target.rgb, {"a": mask, "b": ~mask, "none": np.zeros_like(mask)})
    mse = {name: 255**2 / 10 ** (score.values[f"psnr_{name}"] / 10) for name in ("a", "b", "pooled")}
    share = score.values["share_a"]
    assert share == mask.mean() and mse["pooled"] == pytest.approx(share * mse["a"] + (1 - share) * mse["b"])
    assert np.isnan(score.values["psnr_none"]) and score.values["share_none"] == 0


def test_degenerate_clips() -> None:
    black, white = np.zeros((2, 8, 8, 3), np.uint8), np.full((2, 8, 8, 3), 255, np.uint8)
    assert (metrics.psnr(black, white) == 0).all() and (metrics.ssim(black, white) < 1e-3).all()
    assert np.isinf(metrics.psnr(black, black)).all() and (metrics.ssim(black, black) == 1).all()
    with pytest.raises(InputError, match="at least 7×7"):
        metrics.ssim(black[:, :5], black[:, :5])
    with pytest.raises(InputError, match="cannot be compared"):
        metrics.psnr(black, white[:1])
    with pytest.raises(InputError, match="uint8"):
        metrics.psnr(black.astype(float), black)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Random weights under the published names: the trunk, the linear layers, and both in one file."""
    torch = pytest.importorskip("torch")
    from camxtime.evaluation.lpips import AlexLpips

    folder = tmp_path_factory.mktemp("weights")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        own = AlexLpips().state_dict()
    slices = {0: 1, 3: 2, 6: 3, 8: 4, 10: 5}
    trunk = {key.replace("trunk", "features"): value for key, value in own.items() if key.startswith("trunk")}
    linear = {f"lin{i}.model.1.weight": own[f"linear.{i}.weight"].abs() for i in range(5)}
    whole = {f"net.slice{slices[int(k.split('.')[1])]}.{k.split('.', 1)[1]}": v for k, v in trunk.items()} | linear
    values = {"trunk": trunk | {"classifier.1.bias": torch.zeros(4)}, "linear": linear, "whole": whole}
    for name, value in values.items():
        torch.save(value, folder / f"{name}.pth")
    return {name: folder / f"{name}.pth" for name in values}


def test_lpips_is_what_it_is_defined_as(weights: dict[str, Path]) -> None:
    import torch
    from torch.nn import functional as f

    from camxtime.evaluation.lpips import Lpips

    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 256, (2, 3, 40, 48, 3), dtype=np.uint8)
    measured = Lpips([weights["trunk"], weights["linear"]]).distances(a, b)
    assert np.allclose(measured, Lpips([weights["whole"]]).distances(a, b), rtol=1e-6)
    assert (Lpips([weights["whole"]]).distances(a, a) == 0).all()

    trunk, linear = (torch.load(weights[n], weights_only=True) for n in ("trunk", "linear"))

    def layers(frames: Frames) -> list[torch.Tensor]:
        x = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255 * 2 - 1
        x = (x - torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1)) / torch.tensor([0.458, 0.448, 0.450]).view(
            1, 3, 1, 1
        )
        found = []
        for index, stride, padding in ((0, 4, 2), (3, 1, 2), (6, 1, 1), (8, 1, 1), (10, 1, 1)):
            x = f.max_pool2d(x, 3, 2) if index in (3, 6) else x
            x = f.relu(f.conv2d(x, trunk[f"features.{index}.weight"], trunk[f"features.{index}.bias"], stride, padding))
            found.append(x / (x.pow(2).sum(1, keepdim=True).sqrt() + 1e-10))
        return found

    expected = sum(
        ((x - y).pow(2) * linear[f"lin{i}.model.1.weight"].view(1, -1, 1, 1)).sum(1).mean((1, 2))
        for i, (x, y) in enumerate(zip(layers(a), layers(b), strict=True))
    )
    assert np.allclose(measured, expected.numpy(), rtol=1e-4)


def test_lpips_says_what_is_wrong_with_weights(weights: dict[str, Path], tmp_path: Path) -> None:
    import torch

    from camxtime.evaluation.lpips import Lpips

    with pytest.raises(DataError, match=r"the linear layers \(alex.pth\) too"):
        Lpips([weights["trunk"]])
    with pytest.raises(DataError, match="the trunk"):
        Lpips([weights["linear"]])
    with pytest.raises(InputError, match="no LPIPS weights"):
        Lpips([tmp_path / "none.pth"])
    (tmp_path / "text.pth").write_text("not weights")
    torch.save({"features.0.weight": torch.zeros(3, 3)}, tmp_path / "other.pth")
    torch.save([1], tmp_path / "list.pth")
    for name, message in (("text", "state dict"), ("other", "other weights"), ("list", "holds a list")):
        with pytest.raises(DataError, match=message):
            Lpips([tmp_path / f"{name}.pth"])
    with pytest.raises(InputError, match="31×31"):
        small = np.zeros((1, 16, 16, 3), np.uint8)
        Lpips([weights["whole"]]).distances(small, small)
