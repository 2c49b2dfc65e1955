"""The way that the expert steers along: knots of a smooth path with heading, curvature and a speed profile.

A path is made from a polyline by basic operations and the engine's canonical elementary functions, so that
it is the same bits on every machine. Between two knots the heading is linear in the arc length, that is, the
curvature is constant.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.errors import ConfigurationError
from drivebench.world import numerics

__all__ = ["ARC", "AROUND", "CAP", "CURVATURE", "HEADING", "KNOT_COLUMNS", "ReferencePath", "X", "Y"]

X, Y, HEADING, CURVATURE, CAP, ARC, AROUND = range(7)
KNOT_COLUMNS = 7
PI = 3.141592653589793

CURVE_ACCELERATION_MPS2 = 3.2
"""Lateral acceleration at which the expert takes curves; nuPlan's comfort bound is 4.89 m/s²
(`config/common/simulation_metric/common/ego_lat_acceleration_statistics.yaml`)."""
BRAKING_MPS2 = 1.6
"""Deceleration of the speed profile ahead of a curve or a stop; nuPlan's comfort bound is 4.05 m/s²."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ReferencePath:
    """A smooth path with a speed profile.

    Attributes:
        knots: ``f8[K, 7]``: x, y (m), heading (rad, continuous: not wrapped), curvature of the segment from
            this knot to the next (1/m, positive to the right), highest speed (m/s), arc length (m),
            which is 0 beside the ego's start, and 1 where the path is a way around something, else 0.
    """

    knots: NDArray[np.float64]

    @classmethod
    def through(
        cls,
        points_m: NDArray[np.float64],
        arc_m: NDArray[np.float64],
        *,
        speed_limit_mps: float,
        stop_at_m: float = np.inf,
        around: bool = False,
    ) -> Self:
        """Lay a path through points.

        Args:
            points_m: ``f8[P, 2]`` points in driving order, on a smooth curve.
            arc_m: ``f8[P]`` arc lengths of the points; 0 beside the ego's start.
            speed_limit_mps: The speed is nowhere above it.
            stop_at_m: The path has to be left before this arc length: the profile ends with a stop there.
            around: Whether it is a way around something: drivers get onto it quickly, and do not brake for
                what they will have left aside when they come to it.

        Raises:
            ConfigurationError: There are fewer than three points.
        """
        if len(points_m) < 3:
            raise ConfigurationError(f"a path through {len(points_m)} points; expected three or more")
        knots = np.zeros((len(points_m), KNOT_COLUMNS))
        knots[:, [X, Y]] = points_m
        knots[:, ARC] = arc_m
        knots[:, AROUND] = around
        _lay_headings(knots)
        _lay_speeds(knots, float(speed_limit_mps), float(stop_at_m))
        return cls(knots=knots)

    @property
    def start(self) -> int:
        """The segment beside the ego's start, where the arc length is 0."""
        return int(np.searchsorted(self.knots[:, ARC], 0.0))


@kernel
def _lay_headings(knots: NDArray[np.float64]) -> None:
    """Headings of the knots from the chords beside them, weighted by the other chord's length."""
    last = knots.shape[0] - 1
    before = 0.0
    before_length = 0.0
    for i in range(last):
        dx = knots[i + 1, X] - knots[i, X]
        dy = knots[i + 1, Y] - knots[i, Y]
        length = knots[i + 1, ARC] - knots[i, ARC]
        chord = numerics.atan2(None, dy, dx)
        if i == 0:
            knots[0, HEADING] = chord
        else:
            turn = chord - before
            turn -= 2.0 * PI * np.floor((turn + PI) / (2.0 * PI))
            chord = before + turn
            knots[i, HEADING] = before + turn * before_length / (before_length + length)
        before = chord
        before_length = length
    knots[last, HEADING] = before
    # The ends have a chord on one side only: continue the curvature of the neighbouring segment.
    knots[0, HEADING] = 2.0 * knots[0, HEADING] - knots[1, HEADING]
    knots[last, HEADING] = 2.0 * knots[last, HEADING] - knots[last - 1, HEADING]
    for i in range(last):
        length = knots[i + 1, ARC] - knots[i, ARC]
        knots[i, CURVATURE] = (knots[i + 1, HEADING] - knots[i, HEADING]) / length
    knots[last, CURVATURE] = knots[last - 1, CURVATURE]


@kernel
def _lay_speeds(knots: NDArray[np.float64], limit: float, stop: float) -> None:
    """Highest speeds: the limit, the lateral acceleration in curves, and comfortable braking before them."""
    last = knots.shape[0] - 1
    ahead = limit if knots[last, ARC] < stop else 0.0
    for i in range(last, -1, -1):
        curvature = abs(knots[i, CURVATURE])
        if i > 0:
            curvature = max(curvature, abs(knots[i - 1, CURVATURE]))
        speed = limit
        if curvature * limit * limit > CURVE_ACCELERATION_MPS2:
            speed = np.sqrt(CURVE_ACCELERATION_MPS2 / curvature)
        if knots[i, ARC] >= stop:
            speed = 0.0
        elif i < last:
            step = min(knots[i + 1, ARC], stop) - knots[i, ARC]
            speed = min(speed, np.sqrt(ahead * ahead + 2.0 * BRAKING_MPS2 * step))
        knots[i, CAP] = speed
        ahead = speed
