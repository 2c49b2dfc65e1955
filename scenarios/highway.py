"""``highway-v1``: keep going on a motorway, in traffic that flows near the limit.

Map
    highway-env's straight road, four lanes of 4 m, 1.6 km long, the same for every seed; limit 28 m/s.
Traffic
    About 30 IDM/MOBIL drivers from 300 m behind the ego to 330 m ahead, faster the further to the left: 19 to
    21.5 m/s on the right lane, 27.5 to 30 m/s on the left one. They have driven for 4 s before the episode
    begins.
Start
    The ego takes the place of one of them in the middle of the flow, at that one's speed, on one of the two
    right lanes, with vehicles ahead, behind and beside it. It is never quite centred or quite straight (up to
    0.3 m and 0.03 rad), so that holding the wheel still is not a way to drive.
Observation
    The front camera shows leaders and lane marks; the mirrors show whether the next lane is free.
Route and goal
    Along the road, open-ended. Any lane will do; progress is compared with the expert's, which overtakes.
Success
    As much progress as the expert (95 %), no collision, never off the road.
Failure
    An at-fault collision, the grass, driving back, or crawling among vehicles at 19 to 30 m/s.
Horizon
    30 s, 150 decisions.
Ability
    Interaction.
Conditions
    ``nominal``; ``off-course``: up to 0.9 m beside the lane's centre and up to 0.03 rad off its direction;
    ``dense``: gaps 0.7 times as long; ``aggressive``: drivers who follow at 0.8 s and change lanes for less;
    ``unseen-road``: lanes of 3.5 m, on a road that bends to both sides, with a radius of 600 m at the
    tightest; the ego starts on the seed's lane.

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
)
from drivebench.world import RoadNetwork, TrafficParameters
from drivebench.world.build import VehicleSpec, build_network
from drivebench.world.takeover import lane_spec
from scenarios.lane_path import arc_lengths, lane_points
from scenarios.manoeuvres import Change, Manoeuvres
from scenarios.reference_path import ReferencePath
from scenarios.stock.upstream import straight_road
from scenarios.swing import Swing
from scenarios.traffic import closer, column_of_vehicles, drivers_under, settled, start_offset, with_ego

__all__ = ["SCENARIO", "manoeuvres"]

LANES = 4
ROAD_M = 1600.0
LIMIT_MPS = 28.0
TRAFFIC_LIMIT_MPS = 30.0
"""Nobody in the traffic drives faster; those who want to are a little above the limit, as in life."""
HORIZON_S = 30.0
WARM_UP_S = 4.0

START_M = 440.0
BEHIND_M = 300.0
AHEAD_M = 330.0
GAPS_M = ((65.0, 120.0), (55.0, 110.0), (50.0, 100.0), (45.0, 90.0))
FLOW_MPS = 25.0
WANTED_MPS = ((27.5, 30.0), (25.0, 28.0), (22.0, 25.0), (19.0, 21.5))
"""What drivers want on each lane, from the left: lorries keep to the right."""
EGO_LANES = (2, 3)
"""The ego starts where it is slow, and has to find its way to the left."""
PARAMETERS = TrafficParameters(time_wanted_s=1.2)
OFF_COURSE_RAD = 0.03
MOST_LANES_AT_ONCE = 2
INSTRUCTION = "Keep going along the motorway."
POINT_SPACING_M = 1.0


@dataclass(frozen=True, kw_only=True)
class Road:
    """What a motorway looks like.

    Attributes:
        lane_width_m: Of each of its lanes.
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
UNSEEN = Road(lane_width_m=3.5, swing=Swing(amplitude_m=20.0, wave_m=690.0), path_spacing_m=5.0)
"""1.3 m/s² to the side at the limit."""


@cache
def _network(road: Road) -> RoadNetwork:
    lanes = []
    stock = straight_road(lanes=LANES, length_m=ROAD_M, speed_limit_mps=TRAFFIC_LIMIT_MPS)
    for number, lane in enumerate(stock.graph["0"]["1"]):
        spec = lane_spec(lane)
        y_m = road.lane_width_m * number
        spec = replace(spec, origin_m=(0.0, y_m), end_m=(ROAD_M, y_m), width_m=road.lane_width_m)
        lanes.append(("0", "1", spec if road.swing is None else road.swing.lane(spec)))
    return build_network(lanes, connected_lanes=True)


@cache
def _points(road: Road, lane: int, spacing_m: float, end_m: float) -> NDArray[np.float64]:
    """Centre of a lane, from its beginning."""
    return lane_points(_network(road), lane, np.arange(0.0, end_m, spacing_m))


def _traffic(road: Road, condition: str, generator: np.random.Generator) -> list[VehicleSpec]:
    """The columns of all lanes, from the left, as they were before the warm-up."""
    warm_up_m = WARM_UP_S * FLOW_MPS
    return [
        vehicle
        for lane in range(LANES)
        for vehicle in column_of_vehicles(
            _network(road),
            ("0", "1", lane),
            start_m=START_M - BEHIND_M - warm_up_m,
            end_m=START_M + AHEAD_M - warm_up_m,
            gaps_m=closer(GAPS_M[lane], condition),
            target_speed_mps=WANTED_MPS[lane],
            generator=generator,
        )
    ]


def build(seed: int, condition: str) -> Episode:
    """The episode of a seed under a condition."""
    generator = episode_generator(SCENARIO.id, "nominal", seed)
    road, warm_up_m = Road.under(condition), WARM_UP_S * FLOW_MPS
    network = _network(road)
    vehicles = _traffic(road, "nominal", generator)
    ego_lane = EGO_LANES[int(generator.integers(len(EGO_LANES)))]
    if condition == "dense":
        vehicles = _traffic(road, condition, episode_generator(SCENARIO.id, condition, seed))
    parameters = drivers_under(PARAMETERS, condition)
    on_lane = [place for place, vehicle in enumerate(vehicles) if vehicle.target_lane == ("0", "1", ego_lane)]
    protagonist = min(on_lane, key=lambda place: abs(vehicles[place].x_m + warm_up_m - START_M))
    start = settled(
        network,
        vehicles,
        protagonist=protagonist,
        warm_up_s=WARM_UP_S,
        horizon_s=HORIZON_S,
        parameters=parameters,
    )
    lateral_m, turn_rad = start_offset(SCENARIO.id, condition, seed, turn_rad=OFF_COURSE_RAD)
    world = with_ego(network, start, lateral_m=lateral_m, heading_error_rad=turn_rad, parameters=parameters)
    ego_x, ego_y, heading = world.entity_float[:3, 0].tolist()
    lane = network.closest_lane(ego_x, ego_y, heading)
    return Episode(
        scenario=SCENARIO.id,
        condition=condition,
        seed=seed,
        world=world,
        route=Route.along(
            _points(road, lane, POINT_SPACING_M, ROAD_M),
            start_index=int(ego_x / POINT_SPACING_M),
            start_m=(ego_x, ego_y),
            half_width_m=road.lane_width_m * (max(lane, LANES - 1 - lane) + 0.5),
            commands=(CommandSegment(start_m=-ROAD_M, command=Command.FOLLOW, text=INSTRUCTION),),
        ),
        horizon_s=HORIZON_S,
        speed_limit_mps=LIMIT_MPS,
    )


def manoeuvres(episode: Episode) -> Manoeuvres:
    """Any lane, and a change by one lane or two anywhere; the ego's lane comes first."""
    road = Road.under(episode.condition)
    x, y, heading = episode.world.entity_float[:3, 0].tolist()
    own = _network(road).closest_lane(x, y, heading)
    order = sorted(range(LANES), key=lambda lane: abs(lane - own))
    paths = []
    for lane in order:
        points = _points(road, lane, road.path_spacing_m, ROAD_M + road.path_spacing_m)
        arc = arc_lengths(points)
        arc -= np.interp(x, points[:, 0], arc)
        paths.append(ReferencePath.through(points, arc, speed_limit_mps=LIMIT_MPS))
    changes = tuple(
        Change(origin=a, destination=b)
        for a in range(LANES)
        for b in range(LANES)
        if 1 <= abs(order[a] - order[b]) <= MOST_LANES_AT_ONCE
    )
    return Manoeuvres(paths=tuple(paths), changes=changes, beyond_s=8.0, near_m=200.0)


SCENARIO = Scenario(
    id="highway-v1",
    title="Motorway",
    description="Keep going in four lanes of flowing traffic, as fast as is safe.",
    abilities=(Ability.INTERACTION,),
    conditions=("nominal", "off-course", "dense", "aggressive", UNSEEN_ROAD),
    horizon_s=HORIZON_S,
    open_ended=True,
    build=build,
)
