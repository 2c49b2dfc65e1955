"""``two-way-v1``: overtake a slow vehicle by the lane of the oncoming traffic, in a gap of it.

Map
    highway-env's two-way road: one lane of 4 m each way, straight, 2.6 km long, with a broken line between
    them; limit 13.9 m/s (50 km/h); the same for every seed.
Traffic
    A slow vehicle, 8 m long, ahead at 4 to 5 m/s, a car behind at the flow's speed, and oncoming drivers at
    11.6 to 12.4 m/s in groups of two to four, 400 to 480 m apart. Nobody but the ego overtakes. They have
    driven for 3 s before the episode begins; the groups keep coming until its end.
Start
    70 to 110 m behind the slow vehicle, at the speed of the flow; never quite centred or quite straight (up
    to 0.3 m and 0.03 rad).
Observation
    The front camera shows the slow vehicle and, beside it, who comes towards the ego.
Route and goal
    Along the road; the goal is 500 m ahead. Who stays behind the slow vehicle gets about half of the way in
    the time that the expert needs for all of it.
Success
    At the goal within 1.5 times the expert's time, no collision, never off the road.
Failure
    An at-fault collision, the grass, or making an oncoming driver brake. The lane of the oncoming traffic is
    open (``Episode.oncoming_lane_open``): it is not against the direction of travel, except for the way that
    the ego drives while the next oncoming driver brakes by more than 2 m/s² for it.
Horizon
    80 s, 400 decisions; the expert takes 40 to 60 s.
Ability
    Interaction.
Conditions
    ``nominal``; ``off-course``: up to 0.9 m beside the lane's centre and up to 0.03 rad off its direction;
    ``dense``: two more in each group, 0.7 times as far from each other; ``aggressive``: drivers who follow at
    0.8 s; ``unseen-road``: lanes of 3.6 m, on a road that bends to both sides, with a radius of 530 m at the
    tightest.

Version history
    1: first version.
"""

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
    uniform,
)
from drivebench.world import RoadNetwork, TrafficParameters
from drivebench.world.build import VehicleSpec, build_network, vehicle_on_lane
from drivebench.world.network import LaneIndex
from drivebench.world.takeover import lane_spec
from scenarios.lane_path import arc_lengths, lane_points
from scenarios.manoeuvres import Change, Manoeuvres
from scenarios.reference_path import ReferencePath
from scenarios.stock.upstream import stock_road
from scenarios.swing import Swing
from scenarios.traffic import EXPONENTS, closer, drivers_under, settled, start_offset, with_ego

__all__ = ["SCENARIO", "manoeuvres"]

ROAD_M = 2600.0
START_M = 1010.0
"""Oncoming drivers do not come to their end of the road before the horizon, where highway-env turns them."""
GOAL_M = 500.0
LIMIT_MPS = 13.9
HORIZON_S = 80.0
WARM_UP_S = 3.0

OWN, LEFT, ONCOMING = ("a", "b", 1), ("a", "b", 0), ("b", "a", 0)
PARAMETERS = TrafficParameters(distance_wanted_m=8.0, time_wanted_s=1.2)
FLOW_MPS = (12.0, 13.0)
SLOW_MPS, SLOW_AHEAD_M = (4.0, 5.0), (70.0, 110.0)
SLOW_SIZE_M = (8.0, 2.4)
BEHIND_M = (25.0, 45.0)
ONCOMING_MPS = (11.6, 12.4)
GROUP, DENSE_MORE = (2, 4), 2
WITHIN_GROUP_M, BETWEEN_GROUPS_M = (30.0, 48.0), (400.0, 480.0)
FIRST_M = (20.0, 440.0)
"""Where the first oncoming group is, ahead of the ego's start."""
OFF_COURSE_RAD = 0.03
INSTRUCTION = "Follow the road. Overtake the slow vehicle when the other lane is free."
POINT_SPACING_M = 1.0
KEEP_RIGHT_MPS = 0.6
"""So much lower is the expert's limit on the left, so that it goes back when it can."""
ONCOMING_BRAKES_M = 100.0


@dataclass(frozen=True, kw_only=True)
class Road:
    """What a two-way road looks like.

    Attributes:
        lane_width_m: Of both lanes.
        swing: How it bends; None where it is straight.
        path_spacing_m: Distance of the points that are enough to describe a lane.
    """

    lane_width_m: float
    swing: Swing | None
    path_spacing_m: float

    @classmethod
    def under(cls, condition: str) -> "Road":
        """The road of a condition."""
        return UNSEEN if condition == UNSEEN_ROAD else NOMINAL


NOMINAL = Road(lane_width_m=4.0, swing=None, path_spacing_m=40.0)
UNSEEN = Road(lane_width_m=3.6, swing=Swing(amplitude_m=12.0, wave_m=500.0), path_spacing_m=5.0)


@cache
def _network(road: Road) -> RoadNetwork:
    lanes = []
    for origin, roads in stock_road("two-way-v0", length=ROAD_M).network.graph.items():
        for to, parallel in roads.items():
            for number, lane in enumerate(parallel):
                y_m = road.lane_width_m * number
                spec = lane_spec(lane)
                spec = replace(
                    spec,
                    origin_m=(spec.origin_m[0], y_m),
                    end_m=(spec.end_m[0], y_m),
                    width_m=road.lane_width_m,
                    speed_limit_mps=LIMIT_MPS,
                )
                lanes.append((origin, to, spec if road.swing is None else road.swing.lane(spec)))
    return build_network(lanes, connected_lanes=False)


@cache
def _points(road: Road, lane: LaneIndex, spacing_m: float) -> NDArray[np.float64]:
    """Centre of a lane, from its beginning."""
    network = _network(road)
    return lane_points(network, network.lane(lane), np.arange(0.0, ROAD_M + 0.5 * spacing_m, spacing_m))


def _driver(
    road: Road,
    lane: LaneIndex,
    at_m: float,
    wanted_mps: tuple[float, float],
    generator: np.random.Generator,
) -> VehicleSpec:
    wanted = uniform(generator, *wanted_mps)
    return vehicle_on_lane(
        _network(road),
        lane,
        at_m,
        speed_mps=wanted,
        target_speed_mps=wanted,
        delta=uniform(generator, *EXPONENTS),
        timer_s=uniform(generator, 0.0, 1.0),
        lane_changes=False,
    )


def _own_side(road: Road, generator: np.random.Generator) -> list[VehicleSpec]:
    """The ego's driver, the slow vehicle ahead and the car behind, as they were before the warm-up."""
    ego_m = START_M - WARM_UP_S * FLOW_MPS[0]
    ego = _driver(road, OWN, ego_m, FLOW_MPS, generator)
    slow = _driver(road, OWN, START_M, SLOW_MPS, generator)
    slow_m = START_M + uniform(generator, *SLOW_AHEAD_M) - WARM_UP_S * slow.speed_mps
    there = vehicle_on_lane(_network(road), OWN, slow_m, speed_mps=slow.speed_mps)
    length_m, width_m = SLOW_SIZE_M
    slow = replace(
        there,
        target_speed_mps=slow.target_speed_mps,
        delta=slow.delta,
        timer_s=slow.timer_s,
        lane_changes=False,
        length_m=length_m,
        width_m=width_m,
    )
    behind = _driver(road, OWN, ego_m - uniform(generator, *BEHIND_M), FLOW_MPS, generator)
    return [ego, slow, behind]


def _oncoming(road: Road, condition: str, generator: np.random.Generator) -> list[VehicleSpec]:
    """Groups of oncoming drivers, from the nearest to as far as somebody may come from in time."""
    found = []
    ahead_m = uniform(generator, *FIRST_M)
    reach_m = HORIZON_S * ONCOMING_MPS[1] + GOAL_M
    while ahead_m < reach_m:
        size = int(generator.integers(*GROUP, endpoint=True)) + (DENSE_MORE if condition == "dense" else 0)
        for place in range(size):
            if place > 0:
                ahead_m += uniform(generator, *closer(WITHIN_GROUP_M, condition))
            x_m = START_M + ahead_m + WARM_UP_S * ONCOMING_MPS[0]
            found.append(_driver(road, ONCOMING, ROAD_M - x_m, ONCOMING_MPS, generator))
        ahead_m += uniform(generator, *BETWEEN_GROUPS_M)
    return found


def build(seed: int, condition: str) -> Episode:
    """The episode of a seed under a condition."""
    generator = episode_generator(SCENARIO.id, "nominal", seed)
    road = Road.under(condition)
    network = _network(road)
    own_side = _own_side(road, generator)
    of_others = episode_generator(SCENARIO.id, condition, seed) if condition == "dense" else generator
    parameters = drivers_under(PARAMETERS, condition)
    start = settled(
        network,
        [*own_side, *_oncoming(road, condition, of_others)],
        protagonist=0,
        warm_up_s=WARM_UP_S,
        horizon_s=HORIZON_S,
        parameters=parameters,
    )
    lateral_m, turn_rad = start_offset(SCENARIO.id, condition, seed, turn_rad=OFF_COURSE_RAD)
    world = with_ego(network, start, lateral_m=lateral_m, heading_error_rad=turn_rad, parameters=parameters)
    x, y = world.entity_float[:2, 0].tolist()
    return Episode(
        scenario=SCENARIO.id,
        condition=condition,
        seed=seed,
        world=world,
        route=Route.along(
            _points(road, OWN, POINT_SPACING_M),
            start_index=int(x / POINT_SPACING_M),
            start_m=(x, y),
            half_width_m=1.5 * road.lane_width_m,
            goal_from_start_m=GOAL_M,
            commands=(CommandSegment(start_m=-ROAD_M, command=Command.FOLLOW, text=INSTRUCTION),),
        ),
        horizon_s=HORIZON_S,
        speed_limit_mps=LIMIT_MPS,
        oncoming_lane_open=True,
    )


def manoeuvres(episode: Episode) -> Manoeuvres:
    """Both lanes, and changes between them anywhere; making an oncoming driver brake costs a lot."""
    road = Road.under(episode.condition)
    start = float(episode.world.entity_float[0, 0])
    paths = []
    for lane, limit_mps in ((OWN, LIMIT_MPS), (LEFT, LIMIT_MPS - KEEP_RIGHT_MPS)):
        points = _points(road, lane, road.path_spacing_m)
        arc = arc_lengths(points)
        arc -= np.interp(start, points[:, 0], arc)
        paths.append(ReferencePath.through(points, arc, speed_limit_mps=limit_mps))
    return Manoeuvres(
        paths=tuple(paths),
        changes=(Change(origin=0, destination=1), Change(origin=1, destination=0)),
        slower_by_mps=(-4.0,),
        oncoming_brakes_m=ONCOMING_BRAKES_M,
        horizon_s=6.0,
        near_m=300.0,
        beyond_s=4.0,
    )


SCENARIO = Scenario(
    id="two-way-v1",
    title="Two-way road",
    description="Overtake a slow vehicle by the lane of the oncoming traffic, without making anybody brake.",
    abilities=(Ability.INTERACTION,),
    conditions=("nominal", "off-course", "dense", "aggressive", UNSEEN_ROAD),
    horizon_s=HORIZON_S,
    open_ended=False,
    build=build,
)
