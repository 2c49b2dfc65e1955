"""``merge-v1``: past a motorway junction, along the main road or from the ramp, in flowing traffic.

Map
    highway-env's generic merge: two lanes of 4 m and a ramp that runs beside them for 150 m before it ends at
    an obstacle; limit 28 m/s; the same for every seed.
Traffic
    IDM/MOBIL drivers who want 26 to 30 m/s on both lanes, from 300 m behind the ego to 330 m ahead, and on
    the ramp ahead of it and behind it. They have driven for 4 s before the episode begins.
Start
    Even seeds on the main road, 340 m before the ramp ends; odd seeds on the ramp, 360 m before its end. The
    ego takes the place of one of the drivers, at that one's speed, never quite centred or quite straight (up
    to 0.3 m and 0.03 rad).
Observation
    From the ramp, the left mirror and the front camera show the gaps of the main road.
Route and goal
    The goal is 150 m past the end of the ramp, on either lane.
Success
    At the goal within 1.5 times the expert's time, no collision, never off the road.
Failure
    An at-fault collision, the obstacle at the end of the ramp, the grass.
Horizon
    40 s, 200 decisions.
Ability
    Interaction.
Conditions
    ``nominal``; ``off-course``: up to 0.9 m beside the lane's centre and up to 0.03 rad off its direction;
    ``dense``: gaps 0.7 times as long; ``aggressive``: drivers who follow at 0.8 s and change lanes for less;
    ``unseen-road``: three lanes, and a ramp that bends for 140 m and then runs beside the road for 125 m.

Version history
    1: first version.
"""

from dataclasses import dataclass
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
from drivebench.world.build import VehicleSpec
from drivebench.world.takeover import take_network, vehicle_spec
from scenarios.lane_path import arc_lengths, lane_points
from scenarios.manoeuvres import Change, Manoeuvres
from scenarios.reference_path import ReferencePath
from scenarios.stock.upstream import stock_environment
from scenarios.traffic import closer, column_of_vehicles, drivers_under, settled, start_offset, with_ego

__all__ = ["SCENARIO", "manoeuvres"]

LANE_WIDTH_M = 4.0
BEFORE_M, AFTER_M = 500.0, 440.0
"""Lengths: until the ramp begins to bend, and after its end."""
GOAL_PAST_M = 150.0
"""The goal is so far past the end of the ramp."""
LIMIT_MPS = 28.0
HORIZON_S = 40.0
WARM_UP_S = 4.0

PARAMETERS = TrafficParameters(time_wanted_s=1.2)
FLOW_MPS = 25.0
MAIN_START_M, RAMP_START_M = 420.0, 400.0
BEHIND_M, AHEAD_M = 300.0, 330.0
GAPS_M = (40.0, 80.0)
RAMP_GAPS_M = (70.0, 130.0)
RAMP_BEHIND_M, RAMP_AHEAD_M = 150.0, 150.0
WANTED_MPS = (26.0, 30.0)
OFF_COURSE_RAD = 0.03
POINT_SPACING_M = 1.0
PATH_SPACING_M = 40.0
STOP_BEFORE_END_M = 8.0
CROSSING_M = (15.0, 120.0)
"""The route crosses from the ramp to the road between these distances past the point where they join."""


@dataclass(frozen=True, kw_only=True)
class Junction:
    """Where the ramp meets the road.

    Attributes:
        lanes: Of the main road.
        converge_m: Length of the ramp's bend towards the road.
        beside_m: How far it then runs beside the road.
    """

    lanes: int
    converge_m: float
    beside_m: float

    @classmethod
    def under(cls, condition: str) -> "Junction":
        """The junction of a condition."""
        return UNSEEN if condition == UNSEEN_ROAD else NOMINAL

    @property
    def joined_m(self) -> float:
        """Where the ramp begins to run beside the road."""
        return BEFORE_M + self.converge_m

    @property
    def ramp_end_m(self) -> float:
        """Where it ends."""
        return self.joined_m + self.beside_m

    @property
    def road_m(self) -> float:
        """Where the road ends."""
        return self.ramp_end_m + AFTER_M


NOMINAL = Junction(lanes=2, converge_m=110.0, beside_m=150.0)
"""The bend is taken at 28 m/s with 2.1 m/s² to the side; highway-env's own 80 m would be 3.9 m/s²."""
UNSEEN = Junction(lanes=3, converge_m=140.0, beside_m=125.0)


@cache
def _road(junction: Junction) -> tuple[RoadNetwork, tuple[VehicleSpec, ...]]:
    environment = stock_environment(
        "merge-generic-v1",
        config={
            "lanes_count": junction.lanes,
            "before_merge_length": BEFORE_M,
            "converge_merge_length": junction.converge_m,
            "parallel_merge_length": junction.beside_m,
            "after_merge_length": AFTER_M,
        },
    )
    road = environment.road
    network = take_network(road.network.graph, connected_lanes=True)
    return network, tuple(vehicle_spec(entity) for entity in road.objects)


def _traffic(
    junction: Junction, start_m: float, condition: str, generator: np.random.Generator
) -> tuple[list[VehicleSpec], int]:
    """Vehicles as they were before the warm-up, and how many of them are on the road; the others follow."""
    network, _ = _road(junction)
    warm_up_m = WARM_UP_S * FLOW_MPS
    vehicles: list[VehicleSpec] = []
    for lane in range(junction.lanes):
        vehicles += column_of_vehicles(
            network,
            ("a", "b", lane),
            start_m=max(start_m - BEHIND_M - warm_up_m, 0.0),
            end_m=start_m + AHEAD_M - warm_up_m,
            gaps_m=closer(GAPS_M, condition),
            target_speed_mps=WANTED_MPS,
            generator=generator,
        )
    on_ramp = len(vehicles)
    vehicles += column_of_vehicles(
        network,
        ("j", "k", 0),
        start_m=RAMP_START_M - RAMP_BEHIND_M - warm_up_m,
        end_m=min(RAMP_START_M + RAMP_AHEAD_M - warm_up_m, BEFORE_M),
        gaps_m=closer(RAMP_GAPS_M, condition),
        target_speed_mps=WANTED_MPS,
        generator=generator,
    )
    return vehicles, on_ramp


def build(seed: int, condition: str) -> Episode:
    """The episode of a seed under a condition."""
    generator = episode_generator(SCENARIO.id, "nominal", seed)
    junction = Junction.under(condition)
    network, obstacles = _road(junction)
    from_ramp = seed % 2 == 1
    start_m = RAMP_START_M if from_ramp else MAIN_START_M
    warm_up_m = WARM_UP_S * FLOW_MPS
    of_traffic = episode_generator(SCENARIO.id, condition, seed) if condition == "dense" else generator
    vehicles, on_ramp = _traffic(junction, start_m, condition, of_traffic)
    parameters = drivers_under(PARAMETERS, condition)
    candidates = range(on_ramp, len(vehicles)) if from_ramp else range(on_ramp)
    protagonist = min(candidates, key=lambda place: abs(vehicles[place].x_m + warm_up_m - start_m))
    start = settled(
        network,
        vehicles,
        obstacles,
        protagonist=protagonist,
        warm_up_s=WARM_UP_S,
        horizon_s=HORIZON_S,
        parameters=parameters,
    )
    lateral_m, turn_rad = start_offset(SCENARIO.id, condition, seed, turn_rad=OFF_COURSE_RAD)
    world = with_ego(
        network, start, obstacles, lateral_m=lateral_m, heading_error_rad=turn_rad, parameters=parameters
    )
    return Episode(
        scenario=SCENARIO.id,
        condition=condition,
        seed=seed,
        world=world,
        route=_route(junction, world.entity_float[0, 0], world.entity_float[1, 0], from_ramp=from_ramp),
        horizon_s=HORIZON_S,
        speed_limit_mps=LIMIT_MPS,
    )


def _route(junction: Junction, x_m: float, y_m: float, *, from_ramp: bool) -> Route:
    road_m, ramp_end_m = junction.road_m, junction.ramp_end_m
    goal_from_start_m = ramp_end_m + GOAL_PAST_M - x_m
    if not from_ramp:
        lane = int(np.rint(y_m / LANE_WIDTH_M))
        along = np.arange(0.0, road_m, POINT_SPACING_M)
        points = np.stack([along, np.full_like(along, LANE_WIDTH_M * lane)], axis=1)
        commands: tuple[CommandSegment, ...] = (
            CommandSegment(start_m=-road_m, command=Command.FOLLOW, text="Stay on the motorway."),
        )
    else:
        points = np.concatenate([_ramp(junction), _crossing(junction)])
        commands = (
            CommandSegment(start_m=-road_m, command=Command.FOLLOW, text="Follow the ramp."),
            CommandSegment(
                start_m=BEFORE_M - x_m,
                command=Command.CHANGE_LEFT,
                text="Merge to the left onto the motorway before the ramp ends.",
            ),
            CommandSegment(start_m=ramp_end_m - x_m, command=Command.FOLLOW, text="Stay on the motorway."),
        )
    return Route.along(
        points,
        start_index=int(x_m / POINT_SPACING_M),
        start_m=(x_m, y_m),
        half_width_m=LANE_WIDTH_M * (junction.lanes + 0.5),
        goal_from_start_m=goal_from_start_m,
        commands=commands,
    )


def _ramp(junction: Junction) -> NDArray[np.float64]:
    """Centre of the ramp until it runs beside the road."""
    network, _ = _road(junction)
    pieces = ((("j", "k", 0), BEFORE_M), (("k", "b", 0), junction.converge_m))
    return np.concatenate(
        [
            lane_points(network, network.lane(lane), np.arange(0.0, length_m, POINT_SPACING_M))
            for lane, length_m in pieces
        ]
    )


def _crossing(junction: Junction) -> NDArray[np.float64]:
    """From beside the road onto its right lane, by a curve without a jump of curvature, and on."""
    along = np.arange(junction.joined_m, junction.road_m, POINT_SPACING_M)
    start, end = junction.joined_m + CROSSING_M[0], junction.joined_m + CROSSING_M[1]
    share = np.clip((along - start) / (end - start), 0.0, 1.0)
    share = share * share * share * (10.0 + share * (6.0 * share - 15.0))
    return np.stack([along, LANE_WIDTH_M * (junction.lanes - share)], axis=1)


def manoeuvres(episode: Episode) -> Manoeuvres:
    """The lanes of the road; from the ramp, a change to the right one while they run side by side."""
    junction = Junction.under(episode.condition)
    x = float(episode.world.entity_float[0, 0])
    y = float(episode.world.entity_float[1, 0])
    along = np.arange(0.0, junction.road_m + PATH_SPACING_M, PATH_SPACING_M)
    lanes = [
        ReferencePath.through(
            np.stack([along, np.full_like(along, LANE_WIDTH_M * lane)], axis=1),
            along - x,
            speed_limit_mps=LIMIT_MPS,
        )
        for lane in range(junction.lanes)
    ]
    if y < LANE_WIDTH_M * (junction.lanes - 0.5):
        own = int(np.rint(y / LANE_WIDTH_M))
        order = sorted(range(junction.lanes), key=lambda lane: abs(lane - own))
        return Manoeuvres(
            paths=tuple(lanes[lane] for lane in order),
            changes=tuple(
                Change(origin=a, destination=b)
                for a, lane in enumerate(order)
                for b, other in enumerate(order)
                if abs(lane - other) == 1
            ),
            slower_by_mps=(-3.0,),
        )
    ramp_end_m = junction.ramp_end_m
    beside = np.arange(junction.joined_m, ramp_end_m, POINT_SPACING_M)
    beside_y_m = LANE_WIDTH_M * junction.lanes
    points = np.concatenate([_ramp(junction), np.stack([beside, np.full_like(beside, beside_y_m)], axis=1)])
    arc = arc_lengths(points)
    arc -= arc[int(x)] + (x - points[int(x), 0])
    ramp = ReferencePath.through(
        points, arc, speed_limit_mps=LIMIT_MPS, stop_at_m=arc[-1] - STOP_BEFORE_END_M
    )
    from_ramp = Change(
        origin=0, destination=1, start_m=junction.joined_m + 3.0 - x, end_m=ramp_end_m - 20.0 - x
    )
    leftwards = (
        Change(origin=k, destination=k + 1, start_m=ramp_end_m - x) for k in range(1, junction.lanes)
    )
    rightwards = (Change(origin=k + 1, destination=k) for k in range(1, junction.lanes))
    return Manoeuvres(
        paths=(ramp, *reversed(lanes)),
        changes=(from_ramp, *leftwards, *rightwards),
        slower_by_mps=(-3.0, -6.0),
    )


SCENARIO = Scenario(
    id="merge-v1",
    title="Merge",
    description="Past a motorway junction, along the main road or from the ramp, in flowing traffic.",
    abilities=(Ability.INTERACTION,),
    conditions=("nominal", "off-course", "dense", "aggressive", UNSEEN_ROAD),
    horizon_s=HORIZON_S,
    open_ended=False,
    build=build,
)
