"""highway-env's ``KinematicObservation``: the ego and those nearest along its lane, one row each.

What may surprise, all as in stock: rows are sorted by the distance along the ego's lane, not by the straight
one; the ego's own row is absolute; without a ``features_range`` the range of y follows from how many lanes
the ego's road had when the episode was first observed, and stays so until the next reset.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, kernel
from drivebench.errors import ConfigurationError
from drivebench.world import WorldBatch
from drivebench.world.layout import EntityInt, LaneInt, WorldInt
from drivebench.world.random_stream import shuffle
from scenarios.stock.observations.features import (
    FEATURE_COUNT,
    FEATURES,
    MAX_SPEED_MPS,
    Feature,
    describe,
    longitudinal_on,
    scale,
)
from scenarios.stock.observations.nearby import find_nearby
from scenarios.stock.observations.observer import Observation, Observer, Slots, run
from scenarios.stock.observations.settings import Settings

__all__ = ["KinematicsObserver"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_SETTINGS = (
    "features",
    "vehicles_count",
    "features_range",
    "absolute",
    "order",
    "normalize",
    "clip",
    "see_behind",
    "observe_intentions",
    "include_obstacles",
)
_IGNORED = {"flatten": False}
"""Set by highway-env's intersection; read by nothing."""

_DEFAULT_FEATURES = ("presence", "x", "y", "vx", "vy")
_LANE_WIDTH_M = 4
"""``AbstractLane.DEFAULT_WIDTH``: the default range of y is this many metres for each lane of the road."""


class _Option(IntEnum):
    """Places in the row of settings that a kernel takes."""

    ABSOLUTE = 0
    CLIP = 1
    SEE_BEHIND = 2
    INTENTIONS = 3
    OBJECTS = 4
    SORTED = 5
    Y_BY_LANES = 6
    """Column whose range follows from the lanes of the road, -1 for none."""
    OFFSETS = 7
    EXIT = 8
    """Whether the ego's x is its place on the exit lane of each world."""
    SHUFFLED = 9


_ABSOLUTE, _CLIP, _SEE_BEHIND = int(_Option.ABSOLUTE), int(_Option.CLIP), int(_Option.SEE_BEHIND)
_INTENTIONS, _OBJECTS, _SORTED = int(_Option.INTENTIONS), int(_Option.OBJECTS), int(_Option.SORTED)
_Y_BY_LANES, _OFFSETS, _EXIT = int(_Option.Y_BY_LANES), int(_Option.OFFSETS), int(_Option.EXIT)
_SHUFFLED = int(_Option.SHUFFLED)
_FX, _FY, _VX, _VY = int(Feature.X), int(Feature.Y), int(Feature.VX), int(Feature.VY)
_COS_D, _SIN_D = int(Feature.COS_D), int(Feature.SIN_D)
_LANE, _ROAD_LANES = int(EntityInt.LANE), int(LaneInt.ROAD_LANES)
_NETWORK, _LANES = int(WorldInt.NETWORK), int(WorldInt.LANES)
_VEHICLES, _ENTITIES = int(WorldInt.VEHICLES), int(WorldInt.ENTITIES)


@borrowing_kernel
def _write_row(
    columns: Ints,
    lows: Floats,
    spans: Floats,
    options: Ints,
    side_lanes: int,
    values: Floats,
    row: npt.NDArray[np.float32],
) -> None:
    """Scale and clip the wanted features; a span of zero leaves a feature as it is."""
    for column in range(columns.shape[0]):
        value = values[columns[column]]
        if column == options[_Y_BY_LANES]:
            value = scale(value, float(-_LANE_WIDTH_M * side_lanes), float(2 * _LANE_WIDTH_M * side_lanes))
        elif spans[column] != 0.0:
            value = scale(value, lows[column], spans[column])
        if options[_CLIP] and spans[column] != 0.0:
            if value < -1.0:
                value = -1.0
            elif value > 1.0:
                value = 1.0
        row[column] = value


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
    columns: Ints,
    lows: Floats,
    spans: Floats,
    options: Ints,
    side_lanes: Ints,
    exit_lanes: Ints,
    random: npt.NDArray[np.uint64],
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
        columns: [F] ``Feature`` of each column.
        lows: [F] lower end of its range.
        spans: [F] width of its range, 0 where it is not scaled.
        options: [len(_Option)].
        side_lanes: [B, A] lanes of the observer's road when the episode was first observed, 0 before.
        exit_lanes: [B] rows of the exit lanes.
        random: [B, columns ``RandomInt``] the environments' random numbers.
        out: [n, R, F] where to write.
    """
    rows = out.shape[1]
    distances = np.empty(rows)
    chosen = np.empty(rows, dtype=np.int64)
    values = np.empty(FEATURE_COUNT)
    for k in range(first, last):
        world = slots[k]
        observer = agents[world, agent]
        network = world_ints[world, _NETWORK]
        lane_float = lane_floats[network]
        lane_int = lane_ints[network]
        lanes = world_ints[world, _LANES]
        vehicles = world_ints[world, _VEHICLES]
        entities = world_ints[world, _ENTITIES] if options[_OBJECTS] else vehicles
        numbers = entity_float[world]
        integers = entity_int[world]
        route = routes[world]
        if side_lanes[world, agent] == 0:
            side_lanes[world, agent] = lane_int[integers[_LANE, observer], _ROAD_LANES]
        side = side_lanes[world, agent]
        found = 0
        if rows > 1:
            found = find_nearby(
                numerics,
                lane_float,
                lane_int,
                numbers,
                integers,
                vehicles,
                entities,
                observer,
                options[_SEE_BEHIND] != 0,
                options[_SORTED] != 0,
                distances[1:],
                chosen[1:],
            )
        offsets = options[_OFFSETS] != 0
        describe(
            numerics,
            lane_float,
            lane_int,
            lanes,
            numbers,
            integers,
            route,
            vehicles,
            observer,
            True,
            offsets,
            values,
        )
        x, y, vx, vy = values[_FX], values[_FY], values[_VX], values[_VY]
        if options[_EXIT]:
            values[_FX] = longitudinal_on(numerics, lane_float, lane_int, exit_lanes[world], x, y)
        _write_row(columns, lows, spans, options, side, values, out[k, 0])
        intentions = options[_INTENTIONS] != 0
        for row in range(found + 1, rows):
            chosen[row] = -1
        if options[_SHUFFLED]:
            shuffle(random[world], chosen[1:])
        for row in range(1, rows):
            i = chosen[row]
            if i < 0:
                for column in range(columns.shape[0]):
                    out[k, row, column] = 0.0
                continue
            describe(
                numerics,
                lane_float,
                lane_int,
                lanes,
                numbers,
                integers,
                route,
                vehicles,
                i,
                intentions,
                offsets,
                values,
            )
            if not options[_ABSOLUTE]:
                values[_FX] -= x
                values[_FY] -= y
                values[_VX] -= vx
                values[_VY] -= vy
            _write_row(columns, lows, spans, options, side, values, out[k, row])


class KinematicsObserver(Observer):
    """``Kinematics`` and ``ExitObservation``.

    With ``vehicles_count`` 1 there is the ego alone; stock returns more rows than its own space has then.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Read the settings.

        Args:
            config: highway-env's ``observation`` settings.

        Raises:
            ConfigurationError: A setting that highway-env does not know or cannot use.
        """
        self._exit = config["type"] == "ExitObservation"
        known = [name for name in _SETTINGS if not (self._exit and name == "include_obstacles")]
        settings = Settings(config, known=known, ignored=_IGNORED)
        self.features = settings.names("features", FEATURES, default=_DEFAULT_FEATURES)
        self.rows = settings.whole("vehicles_count", default=5, least=1)
        order = settings.choice("order", ("sorted", "shuffled"), default="sorted")
        self.draws = order == "shuffled"
        if self.draws and self.rows == 1:
            raise settings.error("vehicles_count", "at least 2 with order 'shuffled'")
        ranges = settings.ranges("features_range", FEATURES)
        by_lanes = not ranges
        ranges = ranges or {
            "x": (-5.0 * MAX_SPEED_MPS, 5.0 * MAX_SPEED_MPS),
            "y": (-_LANE_WIDTH_M, _LANE_WIDTH_M),
            "vx": (-2 * MAX_SPEED_MPS, 2 * MAX_SPEED_MPS),
            "vy": (-2 * MAX_SPEED_MPS, 2 * MAX_SPEED_MPS),
        }
        normalize = settings.flag("normalize", default=True)
        self._columns = np.array([FEATURES.index(name) for name in self.features])
        bounds = [ranges.get(name, (0.0, 0.0)) if normalize else (0.0, 0.0) for name in self.features]
        self._lows = np.array([float(low) for low, _ in bounds])
        self._spans = np.array([float(high - low) for low, high in bounds])
        options = np.zeros(len(_Option), dtype=np.int64)
        options[_ABSOLUTE] = settings.flag("absolute", default=False)
        options[_CLIP] = settings.flag("clip", default=True)
        options[_SEE_BEHIND] = settings.flag("see_behind", default=False)
        options[_INTENTIONS] = settings.flag("observe_intentions", default=False)
        options[_OBJECTS] = settings.flag("include_obstacles", default=True) and not self._exit
        options[_SORTED] = order == "sorted" or self._exit
        options[_SHUFFLED] = self.draws
        scaled_by_lanes = by_lanes and normalize and "y" in self.features
        options[_Y_BY_LANES] = self.features.index("y") if scaled_by_lanes else -1
        options[_OFFSETS] = any(name.endswith("_off") for name in self.features)
        options[_EXIT] = self._exit
        self._options = options
        self._side_lanes = np.zeros((0, 0), dtype=np.int64)
        self._exit_lanes = np.zeros(0, dtype=np.int64)

    def space(self) -> gymnasium.Space[Any]:
        """``f4[vehicles_count, features]``, unbounded."""
        return gymnasium.spaces.Box(-np.inf, np.inf, (self.rows, len(self.features)), np.float32)

    def begin(self, batch: WorldBatch, slots: Slots) -> None:
        """Forget the range of y of these slots; the next observation sets it."""
        super().begin(batch, slots)
        if self._side_lanes.shape != batch.agents.shape:
            self._side_lanes = np.zeros(batch.agents.shape, dtype=np.int64)
            self._exit_lanes = np.full(len(batch), -1, dtype=np.int64)
        places = np.asarray(slots, dtype=np.int64)
        self._side_lanes[places] = 0
        if self._exit:
            for slot in places.tolist():
                self._exit_lanes[slot] = _exit_lane(batch, slot)

    def observe(
        self, batch: WorldBatch, slots: Slots, out: Observation | None = None, agent: int = 0
    ) -> Observation:
        """``f4[n, vehicles_count, features]``."""
        if self._side_lanes.shape != batch.agents.shape or (
            self._exit and (self._exit_lanes[slots] < 0).any()
        ):
            self.begin(batch, range(len(batch)))
        if out is None:
            out = np.empty((len(slots), self.rows, len(self.features)), dtype=np.float32)
        scales = self._columns, self._lows, self._spans
        state = self._side_lanes, self._exit_lanes, batch.random
        run(_observe, batch, slots, agent, (*scales, self._options, *state, out))
        return out


def _exit_lane(batch: WorldBatch, slot: int) -> int:
    """Row of the lane that highway-env's exit environment leads to: the last one from node 1 to node 2."""
    network = batch.networks[batch.network_of_world[slot]]
    rows = [row for row, (origin, to, _) in enumerate(network.lane_index) if (origin, to) == ("1", "2")]
    if not rows:
        raise ConfigurationError(
            "ExitObservation needs a road from node '1' to node '2', as exit-v0 has; this world's roads lead "
            f"between {', '.join(network.nodes)}. Observe Kinematics instead"
        )
    return rows[-1]
