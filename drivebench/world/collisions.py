"""Collisions: which rectangles touch, and how they push each other (highway-env ``handle_collisions``).

The test is the separating axis theorem for moving polygons, after
https://www.codeproject.com/Articles/15573/2D-Polygon-Collision-Detection, with highway-env's order of
evaluation: every pair once, in the order of the list, and a later pair overwrites an impact of an earlier
one.
"""

import math

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, inlined_kernel
from drivebench.world.cells import MEMBERS, members_nearby, sort_into_cells
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, WorldInt

__all__ = ["collide"]

_FEW = 24
_FEW_CHECKING = 4
"""With fewer entities, or fewer of them that check, looking at all pairs is faster than sorting."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_X, _Y, _SPEED = int(EntityFloat.X), int(EntityFloat.Y), int(EntityFloat.SPEED)
_LENGTH, _WIDTH, _DIAGONAL = int(EntityFloat.LENGTH), int(EntityFloat.WIDTH), int(EntityFloat.DIAGONAL)
_IMPACT_X, _IMPACT_Y = int(EntityFloat.IMPACT_X), int(EntityFloat.IMPACT_Y)
_COS, _SIN = int(EntityFloat.COS), int(EntityFloat.SIN)
_KIND, _CRASHED, _HIT = int(EntityInt.KIND), int(EntityInt.CRASHED), int(EntityInt.HIT)
_HAS_IMPACT, _CHECK = int(EntityInt.HAS_IMPACT), int(EntityInt.CHECK_COLLISIONS)
_COLLIDABLE, _SOLID = int(EntityInt.COLLIDABLE), int(EntityInt.SOLID)
_OBSTACLE, _EGO_KIND = int(EntityKind.OBSTACLE), int(EntityKind.EGO)
_EGO, _STRUCK = int(WorldInt.EGO), int(WorldInt.STRUCK)


@borrowing_kernel
def _corners(numbers: Floats, i: int, corners: Floats) -> None:
    """Write the five points of an entity's closed rectangle."""
    c = numbers[_COS, i]
    s = numbers[_SIN, i]
    half_length = numbers[_LENGTH, i] / 2
    half_width = numbers[_WIDTH, i] / 2
    for k in range(4):
        along = -half_length if k < 2 else half_length
        across = -half_width if k in (0, 3) else half_width
        corners[k, 0] = (c * along + (-s) * across) + numbers[_X, i]
        corners[k, 1] = (s * along + c * across) + numbers[_Y, i]
    corners[4, 0] = corners[0, 0]
    corners[4, 1] = corners[0, 1]


@inlined_kernel
def _projection(corners: Floats, normal_x: float, normal_y: float) -> tuple[float, float]:
    """Least and greatest coordinate of a rectangle along an axis."""
    low = corners[0, 0] * normal_x + corners[0, 1] * normal_y
    high = low
    for k in range(1, 4):
        at = corners[k, 0] * normal_x + corners[k, 1] * normal_y
        low = min(low, at)
        high = max(high, at)
    return low, high


@inlined_kernel
def _interval_distance(low_a: float, high_a: float, low_b: float, high_b: float) -> float:
    """Distance between two intervals, negative when they overlap."""
    return low_b - high_a if low_a < low_b else low_a - high_b


@inlined_kernel
def _mean(corners: Floats, axis: int) -> float:
    return float((((corners[0, axis] + corners[1, axis]) + corners[2, axis]) + corners[3, axis]) / 4)


@borrowing_kernel
def _separation(
    corners_a: Floats, corners_b: Floats, moved_x: float, moved_y: float
) -> tuple[bool, bool, float, float]:
    """Do two rectangles overlap, will they when the first moves relative to the other, and the push.

    Returns:
        Overlapping now, overlapping after the movement, and the least translation that parts them then.
    """
    now = True
    later = True
    least = np.inf
    axis_x = 0.0
    axis_y = 0.0
    apart_x = _mean(corners_a, 0) - _mean(corners_b, 0)
    apart_y = _mean(corners_a, 1) - _mean(corners_b, 1)
    for side in range(8):
        edge = side % 4
        corners = corners_a if side < 4 else corners_b
        normal_x = -corners[edge + 1, 1] + corners[edge, 1]
        normal_y = corners[edge + 1, 0] - corners[edge, 0]
        norm = math.sqrt(normal_x * normal_x + normal_y * normal_y)
        normal_x /= norm
        normal_y /= norm
        low_a, high_a = _projection(corners_a, normal_x, normal_y)
        low_b, high_b = _projection(corners_b, normal_x, normal_y)
        if _interval_distance(low_a, high_a, low_b, high_b) > 0:
            now = False
        movement = normal_x * moved_x + normal_y * moved_y
        if movement < 0:
            low_a += movement
        else:
            high_a += movement
        distance = _interval_distance(low_a, high_a, low_b, high_b)
        if distance > 0:
            later = False
        if not now and not later:
            break
        if abs(distance) < least:
            least = abs(distance)
            outwards = apart_x * normal_x + apart_y * normal_y > 0
            axis_x = normal_x if outwards else -normal_x
            axis_y = normal_y if outwards else -normal_y
    return now, later, least * axis_x, least * axis_y


@borrowing_kernel
def _meet(
    numbers: Floats,
    integers: Ints,
    world_int: Ints,
    time_step: float,
    i: int,
    k: int,
    corners_a: Floats,
    corners_b: Floats,
) -> None:
    """Check one pair, and record crash, hits and impacts."""
    _corners(numbers, i, corners_a)
    _corners(numbers, k, corners_b)
    speed = numbers[_SPEED, k]
    now, later, push_x, push_y = _separation(
        corners_a,
        corners_b,
        numbers[_SPEED, i] * numbers[_COS, i] * time_step - speed * numbers[_COS, k] * time_step,
        numbers[_SPEED, i] * numbers[_SIN, i] * time_step - speed * numbers[_SIN, k] * time_step,
    )
    solid = integers[_SOLID, i] != 0 and integers[_SOLID, k] != 0
    if later and solid:
        integers[_HAS_IMPACT, i] = 1
        if integers[_KIND, k] == _OBSTACLE:
            numbers[_IMPACT_X, i] = push_x
            numbers[_IMPACT_Y, i] = push_y
        else:
            numbers[_IMPACT_X, i] = push_x / 2
            numbers[_IMPACT_Y, i] = push_y / 2
            integers[_HAS_IMPACT, k] = 1
            numbers[_IMPACT_X, k] = -push_x / 2
            numbers[_IMPACT_Y, k] = -push_y / 2
    if now:
        if solid:
            integers[_CRASHED, i] = 1
            integers[_CRASHED, k] = 1
        if integers[_SOLID, i] == 0:
            integers[_HIT, i] = 1
        if integers[_SOLID, k] == 0:
            integers[_HIT, k] = 1
    ego = world_int[_EGO]
    if (now or later) and solid and ego in (i, k) and world_int[_STRUCK] < 0:
        world_int[_STRUCK] = k if i == ego else i


@borrowing_kernel
def collide(
    numbers: Floats,
    integers: Ints,
    world_int: Ints,
    vehicles: int,
    entities: int,
    absent: int,
    time_step: float,
    corners_a: Floats,
    corners_b: Floats,
    cells: Ints,
    candidates: Ints,
) -> None:
    """Check all pairs of a vehicle with a later vehicle or object, and record crashes, hits and impacts.

    Most pairs are far apart; those that are not are found through cells, and taken in highway-env's order.

    ``corners_a`` and ``corners_b`` are [5, 2], ``cells`` [``CELL_ROWS``, entities] and ``candidates``
    [entities] work space.
    """
    x = numbers[_X]
    y = numbers[_Y]
    diagonal = numbers[_DIAGONAL]
    checking = 0
    last_checking = 0
    for i in range(entities):
        if integers[_CHECK, i] != 0:
            checking += 1
            last_checking = i
    widest = 0.0
    for i in range(entities):
        widest = max(widest, diagonal[i])
    count = 0
    if checking > _FEW_CHECKING and entities > _FEW:
        farthest = 0.0
        for i in range(vehicles):
            farthest = max(farthest, abs(numbers[_SPEED, i] * time_step))
        count = sort_into_cells(numbers, entities, widest + farthest, cells)
    for i in range(vehicles):
        if i == absent or (integers[_CHECK, i] == 0 and i >= last_checking):
            continue
        ahead = numbers[_SPEED, i] * time_step
        if integers[_KIND, i] == _EGO_KIND:
            ahead = abs(ahead)  # highway-env looks less far when it drives backwards
        found = 0
        if count > 0:
            first, last = members_nearby(cells, count, i)
        else:
            first, last = i + 1, entities
            reach = widest + abs(ahead) + 1e-6
            beside = 0
            for k in range(first, last):
                beside += 1 if abs(x[k] - x[i]) <= reach else 0
            if beside == 0:
                continue
        for place in range(first, last):
            k = cells[MEMBERS, place] if count > 0 else place
            if k <= i or k == absent:
                continue
            dx = x[k] - x[i]
            dy = y[k] - y[i]
            if math.sqrt(dx * dx + dy * dy) > (diagonal[i] + diagonal[k]) / 2 + ahead:
                continue
            if integers[_CHECK, i] == 0 and integers[_CHECK, k] == 0:
                continue
            if integers[_COLLIDABLE, i] == 0 or integers[_COLLIDABLE, k] == 0:
                continue
            later = found
            while later > 0 and candidates[later - 1] > k:
                candidates[later] = candidates[later - 1]
                later -= 1
            candidates[later] = k
            found += 1
        for place in range(found):
            _meet(numbers, integers, world_int, time_step, i, candidates[place], corners_a, corners_b)
