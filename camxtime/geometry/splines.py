"""Curves through and near given points, in NumPy; SciPy only for the smoothing spline of two foreign formats."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from camxtime.errors import WorkError
from camxtime.geometry.cameras import Floats

Ends = Literal["natural", "not-a-knot"]


def cubic_spline(knots: ArrayLike, values: ArrayLike, at: ArrayLike, ends: Ends = "natural") -> Floats:
    """Twice continuously differentiable cubic through values (N, D) at increasing knots (N,); result (M, D).

    `natural`: no curvature at the ends (N >= 2; two points give a line). `not-a-knot`: the third derivative is
    continuous at the second and second-last knot (N >= 4); this is what FITPACK interpolates with at smoothing 0.
    Outside the knots the end pieces go on.
    """
    x, y = np.asarray(knots, dtype=np.float64), np.asarray(values, dtype=np.float64)
    where = np.asarray(at, dtype=np.float64)
    curvature = _second_derivatives(x, y, ends)
    piece = np.clip(np.searchsorted(x, where, side="right") - 1, 0, len(x) - 2)
    step = (x[piece + 1] - x[piece])[:, None]
    right = (where - x[piece])[:, None] / step
    left = 1.0 - right
    bend = (left**3 - left) * curvature[piece] + (right**3 - right) * curvature[piece + 1]
    return np.asarray(left * y[piece] + right * y[piece + 1] + bend * step**2 / 6.0)


def _second_derivatives(x: Floats, y: Floats, ends: Ends) -> Floats:
    """Second derivatives (N, D) at the knots. A dense solve: key files hold tens of keys, not thousands."""
    count = len(x)
    step = np.diff(x)
    system, right = np.zeros((count, count)), np.zeros_like(y)
    inner = np.arange(1, count - 1)
    system[inner, inner - 1] = step[:-1]
    system[inner, inner] = 2.0 * (step[:-1] + step[1:])
    system[inner, inner + 1] = step[1:]
    slope = np.diff(y, axis=0) / step[:, None]
    right[1:-1] = 6.0 * np.diff(slope, axis=0)
    if ends == "not-a-knot" and count >= 4:
        system[0, :3] = (step[1], -(step[0] + step[1]), step[0])
        system[-1, -3:] = (step[-1], -(step[-1] + step[-2]), step[-2])
    else:
        system[0, 0] = system[-1, -1] = 1.0
    return np.asarray(np.linalg.solve(system, right))


def linear(knots: ArrayLike, values: ArrayLike, at: ArrayLike) -> Floats:
    """(M, D) piecewise linear interpolation of values (N, D) at knots (N,)."""
    x, where = np.asarray(knots, dtype=np.float64), np.asarray(at, dtype=np.float64)
    columns = np.asarray(values, dtype=np.float64).T
    return np.stack([np.interp(where, x, column) for column in columns], axis=1)


def b_spline(control: ArrayLike, at: ArrayLike) -> Floats:
    """(M, D) clamped uniform cubic B-spline of control points (N >= 4, D) at parameters in [0, 1].

    It starts at the first and ends at the last point, is twice continuously differentiable, and never leaves the
    convex hull of its control points: a bound on the points is a bound on the curve. De Boor's recursion.
    """
    points = np.asarray(control, dtype=np.float64)
    count = len(points)
    knots = np.concatenate([np.zeros(3), np.linspace(0.0, 1.0, count - 2), np.ones(3)])
    where = np.asarray(at, dtype=np.float64)
    span = np.clip(np.searchsorted(knots, where, side="right") - 1, 3, count - 1)
    work = [points[span - 3 + j] for j in range(4)]
    for level in range(1, 4):
        for j in range(3, level - 1, -1):
            low, high = knots[span - 3 + j], knots[span + 1 + j - level]
            weight = ((where - low) / (high - low))[:, None]
            work[j] = (1.0 - weight) * work[j - 1] + weight * work[j]
    return work[3]


def fitpack_smoothing(values: ArrayLike, at: ArrayLike) -> Floats:
    """(M,) FITPACK smoothing spline of values (N > 3,) over [0, 1]: SciPy's `UnivariateSpline(x, y, k=3)`.

    Its default smoothing s = N does not pass through the values; InSpatio-World and TrajectoryCrafter use it so.
    Raises WorkError when SciPy is not installed.
    """
    try:
        from scipy.interpolate import UnivariateSpline
    except ImportError as error:
        raise WorkError("smoothing 'original' needs SciPy: pip install scipy, or use 'interpolate'") from error
    y = np.asarray(values, dtype=np.float64)
    return np.asarray(UnivariateSpline(np.linspace(0.0, 1.0, len(y)), y, k=3)(at), dtype=np.float64)
