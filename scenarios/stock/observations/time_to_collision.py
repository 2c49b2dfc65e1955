"""highway-env's ``TimeToCollisionObservation``: when would the ego hit whom, by its speed and lane.

``grid[speed, lane, time]`` tells the cost of a collision after that time if the ego took that target speed
and were on that lane while all others keep their speed. The observation shows the three speeds about the
ego's present choice, clamped to those that exist, and the three lanes about its own; lanes that do not exist
count as collisions at all times.
"""

import math
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, kernel
from drivebench.errors import ConfigurationError
from drivebench.world import EntityKind, WorldBatch
from drivebench.world.layout import EntityFloat, EntityInt, LaneInt, WorldFloat, WorldInt
from drivebench.world.numerics import cos_sin
from scenarios.stock.observations.features import longitudinal_on
from scenarios.stock.observations.observer import Observation, Observer, Slots, run
from scenarios.stock.observations.settings import Settings

__all__ = ["TimeToCollisionObserver"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_SPEEDS = _SHOWN_LANES = 3
"""How many speeds and lanes are shown."""
_DEPTH = 3
"""How many roads ahead another vehicle's road may be."""
_LEAST_SPEED_MPS = 1e-2
"""Bound away from zero of the speed with which two vehicles approach (highway-env ``not_zero``)."""

_X, _Y, _HEADING, _SPEED = (
    int(EntityFloat.X),
    int(EntityFloat.Y),
    int(EntityFloat.HEADING),
    int(EntityFloat.SPEED),
)
_LENGTH = int(EntityFloat.LENGTH)
_LANE, _SPEED_INDEX = int(EntityInt.LANE), int(EntityInt.SPEED_INDEX)
_ROUTE_START, _ROUTE_LEFT = int(EntityInt.ROUTE_START), int(EntityInt.ROUTE_LEFT)
_FROM, _TO, _ID, _ROAD_LANES = int(LaneInt.FROM), int(LaneInt.TO), int(LaneInt.ID), int(LaneInt.ROAD_LANES)
_NETWORK, _LANES, _VEHICLES = int(WorldInt.NETWORK), int(WorldInt.LANES), int(WorldInt.VEHICLES)
_SPEED_COUNT, _FIRST_SPEED = int(WorldInt.TARGET_SPEEDS), int(WorldFloat.TARGET_SPEEDS)


@borrowing_kernel
def _find_connected(
    lane_int: Ints, lanes: int, integers: Ints, route: Ints, i: int, stack: Ints, connected: Flags
) -> None:
    """Mark the lanes that vehicle i's way leads to or that lead into it (``is_connected_road``, depth 3).

    The way is its route as far as it goes on from the present road, else all roads ahead.
    """
    for lane in range(lanes):
        connected[lane] = False
    own = integers[_LANE, i]
    end = integers[_ROUTE_START, i] + integers[_ROUTE_LEFT, i]
    stack[0, 0], stack[0, 1] = lane_int[own, _FROM], lane_int[own, _TO]
    stack[0, 2], stack[0, 3] = integers[_ROUTE_START, i], _DEPTH
    size = 1
    while size > 0:
        size -= 1
        origin, node, step, depth = stack[size, 0], stack[size, 1], stack[size, 2], stack[size, 3]
        for lane in range(lanes):
            if lane_int[lane, _TO] == origin or (
                lane_int[lane, _FROM] == origin and lane_int[lane, _TO] == node
            ):
                connected[lane] = True
        if depth == 0:
            continue
        while step < end and route[i, step, 0] == origin and route[i, step, 1] == node:
            step += 1
        if step < end and route[i, step, 0] == node:
            stack[size, 0], stack[size, 1] = route[i, step, 0], route[i, step, 1]
            stack[size, 2], stack[size, 3] = step + 1, depth - 1
            size += 1
            continue
        road = 0
        while road < lanes:
            if lane_int[road, _FROM] == node:
                stack[size, 0], stack[size, 1] = node, lane_int[road, _TO]
                stack[size, 2], stack[size, 3] = step, depth - 1
                size += 1
            road += lane_int[road, _ROAD_LANES]


@borrowing_kernel
def _mark(cells: npt.NDArray[np.float32], time: int, cost: float) -> None:
    if 0 <= time < cells.shape[0] and cells[time] < cost:
        cells[time] = cost


@kernel
def _observe(
    first: int,
    last: int,
    numerics: int | None,
    lane_floats: Floats,
    lane_ints: Ints,
    entity_float: Floats,
    entity_int: Ints,
    routes: Ints,
    world_ints: Ints,
    agents: Ints,
    agent: int,
    slots: Ints,
    world_floats: Floats,
    time_step: float,
    out: npt.NDArray[np.float32],
) -> None:
    """Observe the worlds in ``slots[first:last]``.

    Args:
        first: First row.
        last: One past the last.
        numerics: None for canonical, an integer for parity.
        lane_floats: Of the batch, as all up to ``agents``.
        lane_ints: The same.
        entity_float: The same.
        entity_int: The same.
        routes: The same.
        world_ints: The same.
        agents: The same.
        agent: Which of them observes.
        slots: [n] worlds.
        world_floats: Of the batch.
        time_step: What one cell stands for, s.
        out: [n, 3, 3, T] where to write.
    """
    most_lanes = lane_ints.shape[1]
    stack = np.empty((_DEPTH * most_lanes + 1, 4), dtype=np.int64)
    connected = np.empty(most_lanes, dtype=np.bool_)
    for k in range(first, last):
        world = slots[k]
        observer = agents[world, agent]
        network = world_ints[world, _NETWORK]
        lane_float = lane_floats[network]
        lane_int = lane_ints[network]
        lanes = world_ints[world, _LANES]
        numbers = entity_float[world]
        integers = entity_int[world]
        route = routes[world]
        lane = integers[_LANE, observer]
        side_lanes = lane_int[lane, _ROAD_LANES]
        ego_lanes = lane_int[integers[_LANE, agents[world, 0]], _ROAD_LANES]
        left = lane_int[lane, _ID] - 1
        grid = out[k]
        for speed in range(_SPEEDS):
            for column in range(_SHOWN_LANES):
                exists = 0 <= left + column < ego_lanes
                grid[speed, column, :] = 0.0 if exists else 1.0
        _find_connected(lane_int, lanes, integers, route, observer, stack, connected)
        s = longitudinal_on(
            numerics, lane_float, lane_int, lane, numbers[_X, observer], numbers[_Y, observer]
        )
        c, sine = cos_sin(numerics, numbers[_HEADING, observer])
        for other in range(world_ints[world, _VEHICLES]):
            if other == observer or not connected[integers[_LANE, other]]:
                continue
            other_lane = integers[_LANE, other]
            first_lane, last_lane = 0, ego_lanes
            if lane_int[other_lane, _ROAD_LANES] == side_lanes:
                first_lane = lane_int[other_lane, _ID]
                last_lane = first_lane + 1
            first_column = max(first_lane - left, 0)
            last_column = min(last_lane, ego_lanes) - left
            last_column = min(last_column, _SHOWN_LANES)
            if first_column >= last_column:
                continue
            other_c, other_s = cos_sin(numerics, numbers[_HEADING, other])
            projected = numbers[_SPEED, other] * (other_c * c + other_s * sine)
            at = longitudinal_on(numerics, lane_float, lane_int, lane, numbers[_X, other], numbers[_Y, other])
            margin = numbers[_LENGTH, other] / 2 + numbers[_LENGTH, observer] / 2
            for row in range(_SPEEDS):
                index = integers[_SPEED_INDEX, observer] + row - 1
                index = min(max(index, 0), world_ints[world, _SPEED_COUNT] - 1)
                speed = world_floats[world, _FIRST_SPEED + index]
                if speed == numbers[_SPEED, other]:
                    continue
                closing = speed - projected
                if abs(closing) <= _LEAST_SPEED_MPS:
                    closing = _LEAST_SPEED_MPS if closing >= 0 else -_LEAST_SPEED_MPS
                for point in range(3):
                    offset = 0.0 if point == 0 else (-margin if point == 1 else margin)
                    cost = 1.0 if point == 0 else 0.5
                    time = ((at - s) + offset) / closing
                    if time < 0:
                        continue
                    cells = time / time_step
                    if not cells <= grid.shape[2]:
                        continue
                    for column in range(first_column, last_column):
                        _mark(grid[row, column], int(cells), cost)
                        _mark(grid[row, column], math.ceil(cells), cost)


class TimeToCollisionObserver(Observer):
    """``TimeToCollision``; its observer must be under meta-actions (``DiscreteMetaAction``), as in stock."""

    def __init__(self, config: Mapping[str, Any], *, policy_hz: float) -> None:
        """Read the settings.

        Args:
            config: highway-env's ``observation`` settings.
            policy_hz: Decisions in a second (``policy_frequency``); a cell is the time between two of them.

        Raises:
            ConfigurationError: A setting that highway-env does not know or cannot use.
        """
        settings = Settings(config, known=("horizon",))
        self._time_step_s = 1 / policy_hz
        self.cells = int(settings.positive("horizon", default=10) / self._time_step_s)
        if self.cells < 1:
            raise settings.error("horizon", f"at least one decision of {self._time_step_s} s")

    def space(self) -> gymnasium.Space[Any]:
        """``f4[3 speeds, 3 lanes, times]`` in [0, 1]."""
        return gymnasium.spaces.Box(0, 1, (_SPEEDS, _SHOWN_LANES, self.cells), np.float32)

    def begin(self, batch: WorldBatch, slots: Slots) -> None:
        """Check that the agents choose among target speeds."""
        super().begin(batch, slots)
        places = np.asarray(slots, dtype=np.int64)
        agents = batch.agents[places]
        kinds = batch.kind[places[:, None], agents]
        if ((kinds != EntityKind.CONTROLLED) & (agents >= 0)).any():
            raise ConfigurationError(
                "TimeToCollision asks for a vehicle with target speeds; set action to DiscreteMetaAction, or "
                "observe Kinematics under continuous actions"
            )

    def observe(
        self, batch: WorldBatch, slots: Slots, out: Observation | None = None, agent: int = 0
    ) -> Observation:
        """``f4[n, 3 speeds, 3 lanes, times]``."""
        if out is None:
            out = np.empty((len(slots), _SPEEDS, _SHOWN_LANES, self.cells), dtype=np.float32)
        run(_observe, batch, slots, agent, (batch.world_float, self._time_step_s, out))
        return out
