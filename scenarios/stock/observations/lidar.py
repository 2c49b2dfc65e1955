"""highway-env's ``LidarObservation``: the nearest obstacle in each of some sectors about the ego.

What may surprise, all as in stock: a sector first takes the distance to the obstacle's centre less half of
its width; when all corners of an obstacle are in one sector it is looked for in all of them; velocities are
relative to the ego's and along the sector, and scaled by the range in metres, too.
"""

import math
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, kernel
from drivebench.world import WorldBatch
from drivebench.world.layout import EntityFloat, EntityInt, WorldInt
from drivebench.world.numerics import atan2, cos_sin
from scenarios.stock.observations.observer import Observation, Observer, Slots, run
from scenarios.stock.observations.settings import Settings

__all__ = ["LidarObserver"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Scan = npt.NDArray[np.float32]

_X, _Y, _HEADING, _SPEED = (
    int(EntityFloat.X),
    int(EntityFloat.Y),
    int(EntityFloat.HEADING),
    int(EntityFloat.SPEED),
)
_LENGTH, _WIDTH, _SOLID = int(EntityFloat.LENGTH), int(EntityFloat.WIDTH), int(EntityInt.SOLID)
_ENTITIES = int(WorldInt.ENTITIES)


@borrowing_kernel
def _dot(ax: float, ay: float, bx: float, by: float) -> float:
    """Scalar product, from zero as BLAS adds it up: it is never a negative zero."""
    return (0.0 + ax * bx) + ay * by


@borrowing_kernel
def _interval_distance(low_a: float, high_a: float, low_b: float, high_b: float) -> float:
    """Distance between two intervals, negative when they overlap."""
    return low_b - high_a if low_a < low_b else low_a - high_b


@borrowing_kernel
def _distance_to_rectangle(x: float, y: float, end_x: float, end_y: float, corners: Floats) -> float:
    """How far the segment from (x, y) to its end runs before a rectangle, infinite if it misses it.

    https://math.stackexchange.com/a/2788041, as in highway-env's ``distance_to_rect``.
    """
    ux, uy = corners[1, 0] - corners[0, 0], corners[1, 1] - corners[0, 1]
    vx, vy = corners[3, 0] - corners[0, 0], corners[3, 1] - corners[0, 1]
    norm_u, norm_v = math.sqrt(_dot(ux, uy, ux, uy)), math.sqrt(_dot(vx, vy, vx, vy))
    ux, uy, vx, vy = ux / norm_u, uy / norm_u, vx / norm_v, vy / norm_v
    ray_x, ray_y = end_x - x, end_y - y
    along_u, along_v = _dot(ray_x, ray_y, ux, uy), _dot(ray_x, ray_y, vx, vy)
    low_u = _dot(corners[0, 0] - x, corners[0, 1] - y, ux, uy) / along_u
    high_u = _dot(corners[1, 0] - x, corners[1, 1] - y, ux, uy) / along_u
    low_v = _dot(corners[0, 0] - x, corners[0, 1] - y, vx, vy) / along_v
    high_v = _dot(corners[3, 0] - x, corners[3, 1] - y, vx, vy) / along_v
    if not along_u >= 0:
        low_u, high_u = high_u, low_u
    if not along_v >= 0:
        low_v, high_v = high_v, low_v
    if (
        _interval_distance(low_u, high_u, low_v, high_v) <= 0
        and _interval_distance(0.0, 1.0, low_u, high_u) <= 0
        and _interval_distance(0.0, 1.0, low_v, high_v) <= 0
    ):
        first = low_v if low_v > low_u else low_u
        return first * math.sqrt(_dot(ray_x, ray_y, ray_x, ray_y))
    return np.inf


@borrowing_kernel
def _sector(angle: float, width: float, cells: int) -> int:
    """The sector that an angle is in."""
    return math.floor(angle / width) % cells


@borrowing_kernel
def _scan(
    numerics: int | None,
    numbers: Floats,
    i: int,
    x: float,
    y: float,
    vx: float,
    vy: float,
    reach: float,
    directions: Floats,
    corners: Floats,
    scan: Scan,
) -> None:
    """Enter one obstacle into the scan."""
    dx = numbers[_X, i] - x
    dy = numbers[_Y, i] - y
    to_centre = math.sqrt(_dot(dx, dy, dx, dy))
    if to_centre > reach:
        return
    cells = directions.shape[0]
    width = 2 * math.pi / cells
    c, s = cos_sin(numerics, numbers[_HEADING, i])
    dvx = numbers[_SPEED, i] * c - vx
    dvy = numbers[_SPEED, i] * s - vy
    sector = _sector(atan2(numerics, dy, dx) + width / 2, width, cells)
    distance = to_centre - numbers[_WIDTH, i] / 2
    if distance <= float(scan[sector, 0]):
        scan[sector, 0] = distance
        scan[sector, 1] = _dot(dvx, dvy, directions[sector, 0], directions[sector, 1])
    least, most = np.inf, -np.inf
    for k in range(4):
        along = -numbers[_LENGTH, i] / 2 if k < 2 else numbers[_LENGTH, i] / 2
        across = -numbers[_WIDTH, i] / 2 if k in (0, 3) else numbers[_WIDTH, i] / 2
        corners[k, 0] = (c * along - s * across) + numbers[_X, i]
        corners[k, 1] = (s * along + c * across) + numbers[_Y, i]
        angle = atan2(numerics, corners[k, 1] - y, corners[k, 0] - x) + width / 2
        least = min(least, angle)
        most = max(most, angle)
    if least < -math.pi / 2 and most > math.pi / 2:  # it lies across the ray to the left of the x axis
        least, most = most, least + 2 * math.pi
    start, end = _sector(least, width, cells), _sector(most, width, cells)
    count = end - start + 1 if start < end else cells - start + end + 1
    for k in range(count):
        sector = (start + k) % cells
        end_x = x + reach * directions[sector, 0]
        end_y = y + reach * directions[sector, 1]
        distance = _distance_to_rectangle(x, y, end_x, end_y, corners)
        if distance <= float(scan[sector, 0]):
            scan[sector, 0] = distance
            scan[sector, 1] = _dot(dvx, dvy, directions[sector, 0], directions[sector, 1])


@kernel
def _observe(
    first: int,
    last: int,
    numerics: int | None,
    lane_floats: Floats,  # noqa: ARG001 - all kernels of observations take the same arrays
    lane_ints: Ints,  # noqa: ARG001
    entity_float: Floats,
    entity_int: Ints,
    routes: Ints,  # noqa: ARG001
    world_ints: Ints,
    agents: Ints,
    agent: int,
    slots: Ints,
    reach: float,
    normalize: bool,
    out: Scan,
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
        reach: Range, m.
        normalize: Whether distances and speeds are divided by it.
        out: [n, cells, 2] where to write.
    """
    cells = out.shape[1]
    width = 2 * math.pi / cells
    corners = np.empty((4, 2))
    directions = np.empty((cells, 2))
    for sector in range(cells):
        directions[sector, 0], directions[sector, 1] = cos_sin(numerics, sector * width)
    for k in range(first, last):
        world = slots[k]
        observer = agents[world, agent]
        numbers = entity_float[world]
        scan = out[k]
        scan[:, :] = reach
        x = numbers[_X, observer]
        y = numbers[_Y, observer]
        c, s = cos_sin(numerics, numbers[_HEADING, observer])
        vx = numbers[_SPEED, observer] * c
        vy = numbers[_SPEED, observer] * s
        for i in range(world_ints[world, _ENTITIES]):
            if i != observer and entity_int[world, _SOLID, i] != 0:
                _scan(numerics, numbers, i, x, y, vx, vy, reach, directions, corners, scan)
        if normalize:
            for sector in range(cells):
                scan[sector, 0] = scan[sector, 0] / np.float32(reach)
                scan[sector, 1] = scan[sector, 1] / np.float32(reach)


class LidarObserver(Observer):
    """``LidarObservation``."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Read the settings.

        Args:
            config: highway-env's ``observation`` settings.

        Raises:
            ConfigurationError: A setting that highway-env does not know or cannot use.
        """
        settings = Settings(config, known=("cells", "maximum_range", "normalize"))
        self.cells = settings.whole("cells", default=16, least=1)
        self._reach_m = settings.positive("maximum_range", default=60)
        self._normalize = settings.flag("normalize", default=True)

    def space(self) -> gymnasium.Space[Any]:
        """``f4[cells, 2]``: distance and speed."""
        high = 1 if self._normalize else self._reach_m
        return gymnasium.spaces.Box(-high, high, (self.cells, 2), np.float32)

    def observe(
        self, batch: WorldBatch, slots: Slots, out: Observation | None = None, agent: int = 0
    ) -> Observation:
        """``f4[n, cells, 2]``."""
        if out is None:
            out = np.empty((len(slots), self.cells, 2), dtype=np.float32)
        run(_observe, batch, slots, agent, (self._reach_m, self._normalize, out))
        return out
