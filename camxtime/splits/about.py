"""What a publisher says of a dataset, and what the dataset says of itself: the facts behind cards and Croissant files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from camxtime.errors import InputError
from camxtime.shards.dataset import Dataset

UNSTATED = "not stated"
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Publisher:
    """What only the publisher knows.

    licence: SPDX identifier or URL for the dataset as a whole. creators: names. url: where it is published. version:
    MAJOR.MINOR.PATCH (MAJOR when records are edited, removed or moved across splits; MINOR when only added). date: of
    publication, YYYY-MM-DD. citation: BibTeX.
    """

    licence: str | None = None
    creators: tuple[str, ...] = ()
    url: str | None = None
    version: str = "1.0.0"
    date: str | None = None
    citation: str | None = None
    description: str | None = None

    def __post_init__(self) -> None:
        if not _VERSION.fullmatch(self.version):
            raise InputError(f"version: write MAJOR.MINOR.PATCH such as 1.0.0, not {self.version!r}.")
        if self.date is not None and not _DATE.fullmatch(self.date):
            raise InputError(f"date: write YYYY-MM-DD, not {self.date!r}.")


@dataclass(frozen=True)
class Asset:
    """A source of the content. kind: scene or animation; source: family or file; licence: as the spec says."""

    kind: str
    name: str
    source: str
    licence: str


def assets_of(dataset: Dataset) -> list[Asset]:
    """Scenes and animations that the dataset's spec names, with their licences; what was imported is one entry."""
    imported = dataset.spec.get("imported")
    if isinstance(imported, dict):
        return [Asset("source", str(imported.get("source", "")), f"imported ({imported.get('format', '')})", UNSTATED)]
    assets = []
    for kind in ("scene", "animation"):
        for entry in dataset.spec.get(f"{kind}s", []):
            if not isinstance(entry, dict):
                continue
            cast = entry.get("subjects") or [entry]
            for number, subject in enumerate(cast, 1):
                family = subject.get("family")
                licence = subject.get("licence") or ("made by camxtime; no third-party asset" if family else UNSTATED)
                name = str(entry.get("id", "")) + (f", subject {number}" if len(cast) > 1 else "")
                source = f"family {family}" if family else str(subject.get("file", ""))
                assets.append(Asset(kind, name, source, str(licence)))
    return assets


def describe(dataset: Dataset, publisher: Publisher) -> str:
    """One paragraph: the publisher's or the spec's words, then what there is."""
    counts = dataset.header["counts"]
    grids = dataset.grids.table
    sizes = sorted({(c, t, w, h) for c, t, w, h in zip(*(grids[name].to_pylist() for name in "CTWH"), strict=True)})
    shown = ", ".join(f"{c} cameras × {t} times at {w}×{h}" for c, t, w, h in sizes[:3]) + (
        ", …" if len(sizes) > 3 else ""
    )
    own = publisher.description or str(dataset.spec.get("description") or "")
    what = (
        f"A camera×time dataset: {counts['grids']:,} grids ({shown}), {counts['cells']:,} cells, passes "
        f"{', '.join(sorted(dataset.passes))}. In every grid each camera position along a path is rendered at every time of an "
        "animation, so any path through the grid is a ground-truth video."
    )
    return f"{own.strip()} {what}".strip()


def responsible_ai(dataset: Dataset, assets: list[Asset]) -> dict[str, Any]:
    """Croissant RAI 1.0 fields that hold for what this toolkit renders, and say so where a dataset was imported."""
    unstated = [asset.name for asset in assets if asset.licence == UNSTATED]
    imported = any(asset.kind == "source" for asset in assets)
    origin = (
        "Imported from an existing dataset; see its own documentation for how it was collected."
        if imported
        else "Rendered with Blender Cycles from procedural scenes and the assets listed in the dataset card; no camera filmed "
        "anything."
    )
    renderers = ", ".join(dataset.header["renderers"]) or "unknown"
    return {
        "rai:hasSyntheticData": not imported,
        "rai:dataCollection": origin,
        "rai:dataCollectionType": "Existing datasets" if imported else "Software Collection",
        "rai:dataCollectionRawData": f"Renderer: {renderers}. Spec, seeds and cameras are stored with the data.",
        "rai:dataPreprocessingProtocol": [f"{name} stored as {codec}" for name, codec in sorted(dataset.passes.items())],
        "rai:dataAnnotationProtocol": "Poses, intrinsics, depth and instance ids come from the renderer; captions are composed "
        "from the spec's words. No human annotation." if not imported else "See the source.",
        "rai:dataUseCases": [
            "Training and evaluating models that control camera and time of a video",
            "Evaluating view synthesis, depth and pose estimation against exact ground truth",
        ],
        "rai:dataLimitations": [
            "Rendered images differ from photographs: materials, light, motion blur and sensor noise are simplified",
            "Scenes, subjects and motions are those of the spec; rare events and real crowds are not covered",
        ],
        "rai:dataBiases": "Content follows the choice of assets and procedural families; frequencies say nothing about the world.",
        "rai:personalSensitiveInformation": "See the source." if imported else "None: no real person is shown.",
        "rai:dataSocialImpact": "Better control over generated video helps film, robotics and simulation; the same control can "
        "serve deceptive video.",
        "rai:dataReleaseMaintenancePlan": "Semantic versions: MAJOR when records are edited, removed or moved across splits, "
        "MINOR when records are added, PATCH when the same data is repackaged."
        + (f" Licences not stated yet: {', '.join(unstated[:10])}." if unstated else ""),
    }  # fmt: skip
