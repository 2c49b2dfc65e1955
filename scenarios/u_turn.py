"""``u-turn-v1``: around a bend of half a turn, among slower and faster drivers on two lanes.

Map
    highway-env's u-turn: two lanes of 4 m, straight for 520 m, around half a circle of 20 m (left lane) and
    24 m radius to the left, and 520 m back; limit 8 m/s, at which the left lane's bend is taken with 3.2 m/s²
    to the side; the same for every seed. highway-env's straights are 128 m long.
Traffic
    IDM/MOBIL drivers on both lanes, from 100 m behind the ego until beyond its goal: 5.2 to 6.2 m/s on the
    right lane, 6.6 to 7.8 m/s on the left one. They have driven for 4 s before the episode begins.
Start
    90 to 120 m before the bend, on either lane; the ego takes the place of one of the drivers, at that one's
    speed, never quite centred or quite straight (up to 0.3 m and 0.03 rad).
Observation
    The front camera shows leaders and the bend; the mirrors show whether the next lane is free.
Route and goal
    Around the bend, on either lane; the goal is 80 m after it.
Success
    At the goal within 1.5 times the expert's time, no collision, never off the road.
Failure
    An at-fault collision, the grass, also that between the two straights.
Horizon
    75 s, 375 decisions; the expert takes 35 to 45 s.
Ability
    Interaction.
Conditions
    ``nominal``; ``off-course``: up to 0.9 m beside the lane's centre and up to 0.04 rad off its direction;
    ``dense``: gaps 0.7 times as long; ``aggressive``: drivers who follow at 0.8 s; ``unseen-road``: a bend of
    34 m (left lane) and 38 m radius.

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
from drivebench.world.lane_spec import LaneSpec
from drivebench.world.layout import LaneKind
from drivebench.world.network import RouteStep
from drivebench.world.takeover import lane_spec
from scenarios.lane_path import lane_path
from scenarios.manoeuvres import Change, Manoeuvres
from scenarios.reference_path import ReferencePath
from scenarios.stock.upstream import stock_road
from scenarios.traffic import EXPONENTS, closer, drivers_under, settled, start_offset, with_ego

__all__ = ["SCENARIO", "manoeuvres"]

LANES = 2
LEFT, RIGHT = range(LANES)
LANE_WIDTH_M = 4.0
STRAIGHT_M = 520.0
LIMIT_MPS = 8.0
HORIZON_S = 75.0
WARM_UP_S = 4.0
FLOW_MPS = 6.5
PARAMETERS = TrafficParameters(distance_wanted_m=8.0, time_wanted_s=1.2)
START_M = (90.0, 120.0)
"""Distance of the ego's start before the bend."""
BEHIND_M, AHEAD_M = 100.0, 330.0
GAPS_M = ((30.0, 60.0), (26.0, 52.0))
WANTED_MPS = ((6.6, 7.8), (5.2, 6.2))
ROADS = (("a", "b"), ("b", "c"), ("c", "d"))
OFF_COURSE_RAD = 0.04
GOAL_PAST_M = 80.0
INSTRUCTION = "Follow the road around the bend."


@dataclass(frozen=True, kw_only=True)
class Bend:
    """How tight the bend is.

    Attributes:
        wider_m: Its radius is so much larger than that of highway-env's.
    """

    wider_m: float

    @classmethod
    def under(cls, condition: str) -> "Bend":
        """The bend of a condition."""
        return UNSEEN if condition == UNSEEN_ROAD else NOMINAL

    def lane(self, spec: LaneSpec) -> LaneSpec:
        """A lane of highway-env's u-turn on this one, where what lies before the bend is further to the side.

        Args:
            spec: The lane; the way back is at y = 0 and 4 m.
        """
        if spec.kind is LaneKind.CIRCULAR:
            (x, y), wider_m = spec.origin_m, self.wider_m
            return replace(spec, origin_m=(x, y + wider_m), radius_m=spec.radius_m + wider_m)
        if spec.origin_m[0] > spec.end_m[0]:
            return spec
        aside_m = 2.0 * self.wider_m
        (x0, y0), (x1, y1) = spec.origin_m, spec.end_m
        return replace(spec, origin_m=(x0, y0 + aside_m), end_m=(x1, y1 + aside_m))


NOMINAL, UNSEEN = Bend(wider_m=0.0), Bend(wider_m=14.0)


@cache
def _network(bend: Bend) -> RoadNetwork:
    graph = stock_road("u-turn-v1", length=STRAIGHT_M).network.graph
    return build_network(
        (
            (origin, to, replace(bend.lane(lane_spec(lane)), speed_limit_mps=LIMIT_MPS))
            for origin, roads in graph.items()
            for to, parallel in roads.items()
            for lane in parallel
        ),
        connected_lanes=True,
    )


@cache
def _lengths_m(bend: Bend, lane: int) -> tuple[float, ...]:
    """Of the three pieces of a lane."""
    network = _network(bend)
    return tuple(network.length_m(network.lane((a, b, lane))) for a, b in ROADS)


def _driver(bend: Bend, lane: int, at_m: float, generator: np.random.Generator) -> VehicleSpec:
    """A driver so far along a lane, counted from its beginning and around the bend."""
    lengths = _lengths_m(bend, lane)
    piece = 0
    while piece < len(ROADS) - 1 and at_m >= lengths[piece]:
        at_m -= lengths[piece]
        piece += 1
    route: tuple[RouteStep, ...] = tuple((a, b, None) for a, b in ROADS[piece:])
    wanted = uniform(generator, *WANTED_MPS[lane])
    return vehicle_on_lane(
        _network(bend),
        (*ROADS[piece], lane),
        at_m,
        speed_mps=WANTED_MPS[lane][0],
        target_speed_mps=wanted,
        route=route,
        delta=uniform(generator, *EXPONENTS),
        timer_s=uniform(generator, 0.0, 1.0),
    )


def _columns(
    bend: Bend, ego_m: float, condition: str, generator: np.random.Generator
) -> list[list[VehicleSpec]]:
    """The drivers of each lane, from behind."""
    columns = []
    for lane in range(LANES):
        gaps_m = closer(GAPS_M[lane], condition)
        at_m = ego_m - BEHIND_M + uniform(generator, 0.0, gaps_m[0])
        column = []
        while at_m < ego_m + AHEAD_M:
            column.append(_driver(bend, lane, at_m, generator))
            at_m += uniform(generator, *gaps_m)
        columns.append(column)
    return columns


def build(seed: int, condition: str) -> Episode:
    """The episode of a seed under a condition."""
    generator = episode_generator(SCENARIO.id, "nominal", seed)
    bend = Bend.under(condition)
    network = _network(bend)
    start_m = STRAIGHT_M - uniform(generator, *START_M)
    lane = int(generator.integers(LANES))
    ego_m = start_m - WARM_UP_S * FLOW_MPS
    of_traffic = episode_generator(SCENARIO.id, condition, seed) if condition == "dense" else generator
    columns = _columns(bend, ego_m, condition, of_traffic)
    parameters = drivers_under(PARAMETERS, condition)
    before_bend = [each for each in columns[lane] if each.target_lane == (*ROADS[0], lane)]
    nearest = min(before_bend, key=lambda vehicle: abs(vehicle.x_m - ego_m))
    vehicles = [vehicle for column in columns for vehicle in column]
    start = settled(
        network,
        vehicles,
        protagonist=next(place for place, vehicle in enumerate(vehicles) if vehicle is nearest),
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
            _way(bend, lane),
            start_index=int(np.searchsorted(_way(bend, lane)[: int(STRAIGHT_M), 0], x)) - 1,
            start_m=(x, y),
            half_width_m=1.5 * LANE_WIDTH_M,
            goal_from_start_m=STRAIGHT_M - x + _lengths_m(bend, lane)[1] + GOAL_PAST_M,
            commands=(CommandSegment(start_m=-STRAIGHT_M, command=Command.FOLLOW, text=INSTRUCTION),),
        ),
        horizon_s=HORIZON_S,
        speed_limit_mps=LIMIT_MPS,
    )


@cache
def _way(bend: Bend, lane: int) -> NDArray[np.float64]:
    """Centre of a lane, all along."""
    network = _network(bend)
    return lane_path(network, [network.lane((a, b, lane)) for a, b in ROADS])


def manoeuvres(episode: Episode) -> Manoeuvres:
    """Both lanes, and changes between them anywhere."""
    bend = Bend.under(episode.condition)
    x, y = episode.world.entity_float[:2, 0].tolist()
    own = min(range(LANES), key=lambda lane: abs(_way(bend, lane)[0, 1] - y))
    paths = []
    for lane in (own, 1 - own):
        points = _way(bend, lane)
        steps = np.diff(points, axis=0)
        arc = np.concatenate([[0.0], np.cumsum(np.sqrt((steps * steps).sum(axis=1)))])
        paths.append(ReferencePath.through(points, arc - x, speed_limit_mps=LIMIT_MPS))
    return Manoeuvres(
        paths=tuple(paths),
        changes=(Change(origin=0, destination=1), Change(origin=1, destination=0)),
        slower_by_mps=(-2.0,),
        horizon_s=6.0,
        beyond_s=6.0,
    )


SCENARIO = Scenario(
    id="u-turn-v1",
    title="U-turn",
    description="Around a tight bend of half a turn, among slower and faster drivers on two lanes.",
    abilities=(Ability.INTERACTION,),
    conditions=("nominal", "off-course", "dense", "aggressive", UNSEEN_ROAD),
    horizon_s=HORIZON_S,
    open_ended=False,
    build=build,
)
