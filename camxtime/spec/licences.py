"""Licences of asset files, from the licence text that lies beside them."""

from __future__ import annotations

import re
from pathlib import Path

from camxtime.spec.gltf import copyright_of

_NAMES = re.compile(r"^(licen[cs]e|copying|readme|credits|attribution)(\b|[._-])", re.IGNORECASE)
_MAX_BYTES = 1 << 18
_KNOWN = (
    ("CC0-1.0", r"\bCC0\b|creative commons zero|publicdomain/zero"),
    ("CC-BY-NC-SA-4.0", r"CC[ -]BY[ -]NC[ -]SA|licenses/by-nc-sa|attribution-noncommercial-sharealike"),
    ("CC-BY-NC-ND-4.0", r"CC[ -]BY[ -]NC[ -]ND|licenses/by-nc-nd"),
    ("CC-BY-NC-4.0", r"CC[ -]BY[ -]NC|licenses/by-nc\b|attribution-noncommercial"),
    ("CC-BY-SA-4.0", r"CC[ -]BY[ -]SA|licenses/by-sa|attribution-sharealike"),
    ("CC-BY-ND-4.0", r"CC[ -]BY[ -]ND|licenses/by-nd|attribution-noderiv"),
    ("CC-BY-4.0", r"CC[ -]BY\b|licenses/by/|creative commons attribution"),
    ("Apache-2.0", r"apache license,? +version 2|Apache-2\.0"),
    ("MIT", r"\bMIT license|permission is hereby granted, free of charge"),
    ("Unlicense", r"unlicense\.org|this is free and unencumbered"),
    ("public domain", r"\bpublic domain\b"),
)
"""SPDX identifiers and what their texts say, the narrower first."""


def licence_of(file: Path, root: Path) -> str | None:
    """The licence of an asset: of the nearest licence text between its folder and `root`, else what a glTF file says.

    Returns:
        An SPDX identifier, "see <file>" for a text that is not recognised, "© …" from a glTF file; None without either.
    """
    folder = file.parent
    while folder.is_relative_to(root):
        texts = sorted((f for f in folder.iterdir() if f.is_file() and _NAMES.match(f.name)), key=_rank)
        for text in texts:
            name = _recognised(text)
            if name is not None:
                return name
        if texts and _rank(texts[0])[0] == 0:
            return f"see {texts[0].relative_to(root).as_posix()}"
        if folder == root:
            break
        folder = folder.parent
    stated = copyright_of(file) if file.suffix.lower() in (".glb", ".gltf") else None
    return f"© {stated}"[:200] if stated else None


def _rank(file: Path) -> tuple[int, str]:
    """Licence texts before read-mes, which may speak of anything."""
    return (0 if file.name.lower().startswith(("licen", "copying")) else 1), file.name


def _recognised(file: Path) -> str | None:
    with file.open("rb") as data:
        text = " ".join(data.read(_MAX_BYTES).decode("utf-8", "replace").split())
    return next((name for name, pattern in _KNOWN if re.search(pattern, text, re.IGNORECASE)), None)
