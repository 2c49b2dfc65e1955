"""``occlusion-v1``: parked lorries hide a vehicle that crosses, and that was to be seen before.

Map
    A road of one lane, 4 m wide, straight, which two others cross; the same for every seed, or mirrored.
Traffic
    On the first crossing road a vehicle, 7 m long, comes nearer at half of the ego's speed, so that the two
    would meet; every other episode is the same without it. Three parked lorries in a row, beside the road
    just before the crossing, hide it from 4 s before the two would meet until it is too late to stop. On the
    second crossing road, 16 m further, a convoy, 20 m long, is under way from the other side at 2 m/s: who
    keeps the speed passes before it; who comes half a second later waits behind it.
Start
    8.5 to 9.5 s before the first crossing, at the limit, a little beside the lane's centre and a little askew
    (up to 0.3 m and 0.03 rad).
Observation
    The front camera shows the crossing vehicle at first, for about four seconds. When it is time to brake it
    is hidden, and the pictures are the same with it and without.
Route and goal
    Straight on; open-ended.
Speed limit
    8 to 9 m/s.
Success
    As much progress as the expert (95 %), no collision, never off the road.
Failure
    Running into the crossing vehicle; braking where nobody comes, which costs about half of the way.
Horizon
    20 s, 100 decisions.
Ability
    Memory. Seeds come in pairs: an even one without the crossing vehicle, and the next one with it and with
    all else the same. Up to the moment when the expert brakes it does the same in both.
Conditions
    ``nominal``; ``off-course``: 0.4 to 0.9 m beside the lane's centre and up to 0.05 rad off its direction.

Version history
    1: first version.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from drivebench.scenario import (
    Ability,
    Command,
    CommandSegment,
    Episode,
    Route,
    Scenario,
    episode_generator,
    uniform,
)
from drivebench.world import EntityKind, RoadNetwork
from drivebench.world.build import VehicleSpec, build_network, build_world
from drivebench.world.lane_spec import LaneSpec
from scenarios.manoeuvres import Manoeuvres
from scenarios.reference_path import ReferencePath
from scenarios.traffic import start_offset

__all__ = ["CROSSING", "SCENARIO", "manoeuvres", "meeting_s"]

ID = "occlusion-v1"
HORIZON_S = 20.0
LANE_WIDTH_M = 4.0
BEGIN_M, END_M, ACROSS_M = -130.0, 170.0, 120.0
CONVOY_ROAD_M = 16.0
"""Where the second road crosses; the first does at 0."""
LIMITS_MPS, LIMIT_STEP_MPS = (8.0, 9.0), 0.5
BEFORE_S = (8.5, 9.5)
CAR_M, CAR_WIDTH_M = 5.0, 2.0
CROSSING_SIZE_M, CONVOY_SIZE_M = (7.0, 2.5), (20.0, 2.5)
CROSSING_SHARE, CONVOY_MPS = 0.5, 2.0
"""Speed of the crossing vehicle, as a share of the limit, and of the convoy."""
MEETS_M = (0.0, 0.4)
"""So far on its side of the ego's centre line is the front of the crossing vehicle when the ego's front comes
to its flank: the ego runs into it."""
AFTER_S = 0.4
"""The convoy comes onto the ego's way so long after an ego that keeps its speed has passed."""
LORRY_SIZE_M, LORRIES, LORRY_GAP_M = (9.4, 2.5), 3, 0.9
LORRY_NEAR_M, LORRY_END_M = 2.6, -3.0
"""How far from the ego's centre line the near sides of the lorries are, and where the last one ends."""
OFF_COURSE_RAD = 0.05
BEHIND_M, POINT_SPACING_M = 20.0, 1.0
EGO, CONVOY, CROSSING = 0, 1, 2
AWAY_M = 114.0
"""Where the crossing vehicle stands, beyond the crossing, in episodes in which it does not come: at every
moment out of the cameras' sight."""
INSTRUCTION = "Go straight on. Give way to crossing traffic."


@cache
def _network(side: int) -> RoadNetwork:
    """The roads; the crossing vehicle comes from the right (1) or from the left (-1)."""

    def lane(start: tuple[float, float], end: tuple[float, float]) -> LaneSpec:
        return LaneSpec.straight(start, end, width_m=LANE_WIDTH_M, line_types=(0, 0))

    across = side * ACROSS_M
    return build_network(
        [
            ("a", "b", lane((BEGIN_M, 0.0), (END_M, 0.0))),
            ("c", "d", lane((0.0, across), (0.0, -across))),
            ("e", "f", lane((CONVOY_ROAD_M, -across), (CONVOY_ROAD_M, across))),
        ]
    )


@dataclass(frozen=True, kw_only=True)
class _Scene:
    """What a pair of seeds draws: the limit, when the two meet, where, and from which side one comes."""

    limit_mps: float
    before_s: float
    meets_m: float
    side: int


def _scene(seed: int) -> _Scene:
    generator = episode_generator(ID, "nominal", _pair(seed))
    slowest, fastest = (round(limit / LIMIT_STEP_MPS) for limit in LIMITS_MPS)
    return _Scene(
        limit_mps=LIMIT_STEP_MPS * int(generator.integers(slowest, fastest, endpoint=True)),
        before_s=uniform(generator, *BEFORE_S),
        meets_m=uniform(generator, *MEETS_M),
        side=1 if generator.random() < 0.5 else -1,
    )


def _pair(seed: int) -> int:
    return seed - seed % 2


def meeting_s(seed: int) -> float:
    """When an ego that keeps its speed runs into the crossing vehicle; for tests and figures.

    Args:
        seed: Of any split.
    """
    return _scene(seed).before_s


def build(seed: int, condition: str) -> Episode:
    """The episode of a seed under a condition."""
    scene = _scene(seed)
    network, limit = _network(scene.side), scene.limit_mps
    meeting_m = -0.5 * (CROSSING_SIZE_M[1] + CAR_M)
    start_m = meeting_m - limit * scene.before_s
    lateral_m, turn_rad = start_offset(ID, condition, _pair(seed), turn_rad=OFF_COURSE_RAD)
    ego = VehicleSpec(kind=EntityKind.EGO, x_m=start_m, y_m=lateral_m, heading_rad=turn_rad, speed_mps=limit)
    passed_s = scene.before_s + (CONVOY_ROAD_M - 2.0 * meeting_m) / limit
    convoy_m = 0.5 * CAR_WIDTH_M + CONVOY_MPS * (passed_s + AFTER_S) + 0.5 * CONVOY_SIZE_M[0]
    convoy = _across(CONVOY_ROAD_M, -scene.side * convoy_m, scene.side, CONVOY_MPS, CONVOY_SIZE_M)
    speed = CROSSING_SHARE * limit
    coming_m = scene.meets_m + 0.5 * CROSSING_SIZE_M[0] + speed * scene.before_s
    crossing = (
        _across(0.0, scene.side * coming_m, -scene.side, speed, CROSSING_SIZE_M)
        if seed % 2
        else _across(0.0, -scene.side * AWAY_M, -scene.side, 0.0, CROSSING_SIZE_M)
    )
    return Episode(
        scenario=ID,
        condition=condition,
        seed=seed,
        world=build_world(
            network,
            [ego, convoy, crossing, *_lorries(scene.side)],
            target_speeds_mps=(0.0, CONVOY_MPS, speed),
        ),
        route=_route(start_m, lateral_m),
        horizon_s=HORIZON_S,
        speed_limit_mps=limit,
    )


def _across(
    x_m: float, y_m: float, direction: int, speed_mps: float, size_m: tuple[float, float]
) -> VehicleSpec:
    """Somebody on a crossing road who keeps the speed, come what may."""
    return VehicleSpec(
        kind=EntityKind.CONTROLLED,
        x_m=x_m,
        y_m=y_m,
        heading_rad=direction * math.pi / 2,
        speed_mps=speed_mps,
        target_speed_mps=speed_mps,
        speed_index=0,
        length_m=size_m[0],
        width_m=size_m[1],
    )


def _lorries(side: int) -> list[VehicleSpec]:
    """The parked ones, the last of them first."""
    length, width = LORRY_SIZE_M
    return [
        VehicleSpec(
            kind=EntityKind.OBSTACLE,
            x_m=LORRY_END_M - 0.5 * length - place * (length + LORRY_GAP_M),
            y_m=side * (LORRY_NEAR_M + 0.5 * width),
            length_m=length,
            width_m=width,
        )
        for place in range(LORRIES)
    ]


def _route(start_m: float, lateral_m: float) -> Route:
    x = np.arange(math.floor(start_m - BEHIND_M), END_M + 0.5, POINT_SPACING_M)
    return Route.along(
        np.stack([x, np.zeros_like(x)], axis=1),
        start_index=math.floor(start_m) - int(x[0]),
        start_m=(start_m, lateral_m),
        half_width_m=0.5 * LANE_WIDTH_M,
        commands=(CommandSegment(start_m=-math.inf, command=Command.STRAIGHT, text=INSTRUCTION),),
    )


def manoeuvres(episode: Episode) -> Manoeuvres:
    """The route at several speeds, seen 2.6 s ahead: as late as one can and still brake in comfort.

    Who looked further ahead would brake before the crossing vehicle is hidden.
    """
    route = episode.route
    path = ReferencePath.through(route.points_m, route.arc_m, speed_limit_mps=episode.speed_limit_mps)
    return Manoeuvres(
        paths=(path,),
        caps_mps=(0.0, 1.5, 3.0, 5.0),
        slower_by_mps=(-1.0, -2.0),
        horizon_s=2.6,
        beyond_s=1.0,
    )


SCENARIO = Scenario(
    id=ID,
    title="occlusion",
    description="Parked lorries hide a crossing vehicle that was to be seen before; it comes or not.",
    abilities=(Ability.MEMORY,),
    conditions=("nominal", "off-course"),
    horizon_s=HORIZON_S,
    open_ended=True,
    build=build,
)
