"""``roundabout-v1``: enter a two-lane roundabout, find a gap, leave at the assigned exit.

Map
    highway-env's roundabout: a ring of two lanes (radius 20 and 24 m) and four approaches, at 27 km/h; the
    same for every seed. highway-env has no limit of its own here and lets traffic circle at 16 m/s, which is
    1.3 g; at 7.5 m/s it is 2.3 m/s².
Traffic
    Circulating drivers, some for a lap or two; drivers who come in at the other approaches; one ahead of the
    ego and one behind it. They want 6.9 to 7.5 m/s, and take turns where an approach meets the ring, with
    a preference for who is on the ring.
Start
    On the southern approach, 50 to 70 m before the ring, at the speed of the flow; never quite centred or
    quite straight (up to 0.3 m and 0.03 rad).
Observation
    The front camera sees the ring from the approach; the command says which exit.
Route and goal
    To the first, second or third exit (right, straight on, left), by seed; the goal is 65 m down the exit
    road.
Success
    At the goal within 1.5 times the expert's time, no collision, never off the road.
Failure
    An at-fault collision, the grass, another exit, another lap.
Horizon
    60 s, 300 decisions.
Ability
    Interaction.
Conditions
    ``nominal``; ``off-course``: up to 0.9 m beside the lane's centre and up to 0.04 rad off its direction;
    ``dense``: two more drivers on the ring, one more at each other approach, and gaps 0.7 times as long;
    ``aggressive``: drivers who follow at 0.8 s; ``unseen-road``: a larger ring (radius 28 and 32 m), with one
    more driver on it.

Version history
    1: first version.
"""

import math
from dataclasses import replace
from functools import cache

import numpy as np

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
from drivebench.world import RoadNetwork, TrafficParameters, numerics
from drivebench.world.build import VehicleSpec, build_network, vehicle_on_lane
from drivebench.world.lane_spec import LaneSpec, Point
from drivebench.world.layout import LaneKind
from drivebench.world.network import LaneIndex, RouteStep
from drivebench.world.takeover import lane_spec
from scenarios.manoeuvres import Manoeuvres
from scenarios.reference_path import ReferencePath
from scenarios.roundabout_way import APPROACH_M, HIGHWAY_ENV, LARGER, Ring, way_through
from scenarios.sight import with_sight
from scenarios.stock.upstream import stock_environment
from scenarios.traffic import EXPONENTS, closer, drivers_under, settled, start_offset, with_ego

__all__ = ["SCENARIO", "manoeuvres"]

LIMIT_MPS = 7.5
HORIZON_S = 60.0
TRAFFIC_S = 40.0
"""How long the traffic has to get along with itself; the expert takes 19 to 43 s."""
WARM_UP_S = 3.0
WANTED_MPS = (6.9, 7.5)
FLOW_MPS = 7.2

RING = ("se", "ex", "ee", "nx", "ne", "wx", "we", "sx")
"""Nodes of the ring in driving order: entries end in e, exits in x."""
EXITS = ("ex", "nx", "wx")
"""First, second and third exit as seen from the south."""
COMMANDS = (
    (Command.RIGHT, "At the roundabout, take the first exit."),
    (Command.STRAIGHT, "At the roundabout, take the second exit."),
    (Command.LEFT, "At the roundabout, take the third exit."),
)
START_M = (50.0, 70.0)
"""Distance of the ego's start before the ring."""
AHEAD_M, BEHIND_M = (35.0, 55.0), (18.0, 30.0)
CIRCULATING = (2, 4)
ENTERING = (0, 2)
ENTERING_GAPS_M = (25.0, 60.0)
MORE = {"dense": (2, 1), UNSEEN_ROAD: (1, 0)}
"""So many more circulate, and enter at each other approach, in dense traffic and on a larger ring."""
RINGS = {UNSEEN_ROAD: LARGER}
OUTER_M, OUTER_RAD = 24.0, math.radians(24.0)
"""Radius of the outer lane of highway-env's ring, and how far from an arm's axis its nodes are on it."""
LAPS = (1, 2)
URBAN = TrafficParameters(distance_wanted_m=7.0, time_wanted_s=1.2)
"""Drivers stand 2 m apart, as at highway-env's intersection, and follow more closely than on a motorway."""
ARMS = ("s", "e", "n", "w")
GIVE_WAY_M = 7.0
"""Who comes in follows who is on the ring and at most this much further from where they meet."""
OFF_COURSE_RAD = 0.04
COMMAND_BEFORE_RING_M = 30.0
GOAL_PAST_RING_M = 65.0


@cache
def _network(ring: Ring) -> RoadNetwork:
    network = build_network(
        (
            (origin, to, replace(_wider(lane_spec(lane), ring.wider_m), speed_limit_mps=LIMIT_MPS))
            for origin, roads in stock_environment("roundabout-v1").road.network.graph.items()
            for to, parallel in roads.items()
            for lane in parallel
        ),
        connected_lanes=True,
    )
    seen: dict[LaneIndex, list[tuple[LaneIndex, float]]] = {}
    for arm in ARMS:
        seen.update(_seen(network, arm))
    return with_sight(network, seen)


def _wider(spec: LaneSpec, wider_m: float) -> LaneSpec:
    """A lane of highway-env's roundabout on a larger one: the arms are the same, further from the middle."""
    if spec.kind is not LaneKind.CIRCULAR:
        return replace(spec, origin_m=_outwards(spec.origin_m, wider_m), end_m=_outwards(spec.end_m, wider_m))
    # Nodes stay as far from the axis of their arm as they were.
    sine = OUTER_M * numerics.sin(None, OUTER_RAD) / (OUTER_M + wider_m)
    share = numerics.asin(None, sine) / OUTER_RAD

    def nearer(phase_rad: float) -> float:
        axis = 0.5 * math.pi * round(phase_rad / (0.5 * math.pi))
        return axis + share * (phase_rad - axis)

    return replace(
        spec,
        radius_m=spec.radius_m + wider_m,
        start_phase_rad=nearer(spec.start_phase_rad),
        end_phase_rad=nearer(spec.end_phase_rad),
    )


def _outwards(point_m: Point, wider_m: float) -> Point:
    """A point of an arm, further from the middle along the arm."""
    x, y = (v + (wider_m if v > OUTER_M else -wider_m if v < -OUTER_M else 0.0) for v in point_m)
    return x, y


def _seen(network: RoadNetwork, arm: str) -> dict[LaneIndex, list[tuple[LaneIndex, float]]]:
    """Where an approach meets the ring, drivers look at each other and take turns.

    Who is further from where they meet follows who is nearer. Besides, who comes in looks at the ring's outer
    lane, which it takes; highway-env lets it look at the inner one. Who leaves looks at the exit lane, not
    beyond: highway-env measures the distance to a leader along the ring as long as the driver is on it, so a
    leader anywhere on the exit road would seem to be near, and bring who leaves to a stop.
    """
    far, near = (f"{arm}er", f"{arm}es", 0), (f"{arm}es", f"{arm}e", 0)
    place = RING.index(f"{arm}e")
    before, across, ahead = ((RING[k - 1], RING[k % len(RING)], 1) for k in (place - 1, place, place + 1))
    length = {each: network.length_m(network.lane(each)) for each in (far, near, before, across, ahead)}
    exit_lane = (across[0], f"{across[0][0]}xs", 0)
    return {
        far: [(near, length[far]), (across, length[far] + length[near] - length[across] + GIVE_WAY_M)],
        near: [
            (far, -length[far]),
            (ahead, length[near]),
            (across, length[near] - length[across] + GIVE_WAY_M),
            (before, length[near] - length[across] - length[before] + GIVE_WAY_M),
        ],
        across: [
            (ahead, length[across]),
            (before, -length[before]),
            (near, length[across] - length[near] - GIVE_WAY_M),
        ],
        before: [
            (across, length[before]),
            (exit_lane, length[before]),
            (near, length[before] + length[across] - length[near] - GIVE_WAY_M),
        ],
        exit_lane: [],
    }


def _ring_route(first: int, segments: int, exit_node: str) -> tuple[RouteStep, ...]:
    """Along the ring from a node for at least some segments, and out at a node."""
    steps: list[RouteStep] = []
    place = first
    while len(steps) < segments or RING[place] != exit_node:
        following = (place + 1) % len(RING)
        steps.append((RING[place], RING[following], None))
        place = following
    arm = exit_node[0]
    return (*steps, (exit_node, f"{arm}xs", None), (f"{arm}xs", f"{arm}xr", None))


def _driver(
    network: RoadNetwork,
    lane: LaneIndex,
    longitudinal_m: float,
    route: tuple[RouteStep, ...],
    generator: np.random.Generator,
) -> VehicleSpec:
    wanted = uniform(generator, *WANTED_MPS)
    return vehicle_on_lane(
        network,
        lane,
        longitudinal_m,
        speed_mps=min(FLOW_MPS, wanted),
        target_speed_mps=wanted,
        route=route,
        delta=uniform(generator, *EXPONENTS),
        timer_s=uniform(generator, 0.0, 1.0),
        lane_changes=False,
    )


def _entering(
    network: RoadNetwork, arm: str, longitudinal_m: float, generator: np.random.Generator
) -> VehicleSpec:
    """A driver on an approach, on the way to any of the four exits."""
    node = f"{arm}e"
    exit_node = str(RING[(RING.index(node) + 1 + 2 * int(generator.integers(4))) % len(RING)])
    route: tuple[RouteStep, ...] = (
        (f"{arm}er", f"{arm}es", None),
        (f"{arm}es", node, None),
        *_ring_route(RING.index(node), 1, exit_node),
    )
    return _driver(network, (f"{arm}er", f"{arm}es", 0), longitudinal_m, route, generator)


def _traffic(
    network: RoadNetwork, start_m: float, condition: str, generator: np.random.Generator
) -> list[VehicleSpec]:
    """The ego's driver first, then who is ahead of it, behind it, on the ring and on the other approaches."""
    ring_at = network.length_m(network.lane(("ser", "ses", 0))) + network.length_m(
        network.lane(("ses", "se", 0))
    )
    at = ring_at - start_m - WARM_UP_S * FLOW_MPS
    vehicles = [
        _entering(network, "s", at, generator),
        _entering(network, "s", at + uniform(generator, *closer(AHEAD_M, condition)), generator),
        _entering(network, "s", max(at - uniform(generator, *closer(BEHIND_M, condition)), 0.0), generator),
    ]
    more = MORE.get(condition, (0, 0))
    order = generator.permutation(len(RING))
    places = order[: int(generator.integers(*CIRCULATING, endpoint=True)) + more[0]]
    for place in places.tolist():
        lane = (RING[place], RING[(place + 1) % len(RING)], 1)
        along = uniform(generator, 0.0, 1.0) * network.length_m(network.lane(lane))
        segments = 8 * int(generator.integers(*LAPS, endpoint=True)) + int(generator.integers(8))
        exit_node = RING[1 + 2 * int(generator.integers(4))]
        vehicles.append(_driver(network, lane, along, _ring_route(place, segments, exit_node), generator))
    for arm in ("e", "n", "w"):
        approach = network.length_m(network.lane((f"{arm}er", f"{arm}es", 0)))
        longitudinal = approach - uniform(generator, 0.0, 30.0)
        for _ in range(int(generator.integers(*ENTERING, endpoint=True)) + more[1]):
            if longitudinal < 0.0:
                break
            vehicles.append(_entering(network, arm, longitudinal, generator))
            longitudinal -= uniform(generator, *closer(ENTERING_GAPS_M, condition))
    return vehicles


def build(seed: int, condition: str) -> Episode:
    """The episode of a seed under a condition."""
    generator = episode_generator(SCENARIO.id, "nominal", seed)
    ring = RINGS.get(condition, HIGHWAY_ENV)
    network = _network(ring)
    start_m = uniform(generator, *START_M)
    choice = int(generator.integers(len(EXITS)))
    of_traffic = episode_generator(SCENARIO.id, condition, seed) if condition == "dense" else generator
    parameters = drivers_under(URBAN, condition)
    start = settled(
        network,
        _traffic(network, start_m, condition, of_traffic),
        protagonist=0,
        warm_up_s=WARM_UP_S,
        horizon_s=TRAFFIC_S,
        parameters=parameters,
    )
    lateral_m, turn_rad = start_offset(SCENARIO.id, condition, seed, turn_rad=OFF_COURSE_RAD)
    world = with_ego(network, start, lateral_m=lateral_m, heading_error_rad=turn_rad, parameters=parameters)
    way = way_through(EXITS[choice], ring)
    x, y = float(world.entity_float[0, 0]), float(world.entity_float[1, 0])
    index = int(np.argmin(np.abs(way.points_m[: way.ring_from, 1] - y)))
    index -= int(way.points_m[index, 1] < y)
    route = Route.along(
        way.points_m,
        start_index=index,
        start_m=(x, y),
        half_width_m=4.0,
        goal_from_start_m=1.0,
        commands=(CommandSegment(start_m=-1e3, command=Command.FOLLOW, text=""),),
    )
    command, text = COMMANDS[choice]
    arc = route.arc_m
    return Episode(
        scenario=SCENARIO.id,
        condition=condition,
        seed=seed,
        world=world,
        route=Route(
            points_m=route.points_m,
            arc_m=arc,
            half_width_m=route.half_width_m,
            goal_m=float(arc[way.ring_to]) + GOAL_PAST_RING_M,
            commands=(
                CommandSegment(start_m=-APPROACH_M, command=Command.FOLLOW, text="Go on to the roundabout."),
                CommandSegment(
                    start_m=float(arc[way.ring_from]) - COMMAND_BEFORE_RING_M, command=command, text=text
                ),
                CommandSegment(start_m=float(arc[way.ring_to]), command=Command.FOLLOW, text="Go on."),
            ),
        ),
        horizon_s=HORIZON_S,
        speed_limit_mps=LIMIT_MPS,
    )


def manoeuvres(episode: Episode) -> Manoeuvres:
    """One way, at speeds between a stop and the limit."""
    route = episode.route
    path = ReferencePath.through(route.points_m, route.arc_m, speed_limit_mps=episode.speed_limit_mps)
    return Manoeuvres(paths=(path,), caps_mps=(7.0, 5.0, 3.0, 1.5, 0.0), near_m=80.0)


SCENARIO = Scenario(
    id="roundabout-v1",
    title="Roundabout",
    description="Enter a two-lane roundabout, find a gap, leave at the assigned exit.",
    abilities=(Ability.INTERACTION,),
    conditions=("nominal", "off-course", "dense", "aggressive", UNSEEN_ROAD),
    horizon_s=HORIZON_S,
    open_ended=False,
    build=build,
)
