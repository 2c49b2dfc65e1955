"""The way of a car through highway-env's roundabout: a curve that it can drive, from the south to an exit.

highway-env's approach lanes end at the ring's edge, 58° off its direction: a car cannot follow the lanes'
centres. The way here bends to the right from the approach onto the ring by an arc that is tangent to both,
and leaves the ring by its mirror image, as a driver would. Lengths are of ``RoundaboutEnv._make_road``; on a
larger ring all is the same, and so much further from the middle.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from drivebench.world import numerics

__all__ = ["APPROACH_M", "HIGHWAY_ENV", "LARGER", "RING_RADIUS_M", "Ring", "Way", "way_through"]

APPROACH_M = 127.5
"""Straight part of an approach."""
OFF_CENTRE_M = 2.0
"""Of the approach lanes: they lie to the right of the arms' axes."""
BEND_FROM_M = 42.5
"""Where the straight part ends and a quarter of a sine begins, before the ring's centre."""
AMPLITUDE_M = 5.0
PULSATION_RADPM = 2.0 * np.pi / 85.0
BEND_M = 17.0
"""Length of the bend, to the ring's edge."""
ENTRY_RADIUS_M = 16.0
RING_RADIUS_M = 23.0
"""Of the way on the ring, whose outer lane is from 22 to 26 m."""
SPACING_M = 0.5

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Ring:
    """How large the ring is.

    Attributes:
        wider_m: So much more than highway-env's is its radius.
        to_the_left_m: At the ring's edge the way is this far to the left of the lane's centre, so that the
            inner rear corner clears the kerb between approach and ring.
    """

    wider_m: float
    to_the_left_m: float


HIGHWAY_ENV = Ring(wider_m=0.0, to_the_left_m=0.7)
LARGER = Ring(wider_m=8.0, to_the_left_m=1.3)


@dataclass(frozen=True, kw_only=True, eq=False)
class Way:
    """A way through the roundabout.

    Attributes:
        points_m: ``f8[P, 2]``.
        ring_from: The first point on the ring.
        ring_to: The last point on the ring.
    """

    points_m: NDArray[np.float64]
    ring_from: int
    ring_to: int


def _approach(s: float, ring: Ring) -> tuple[float, float, float]:
    """Point of the way on the southern approach, and its direction from north towards east.

    Args:
        s: Way northwards since the bend began; negative before it (m).
        ring: How large the ring is.
    """
    if s <= 0.0:
        return OFF_CENTRE_M, BEND_FROM_M + ring.wider_m - s, 0.0
    sine, cosine = numerics.sin(None, PULSATION_RADPM * s), numerics.cos(None, PULSATION_RADPM * s)
    share = s / BEND_M
    x = OFF_CENTRE_M + AMPLITUDE_M * (1.0 - cosine) - ring.to_the_left_m * share * share
    slope = AMPLITUDE_M * PULSATION_RADPM * sine - 2.0 * ring.to_the_left_m * share / BEND_M
    return x, BEND_FROM_M + ring.wider_m - s, numerics.atan(None, slope)


def _centre(s: float, ring: Ring) -> tuple[float, float, float]:
    """Centre of the entry arc that begins at a place of the approach, and the direction there."""
    x, y, direction = _approach(s, ring)
    return (
        x + ENTRY_RADIUS_M * numerics.cos(None, direction),
        y + ENTRY_RADIUS_M * numerics.sin(None, direction),
        direction,
    )


@cache
def _entry(ring: Ring) -> tuple[NDArray[np.float64], float]:
    """Points from the far end of the southern approach to the ring, and the ring's phase there."""
    # The entry arc touches the ring from outside: its centre is as far off as both radii together.
    ring_m = RING_RADIUS_M + ring.wider_m
    low, high = 0.0, BEND_M
    for _ in range(60):
        middle = 0.5 * (low + high)
        x, y, _ = _centre(middle, ring)
        if x * x + y * y > (ring_m + ENTRY_RADIUS_M) ** 2:
            low = middle
        else:
            high = middle
    x, y, direction = _centre(low, ring)
    phase = numerics.atan2(None, y, x)
    points = [_approach(s, ring)[:2] for s in np.arange(-APPROACH_M, low, SPACING_M).tolist()]
    turn = phase - direction
    steps = max(int(turn * ENTRY_RADIUS_M / SPACING_M), 1)
    for k in range(steps + 1):
        angle = direction + turn * k / steps
        points.append(
            (x - ENTRY_RADIUS_M * numerics.cos(None, angle), y - ENTRY_RADIUS_M * numerics.sin(None, angle))
        )
    if _distance(points[-steps - 2], points[-steps - 1]) < 0.5 * SPACING_M:
        del points[-steps - 2]
    return np.array(points), phase


def _distance(a: Point, b: Point) -> float:
    return float(np.sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2))


def way_through(exit_node: str, ring: Ring = HIGHWAY_ENV) -> Way:
    """The way from the southern approach to an exit.

    Args:
        exit_node: ``ex``, ``nx``, ``wx`` or ``sx``: first to fourth exit.
        ring: How large the ring is.
    """
    entry, phase = _entry(ring)
    ring_m = RING_RADIUS_M + ring.wider_m
    back = entry[::-1]
    x, y = back[:, 0], back[:, 1]
    right_angle = 0.5 * np.pi
    # Exits are mirror images of the southern entry, driven backwards; so are the phases of leaving the ring.
    leaving, last_phase = {
        "ex": (np.stack([y, x], axis=1), right_angle - phase),
        "nx": (np.stack([x, -y], axis=1), -phase),
        "wx": (np.stack([-y, -x], axis=1), -right_angle - phase),
        "sx": (np.stack([-x, y], axis=1), -2.0 * right_angle - phase),
    }[exit_node]
    steps = int((phase - last_phase) * ring_m / SPACING_M)
    angles = [phase + (last_phase - phase) * k / steps for k in range(1, steps)]
    circle = np.array([(ring_m * numerics.cos(None, a), ring_m * numerics.sin(None, a)) for a in angles])
    return Way(
        points_m=np.concatenate([entry, circle, leaving]),
        ring_from=len(entry) - 1,
        ring_to=len(entry) + len(circle),
    )
