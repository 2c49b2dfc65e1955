"""The line that a lane follower drives: the centre lines of consecutive lanes, as a dense smooth polyline."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from drivebench.world import RoadNetwork, numerics
from drivebench.world.grid import GRID

__all__ = ["arc_lengths", "lane_path", "lane_points"]

SPACING_M = 1.0
BRIDGE_M = 4.0
"""Where two lanes meet, so much of either is replaced by one cubic. Lanes of highway-env's tracks miss each
other by up to 1.3 m along and 0.7 m across, at angles of up to 7°."""


def lane_path(network: RoadNetwork, lanes: Sequence[int]) -> NDArray[np.float64]:
    """Points along lanes that follow upon each other.

    The cubic at a joint has the position and the heading of the lanes at its ends, so the path is smooth, and
    it stays within centimetres of lanes that meet exactly. Everything is computed in canonical numerics and
    rounded to the grid.

    Args:
        network: The roads.
        lanes: Rows of the lanes, in driving order; a row may come again (laps).

    Returns:
        ``f8[P, 2]``, from the start of the first lane to the end of the last, about ``SPACING_M`` apart.
    """
    points: list[tuple[float, float]] = []
    last = len(lanes) - 1
    for place, lane in enumerate(lanes):
        length = network.length_m(lane)
        trim = min(BRIDGE_M, length / 3.0)
        first_m = trim if place > 0 else 0.0
        last_m = length - trim if place < last else length
        if place > 0:
            points += _bridge(network, lanes[place - 1], lane, first_m)
        steps = max(round((last_m - first_m) / SPACING_M), 1)
        points += [
            network.position(lane, first_m + (last_m - first_m) * i / steps, 0.0) for i in range(steps + 1)
        ]
    return np.asarray(np.rint(np.array(points) * GRID) / GRID)


def _bridge(network: RoadNetwork, before: int, after: int, first_m: float) -> list[tuple[float, float]]:
    """Inner points of the cubic Hermite curve from near the end of one lane to near the start of the next."""
    length = network.length_m(before)
    from_m = length - min(BRIDGE_M, length / 3.0)
    (x0, y0), (x1, y1) = network.position(before, from_m, 0.0), network.position(after, first_m, 0.0)
    chord = float(np.sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0)))
    cos0, sin0 = numerics.cos_sin(None, network.heading_at(before, from_m))
    cos1, sin1 = numerics.cos_sin(None, network.heading_at(after, first_m))
    steps = max(round(chord / SPACING_M), 1)
    points = []
    for i in range(1, steps):
        t = i / steps
        start, leave = (1.0 + 2.0 * t) * (1.0 - t) * (1.0 - t), t * (1.0 - t) * (1.0 - t) * chord
        end, arrive = t * t * (3.0 - 2.0 * t), t * t * (t - 1.0) * chord
        points.append(
            (
                start * x0 + leave * cos0 + end * x1 + arrive * cos1,
                start * y0 + leave * sin0 + end * y1 + arrive * sin1,
            )
        )
    return points


def lane_points(network: RoadNetwork, lane: int, along_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of a lane's centre.

    Args:
        network: The roads.
        lane: Row of the lane.
        along_m: ``f8[P]`` longitudinal positions; they may lie beyond its ends.

    Returns:
        ``f8[P, 2]``.
    """
    return np.array([network.position(lane, s) for s in along_m.tolist()])


def arc_lengths(points_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Way along a polyline up to each of its points, by basic operations.

    Args:
        points_m: ``f8[P, 2]``.

    Returns:
        ``f8[P]``, from 0.
    """
    steps = np.diff(points_m, axis=0)
    arc = np.zeros(len(points_m))
    np.cumsum(np.sqrt(steps[:, 0] * steps[:, 0] + steps[:, 1] * steps[:, 1]), out=arc[1:])
    return arc
