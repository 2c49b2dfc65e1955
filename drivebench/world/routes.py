"""Which lane comes next at the end of a lane (highway-env ``RoadNetwork.next_lane``)."""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, inlined_kernel
from drivebench.world.geometry import VEHICLE_LENGTH_M, lane_distance, position
from drivebench.world.layout import EntityInt, LaneFloat, LaneInt

__all__ = ["is_after_end", "next_lane"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_ROUTE_START, _ROUTE_LEFT = int(EntityInt.ROUTE_START), int(EntityInt.ROUTE_LEFT)
_ID, _FROM, _TO = int(LaneInt.ID), int(LaneInt.FROM), int(LaneInt.TO)
_ROAD_LANES = int(LaneInt.ROAD_LANES)
_LENGTH = int(LaneFloat.LENGTH)


@borrowing_kernel
def _lane_on_road(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    lane: int,
    road: int,
    wanted: int,
    x: float,
    y: float,
) -> tuple[int, float]:
    """Which lane of the road that begins in row ``road`` follows ``lane``, and how far (x, y) is from it.

    With as many lanes as before it is the wanted one (the same number if none is, -1), else the closest one.
    """
    count = lane_int[road, _ROAD_LANES]
    if lane_int[lane, _ROAD_LANES] == count:
        number = lane_int[lane, _ID] if wanted < 0 else wanted
        return road + number, lane_distance(numerics, lane_float, lane_int, road + number, x, y)
    best = road
    least = lane_distance(numerics, lane_float, lane_int, road, x, y)
    for candidate in range(road + 1, road + count):
        distance = lane_distance(numerics, lane_float, lane_int, candidate, x, y)
        if distance < least:
            best = candidate
            least = distance
    return best, least


@borrowing_kernel
def next_lane(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    lanes: int,
    integers: Ints,
    route: Ints,
    i: int,
    lane: int,
    s: float,
) -> int:
    """The lane that vehicle i takes after ``lane``; drops the route's first road when it was just finished.

    Without a route, or when the route does not continue here, it is the closest lane ahead; at a dead end,
    the same lane again.
    """
    origin = lane_int[lane, _FROM]
    node = lane_int[lane, _TO]
    destination = -1
    wanted = -1
    if integers[_ROUTE_LEFT, i] > 0:
        step = integers[_ROUTE_START, i]
        if route[i, step, 0] == origin and route[i, step, 1] == node:
            step += 1
            integers[_ROUTE_START, i] = step
            integers[_ROUTE_LEFT, i] -= 1
        if integers[_ROUTE_LEFT, i] > 0 and route[i, step, 0] == node:
            destination = route[i, step, 1]
            wanted = route[i, step, 2]
    x, y = position(numerics, lane_float, lane_int, lane, s, 0.0)
    best = lane
    least = np.inf
    road = 0
    while road < lanes:
        if lane_int[road, _FROM] == node and (destination < 0 or lane_int[road, _TO] == destination):
            candidate, distance = _lane_on_road(numerics, lane_float, lane_int, lane, road, wanted, x, y)
            if distance < least:
                best = candidate
                least = distance
        road += lane_int[road, _ROAD_LANES]
    return best


@inlined_kernel
def is_after_end(lane_float: Floats, lane: int, s: float) -> bool:
    """Whether a vehicle at s is about to leave the lane (highway-env ``AbstractLane.after_end``)."""
    return bool(s > lane_float[lane, _LENGTH] - VEHICLE_LENGTH_M / 2)
