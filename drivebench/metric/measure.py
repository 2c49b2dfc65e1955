"""What is measured in each simulation step, for a batch of episodes: one kernel, in canonical numerics."""

import math
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.metric.boxes import FRONT, NEVER, REAR, time_to_touch
from drivebench.metric.limits import (
    AGAINST_ZERO_M,
    CAUSE_LATERAL_M,
    FLOW_RADIUS_M,
    MADE_TO_BRAKE_MPS2,
    MISPARKED_S,
    OFF_ROAD_DEPTH_M,
    OFF_ROAD_TIME_S,
    OFF_ROUTE_M,
    SAME_DIRECTION,
    SHORT_TTC_S,
    STOPPED_MPS,
    TTC_HORIZON_S,
)
from drivebench.metric.parked import is_in_place, pose_error
from drivebench.metric.road import against_direction, depth_off_road, is_straddling, project_on_route
from drivebench.world.clock import SIMULATION_HZ, SUBSTEPS, TIME_STEP_S
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, LaneInt, WorldInt
from drivebench.world.numerics import cos_sin

__all__ = ["Count", "Log", "Outcome", "Sum", "measure"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Log(IntEnum):
    """Columns of the log: one row at the start and one after each simulation step."""

    SPEED = 0
    HEADING = 1
    OFF_ROAD = 2
    """Depth of the worst corner off the drivable area (m)."""
    AGAINST = 3
    """Way against the direction of travel in this step (m)."""
    TTC = 4
    """Time to collision (s); infinite beyond the horizon of the sweep."""


class Sum(IntEnum):
    """Columns of what is added up or kept over an episode, in floats."""

    PROGRESS = 0
    REFERENCE_PROGRESS = 1
    DISTANCE = 2
    OFF_ROAD_M = 3
    AGAINST = 4
    OFF_ROUTE = 5
    """Greatest so far (m)."""
    SHORTEST_TTC = 6
    OVERSPEED = 7
    FLOW = 8
    IN_FLOW = 9
    LIMIT = 10
    """The task: speed limit (m/s)."""
    HALF_WIDTH = 11
    """The task: half width of the corridor (m)."""
    GOAL = 12
    """The task: arc length of the goal (m); infinite when there is none, and where the ego has to park."""
    POSE_ERROR_AT_START = 13
    POSE_ERROR = 14
    """Parking: how far the ego is from the assigned place (m, see ``parked``)."""


class Count(IntEnum):
    """Columns of what is counted or kept over an episode, in integers. Times are in simulation steps."""

    STEPS = 0
    OUTCOME = 1
    """How it ended, ``Outcome``; 0 while it goes on."""
    SEGMENT = 2
    """Of the route, where the ego is."""
    OFF_ROAD = 3
    SHORT_TTC = 4
    FLOW = 5
    GOAL_STEP = 6
    """When the goal was passed; -1 if not yet."""
    COMMAND = 7
    SEGMENT_OF_COMMAND = 8
    LANE = 9
    """The ego's lane at the last decision."""
    ENTERED = 10
    """When it last came into its lane from the side; far in the past if never."""
    POINTS = 11
    """The task: points of the route."""
    COMMANDS = 12
    """The task: number of commands."""
    HORIZON = 13
    """The task: longest duration."""
    REFERENCE = 14
    """The task: the reference's time; -1 when there is no reference."""
    ONCOMING_OPEN = 15
    """The task: whether the lane of the oncoming traffic is open for overtaking."""
    PLACES = 16
    """The task: parking places, the assigned one first; 0 where it is not to park."""
    MISPARKED = 17
    """Steps for which the ego has stood in another place than the assigned one."""


class Outcome(IntEnum):
    """How an episode ended."""

    RUNNING = 0
    GOAL = 1
    HORIZON = 2
    COLLISION = 3
    OFF_ROAD = 4
    WRONG_WAY = 5
    OFF_ROUTE = 6


LONG_AGO = -(1 << 40)

_SPEED, _HEADING, _OFF_ROAD = int(Log.SPEED), int(Log.HEADING), int(Log.OFF_ROAD)
_AGAINST, _TTC = int(Log.AGAINST), int(Log.TTC)
_PROGRESS, _REFERENCE_PROGRESS = int(Sum.PROGRESS), int(Sum.REFERENCE_PROGRESS)
_DISTANCE, _OFF_ROAD_M, _AGAINST_M = int(Sum.DISTANCE), int(Sum.OFF_ROAD_M), int(Sum.AGAINST)
_OFF_ROUTE, _SHORTEST_TTC, _OVERSPEED = int(Sum.OFF_ROUTE), int(Sum.SHORTEST_TTC), int(Sum.OVERSPEED)
_FLOW, _IN_FLOW = int(Sum.FLOW), int(Sum.IN_FLOW)
_LIMIT, _HALF_WIDTH, _GOAL = int(Sum.LIMIT), int(Sum.HALF_WIDTH), int(Sum.GOAL)
_STEPS, _OUTCOME, _SEGMENT = int(Count.STEPS), int(Count.OUTCOME), int(Count.SEGMENT)
_OFF_ROAD_STEPS, _SHORT_TTC, _FLOW_STEPS = int(Count.OFF_ROAD), int(Count.SHORT_TTC), int(Count.FLOW)
_GOAL_STEP, _COMMAND = int(Count.GOAL_STEP), int(Count.COMMAND)
_SEGMENT_OF_COMMAND = int(Count.SEGMENT_OF_COMMAND)
_LANE, _ENTERED = int(Count.LANE), int(Count.ENTERED)
_POINTS, _COMMANDS = int(Count.POINTS), int(Count.COMMANDS)
_HORIZON, _REFERENCE = int(Count.HORIZON), int(Count.REFERENCE)
_ONCOMING_OPEN = int(Count.ONCOMING_OPEN)
_PLACES, _MISPARKED, _POSE_ERROR = int(Count.PLACES), int(Count.MISPARKED), int(Sum.POSE_ERROR)

_LENGTH, _WIDTH = int(EntityFloat.LENGTH), int(EntityFloat.WIDTH)
_KIND, _ENTITY_LANE = int(EntityInt.KIND), int(EntityInt.LANE)
_OBSTACLE, _LANDMARK = int(EntityKind.OBSTACLE), int(EntityKind.LANDMARK)
_NETWORK, _LANES, _ENTITIES = int(WorldInt.NETWORK), int(WorldInt.LANES), int(WorldInt.ENTITIES)
_EGO, _TRACE_CRASHED = int(WorldInt.EGO), int(WorldInt.TRACE_CRASHED)
_FROM, _TO, _ROAD_FIRST = int(LaneInt.FROM), int(LaneInt.TO), int(LaneInt.ROAD_FIRST)
_REACHED, _TIME_OVER, _COLLIDED = int(Outcome.GOAL), int(Outcome.HORIZON), int(Outcome.COLLISION)
_LEFT_ROAD, _WENT_WRONG_WAY = int(Outcome.OFF_ROAD), int(Outcome.WRONG_WAY)
_LEFT_ROUTE = int(Outcome.OFF_ROUTE)

_OFF_ROAD_LIMIT = math.floor(OFF_ROAD_TIME_S * SIMULATION_HZ)
"""Steps off the drivable area that are still allowed."""
_MISPARKED_STEPS = math.ceil(MISPARKED_S * SIMULATION_HZ)


@kernel
def _look_around(
    states: Floats,
    entity_float: Floats,
    entity_int: Ints,
    entities: int,
    ego: int,
    cos_e: float,
    sin_e: float,
    straddling: bool,
) -> tuple[float, float, int]:
    """Time to collision, sum of the speeds of the traffic about the ego in its direction, and its number.

    What would touch the ego's front counts always, what would touch its side only while it straddles lanes,
    and what would run into its rear never, as in nuPlan. A standing ego runs into nothing. In reverse, front
    and rear change roles.
    """
    x, y, speed = states[ego, 0], states[ego, 1], states[ego, 3]
    half_length, half_width = 0.5 * entity_float[_LENGTH, ego], 0.5 * entity_float[_WIDTH, ego]
    vx, vy = speed * cos_e, speed * sin_e
    shortest, total, number = NEVER, 0.0, 0
    leading, trailing = (FRONT, REAR) if speed >= 0.0 else (REAR, FRONT)
    for other in range(entities):
        kind = entity_int[_KIND, other]
        if other == ego or kind == _LANDMARK:
            continue
        dx, dy = states[other, 0] - x, states[other, 1] - y
        square = dx * dx + dy * dy
        v = states[other, 3]
        near = square <= FLOW_RADIUS_M * FLOW_RADIUS_M
        other_length, other_width = 0.5 * entity_float[_LENGTH, other], 0.5 * entity_float[_WIDTH, other]
        reach = half_length + half_width + other_length + other_width + (abs(speed) + abs(v)) * TTC_HORIZON_S
        if square > reach * reach and not near:
            continue
        cos_o, sin_o = cos_sin(None, states[other, 2])
        if near and kind < _OBSTACLE and cos_e * cos_o + sin_e * sin_o > SAME_DIRECTION:
            total += v
            number += 1
        if abs(speed) <= STOPPED_MPS:
            continue
        wx, wy = v * cos_o - vx, v * sin_o - vy
        closing = -(dx * wx + dy * wy)
        relative = wx * wx + wy * wy
        reach = half_length + half_width + other_length + other_width
        if closing <= 0.0 and square > reach * reach:
            continue
        if relative > 0.0 and square - closing * closing / relative > reach * reach:
            continue
        time, side = time_to_touch(
            dx, dy, wx, wy, cos_e, sin_e, half_length, half_width, cos_o, sin_o, other_length, other_width
        )
        if time < shortest and (side == leading or (side != trailing and straddling)):
            shortest = time
    return (shortest if shortest <= TTC_HORIZON_S else NEVER), total, number


@kernel
def _makes_oncoming_brake(
    states: Floats,
    before: Floats,
    entity_float: Floats,
    entity_int: Ints,
    entities: int,
    ego: int,
    cos_e: float,
    sin_e: float,
) -> bool:
    """Whether the ego is in the way of the nearest of those who come towards it, and that one brakes."""
    nearest, its_braking = math.inf, 0.0
    for other in range(entities):
        if other == ego or entity_int[_KIND, other] >= _OBSTACLE:
            continue
        dx, dy = states[other, 0] - states[ego, 0], states[other, 1] - states[ego, 1]
        ahead, beside = dx * cos_e + dy * sin_e, dy * cos_e - dx * sin_e
        near = CAUSE_LATERAL_M + 0.5 * (entity_float[_WIDTH, ego] + entity_float[_WIDTH, other])
        if ahead <= 0.0 or ahead >= nearest or abs(beside) > near:
            continue
        cos_o, sin_o = cos_sin(None, states[other, 2])
        if cos_e * cos_o + sin_e * sin_o < -SAME_DIRECTION:
            nearest, its_braking = ahead, (before[other, 3] - states[other, 3]) * SIMULATION_HZ
    return its_braking > MADE_TO_BRAKE_MPS2


@kernel
def _is_parked(
    places: Floats,
    sums: Floats,
    counts: Ints,
    x: float,
    y: float,
    cos: float,
    sin: float,
    speed: float,
    length: float,
) -> bool:
    """Whether the ego has parked in the assigned place; keeps its pose error, and how long it is in another.

    Whoever has stood in another place for ``MISPARKED_S`` has left the route, as at a wrong exit, by the
    distance between the places.
    """
    sums[_POSE_ERROR] = pose_error(places[0], x, y, cos, sin, length)
    if abs(speed) > STOPPED_MPS:
        counts[_MISPARKED] = 0
        return False
    if is_in_place(places[0], x, y, cos, sin):
        return True
    for k in range(1, counts[_PLACES]):
        if is_in_place(places[k], x, y, cos, sin):
            counts[_MISPARKED] += 1
            if counts[_MISPARKED] >= _MISPARKED_STEPS:
                dx, dy = places[k, 0] - places[0, 0], places[k, 1] - places[0, 1]
                sums[_OFF_ROUTE] = max(sums[_OFF_ROUTE], OFF_ROUTE_M + math.sqrt(dx * dx + dy * dy))
    return False


@kernel
def _note_roads(
    b: int,
    lane_int: Ints,
    entity_int: Ints,
    entities: int,
    road: Ints,
    road_since: Ints,
    road_before: Ints,
    now: int,
) -> None:
    """Keep for each entity since when it is on its road, and where it was before."""
    for entity in range(entities):
        now_on = lane_int[entity_int[_ENTITY_LANE, entity], _ROAD_FIRST]
        if now_on != road[b, entity]:
            road_before[b, entity] = road[b, entity]
            road_since[b, entity] = now
            road[b, entity] = now_on


@kernel
def measure(
    first: int,
    last: int,
    lane_float: Floats,
    lane_int: Ints,
    boxes: Floats,
    entity_float: Floats,
    entity_int: Ints,
    world_int: Ints,
    trace: Floats,
    points: Floats,
    arc: Floats,
    command_starts: Floats,
    commands: Ints,
    places: Floats,
    sums: Floats,
    counts: Ints,
    log: Floats,
    history: Floats,
    road: Ints,
    road_since: Ints,
    road_before: Ints,
    active: NDArray[np.bool_],
) -> None:
    """Measure the last decision of the episodes [first, last) that are active and have not ended.

    Args:
        first: First slot.
        last: Slot after the last.
        lane_float: ``f8[P, L, …]`` lanes of each network.
        lane_int: ``i8[P, L, …]``.
        boxes: ``f8[P, L, 4]`` of each lane.
        entity_float: ``f8[B, …, N]``.
        entity_int: ``i8[B, …, N]``.
        world_int: ``i8[B, …]``.
        trace: ``f8[B, SUBSTEPS, N, 4]`` of the decision.
        points: ``f8[B, P, 2]`` of the routes.
        arc: ``f8[B, P]``.
        command_starts: ``f8[B, K]`` arc length from which each command is in force.
        commands: ``i8[B, K]``.
        places: ``f8[B, Q, 4]`` parking places (see ``drivebench.parking``).
        sums: ``f8[B, Sum]``.
        counts: ``i8[B, Count]``.
        log: ``f8[B, T, Log]``.
        history: ``f8[B, H, N, 4]``, a ring: the state after step k is in row k modulo H.
        road: ``i8[B, N]`` first lane of the road of each entity.
        road_since: ``i8[B, N]`` step at which it came there.
        road_before: ``i8[B, N]`` the road on which it was before.
        active: ``bool[B]``.
    """
    for b in range(first, last):
        if not active[b] or counts[b, _OUTCOME] != 0:
            continue
        network, lanes, entities, ego = (
            world_int[b, _NETWORK],
            world_int[b, _LANES],
            world_int[b, _ENTITIES],
            world_int[b, _EGO],
        )
        lane, before = entity_int[b, _ENTITY_LANE, ego], counts[b, _LANE]
        half_length = 0.5 * entity_float[b, _LENGTH, ego]
        half_width = 0.5 * entity_float[b, _WIDTH, ego]
        limit = sums[b, _LIMIT]
        for k in range(SUBSTEPS):
            step = counts[b, _STEPS] + 1
            counts[b, _STEPS] = step
            old = history[b, (step - 1) % history.shape[1]]
            new = history[b, step % history.shape[1]]
            for entity in range(entities):
                for column in range(4):
                    new[entity, column] = trace[b, k, entity, column]
            x, y, heading, speed = new[ego, 0], new[ego, 1], new[ego, 2], new[ego, 3]
            cos, sin = cos_sin(None, heading)
            dx, dy = x - old[ego, 0], y - old[ego, 1]
            moved = math.sqrt(dx * dx + dy * dy)
            sums[b, _DISTANCE] += moved

            segment, progress, aside = project_on_route(
                points[b], arc[b], counts[b, _POINTS], counts[b, _SEGMENT], x, y
            )
            counts[b, _SEGMENT] = segment
            sums[b, _PROGRESS] = progress
            beyond = max(abs(aside) - sums[b, _HALF_WIDTH], 0.0)
            sums[b, _OFF_ROUTE] = max(sums[b, _OFF_ROUTE], beyond)
            if step <= counts[b, _REFERENCE] or counts[b, _REFERENCE] < 0:
                sums[b, _REFERENCE_PROGRESS] = progress

            depth = depth_off_road(
                lane_float[network], lane_int[network], boxes[network], lanes, lane, before,
                x, y, cos, sin, half_length, half_width,
            )  # fmt: skip
            if depth > OFF_ROAD_DEPTH_M:
                counts[b, _OFF_ROAD_STEPS] += 1
                sums[b, _OFF_ROAD_M] += moved
            against = against_direction(
                lane_float[network],
                lane_int[network],
                boxes[network],
                lanes,
                lane,
                x,
                y,
                old[ego, 0],
                old[ego, 1],
            )
            if counts[b, _ONCOMING_OPEN] != 0 and _makes_oncoming_brake(
                new, old, entity_float[b], entity_int[b], entities, ego, cos, sin
            ):
                against = moved
            sums[b, _AGAINST_M] += against

            straddling = is_straddling(
                lane_float[network], lane_int[network], lane, x, y, cos, sin, half_length, half_width
            )
            ttc, flow, number = _look_around(
                new, entity_float[b], entity_int[b], entities, ego, cos, sin, straddling
            )
            if ttc <= SHORT_TTC_S:
                counts[b, _SHORT_TTC] += 1
            sums[b, _SHORTEST_TTC] = min(sums[b, _SHORTEST_TTC], ttc)
            if number > 0:
                counts[b, _FLOW_STEPS] += 1
                sums[b, _FLOW] += flow / number * TIME_STEP_S
                sums[b, _IN_FLOW] += speed * TIME_STEP_S
            sums[b, _OVERSPEED] += max(abs(speed) - limit, 0.0) * TIME_STEP_S

            log[b, step, _SPEED] = speed
            log[b, step, _HEADING] = heading
            log[b, step, _OFF_ROAD] = depth
            log[b, step, _AGAINST] = against
            log[b, step, _TTC] = ttc

            if progress >= sums[b, _GOAL] and beyond == 0.0 and counts[b, _GOAL_STEP] < 0:
                counts[b, _GOAL_STEP] = step
            if counts[b, _PLACES] > 0 and _is_parked(
                places[b], sums[b], counts[b], x, y, cos, sin, speed, 2.0 * half_length
            ):
                counts[b, _GOAL_STEP] = step
            outcome = 0
            if world_int[b, _TRACE_CRASHED + k] != 0:
                outcome = _COLLIDED
            elif counts[b, _OFF_ROAD_STEPS] > _OFF_ROAD_LIMIT:
                outcome = _LEFT_ROAD
            elif sums[b, _AGAINST_M] > AGAINST_ZERO_M:
                outcome = _WENT_WRONG_WAY
            elif sums[b, _OFF_ROUTE] > OFF_ROUTE_M:
                outcome = _LEFT_ROUTE
            elif counts[b, _GOAL_STEP] >= 0:
                outcome = _REACHED
            elif step >= counts[b, _HORIZON]:
                outcome = _TIME_OVER
            if outcome != 0:
                counts[b, _OUTCOME] = outcome
                break

        now = counts[b, _STEPS]
        _note_roads(b, lane_int[network], entity_int[b], entities, road, road_since, road_before, now)
        if lane != before:
            follows = lane_int[network, before, _TO] == lane_int[network, lane, _FROM]
            if not follows:
                counts[b, _ENTERED] = now
            counts[b, _LANE] = lane
        place = counts[b, _SEGMENT_OF_COMMAND]
        while place + 1 < counts[b, _COMMANDS] and command_starts[b, place + 1] <= sums[b, _PROGRESS]:
            place += 1
        while place > 0 and command_starts[b, place] > sums[b, _PROGRESS]:
            place -= 1
        counts[b, _SEGMENT_OF_COMMAND] = place
        counts[b, _COMMAND] = commands[b, place]
