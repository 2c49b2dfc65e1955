"""``lane-keeping-v1``: follow one lane of an empty winding road, from its centre or from beside it.

Map
    Generated roads of about 430 m (:mod:`scenarios.winding_road`): straights, arcs of 80 to 300 m to both
    sides, waves; one lane of 4.2 to 4.5 m, on every fourth road two. Every split has its own: 60 roads for
    training, 20 for development, 24 for test, 24 for secret suites. An episode in seven of development and
    test is on a racetrack of highway-env, with curves of 10 to 35 m, tighter than any road of the training:
    ``racetrack-v1`` and ``racetrack-oval-v1`` for development, ``racetrack-large-v1`` for test. A seed draws
    the road, the lane and the place.
Traffic
    None: whatever goes wrong here is steering or speed.
Start
    On the centre of a lane, along it, at 70 to 100 % of the limit.
Observation
    The front camera is enough: edges of the road, lane marks.
Route and goal
    The lane from its start on, laps unrolled; open-ended.
Speed limit
    7.5 to 9.5 m/s; on a racetrack that of the lane, 3 m/s² in its tightest curve, 5 to 8.5 m/s.
Success
    As much progress as the expert (95 %), never off the road.
Failure
    The grass, turning back, leaving the road for another part of it, or crawling.
Horizon
    25 s, 125 decisions.
Abilities
    Lane keeping, generalisation (other roads in test).
Conditions
    ``nominal``; ``off-course``: 0.4 to 1.0 m beside the centre (half of the starts above 0.56 m: a narrow
    lane has little room for more) and 6 to 14° off the direction, all corners on the road and time to react;
    ``off-course-far``: the same from 1.05 to 1.8 m, further than the side cameras are from the middle one,
    and so on roads with two lanes or more. Road, lane, place and speed are those of the seed's nominal
    episode; but where that has one lane, ``off-course-far`` is on another road. ``unseen-road``: generated
    roads with curves of 32 to 90 m and lanes of 3.8 to 4.1 m, other ones in each split, with the limit and
    the number of lanes of the seed's nominal episode (two at most).
Why the roads are wide curves
    Driven along its centre such a road asks for gentle steering only, and coming back to it from the edge of
    a narrow lane asks for several times as much: what demonstrations from ``nominal`` starts never show. On
    tight roads they do show it. There (arcs of 16 to 80 m, lanes of 4.5 to 5.4 m, starts up to 10° off),
    behaviour cloning came back from off-course starts as well as from nominal ones: 95 points on
    60 development episodes each.

Version history
    1: first version.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from drivebench.conditions import UNSEEN_ROAD
from drivebench.scenario import (
    Ability,
    Command,
    CommandSegment,
    Episode,
    Route,
    Scenario,
    episode_generator,
    split_of,
    uniform,
)
from drivebench.world import EntityKind, RoadNetwork, numerics
from drivebench.world.build import VehicleSpec, build_network, build_world
from drivebench.world.layout import LaneKind
from drivebench.world.takeover import lane_spec
from scenarios.lane_path import arc_lengths, lane_path
from scenarios.stock.upstream import stock_environment
from scenarios.winding_road import LIMIT_STEP_MPS, TIGHT, WindingRoad, winding_road

__all__ = ["SCENARIO", "comfortable_speed_mps"]

ID = "lane-keeping-v1"
HORIZON_S = 25.0
TRACKS = {
    "train": (),
    "dev": ("racetrack-v1", "racetrack-oval-v1"),
    "test": ("racetrack-large-v1",),
    "secret": (),
}
WINDING_ROADS = {"train": 60, "dev": 20, "test": 24, "secret": 24}
"""How many there are: few enough that the ground textures of all fit into memory."""
UNSEEN_ROADS = 3
"""The same for ``unseen-road``: for each number of lanes and each speed limit."""
TWO_LANES_EVERY = 4
"""Every so many winding roads one has two lanes."""
TRACK_SHARE = 0.15
LATERAL_ACCELERATION_MPS2 = 3.0
"""In the tightest curve of a racetrack at its limit; nuPlan calls 4.89 m/s² the limit of comfort
(``ego_lat_acceleration_statistics.yaml``)."""
START_SPEED = (0.7, 1.0)
"""Of the speed limit."""
BEHIND_M = 40.0
"""Length of the route before the start, at most."""
AHEAD = 1.25
"""A winding road goes on for so many times the distance that the limit allows within the horizon."""
UNROLLED = 3.0
"""The same for the laps of a track."""

LATERAL_M = {"off-course": (0.4, 1.0), "off-course-far": (1.05, 1.8)}
"""Distance from the lane's centre at the start, to either side. The upper bound of ``off-course`` is the base
of the side cameras, 1 m."""
HEADING_ERROR_RAD = (math.radians(6.0), math.radians(14.0))
REACTION_S = 0.4
"""A start is recoverable if the car, going straight on for so long and then turned along the road, has all
corners on the road."""
DRAWS_PER_PLACE = 50
MOVE_ON_M = 3.0
"""Some places have no room for such a start: it then moves on along the road."""
EDGE_M = 0.1
"""Corners keep this far inside of the road."""
HALF_LENGTH_M, HALF_WIDTH_M = 2.5, 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class _Course:
    """One lane of a road from end to end, or of a track for several laps."""

    network: RoadNetwork
    points: NDArray[np.float64]
    start_m: tuple[float, float]
    """Range of the arc length in which episodes start."""
    arc: NDArray[np.float64]
    speed_limit_mps: float
    half_width_m: float


@cache
def _winding_courses(split: str, number: int) -> tuple[_Course, ...]:
    """The lanes of a winding road, from the left."""
    lanes = 2 if number % TWO_LANES_EVERY == 0 else 1
    return _courses_of(winding_road(episode_generator(ID, f"winding-road-{split}", number), lanes))


@cache
def _unseen_courses(split: str, lanes: int, limit_mps: float, number: int) -> tuple[_Course, ...]:
    """The lanes of a road that nobody trains on, from the left."""
    generator = episode_generator(ID, f"unseen-road-{split}-{lanes}-{limit_mps}", number)
    return _courses_of(winding_road(generator, lanes, curves=TIGHT, speed_limit_mps=limit_mps))


def _courses_of(road: WindingRoad) -> tuple[_Course, ...]:
    rows = [row for row, _ in enumerate(road.network.lane_index)]
    reach = AHEAD * HORIZON_S * road.speed_limit_mps
    return tuple(
        _course(road.network, rows[lane :: road.lanes], lane, road.lanes, road.speed_limit_mps, reach)
        for lane in range(road.lanes)
    )


@cache
def _track_courses(track: str) -> tuple[_Course, ...]:
    """The lanes of a racetrack, from the inside; each has the limit of its own tightest curve."""
    graph = stock_environment(track).road.network.graph
    limits: dict[int, float] = {}
    lanes = [
        (origin, destination, number, lane_spec(lane))
        for origin, roads in graph.items()
        for destination, parallel in roads.items()
        for number, lane in enumerate(parallel)
    ]
    for _, _, number, spec in lanes:
        if spec.kind is LaneKind.CIRCULAR:
            limit = comfortable_speed_mps(spec.radius_m)
            limits[number] = min(limits.get(number, limit), limit)
    network = build_network(
        ((a, b, replace(spec, speed_limit_mps=limits[number])) for a, b, number, spec in lanes),
        connected_lanes=True,
    )
    courses = []
    for number, limit in sorted(limits.items()):
        lap = list(_lap(network, number))
        length = sum(network.length_m(lane) for lane in lap)
        reach = UNROLLED * HORIZON_S * limit
        laps = 2 + math.ceil((reach + BEHIND_M) / length)
        course = _course(network, lap * laps, number, len(limits), limit, reach)
        courses.append(replace(course, start_m=(BEHIND_M, BEHIND_M + length)))
    return tuple(courses)


def comfortable_speed_mps(radius_m: float) -> float:
    """Speed limit of a racetrack's lane whose tightest curve has this radius.

    Args:
        radius_m: Of the lane's centre line.
    """
    speed = math.sqrt(LATERAL_ACCELERATION_MPS2 * radius_m)
    return math.floor(speed / LIMIT_STEP_MPS) * LIMIT_STEP_MPS


def _lap(network: RoadNetwork, number: int) -> Iterator[int]:
    """Rows of the lanes with one number around a track, from the first node in the graph."""
    following = {origin: destination for origin, destination, _ in network.lane_index}
    first = node = network.lane_index[0][0]
    while True:
        yield network.lane((node, following[node], number))
        node = following[node]
        if node == first:
            return


def _course(
    network: RoadNetwork, rows: list[int], lane: int, lanes: int, limit_mps: float, reach_m: float
) -> _Course:
    points = lane_path(network, rows)
    arc = arc_lengths(points)
    return _Course(
        network=network,
        points=points,
        arc=arc,
        start_m=(BEHIND_M / 2, float(arc[-1]) - reach_m),
        speed_limit_mps=limit_mps,
        half_width_m=(max(lane, lanes - 1 - lane) + 0.5) * network.width_m(rows[0]),
    )


@dataclass(frozen=True, kw_only=True)
class _Start:
    """A place on a course: the point before it, position, direction and curvature of the path."""

    index: int
    x_m: float
    y_m: float
    heading_rad: float
    curvature_per_m: float

    def ego(self, speed_mps: float, lateral_m: float, heading_error_rad: float) -> VehicleSpec:
        """The ego beside the path.

        In a curve the car's heading is short of its course by the slip angle, asin(κ·L/2): the point that
        moves along the path is the middle of the car, and it turns about its rear axle.
        """
        cosine, sine = numerics.cos_sin(None, self.heading_rad)
        slip = numerics.asin(None, self.curvature_per_m * HALF_LENGTH_M)
        return VehicleSpec(
            kind=EntityKind.EGO,
            x_m=self.x_m - lateral_m * sine,
            y_m=self.y_m + lateral_m * cosine,
            heading_rad=numerics.wrap_angle(None, self.heading_rad - slip + heading_error_rad),
            speed_mps=speed_mps,
        )


def _start(course: _Course, at_m: float) -> _Start:
    """The place at an arc length; direction and curvature from the points two metres before and behind."""
    index = int(np.searchsorted(course.arc, at_m, side="right")) - 1
    (x0, y0), (x1, y1) = course.points[index].tolist(), course.points[index + 1].tolist()
    share = (at_m - course.arc[index]) / (course.arc[index + 1] - course.arc[index])
    ends = course.points[[index - 2, index, index + 1, index + 3]]
    chords = np.diff(ends, axis=0).tolist()
    before, here, after = (numerics.atan2(None, dy, dx) for dx, dy in chords)
    between = 0.5 * (
        course.arc[index + 3] + course.arc[index + 1] - course.arc[index] - course.arc[index - 2]
    )
    return _Start(
        index=index,
        x_m=float(x0 + share * (x1 - x0)),
        y_m=float(y0 + share * (y1 - y0)),
        heading_rad=here,
        curvature_per_m=float(numerics.wrap_angle(None, after - before) / between),
    )


def _is_on_road(network: RoadNetwork, ego: VehicleSpec) -> bool:
    """Whether all corners of the ego are on lanes, and would be if it were larger by ``EDGE_M``.

    Both, because the lanes of ``racetrack-oval-v1`` have a seam of 9 cm between them.
    """
    cosine, sine = numerics.cos_sin(None, ego.heading_rad)
    for edge in (0.0, EDGE_M):
        for ahead in (-HALF_LENGTH_M - edge, HALF_LENGTH_M + edge):
            for right in (-HALF_WIDTH_M - edge, HALF_WIDTH_M + edge):
                x = ego.x_m + ahead * cosine - right * sine
                y = ego.y_m + ahead * sine + right * cosine
                if not any(_contains(network, lane, x, y) for lane in range(len(network.lane_index))):
                    return False
    return True


def _contains(network: RoadNetwork, lane: int, x_m: float, y_m: float) -> bool:
    s, r = network.local_coordinates(lane, x_m, y_m)
    return abs(r) <= 0.5 * network.width_m(lane) and 0.0 <= s <= network.length_m(lane)


def _displaced(
    course: _Course, at_m: float, speed_mps: float, condition: str, generator: np.random.Generator
) -> tuple[_Start, VehicleSpec]:
    """Draw starts beside the lane's centre until one is recoverable."""
    least, most = LATERAL_M[condition]
    while True:
        start = _start(course, at_m)
        for _ in range(DRAWS_PER_PLACE):
            lateral = _either_side(generator, least, most)
            error = _either_side(generator, *HEADING_ERROR_RAD)
            ego = start.ego(speed_mps, lateral, error)
            drift = REACTION_S * speed_mps * numerics.sin(None, error)
            drifted = start.ego(speed_mps, lateral + drift, 0.0)
            if _is_on_road(course.network, ego) and _is_on_road(course.network, drifted):
                return start, ego
        first_m, last_m = course.start_m
        at_m = at_m + MOVE_ON_M if at_m + MOVE_ON_M < last_m else first_m


def _either_side(generator: np.random.Generator, least: float, most: float) -> float:
    """A number whose absolute value is in the range."""
    return uniform(generator, least, most) * (1.0 if generator.random() < 0.5 else -1.0)


def _courses(split: str, condition: str, generator: np.random.Generator) -> tuple[_Course, ...]:
    """The lanes of a road of the split."""
    tracks = TRACKS[split]
    if tracks and generator.random() < TRACK_SHARE:
        return _track_courses(tracks[int(generator.integers(len(tracks)))])
    number = int(generator.integers(WINDING_ROADS[split]))
    if condition == "off-course-far":
        number -= number % TWO_LANES_EVERY
    return _winding_courses(split, number)


def _unseen(course: _Course, courses: tuple[_Course, ...], seed: int) -> _Course:
    """A lane of a road that nobody trains on, with the limit of a course and as many lanes, at most two."""
    lanes = min(len(courses), 2)
    number = int(episode_generator(ID, UNSEEN_ROAD, seed).integers(UNSEEN_ROADS))
    found = _unseen_courses(split_of(seed), lanes, course.speed_limit_mps, number)
    return found[min(courses.index(course), lanes - 1)]


def _build(seed: int, condition: str) -> Episode:
    shared = episode_generator(ID, "nominal", seed)
    courses = _courses(split_of(seed), condition, shared)
    course = courses[int(shared.integers(len(courses)))]
    if condition == UNSEEN_ROAD:
        course = _unseen(course, courses, seed)
    at_m = uniform(shared, *course.start_m)
    speed = course.speed_limit_mps * uniform(shared, *START_SPEED)
    if condition in ("nominal", UNSEEN_ROAD):
        start = _start(course, at_m)
        ego = start.ego(speed, 0.0, 0.0)
    else:
        start, ego = _displaced(course, at_m, speed, condition, episode_generator(ID, condition, seed))
    from_m, to_m = course.arc[start.index] - BEHIND_M, course.arc[start.index]
    to_m += UNROLLED * HORIZON_S * course.speed_limit_mps
    first, last = np.searchsorted(course.arc, [from_m, to_m]).tolist()
    route = Route.along(
        course.points[first : last + 1],
        start_index=start.index - first,
        start_m=(start.x_m, start.y_m),
        half_width_m=course.half_width_m,
        commands=(CommandSegment(start_m=-math.inf, command=Command.FOLLOW, text="Follow the lane."),),
    )
    return Episode(
        scenario=ID,
        condition=condition,
        seed=seed,
        world=build_world(course.network, [ego]),
        route=route,
        horizon_s=HORIZON_S,
        speed_limit_mps=course.speed_limit_mps,
    )


SCENARIO = Scenario(
    id=ID,
    title="lane keeping",
    description="Follow one lane of an empty winding road or racetrack for 25 s; other roads in each split.",
    abilities=(Ability.LANE_KEEPING, Ability.GENERALISATION),
    conditions=("nominal", "off-course", "off-course-far", UNSEEN_ROAD),
    horizon_s=HORIZON_S,
    open_ended=True,
    build=_build,
)
