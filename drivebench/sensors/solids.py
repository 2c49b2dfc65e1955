"""Cars and obstacles as a camera sees them: convex solids, cut into plane polygons.

A car is a body and a cabin with slanted sides; windows, lights, plate, bumpers and wheels are polygons on their
faces, left out where they would be smaller than a pixel. Vehicle frame: x forward, y to the right, z up, metres.
"""

import math

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import inlined_kernel, kernel
from drivebench.sensors.samples import MOST_CORNERS, fill_polygon, resolve
from drivebench.sensors.scene import CAR, HIDDEN
from drivebench.world.numerics import cos_sin, exp

__all__ = ["FARTHEST_M", "draw_solids"]

Floats = NDArray[np.float64]

u32 = np.uint32

FARTHEST_M = 150.0
"""What is farther ahead is not drawn: a car would be about one pixel wide."""

BODY_BOTTOM_M, BODY_TOP_M, CABIN_TOP_M = 0.22, 0.86, 1.46
CABIN_REAR, CABIN_FRONT, ROOF_REAR, ROOF_FRONT = -0.36, 0.18, -0.28, 0.06
"""Ends of the cabin and of its roof, as shares of the car's length."""
CABIN_HALF, ROOF_HALF = 0.46, 0.38
"""Half widths of the same, as shares of the car's width."""
WHEEL_RADIUS_M, WHEEL_AT = 0.33, 0.31
OBSTACLE_TOP_M = 1.0

_SHADOW_MARGIN_M = 0.15
_SMALL_PX, _TINY_PX = 9.0, 4.0
"""Below these heights in pixels a car is drawn with few details, or with none."""

_X, _Y, _Z = 0, 1, 2
_REAR, _FRONT, _LEFT, _RIGHT, _TOP = 0.74, 0.84, 0.6, 0.68, 1.0
"""How light each side is: the sun stands high, ahead and to the right of everything."""

_SHADOW = 38 << 24
_SOLID = 64 << 24
_OCTAGON = 0.9238795325112867, 0.3826834323650898  # cosine and sine of pi / 8


@inlined_kernel
def _corner(frame: Floats, corners: Floats, k: int, x: float, y: float, z: float) -> None:
    """Put a point of the vehicle frame into a list of corners in the camera's frame (right, down, depth)."""
    ahead = frame[0] + x * frame[2] - y * frame[3]
    drop = frame[4] - z
    corners[k, 0] = frame[1] + x * frame[3] + y * frame[2]
    corners[k, 1] = drop * frame[5] - ahead * frame[6]
    corners[k, 2] = ahead * frame[5] + drop * frame[6]


@kernel
def _patch(
    frame: Floats, corners: Floats, axis: int, at: float, a0: float, a1: float, b0: float, b1: float
) -> None:
    """Corners of a rectangle in the plane x = at (a is y, b is z), y = at (x, z) or z = at (x, y)."""
    for k in range(4):
        a = a0 if k == 0 or k == 3 else a1
        b = b0 if k < 2 else b1
        if axis == _X:
            _corner(frame, corners, k, at, a, b)
        elif axis == _Y:
            _corner(frame, corners, k, a, at, b)
        else:
            _corner(frame, corners, k, a, b, at)


@kernel
def _face(
    frame: Floats,
    lens: Floats,
    plane: Floats,
    rows: int,
    columns: int,
    nx: float,
    ny: float,
    nz: float,
    px: float,
    py: float,
    pz: float,
) -> bool:
    """Prepare the plane through a point with an outward normal; false when the camera is behind it.

    The ray of image coordinates (u, v) has the direction (cos p - v sin p) forward, u to the right and
    (sin p + v cos p) down, and unit depth; so n * ray / n * (point - camera) is the reciprocal depth of the plane.
    """
    eye_x = -(frame[0] * frame[2] + frame[1] * frame[3])
    eye_y = frame[0] * frame[3] - frame[1] * frame[2]
    distance = nx * (px - eye_x) + ny * (py - eye_y) + nz * (pz - frame[4])
    if distance >= -1e-9:
        return False
    forward, right = nx * frame[2] - ny * frame[3], nx * frame[3] + ny * frame[2]
    constant = forward * frame[5] - nz * frame[6]
    per_u = right / lens[1]
    per_v = (-forward * frame[6] - nz * frame[5]) / lens[0]
    plane[0] = (constant + per_u * (0.25 - columns * 0.25) + per_v * (0.25 - rows * 0.25)) / distance
    plane[1] = per_u * 0.5 / distance
    plane[2] = per_v * 0.5 / distance
    return True


@inlined_kernel
def _tint(red: float, green: float, blue: float, light: float, air: Floats) -> int:
    """A colour in this light behind this much air (transmittance, then the haze's own red, green and blue)."""
    factor = light * air[0]
    r, g, b = u32(red * factor + air[1]), u32(green * factor + air[2]), u32(blue * factor + air[3])
    return u32(u32(_SOLID) | (r << u32(16)) | (g << u32(8)) | b)


@kernel
def _body(
    frame: Floats,
    half_length: float,
    half_width: float,
    paint: Floats,
    air: Floats,
    detail: int,
    lens: Floats,
    nearness: NDArray[np.float32],
    colours: NDArray[np.uint32],
    reach: NDArray[np.int64],
    corners: Floats,
    plane: Floats,
    edges: Floats,
) -> None:
    """The lower box of a car with its lights, bumpers, plate and wheels."""
    rows, columns = nearness.shape
    low, top = BODY_BOTTOM_M, BODY_TOP_M
    for side in range(2):  # the rear and the front
        outward = 2.0 * side - 1.0
        at = outward * half_length
        if not _face(frame, lens, plane, rows, columns, outward, 0.0, 0.0, at, 0.0, 0.0):
            continue
        light = _FRONT if side == 1 else _REAR
        body = _tint(paint[0], paint[1], paint[2], light, air)
        _patch(frame, corners, _X, at, -half_width, half_width, low, top)
        fill_polygon(corners, 4, plane, False, body, lens, nearness, colours, reach, edges)
        if detail == 0:
            continue
        lamp = _tint(255.0, 248.0, 214.0, 1.0, air) if side == 1 else _tint(178.0, 14.0, 18.0, 1.0, air)
        for edge in (-1.0, 1.0):
            inner, outer = edge * half_width * 0.56, edge * half_width * 0.96
            _patch(frame, corners, _X, at, inner, outer, 0.54, 0.78)
            fill_polygon(corners, 4, plane, True, lamp, lens, nearness, colours, reach, edges)
        if detail == 1:
            continue
        dark = _tint(34.0, 35.0, 38.0, 1.0, air)
        _patch(frame, corners, _X, at, -half_width, half_width, low, 0.36)
        fill_polygon(corners, 4, plane, True, dark, lens, nearness, colours, reach, edges)
        if side == 1:
            _patch(frame, corners, _X, at, -half_width * 0.5, half_width * 0.5, 0.54, 0.72)
            fill_polygon(corners, 4, plane, True, dark, lens, nearness, colours, reach, edges)
        plate = _tint(232.0, 232.0, 222.0, light, air)
        _patch(frame, corners, _X, at, -0.27, 0.27, 0.4, 0.52)
        fill_polygon(corners, 4, plane, True, plate, lens, nearness, colours, reach, edges)
    for side in range(2):  # the left and the right
        outward = 2.0 * side - 1.0
        at = outward * half_width
        if not _face(frame, lens, plane, rows, columns, 0.0, outward, 0.0, 0.0, at, 0.0):
            continue
        light = _RIGHT if side == 1 else _LEFT
        body = _tint(paint[0], paint[1], paint[2], light, air)
        _patch(frame, corners, _Y, at, -half_length, half_length, low, top)
        fill_polygon(corners, 4, plane, False, body, lens, nearness, colours, reach, edges)
        if detail < 2:
            continue
        tyre = _tint(24.0, 24.0, 26.0, 1.0, air)
        rim = _tint(150.0, 152.0, 156.0, light, air)
        for axle in (-1.0, 1.0):
            for radius in (WHEEL_RADIUS_M, WHEEL_RADIUS_M * 0.5):
                for k in range(8):
                    far = _OCTAGON[0] if k % 4 == 0 or k % 4 == 3 else _OCTAGON[1]
                    high = _OCTAGON[1] if k % 4 == 0 or k % 4 == 3 else _OCTAGON[0]
                    far = far if k < 2 or k > 5 else -far
                    high = high if k < 4 else -high
                    x = axle * WHEEL_AT * 2.0 * half_length + radius * far
                    _corner(frame, corners, k, x, at, WHEEL_RADIUS_M + radius * high)
                colour = tyre if radius == WHEEL_RADIUS_M else rim
                fill_polygon(corners, 8, plane, True, colour, lens, nearness, colours, reach, edges)
    if _face(frame, lens, plane, rows, columns, 0.0, 0.0, 1.0, 0.0, 0.0, top):
        body = _tint(paint[0], paint[1], paint[2], _TOP, air)
        _patch(frame, corners, _Z, top, -half_length, half_length, -half_width, half_width)
        fill_polygon(corners, 4, plane, False, body, lens, nearness, colours, reach, edges)


@kernel
def _pane(
    frame: Floats,
    corners: Floats,
    length: float,
    width: float,
    across: bool,
    sign: float,
    low: float,
    high: float,
    first: float,
    last: float,
) -> None:
    """Corners of a part of a side of the cabin.

    Args:
        frame, corners: See ``_corner``.
        length, width: Of the car.
        across: Whether the side is the front or the rear, not the left or the right.
        sign: +1 for the front or the right.
        low, high: Share of the cabin's height at the lower and the upper edge.
        first, last: Share of the side's breadth at which the part begins and ends.
    """
    for k in range(4):
        up = low if k < 2 else high
        along = first if k == 0 or k == 3 else last
        z = BODY_TOP_M + up * (CABIN_TOP_M - BODY_TOP_M)
        half = width * (CABIN_HALF + up * (ROOF_HALF - CABIN_HALF))
        rear = length * (CABIN_REAR + up * (ROOF_REAR - CABIN_REAR))
        front = length * (CABIN_FRONT + up * (ROOF_FRONT - CABIN_FRONT))
        if across:
            _corner(frame, corners, k, front if sign > 0 else rear, (2.0 * along - 1.0) * half, z)
        else:
            _corner(frame, corners, k, rear + along * (front - rear), sign * half, z)


@kernel
def _cabin(
    frame: Floats,
    half_length: float,
    half_width: float,
    paint: Floats,
    air: Floats,
    detail: int,
    lens: Floats,
    nearness: NDArray[np.float32],
    colours: NDArray[np.uint32],
    reach: NDArray[np.int64],
    corners: Floats,
    plane: Floats,
    edges: Floats,
) -> None:
    """The upper part of a car: four slanted sides with windows, and a roof."""
    rows, columns = nearness.shape
    length, width = 2.0 * half_length, 2.0 * half_width
    rise = CABIN_TOP_M - BODY_TOP_M
    for side in range(4):
        across, sign = side < 2, 2.0 * (side & 1) - 1.0
        if across:
            bottom = length * (CABIN_FRONT if side == 1 else CABIN_REAR)
            lean = length * abs(CABIN_FRONT - ROOF_FRONT if side == 1 else CABIN_REAR - ROOF_REAR)
            seen = _face(frame, lens, plane, rows, columns, sign * rise, 0.0, lean, bottom, 0.0, BODY_TOP_M)
        else:
            bottom, lean = sign * width * CABIN_HALF, width * (CABIN_HALF - ROOF_HALF)
            seen = _face(frame, lens, plane, rows, columns, 0.0, sign * rise, lean, 0.0, bottom, BODY_TOP_M)
        if not seen:
            continue
        light = (_REAR, _FRONT, _LEFT, _RIGHT)[side]
        glass = _tint(44.0, 54.0, 66.0, 1.0, air) if side == 1 else _tint(28.0, 34.0, 44.0, 1.0, air)
        frame_colour = glass if detail == 0 else _tint(paint[0], paint[1], paint[2], light, air)
        _pane(frame, corners, length, width, across, sign, 0.0, 1.0, 0.0, 1.0)
        fill_polygon(corners, 4, plane, False, frame_colour, lens, nearness, colours, reach, edges)
        if detail == 0:
            continue
        if across or detail == 1:
            _pane(frame, corners, length, width, across, sign, 0.1, 0.88, 0.07, 0.93)
            fill_polygon(corners, 4, plane, True, glass, lens, nearness, colours, reach, edges)
        else:
            _pane(frame, corners, length, width, across, sign, 0.1, 0.88, 0.07, 0.48)
            fill_polygon(corners, 4, plane, True, glass, lens, nearness, colours, reach, edges)
            _pane(frame, corners, length, width, across, sign, 0.1, 0.88, 0.53, 0.93)
            fill_polygon(corners, 4, plane, True, glass, lens, nearness, colours, reach, edges)
    if _face(frame, lens, plane, rows, columns, 0.0, 0.0, 1.0, 0.0, 0.0, CABIN_TOP_M):
        roof = _tint(paint[0], paint[1], paint[2], _TOP, air)
        back, front, half = length * ROOF_REAR, length * ROOF_FRONT, width * ROOF_HALF
        _patch(frame, corners, _Z, CABIN_TOP_M, back, front, -half, half)
        fill_polygon(corners, 4, plane, False, roof, lens, nearness, colours, reach, edges)


@kernel
def _obstacle(
    frame: Floats,
    half_length: float,
    half_width: float,
    air: Floats,
    detail: int,
    lens: Floats,
    nearness: NDArray[np.float32],
    colours: NDArray[np.uint32],
    reach: NDArray[np.int64],
    corners: Floats,
    plane: Floats,
    edges: Floats,
) -> None:
    """A barrier: a yellow box with slanted black stripes."""
    rows, columns = nearness.shape
    for side in range(4):
        across, sign = side < 2, 2.0 * (side & 1) - 1.0
        axis, at, half = (_X, sign * half_length, half_width) if across else (_Y, sign * half_width, half_length)
        nx, ny = (sign, 0.0) if across else (0.0, sign)
        if not _face(frame, lens, plane, rows, columns, nx, ny, 0.0, nx * half_length, ny * half_width, 0.0):
            continue
        light = (_REAR, _FRONT, _LEFT, _RIGHT)[side]
        yellow, black = _tint(244.0, 190.0, 32.0, light, air), _tint(30.0, 30.0, 32.0, 1.0, air)
        _patch(frame, corners, axis, at, -half, half, 0.0, OBSTACLE_TOP_M)
        fill_polygon(corners, 4, plane, False, yellow, lens, nearness, colours, reach, edges)
        stripes = max(1, int(half * 4.0)) if detail > 0 else 0
        pitch = 2.0 * half / max(stripes, 1)
        for stripe in range(stripes):
            start = stripe * pitch - half
            for k in range(4):
                a = start + pitch * (0.0 if k == 0 else 0.5 if k == 1 or k == 3 else 1.0)
                z = 0.0 if k < 2 else OBSTACLE_TOP_M
                _corner(frame, corners, k, at if across else a, a if across else at, z)
            fill_polygon(corners, 4, plane, True, black, lens, nearness, colours, reach, edges)
    if _face(frame, lens, plane, rows, columns, 0.0, 0.0, 1.0, 0.0, 0.0, OBSTACLE_TOP_M):
        _patch(frame, corners, _Z, OBSTACLE_TOP_M, -half_length, half_length, -half_width, half_width)
        top = _tint(244.0, 190.0, 32.0, 1.0, air)
        fill_polygon(corners, 4, plane, False, top, lens, nearness, colours, reach, edges)


@kernel
def _nearest_first(
    boxes: Floats,
    looks: NDArray[np.uint8],
    x: float,
    y: float,
    cosine: float,
    sine: float,
    half_angle: float,
    order: NDArray[np.int64],
    ahead: Floats,
) -> int:
    """List what may be in the picture, the nearest first; equal distances in the order of x, then y."""
    count = 0
    for k in range(looks.size):
        if looks[k] & 15 == HIDDEN:
            continue
        dx, dy = boxes[k, 0] - x, boxes[k, 1] - y
        forward, right = dx * cosine + dy * sine, dy * cosine - dx * sine
        radius = 0.5 * (boxes[k, 3] + boxes[k, 4]) + _SHADOW_MARGIN_M
        if forward < -radius or forward > FARTHEST_M:
            continue
        if abs(right) - 1.5 * radius > (forward + radius) * half_angle:
            continue
        place = count
        while place > 0:
            other = order[place - 1]
            if ahead[place - 1] < forward:
                break
            if ahead[place - 1] == forward and (boxes[other, 0], boxes[other, 1]) <= (boxes[k, 0], boxes[k, 1]):
                break
            order[place], ahead[place] = other, ahead[place - 1]
            place -= 1
        order[place], ahead[place] = k, forward
        count += 1
    return count


@kernel
def draw_solids(
    picture: NDArray[np.uint8],
    boxes: Floats,
    looks: NDArray[np.uint8],
    paints: Floats,
    palette: Floats,
    lens: Floats,
    x: float,
    y: float,
    cosine: float,
    sine: float,
    nearness: NDArray[np.float32],
    colours: NDArray[np.uint32],
    reach: NDArray[np.int64],
) -> None:
    """Draw everything that stands on the ground over a picture of the ground.

    Args:
        picture: ``u1[3, H, W]``.
        boxes, looks: ``f8[N, 5]`` x, y, heading, length, width, on the grid; ``u1[N]`` (see ``Moments``).
        paints: Colours of cars.
        palette: ``Palette.table``.
        lens: Of ``Optics``.
        x, y, cosine, sine: Position of the camera, and of its heading.
        nearness, colours, reach: Empty samples (see ``fill_polygon``); empty again afterwards.
    """
    count = looks.size
    order, ahead = np.empty(count, np.int64), np.empty(count)
    half_angle = picture.shape[2] * 0.5 / lens[0]
    visible = _nearest_first(boxes, looks, x, y, cosine, sine, half_angle, order, ahead)
    if visible == 0:
        return
    corners, plane = np.empty((MOST_CORNERS, 3)), np.empty(4)
    edges, frame, air = np.empty((3, MOST_CORNERS, 3)), np.empty(7), np.empty(4)
    frame[4], frame[5], frame[6] = lens[6], lens[2], lens[3]
    rows, columns = nearness.shape
    for place in range(visible):
        k = order[place]
        dx, dy = boxes[k, 0] - x, boxes[k, 1] - y
        frame[0], frame[1] = dx * cosine + dy * sine, dy * cosine - dx * sine
        own_cosine, own_sine = cos_sin(None, boxes[k, 2])
        frame[2] = own_cosine * cosine + own_sine * sine
        frame[3] = own_sine * cosine - own_cosine * sine
        distance = math.sqrt(dx * dx + dy * dy)
        clear = exp(None, -palette[6, 1] * distance)
        air[0] = clear * palette[6, 0]
        for channel in range(3):
            air[1 + channel] = (1.0 - clear) * palette[5, channel]
        half_length, half_width = boxes[k, 3] * 0.5, boxes[k, 4] * 0.5
        tall_px = lens[0] * CABIN_TOP_M / max(distance - half_length, 0.1)
        detail = 0 if tall_px < _TINY_PX else 1 if tall_px < _SMALL_PX else 2
        if detail > 0 and _face(frame, lens, plane, rows, columns, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0):
            long, wide = half_length + _SHADOW_MARGIN_M, half_width + _SHADOW_MARGIN_M
            _patch(frame, corners, _Z, 0.0, -long, long, -wide, wide)
            fill_polygon(corners, 4, plane, False, u32(_SHADOW), lens, nearness, colours, reach, edges)
        if looks[k] & 15 == CAR:
            paint = paints[looks[k] >> 4]
            _body(
                frame, half_length, half_width, paint, air, detail,
                lens, nearness, colours, reach, corners, plane, edges,
            )  # fmt: skip
            _cabin(
                frame, half_length, half_width, paint, air, detail,
                lens, nearness, colours, reach, corners, plane, edges,
            )  # fmt: skip
        else:
            _obstacle(
                frame, half_length, half_width, air, detail,
                lens, nearness, colours, reach, corners, plane, edges,
            )  # fmt: skip
    resolve(picture, nearness, colours, reach)
