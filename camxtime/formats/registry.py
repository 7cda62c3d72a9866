"""Formats by name, and the two things done with them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType

from camxtime.errors import InputError
from camxtime.formats.exporting import ExportOptions, ExportReport
from camxtime.formats.importing import ImportOptions, only_rgb
from camxtime.formats.stored import DatasetBuilder, ImportReport
from camxtime.shards.dataset import Dataset

_MODULES = MappingProxyType(
    {
        "camxtime-eval": ("camxtime_eval", "Cam×Time evaluation layout: full_grid_renders, eval_input, eval_gt"),
        "camxtime-full": ("camxtime_full", "Cam×Time full release: Scene*/camera-trajectory-*"),
        "multicamvideo": ("multicam_dataset", "MultiCamVideo and SynCamVideo: scene*/videos, camera_extrinsics.json"),
        "nerfstudio": ("nerf_dataset", "nerfstudio and D-NeRF: transforms.json with time"),
        "webdataset": ("webdataset", "WebDataset tar shards, a sample per cell"),
        "mp4": ("clips", "one MP4 per track, with its cameras beside it"),
        "frames": ("frames", "PNG, OpenEXR and ids of a track, with its cameras"),
        "colmap": ("colmap_dataset", "COLMAP text model with images, one moment"),
        "spacetimepilot": ("pilot_dataset", "SpaceTimePilot demo inputs: videos, *_extrinsics.npy, *_times.npy"),
    }
)
FORMATS = tuple(_MODULES)


@dataclass(frozen=True)
class Format:
    """One format: `summary` in words, `module` with `import_folder` and `export_folder`."""

    name: str
    summary: str
    module: ModuleType

    def passes(self, source: Path, options: ImportOptions) -> dict[str, str]:
        """Codecs of a dataset imported from `source`."""
        choose: Callable[[Path, ImportOptions], dict[str, str]] = getattr(self.module, "passes", only_rgb)
        return choose(source, options)


def summaries() -> dict[str, str]:
    """Format → what it is, in words."""
    return {name: words for name, (_, words) in _MODULES.items()}


def get(name: str) -> Format:
    """The format called `name`; `InputError` naming the known ones if there is none."""
    if name not in _MODULES:
        raise InputError(f"There is no format {name!r}; there are: {', '.join(FORMATS)}.")
    module, words = _MODULES[name]
    return Format(name, words, importlib.import_module(f"camxtime.formats.{module}"))


def import_dataset(
    name: str, source: str | Path, out: str | Path, options: ImportOptions | None = None
) -> ImportReport:
    """Import `source`, which is in the format `name`, into a new dataset in the folder `out`.

    Raises `InputError` for a source or options that cannot be, `DataError` naming what is missing or wrong in the source.
    """
    options = options or ImportOptions()
    origin = Path(source)
    if not origin.exists():
        raise InputError(f"{origin}: there is nothing to import.")
    foreign = get(name)
    builder = DatasetBuilder(Path(out), Path(out).resolve().name, foreign.passes(origin, options), options.progress)
    foreign.module.import_folder(origin, builder, options)
    return builder.finish({"format": name, "source": origin.resolve().name})


def export_dataset(name: str, dataset: Dataset, out: str | Path, options: ExportOptions | None = None) -> ExportReport:
    """Export grids of a dataset in the format `name` into the new folder `out`.

    The report, also written there as `camxtime_export.json`, says what each file shows and what the format could not hold.
    """
    report: ExportReport = get(name).module.export_folder(dataset, Path(out), options or ExportOptions())
    return report
