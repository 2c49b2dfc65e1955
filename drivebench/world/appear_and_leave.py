"""How vehicles of open traffic leave the world, and how others appear in it.

highway-env's intersection does so at the end of ``env.step``, after the observation; here it happens at the
start of the next decision, which is the same order of events, and leaves state, trace and observation of a
decision consistent with each other.
"""

import math

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, inlined_kernel, kernel
from drivebench.world.geometry import closest_lane, heading_at, local_coordinates, position
from drivebench.world.layout import (
    GAINS,
    EntityFloat,
    EntityInt,
    EntityKind,
    LaneFloat,
    LaneInt,
    WorldFloat,
    WorldInt,
)
from drivebench.world.numerics import floor
from drivebench.world.random_stream import next_double, standard_normal, two_different, uniform

__all__ = ["change_traffic"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

_X, _Y, _HEADING, _SPEED = (
    int(EntityFloat.X),
    int(EntityFloat.Y),
    int(EntityFloat.HEADING),
    int(EntityFloat.SPEED),
)
_TIMER, _TARGET_SPEED, _DELTA = int(EntityFloat.TIMER), int(EntityFloat.TARGET_SPEED), int(EntityFloat.DELTA)
_LENGTH, _WIDTH, _DIAGONAL = int(EntityFloat.LENGTH), int(EntityFloat.WIDTH), int(EntityFloat.DIAGONAL)
_MAX_SPEED, _MIN_SPEED = int(EntityFloat.MAX_SPEED), int(EntityFloat.MIN_SPEED)
_GAIN = int(EntityFloat.TARGET_SPEED_GAIN)
_KIND, _LANE, _TARGET_LANE = int(EntityInt.KIND), int(EntityInt.LANE), int(EntityInt.TARGET_LANE)
_CHECK, _COLLIDABLE, _SOLID = (
    int(EntityInt.CHECK_COLLISIONS),
    int(EntityInt.COLLIDABLE),
    int(EntityInt.SOLID),
)
_LANE_CHANGES, _ROUTE_LEFT = int(EntityInt.LANE_CHANGES), int(EntityInt.ROUTE_LEFT)
_AGENT, _IDENTITY = int(EntityInt.AGENT), int(EntityInt.IDENTITY)
_ENTITIES, _VEHICLES, _LANES = int(WorldInt.ENTITIES), int(WorldInt.VEHICLES), int(WorldInt.LANES)
_NETWORK, _DECISIONS = int(WorldInt.NETWORK), int(WorldInt.DECISIONS)
_EGO, _STRUCK, _ENTRIES = int(WorldInt.EGO), int(WorldInt.STRUCK), int(WorldInt.ENTRIES)
_NEXT_IDENTITY, _ENTRY_KIND = int(WorldInt.NEXT_IDENTITY), int(WorldInt.ENTRY_KIND)
_PROBABILITY, _GAINS = int(WorldFloat.ENTRY_PROBABILITY), int(WorldFloat.ENTRY_GAINS)
_DELAY = int(WorldFloat.LANE_CHANGE_DELAY)
_EXIT, _LANE_LENGTH, _LINEAR = int(LaneInt.EXIT), int(LaneFloat.LENGTH), int(EntityKind.LINEAR)

# highway-env ``IntersectionEnv._spawn_vehicle`` as ``step`` calls it, and ``_clear_vehicles``.
_START_M, _START_SPEED_MPS = 5.0, 8.0
"""Means of where a vehicle appears and how fast; both deviate by 1."""
_FREE_M = 15.0
"""No vehicle appears so close to another one."""
_LENGTHS_TO_END = 4
"""A vehicle leaves so many of its lengths before the end of its lane."""
_VEHICLE_LENGTH_M, _VEHICLE_WIDTH_M, _TOP_SPEED_MPS = 5.0, 2.0, 40.0
_LEAST_DELTA, _LARGEST_DELTA = 3.5, 4.5
"""highway-env ``IDMVehicle.DELTA_RANGE``."""


@borrowing_kernel
def _move_column(numbers: Floats, integers: Ints, route: Ints, source: int, target: int) -> None:
    """Write an entity down in another column."""
    for row in range(numbers.shape[0]):
        numbers[row, target] = numbers[row, source]
    for row in range(integers.shape[0]):
        integers[row, target] = integers[row, source]
    for step in range(route.shape[1]):
        for part in range(3):
            route[target, step, part] = route[source, step, part]


@borrowing_kernel
def _follow_columns(world_int: Ints, agents: Ints, moved: int, left: int, shift: int) -> None:
    """Correct the numbers of entities from ``moved`` on, which have moved by ``shift``; ``left`` is gone."""
    for place in range(agents.shape[0]):
        if agents[place] >= moved:
            agents[place] += shift
    if world_int[_EGO] >= moved:
        world_int[_EGO] += shift
    struck = world_int[_STRUCK]
    if struck == left:
        world_int[_STRUCK] = -1
    elif struck >= moved:
        world_int[_STRUCK] = struck + shift


@borrowing_kernel
def _let_leave(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    world_int: Ints,
    numbers: Floats,
    integers: Ints,
    route: Ints,
    agents: Ints,
) -> None:
    """Take the vehicles out that are about to reach the end of an exit, and close the gaps.

    The columns keep their order. Agents stay.
    """
    i = 0
    while i < world_int[_VEHICLES]:
        lane = integers[_LANE, i]
        leaves = lane_int[lane, _EXIT] != 0 and integers[_AGENT, i] < 0
        if leaves:
            s, _ = local_coordinates(numerics, lane_float, lane_int, lane, numbers[_X, i], numbers[_Y, i])
            leaves = s >= lane_float[lane, _LANE_LENGTH] - _LENGTHS_TO_END * numbers[_LENGTH, i]
        if not leaves:
            i += 1
            continue
        for k in range(i + 1, world_int[_ENTITIES]):
            _move_column(numbers, integers, route, k, k - 1)
        world_int[_VEHICLES] -= 1
        world_int[_ENTITIES] -= 1
        _follow_columns(world_int, agents, i + 1, i, -1)


@inlined_kernel
def _remainder(numerics: int | None, x: float, divisor: float) -> float:
    """The remainder in [0, divisor); both kinds agree to the bit for a divisor of 1."""
    if numerics is None:
        return x - floor(x / divisor) * divisor
    return x % divisor


@borrowing_kernel
def _let_appear(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    parameters: Floats,
    world_int: Ints,
    numbers: Floats,
    integers: Ints,
    route: Ints,
    agents: Ints,
    random: Words,
    entry_lanes: Ints,
    entry_routes: Ints,
) -> None:
    """Draw whether a vehicle appears, where, how fast and where it wants to go, behind the last vehicle.

    There must be room for a column. The numbers are drawn in highway-env's order, and a vehicle that would
    appear too close to another one costs the same draws.
    """
    if next_double(random) > parameters[_PROBABILITY]:
        return
    entry, side = two_different(random, world_int[_ENTRIES])
    s = _START_M + standard_normal(numerics, random)
    speed = _START_SPEED_MPS + standard_normal(numerics, random)
    x, y = position(numerics, lane_float, lane_int, entry_lanes[entry], s, 0.0)
    heading = heading_at(numerics, lane_float, lane_int, entry_lanes[entry], s)
    new = world_int[_VEHICLES]
    for k in range(new):
        dx = numbers[_X, k] - x
        dy = numbers[_Y, k] - y
        if math.sqrt(dx * dx + dy * dy) < _FREE_M:
            return
    for k in range(world_int[_ENTITIES], new, -1):
        _move_column(numbers, integers, route, k - 1, k)
    world_int[_VEHICLES] += 1
    world_int[_ENTITIES] += 1
    _follow_columns(world_int, agents, new, -2, 1)
    numbers[:, new] = 0.0
    integers[:, new] = 0
    numbers[_X, new] = x
    numbers[_Y, new] = y
    numbers[_HEADING, new] = heading
    numbers[_SPEED, new] = speed
    numbers[_TARGET_SPEED, new] = speed
    numbers[_TIMER, new] = _remainder(numerics, (x + y) * math.pi, parameters[_DELAY])
    numbers[_LENGTH, new] = _VEHICLE_LENGTH_M
    numbers[_WIDTH, new] = _VEHICLE_WIDTH_M
    area = _VEHICLE_LENGTH_M * _VEHICLE_LENGTH_M + _VEHICLE_WIDTH_M * _VEHICLE_WIDTH_M
    numbers[_DIAGONAL, new] = math.sqrt(area)
    numbers[_MAX_SPEED, new] = _TOP_SPEED_MPS
    numbers[_MIN_SPEED, new] = -_TOP_SPEED_MPS
    if world_int[_ENTRY_KIND] == _LINEAR:
        for gain in range(GAINS):
            low, high = parameters[_GAINS + gain], parameters[_GAINS + GAINS + gain]
            numbers[_GAIN + gain, new] = uniform(random, low, high)
    numbers[_DELTA, new] = uniform(random, _LEAST_DELTA, _LARGEST_DELTA)
    lane = closest_lane(numerics, lane_float, lane_int, world_int[_LANES], x, y, heading)
    integers[_KIND, new] = world_int[_ENTRY_KIND]
    integers[_LANE, new] = lane
    integers[_TARGET_LANE, new] = lane
    integers[_CHECK, new] = 1
    integers[_COLLIDABLE, new] = 1
    integers[_SOLID, new] = 1
    integers[_LANE_CHANGES, new] = 1
    integers[_AGENT, new] = -1
    integers[_IDENTITY, new] = world_int[_NEXT_IDENTITY]
    world_int[_NEXT_IDENTITY] += 1
    route[new] = -1
    steps = 0
    for step in range(entry_routes.shape[2]):
        if entry_routes[entry, side, step, 0] >= 0:
            steps += 1
            for part in range(3):
                route[new, step, part] = entry_routes[entry, side, step, part]
    integers[_ROUTE_LEFT, new] = steps


@kernel
def change_traffic(
    first: int,
    last: int,
    numerics: int | None,
    lane_floats: Floats,
    lane_ints: Ints,
    entity_float: Floats,
    entity_int: Ints,
    routes: Ints,
    world_floats: Floats,
    world_ints: Ints,
    agents: Ints,
    random: Words,
    entry_lanes: Ints,
    entry_routes: Ints,
    active: npt.NDArray[np.bool_],
) -> None:
    """What happens between two decisions of the worlds [first, last): vehicles leave, then one may appear.

    It is not part of ``step_worlds``, whose code for closed worlds it would slow.

    Args:
        first: First world.
        last: One past the last.
        numerics: None for canonical, an integer for parity.
        lane_floats: [P, L, ...] pool of networks, columns ``LaneFloat``.
        lane_ints: [P, L, ...] columns ``LaneInt``.
        entity_float: [B, rows ``EntityFloat``, N] with room for one more entity.
        entity_int: [B, rows ``EntityInt``, N].
        routes: [B, N, K, 3].
        world_floats: [B, columns ``WorldFloat``].
        world_ints: [B, columns ``WorldInt``].
        agents: [B, A] the controlled vehicles, -1 past the last.
        random: [B, columns ``RandomInt``] random numbers.
        entry_lanes: [B, E] lanes on which vehicles appear.
        entry_routes: [B, E, E, K, 3] routes from an entry to a side.
        active: [B] bool.
    """
    for world in range(first, last):
        counts = world_ints[world]
        if not active[world] or counts[_ENTRIES] == 0 or counts[_DECISIONS] == 0:
            continue
        lane_float = lane_floats[counts[_NETWORK]]
        lane_int = lane_ints[counts[_NETWORK]]
        numbers = entity_float[world]
        integers = entity_int[world]
        route = routes[world]
        _let_leave(numerics, lane_float, lane_int, counts, numbers, integers, route, agents[world])
        _let_appear(
            numerics,
            lane_float,
            lane_int,
            world_floats[world],
            counts,
            numbers,
            integers,
            route,
            agents[world],
            random[world],
            entry_lanes[world],
            entry_routes[world],
        )
