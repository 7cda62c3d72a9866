"""Names of the codecs a pass can be stored with: the grammar that specs are checked by and `shards.codecs` obeys.

A name is a kind with options after colons: `jpeg:95`, `jpeg:95:444`, `png`, `webp`, `logpng16`, `zstd32`, `png16`.
"""

from __future__ import annotations

from dataclasses import dataclass

CODECS_OF_PASS: dict[str, tuple[str, ...]] = {
    "rgb": ("jpeg", "png", "webp"),
    "depth": ("logpng16", "zstd32"),
    "instance": ("png16",),
}
PASSES = tuple(CODECS_OF_PASS)
LOSSLESS_KINDS = frozenset({"png", "webp", "zstd32", "png16"})


@dataclass(frozen=True)
class CodecName:
    """A parsed codec name: its kind, and for JPEG the quality (1..100) and chroma subsampling."""

    kind: str
    quality: int | None = None
    subsampling: str | None = None

    def __str__(self) -> str:
        if self.kind != "jpeg":
            return self.kind
        return f"jpeg:{self.quality}" + (":444" if self.subsampling == "444" else "")


def parse_codec(name: str) -> CodecName:
    """Parse a codec name.

    Raises:
        ValueError: the name is not one of the grammar's.
    """
    kind, *options = name.split(":")
    known = sorted({k for kinds in CODECS_OF_PASS.values() for k in kinds})
    if kind not in known:
        raise ValueError(f"unknown codec {name!r}; known: {', '.join(known)}")
    if kind != "jpeg":
        if options:
            raise ValueError(f"codec {kind!r} takes no options, got {name!r}")
        return CodecName(kind)
    if len(options) > 2 or not options or not options[0].isdecimal() or not 1 <= int(options[0]) <= 100:
        raise ValueError(f"write a JPEG codec as jpeg:QUALITY or jpeg:QUALITY:444 with quality 1..100, got {name!r}")
    subsampling = options[1] if len(options) == 2 else "420"
    if subsampling not in ("420", "444"):
        raise ValueError(f"JPEG chroma subsampling is 420 or 444, got {subsampling!r} in {name!r}")
    return CodecName("jpeg", int(options[0]), subsampling)


def check_codec(pass_name: str, name: str) -> CodecName:
    """Parse `name` and check that it can hold the pass.

    Raises:
        ValueError: unknown codec, or a codec for another kind of pass.
    """
    codec = parse_codec(name)
    allowed = CODECS_OF_PASS[pass_name]
    if codec.kind not in allowed:
        raise ValueError(f"codec {name!r} cannot hold the {pass_name} pass; choose from {', '.join(allowed)}")
    return codec
