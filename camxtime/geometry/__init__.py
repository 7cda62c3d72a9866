"""Cameras, camera paths, conventions and reprojection. NumPy only; knows no other part of camxtime but its
errors.

Public: `Cameras`, `project`, `unproject`, `pixel_centres`, `look_at`, `focal_px` (cameras); `conventions`;
`Framing`, `inside_box` (framing); `paths` (kinds, `draw`, `realise`); `reproject`.
"""

from camxtime.geometry.cameras import Cameras, focal_px, look_at, pixel_centres, project, unproject
from camxtime.geometry.framing import Framing, inside_box

__all__ = [
    "Cameras",
    "Framing",
    "focal_px",
    "inside_box",
    "look_at",
    "pixel_centres",
    "project",
    "unproject",
]
