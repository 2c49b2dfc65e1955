"""The solids that stand on the ground, as tables of plane polygons: cars, lorries, barriers, walls, goals.

A shape is a list of faces; a face is a plane with an outward normal and the polygons on it, the first of
which covers it. Model frame: x forward, y to the right, z up, in metres, for a vehicle of ``MODEL_LENGTH_M``
by ``MODEL_WIDTH_M``; x and y are stretched to the size of the entity. A new shape is a function and a row
in ``SHAPES``; the kernels only see the tables.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CAR",
    "GOAL",
    "HIDDEN",
    "LORRY",
    "LORRY_TOP_M",
    "LORRY_WIDTH_M",
    "MODEL_LENGTH_M",
    "MODEL_WIDTH_M",
    "OBSTACLE",
    "SHINES",
    "WALL",
    "WALL_FROM_M",
    "FaceFloat",
    "FaceInt",
    "Models",
    "PolygonInt",
    "ShapeInt",
    "models",
]

Point = tuple[float, float, float]

HIDDEN, CAR, OBSTACLE, WALL, GOAL, LORRY = 0, 1, 2, 3, 4, 5
"""Shapes: the low four bits of a look (``scene.looks_of``)."""

WALL_FROM_M = 10.0
"""An obstacle of this length is a wall, which has no stripes to be stretched."""

LORRY_WIDTH_M = 2.5
"""A vehicle or an obstacle of this width, the greatest that the road allows (Directive 96/53/EC, annex I), is
a lorry: taller than a camera is mounted, so that it hides what is behind it."""

MODEL_LENGTH_M, MODEL_WIDTH_M = 5.0, 2.0

FAR, MIDDLE, NEAR = 0, 1, 2
"""Degrees of detail, by height in pixels. What is drawn first on a face is drawn at the lowest degree."""

REAR_LIGHT, FRONT_LIGHT, LEFT_LIGHT, RIGHT_LIGHT, TOP_LIGHT = 0.74, 0.84, 0.6, 0.68, 1.0
"""How light each side is: the sun stands high, ahead and to the right of everything."""

OWN_PAINT = 0
COLOURS = {
    "paint": (0, 0, 0),  # replaced by the entity's own
    "glass": (28, 34, 44),
    "windscreen": (44, 54, 66),
    "tail lamp": (178, 14, 18),
    "headlamp": (255, 248, 214),
    "bumper": (34, 35, 38),
    "plate": (232, 232, 222),
    "tyre": (24, 24, 26),
    "rim": (150, 152, 156),
    "yellow": (244, 190, 32),
    "black": (30, 30, 32),
    "shadow": (0, 0, 0),
    "concrete": (158, 154, 146),
    "goal": (38, 196, 232),
}

SHINING = ("tail lamp", "headlamp")
"""What shines by itself when lamps are on."""

SOLID, SHADE = 64, 38
"""What each of a pixel's four samples hides of its background, in 1/256."""

BODY_BOTTOM_M, BODY_TOP_M, CABIN_TOP_M, OBSTACLE_TOP_M = 0.22, 0.86, 1.46, 1.0
LORRY_TOP_M, LORRY_SKIRT_M = 3.2, 0.7
SHADOW_MARGIN_M = 0.15
WHEEL_RADIUS_M, AXLE_M = 0.33, 1.55


@dataclass(frozen=True, kw_only=True)
class _Polygon:
    corners: tuple[Point, ...]
    colour: str
    light: float = 1.0
    detail: tuple[int, int] = (FAR, NEAR)
    hides: int = SOLID


@dataclass(frozen=True, kw_only=True)
class _Face:
    normal: Point
    polygons: list[_Polygon] = field(default_factory=list)

    @property
    def least_detail(self) -> int:
        """The lowest degree at which anything of it is drawn."""
        return min(polygon.detail[0] for polygon in self.polygons)

    def add(
        self,
        corners: Iterable[Point],
        colour: str,
        light: float = 1.0,
        detail: tuple[int, int] = (FAR, NEAR),
        hides: int = SOLID,
    ) -> None:
        """Add a polygon, its corners turned so that they go clockwise as seen from outside."""
        points = np.array(list(corners))
        turn = np.cross(points[1] - points[0], points[2] - points[1]) @ np.array(self.normal)
        ordered = points if turn > 0 else points[::-1]
        kept = tuple((float(x), float(y), float(z)) for x, y, z in ordered)
        self.polygons.append(_Polygon(corners=kept, colour=colour, light=light, detail=detail, hides=hides))


def _end(x: float, a0: float, a1: float, z0: float, z1: float) -> list[Point]:
    """A rectangle across the vehicle."""
    return [(x, a0, z0), (x, a1, z0), (x, a1, z1), (x, a0, z1)]


def _flank(y: float, a0: float, a1: float, z0: float, z1: float) -> list[Point]:
    """A rectangle along the vehicle."""
    return [(a0, y, z0), (a1, y, z0), (a1, y, z1), (a0, y, z1)]


def _level(z: float, half_length: float, half_width: float) -> list[Point]:
    """A horizontal rectangle about the middle."""
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return [(a * half_length, b * half_width, z) for a, b in signs]


def _shadow() -> _Face:
    face = _Face(normal=(0.0, 0.0, 1.0))
    corners = _level(0.0, MODEL_LENGTH_M / 2 + SHADOW_MARGIN_M, MODEL_WIDTH_M / 2 + SHADOW_MARGIN_M)
    face.add(corners, "shadow", detail=(MIDDLE, NEAR), hides=SHADE)
    return face


def _body() -> list[_Face]:
    """Lower box: bumpers, lamps, plates, wheels."""
    half_length, half_width, low, top = MODEL_LENGTH_M / 2, MODEL_WIDTH_M / 2, BODY_BOTTOM_M, BODY_TOP_M
    faces = []
    for sign, light, lamp in ((-1.0, REAR_LIGHT, "tail lamp"), (1.0, FRONT_LIGHT, "headlamp")):
        face, x = _Face(normal=(sign, 0.0, 0.0)), sign * half_length
        face.add(_end(x, -half_width, half_width, low, top), "paint", light)
        for side in (-1.0, 1.0):
            face.add(_end(x, side * 0.56, side * 0.96, 0.54, 0.78), lamp, detail=(MIDDLE, NEAR))
        face.add(_end(x, -half_width, half_width, low, 0.36), "bumper", detail=(NEAR, NEAR))
        if sign > 0:
            face.add(_end(x, -0.5, 0.5, 0.54, 0.72), "bumper", detail=(NEAR, NEAR))
        face.add(_end(x, -0.27, 0.27, 0.39, 0.52), "plate", light, detail=(NEAR, NEAR))
        faces.append(face)
    for sign, light in ((-1.0, LEFT_LIGHT), (1.0, RIGHT_LIGHT)):
        face, y = _Face(normal=(0.0, sign, 0.0)), sign * half_width
        face.add(_flank(y, -half_length, half_length, low, top), "paint", light)
        for axle in (-AXLE_M, AXLE_M):
            face.add(_wheel(axle, y, WHEEL_RADIUS_M), "tyre", detail=(NEAR, NEAR))
            face.add(_wheel(axle, y, WHEEL_RADIUS_M / 2), "rim", light, detail=(NEAR, NEAR))
        faces.append(face)
    face = _Face(normal=(0.0, 0.0, 1.0))
    face.add(_level(top, half_length, half_width), "paint", TOP_LIGHT, (MIDDLE, NEAR))
    return [*faces, face]


def _wheel(x: float, y: float, radius: float) -> list[Point]:
    """An octagon; its corners are built from the square root alone, so that they are the same everywhere."""
    far, near = math.sqrt(2 + math.sqrt(2)) / 2 * radius, math.sqrt(2 - math.sqrt(2)) / 2 * radius
    around = [(far, near), (near, far), (-near, far), (-far, near)]
    around += [(-a, -b) for a, b in around]
    return [(x + a, y, WHEEL_RADIUS_M + b) for a, b in around]


def _cabin() -> list[_Face]:
    """Upper part: a frustum with windows."""
    low, top = BODY_TOP_M, CABIN_TOP_M
    rear, front, half = (-1.8, -1.4), (0.9, 0.3), (0.92, 0.76)  # at the bottom and at the roof

    def across(ends: tuple[float, float], up: float, along: float) -> Point:
        width = half[0] + up * (half[1] - half[0])
        return ends[0] + up * (ends[1] - ends[0]), (2 * along - 1) * width, low + up * (top - low)

    def aside(sign: float, up: float, along: float) -> Point:
        x0, x1 = (ends[0] + up * (ends[1] - ends[0]) for ends in (rear, front))
        return x0 + along * (x1 - x0), sign * (half[0] + up * (half[1] - half[0])), low + up * (top - low)

    faces = []
    for sign, ends, light, glass in (
        (-1.0, rear, REAR_LIGHT, "glass"),
        (1.0, front, FRONT_LIGHT, "windscreen"),
    ):
        face = _Face(normal=(sign * (top - low), 0.0, abs(ends[1] - ends[0])))
        whole = [across(ends, up, along) for up, along in _inset(0.0, 1.0, 0.0, 1.0)]
        face.add(whole, glass, detail=(FAR, FAR))
        face.add(whole, "paint", light, detail=(MIDDLE, NEAR))
        pane = [across(ends, up, along) for up, along in _inset(0.1, 0.88, 0.07, 0.93)]
        face.add(pane, glass, detail=(MIDDLE, NEAR))
        faces.append(face)
    for sign, light in ((-1.0, LEFT_LIGHT), (1.0, RIGHT_LIGHT)):
        face = _Face(normal=(0.0, sign * (top - low), half[0] - half[1]))
        whole = [aside(sign, up, along) for up, along in _inset(0.0, 1.0, 0.0, 1.0)]
        face.add(whole, "glass", detail=(FAR, FAR))
        face.add(whole, "paint", light, detail=(MIDDLE, NEAR))
        for first, last, detail in (
            (0.07, 0.93, (MIDDLE, MIDDLE)),
            (0.07, 0.48, (NEAR, NEAR)),
            (0.53, 0.93, (NEAR, NEAR)),
        ):
            pane = [aside(sign, up, along) for up, along in _inset(0.1, 0.88, first, last)]
            face.add(pane, "glass", detail=detail)
        faces.append(face)
    roof = _Face(normal=(0.0, 0.0, 1.0))
    corners = [aside(sign, 1.0, along) for sign, along in ((-1.0, 0.0), (-1.0, 1.0), (1.0, 1.0), (1.0, 0.0))]
    roof.add(corners, "paint", TOP_LIGHT, (MIDDLE, NEAR))
    return [*faces, roof]


def _inset(low: float, high: float, first: float, last: float) -> list[tuple[float, float]]:
    """Corners (height, breadth) of a pane, as shares of the side that it is in."""
    return [(low, first), (low, last), (high, last), (high, first)]


def _car() -> list[_Face]:
    return [_shadow(), *_body(), *_cabin()]


def _lorry() -> list[_Face]:
    """A tall box down to the ground, in its own paint, with a dark skirt, lamps and a windscreen."""
    half_length, half_width, top = MODEL_LENGTH_M / 2, MODEL_WIDTH_M / 2, LORRY_TOP_M
    faces = [_shadow()]
    for sign, light, lamp in ((-1.0, REAR_LIGHT, "tail lamp"), (1.0, FRONT_LIGHT, "headlamp")):
        face, x = _Face(normal=(sign, 0.0, 0.0)), sign * half_length
        face.add(_end(x, -half_width, half_width, 0.0, top), "paint", light)
        face.add(_end(x, -half_width, half_width, 0.0, LORRY_SKIRT_M), "bumper", detail=(MIDDLE, NEAR))
        if sign > 0:
            face.add(_end(x, -0.85, 0.85, 1.5, 2.4), "windscreen", detail=(MIDDLE, NEAR))
        else:
            face.add(_end(x, -0.03, 0.03, LORRY_SKIRT_M, top), "bumper", detail=(NEAR, NEAR))
        for side in (-1.0, 1.0):
            face.add(_end(x, side * 0.62, side * 0.94, 0.72, 0.98), lamp, detail=(MIDDLE, NEAR))
        faces.append(face)
    for sign, light in ((-1.0, LEFT_LIGHT), (1.0, RIGHT_LIGHT)):
        face, y = _Face(normal=(0.0, sign, 0.0)), sign * half_width
        face.add(_flank(y, -half_length, half_length, 0.0, top), "paint", light)
        face.add(_flank(y, -half_length, half_length, 0.0, LORRY_SKIRT_M), "bumper", detail=(MIDDLE, NEAR))
        faces.append(face)
    roof = _Face(normal=(0.0, 0.0, 1.0))
    roof.add(_level(top, half_length, half_width), "paint", TOP_LIGHT)
    return [*faces, roof]


def _barrier() -> list[_Face]:
    """A yellow box with slanted black stripes."""
    half_length, half_width, top = MODEL_LENGTH_M / 2, MODEL_WIDTH_M / 2, OBSTACLE_TOP_M
    faces = [_shadow()]
    sides = (
        ((-1.0, 0.0, 0.0), REAR_LIGHT),
        ((1.0, 0.0, 0.0), FRONT_LIGHT),
        ((0.0, -1.0, 0.0), LEFT_LIGHT),
        ((0.0, 1.0, 0.0), RIGHT_LIGHT),
    )
    for (nx, ny, nz), light in sides:
        face, half = _Face(normal=(nx, ny, nz)), half_width if nx else half_length

        def at(along: float, z: float, nx: float = nx, ny: float = ny, half: float = half) -> Point:
            return (nx * half_length, along * half, z) if nx else (along * half, ny * half_width, z)

        face.add([at(-1, 0.0), at(1, 0.0), at(1, top), at(-1, top)], "yellow", light)
        for start in (-1.0, -0.5, 0.0, 0.5):
            stripe = [at(start, 0.0), at(start + 0.25, 0.0), at(start + 0.5, top), at(start + 0.25, top)]
            face.add(stripe, "black", detail=(MIDDLE, NEAR))
        faces.append(face)
    lid = _Face(normal=(0.0, 0.0, 1.0))
    lid.add(_level(top, half_length, half_width), "yellow", TOP_LIGHT)
    return [*faces, lid]


def _wall() -> list[_Face]:
    """A plain box of concrete."""
    half_length, half_width, top = MODEL_LENGTH_M / 2, MODEL_WIDTH_M / 2, OBSTACLE_TOP_M
    faces = []
    for sign, light in ((-1.0, REAR_LIGHT), (1.0, FRONT_LIGHT)):
        face = _Face(normal=(sign, 0.0, 0.0))
        face.add(_end(sign * half_length, -half_width, half_width, 0.0, top), "concrete", light)
        faces.append(face)
    for sign, light in ((-1.0, LEFT_LIGHT), (1.0, RIGHT_LIGHT)):
        face = _Face(normal=(0.0, sign, 0.0))
        face.add(_flank(sign * half_width, -half_length, half_length, 0.0, top), "concrete", light)
        faces.append(face)
    lid = _Face(normal=(0.0, 0.0, 1.0))
    lid.add(_level(top, half_length, half_width), "concrete", TOP_LIGHT)
    return [*faces, lid]


def _goal() -> list[_Face]:
    """Paint on the ground: a frame, and an arrow that tells the heading in which to stop."""
    half_length, half_width, band = MODEL_LENGTH_M / 2, MODEL_WIDTH_M / 2, 0.16
    face = _Face(normal=(0.0, 0.0, 1.0))

    def rectangle(x0: float, x1: float, y0: float, y1: float) -> list[Point]:
        corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
        return [(x * half_length, y * half_width, 0.0) for x, y in corners]

    for x0, x1, y0, y1 in (
        (-1.0, 1.0, -1.0, band - 1.0),
        (-1.0, 1.0, 1.0 - band, 1.0),
        (-1.0, band - 1.0, band - 1.0, 1.0 - band),
        (1.0 - band, 1.0, band - 1.0, 1.0 - band),
        (-0.6, 0.1, -0.12, 0.12),
    ):
        face.add(rectangle(x0, x1, y0, y1), "goal")
    tip = [(0.1 * half_length, -0.45 * half_width, 0.0), (0.1 * half_length, 0.45 * half_width, 0.0)]
    face.add([*tip, (0.65 * half_length, 0.0, 0.0)], "goal")
    return [face]


SHAPES = {CAR: _car, OBSTACLE: _barrier, WALL: _wall, GOAL: _goal, LORRY: _lorry}


class ShapeInt(IntEnum):
    """Columns of ``Models.shapes``."""

    FACE = 0
    """The first one."""
    FACES_END = 1
    """The one after the last, for each degree of detail."""


class FaceFloat(IntEnum):
    """Columns of ``Models.faces``; each stands for three."""

    NORMAL = 0
    """Outwards."""
    POINT = 3
    """Of the plane."""


class FaceInt(IntEnum):
    """Columns of ``Models.polygons_of_face``."""

    POLYGON = 0
    """The first one."""
    POLYGONS_END = 1
    """The one after the last."""
    CORNER = 2
    """The first one of its polygons."""
    CORNERS_END = 3
    """The one after the last that is needed, for each degree of detail."""


class PolygonInt(IntEnum):
    """Columns of ``Models.polygons``."""

    CORNER = 0
    """The first one."""
    CORNERS = 1
    """How many."""
    COLOUR = 2
    LEAST_DETAIL = 3
    GREATEST_DETAIL = 4
    HIDES = 5
    """Of a pixel's background, by each sample, in 1/256."""


SHINES = 3
"""Column of ``Models.colours``, behind red, green and blue: 1 for what shines when lamps are on."""


class Models(NamedTuple):
    """All shapes as the kernels need them.

    Attributes:
        shapes: ``i8[16, 4]`` see ``ShapeInt``.
        faces: ``f8[F, 6]`` see ``FaceFloat``.
        polygons_of_face: ``i8[F, 6]`` see ``FaceInt``.
        polygons: ``i8[P, 6]`` see ``PolygonInt``.
        light: ``f8[P]`` how light each polygon is.
        corners: ``f8[3, C]`` x, y, z, clockwise as seen from outside; those of a face are neighbours.
        colours: ``f8[K, 4]`` red, green, blue, and ``SHINES``; number 0 stands for the entity's own paint.
    """

    shapes: NDArray[np.int64]
    faces: NDArray[np.float64]
    polygons_of_face: NDArray[np.int64]
    polygons: NDArray[np.int64]
    light: NDArray[np.float64]
    corners: NDArray[np.float64]
    colours: NDArray[np.float64]


@cache
def models() -> Models:
    """The tables of all shapes."""
    shapes = np.zeros((16, 4), np.int64)
    faces: list[Sequence[float]] = []
    spans: list[tuple[int, ...]] = []
    polygons: list[tuple[int, ...]] = []
    light: list[float] = []
    corners: list[Point] = []
    names = list(COLOURS)
    for shape, build in SHAPES.items():
        built = sorted(build(), key=lambda face: face.least_detail)
        ends = [sum(face.least_detail <= detail for face in built) for detail in (FAR, MIDDLE, NEAR)]
        shapes[shape] = len(faces), *(len(faces) + end for end in ends)
        for face in built:
            ordered = sorted(face.polygons, key=lambda polygon: polygon.detail[0])
            needed = [
                sum(len(polygon.corners) for polygon in ordered if polygon.detail[0] <= detail)
                for detail in (FAR, MIDDLE, NEAR)
            ]
            first, last = len(polygons), len(polygons) + len(ordered)
            spans.append((first, last, len(corners), *(len(corners) + count for count in needed)))
            faces.append((*face.normal, *ordered[0].corners[0]))
            for polygon in ordered:
                colour = names.index(polygon.colour)
                numbers = (len(corners), len(polygon.corners), colour, *polygon.detail, polygon.hides)
                polygons.append(numbers)
                light.append(polygon.light)
                corners.extend(polygon.corners)
    return Models(
        shapes=shapes,
        faces=np.array(faces),
        polygons_of_face=np.array(spans, np.int64),
        polygons=np.array(polygons, np.int64),
        light=np.array(light),
        corners=np.ascontiguousarray(np.array(corners).T),
        colours=np.array([(*COLOURS[name], float(name in SHINING)) for name in names]),
    )
