"""The features by which highway-env describes a vehicle or an object (``Vehicle.to_dict``)."""

import math
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, inlined_kernel
from drivebench.world.geometry import angle_to_lane, circular_longitudinal, local_coordinates, position
from drivebench.world.layout import EntityFloat, EntityInt, LaneFloat, LaneInt, LaneKind
from drivebench.world.numerics import cos_sin

__all__ = ["FEATURES", "FEATURE_COUNT", "MAX_SPEED_MPS", "Feature", "describe", "longitudinal_on", "scale"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MAX_SPEED_MPS = 40.0
"""``Vehicle.MAX_SPEED``, from which highway-env derives its ranges and how far it sees."""


class Feature(IntEnum):
    """Where each feature stands in a description; the names are highway-env's."""

    PRESENCE = 0
    X = 1
    Y = 2
    VX = 3
    VY = 4
    HEADING = 5
    COS_H = 6
    SIN_H = 7
    COS_D = 8
    """Direction of the destination: where the route ends."""
    SIN_D = 9
    LONG_OFF = 10
    """Coordinates on the vehicle's own lane, and its angle to it."""
    LAT_OFF = 11
    ANG_OFF = 12


FEATURES = tuple(feature.name.lower() for feature in Feature)
"""Names of all features."""
FEATURE_COUNT = len(FEATURES)

_X, _Y, _HEADING, _SPEED = (
    int(EntityFloat.X),
    int(EntityFloat.Y),
    int(EntityFloat.HEADING),
    int(EntityFloat.SPEED),
)
_LANE, _ROUTE_START, _ROUTE_LEFT = int(EntityInt.LANE), int(EntityInt.ROUTE_START), int(EntityInt.ROUTE_LEFT)
_FROM, _TO, _ROAD_LANES, _KIND = (
    int(LaneInt.FROM),
    int(LaneInt.TO),
    int(LaneInt.ROAD_LANES),
    int(LaneInt.KIND),
)
_STRAIGHT, _SINE, _CIRCULAR = int(LaneKind.STRAIGHT), int(LaneKind.SINE), int(LaneKind.CIRCULAR)
_LENGTH = int(LaneFloat.LENGTH)
_ORIGIN_X, _ORIGIN_Y = int(LaneFloat.ORIGIN_X), int(LaneFloat.ORIGIN_Y)
_DIRECTION_X, _DIRECTION_Y = int(LaneFloat.DIRECTION_X), int(LaneFloat.DIRECTION_Y)
_PRESENCE, _FX, _FY, _VX, _VY = (
    int(Feature.PRESENCE),
    int(Feature.X),
    int(Feature.Y),
    int(Feature.VX),
    int(Feature.VY),
)
_FHEADING, _COS_H, _SIN_H = int(Feature.HEADING), int(Feature.COS_H), int(Feature.SIN_H)
_COS_D, _SIN_D = int(Feature.COS_D), int(Feature.SIN_D)
_LONG, _LAT, _ANG = int(Feature.LONG_OFF), int(Feature.LAT_OFF), int(Feature.ANG_OFF)


@inlined_kernel
def longitudinal_on(
    numerics: int | None, lane_float: Floats, lane_int: Ints, lane: int, x: float, y: float
) -> float:
    """Longitudinal coordinate of a point on a lane."""
    kind = lane_int[lane, _KIND]
    if kind in (_STRAIGHT, _SINE):
        return float(
            (x - lane_float[lane, _ORIGIN_X]) * lane_float[lane, _DIRECTION_X]
            + (y - lane_float[lane, _ORIGIN_Y]) * lane_float[lane, _DIRECTION_Y]
        )
    if kind == _CIRCULAR:
        return circular_longitudinal(numerics, lane_float, lane, x, y)
    return local_coordinates(numerics, lane_float, lane_int, lane, x, y)[0]


@inlined_kernel
def scale(value: float, low: float, span: float) -> float:
    """Map [low, low + span] to [-1, 1] (highway-env ``lmap``)."""
    return -1.0 + (value - low) * 2.0 / span


@borrowing_kernel
def _destination(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    lanes: int,
    integers: Ints,
    route: Ints,
    i: int,
    x: float,
    y: float,
) -> tuple[float, float]:
    """Unit vector to the end of the vehicle's route, zeros where it has none (``destination_direction``)."""
    left = integers[_ROUTE_LEFT, i]
    if left <= 0:
        return 0.0, 0.0
    step = integers[_ROUTE_START, i] + left - 1
    road = 0
    while road < lanes and (
        lane_int[road, _FROM] != route[i, step, 0] or lane_int[road, _TO] != route[i, step, 1]
    ):
        road += lane_int[road, _ROAD_LANES]
    lane = road + max(route[i, step, 2], 0)
    end_x, end_y = position(numerics, lane_float, lane_int, lane, lane_float[lane, _LENGTH], 0.0)
    dx = end_x - x
    dy = end_y - y
    if dx == 0.0 and dy == 0.0:
        return 0.0, 0.0
    distance = math.sqrt(dx * dx + dy * dy)
    return dx / distance, dy / distance


@borrowing_kernel
def describe(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    lanes: int,
    numbers: Floats,
    integers: Ints,
    route: Ints,
    vehicles: int,
    i: int,
    intentions: bool,
    offsets: bool,
    values: Floats,
) -> None:
    """Write all features of an entity.

    Args:
        numerics: None for canonical, an integer for parity.
        lane_float: Lanes of its world.
        lane_int: The same.
        lanes: How many.
        numbers: Entities of its world.
        integers: The same.
        route: Their routes.
        vehicles: Entities from this one on are objects: they have no heading and no offsets (NaN).
        i: Which entity.
        intentions: Whether its destination is wanted; else zeros.
        offsets: Whether its coordinates on its lane are wanted.
        values: [len(Feature)] where to write.
    """
    x = numbers[_X, i]
    y = numbers[_Y, i]
    heading = numbers[_HEADING, i]
    c, s = cos_sin(numerics, heading)
    values[_PRESENCE] = 1.0
    values[_FX] = x
    values[_FY] = y
    values[_COS_H] = c
    values[_SIN_H] = s
    values[_COS_D] = 0.0
    values[_SIN_D] = 0.0
    if i >= vehicles:
        values[_VX] = 0.0
        values[_VY] = 0.0
        values[_FHEADING] = np.nan
        values[_LONG] = np.nan
        values[_LAT] = np.nan
        values[_ANG] = np.nan
        return
    values[_VX] = numbers[_SPEED, i] * c
    values[_VY] = numbers[_SPEED, i] * s
    values[_FHEADING] = heading
    if intentions:
        values[_COS_D], values[_SIN_D] = _destination(
            numerics, lane_float, lane_int, lanes, integers, route, i, x, y
        )
    if offsets:
        lane = integers[_LANE, i]
        along, across = local_coordinates(numerics, lane_float, lane_int, lane, x, y)
        values[_LONG] = along
        values[_LAT] = across
        values[_ANG] = angle_to_lane(numerics, lane_float, lane_int, lane, along, heading)
