"""``long-haul-v1``: follow one lane for five minutes.

Map
    Closed courses of one lane, 4.2 to 4.5 m wide (:mod:`scenarios.closed_road`): straights and arcs of 80 to
    300 m to both sides, about a kilometre and a half around. Every split has its own: 24 for training, 6 for
    development, 10 for test, 10 for secret suites. A seed draws the course and the place.
Traffic
    None: whatever goes wrong here is steering or speed.
Start
    At 80 to 100 % of the limit, a little beside the lane's centre and a little askew (up to 0.3 m and
    0.03 rad).
Observation
    The front camera is enough: edges of the road.
Route and goal
    The lane from its start on, laps unrolled; open-ended.
Speed limit
    8 to 9.5 m/s.
Success
    As much progress as the expert (95 %), never off the road.
Failure
    The grass, turning back, or crawling. Every second holds as much danger as any other, and there are twelve
    times as many of them as in lane keeping: a driver that leaves the road once in five minutes drives 92 %
    of the episodes of lane keeping to their end, and a third of these.
Horizon
    300 s, 1,500 decisions.
Abilities
    Endurance, lane keeping, generalisation.
Conditions
    ``nominal``; ``off-course``: 0.4 to 0.9 m beside the lane's centre and up to 0.06 rad off its direction.

Version history
    1: first version.
"""

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

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
from drivebench.world import EntityKind, RoadNetwork
from drivebench.world.build import build_world, vehicle_on_lane
from drivebench.world.grid import round_to_grid
from scenarios.closed_road import closed_road
from scenarios.lane_path import arc_lengths, lane_path
from scenarios.traffic import start_offset

__all__ = ["SCENARIO"]

ID = "long-haul-v1"
HORIZON_S = 300.0
COURSES = {"train": 24, "dev": 6, "test": 10, "secret": 10}
WIDTH_M = (4.2, 4.5)
LIMITS_MPS, LIMIT_STEP_MPS = (8.0, 9.5), 0.5
START_SPEED = (0.8, 1.0)
"""Of the speed limit."""
BEHIND_M = 30.0
"""Length of the route before the start."""
AHEAD = 1.5
"""The route goes on for so many times the distance that the limit allows within the horizon: who drives too
fast loses what the speed limit is worth, and does not run out of route."""
OFF_COURSE_RAD = 0.06


@dataclass(frozen=True, kw_only=True, eq=False)
class _Course:
    """A closed course, and as many laps of it as an episode may need.

    Attributes:
        network: Its lane.
        points: ``f8[P, 2]`` along the laps, from the start of row 0 on.
        arc: ``f8[P]`` arc length of the points.
        lap_m: Once around.
        limit_mps: Speed limit.
    """

    network: RoadNetwork
    points: NDArray[np.float64]
    arc: NDArray[np.float64]
    lap_m: float
    limit_mps: float


@cache
def _course(split: str, number: int) -> _Course:
    generator = episode_generator(ID, f"course-{split}", number)
    slowest, fastest = (round(limit / LIMIT_STEP_MPS) for limit in LIMITS_MPS)
    limit = LIMIT_STEP_MPS * int(generator.integers(slowest, fastest, endpoint=True))
    network = closed_road(generator, width_m=round_to_grid(uniform(generator, *WIDTH_M)))
    lap = list(range(len(network.lane_index)))
    length = sum(network.length_m(row) for row in lap)
    laps = 2 + math.ceil(AHEAD * limit * HORIZON_S / length)
    points = lane_path(network, lap * laps)
    return _Course(network=network, points=points, arc=arc_lengths(points), lap_m=length, limit_mps=limit)


def build(seed: int, condition: str) -> Episode:
    """The episode of a seed under a condition."""
    generator = episode_generator(ID, "nominal", seed)
    split = split_of(seed)
    course = _course(split, int(generator.integers(COURSES[split])))
    at_m = uniform(generator, 0.0, course.lap_m)
    speed = course.limit_mps * uniform(generator, *START_SPEED)
    lateral_m, turn_rad = start_offset(ID, condition, seed, turn_rad=OFF_COURSE_RAD)
    row, along_m = 0, at_m
    while along_m > course.network.length_m(row):
        along_m -= course.network.length_m(row)
        row += 1
    ego = replace(
        vehicle_on_lane(
            course.network,
            course.network.lane_index[row],
            along_m,
            lateral_m=lateral_m,
            heading_error_rad=turn_rad,
            speed_mps=speed,
        ),
        kind=EntityKind.EGO,
    )
    return Episode(
        scenario=ID,
        condition=condition,
        seed=seed,
        world=build_world(course.network, [ego]),
        route=_route(course, row, course.lap_m + at_m, (ego.x_m, ego.y_m)),
        horizon_s=HORIZON_S,
        speed_limit_mps=course.limit_mps,
    )


def _route(course: _Course, row: int, at_m: float, start_m: tuple[float, float]) -> Route:
    """The laps from a little before an arc length on."""
    start = int(np.searchsorted(course.arc, at_m, side="right")) - 1
    first, last = np.searchsorted(
        course.arc, [at_m - BEHIND_M, at_m + AHEAD * course.limit_mps * HORIZON_S]
    ).tolist()
    return Route.along(
        course.points[first : last + 1],
        start_index=start - first,
        start_m=start_m,
        half_width_m=0.5 * course.network.width_m(row),
        commands=(CommandSegment(start_m=-math.inf, command=Command.FOLLOW, text="Follow the lane."),),
    )


SCENARIO = Scenario(
    id=ID,
    title="long haul",
    description="Follow one lane of an empty closed course for 5 minutes; other courses in each split.",
    abilities=(Ability.ENDURANCE, Ability.LANE_KEEPING, Ability.GENERALISATION),
    conditions=("nominal", "off-course"),
    horizon_s=HORIZON_S,
    open_ended=True,
    build=build,
)
