"""What `import` and `export` share: names of formats without importing them, and PASS=CODEC pairs."""

from __future__ import annotations

from collections.abc import Sequence

from camxtime.errors import InputError


def format_names() -> list[str]:
    """Names of all formats."""
    from camxtime.formats.registry import FORMATS

    return list(FORMATS)


def format_list() -> str:
    """The formats in words, as the end of a help text."""
    from camxtime.formats.registry import summaries

    return "\b\nFormats:\n" + "\n".join(f"  {name:15} {words}" for name, words in summaries().items())


def codec_pairs(texts: Sequence[str]) -> dict[str, str] | None:
    """`PASS=CODEC` options as a mapping; None where there are none. `InputError` for another form."""
    pairs: dict[str, str] = {}
    for text in texts:
        name, sign, codec = text.partition("=")
        if not (name and sign and codec) or name in pairs:
            raise InputError(f"--pass {text!r}: write PASS=CODEC such as rgb=webp, each pass once.")
        pairs[name] = codec
    return pairs or None
