"""Camera paths. Public: `KINDS`, `draw`, `realise`, `DrawnPath`, `PathRequest`; `files.load` for paths made from
files.

Not public: the classes of the kinds beyond their fields and metadata, and the helpers beside them.
"""

from camxtime.geometry.paths.base import PathRequest
from camxtime.geometry.paths.drawing import KINDS, DrawnPath, draw, realise
from camxtime.geometry.speed import SPEED_KINDS, SpeedLaw

__all__ = ["KINDS", "SPEED_KINDS", "DrawnPath", "PathRequest", "SpeedLaw", "draw", "realise"]
