"""The failures that a Blender worker reports to its parent."""

from __future__ import annotations


class StageError(Exception):
    """The request is at fault: a missing file, an unknown clip, a bad parameter. Reported as bad input."""

    kind = "input"


class RenderFault(Exception):
    """Blender could not do what a sound request asked: a device is gone, a render produced nothing."""

    kind = "work"
