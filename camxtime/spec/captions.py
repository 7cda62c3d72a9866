"""One natural sentence per grid, composed from subject, scene and camera path."""

from __future__ import annotations


def compose_caption(subject: str, scene: str, path: str) -> str:
    """A caption such as "A knight runs in a furnished dungeon room, filmed in an arc to the left."

    Args:
        subject: words for the animated subject, e.g. "a knight running".
        scene: words for the environment, e.g. "a furnished dungeon room".
        path: words for the camera's movement, e.g. "filmed in an arc to the left"; may be empty.

    Returns:
        One sentence, capitalised, with a full stop.
    """
    place = scene if scene.split(" ", 1)[0] in ("in", "on", "at", "under", "inside") else f"in {scene}"
    parts = [part.strip().rstrip(".") for part in (f"{subject} {place}", path) if part.strip()]
    sentence = ", ".join(parts)
    return sentence[:1].upper() + sentence[1:] + "."
