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
    GOAL,
    HIDDEN,
    LORRY,
    LORRY_TOP_M,
    MIDDLE,
    MODEL_LENGTH_M,
    MODEL_WIDTH_M,
    NEAR,
    OWN_PAINT,
    SHADOW_MARGIN_M,
    SHINES,
    SOLID,
    FaceFloat,
    FaceInt,
    Models,
    PolygonInt,
    ShapeInt,
)
from drivebench.sensors.optics import Eye, Lens
from drivebench.sensors.palette import PaletteFloat
from drivebench.sensors.samples import MOST_CORNERS, NEAREST_M, Samples, cut_near, fill_polygon, resolve
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

_HALF_HEIGHT_M, _HALF_LORRY_M = CABIN_TOP_M / 2, LORRY_TOP_M / 2
_REACH_X = 0.5 + SHADOW_MARGIN_M / MODEL_LENGTH_M
_REACH_Y = 0.5 + SHADOW_MARGIN_M / MODEL_WIDTH_M
"""How far an entity and its shadow reach from its middle, in units of its length and of its width; the
heights are those of a car and of a lorry."""

_HORIZON, _LIGHT = int(PaletteFloat.HORIZON), int(PaletteFloat.LIGHT)
_HAZE_PER_M, _HEADLIGHTS = int(PaletteFloat.HAZE_PER_M), int(PaletteFloat.HEADLIGHTS)
_LAMPS = int(PaletteFloat.LAMPS)
_FACE, _FACES_END = int(ShapeInt.FACE), int(ShapeInt.FACES_END)
_NORMAL, _POINT = int(FaceFloat.NORMAL), int(FaceFloat.POINT)
_POLYGON, _POLYGONS_END = int(FaceInt.POLYGON), int(FaceInt.POLYGONS_END)
_FACE_CORNER, _FACE_CORNERS_END = int(FaceInt.CORNER), int(FaceInt.CORNERS_END)
_CORNER, _CORNERS, _COLOUR = int(PolygonInt.CORNER), int(PolygonInt.CORNERS), int(PolygonInt.COLOUR)
_LEAST, _GREATEST = int(PolygonInt.LEAST_DETAIL), int(PolygonInt.GREATEST_DETAIL)
_HIDES = int(PolygonInt.HIDES)


class Frame(NamedTuple):
    """Where an entity is, as a camera sees it.

    Attributes:
        forward, right: Of its middle, from the camera, in metres.
        cosine, sine: Of its heading relative to the camera's.
        stretch_x, stretch_y: Of its length and of its width, compared with the model's.
        eye_x, eye_y: The camera, as seen from the entity.
    """

    forward: float
    right: float
    cosine: float
    sine: float
    stretch_x: float
    stretch_y: float
    eye_x: float
    eye_y: float


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
        np.empty(3),
    )


@inlined_kernel
def _detail(tall_px: float) -> int:
    if tall_px < _MIDDLE_PX:
        return FAR
    return MIDDLE if tall_px < _NEAR_PX else NEAR


@inlined_kernel
def _face(frame: Frame, lens: Lens, face: Floats, rows: int, width: int, plane: Floats) -> bool:
    """Prepare the plane of a face; false when the camera is behind it.

    The ray of image coordinates (u, v) has the direction (cos p - v sin p) forward, u to the right and
    (sin p + v cos p) down, and unit depth; so n * ray / n * (point - camera) is the plane's reciprocal depth.
    """
    # a stretched solid has normals that are stretched by the reciprocals
    nx, ny = face[_NORMAL] * frame.stretch_y, face[_NORMAL + 1] * frame.stretch_x
    nz = face[_NORMAL + 2] * frame.stretch_x * frame.stretch_y
    distance = nx * (face[_POINT] * frame.stretch_x - frame.eye_x)
    distance += ny * (face[_POINT + 1] * frame.stretch_y - frame.eye_y)
    distance += nz * (face[_POINT + 2] - lens.z_m)
    if distance >= -1e-9:
        return False
    reciprocal = 1.0 / distance
    forward, right = nx * frame.cosine - ny * frame.sine, nx * frame.sine + ny * frame.cosine
    constant = (forward * lens.pitch_cosine - nz * lens.pitch_sine) * reciprocal
    per_u = right * reciprocal / lens.column_focal_px
    per_v = (-forward * lens.pitch_sine - nz * lens.pitch_cosine) * reciprocal / lens.focal_px
    plane[0] = constant + per_u * (0.25 - width * 0.25) + per_v * (0.25 - rows * 0.25)
    plane[1], plane[2] = per_u * 0.5, per_v * 0.5
    return True


@inlined_kernel
def _project(
    frame: Frame, lens: Lens, rows: int, width: int, model: Floats, corners: Floats, points: Floats
) -> None:
    """Corners in the camera's frame (right, down, depth), and where they appear, in samples (column, row)."""
    scale_x, scale_y = 2.0 * lens.column_focal_px, 2.0 * lens.focal_px
    middle_x, middle_y = (width - 1) * 0.5, (rows - 1) * 0.5
    for k in range(model.shape[1]):
        x, y = model[0, k] * frame.stretch_x, model[1, k] * frame.stretch_y
        ahead, drop = frame.forward + x * frame.cosine - y * frame.sine, lens.z_m - model[2, k]
        right = frame.right + x * frame.sine + y * frame.cosine
        down = drop * lens.pitch_cosine - ahead * lens.pitch_sine
        depth = ahead * lens.pitch_cosine + drop * lens.pitch_sine
        corners[0, k], corners[1, k], corners[2, k] = right, down, depth
        reciprocal = 1.0 / depth
        points[0, k] = right * reciprocal * scale_x + middle_x
        points[1, k] = down * reciprocal * scale_y + middle_y


@borrowing_kernel
def _project_cut(
    lens: Lens, rows: int, width: int, corners: Floats, first: int, count: int, kept: Floats, cut: Floats
) -> int:
    """The part of a polygon before the camera, in samples; returns how many corners it has."""
    count = cut_near(corners[:, first : first + count], kept)
    for k in range(count):
        cut[0, k] = kept[0, k] / kept[2, k] * 2.0 * lens.column_focal_px + (width - 1) * 0.5
        cut[1, k] = kept[1, k] / kept[2, k] * 2.0 * lens.focal_px + (rows - 1) * 0.5
    return count


@inlined_kernel
def _before(boxes: Floats, a: int, b: int) -> bool:
    """An order of boxes that does not depend on their numbers."""
    if boxes[a, 0] != boxes[b, 0]:
        return bool(boxes[a, 0] < boxes[b, 0])
    return bool(boxes[a, 1] <= boxes[b, 1])


@inlined_kernel
def _lit_by_lamps(frame: Frame, lens: Lens, length: float) -> float:
    """Share of the ego's light that falls on an entity, at the middle of its near end.

    The dipped beam lights the lower part of what is before it: it is halved.
    """
    cosine, sine = cos_sin(None, lens.yaw_rad)
    x = lens.x_m + frame.forward * cosine - frame.right * sine - LAMP_X_M - 0.5 * length
    return 0.5 * lamp_share(x, lens.y_m + frame.forward * sine + frame.right * cosine)


@borrowing_kernel
def _nearest_first(
    boxes: Floats,
    looks: NDArray[np.uint8],
    lens: Lens,
    eye: Eye,
    half_width: float,
    half_height: float,
    order: Ints,
    ahead: Floats,
) -> int:
    """List what may be in the picture, the nearest first; returns how many.

    In the picture may be whose sphere reaches across the near plane and across the four planes through the
    pinhole and the edges of the picture.
    """
    focal = lens.focal_px
    over_side = math.sqrt(focal * focal + half_width * half_width)
    over_edge = math.sqrt(focal * focal + half_height * half_height)
    count = 0
    for k in range(looks.size):
        if looks[k] & 15 == HIDDEN:
            continue
        dx, dy = boxes[k, 0] - eye.x_m, boxes[k, 1] - eye.y_m
        forward, right = dx * eye.cosine + dy * eye.sine, dy * eye.cosine - dx * eye.sine
        if forward > FARTHEST_M:
            continue
        middle = _HALF_LORRY_M if looks[k] & 15 == LORRY else _HALF_HEIGHT_M
        drop = lens.z_m - middle
        reach_x, reach_y = boxes[k, 3] * _REACH_X, boxes[k, 4] * _REACH_Y
        radius = math.sqrt(reach_x * reach_x + reach_y * reach_y + middle * middle)
        depth = forward * lens.pitch_cosine + drop * lens.pitch_sine
        if depth + radius < NEAREST_M or abs(right) * focal - depth * half_width > radius * over_side:
            continue
        down = drop * lens.pitch_cosine - forward * lens.pitch_sine
        if abs(down) * focal - depth * half_height > radius * over_edge:
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
def _place(dx: float, dy: float, box: Floats, eye: Eye) -> Frame:
    """Set up where an entity is, dx and dy from the camera."""
    own_cosine, own_sine = cos_sin(None, box[2])
    forward, right = dx * eye.cosine + dy * eye.sine, dy * eye.cosine - dx * eye.sine
    cosine = own_cosine * eye.cosine + own_sine * eye.sine
    sine = own_sine * eye.cosine - own_cosine * eye.sine
    return Frame(
        forward,
        right,
        cosine,
        sine,
        box[3] / MODEL_LENGTH_M,
        box[4] / MODEL_WIDTH_M,
        -(forward * cosine + right * sine),
        forward * sine - right * cosine,
    )


@inlined_kernel
def _colour(polygon: Ints, own: Floats, factor: float, unshaded: float, air: Floats) -> np.uint32:
    """0xTTRRGGBB (see ``samples``) of a polygon; a shadow has no colour, but fades."""
    if polygon[_HIDES] != SOLID:
        return u32(int(polygon[_HIDES] * unshaded + 0.5) << 24)
    red, green = u32(own[0] * factor + air[0]), u32(own[1] * factor + air[1])
    return u32(u32(SOLID << 24) | (red << u32(16)) | (green << u32(8)) | u32(own[2] * factor + air[2]))


@inlined_kernel
def _draw_entity(
    box: Floats,
    look: int | np.uint8,
    paint: Floats,
    palette: Floats,
    lens: Lens,
    eye: Eye,
    width: int,
    models: Models,
    samples: Samples,
    scratch: Scratch,
) -> None:
    """Fill the samples that an entity covers; the width is that of the samples."""
    corners, points, kept, cut = scratch.corners, scratch.points, scratch.kept, scratch.cut
    plane, air, rows = scratch.plane, scratch.air, samples.nearness.shape[0]
    dx, dy = box[0] - eye.x_m, box[1] - eye.y_m
    distance = math.sqrt(dx * dx + dy * dy)
    frame = _place(dx, dy, box, eye)
    clear = exp(None, -palette[_HAZE_PER_M] * distance)
    # a shadow fades in fog; the haze of a clear day leaves it as it is
    unshaded = exp(None, min(0.0, (CLEAR_PER_M - palette[_HAZE_PER_M]) * distance))
    for channel in range(3):
        air[channel] = (1.0 - clear) * palette[_HORIZON + channel]
    shown = palette[_LIGHT]
    if palette[_HEADLIGHTS] > 0.0:
        shown = min(shown + palette[_HEADLIGHTS] * _lit_by_lamps(frame, lens, box[3]), 1.0)
    detail = _detail(lens.focal_px * CABIN_TOP_M / max(distance - 0.5 * box[3], 0.1))
    lamps = palette[_LAMPS] > 0.0
    if lamps:
        detail = max(detail, MIDDLE)  # from which on lamps are drawn
    shape = models.shapes[look & 15]
    for face in range(shape[_FACE], shape[_FACES_END + detail]):
        if not _face(frame, lens, models.faces[face], rows, width, plane):
            continue
        span = models.polygons_of_face[face]
        begin, needed = span[_FACE_CORNER], span[_FACE_CORNERS_END + detail]
        _project(frame, lens, rows, width, models.corners[:, begin:needed], corners, points)
        first_on_plane = True
        for p in range(span[_POLYGON], span[_POLYGONS_END]):
            polygon = models.polygons[p]
            if detail < polygon[_LEAST] or detail > polygon[_GREATEST]:
                continue
            first, count = polygon[_CORNER] - begin, polygon[_CORNERS]
            columns, lines = points[0, first : first + count], points[1, first : first + count]
            nearest = corners[2, first]
            for corner in range(1, count):
                nearest = min(nearest, corners[2, first + corner])
            if nearest < NEAREST_M:
                count = _project_cut(lens, rows, width, corners, first, count, kept, cut)
                columns, lines = cut[0], cut[1]
            if count < 3:
                continue
            own = paint if polygon[_COLOUR] == OWN_PAINT else models.colours[polygon[_COLOUR]]
            factor = models.light[p] * clear * shown
            if lamps and polygon[_COLOUR] != OWN_PAINT and own[SHINES] > 0.0:
                factor = clear
            fill_polygon(
                columns, lines, count, lens.column_focal_px > 0, plane, first_on_plane,
                _colour(polygon, own, factor, unshaded, air), width, samples, scratch.edges,
            )  # fmt: skip
            first_on_plane = False


@borrowing_kernel
def draw_solids(
    picture: NDArray[np.uint8],
    boxes: Floats,
    looks: NDArray[np.uint8],
    paints: Floats,
    palette: Floats,
    lens: Lens,
    eye: Eye,
    models: Models,
    samples: Samples,
    scratch: Scratch,
) -> None:
    """Draw everything that stands on the ground over a picture of the ground.

    What is painted on the ground comes first, by itself: shadows fall on it.

    Args:
        picture: ``u1[3, H, W]``.
        boxes: ``f8[N, 5]`` x, y, heading, length, width, on the grid of ``scene``.
        looks: ``u1[N]`` (see ``Moments``).
        paints: ``f8[P, 3]`` colours of cars.
        palette: ``Palette.table``.
        lens: Of ``Optics``.
        eye: Where the camera is.
        models: All shapes.
        samples: Empty; empty again afterwards.
        scratch: Memory to work in.
    """
    order, width = scratch.order, picture.shape[2]
    visible = _nearest_first(
        boxes, looks, lens, eye, width * 0.5, picture.shape[1] * 0.5, order, scratch.ahead
    )
    for layer in range(2):
        drawn = 0
        for place in range(visible):
            k = order[place]
            if (looks[k] & 15 == GOAL) != (layer == 0):
                continue
            paint = paints[looks[k] >> 4]
            _draw_entity(boxes[k], looks[k], paint, palette, lens, eye, 2 * width, models, samples, scratch)
            drawn += 1
        if drawn > 0:
            resolve(picture, samples)
