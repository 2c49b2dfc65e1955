"""``fork-v1``: a lorry ahead loses a car; pass it on the left or on the right, both are as good.

Map
    Generated roads of one lane, 9.6 m wide and without marks: straight ones, and ones with gentle arcs of 150
    to 500 m (:mod:`scenarios.gentle_road`). Every split has its own: 24 for training, 8 for development, 12
    for test, 12 for secret suites.
Traffic
    A lorry ahead, 9 m long, 2.7 m wide and 3.2 m high, drives at the limit on the middle of the road, and an
    IDM driver behind the ego. After 3 to 6 s the lorry loses the car that it carries, a wide one (2.4 m with
    its mirrors), which slides to a stop within about 8 m and stays there; the lorry goes on. Nothing of the
    car is to be seen before: it is inside of the lorry.
Start
    Behind the lorry by a time gap of about 1.0 s and 3 m, at its speed, a little beside the middle of the
    road and a little askew (up to 0.3 m and 0.03 rad).
Observation
    The front camera shows the lorry, and the lost car at most 2.5 s before the ego would be upon it.
Route and goal
    Along the road; open-ended. Who brakes stands behind the lost car and gets about half of the way.
Speed limit
    11 to 13 m/s; the lorry's speed.
Success
    As much progress as the expert (95 %), no collision, never off the road.
Failure
    Running into the lost car, the grass, or standing behind it.
Horizon
    16 s, 80 decisions.
Ability
    Ambiguity. Left and right are the same by symmetry, and the demonstrators ``left-passing`` and
    ``right-passing`` drive the same until the lorry loses the car, so that demonstrations of both have both
    answers to the same state. Their mean is to go straight on.
Conditions
    ``nominal``; ``off-course``: 0.4 to 0.9 m beside the middle and up to 0.06 rad off its direction.

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
from drivebench.world import EntityKind, RoadNetwork, numerics
from drivebench.world.build import VehicleSpec, build_world, vehicle_on_lane
from drivebench.world.clock import POLICY_HZ
from drivebench.world.script import Script
from scenarios.gentle_road import GENTLE, gentle_road
from scenarios.lane_path import arc_lengths, lane_path
from scenarios.manoeuvres import Change, Manoeuvres
from scenarios.reference_path import ReferencePath
from scenarios.traffic import EXPONENTS, start_offset

__all__ = ["EGO", "LOST", "SCENARIO", "manoeuvres", "release_s"]

ID = "fork-v1"
HORIZON_S = 16.0
ROADS = {"train": 24, "dev": 8, "test": 12, "secret": 12}
STRAIGHT_EVERY = 3
"""Every so many roads one is straight."""
LENGTH_M, WIDTH_M = 340.0, 9.6
LIMITS_MPS, LIMIT_STEP_MPS = (11.0, 13.0), 0.5
TIME_GAP_S, STANDSTILL_GAP_M, GAP_PLAY_M = 1.0, 3.0, 0.6
"""Gap to the lorry at the start: a little less than the one that the expert keeps."""
FOLLOWER_GAP_M = (14.0, 22.0)
RELEASE_S = (3.0, 6.0)
CAR_M = 5.0
LORRY_SIZE_M, LOST_SIZE_M = (9.0, 2.7), (4.0, 2.4)
"""A car of 2.2 m, with a gap of 1.2 s and not 1.0 s, leaves time to waver and pass all the same: a regressor
on both sides, 256 wide, passed it in 45 % of 40 drives (mean of six training seeds), and passes this one in
20 % (eight)."""
INSIDE_M = 0.6
"""From the rear of the lorry to that of the car inside."""
START_M, BEHIND_M = 60.0, 55.0
"""Road, and route, behind the start."""
OFF_COURSE_RAD = 0.06
EGO, LORRY, LOST = 0, 1, 2
INSTRUCTION = "Follow the road. Pass what is in the way on either side."

KNOT_M = 2.0
"""Spacing of the expert's paths."""
ASIDE_M = 3.1
"""So far beside the middle is a way around: 0.9 m from the lost car, 0.7 m from the grass."""
SLOWER_MPS = 0.8
"""So much slower is a way around, so that nobody takes one without need."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Road:
    """A road, its centre line, and arc lengths of the latter's points."""

    network: RoadNetwork
    points: NDArray[np.float64]
    arc: NDArray[np.float64]

    def beside(self, at_m: float, right_m: float) -> tuple[float, float]:
        """The point so far along the road and to the right of its middle."""
        row, along_m = self._row(at_m)
        return self.network.position(row, along_m, right_m)

    def vehicle(
        self, at_m: float, speed_mps: float, kind: EntityKind, size_m: tuple[float, float]
    ) -> VehicleSpec:
        """A vehicle on the middle of the road."""
        row, along_m = self._row(at_m)
        lane = self.network.lane_index[row]
        found = vehicle_on_lane(self.network, lane, along_m, speed_mps=speed_mps, kind=kind)
        return replace(found, length_m=size_m[0], width_m=size_m[1])

    def _row(self, at_m: float) -> tuple[int, float]:
        row, last = 0, len(self.network.lane_index) - 1
        while row < last and at_m > self.network.length_m(row):
            at_m -= self.network.length_m(row)
            row += 1
        return row, at_m


@cache
def _road(split: str, number: int) -> _Road:
    generator = episode_generator(ID, f"road-{split}", number)
    bends = GENTLE if number % STRAIGHT_EVERY else None
    network = gentle_road(generator, length_m=LENGTH_M, width_m=WIDTH_M, bends=bends)
    points = lane_path(network, range(len(network.lane_index)))
    return _Road(network=network, points=points, arc=arc_lengths(points))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Scene:
    """What a seed draws."""

    road: _Road
    limit_mps: float
    gap_m: float
    behind_m: float
    delta: float
    release: int
    """Decision from which the lost car wants to stand."""


def _scene(seed: int) -> _Scene:
    generator = episode_generator(ID, "nominal", seed)
    split = split_of(seed)
    road = _road(split, int(generator.integers(ROADS[split])))
    slowest, fastest = (round(limit / LIMIT_STEP_MPS) for limit in LIMITS_MPS)
    limit = LIMIT_STEP_MPS * int(generator.integers(slowest, fastest, endpoint=True))
    first, last = (round(seconds * POLICY_HZ) for seconds in RELEASE_S)
    return _Scene(
        road=road,
        limit_mps=limit,
        gap_m=TIME_GAP_S * limit + STANDSTILL_GAP_M + uniform(generator, -GAP_PLAY_M, GAP_PLAY_M),
        behind_m=uniform(generator, *FOLLOWER_GAP_M),
        delta=uniform(generator, *EXPONENTS),
        release=int(generator.integers(first, last, endpoint=True)),
    )


def release_s(seed: int) -> float:
    """When the lorry loses the car in the episode of a seed; for tests and figures.

    Args:
        seed: Of any split.
    """
    return _scene(seed).release / POLICY_HZ


def build(seed: int, condition: str) -> Episode:
    """The episode of a seed under a condition."""
    scene = _scene(seed)
    road, limit = scene.road, scene.limit_mps
    lateral_m, turn_rad = start_offset(ID, condition, seed, turn_rad=OFF_COURSE_RAD)
    ego = road.vehicle(START_M, limit, EntityKind.EGO, (CAR_M, 2.0))
    cosine, sine = numerics.cos_sin(None, ego.heading_rad)
    ego = replace(
        ego,
        x_m=ego.x_m - lateral_m * sine,
        y_m=ego.y_m + lateral_m * cosine,
        heading_rad=ego.heading_rad + turn_rad,
    )
    rear_m = START_M + 0.5 * CAR_M + scene.gap_m
    lorry = road.vehicle(rear_m + 0.5 * LORRY_SIZE_M[0], limit, EntityKind.CONTROLLED, LORRY_SIZE_M)
    lost = road.vehicle(rear_m + INSIDE_M + 0.5 * LOST_SIZE_M[0], limit, EntityKind.CONTROLLED, LOST_SIZE_M)
    follower = replace(
        road.vehicle(START_M - CAR_M - scene.behind_m, limit, EntityKind.IDM, (CAR_M, 2.0)),
        delta=scene.delta,
    )
    speeds = np.full((scene.release + 1, 2), limit)
    speeds[scene.release, 1] = 0.0
    return Episode(
        scenario=ID,
        condition=condition,
        seed=seed,
        world=build_world(
            road.network,
            [ego, *(replace(each, check_collisions=False) for each in (lorry, lost)), follower],
            target_speeds_mps=(0.0, limit),
            script=Script(actors=(LORRY, LOST), speeds_mps=speeds),
        ),
        route=_route(road, (ego.x_m, ego.y_m)),
        horizon_s=HORIZON_S,
        speed_limit_mps=limit,
    )


def _route(road: _Road, start_m: tuple[float, float]) -> Route:
    start = int(np.searchsorted(road.arc, START_M, side="right")) - 1
    first = int(np.searchsorted(road.arc, START_M - BEHIND_M))
    return Route.along(
        road.points[first:],
        start_index=start - first,
        start_m=start_m,
        half_width_m=0.5 * WIDTH_M,
        commands=(CommandSegment(start_m=-math.inf, command=Command.FOLLOW, text=INSTRUCTION),),
    )


def manoeuvres(episode: Episode) -> Manoeuvres:
    """The middle of the road, and a way around on either side of it, from anywhere to anywhere."""
    road, limit = _scene(episode.seed).road, episode.speed_limit_mps
    along = np.arange(1.0 - START_M, float(road.arc[-1]) - START_M - 1.0, KNOT_M)
    paths = []
    for right_m, limit_mps in ((0.0, limit), (-ASIDE_M, limit - SLOWER_MPS), (ASIDE_M, limit - SLOWER_MPS)):
        points = np.array([road.beside(START_M + at, right_m) for at in along.tolist()])
        paths.append(ReferencePath.through(points, along, speed_limit_mps=limit_mps, around=right_m != 0.0))
    return Manoeuvres(
        paths=tuple(paths),
        changes=tuple(
            Change(origin=origin, destination=destination)
            for side in (1, 2)
            for origin, destination in ((0, side), (side, 0))
        ),
        horizon_s=4.0,
        beyond_s=5.0,
    )


SCENARIO = Scenario(
    id=ID,
    title="fork",
    description="A lorry ahead loses a car, to be passed on the left or on the right, both as good.",
    abilities=(Ability.AMBIGUITY,),
    conditions=("nominal", "off-course"),
    horizon_s=HORIZON_S,
    open_ended=True,
    build=build,
)
