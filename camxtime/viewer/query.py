"""Numbers in addresses."""

from __future__ import annotations

from camxtime.viewer.answers import refuse


def whole_number(text: str | None, name: str, most: int) -> int:
    """A whole number from 0 to `most`; an HTTP error naming the parameter if it is none."""
    if text is None or not (text.isascii() and text.isdecimal() and len(text) <= 20) or int(text) > most:
        raise refuse(400, f"{name}: a whole number from 0 to {most} is needed.")
    return int(text)
