"""Which vehicles and objects are near (highway-env ``Road.close_objects_to``)."""

import math

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel
from drivebench.world.layout import EntityFloat, EntityInt
from scenarios.stock.observations.features import MAX_SPEED_MPS, longitudinal_on

__all__ = ["PERCEPTION_DISTANCE_M", "find_nearby"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PERCEPTION_DISTANCE_M = 5.0 * MAX_SPEED_MPS
"""How far highway-env's environments see (``AbstractEnv.PERCEPTION_DISTANCE``)."""

_X, _Y, _LENGTH, _LANE = int(EntityFloat.X), int(EntityFloat.Y), int(EntityFloat.LENGTH), int(EntityInt.LANE)


@borrowing_kernel
def find_nearby(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    numbers: Floats,
    integers: Ints,
    vehicles: int,
    entities: int,
    observer: int,
    see_behind: bool,
    in_order: bool,
    distances: Floats,
    chosen: Ints,
) -> int:
    """Choose those that come first, as many as ``chosen`` has room for.

    Vehicles come before objects. Vehicles that are more than two car lengths behind the observer, measured
    along its lane, are seen only with ``see_behind``, objects there never.

    Args:
        numerics: None for canonical, an integer for parity.
        lane_float: Lanes of the world.
        lane_int: The same.
        numbers: Its entities.
        integers: The same.
        vehicles: How many vehicles there are.
        entities: Of how many entities; equal to ``vehicles`` to leave objects out.
        observer: Who looks.
        see_behind: Whether vehicles far behind count.
        in_order: Sort by the distance along the observer's lane; of equals the first comes first.
        distances: [count] scratch.
        chosen: [count] where to write.

    Returns:
        How many were found.
    """
    room = chosen.shape[0]
    lane = integers[_LANE, observer]
    x = numbers[_X, observer]
    y = numbers[_Y, observer]
    behind = -2.0 * numbers[_LENGTH, observer]
    s = longitudinal_on(numerics, lane_float, lane_int, lane, x, y)
    count = 0
    for i in range(entities):
        dx = numbers[_X, i] - x
        dy = numbers[_Y, i] - y
        if i == observer or not math.sqrt(dx * dx + dy * dy) < PERCEPTION_DISTANCE_M:
            continue
        at = longitudinal_on(numerics, lane_float, lane_int, lane, numbers[_X, i], numbers[_Y, i])
        if not behind < at - s and (i >= vehicles or not see_behind):
            continue
        distance = abs(at - s) if in_order else 0.0
        if count == room and not distance < distances[room - 1]:
            continue
        place = min(count, room - 1)
        while place > 0 and distances[place - 1] > distance:
            distances[place] = distances[place - 1]
            chosen[place] = chosen[place - 1]
            place -= 1
        distances[place] = distance
        chosen[place] = i
        count = min(count + 1, room)
    return count
