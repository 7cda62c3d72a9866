"""LPIPS with the AlexNet trunk (Zhang, Isola, Efros, Shechtman, Wang: CVPR 2018), version 0.1, from weights that the user has.

Weights are state dicts, read with `weights_only=True`: torchvision's AlexNet (`features.0.weight` …) for the trunk and LPIPS'
`alex.pth` (`lin0.model.1.weight` …) for the linear layers, or one file with both (`lpips.LPIPS(net="alex").state_dict()`,
whose trunk is called `net.slice1.0.weight` …). The only module of this room that imports torch.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from camxtime.errors import DataError, InputError
from camxtime.evaluation.metrics import Frames, check_alike

CHANNELS = (64, 192, 384, 256, 256)
SMALLEST = 31
"""Pixels of a side below which the trunk's last pooling has nothing left."""

_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
_CONVOLUTIONS = MappingProxyType({0: (3, 64, 11, 4, 2), 3: (64, 192, 5, 1, 2), 6: (192, 384, 3, 1, 1),
                                  8: (384, 256, 3, 1, 1), 10: (256, 256, 3, 1, 1)})  # fmt: skip
_POOLED_BEFORE = (3, 6)
_TRUNK = re.compile(r"(?:features|(?:net\.)?slice[1-5])\.(\d+)\.(weight|bias)")
_LINEAR = re.compile(r"(?:lin|lins\.)([0-4])\.model\.1\.weight")
_CHUNK_PIXELS = 4_000_000


class AlexLpips(nn.Module):
    """Two images float [N, 3, H, W] in [−1, 1] → distances [N]."""

    shift: torch.Tensor
    scale: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.ModuleDict({str(i): nn.Conv2d(a, b, k, s, p) for i, (a, b, k, s, p) in _CONVOLUTIONS.items()})
        self.linear = nn.ModuleList([nn.Conv2d(channels, 1, 1, bias=False) for channels in CHANNELS])
        self.register_buffer("shift", torch.tensor(_SHIFT)[None, :, None, None])
        self.register_buffer("scale", torch.tensor(_SCALE)[None, :, None, None])

    def features(self, image: torch.Tensor) -> list[torch.Tensor]:
        """The five activations after ReLU, each scaled to unit length over its channels."""
        x = (image - self.shift) / self.scale
        found = []
        for name, convolution in self.trunk.items():
            if int(name) in _POOLED_BEFORE:
                x = functional.max_pool2d(x, 3, 2)
            x = functional.relu(convolution(x))
            found.append(x / (torch.sqrt((x**2).sum(dim=1, keepdim=True)) + 1e-10))
        return found

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """Σ over layers of the spatial mean of w·(â − b̂)²."""
        pairs = zip(self.linear, self.features(a), self.features(b), strict=True)
        return torch.stack([weigh((x - y) ** 2).mean(dim=(1, 2, 3)) for weigh, x, y in pairs]).sum(dim=0)


class Lpips:
    """LPIPS of clips. Raises `InputError` for a missing file, `DataError` naming what the files lack or what does not fit."""

    def __init__(self, files: Sequence[Path], device: str = "cpu"):
        self._device = torch.device(device)
        self._model = AlexLpips().eval().to(self._device)
        _load(self._model, files)

    def distances(self, a: Frames, b: Frames) -> NDArray[np.float64]:
        """[F] of two clips uint8 [F, H, W, 3]; `InputError` if they are smaller than 31×31."""
        check_alike(a, b)
        if min(a.shape[1:3]) < SMALLEST:
            raise InputError(
                f"LPIPS needs frames of at least {SMALLEST}×{SMALLEST} pixels, not {a.shape[2]}×{a.shape[1]}."
            )
        step = max(1, _CHUNK_PIXELS // (a.shape[1] * a.shape[2]))
        with torch.inference_mode():
            parts = [
                self._model(self._tensor(a[i : i + step]), self._tensor(b[i : i + step])).cpu().numpy()
                for i in range(0, len(a), step)
            ]
        return np.concatenate(parts).astype(np.float64)

    def _tensor(self, frames: Frames) -> torch.Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(frames)).to(self._device).permute(0, 3, 1, 2)
        return tensor.float() / 127.5 - 1.0


def _load(model: AlexLpips, files: Sequence[Path]) -> None:
    wanted = model.state_dict()
    found: dict[str, torch.Tensor] = {}
    for file in files:
        for name, value in _read(file).items():
            own = _own_name(name)
            if own in wanted and isinstance(value, torch.Tensor):
                if value.shape != wanted[own].shape:
                    there, needed = list(value.shape), list(wanted[own].shape)
                    raise DataError(f"{file}: {name} is {there}, LPIPS-AlexNet has {needed}: these are other weights.")
                found[own] = value
    missing = sorted(name for name in wanted if name not in found and name not in ("shift", "scale"))
    if missing:
        part = "the trunk (torchvision's alexnet)" if missing[0].startswith("trunk") else "the linear layers (alex.pth)"
        names = ", ".join(str(file) for file in files)
        raise DataError(f"{names}: {len(missing)} of LPIPS' weights are not there ({missing[0]} …); give {part} too.")
    model.load_state_dict(found, strict=False)


def _own_name(name: str) -> str:
    trunk, linear = _TRUNK.fullmatch(name), _LINEAR.fullmatch(name)
    if trunk is not None:
        return f"trunk.{trunk[1]}.{trunk[2]}"
    return f"linear.{linear[1]}.weight" if linear is not None else ""


def _read(file: Path) -> Mapping[str, Any]:
    try:
        value = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise InputError(f"{file}: there are no LPIPS weights.") from error
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise DataError(f"{file}: is not a PyTorch state dict that can be read safely: {reason}.") from error
    if not isinstance(value, Mapping):
        raise DataError(f"{file}: holds a {type(value).__name__}, not a state dict.")
    return value
