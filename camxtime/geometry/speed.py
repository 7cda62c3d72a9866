"""Speed laws: how far along its path a camera path has come at camera i of C."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from camxtime.errors import InputError
from camxtime.geometry.cameras import Floats

SPEED_KINDS = ("constant", "ease", "exponential")

LARGEST_A = 20.0
"""Bound of |a|: beyond it nearly all cameras would stand at one end of the path."""


@dataclass(frozen=True)
class SpeedLaw:
    """A monotone map f of [0, 1] onto itself with f(0) = 0 and f(1) = 1; u = i / (C − 1) is the camera's rank.

    kind: `constant` f = u; `ease` f = u²(3 − 2u) (starts and stops softly); `exponential`
    f = (1 − exp(−a·u)) / (1 − exp(−a)), the law of MultiCamVideo (ReCamMaster): a > 0 fast then slow, a < 0 slow
    then fast, a = 0 constant. `a` is read by `exponential` only.
    """

    kind: str = "constant"
    a: float = 0.0

    def validate(self) -> SpeedLaw:
        """Return self, or raise InputError for an unknown kind or an `a` that is not finite or beyond ±20."""
        if self.kind not in SPEED_KINDS:
            raise InputError(f"speed: unknown kind {self.kind!r}; the kinds are {', '.join(SPEED_KINDS)}")
        if not np.isfinite(self.a) or abs(self.a) > LARGEST_A:
            raise InputError(f"speed: a must lie between −{LARGEST_A:g} and {LARGEST_A:g}, not {self.a}")
        return self

    def positions(self, cameras: int) -> Floats:
        """(C,) float64 positions along the path, from 0 to 1; a single camera stands at 0."""
        self.validate()
        u = np.linspace(0.0, 1.0, cameras)
        if self.kind == "ease":
            return np.asarray(u * u * (3.0 - 2.0 * u))
        if self.kind == "exponential" and abs(self.a) > 1e-9:
            return np.asarray(np.expm1(-self.a * u) / np.expm1(-self.a))
        return u
