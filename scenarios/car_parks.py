"""Car parks of four layouts: bays on both sides of an aisle or on one, square to it, slanted, or along it.

Frame: the aisle runs along x with its middle at y = 0, y to the right; the first bay begins at x = 0. The
whole lot is paved by two lanes of opposite directions that lie on each other, so that there is a drivable
area and no wrong way on it. Each bay is a lane of its own, from its mouth inwards, whose lines are painted.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from drivebench.scenario import uniform
from drivebench.world import EntityKind, RoadNetwork, numerics
from drivebench.world.build import VehicleSpec, build_network
from drivebench.world.grid import round_to_grid
from drivebench.world.lane_spec import LaneSpec

__all__ = ["Bay", "CarPark", "Layout", "car_park"]

BAY_LENGTH_M = 6.2
BAY_WIDTH_M = (3.0, 3.4)
"""At least what the metric's tolerances ask for (``drivebench.metric.limits``)."""
KERB_BAY_M = (7.6, 3.0)
"""Length and width of a bay along the kerb."""
SLANT_RAD = math.pi / 3
BAYS = (7, 9)
KERB_BAYS = (4, 5)
BEFORE_M, BEYOND_M = 13.0, 10.0
"""Aisle before the first bay and beyond the last one."""
WALL_M = 0.3
WALL_GAP_M = 0.4
"""From the end of a bay, or the edge of the lot, to the wall there."""
ENDS = 0.5
"""Share of the lots with walls across the ends of the aisle."""
PAVED = "paved"


class Layout(StrEnum):
    """How the bays lie."""

    SQUARE = "square"
    """Square to the aisle, on both sides."""
    ONE_SIDED = "one-sided"
    """Square to the aisle, on one side; a wall on the other."""
    SLANTED = "slanted"
    """At 60° to the aisle, on both sides, open towards who comes along it."""
    KERB = "kerb"
    """Along the aisle, on one side; a wall on the other."""


AISLE_M = {
    Layout.SQUARE: (8.0, 9.5),
    Layout.ONE_SIDED: (8.0, 9.5),
    Layout.SLANTED: (7.0, 8.5),
    Layout.KERB: (6.5, 8.0),
}
"""Range of the aisle's width."""


@dataclass(frozen=True, kw_only=True)
class Bay:
    """One bay; metres and radians.

    Attributes:
        x_m: Its middle.
        y_m: The same.
        heading_rad: From its mouth inwards; along the aisle for a bay at the kerb.
        right: Whether it is on the right of the aisle.
    """

    x_m: float
    y_m: float
    heading_rad: float
    right: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class CarPark:
    """A lot.

    Attributes:
        layout: How its bays lie.
        network: Pavement and bays.
        bays: All of them, row by row.
        walls: Around it.
        aisle_m: Width of the aisle.
        low_m: Corner (x, y) of the paved rectangle.
        high_m: The opposite corner.
    """

    layout: Layout
    network: RoadNetwork
    bays: tuple[Bay, ...]
    walls: tuple[VehicleSpec, ...]
    aisle_m: float
    low_m: tuple[float, float]
    high_m: tuple[float, float]


def car_park(generator: np.random.Generator, layout: Layout) -> CarPark:
    """Draw a car park.

    Args:
        generator: Source of randomness.
        layout: How its bays lie.
    """
    aisle = round_to_grid(uniform(generator, *AISLE_M[layout]))
    width = round_to_grid(uniform(generator, *BAY_WIDTH_M))
    number = int(generator.integers(*(KERB_BAYS if layout is Layout.KERB else BAYS), endpoint=True))
    both = layout in (Layout.SQUARE, Layout.SLANTED)
    one_right = bool(generator.integers(2))
    with_ends = generator.random() < ENDS
    length, turn = BAY_LENGTH_M, 0.5 * math.pi
    if layout is Layout.SLANTED:
        turn = SLANT_RAD
    elif layout is Layout.KERB:
        (length, width), turn = KERB_BAY_M, 0.0
    cosine, sine = numerics.cos_sin(None, turn)
    # A bay takes `pitch` of the aisle, is `depth` deep, and its middle is half of that away from the aisle.
    pitch = width / sine if turn > 0.0 else length
    depth = length * sine + width * cosine
    spread = pitch * number + (length * cosine if layout is Layout.SLANTED else 0.0)
    bays: list[Bay] = []
    lanes: list[tuple[str, str, LaneSpec]] = []
    for right in (False, True) if both else (one_right,):
        side = 1.0 if right else -1.0
        for k in range(number):
            x, y = pitch * (k + 0.5), side * 0.5 * (aisle + depth)
            if layout is Layout.SLANTED:
                x += 0.5 * length * cosine
            bay = Bay(x_m=x, y_m=y, heading_rad=side * turn, right=right)
            bays.append(bay)
            lines = _lines(x, y, (cosine, side * sine), length, width)
            if layout is Layout.KERB:
                lines = _lines(x, y, (0.0, side), width, length)
            lanes.append((f"mouth {len(lanes)}", f"end {len(lanes)}", lines))
    low_y = -0.5 * aisle - (depth if both or not one_right else 0.0)
    high_y = 0.5 * aisle + (depth if both or one_right else 0.0)
    low, high = (-BEFORE_M, low_y), (spread + BEYOND_M, high_y)
    middle = 0.5 * (low_y + high_y)
    for start, end in ((low[0], high[0]), (high[0], low[0])):
        pavement = LaneSpec.straight(
            (start, middle), (end, middle), width_m=high_y - low_y, line_types=(0, 0)
        )
        lanes.append((PAVED, PAVED, pavement) if start < end else (f"{PAVED} back", PAVED, pavement))
    return CarPark(
        layout=layout,
        network=build_network(lanes),
        bays=tuple(bays),
        walls=_walls(low, high, with_ends=bool(with_ends)),
        aisle_m=aisle,
        low_m=low,
        high_m=high,
    )


def _lines(x: float, y: float, inwards: tuple[float, float], length: float, width: float) -> LaneSpec:
    """A bay as a lane that begins at its mouth: it has lines along both sides."""
    dx, dy = 0.5 * length * inwards[0], 0.5 * length * inwards[1]
    return LaneSpec.straight((x - dx, y - dy), (x + dx, y + dy), width_m=width, line_types=(2, 2))


def _walls(
    low: tuple[float, float], high: tuple[float, float], *, with_ends: bool
) -> tuple[VehicleSpec, ...]:
    """Walls along both sides of a lot, and across its ends."""
    away = WALL_GAP_M + 0.5 * WALL_M
    middle_x, middle_y = 0.5 * (low[0] + high[0]), 0.5 * (low[1] + high[1])
    long, across = high[0] - low[0], high[1] - low[1] + 2.0 * away + WALL_M
    found = [(middle_x, y, 0.0, long) for y in (low[1] - away, high[1] + away)]
    if with_ends:
        found += [(x, middle_y, 0.5 * math.pi, across) for x in (low[0] - away, high[0] + away)]
    return tuple(
        VehicleSpec(kind=EntityKind.OBSTACLE, x_m=x, y_m=y, heading_rad=turn, length_m=size, width_m=WALL_M)
        for x, y, turn, size in found
    )
