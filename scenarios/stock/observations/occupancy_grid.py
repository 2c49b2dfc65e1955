"""highway-env's ``OccupancyGridObservation``: a grid about the ego with one layer for each feature.

What may surprise, all as in stock: of several vehicles in a cell the first of the road's list counts; the ego
is in its own cell, with relative coordinates zero; in images the cells without a vehicle are black although 0
stands for the middle grey; ``on_road`` marks the cells of points along the lanes' centre lines, spaced by the
smaller grid step, not more than 100 m along the lane from the ego.
"""

import math
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, kernel
from drivebench.world import WorldBatch
from drivebench.world.geometry import local_coordinates, position
from drivebench.world.layout import EntityFloat, LaneFloat, LaneInt, LaneKind, WorldInt
from drivebench.world.numerics import cos_sin, rotate
from scenarios.stock.observations.features import (
    FEATURE_COUNT,
    FEATURES,
    MAX_SPEED_MPS,
    Feature,
    describe,
    longitudinal_on,
    scale,
)
from scenarios.stock.observations.observer import Observation, Observer, Slots, run
from scenarios.stock.observations.settings import Settings

__all__ = ["OccupancyGridObserver"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_SETTINGS = (
    "features",
    "grid_size",
    "grid_step",
    "features_range",
    "absolute",
    "align_to_vehicle_axes",
    "clip",
    "as_image",
)
_DEFAULT_FEATURES = ("presence", "vx", "vy", "on_road")
_DEFAULT_SIZE_M = [[-27.5, 27.5], [-27.5, 27.5]]
_DEFAULT_STEP_M = [5, 5]
_ON_ROAD = len(Feature)
"""The layer that is no vehicle's feature."""
_REACH_M = 100.0
"""How far along a lane its points are drawn (``fill_road_layer_by_lanes``)."""
_SLACK_M = 0.01
"""Points this close outside of the grid's surrounding circle are still looked at."""


class _Option(IntEnum):
    """Places in the row of settings that a kernel takes."""

    ALIGNED = 0
    CLIP = 1
    IMAGE = 2
    ROAD_LAYER = 3
    """-1 for none."""
    OFFSETS = 4


_ALIGNED, _CLIP, _IMAGE = int(_Option.ALIGNED), int(_Option.CLIP), int(_Option.IMAGE)
_ROAD_LAYER, _OFFSETS = int(_Option.ROAD_LAYER), int(_Option.OFFSETS)
_FX, _FY, _VX, _VY = int(Feature.X), int(Feature.Y), int(Feature.VX), int(Feature.VY)
_X, _Y, _HEADING = int(EntityFloat.X), int(EntityFloat.Y), int(EntityFloat.HEADING)
_LANE_KIND = int(LaneInt.KIND)
_STRAIGHT, _SINE = int(LaneKind.STRAIGHT), int(LaneKind.SINE)
_CIRCULAR, _POLYLINE = int(LaneKind.CIRCULAR), int(LaneKind.POLYLINE)
_LENGTH, _AMPLITUDE, _RADIUS = int(LaneFloat.LENGTH), int(LaneFloat.AMPLITUDE), int(LaneFloat.RADIUS)
_ORIGIN_X, _ORIGIN_Y = int(LaneFloat.ORIGIN_X), int(LaneFloat.ORIGIN_Y)
_NETWORK, _LANES, _VEHICLES = int(WorldInt.NETWORK), int(WorldInt.LANES), int(WorldInt.VEHICLES)


@borrowing_kernel
def _cell(
    numerics: int | None, c: float, s: float, aligned: bool, size: Floats, step: Floats, dx: float, dy: float
) -> tuple[float, float]:
    """Cell indices of a point relative to the observer (``pos_to_index``), as whole floats."""
    along, across = dx, dy
    if aligned:
        along, across = rotate(numerics, c, -s, dx, dy)
    return math.floor((along - size[0, 0]) / step[0]), math.floor((across - size[1, 0]) / step[1])


@borrowing_kernel
def _shown(value: float, clip: bool, image: bool) -> float:
    """What a cell shows for a value."""
    if (clip or image) and value < -1.0:
        value = -1.0
    if (clip or image) and value > 1.0:
        value = 1.0
    return math.floor((value + 1.0) / 2.0 * 255.0) if image else value


@borrowing_kernel
def _passes_by(
    numerics: int | None, lane_float: Floats, lane_int: Ints, lane: int, x: float, y: float, radius: float
) -> bool:
    """Whether every point of a lane is farther than a radius from a place, as far as that is easily seen."""
    kind = lane_int[lane, _LANE_KIND]
    if kind == _CIRCULAR:
        dx = x - lane_float[lane, _ORIGIN_X]
        dy = y - lane_float[lane, _ORIGIN_Y]
        return bool(abs(math.sqrt(dx * dx + dy * dy) - lane_float[lane, _RADIUS]) > radius)
    if kind in (_STRAIGHT, _SINE):
        s, r = local_coordinates(numerics, lane_float, lane_int, lane, x, y)
        width = 2.0 * abs(lane_float[lane, _AMPLITUDE]) if kind == _SINE else 0.0
        past = max(-s, s - lane_float[lane, _LENGTH])
        return bool(abs(r) > radius + width or past > radius)
    return False


@borrowing_kernel
def _draw_lane(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    lane: int,
    x: float,
    y: float,
    c: float,
    s: float,
    aligned: bool,
    size: Floats,
    step: Floats,
    radius: float,
    shown: float,
    layer: npt.NDArray[Any],
) -> None:
    """Mark the cells of the points along a lane.

    The points are those of ``np.arange(s - 100, s + 100, spacing).clip(0, length)``; those that cannot be in
    the grid are left out before their position is computed.
    """
    spacing = min(step[0], step[1])
    middle = longitudinal_on(numerics, lane_float, lane_int, lane, x, y)
    start = middle - _REACH_M
    count = math.ceil((middle + _REACH_M - start) / spacing)
    difference = (start + spacing) - start
    length = lane_float[lane, _LENGTH]
    kind = lane_int[lane, _LANE_KIND]
    first, last = 0, count
    if kind in (_STRAIGHT, _SINE):  # the place along the axis alone says how far away a point is at least
        first = max(first, int((_REACH_M - radius) / spacing) - 1)
        last = min(last, int((_REACH_M + radius) / spacing) + 2)
    off = 0.0
    chord = 0.0
    if kind == _CIRCULAR:
        dx = x - lane_float[lane, _ORIGIN_X]
        dy = y - lane_float[lane, _ORIGIN_Y]
        distance = math.sqrt(dx * dx + dy * dy)
        off = (distance - lane_float[lane, _RADIUS]) ** 2
        chord = 4.0 * distance / lane_float[lane, _RADIUS] / math.pi**2
    before = np.nan
    next_at = -1.0
    for point in range(first, last):
        at = start + spacing if point == 1 else start + point * difference
        at = min(max(at, 0.0), length)
        if at < next_at or at == before:
            continue
        before = at
        if kind == _CIRCULAR:
            # chord² = off² + 4 d r sin²(angle / 2), and |sin(a / 2)| >= |a| / pi up to half a turn
            away = abs(at - middle)
            turn = 2.0 * math.pi * lane_float[lane, _RADIUS]
            away = min(away, abs(turn - away)) if away <= 1.5 * turn else 0.0
            if off + chord * away * away > radius * radius:
                continue
        px, py = position(numerics, lane_float, lane_int, lane, at, 0.0)
        dx = px - x
        dy = py - y
        if kind == _POLYLINE:  # it comes nearer by no more than its own length
            next_at = at + math.sqrt(dx * dx + dy * dy) - radius
        i, j = _cell(numerics, c, s, aligned, size, step, dx, dy)
        if 0 <= i < layer.shape[0] and 0 <= j < layer.shape[1]:
            layer[int(i), int(j)] = shown


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
    layers: Ints,
    lows: Floats,
    spans: Floats,
    size: Floats,
    step: Floats,
    options: Ints,
    out: npt.NDArray[Any],
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
        layers: [F] ``Feature`` of each layer, or ``_ON_ROAD``.
        lows: [len(Feature)] lower end of each feature's range.
        spans: [len(Feature)] width of its range, 0 where it is not scaled.
        size: [2, 2] the grid's edges, m.
        step: [2] size of a cell, m.
        options: [len(_Option)].
        out: [n, F, I, J] float32 or uint8 where to write.
    """
    values = np.empty(FEATURE_COUNT)
    aligned = options[_ALIGNED] != 0
    clip = options[_CLIP] != 0
    image = options[_IMAGE] != 0
    far_x = max(abs(size[0, 0]), abs(size[0, 1])) + step[0]
    far_y = max(abs(size[1, 0]), abs(size[1, 1])) + step[1]
    radius = math.sqrt(far_x * far_x + far_y * far_y) + _SLACK_M
    for k in range(first, last):
        world = slots[k]
        observer = agents[world, agent]
        network = world_ints[world, _NETWORK]
        lane_float = lane_floats[network]
        lane_int = lane_ints[network]
        lanes = world_ints[world, _LANES]
        vehicles = world_ints[world, _VEHICLES]
        numbers = entity_float[world]
        integers = entity_int[world]
        route = routes[world]
        grid = out[k]
        grid[:] = 0
        offsets = options[_OFFSETS] != 0
        x = numbers[_X, observer]
        y = numbers[_Y, observer]
        c, s = cos_sin(numerics, numbers[_HEADING, observer])
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
            False,
            False,
            values,
        )
        vx, vy = values[_VX], values[_VY]
        for i in range(vehicles - 1, -1, -1):
            dx = numbers[_X, i] - x
            dy = numbers[_Y, i] - y
            if spans[_FX] != 0.0:  # there and back again, as in stock
                dx = lows[_FX] + (scale(dx, lows[_FX], spans[_FX]) + 1.0) * spans[_FX] / 2.0
            if spans[_FY] != 0.0:
                dy = lows[_FY] + (scale(dy, lows[_FY], spans[_FY]) + 1.0) * spans[_FY] / 2.0
            at, across = _cell(numerics, c, s, aligned, size, step, dx, dy)
            if not (0 <= at < grid.shape[1] and 0 <= across < grid.shape[2]):
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
                True,
                offsets,
                values,
            )
            values[_FX] -= x
            values[_FY] -= y
            values[_VX] -= vx
            values[_VY] -= vy
            for layer in range(layers.shape[0]):
                feature = layers[layer]
                if feature == _ON_ROAD:
                    continue
                value = values[feature]
                if spans[feature] != 0.0:
                    value = scale(value, lows[feature], spans[feature])
                grid[layer, int(at), int(across)] = _shown(value, clip, image)
        if options[_ROAD_LAYER] >= 0:
            for lane in range(lanes):
                if not _passes_by(numerics, lane_float, lane_int, lane, x, y, radius):
                    _draw_lane(
                        numerics,
                        lane_float,
                        lane_int,
                        lane,
                        x,
                        y,
                        c,
                        s,
                        aligned,
                        size,
                        step,
                        radius,
                        _shown(1.0, clip, image),
                        grid[options[_ROAD_LAYER]],
                    )


class OccupancyGridObserver(Observer):
    """``OccupancyGrid``."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Read the settings.

        Args:
            config: highway-env's ``observation`` settings.

        Raises:
            ConfigurationError: A setting that highway-env does not know or cannot use.
        """
        settings = Settings(config, known=_SETTINGS)
        names = (*FEATURES, "on_road")
        self.features = settings.names("features", names, default=_DEFAULT_FEATURES)
        self._size = settings.numbers("grid_size", default=_DEFAULT_SIZE_M, shape=(2, 2))
        self._step = settings.numbers("grid_step", default=_DEFAULT_STEP_M, shape=(2,))
        if not (self._step > 0).all():
            raise settings.error("grid_step", "two positive steps, m")
        cells = np.floor((self._size[:, 1] - self._size[:, 0]) / self._step)
        if not (cells >= 1).all():
            raise settings.error("grid_size", "[[low, high], [low, high]] with room for a step each, m")
        if settings.flag("absolute", default=False):
            raise settings.error("absolute", "False: highway-env does not implement absolute grids either")
        self.shape = (len(self.features), int(cells[0]), int(cells[1]))
        self.image = settings.flag("as_image", default=False)
        fastest = 2 * MAX_SPEED_MPS
        ranges = settings.ranges("features_range", FEATURES) or {
            "vx": (-fastest, fastest),
            "vy": (-fastest, fastest),
        }
        bounds = [ranges.get(name, (0.0, 0.0)) for name in FEATURES]
        self._layers = np.array([names.index(name) for name in self.features])
        self._lows = np.array([low for low, _ in bounds])
        self._spans = np.array([high - low for low, high in bounds])
        options = np.zeros(len(_Option), dtype=np.int64)
        options[_ALIGNED] = settings.flag("align_to_vehicle_axes", default=False)
        options[_CLIP] = settings.flag("clip", default=True)
        options[_IMAGE] = self.image
        options[_ROAD_LAYER] = self.features.index("on_road") if "on_road" in self.features else -1
        options[_OFFSETS] = any(name.endswith("_off") for name in self.features)
        self._options = options

    def space(self) -> gymnasium.Space[Any]:
        """``u1`` images or ``f4`` grids ``[features, cells along x, cells along y]``."""
        if self.image:
            return gymnasium.spaces.Box(0, 255, self.shape, np.uint8)
        return gymnasium.spaces.Box(-np.inf, np.inf, self.shape, np.float32)

    def observe(
        self, batch: WorldBatch, slots: Slots, out: Observation | None = None, agent: int = 0
    ) -> Observation:
        """``[n, features, cells along x, cells along y]``."""
        if out is None:
            out = np.empty((len(slots), *self.shape), dtype=np.uint8 if self.image else np.float32)
        run(
            _observe,
            batch,
            slots,
            agent,
            (self._layers, self._lows, self._spans, self._size, self._step, self._options, out),
        )
        return out
