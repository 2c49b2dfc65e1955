"""One decision of every world: the compiled step.

The order is highway-env's: in each simulation step all vehicles decide, one after the other, from positions
that stand still; then all move; then all pairs are checked for collisions.
"""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, QUANTUM, STEERING_RANGE_RAD
from drivebench.world.clock import SUBSTEPS
from drivebench.world.collisions import collide
from drivebench.world.control import SPEED_GAIN, meta_action, steer
from drivebench.world.following import clip, free_flow, idm_acceleration
from drivebench.world.lane_change import change_lane
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, WorldFloat, WorldInt
from drivebench.world.motion import move, update_directions
from drivebench.world.routes import follow_road
from drivebench.world.tables import find_occupants, longitudinal, neighbours, tabulate, update_lanes

__all__ = ["EGO_ABSENT", "NEW_ACTION", "SAME_ACTION", "step_worlds"]

NEW_ACTION, SAME_ACTION, EGO_ABSENT = 0, 1, 2
"""The ego takes the action given; keeps what is in force; is neither moved nor seen."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_X, _Y, _HEADING = int(EntityFloat.X), int(EntityFloat.Y), int(EntityFloat.HEADING)
_SPEED, _TARGET_SPEED = int(EntityFloat.SPEED), int(EntityFloat.TARGET_SPEED)
_STEERING, _ACCELERATION = int(EntityFloat.STEERING), int(EntityFloat.ACCELERATION)
_KIND, _LANE, _TARGET_LANE = int(EntityInt.KIND), int(EntityInt.LANE), int(EntityInt.TARGET_LANE)
_CRASHED, _LANE_CHANGES = int(EntityInt.CRASHED), int(EntityInt.LANE_CHANGES)
_EGO_KIND, _PLAIN = int(EntityKind.EGO), int(EntityKind.PLAIN)
_IDM, _CONTROLLED = int(EntityKind.IDM), int(EntityKind.CONTROLLED)
_NETWORK, _LANES, _ENTITIES = int(WorldInt.NETWORK), int(WorldInt.LANES), int(WorldInt.ENTITIES)
_VEHICLES, _EGO, _TRACE = int(WorldInt.VEHICLES), int(WorldInt.EGO), int(WorldInt.TRACE_CRASHED)
_MAX_ACCELERATION = int(WorldFloat.MAX_ACCELERATION)


@kernel
def _command_ego(numbers: Floats, integers: Ints, ego: int, action: npt.NDArray[np.int16]) -> None:
    """Put a continuous action into force (highway-env ``ContinuousAction`` and its ``lmap``)."""
    kind = integers[_KIND, ego]
    if kind in (_EGO_KIND, _PLAIN):
        for axis, row, bound in (
            (0, _ACCELERATION, ACCELERATION_RANGE_MPS2),
            (1, _STEERING, STEERING_RANGE_RAD),
        ):
            value = action[axis] / QUANTUM
            numbers[row, ego] = -bound + (value + 1.0) * (bound + bound) / 2.0


@kernel
def _accelerate(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    parameters: Floats,
    numbers: Floats,
    integers: Ints,
    vehicles: int,
    absent: int,
    s_table: Floats,
    on_lane: Flags,
    occupants: Ints,
    occupied: Ints,
    wanted: Floats,
    free: Floats,
) -> None:
    """Set the acceleration of all vehicles that keep a distance or a target speed."""
    for i in range(vehicles):
        kind = integers[_KIND, i]
        if i == absent:
            continue
        if kind == _CONTROLLED:
            numbers[_ACCELERATION, i] = SPEED_GAIN * (numbers[_TARGET_SPEED, i] - numbers[_SPEED, i])
        elif kind == _IDM and integers[_CRASHED, i] == 0:
            lane = integers[_LANE, i]
            target = integers[_TARGET_LANE, i]
            lowest = np.inf
            for considered in range(1 if lane == target else 2):
                searched = lane if considered == 0 else target
                s = longitudinal(numerics, lane_float, numbers, s_table, searched, i)
                front, _ = neighbours(
                    lane_float, lane_int, s_table, on_lane, occupants, occupied, searched, i, s
                )
                acceleration = idm_acceleration(
                    numerics,
                    lane_float,
                    parameters,
                    numbers,
                    integers,
                    s_table,
                    wanted,
                    free,
                    i,
                    i,
                    front,
                )
                lowest = min(lowest, acceleration)
            bound = parameters[_MAX_ACCELERATION]
            numbers[_ACCELERATION, i] = clip(lowest, -bound, bound)


@kernel
def step_worlds(
    first: int,
    last: int,
    numerics: int | None,
    substeps: int,
    mode: int,
    lane_floats: Floats,
    lane_ints: Ints,
    entity_float: Floats,
    entity_int: Ints,
    routes: Ints,
    world_floats: Floats,
    world_ints: Ints,
    trace: Floats,
    actions: npt.NDArray[np.int16],
    active: Flags,
) -> None:
    """Advance the worlds [first, last) that are active.

    Args:
        first: First world.
        last: One past the last.
        numerics: None for canonical, an integer for parity.
        substeps: Simulation steps to take.
        mode: What becomes of the ego: ``NEW_ACTION``, ``SAME_ACTION`` or ``EGO_ABSENT``.
        lane_floats: [P, L, ...] pool of networks, columns ``LaneFloat``.
        lane_ints: [P, L, ...] columns ``LaneInt``.
        entity_float: [B, rows ``EntityFloat``, N].
        entity_int: [B, rows ``EntityInt``, N].
        routes: [B, N, K, 3].
        world_floats: [B, columns ``WorldFloat``].
        world_ints: [B, columns ``WorldInt``].
        trace: [B, SUBSTEPS, N, 4] written.
        actions: [B, 2] int16.
        active: [B] bool.
    """
    most_lanes = lane_floats.shape[1]
    most_entities = entity_float.shape[2]
    s_table = np.empty((most_lanes, most_entities))
    r_table = np.empty((most_lanes, most_entities))
    on_lane = np.empty((most_lanes, most_entities), dtype=np.bool_)
    occupants = np.empty((most_lanes, most_entities), dtype=np.int64)
    occupied = np.empty(most_lanes, dtype=np.int64)
    rows = np.empty((5, most_entities))
    wanted = rows[0]
    free = rows[1]
    corners = np.empty((2, 5, 2))
    for world in range(first, last):
        if not active[world]:
            continue
        integers_of_world = world_ints[world]
        lane_float = lane_floats[integers_of_world[_NETWORK]]
        lane_int = lane_ints[integers_of_world[_NETWORK]]
        lanes = integers_of_world[_LANES]
        entities = integers_of_world[_ENTITIES]
        vehicles = integers_of_world[_VEHICLES]
        ego = integers_of_world[_EGO]
        absent = ego if mode == EGO_ABSENT else -1
        numbers = entity_float[world]
        integers = entity_int[world]
        parameters = world_floats[world]
        route = routes[world]
        update_directions(numerics, numbers, entities)
        tabulate(numerics, lane_float, lane_int, lanes, numbers, entities, s_table, r_table)
        if ego >= 0 and mode == NEW_ACTION:
            if integers[_KIND, ego] == _CONTROLLED:
                follow_road(numerics, lane_float, lane_int, lanes, numbers, integers, route, s_table, ego)
                meta_action(
                    numerics,
                    lane_float,
                    lane_int,
                    parameters,
                    integers_of_world,
                    numbers,
                    integers,
                    s_table,
                    r_table,
                    ego,
                    actions[world, 0],
                )
            else:
                _command_ego(numbers, integers, ego, actions[world])
        for substep in range(substeps):
            find_occupants(
                numerics,
                lane_float,
                lanes,
                numbers,
                integers,
                entities,
                absent,
                s_table,
                r_table,
                on_lane,
                occupants,
                occupied,
            )
            free_flow(numerics, lane_float, numbers, integers, vehicles, wanted, free)
            for i in range(vehicles):
                kind = integers[_KIND, i]
                if i == absent or kind in (_EGO_KIND, _PLAIN):
                    continue
                if kind == _IDM and integers[_CRASHED, i] != 0:
                    continue
                follow_road(numerics, lane_float, lane_int, lanes, numbers, integers, route, s_table, i)
                if kind == _IDM and integers[_LANE_CHANGES, i] != 0:
                    change_lane(
                        numerics,
                        lane_float,
                        lane_int,
                        parameters,
                        numbers,
                        integers,
                        route,
                        vehicles,
                        absent,
                        s_table,
                        r_table,
                        on_lane,
                        occupants,
                        occupied,
                        wanted,
                        free,
                        i,
                    )
            steer(
                numerics,
                lane_float,
                lane_int,
                numbers,
                integers,
                vehicles,
                absent,
                s_table,
                r_table,
                rows[2],
                rows[3],
                rows[4],
            )
            _accelerate(
                numerics,
                lane_float,
                lane_int,
                parameters,
                numbers,
                integers,
                vehicles,
                absent,
                s_table,
                on_lane,
                occupants,
                occupied,
                wanted,
                free,
            )
            move(numerics, numbers, integers, vehicles, absent)
            update_directions(numerics, numbers, vehicles)
            tabulate(numerics, lane_float, lane_int, lanes, numbers, entities, s_table, r_table)
            update_lanes(
                numerics,
                lane_float,
                lane_int,
                lanes,
                numbers,
                integers,
                vehicles,
                absent,
                s_table,
                r_table,
            )
            collide(
                numbers,
                integers,
                integers_of_world,
                vehicles,
                entities,
                absent,
                corners[0],
                corners[1],
            )
            if substep < SUBSTEPS:
                path = trace[world, substep]
                for i in range(entities):
                    path[i, 0] = numbers[_X, i]
                    path[i, 1] = numbers[_Y, i]
                    path[i, 2] = numbers[_HEADING, i]
                    path[i, 3] = numbers[_SPEED, i]
                integers_of_world[_TRACE + substep] = integers[_CRASHED, ego] if ego >= 0 else 0
