"""One decision of every world: the compiled step.

The order is highway-env's: in each simulation step all vehicles decide, one after the other, from positions
that stand still; on a regulated road some then give way; then all move; then all pairs are checked for
collisions.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, kernel
from drivebench.world.cells import CELL_ROWS
from drivebench.world.collisions import collide
from drivebench.world.control import meta_action, steer
from drivebench.world.following import accelerate, follow_leaders, free_flow
from drivebench.world.lane_change import choose_lanes
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, WorldFloat, WorldInt
from drivebench.world.linear import accelerate_linear, any_is_linear, follow_linear, steer_linear
from drivebench.world.motion import move, update_directions
from drivebench.world.phases import Phase, begin, mark
from drivebench.world.regulation import PREDICTED, give_way
from drivebench.world.tables import find_occupants, tabulate, update_lanes
from drivebench.world.threads import Shares, take

__all__ = ["EGO_ABSENT", "NEW_ACTION", "SAME_ACTION", "step_shares"]

NEW_ACTION, SAME_ACTION, EGO_ABSENT = 0, 1, 2
"""The agents take the action given; keep what is in force; or the ego is neither moved nor seen."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_X, _Y, _HEADING = int(EntityFloat.X), int(EntityFloat.Y), int(EntityFloat.HEADING)
_SPEED = int(EntityFloat.SPEED)
_STEERING, _ACCELERATION = int(EntityFloat.STEERING), int(EntityFloat.ACCELERATION)
_KIND, _CRASHED = int(EntityInt.KIND), int(EntityInt.CRASHED)
_CONTROLLED = int(EntityKind.CONTROLLED)
_IDM, _LINEAR = int(EntityKind.IDM), int(EntityKind.LINEAR)
_EGO_KIND, _PLAIN, _BICYCLE = int(EntityKind.EGO), int(EntityKind.PLAIN), int(EntityKind.BICYCLE)
_NETWORK, _LANES, _ENTITIES = int(WorldInt.NETWORK), int(WorldInt.LANES), int(WorldInt.ENTITIES)
_VEHICLES, _EGO, _TRACE = int(WorldInt.VEHICLES), int(WorldInt.EGO), int(WorldInt.TRACE_CRASHED)
_SUBSTEPS, _ROAD_STEPS = int(WorldInt.SUBSTEPS), int(WorldInt.ROAD_STEPS)
_DECISIONS, _TIME_STEP = int(WorldInt.DECISIONS), int(WorldFloat.TIME_STEP)
_PERIOD = int(WorldInt.REGULATION_PERIOD)

_LOADING, _RECORDING = int(Phase.LOADING), int(Phase.RECORDING)
_REGULATION = int(Phase.REGULATION)
_OCCUPANTS, _FOLLOWING, _LANE_CHOICE = int(Phase.OCCUPANTS), int(Phase.FOLLOWING), int(Phase.LANE_CHOICE)
_STEER, _ACCELERATE, _MOTION = int(Phase.STEERING), int(Phase.ACCELERATION), int(Phase.MOTION)
_TABLES, _FIND_LANES, _COLLISIONS = int(Phase.TABLES), int(Phase.LANES), int(Phase.COLLISIONS)


@borrowing_kernel
def _any_looks_ahead(integers: Ints, vehicles: int) -> bool:
    """Whether any vehicle minds those in front of it; agents do not."""
    found = False
    for i in range(vehicles):
        found = found or integers[_KIND, i] in (_IDM, _LINEAR)
    return found


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
    agents: Ints,
    trace: Floats,
    commands: Floats,
    manoeuvres: Ints,
    active: Flags,
    stamps: npt.NDArray[np.int64] | None,
) -> None:
    """Advance the worlds [first, last) that are active.

    Args:
        first: First world.
        last: One past the last.
        numerics: None for canonical, an integer for parity.
        substeps: Simulation steps to take; 0 for a decision, as many as each world has in one.
        mode: What becomes of the agents: ``NEW_ACTION``, ``SAME_ACTION`` or ``EGO_ABSENT``.
        lane_floats: [P, L, ...] pool of networks, columns ``LaneFloat``.
        lane_ints: [P, L, ...] columns ``LaneInt``.
        entity_float: [B, rows ``EntityFloat``, N].
        entity_int: [B, rows ``EntityInt``, N].
        routes: [B, N, K, 3].
        world_floats: [B, columns ``WorldFloat``].
        world_ints: [B, columns ``WorldInt``].
        agents: [B, A] the controlled vehicles, -1 past the last.
        trace: [B, S, N, 4] written for worlds that have S simulation steps in a decision: x, y, heading and
            speed after each.
        commands: [B, A, 2] acceleration and front wheel angle of agents under continuous control.
        manoeuvres: [B, A] meta-actions of CONTROLLED agents.
        active: [B] bool.
        stamps: Time spent in each ``Phase``, in ticks of the processor; None in all that drives.
    """
    most_lanes = lane_floats.shape[1]
    most_entities = entity_float.shape[2]
    traced = trace.shape[1]
    s_table = np.empty((most_lanes, most_entities))
    r_table = np.empty((most_lanes, most_entities))
    on_lane = np.empty((most_lanes, most_entities), dtype=np.bool_)
    occupants = np.empty((most_lanes, most_entities), dtype=np.int64)
    occupied = np.empty(most_lanes, dtype=np.int64)
    lists = np.empty((2, most_entities), dtype=np.int64)
    leaders = lists[0]
    changing = lists[1]
    cells = np.empty((CELL_ROWS, most_entities), dtype=np.int64)
    places = np.empty((most_lanes, most_entities))
    rows = np.empty((6, most_entities))
    wanted = rows[0]
    free = rows[1]
    following = rows[2]
    corners = np.empty((2, 5, 2))
    paths = np.empty((3, most_entities, PREDICTED))
    lanes_ahead = np.empty(routes.shape[2], dtype=np.int64)
    for world in range(first, last):
        if not active[world]:
            continue
        integers_of_world = world_ints[world]
        lane_float = lane_floats[integers_of_world[_NETWORK]]
        lane_int = lane_ints[integers_of_world[_NETWORK]]
        lanes = integers_of_world[_LANES]
        numbers = entity_float[world]
        integers = entity_int[world]
        parameters = world_floats[world]
        route = routes[world]
        begin(stamps)
        entities = integers_of_world[_ENTITIES]
        vehicles = integers_of_world[_VEHICLES]
        ego = integers_of_world[_EGO]
        absent = ego if mode == EGO_ABSENT else -1
        linear = any_is_linear(integers, vehicles)
        traffic = _any_looks_ahead(integers, vehicles)
        placed = entities if traffic else vehicles  # only traffic asks where obstacles are on a lane
        time_step = parameters[_TIME_STEP]
        steps = substeps if substeps > 0 else integers_of_world[_SUBSTEPS]
        update_directions(numerics, numbers, entities)
        tabulate(numerics, lane_float, lane_int, lanes, numbers, placed, s_table, r_table)
        if mode == NEW_ACTION:
            integers_of_world[_DECISIONS] += 1
            for agent in range(agents.shape[1]):
                i = agents[world, agent]
                if i < 0:
                    continue
                kind = integers[_KIND, i]
                if kind == _CONTROLLED:
                    meta_action(
                        numerics,
                        lane_float,
                        lane_int,
                        lanes,
                        parameters,
                        integers_of_world,
                        numbers,
                        integers,
                        route,
                        s_table,
                        r_table,
                        i,
                        manoeuvres[world, agent],
                    )
                elif kind in (_EGO_KIND, _PLAIN, _BICYCLE):
                    numbers[_ACCELERATION, i] = commands[world, agent, 0]
                    numbers[_STEERING, i] = commands[world, agent, 1]
        mark(stamps, _LOADING)
        for substep in range(steps):
            if traffic:
                find_occupants(
                    numerics,
                    lane_float,
                    lane_int,
                    lanes,
                    numbers,
                    integers,
                    entities,
                    absent,
                    s_table,
                    r_table,
                    on_lane,
                    occupants,
                    places,
                    occupied,
                )
                mark(stamps, _OCCUPANTS)
                free_flow(numerics, lane_float, numbers, integers, vehicles, wanted, free)
                follow_leaders(
                    numerics,
                    lane_float,
                    lane_int,
                    lanes,
                    parameters,
                    numbers,
                    integers,
                    vehicles,
                    s_table,
                    on_lane,
                    occupants,
                    places,
                    occupied,
                    free,
                    following,
                    leaders,
                )
                if linear:
                    follow_linear(
                        numerics,
                        lane_float,
                        lane_int,
                        parameters,
                        numbers,
                        integers,
                        vehicles,
                        s_table,
                        on_lane,
                        occupants,
                        places,
                        occupied,
                        following,
                    )
                mark(stamps, _FOLLOWING)
            choose_lanes(
                numerics,
                lane_float,
                lane_int,
                lanes,
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
                places,
                occupied,
                wanted,
                free,
                following,
                changing,
            )
            mark(stamps, _LANE_CHOICE)
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
                rows[3],
                rows[4],
                rows[5],
            )
            if linear:
                steer_linear(numerics, lane_float, lane_int, numbers, integers, vehicles, s_table, r_table)
            mark(stamps, _STEER)
            accelerate(
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
                places,
                occupied,
                free,
                following,
            )
            if linear:
                accelerate_linear(
                    numerics,
                    lane_float,
                    lane_int,
                    parameters,
                    numbers,
                    integers,
                    vehicles,
                    s_table,
                    on_lane,
                    occupants,
                    places,
                    occupied,
                    following,
                )
            mark(stamps, _ACCELERATE)
            integers_of_world[_ROAD_STEPS] += 1
            period = integers_of_world[_PERIOD]
            if period > 0 and integers_of_world[_ROAD_STEPS] % period == 0:
                give_way(
                    numerics,
                    lane_float,
                    lane_int,
                    lanes,
                    numbers,
                    integers,
                    route,
                    vehicles,
                    absent,
                    s_table,
                    paths,
                    lanes_ahead,
                )
            mark(stamps, _REGULATION)
            move(numerics, numbers, integers, vehicles, absent, time_step, rows[3])
            update_directions(numerics, numbers, vehicles)
            mark(stamps, _MOTION)
            tabulate(numerics, lane_float, lane_int, lanes, numbers, placed, s_table, r_table)
            mark(stamps, _TABLES)
            update_lanes(
                numerics, lane_float, lane_int, lanes, numbers, integers, vehicles, absent, s_table, r_table
            )
            mark(stamps, _FIND_LANES)
            collide(
                numbers,
                integers,
                integers_of_world,
                vehicles,
                entities,
                absent,
                time_step,
                corners[0],
                corners[1],
                cells,
                changing,
            )
            mark(stamps, _COLLISIONS)
            if steps == traced:
                path = trace[world, substep]
                for i in range(entities):
                    path[i, 0] = numbers[_X, i]
                    path[i, 1] = numbers[_Y, i]
                    path[i, 2] = numbers[_HEADING, i]
                    path[i, 3] = numbers[_SPEED, i]
                integers_of_world[_TRACE + substep] = integers[_CRASHED, ego] if ego >= 0 else 0
            mark(stamps, _RECORDING)


@kernel
def step_shares(shares: Shares, *arguments: Any) -> None:
    """Advance the worlds of the shares that are left; arguments as of ``step_worlds`` behind the range."""
    first, last = take(shares, 0)
    while first < last:
        step_worlds(first, last, *arguments)
        first, last = take(shares, last - first)
