"""``exit-v1``: leave the motorway at the assigned exit, or pass it, in flowing traffic.

Map
    highway-env's motorway with an exit: three lanes of 4 m, a fourth one that runs beside them for 150 m and
    leads into a bend of 150 m radius; limit 28 m/s; the same for every seed. highway-env's own road ends with
    the bend; here it goes on straight.
Traffic
    IDM drivers who keep their lanes, as highway-env's do here, from 300 m behind the ego to 330 m ahead,
    faster the further to the left: 22.5 to 25 m/s on the right lane, 27 to 30 m/s on the left one. Every
    fourth of those on the right lane takes the exit. They have driven for 4 s before the episode begins.
Start
    650 m before the fork, on any of the three lanes; the ego takes the place of one of the drivers, at that
    one's speed, never quite centred or quite straight (up to 0.3 m and 0.03 rad).
Observation
    The command says from the start whether to take the exit; the mirrors show whether the next lane is free.
Route and goal
    Two seeds of three take the exit, which needs one to three lane changes; the others stay on the motorway.
    The goal is 140 m past the fork. The corridor of the route is as wide as the motorway; 60 to 80 m past the
    fork, who took the wrong way is more than 10 m beside it.
Success
    At the goal within 1.5 times the expert's time, no collision, never off the road.
Failure
    An at-fault collision, the wrong way at the fork, the grass between both.
Horizon
    55 s, 275 decisions; the expert takes 28 to 40 s.
Ability
    Interaction.
Conditions
    ``nominal``; ``off-course``: up to 0.9 m beside the lane's centre and up to 0.03 rad off its direction;
    ``dense``: gaps 0.7 times as long; ``aggressive``: drivers who follow at 0.8 s; ``unseen-road``: one lane
    more on the left, an exit lane of 120 m, and a bend of 110 m radius; the ego has as many lanes to cross as
    in the seed's nominal episode.

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
)
from drivebench.world import RoadNetwork, TrafficParameters
from drivebench.world.build import VehicleSpec
from drivebench.world.network import LaneIndex, RouteStep
from drivebench.world.takeover import take_network
from scenarios.lane_path import arc_lengths, lane_points
from scenarios.manoeuvres import Change, Manoeuvres
from scenarios.reference_path import ReferencePath
from scenarios.sight import with_sight
from scenarios.stock.upstream import exit_road
from scenarios.traffic import closer, column_of_vehicles, drivers_under, settled, start_offset, with_ego

__all__ = ["SCENARIO", "manoeuvres"]

LANE_WIDTH_M = 4.0
EXIT_M = 1000.0
"""Where the lane to the exit begins."""
ROAD_M = 2550.0
BEYOND_M = 900.0
"""Of the road after the bend: nobody comes to its end before the horizon."""
GOAL_PAST_FORK_M = 140.0
LIMIT_MPS = 28.0
HORIZON_S = 55.0
WARM_UP_S = 4.0

TRAFFIC_LIMIT_MPS, BESIDE_MPS = 30.0, 24.0
"""Nobody in the traffic drives faster, on the motorway and beside it."""
PARAMETERS = TrafficParameters(time_wanted_s=1.2)
FLOW_MPS = 25.0
START_M = 500.0
BEHIND_M, AHEAD_M = 300.0, 330.0
GAPS_M = ((42.0, 84.0), (36.0, 72.0), (32.0, 64.0))
WANTED_MPS = ((27.0, 30.0), (25.0, 27.5), (22.5, 25.0))
LEAVING = 0.25
"""Share of the drivers on the right lane who take the exit."""
START_LANES = 3
"""The ego starts on one of so many lanes, counted from the right."""
TAKEN = 3
"""One seed in so many stays on the motorway."""
OFF_COURSE_RAD = 0.03

POINT_SPACING_M = 1.0
PATH_SPACING_M = 40.0
CROSSING_M = 100.0
"""The route goes from lane to lane within so much, and from the right lane to that of the exit between these
distances past the point where it begins:"""
ONTO_EXIT_M = (15.0, 115.0)
LAST_CHANGE_M = 30.0
"""Before the fork, the expert stays on the lane that it is on."""
SPARE_M = 110.0
"""So much earlier the expert's speed profile ends on each lane further to the left."""


@dataclass(frozen=True, kw_only=True)
class Junction:
    """A motorway and its exit.

    Attributes:
        lanes: Of the motorway.
        beside_m: How far the lane to the exit runs beside the others.
        radius_m: Of the bend that it leads into, a quarter of a circle.
        bend_mps: Nobody in the traffic takes the bend faster.
    """

    lanes: int
    beside_m: float
    radius_m: float
    bend_mps: float

    @classmethod
    def under(cls, condition: str) -> "Junction":
        """The junction of a condition."""
        return UNSEEN if condition == UNSEEN_ROAD else NOMINAL

    @property
    def fork_m(self) -> float:
        """Where the lane to the exit leaves the others."""
        return EXIT_M + self.beside_m

    @property
    def bend_m(self) -> float:
        """Length of the bend."""
        return 0.5 * math.pi * self.radius_m


NOMINAL = Junction(lanes=3, beside_m=150.0, radius_m=150.0, bend_mps=21.0)
"""2.9 m/s² to the side in the bend."""
UNSEEN = Junction(lanes=4, beside_m=120.0, radius_m=110.0, bend_mps=18.0)
"""The same."""


@cache
def _network(junction: Junction) -> RoadNetwork:
    road = exit_road(
        lanes=junction.lanes,
        exit_m=EXIT_M,
        beside_m=junction.beside_m,
        radius_m=junction.radius_m,
        length_m=ROAD_M,
        beyond_m=BEYOND_M,
    )
    for lane in road.network.lanes_list():
        lane.speed_limit = TRAFFIC_LIMIT_MPS
    for index, limit_mps in (
        (("1", "2", junction.lanes), BESIDE_MPS),
        (("2", "exit", 0), junction.bend_mps),
        (("exit", "off", 0), junction.bend_mps),
    ):
        road.network.get_lane(index).speed_limit = limit_mps
    network = take_network(road.network.graph, connected_lanes=True)
    return with_sight(network, _seen(junction))


def _seen(junction: Junction) -> dict[LaneIndex, list[tuple[LaneIndex, float]]]:
    """Drivers look along their own lane: highway-env lets them look from any lane into the exit."""
    seen: dict[LaneIndex, list[tuple[LaneIndex, float]]] = {}
    lanes, beside_m = junction.lanes, junction.beside_m
    for lane in range(lanes):
        before, beside, after = ("0", "1", lane), ("1", "2", lane), ("2", "3", lane)
        seen[beside] = [(after, beside_m), (before, -EXIT_M)]
        seen[after] = [(beside, -beside_m)]
    seen["1", "2", lanes] = [(("2", "exit", 0), beside_m)]
    seen["2", "exit", 0] = [(("exit", "off", 0), junction.bend_m), (("1", "2", lanes), -beside_m)]
    return seen


def _traffic(junction: Junction, condition: str, generator: np.random.Generator) -> list[list[VehicleSpec]]:
    """The columns of the lanes, from the left."""
    warm_up_m, lanes = WARM_UP_S * FLOW_MPS, junction.lanes
    # Where there are more lanes than kinds of lanes, those on the left are alike.
    kinds = [max(len(GAPS_M) - lanes + lane, 0) for lane in range(lanes)]
    columns = [
        column_of_vehicles(
            _network(junction),
            ("0", "1", lane),
            start_m=START_M - BEHIND_M - warm_up_m,
            end_m=START_M + AHEAD_M - warm_up_m,
            gaps_m=closer(GAPS_M[kinds[lane]], condition),
            target_speed_mps=WANTED_MPS[kinds[lane]],
            route=(("0", "1", None), ("1", "2", None), ("2", "3", None)),
            lane_changes=False,
            generator=generator,
        )
        for lane in range(lanes)
    ]
    leaving: tuple[RouteStep, ...] = (
        ("0", "1", lanes - 1),
        ("1", "2", lanes),
        ("2", "exit", 0),
        ("exit", "off", 0),
    )
    columns[-1] = [
        replace(vehicle, route=leaving, lane_changes=True) if generator.random() < LEAVING else vehicle
        for vehicle in columns[-1]
    ]
    return columns


def build(seed: int, condition: str) -> Episode:
    """The episode of a seed under a condition."""
    generator = episode_generator(SCENARIO.id, "nominal", seed)
    junction = Junction.under(condition)
    network = _network(junction)
    columns = _traffic(NOMINAL, "nominal", generator)
    lane = junction.lanes - START_LANES + int(generator.integers(START_LANES))
    takes_exit = int(generator.integers(TAKEN)) > 0
    if condition in ("dense", UNSEEN_ROAD):
        columns = _traffic(junction, condition, episode_generator(SCENARIO.id, condition, seed))
    parameters = drivers_under(PARAMETERS, condition)
    vehicles = [vehicle for column in columns for vehicle in column]
    first = sum(map(len, columns[:lane]))
    protagonist = min(
        range(first, first + len(columns[lane])),
        key=lambda place: abs(vehicles[place].x_m + WARM_UP_S * FLOW_MPS - START_M),
    )
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
    return Episode(
        scenario=SCENARIO.id,
        condition=condition,
        seed=seed,
        world=world,
        route=_route(
            junction,
            float(world.entity_float[0, 0]),
            float(world.entity_float[1, 0]),
            lane=lane,
            takes_exit=takes_exit,
        ),
        horizon_s=HORIZON_S,
        speed_limit_mps=LIMIT_MPS,
    )


def _along(lane: int, end_m: float, spacing_m: float) -> NDArray[np.float64]:
    along = np.arange(0.0, end_m + 0.5 * spacing_m, spacing_m)
    return np.stack([along, np.full_like(along, LANE_WIDTH_M * lane)], axis=1)


def _exit_bend(junction: Junction, from_m: float) -> NDArray[np.float64]:
    """The lane to the exit from a place on, and the bend."""
    network = _network(junction)
    beside = np.arange(from_m, junction.fork_m, POINT_SPACING_M)
    bend = np.arange(0.0, junction.bend_m, POINT_SPACING_M)
    return np.concatenate(
        [
            np.stack([beside, np.full_like(beside, LANE_WIDTH_M * junction.lanes)], axis=1),
            lane_points(network, network.lane(("2", "exit", 0)), bend),
        ]
    )


def _smooth(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 0 to 1 without a jump of curvature."""
    share = np.clip(share, 0.0, 1.0)
    return share * share * share * (10.0 + share * (6.0 * share - 15.0))


def _way_to_the_exit(junction: Junction, lane: int) -> NDArray[np.float64]:
    """From a lane to the right lane, by one crossing for each, onto the exit's lane, and around the bend."""
    to_cross, onto = junction.lanes - 1 - lane, EXIT_M + ONTO_EXIT_M[1]
    along = np.arange(0.0, onto, POINT_SPACING_M)
    lanes = np.full_like(along, float(lane))
    for crossing in range(to_cross):
        begin = EXIT_M - (to_cross - crossing) * (CROSSING_M + 50.0)
        lanes += _smooth((along - begin) / CROSSING_M)
    lanes += _smooth((along - EXIT_M - ONTO_EXIT_M[0]) / (ONTO_EXIT_M[1] - ONTO_EXIT_M[0]))
    points = np.stack([along, LANE_WIDTH_M * lanes], axis=1)
    return np.concatenate([points, _exit_bend(junction, onto)])


def _route(junction: Junction, x_m: float, y_m: float, *, lane: int, takes_exit: bool) -> Route:
    if takes_exit:
        points = _way_to_the_exit(junction, lane)
        text = "Change to the right and take the exit."
        command = Command.CHANGE_RIGHT
    else:
        points = _along(lane, ROAD_M, POINT_SPACING_M)
        text = "Stay on the motorway, past the exit."
        command = Command.FOLLOW
    route = Route.along(
        points,
        start_index=int(x_m / POINT_SPACING_M),
        start_m=(x_m, y_m),
        half_width_m=LANE_WIDTH_M * (junction.lanes + 0.5),
        commands=(CommandSegment(start_m=-ROAD_M, command=command, text=text),),
    )
    fork_m = float(route.arc_m[int(junction.fork_m / POINT_SPACING_M)])
    after = "Follow the road." if takes_exit else "Stay on the motorway."
    return replace(
        route,
        goal_m=fork_m + GOAL_PAST_FORK_M,
        commands=(
            *route.commands,
            CommandSegment(start_m=fork_m, command=Command.FOLLOW, text=after),
        ),
    )


def manoeuvres(episode: Episode) -> Manoeuvres:
    """The lanes, the ego's first; for the exit, changes to the right, before the profile of a lane ends."""
    junction = Junction.under(episode.condition)
    lanes = junction.lanes
    x, y = episode.world.entity_float[:2, 0].tolist()
    own = int(np.rint(y / LANE_WIDTH_M))
    order = sorted(range(lanes), key=lambda lane: abs(lane - own))
    place = {lane: order.index(lane) for lane in range(lanes)}
    takes_exit = episode.route.commands[0].command is Command.CHANGE_RIGHT
    last_m = junction.fork_m - LAST_CHANGE_M - x
    paths = [
        ReferencePath.through(
            _along(lane, ROAD_M, PATH_SPACING_M if not takes_exit else 10.0),
            _along(lane, ROAD_M, PATH_SPACING_M if not takes_exit else 10.0)[:, 0] - x,
            speed_limit_mps=LIMIT_MPS,
            stop_at_m=last_m - SPARE_M * (lanes - 1 - lane) if takes_exit else np.inf,
        )
        for lane in order
    ]
    if not takes_exit:
        return Manoeuvres(
            paths=tuple(paths),
            changes=tuple(
                Change(origin=place[a], destination=place[b])
                for a in range(lanes)
                for b in range(lanes)
                if abs(a - b) == 1
            ),
            slower_by_mps=(-3.0,),
            beyond_s=8.0,
        )
    points = _exit_bend(junction, EXIT_M)
    paths.append(ReferencePath.through(points, arc_lengths(points) + EXIT_M - x, speed_limit_mps=LIMIT_MPS))
    return Manoeuvres(
        paths=tuple(paths),
        changes=(
            *(Change(origin=place[lane], destination=place[lane + 1]) for lane in range(lanes - 1)),
            Change(origin=place[lanes - 1], destination=lanes, start_m=EXIT_M + 3.0 - x, end_m=last_m),
        ),
        slower_by_mps=(-3.0, -6.0),
        beyond_s=8.0,
    )


SCENARIO = Scenario(
    id="exit-v1",
    title="Exit",
    description="Leave a motorway at the assigned exit, or pass it, across lanes of flowing traffic.",
    abilities=(Ability.INTERACTION,),
    conditions=("nominal", "off-course", "dense", "aggressive", UNSEEN_ROAD),
    horizon_s=HORIZON_S,
    open_ended=False,
    build=build,
)
