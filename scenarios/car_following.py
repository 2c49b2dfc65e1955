"""``car-following-v1``: keep your distance to a car that brakes and goes, without brake lights.

Map
    Generated roads of one lane, 4.4 m wide: straight ones, and ones with gentle arcs of 150 to 500 m
    (:mod:`scenarios.gentle_road`). Every split has its own: 32 for training, 12 for development, 16 for test,
    16 for secret suites.
Traffic
    A lead vehicle that goes and brakes every three or four seconds, between 5 m/s and 9 to 12 m/s, now and
    then hard, and in some episodes comes to a stop and goes again (:mod:`scenarios.leader_profile`). It
    follows its script and nothing else. Behind the ego an IDM driver who wants to go at the limit.
Start
    6 to 18 m behind the leader, bumper to bumper, closing at -2 to 2 m/s: the two are drawn independently,
    and so is the leader's speed. The ego is a little beside the centre and a little askew (up to 0.3 m and
    0.03 rad).
Observation
    The front camera shows how far the leader is. It has no brake lights, and what it does next follows from
    nothing in a picture: one picture and the speed do not tell whether the gap closes, a second of pictures
    does.
Route and goal
    The lane; open-ended. Progress is compared with the expert's, who stays behind the leader.
Speed limit
    Half a metre a second more than the leader's greatest speed.
Success
    As much progress as the expert (95 %), no collision, never off the road.
Failure
    Running into the leader; making the driver behind run into the ego by braking or stopping without cause;
    staying far behind.
Horizon
    30 s, 150 decisions.
Abilities
    Memory, interaction.
Conditions
    ``nominal``; ``off-course``: 0.4 to 0.9 m beside the lane's centre and up to 0.06 rad off its direction;
    ``unseen-road``: the seed's leader, gap and speeds on a road with arcs of 60 to 100 m, 4 m wide; other
    ones in each split.

Version history
    1: first version.
"""

import math
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
from drivebench.world.build import VehicleSpec, build_world, vehicle_on_lane
from drivebench.world.clock import POLICY_HZ
from drivebench.world.script import Script
from scenarios.gentle_road import GENTLE, TIGHT, gentle_road
from scenarios.lane_path import arc_lengths, lane_path
from scenarios.leader_profile import leader_profile
from scenarios.traffic import EXPONENTS, start_offset

__all__ = ["LEADER", "SCENARIO"]

ID = "car-following-v1"
HORIZON_S = 30.0
ROADS = {"train": 32, "dev": 12, "test": 16, "secret": 16}
STRAIGHT_EVERY = 4
"""Every so many roads one is straight."""
LENGTH_M, WIDTH_M, UNSEEN_WIDTH_M = 520.0, 4.4, 4.0
TOP_MPS, TOP_STEP_MPS = (9.0, 12.0), 0.5
"""Range of the leader's greatest speed, in steps."""
LIMIT_ABOVE_TOP_MPS = 0.5
"""So that the ego can close a gap; more would make driving at half the limit look like following."""
SLOWEST_START_MPS = 6.0
"""The leader starts at this to 2 m/s below its greatest speed."""
GAP_M = (6.0, 18.0)
CLOSING_MPS = (-2.0, 2.0)
FOLLOWER_GAP_M = (12.0, 22.0)
CAR_M = 5.0
START_M, ROOM_M = 40.0, 20.0
"""Road behind the start, and between the leader and the end of the road at the end of the episode."""
BEHIND_M = 38.0
"""Length of the route before the start."""
OFF_COURSE_RAD = 0.06
EGO, LEADER = 0, 1
INSTRUCTION = "Follow the car ahead at a safe distance."


@dataclass(frozen=True, kw_only=True, eq=False)
class _Road:
    """A road and its centre line."""

    network: RoadNetwork
    points: NDArray[np.float64]
    arc: NDArray[np.float64]
    width_m: float

    def vehicle(self, at_m: float, speed_mps: float, kind: EntityKind) -> VehicleSpec:
        """A vehicle on the centre line at an arc length of the road."""
        row = 0
        while at_m > self.network.length_m(row):
            at_m -= self.network.length_m(row)
            row += 1
        lane = self.network.lane_index[row]
        return vehicle_on_lane(self.network, lane, at_m, speed_mps=speed_mps, kind=kind)


@cache
def _road(split: str, number: int, *, unseen: bool) -> _Road:
    stream, width_m = f"road-{split}", WIDTH_M
    bends = GENTLE if number % STRAIGHT_EVERY else None
    if unseen:
        stream, bends, width_m = f"unseen-road-{split}", TIGHT, UNSEEN_WIDTH_M
    generator = episode_generator(ID, stream, number)
    network = gentle_road(generator, length_m=LENGTH_M, width_m=width_m, bends=bends)
    points = lane_path(network, range(len(network.lane_index)))
    return _Road(network=network, points=points, arc=arc_lengths(points), width_m=width_m)


def build(seed: int, condition: str) -> Episode:
    """The episode of a seed under a condition."""
    generator = episode_generator(ID, "nominal", seed)
    split = split_of(seed)
    road = _road(split, int(generator.integers(ROADS[split])), unseen=condition == UNSEEN_ROAD)
    slowest, fastest = (round(top / TOP_STEP_MPS) for top in TOP_MPS)
    top = TOP_STEP_MPS * int(generator.integers(slowest, fastest, endpoint=True))
    limit = top + LIMIT_ABOVE_TOP_MPS
    leader_mps = uniform(generator, SLOWEST_START_MPS, top - CLOSING_MPS[1])
    speed = leader_mps + uniform(generator, *CLOSING_MPS)
    gap = uniform(generator, *GAP_M)
    behind = uniform(generator, *FOLLOWER_GAP_M)
    delta = uniform(generator, *EXPONENTS)
    profile = leader_profile(
        generator, start_mps=leader_mps, top_mps=top, decisions=round(HORIZON_S * POLICY_HZ)
    )
    reach = max(profile.distance_m + gap + CAR_M + ROOM_M, limit * HORIZON_S)
    at_m = uniform(generator, START_M, max(float(road.arc[-1]) - reach, START_M))
    lateral_m, turn_rad = start_offset(ID, condition, seed, turn_rad=OFF_COURSE_RAD)
    ego = _displaced(road.vehicle(at_m, speed, EntityKind.EGO), lateral_m, turn_rad)
    leader = road.vehicle(at_m + CAR_M + gap, leader_mps, EntityKind.CONTROLLED)
    follower = replace(
        road.vehicle(at_m - CAR_M - behind, speed, EntityKind.IDM), target_speed_mps=limit, delta=delta
    )
    return Episode(
        scenario=ID,
        condition=condition,
        seed=seed,
        world=build_world(
            road.network,
            [ego, leader, follower],
            script=Script(actors=(LEADER,), speeds_mps=profile.targets_mps[:, None]),
        ),
        route=_route(road, at_m, (ego.x_m, ego.y_m)),
        horizon_s=HORIZON_S,
        speed_limit_mps=limit,
    )


def _displaced(vehicle: VehicleSpec, lateral_m: float, turn_rad: float) -> VehicleSpec:
    """The same further to the right and turned to the right."""
    cosine, sine = numerics.cos_sin(None, vehicle.heading_rad)
    return replace(
        vehicle,
        x_m=vehicle.x_m - lateral_m * sine,
        y_m=vehicle.y_m + lateral_m * cosine,
        heading_rad=vehicle.heading_rad + turn_rad,
    )


def _route(road: _Road, at_m: float, start_m: tuple[float, float]) -> Route:
    start = int(np.searchsorted(road.arc, at_m, side="right")) - 1
    first = int(np.searchsorted(road.arc, at_m - BEHIND_M))
    return Route.along(
        road.points[first:],
        start_index=start - first,
        start_m=start_m,
        half_width_m=0.5 * road.width_m,
        commands=(CommandSegment(start_m=-math.inf, command=Command.FOLLOW, text=INSTRUCTION),),
    )


SCENARIO = Scenario(
    id=ID,
    title="car following",
    description="Keep your distance to a car that brakes and goes, without brake lights.",
    abilities=(Ability.MEMORY, Ability.INTERACTION),
    conditions=("nominal", "off-course", UNSEEN_ROAD),
    horizon_s=HORIZON_S,
    open_ended=True,
    build=build,
)
