"""An episode as plain numbers, for whoever draws it elsewhere: roads, light, and where everybody was.

A page draws it in a browser, which has neither the simulator nor the ground's texture. So it is told what the
cameras' pictures are made of: the lanes as lines, the shapes of what stands on them (``models``), the colours
of the weather (``palette``), and the front camera's own geometry. Only what comes near the ego is kept.

Frame: x forward, y to the right, headings clockwise, metres and radians, as everywhere.
"""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivebench.footage.infractions import infractions_of
from drivebench.footage.recording import Footage
from drivebench.footage.scenes import ENDINGS
from drivebench.sensors import FRONT
from drivebench.sensors.car_park import with_car_parks
from drivebench.sensors.light import LAMP_HALF_M, LAMP_HALF_SLOPE, LAMP_REACH_M, LAMP_X_M, palette_of
from drivebench.sensors.models import (
    CABIN_TOP_M,
    COLOURS,
    HIDDEN,
    MODEL_LENGTH_M,
    MODEL_WIDTH_M,
    SHAPES,
    WALL,
    models,
)
from drivebench.sensors.optics import STEEP_SKY
from drivebench.sensors.paint import (
    MARK_WIDTH_M,
    OVERLAP_M,
    SHOULDER_M,
    STRIPE_LENGTH_M,
    STRIPE_PERIOD_M,
)
from drivebench.sensors.palette import PAINT, Palette
from drivebench.world import EntityKind
from drivebench.world.clock import POLICY_HZ, SIMULATION_HZ, SUBSTEPS
from drivebench.world.geometry import position
from drivebench.world.layout import LaneFloat, LaneInt, LaneKind

__all__ = ["Body", "Line", "Sketch", "fixed_facts", "sketch_of"]

Floats = NDArray[np.float64]

SEEN_M = 160.0
"""Vehicles that are always further away are left out: the front camera shows them a few pixels wide."""

ROAD_M = 220.0
"""The same for roads."""

WAY_STEP_M = 20.0
"""Between the places of the ego from which these distances are measured."""

ROUGH_M = 0.02
"""A line may stray by this from the curve that it stands for."""

WALL_PIECE_M = 5.0
"""Longer walls are cut."""

STRAIGHT_STEP_M, CURVED_STEP_M = 10.0, 1.0
"""Between points of a lane, before those that are not needed are left out."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Line:
    """A piece of a lane.

    Attributes:
        centre_m: ``f8[n, 2]`` points of its centre line, in the direction of travel.
        half_width_m: ``f8[n]`` from there to its lines.
        start_m: Arc length of the first point on the lane, from which the stripes of its lines are counted.
        marks: Left and right line: 0 none, 1 striped, 2 and 3 continuous.
    """

    centre_m: Floats
    half_width_m: Floats
    start_m: float
    marks: tuple[int, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class Body:
    """Something that stands or drives near the ego.

    Attributes:
        look: What it looks like, see :func:`drivebench.sensors.scene.looks_of`.
        length_m: From end to end.
        width_m: From side to side.
        first: Frame of the first of its poses.
        poses: ``f8[k, 3]`` x, y, heading in this frame and the following ones.
    """

    look: int
    length_m: float
    width_m: float
    first: int
    poses: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Sketch:
    """An episode as it was driven, in F frames: one for each decision, and one for its end.

    Attributes:
        times_s: ``f8[F]`` of the frames, five in a second; the last as the episode ends.
        ego: ``f8[F, 4]`` x, y, heading, speed.
        ego_size_m: Length and width.
        bodies: Everything else that comes near.
        lines: The roads that come near.
        route_m: ``f8[n, 2]`` the assigned way, to its goal or to where it is too far off.
        has_goal: Whether its last point is a goal to be driven across.
        palette: Colours of the world in the weather of the episode.
        infractions: What went wrong, in the order of time: from when to when in s, and what.
        ending: How the episode ended, for people; empty where it was broken off.
    """

    times_s: Floats
    ego: Floats
    ego_size_m: tuple[float, float]
    bodies: tuple[Body, ...]
    lines: tuple[Line, ...]
    route_m: Floats
    has_goal: bool
    palette: Palette
    infractions: tuple[tuple[float, float, str], ...]
    ending: str


def sketch_of(footage: Footage) -> Sketch:
    """What it takes to draw an episode.

    Args:
        footage: The episode.
    """
    frames = np.unique(np.append(np.arange(0, len(footage), SUBSTEPS), len(footage) - 1))
    states = footage.states[frames]
    ego = states[:, footage.ego]
    route = footage.episode.route
    length_m, width_m = footage.sizes_m[footage.ego].tolist()
    way_m = _some(ego[:, :2])
    near = np.flatnonzero(_near(route.points_m, way_m, ROAD_M) & (route.arc_m <= route.goal_m))
    shown = slice(near[0], near[-1] + 1)
    ahead_m = route.arc_m[near[-1] + 1 :]
    has_goal = math.isfinite(route.goal_m) and not (ahead_m <= route.goal_m).any()
    return Sketch(
        times_s=frames / SIMULATION_HZ,
        ego=ego,
        ego_size_m=(length_m, width_m),
        bodies=tuple(_bodies(footage, states)),
        lines=tuple(_lines(footage, way_m)),
        route_m=route.points_m[shown][_kept(route.points_m[shown], ROUGH_M)],
        has_goal=bool(has_goal and footage.episode.parking is None),
        palette=palette_of(footage.episode.weather),
        infractions=tuple(
            (each.first / SIMULATION_HZ, each.last / SIMULATION_HZ, each.text)
            for each in infractions_of(footage)
        ),
        ending=ENDINGS[footage.measurement.ended_by],
    )


def _near(points_m: Floats, way_m: Floats, reach_m: float) -> NDArray[np.bool_]:
    """``b1[n]`` which points are near any of a way's."""
    near = np.zeros(len(points_m), np.bool_)
    for x, y in way_m:
        near |= (points_m[:, 0] - x) ** 2 + (points_m[:, 1] - y) ** 2 <= reach_m * reach_m
    return near


def _some(way_m: Floats) -> Floats:
    """Points of a way, about ``WAY_STEP_M`` apart, and its last one."""
    arc = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(way_m, axis=0).T))))
    steps = np.floor(arc / WAY_STEP_M)
    return way_m[np.flatnonzero(np.append(np.diff(steps, prepend=-1.0)[:-1] > 0, True))]


def _bodies(footage: Footage, states: Floats) -> Iterator[Body]:
    """All but the ego that are near it, from the first time to the last."""
    away = np.hypot(*(states[..., k] - states[:, footage.ego, None, k] for k in (0, 1)))
    for column, look in enumerate(footage.looks.tolist()):
        near = np.flatnonzero(away[:, column] <= SEEN_M)
        if look & 15 == HIDDEN or not (len(near) or footage.kinds[column] == EntityKind.LANDMARK):
            continue
        first, last = (near[0], near[-1]) if len(near) else (0, len(states) - 1)
        poses = states[first : last + 1, column, :3]
        still = bool((poses == poses[0]).all())
        pieces = (
            _cut(poses[:1], *footage.sizes_m[column])
            if look & 15 == WALL
            else [(poses, *footage.sizes_m[column])]
        )
        for piece, length_m, width_m in pieces:
            yield Body(
                look=look,
                length_m=float(length_m),
                width_m=float(width_m),
                first=0 if still else int(first),
                poses=piece[:1] if still else piece,
            )


def _cut(pose: Floats, length_m: float, width_m: float) -> list[tuple[Floats, float, float]]:
    """A wall as short ones: a painter sorts by distance what hides what."""
    count = math.ceil(length_m / WALL_PIECE_M)
    heading = float(pose[0, 2])
    along = np.array([[math.cos(heading), math.sin(heading), 0.0]]) * length_m
    shares = (np.arange(count) + 0.5) / count - 0.5
    return [(pose + along * share, length_m / count, width_m) for share in shares.tolist()]


def _lines(footage: Footage, way_m: Floats) -> Iterator[Line]:
    """The pieces of all lanes that are near a way."""
    lane_float, lane_int = with_car_parks(footage.episode.world.network)
    for lane in range(len(lane_float)):
        length = float(lane_float[lane, LaneFloat.LENGTH])
        is_straight = lane_int[lane, LaneInt.KIND] == LaneKind.STRAIGHT
        count = math.ceil(length / (STRAIGHT_STEP_M if is_straight else CURVED_STEP_M)) + 1
        arc = np.linspace(0.0, length, count)
        points = np.array([position(None, lane_float, lane_int, lane, s, 0.0) for s in arc.tolist()])
        halves = _half_widths(lane_float[lane], lane_int[lane], arc)
        near = np.flatnonzero(_near(points, way_m, ROAD_M))
        marks = int(lane_int[lane, LaneInt.LINE_LEFT]), int(lane_int[lane, LaneInt.LINE_RIGHT])
        for run in np.split(near, np.flatnonzero(np.diff(near) > 1) + 1):
            if len(run) < 2:
                continue
            kept = run[_kept(np.column_stack((points[run], halves[run])), ROUGH_M)]
            yield Line(
                centre_m=points[kept], half_width_m=halves[kept], start_m=float(arc[kept[0]]), marks=marks
            )


def _half_widths(numbers: Floats, integers: NDArray[np.int64], arc: Floats) -> Floats:
    """Half the width of a lane at some places, ``f8[n]``, as :mod:`drivebench.sensors.paint` has it."""
    count = int(integers[LaneInt.WIDTHS])
    if count == 0:
        return np.full(len(arc), numbers[LaneFloat.WIDTH] / 2)
    first = int(integers[LaneInt.SAMPLES] + 3 * integers[LaneInt.KNOTS] + 5 * integers[LaneInt.POSES])
    places = np.linspace(0.0, numbers[LaneFloat.LENGTH], count)
    return np.asarray(np.interp(arc, places, numbers[first : first + count]) / 2, np.float64)


def _kept(points: Floats, rough_m: float) -> NDArray[np.int64]:
    """Which points of a line are needed, so that none of the others is far from it.

    Douglas and Peucker, "Algorithms for the reduction of the number of points required to represent a
    digitized line or its caricature", Cartographica 10 (1973).

    Args:
        points: ``f8[n, d]``.
        rough_m: How far they may be.

    Returns:
        ``i8[k]``, increasing, with the first and the last.
    """
    kept = np.zeros(len(points), np.bool_)
    kept[[0, -1]] = True
    waiting = [(0, len(points) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        chord, between = points[last] - points[first], points[first + 1 : last] - points[first]
        square = float(chord @ chord)
        shares = np.clip(between @ chord / square, 0.0, 1.0) if square > 0.0 else np.zeros(len(between))
        aside = between - shares[:, None] * chord
        squares = (aside * aside).sum(axis=1)
        worst = int(np.argmax(squares))
        if squares[worst] > rough_m * rough_m:
            kept[first + 1 + worst] = True
            waiting += [(first, first + 1 + worst), (first + 1 + worst, last)]
    return np.flatnonzero(kept)


@cache
def fixed_facts() -> dict[str, Any]:
    """What is the same in all episodes: the camera, marks on roads, shapes, and their colours.

    Returns:
        * ``hz``: frames in a second;
        * ``camera``: the front camera's attributes;
        * ``road`` and ``lamps``: what :mod:`drivebench.sensors.paint` and :mod:`drivebench.sensors.light` go
          by, in metres;
        * ``paint``: the colours of cars by number; ``colours``: red, green, blue, and 1 for what shines;
        * ``model``: length and width of a shape before it is stretched; ``tall``: the height of a car;
        * ``steep``: the sky reaches the zenith's colour where the slope of the ray is one by this;
        * ``shapes``: by number, faces in the order in which a painter draws them, each with its normal
          (outwards) and its polygons: number of the colour (0: its own paint), light, least and greatest
          degree of detail, what it hides of its background (64: all), and corners x, y, z.
    """
    names = list(COLOURS)
    shapes = {
        shape: [
            [
                list(face.normal),
                [
                    [
                        names.index(each.colour),
                        each.light,
                        *each.detail,
                        each.hides,
                        np.round(each.corners, 3).tolist(),
                    ]
                    for each in face.polygons
                ],
            ]
            for face in build()
        ]
        for shape, build in SHAPES.items()
    }
    return {
        "hz": POLICY_HZ,
        "camera": asdict(FRONT),
        "road": {
            "mark": MARK_WIDTH_M,
            "overlap": OVERLAP_M,
            "shoulder": SHOULDER_M,
            "stripe": STRIPE_LENGTH_M,
            "period": STRIPE_PERIOD_M,
        },
        "lamps": {
            "half": LAMP_HALF_M,
            "reach": LAMP_REACH_M,
            "slope": LAMP_HALF_SLOPE,
            "x": LAMP_X_M,
        },
        "model": [MODEL_LENGTH_M, MODEL_WIDTH_M],
        "steep": STEEP_SKY,
        "tall": CABIN_TOP_M,
        "paint": PAINT.astype(int).tolist(),
        "colours": models().colours.astype(int).tolist(),
        "shapes": shapes,
    }
