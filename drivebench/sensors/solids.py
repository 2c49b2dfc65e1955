"""Drawing what stands on the ground: shapes of ``models``, placed, turned, stretched, cut into samples."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import borrowing_kernel, inlined_kernel, kernel
from drivebench.sensors.light import CLEAR_PER_M, LAMP_X_M, lamp_share
from drivebench.sensors.models import (
    CABIN_TOP_M,
    FAR,
    HIDDEN,
    MIDDLE,
    MODEL_LENGTH_M,
    MODEL_WIDTH_M,
    NEAR,
    OWN_PAINT,
    SHADOW_MARGIN_M,
    SOLID,
)
from drivebench.sensors.samples import MOST_CORNERS, NEAREST_M, cut_near, fill_polygon, resolve
from drivebench.world.numerics import cos_sin, exp

__all__ = ["FARTHEST_M", "draw_solids", "solid_scratch"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

u32 = np.uint32

MOST_CORNERS_OF_FACE = 64

FARTHEST_M = 150.0
"""What is farther ahead is not drawn: a car would be about one pixel wide."""

_MIDDLE_PX, _NEAR_PX = 4.0, 9.0
"""Height in pixels from which a shape is drawn in this degree of detail."""


@inlined_kernel
def _detail(tall_px: float) -> int:
    if tall_px < _MIDDLE_PX:
        return FAR
    return MIDDLE if tall_px < _NEAR_PX else NEAR


@inlined_kernel
def _face(frame: Floats, lens: Floats, faces: Floats, k: int, rows: int, width: int, plane: Floats) -> bool:
    """Prepare the plane of a face; false when the camera is behind it.

    The ray of image coordinates (u, v) has the direction (cos p - v sin p) forward, u to the right and
    (sin p + v cos p) down, and unit depth; so n * ray / n * (point - camera) is the plane's reciprocal depth.
    """
    # a stretched solid has normals that are stretched by the reciprocals
    nx, ny, nz = faces[k, 0] * frame[8], faces[k, 1] * frame[7], faces[k, 2] * frame[7] * frame[8]
    distance = nx * (faces[k, 3] * frame[7] - frame[9]) + ny * (faces[k, 4] * frame[8] - frame[10])
    distance += nz * (faces[k, 5] - frame[4])
    if distance >= -1e-9:
        return False
    reciprocal = 1.0 / distance
    forward, right = nx * frame[2] - ny * frame[3], nx * frame[3] + ny * frame[2]
    constant = (forward * frame[5] - nz * frame[6]) * reciprocal
    per_u = right * reciprocal / lens[1]
    per_v = (-forward * frame[6] - nz * frame[5]) * reciprocal / lens[0]
    plane[0] = constant + per_u * (0.25 - width * 0.25) + per_v * (0.25 - rows * 0.25)
    plane[1], plane[2] = per_u * 0.5, per_v * 0.5
    return True


@inlined_kernel
def _project(
    frame: Floats, lens: Floats, rows: int, width: int, model: Floats, corners: Floats, points: Floats
) -> None:
    """Corners in the camera's frame (right, down, depth), and where they appear, in samples (column, row)."""
    # read once: the compiler cannot know that what is written below does not change them
    scale_x, scale_y = 2.0 * lens[1], 2.0 * lens[0]
    forward, sideways, cosine, sine = frame[0], frame[1], frame[2], frame[3]
    camera_z, pitch_cosine, pitch_sine = frame[4], frame[5], frame[6]
    stretch_x, stretch_y = frame[7], frame[8]
    middle_x, middle_y = (width - 1) * 0.5, (rows - 1) * 0.5
    for k in range(model.shape[1]):
        x, y = model[0, k] * stretch_x, model[1, k] * stretch_y
        ahead, drop = forward + x * cosine - y * sine, camera_z - model[2, k]
        right = sideways + x * sine + y * cosine
        down, depth = drop * pitch_cosine - ahead * pitch_sine, ahead * pitch_cosine + drop * pitch_sine
        corners[0, k], corners[1, k], corners[2, k] = right, down, depth
        reciprocal = 1.0 / depth
        points[0, k] = right * reciprocal * scale_x + middle_x
        points[1, k] = down * reciprocal * scale_y + middle_y


@borrowing_kernel
def _project_cut(
    lens: Floats, rows: int, width: int, corners: Floats, first: int, count: int, kept: Floats, cut: Floats
) -> int:
    """The part of a polygon before the camera, in samples; returns how many corners it has."""
    count = cut_near(corners[:, first : first + count], kept)
    for k in range(count):
        cut[0, k] = kept[0, k] / kept[2, k] * 2.0 * lens[1] + (width - 1) * 0.5
        cut[1, k] = kept[1, k] / kept[2, k] * 2.0 * lens[0] + (rows - 1) * 0.5
    return count


@inlined_kernel
def _before(boxes: Floats, a: int, b: int) -> bool:
    """An order of boxes that does not depend on their numbers."""
    if boxes[a, 0] != boxes[b, 0]:
        return bool(boxes[a, 0] < boxes[b, 0])
    return bool(boxes[a, 1] <= boxes[b, 1])


@inlined_kernel
def _lit_by_lamps(frame: Floats, lens: Floats, length: float) -> float:
    """Share of the ego's light that falls on an entity, at the middle of its near end.

    The dipped beam lights the lower part of what is before it: it is halved.
    """
    cosine, sine = cos_sin(None, lens[7])
    x = lens[4] + frame[0] * cosine - frame[1] * sine - LAMP_X_M - 0.5 * length
    return 0.5 * lamp_share(x, lens[5] + frame[0] * sine + frame[1] * cosine)


@borrowing_kernel
def _nearest_first(
    boxes: Floats,
    looks: NDArray[np.uint8],
    x: float,
    y: float,
    cosine: float,
    sine: float,
    half_angle: float,
    order: Ints,
    ahead: Floats,
) -> int:
    """List what may be in the picture, the nearest first; returns how many."""
    count = 0
    for k in range(looks.size):
        if looks[k] & 15 == HIDDEN:
            continue
        dx, dy = boxes[k, 0] - x, boxes[k, 1] - y
        forward, right = dx * cosine + dy * sine, dy * cosine - dx * sine
        radius = 0.5 * (boxes[k, 3] + boxes[k, 4]) + SHADOW_MARGIN_M
        if forward < -radius or forward > FARTHEST_M:
            continue
        if abs(right) - 1.5 * radius > (forward + radius) * half_angle:
            continue
        place = count
        while place > 0:
            other = order[place - 1]
            if ahead[place - 1] < forward or (ahead[place - 1] == forward and _before(boxes, other, k)):
                break
            order[place], ahead[place] = other, ahead[place - 1]
            place -= 1
        order[place], ahead[place] = k, forward
        count += 1
    return count


@borrowing_kernel
def _place(frame: Floats, dx: float, dy: float, box: Floats, cosine: float, sine: float) -> None:
    """Set up where an entity is: frame is ``f8[11]``.

    Forward and right from the camera; cosine and sine of its heading relative to the camera's; the camera's
    height, cosine and sine of its pitch; stretch of length and width; the camera as seen from the entity.
    """
    own_cosine, own_sine = cos_sin(None, box[2])
    frame[0], frame[1] = dx * cosine + dy * sine, dy * cosine - dx * sine
    frame[2] = own_cosine * cosine + own_sine * sine
    frame[3] = own_sine * cosine - own_cosine * sine
    frame[7], frame[8] = box[3] / MODEL_LENGTH_M, box[4] / MODEL_WIDTH_M
    frame[9] = -(frame[0] * frame[2] + frame[1] * frame[3])
    frame[10] = frame[0] * frame[3] - frame[1] * frame[2]


class Scratch(NamedTuple):
    """Memory for one picture's entities.

    Attributes:
        order: ``i8[N]`` entities that may be seen, the nearest first.
        ahead: ``f8[N]`` how far ahead each of them is.
        corners: ``f8[3, MOST_CORNERS_OF_FACE]`` of a face: right, down, depth.
        points: ``f8[2, MOST_CORNERS_OF_FACE]`` where they appear, in samples.
        kept: ``f8[3, MOST_CORNERS]`` of a polygon that was cut at the near plane.
        cut: ``f8[2, MOST_CORNERS]`` where they appear.
        edges: ``f8[4, MOST_CORNERS]`` see ``fill_polygon``.
        plane: ``f8[4]`` see ``fill_polygon``.
        frame: ``f8[11]`` see ``_place``.
        air: ``f8[3]`` light that the air scatters towards the camera.
    """

    order: Ints
    ahead: Floats
    corners: Floats
    points: Floats
    kept: Floats
    cut: Floats
    edges: Floats
    plane: Floats
    frame: Floats
    air: Floats


@kernel
def solid_scratch(entities: int) -> Scratch:
    """Memory for so many entities."""
    return Scratch(
        np.empty(entities, np.int64),
        np.empty(entities),
        np.empty((3, MOST_CORNERS_OF_FACE)),
        np.empty((2, MOST_CORNERS_OF_FACE)),
        np.empty((3, MOST_CORNERS)),
        np.empty((2, MOST_CORNERS)),
        np.empty((4, MOST_CORNERS)),
        np.empty(4),
        np.empty(11),
        np.empty(3),
    )


@borrowing_kernel
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
    shapes: Ints,
    faces: Floats,
    polygons_of_face: Ints,
    polygons: Ints,
    light: Floats,
    model_corners: Floats,
    model_colours: Floats,
    nearness: NDArray[np.float32],
    colours: NDArray[np.uint32],
    reach: Ints,
    scratch: Scratch,
) -> None:
    """Draw everything that stands on the ground over a picture of the ground.

    Args:
        picture: ``u1[3, H, W]``.
        boxes: ``f8[N, 5]`` x, y, heading, length, width, on the grid of ``scene``.
        looks: ``u1[N]`` (see ``Moments``).
        paints: ``f8[P, 3]`` colours of cars.
        palette: ``Palette.table``.
        lens: Of ``Optics``.
        x: Of the camera.
        y: Of the camera.
        cosine: Of its heading.
        sine: Of its heading.
        shapes: This and the following six are the arrays of ``Models``.
        faces: Of ``Models``.
        polygons_of_face: Of ``Models``.
        polygons: Of ``Models``.
        light: Of ``Models``.
        model_corners: Of ``Models``.
        model_colours: Of ``Models``.
        nearness: Empty samples (see ``fill_polygon``); empty again afterwards, like the following two.
        colours: Of the samples.
        reach: Of the samples.
        scratch: Memory to work in.
    """
    order, ahead = scratch.order, scratch.ahead
    half_angle = picture.shape[2] * 0.5 / lens[0]
    visible = _nearest_first(boxes, looks, x, y, cosine, sine, half_angle, order, ahead)
    if visible == 0:
        return
    rows, width, clockwise = nearness.shape[0], 2 * picture.shape[2], lens[1] > 0
    corners, points, kept, cut = scratch.corners, scratch.points, scratch.kept, scratch.cut
    edges, plane, frame, air = scratch.edges, scratch.plane, scratch.frame, scratch.air
    frame[4], frame[5], frame[6] = lens[6], lens[2], lens[3]
    for place in range(visible):
        k = order[place]
        dx, dy = boxes[k, 0] - x, boxes[k, 1] - y
        distance = math.sqrt(dx * dx + dy * dy)
        _place(frame, dx, dy, boxes[k], cosine, sine)
        clear = exp(None, -palette[6, 1] * distance)
        # a shadow fades in fog; the haze of a clear day leaves it as it is
        unshaded = exp(None, min(0.0, (CLEAR_PER_M - palette[6, 1]) * distance))
        for channel in range(3):
            air[channel] = (1.0 - clear) * palette[5, channel]
        shown = palette[6, 0]
        if palette[6, 2] > 0.0:
            shown = min(shown + palette[6, 2] * _lit_by_lamps(frame, lens, boxes[k, 3]), 1.0)
        detail = _detail(lens[0] * CABIN_TOP_M / max(distance - 0.5 * boxes[k, 3], 0.1))
        if palette[7, 0] > 0.0:
            detail = max(detail, MIDDLE)  # from which on lamps are drawn
        paint, shape = paints[looks[k] >> 4], looks[k] & 15
        for face in range(shapes[shape, 0], shapes[shape, 1 + detail]):
            if not _face(frame, lens, faces, face, rows, width, plane):
                continue
            first_of_face, last_of_face = polygons_of_face[face, 2], polygons_of_face[face, 3 + detail]
            _project(frame, lens, rows, width, model_corners[:, first_of_face:last_of_face], corners, points)
            first_on_plane = True
            for p in range(polygons_of_face[face, 0], polygons_of_face[face, 1]):
                polygon = polygons[p]
                if detail < polygon[3] or detail > polygon[4]:
                    continue
                first, count = polygon[0] - first_of_face, polygon[1]
                columns, lines = points[0, first : first + count], points[1, first : first + count]
                nearest = corners[2, first]
                for corner in range(1, count):
                    nearest = min(nearest, corners[2, first + corner])
                if nearest < NEAREST_M:
                    count = _project_cut(lens, rows, width, corners, first, count, kept, cut)
                    columns, lines = cut[0], cut[1]
                if count < 3:
                    continue
                own = paint if polygon[2] == OWN_PAINT else model_colours[polygon[2]]
                factor = light[p] * clear * shown
                if palette[7, 0] > 0.0 and polygon[2] != OWN_PAINT and own[3] > 0.0:
                    factor = clear
                hides = polygon[5] if polygon[5] == SOLID else int(polygon[5] * unshaded + 0.5)
                colour = u32(hides << 24)
                if polygon[5] == SOLID:
                    red, green = u32(own[0] * factor + air[0]), u32(own[1] * factor + air[1])
                    blue = u32(own[2] * factor + air[2])
                    colour = u32(colour | (red << u32(16)) | (green << u32(8)) | blue)
                fill_polygon(
                    columns, lines, count, clockwise, plane, first_on_plane, colour, width,
                    nearness, colours, reach, edges,
                )  # fmt: skip
                first_on_plane = False
    resolve(picture, nearness, colours, reach)
