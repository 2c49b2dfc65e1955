"""The nearest vehicles as a table, and the shape of the route ahead: for policies that do not look at images.

Both are in the ego's frame: x ahead, y to the right, metres and metres a second. All in canonical numerics.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import gymnasium
import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.sensors.options import check_option
from drivebench.sensors.sensor import View
from drivebench.world import EntityKind
from drivebench.world.numerics import atan2, cos_sin

__all__ = ["KINEMATICS", "ROUTE_GEOMETRY", "Kinematics", "RouteGeometry"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEATURES = ("presence", "x", "y", "vx", "vy")
"""Columns, as in highway-env's ``KinematicObservation``."""

_LANDMARK = int(EntityKind.LANDMARK)
_ROUTE_COLUMNS = 2


@kernel
def _fill_table(
    x: Floats,
    y: Floats,
    heading: Floats,
    speed: Floats,
    kind: Ints,
    entities: int,
    ego: int,
    range_m: float,
    table: NDArray[np.float32],
) -> None:
    """Fill in the rows of one world, nearest first; of equally near ones the first comes first."""
    rows = table.shape[0]
    nearest, order = np.empty(rows), np.empty(rows, np.int64)
    count = 0
    for k in range(entities):
        dx, dy = x[k] - x[ego], y[k] - y[ego]
        square = dx * dx + dy * dy
        if k == ego or kind[k] == _LANDMARK or square > range_m * range_m:
            continue
        if count == rows and not square < nearest[rows - 1]:
            continue
        place = min(count, rows - 1)
        while place > 0 and nearest[place - 1] > square:
            nearest[place], order[place] = nearest[place - 1], order[place - 1]
            place -= 1
        nearest[place], order[place] = square, k
        count = min(count + 1, rows)
    cosine, sine = cos_sin(None, heading[ego])
    for row in range(count):
        k = order[row]
        dx, dy = x[k] - x[ego], y[k] - y[ego]
        other_cosine, other_sine = cos_sin(None, heading[k])
        vx = speed[k] * other_cosine - speed[ego] * cosine
        vy = speed[k] * other_sine - speed[ego] * sine
        table[row, 0] = 1.0
        table[row, 1], table[row, 2] = dx * cosine + dy * sine, dy * cosine - dx * sine
        table[row, 3], table[row, 4] = vx * cosine + vy * sine, vy * cosine - vx * sine


@dataclass(frozen=True, kw_only=True)
class Kinematics:
    """The nearest vehicles and obstacles: presence, and position and velocity relative to the ego.

    highway-env's ``Kinematics`` observation with two differences: it is in the ego's frame, because roads
    bend here, and in SI units, because ranges differ between scenarios. Rows that are not needed are zeros.

    Attributes:
        name: Its key in the observation.
        vehicles: Rows of the table.
        range_m: What is farther away is not listed.
    """

    leaks_label: ClassVar[bool] = False

    name: str = "kinematics"
    vehicles: int = 8
    range_m: float = 100.0

    def __post_init__(self) -> None:
        check_option(self.name, "vehicles", self.vehicles, 1, 256)
        check_option(self.name, "range_m", self.range_m, 1.0, 10_000.0)

    def space(self) -> gymnasium.Space[NDArray[np.float32]]:
        """``f4[vehicles, 5]``."""
        return gymnasium.spaces.Box(-np.inf, np.inf, (self.vehicles, len(FEATURES)), np.float32)

    def observe(self, view: View) -> NDArray[np.float32]:
        """``f4[n, vehicles, 5]``."""
        worlds = view.worlds
        tables = np.zeros((len(view.slots), self.vehicles, len(FEATURES)), np.float32)
        for row, slot in enumerate(view.slots.tolist()):
            _fill_table(
                worlds.x[slot],
                worlds.y[slot],
                worlds.heading[slot],
                worlds.speed[slot],
                worlds.kind[slot],
                int(worlds.entities[slot]),
                int(worlds.ego[slot]),
                float(self.range_m),
                tables[row],
            )
        return tables


@kernel
def _along(points: Floats, arc: Floats, at: float) -> tuple[float, float, float, float]:
    """Point of a polyline at an arc length, and its direction there; straight on beyond its ends."""
    low, high = 0, len(arc) - 2
    while low < high:
        middle = (low + high + 1) // 2
        if arc[middle] <= at:
            low = middle
        else:
            high = middle - 1
    length = arc[low + 1] - arc[low]
    dx = (points[low + 1, 0] - points[low, 0]) / length
    dy = (points[low + 1, 1] - points[low, 1]) / length
    return points[low, 0] + (at - arc[low]) * dx, points[low, 1] + (at - arc[low]) * dy, dx, dy


@kernel
def _fill_route(
    points: Floats,
    arc: Floats,
    progress: float,
    x: float,
    y: float,
    heading: float,
    ahead: Floats,
    span: float,
    values: NDArray[np.float32],
) -> None:
    """Lateral offset, heading error, and curvature at some distances ahead, of one world."""
    at_x, at_y, tx, ty = _along(points, arc, progress)
    norm = math.sqrt(tx * tx + ty * ty)
    tx, ty = tx / norm, ty / norm
    cosine, sine = cos_sin(None, heading)
    values[0] = (y - at_y) * tx - (x - at_x) * ty
    values[1] = atan2(None, sine * tx - cosine * ty, cosine * tx + sine * ty)
    for k in range(len(ahead)):
        x0, y0, _, _ = _along(points, arc, progress + ahead[k] - span)
        x1, y1, _, _ = _along(points, arc, progress + ahead[k])
        x2, y2, _, _ = _along(points, arc, progress + ahead[k] + span)
        # the circle through three points: curvature = 4 * area / product of the sides
        a = math.sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0))
        b = math.sqrt((x2 - x1) * (x2 - x1) + (y2 - y1) * (y2 - y1))
        c = math.sqrt((x2 - x0) * (x2 - x0) + (y2 - y0) * (y2 - y0))
        cross = (x1 - x0) * (y2 - y1) - (y1 - y0) * (x2 - x1)
        values[_ROUTE_COLUMNS + k] = 2.0 * cross / max(a * b * c, 1e-9)


@dataclass(frozen=True, kw_only=True)
class RouteGeometry:
    """Where the ego is relative to its route, and how the route bends ahead.

    Columns: lateral offset in m, positive to the right of the route; heading relative to the route in rad,
    clockwise positive; then the route's curvature in 1/m, positive to the right, at each distance ahead.

    Attributes:
        name: Its key in the observation.
        points: How many distances.
        spacing_m: Between them; the first is at 0 m.
    """

    leaks_label: ClassVar[bool] = False

    name: str = "route-geometry"
    points: int = 8
    spacing_m: float = 10.0

    def __post_init__(self) -> None:
        check_option(self.name, "points", self.points, 1, 256)
        check_option(self.name, "spacing_m", self.spacing_m, 1.0, 1000.0)

    def space(self) -> gymnasium.Space[NDArray[np.float32]]:
        """``f4[2 + points]``."""
        return gymnasium.spaces.Box(-np.inf, np.inf, (_ROUTE_COLUMNS + self.points,), np.float32)

    def observe(self, view: View) -> NDArray[np.float32]:
        """``f4[n, 2 + points]``."""
        worlds, progress = view.worlds, view.progress
        ahead = np.arange(self.points, dtype=np.float64) * float(self.spacing_m)
        values = np.zeros((len(view.slots), _ROUTE_COLUMNS + self.points), np.float32)
        for row, (slot, ego) in enumerate(zip(view.slots.tolist(), view.ego.tolist(), strict=True)):
            route = progress.episodes[slot].route
            _fill_route(
                route.points_m,
                route.arc_m,
                float(progress.progress_m[slot]),
                float(worlds.x[slot, ego]),
                float(worlds.y[slot, ego]),
                float(worlds.heading[slot, ego]),
                ahead,
                min(5.0, float(self.spacing_m)),
                values[row],
            )
        return values


KINEMATICS = Kinematics()
ROUTE_GEOMETRY = RouteGeometry()
