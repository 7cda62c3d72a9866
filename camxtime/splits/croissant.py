"""Croissant 1.1 metadata (JSON-LD) of a dataset, with Croissant RAI 1.0 fields: what search engines and venues read."""

from __future__ import annotations

import hashlib
from typing import Any

from camxtime.shards import layout
from camxtime.shards.codecs import of_passes
from camxtime.shards.dataset import Dataset
from camxtime.splits.about import Publisher, assets_of, describe, responsible_ai
from camxtime.splits.manifest import Manifest

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
PARQUET = "application/x-parquet"  # what Croissant and its readers call it
SPLITS_CSV = "splits.csv"
_TYPES = {"string": "sc:Text", "int32": "cr:Int32", "int64": "cr:Int64", "double": "cr:Float64"}
_GRID_COLUMNS = {
    "grid": "Id of the grid: <scene>.<animation>.<path>", "scene": "Environment", "animation": "Animated subject",
    "path": "Camera path", "C": "Cameras", "T": "Times", "H": "Pixels", "W": "Pixels", "fps": "Times per second",
    "caption": "What the grid shows, in words", "status": "complete or incomplete", "digest": "SHA-256 of the content",
}  # fmt: skip
_PASS_WORDS = {
    "rgb": "8-bit sRGB image", "depth": "z-depth in metres, +inf where nothing is hit", "instance": "uint16 object ids",
}  # fmt: skip


def croissant(dataset: Dataset, publisher: Publisher, date: str, manifest: Manifest | None = None) -> dict[str, Any]:
    """The JSON-LD object. `date` is that of publication; file names are relative to the dataset's folder or URL.

    With a manifest, the splits are there as records, and `splits.csv` (see `splits_csv`) says which grid is in which.
    """
    value: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": dataset.name,
        "description": describe(dataset, publisher),
        "license": publisher.licence or "not stated by the publisher",
        "url": publisher.url or f"urn:sha256:{dataset.digest}",
        "creator": [{"@type": "sc:Person", "name": name} for name in publisher.creators or ("not stated",)],
        "datePublished": date,
        "version": publisher.version,
        "keywords": ["synthetic", "video", "camera control", "time control", "multi-view"],
        "isLiveDataset": False,
        **responsible_ai(dataset, assets_of(dataset)),
        "distribution": _distribution(dataset, manifest),
        "recordSet": [_grids(), _cells(dataset)] + (_splits(manifest) if manifest is not None else []),
    }
    if publisher.citation is not None:
        value["citeAs"] = publisher.citation
    return value


def splits_csv(manifest: Manifest) -> str:
    """`grid,split`, a line a grid, sorted."""
    split_of = manifest.split_of
    return "grid,split\n" + "".join(f"{grid},{split_of[grid]}\n" for grid in sorted(split_of))


def _file(name: str, encoding: str, digest: str, words: str) -> dict[str, Any]:
    return {"@type": "cr:FileObject", "@id": name, "name": name, "description": words, "contentUrl": name,
            "encodingFormat": encoding, "sha256": digest}  # fmt: skip


def _distribution(dataset: Dataset, manifest: Manifest | None) -> list[dict[str, Any]]:
    words = {
        layout.DATASET_JSON: ("application/json", "Format version, spec, conventions, counts, digest"),
        layout.GRIDS: (PARQUET, "One row per grid"),
        layout.CAMERAS: (PARQUET, "c2w and K per grid and camera"),
        layout.CELLS: (PARQUET, "Where every image lies, with its checksum"),
        layout.SHARDS: (PARQUET, "Size and SHA-256 of every shard"),
    }
    files = []
    for name, (encoding, text) in words.items():
        digest = hashlib.sha256(dataset.storage.read_bytes(name)).hexdigest()
        files.append(_file(name, encoding, digest, text))
    if manifest is not None:
        digest = hashlib.sha256(splits_csv(manifest).encode()).hexdigest()
        files.append(_file(SPLITS_CSV, "text/csv", digest, f"Which grid is in which split; manifest {manifest.digest}"))
    files.append({"@type": "cr:FileSet", "@id": "shards", "name": "shards", "encodingFormat": PARQUET,
                  "includes": f"{layout.SHARDS_FOLDER}/*/*.parquet",
                  "description": "Cells: camera, time and one encoded image per pass"})  # fmt: skip
    return files


def _field(record: str, name: str, kind: str, words: str, source: dict[str, Any]) -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": f"{record}/{name}", "name": f"{record}/{name}", "description": words, "dataType": kind,
            "source": {**source, "extract": {"column": name}}}  # fmt: skip


def _grids() -> dict[str, Any]:
    from camxtime.shards.tables import GRIDS

    source = {"fileObject": {"@id": layout.GRIDS}}
    kinds = {name: _TYPES[str(GRIDS.field(name).type)] for name in _GRID_COLUMNS}
    fields = [_field("grids", name, kinds[name], words, source) for name, words in _GRID_COLUMNS.items()]
    return {"@type": "cr:RecordSet", "@id": "grids", "name": "grids", "key": {"@id": "grids/grid"}, "field": fields}


def _cells(dataset: Dataset) -> dict[str, Any]:
    source = {"fileSet": {"@id": "shards"}}
    fields = [
        _field("cells", name, "cr:Int32", f"Index of the {name} in its grid", source) for name in ("camera", "time")
    ]
    for name, codec in of_passes(dataset.passes).items():
        kind = "sc:ImageObject" if codec.extension in ("jpg", "png", "webp") else "sc:Text"
        fields.append(_field("cells", name, kind, f"{_PASS_WORDS[name]}, encoded as {codec.name}", source))
    return {"@type": "cr:RecordSet", "@id": "cells", "name": "cells", "field": fields,
            "description": "The cells of all shards; a shard's folder is its grid's id."}  # fmt: skip


def _splits(manifest: Manifest) -> list[dict[str, Any]]:
    uri = {
        "train": "cr:TrainingSplit",
        "val": "cr:ValidationSplit",
        "validation": "cr:ValidationSplit",
        "test": "cr:TestSplit",
    }
    names: dict[str, Any] = {
        "@type": "cr:RecordSet", "@id": "split", "name": "split", "dataType": "cr:Split", "key": {"@id": "split/name"},
        "field": [
            {"@type": "cr:Field", "@id": "split/name", "name": "split/name", "dataType": "sc:Text"},
            {"@type": "cr:Field", "@id": "split/url", "name": "split/url", "dataType": "sc:Text"},
        ],
        "data": [{"split/name": name, "split/url": uri.get(name, "cr:Split")} for name in manifest.splits],
    }  # fmt: skip
    source = {"fileObject": {"@id": SPLITS_CSV}}
    fields = [
        _field("grid_split", name, "sc:Text", words, source)
        for name, words in (("grid", "Grid"), ("split", "Its split"))
    ]
    fields[0]["references"] = {"field": {"@id": "grids/grid"}}
    fields[1]["references"] = {"field": {"@id": "split/name"}}
    return [names, {"@type": "cr:RecordSet", "@id": "grid_split", "name": "grid_split", "field": fields,
                    "description": f"Splits by {manifest.by}: what is protected does not cross."}]  # fmt: skip
