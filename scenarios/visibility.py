"""What the camera rig can see: which vehicles and obstacles are in view, large enough, and not hidden.

An entity is seen by a camera if the middle or a corner of its box is within the camera's horizontal field of
view, high enough in the picture, and in sight: no other solid box lies on the straight line from the camera.
Geometry alone: neither light nor weather, and boxes hide whatever is behind them, however low they are.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.sensors.camera import FRONT, MIRROR_LEFT, MIRROR_RIGHT, Camera
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind

__all__ = ["RIG", "rig_of", "seen_by"]

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

HEIGHT_M = 1.5
"""Of what is looked for; a car's."""
LEAST_PIXELS = 1.5
"""It must be as high as this in the picture: at 64×160 up to 95 m ahead, in the mirrors up to 42 m."""
POINTS = 5

_X, _Y, _COS, _SIN = int(EntityFloat.X), int(EntityFloat.Y), int(EntityFloat.COS), int(EntityFloat.SIN)
_LENGTH, _WIDTH = int(EntityFloat.LENGTH), int(EntityFloat.WIDTH)
_KIND, _LANDMARK = int(EntityInt.KIND), int(EntityKind.LANDMARK)


def rig_of(cameras: Sequence[Camera]) -> F8:
    """What matters of cameras here, rounded to 2^-20, so that it is the same on every machine.

    Args:
        cameras: Any number.

    Returns:
        ``f8[C, 6]``: x and y of the mount (m), cosine and sine of the yaw, tangent of half of the field of
        view, and the greatest distance at which something is high enough (m).
    """
    rows = []
    for camera in cameras:
        tangent = math.tan(math.radians(camera.horizontal_fov_deg) / 2.0)
        focal_px = camera.width / (2.0 * tangent)
        yaw = camera.yaw_rad()
        farthest = HEIGHT_M * focal_px / LEAST_PIXELS
        rows.append([camera.x_m, camera.y_m, math.cos(yaw), math.sin(yaw), tangent, farthest])
    rounded: F8 = np.rint(np.array(rows) * 2.0**20) / 2.0**20
    return rounded


RIG = rig_of((FRONT, MIRROR_LEFT, MIRROR_RIGHT))
"""What the camera track sees."""


@kernel
def seen_by(rig: F8, numbers: F8, integers: I8, ego: int, entities: int, seen: NDArray[np.bool_]) -> None:
    """Which entities of a world are seen from the ego.

    Args:
        rig: From :func:`rig_of`.
        numbers: ``f8[EntityFloat, N]``.
        integers: ``i8[EntityInt, N]``.
        ego: Who looks.
        entities: How many there are.
        seen: ``b1[N]`` written; the ego sees itself.
    """
    cosine, sine = numbers[_COS, ego], numbers[_SIN, ego]
    for j in range(entities):
        seen[j] = j == ego
        for camera in range(rig.shape[0]):
            if seen[j]:
                break
            x = numbers[_X, ego] + rig[camera, 0] * cosine - rig[camera, 1] * sine
            y = numbers[_Y, ego] + rig[camera, 0] * sine + rig[camera, 1] * cosine
            forward_x = cosine * rig[camera, 2] - sine * rig[camera, 3]
            forward_y = sine * rig[camera, 2] + cosine * rig[camera, 3]
            for point in range(POINTS):
                px, py = _point(numbers, j, point)
                dx, dy = px - x, py - y
                depth = dx * forward_x + dy * forward_y
                across = dy * forward_x - dx * forward_y
                if depth <= 0.0 or depth > rig[camera, 5] or abs(across) > rig[camera, 4] * depth:
                    continue
                if not _is_hidden(numbers, integers, ego, j, entities, x, y, dx, dy):
                    seen[j] = True
                    break


@kernel
def _point(numbers: F8, j: int, point: int) -> tuple[float, float]:
    """The middle of a box (0) or one of its corners (1 to 4), a little inside."""
    if point == 0:
        return numbers[_X, j], numbers[_Y, j]
    along = 0.45 * numbers[_LENGTH, j] * (1.0 if point <= 2 else -1.0)
    beside = 0.45 * numbers[_WIDTH, j] * (1.0 if point % 2 else -1.0)
    x = numbers[_X, j] + along * numbers[_COS, j] - beside * numbers[_SIN, j]
    y = numbers[_Y, j] + along * numbers[_SIN, j] + beside * numbers[_COS, j]
    return x, y


@kernel
def _is_hidden(
    numbers: F8, integers: I8, ego: int, j: int, entities: int, x: float, y: float, dx: float, dy: float
) -> bool:
    """Whether a box lies on the way from (x, y) to (x + dx, y + dy), other than the ego's and that of j."""
    for k in range(entities):
        if k in (ego, j) or integers[_KIND, k] == _LANDMARK:
            continue
        cosine, sine = numbers[_COS, k], numbers[_SIN, k]
        rx, ry = x - numbers[_X, k], y - numbers[_Y, k]
        begin, end = 0.0, 1.0
        for axis in range(2):
            if axis == 0:
                start, step, half = rx * cosine + ry * sine, dx * cosine + dy * sine, numbers[_LENGTH, k]
            else:
                start, step, half = ry * cosine - rx * sine, dy * cosine - dx * sine, numbers[_WIDTH, k]
            half *= 0.5
            if abs(step) < 1e-9:
                if abs(start) > half:
                    end = -1.0
                continue
            one, other = (-half - start) / step, (half - start) / step
            begin, end = max(begin, min(one, other)), min(end, max(one, other))
        if begin < end:
            return True
    return False
