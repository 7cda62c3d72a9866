"""Time warps τ: maps from output frame f = 0..F−1 to animation time 0..T−1. NumPy only; knows no other part.

warps      the named warps, each a pure function of (F, T, rng), and how to draw one by name
patterns   SpaceTimePilot's thirteen named inference patterns, and its evaluation zigzag
mixture    SpaceTimePilot's training mixture, as documented and as coded

Times are 0-based. The sampler hands a warp T = F: the times of the window that the source clip shows.
docs/warps.md plots them all.
"""

from camxtime.timewarp.mixture import MIXTURES, Mixture, mixture
from camxtime.timewarp.patterns import PATTERNS, Pattern, pattern
from camxtime.timewarp.registry import WARPS, Times, Warp, get, times

__all__ = ["MIXTURES", "PATTERNS", "WARPS", "Mixture", "Pattern", "Times", "Warp", "get", "mixture", "pattern", "times"]
