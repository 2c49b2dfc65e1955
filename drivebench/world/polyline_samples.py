"""The samples of a polyline lane: what the kernels of ``polyline`` read, made from points.

highway-env's ``LinearSpline2D`` and ``PolyLane`` do the same; only basic operations and square roots are
used, and a canonical arc tangent.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Self

import numpy as np
import numpy.typing as npt

from drivebench.errors import ConfigurationError
from drivebench.world import numerics
from drivebench.world.grid import round_to_grid

__all__ = ["LEAST_WIDTH_M", "Point", "PolylineSamples"]

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]

LEAST_WIDTH_M = 4.0
"""A lane between boundaries is at least as wide as this (``AbstractLane.DEFAULT_WIDTH``)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PolylineSamples:
    """The samples of one lane.

    Attributes:
        knots: [3, K] arc length, x and y of the points that the lane was given, m.
        poses: [5, N] x, y, the two parts of the unit tangent, and its heading, at every metre.
        widths_m: [W] widths about one metre apart; empty where the width is constant.
    """

    knots: Floats
    poses: Floats
    widths_m: Floats

    def __post_init__(self) -> None:
        for array in (self.knots, self.poses, self.widths_m):
            if not np.isfinite(array).all():
                raise ConfigurationError(
                    "a polyline lane has points or tangents that are not finite; expected finite points of "
                    "which no two in a row are equal"
                )

    @classmethod
    def through(
        cls, points_m: Sequence[Point], *, left_m: Sequence[Point] = (), right_m: Sequence[Point] = ()
    ) -> Self:
        """Sample a lane.

        Args:
            points_m: Its centre line, rounded to the grid; at least one metre long.
            left_m: Points of its left boundary; both boundaries or none.
            right_m: Of the right one.

        Raises:
            ConfigurationError: Too few points, equal points in a row, or too short a curve.
        """
        if bool(left_m) != bool(right_m):
            raise ConfigurationError(
                f"{len(left_m)} points of the left boundary and {len(right_m)} of the right one; expected "
                "both boundaries, or neither"
            )
        knots = _knots(points_m)
        poses = _poses(knots)
        widths: list[float] = []
        if left_m:
            sides = [(knots_, _poses(knots_)) for knots_ in (_knots(right_m), _knots(left_m))]
            length = float(knots[0, -1])
            pieces = math.ceil(length)
            step = length / pieces
            for k in range(pieces + 1):
                centre = _point(knots, length if k == pieces else k * step)
                widths.append(_width(centre, sides))
        return cls(knots=knots, poses=poses, widths_m=np.array(widths))

    @property
    def length_m(self) -> float:
        """Arc length of the centre line."""
        return float(self.knots[0, -1])

    def numbers(self) -> Floats:
        """All samples, in the order in which the kernels find them."""
        return np.concatenate([self.knots.ravel(), self.poses.ravel(), self.widths_m])


def _knots(points_m: Sequence[Point]) -> Floats:
    """[3, K] arc length, x, y."""
    if len(points_m) < 2:
        raise ConfigurationError(f"a polyline of {len(points_m)} points; expected at least two")
    x = np.array([round_to_grid(point[0]) for point in points_m]) + 0.0  # no negative zero
    y = np.array([round_to_grid(point[1]) for point in points_m]) + 0.0
    dx, dy = np.diff(x), np.diff(y)
    pieces = np.sqrt(dx * dx + dy * dy)
    if not (pieces > 0.0).all():
        place = int(np.flatnonzero(~(pieces > 0.0))[0])
        raise ConfigurationError(
            f"points {place} and {place + 1} of a polyline are {points_m[place]} and {points_m[place + 1]}; "
            "expected finite points of which no two in a row are equal"
        )
    arc = np.array([0.0, *accumulate(pieces.tolist())])
    if arc[-1] < 1.0:
        raise ConfigurationError(f"a polyline of {arc[-1]} m; expected at least one metre")
    return np.stack([arc, x, y])


def _point(knots: Floats, s: float) -> Point:
    """The point at s, not beyond the ends."""
    arc, x, y = knots
    k = int(np.searchsorted(arc, s, side="right")) - 1
    if k == len(arc) - 1:
        return float(x[k]), float(y[k])
    share = s - arc[k]
    piece = arc[k + 1] - arc[k]
    return float((x[k + 1] - x[k]) / piece * share + x[k]), float((y[k + 1] - y[k]) / piece * share + y[k])


def _poses(knots: Floats) -> Floats:
    """[5, N] x, y, tangent and heading at every metre."""
    points = np.array([_point(knots, float(s)) for s in range(int(knots[0, -1]) + 1)])
    steps = np.diff(points, axis=0)
    steps = np.concatenate([steps, steps[-1:]])
    dx, dy = steps[:, 0], steps[:, 1]
    length = np.sqrt(dx * dx + dy * dy)
    tangent_x, tangent_y = dx / length, dy / length
    headings = [numerics.atan2(None, float(b), float(a)) for a, b in zip(tangent_x, tangent_y, strict=True)]
    return np.stack([points[:, 0], points[:, 1], tangent_x, tangent_y, np.array(headings)])


def _nearest(point: Point, knots: Floats, poses: Floats) -> Point:
    """The point of a boundary that has the same longitudinal coordinate on it as a point beside it."""
    k = poses.shape[1] - 1
    while True:
        x, y, tangent_x, tangent_y, _ = (float(value) for value in poses[:, k])
        along = tangent_x * (point[0] - x) + tangent_y * (point[1] - y)
        if along >= 0.0 or k == 0:
            break
        k -= 1
    return _beyond(knots, k + along)


def _beyond(knots: Floats, s: float) -> Point:
    """The point at s, on straight continuations beyond the ends."""
    arc = knots[0]
    if 0.0 <= s <= arc[-1]:
        return _point(knots, s)
    at, other = (0, 1) if s < 0.0 else (len(arc) - 1, len(arc) - 2)
    low, high = min(at, other), max(at, other)
    slope = (knots[1:, high] - knots[1:, low]) / (arc[high] - arc[low])
    x, y = slope * (s - arc[at]) + knots[1:, at]
    return float(x), float(y)


def _width(centre: Point, sides: Sequence[tuple[Floats, Floats]]) -> float:
    """Twice the distance to the nearer boundary (highway-env ``PolyLane._width_at_s``)."""
    least = math.inf
    for knots, poses in sides:
        x, y = _nearest(centre, knots, poses)
        dx, dy = x - centre[0], y - centre[1]
        least = min(least, math.sqrt(dx * dx + dy * dy))
    return max(least * 2, LEAST_WIDTH_M)
