"""``intersection-v1``: turn left, go straight on or turn right at a crossing where others have priority.

Map
    highway-env's intersection: four arms, one lane each way, and turns of 9 m radius to the right and 13 m to
    the left; the arms are 540 m long instead of 100 m, so that traffic lasts. Limit 8.3 m/s (30 km/h); the
    last 25 m of an approach, and the turns, are taken more slowly. The same for every seed.
Traffic
    Drivers on all arms who go straight on or turn right and give way by highway-env's rules: the road from
    west to east goes first, then straight on and to the right from north and south, then to the left from
    there. Twice a second, who would touch someone of higher priority within three seconds stops. Nobody
    appears or leaves while an episode runs; columns come from up to 540 m away until its end.
    Traffic is let go only if it does not collide without an ego and with one that drives as the others do.
    Behind another ego, highway-env's drivers may still touch: who waits too far forward is clipped by who
    crosses, in 3 of 200 of the expert's drives (dense: 3 of 100). It is nobody's fault that is scored.
Start
    On the southern arm, 80 to 110 m before the crossing, in a column, at the speed of the flow; never quite
    centred or quite straight (up to 0.3 m and 0.03 rad).
Observation
    The cameras see the crossing from the approach; the command says where to go.
Route and goal
    Left, straight on or right, by seed, equally often; the goal is 50 m down the road there.
Success
    At the goal within 1.5 times the expert's time, no collision, never off the road.
Failure
    An at-fault collision (being struck by who has priority is the ego's fault), the wrong road, the lane of
    the oncoming traffic, the grass.
Horizon
    60 s, 300 decisions; the expert takes 20 to 50 s.
Ability
    Interaction.
Conditions
    ``nominal``; ``off-course``: up to 0.9 m beside the lane's centre and up to 0.04 rad off its direction;
    ``dense``: gaps 0.7 times as long; ``aggressive``: drivers who follow at 0.8 s; ``unseen-road``: a wider
    crossing, with turns of 14 m radius to the right and 18 m to the left; its arms swing 12 m to the side and
    back.

Version history
    1: first version.
"""

import math
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

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
from drivebench.world import RoadNetwork, TrafficParameters
from drivebench.world.build import VehicleSpec, build_network, vehicle_on_lane
from drivebench.world.grid import round_to_grid
from drivebench.world.lane_spec import LaneSpec, Point
from drivebench.world.layout import LaneKind
from drivebench.world.takeover import lane_spec
from scenarios.lane_path import lane_path
from scenarios.manoeuvres import Manoeuvres
from scenarios.reference_path import ReferencePath
from scenarios.stock.upstream import stock_road
from scenarios.traffic import EXPONENTS, closer, drivers_under, settled, start_offset, with_ego

__all__ = ["SCENARIO", "manoeuvres"]

LIMIT_MPS = 25.0 / 3.0
SLOW_MPS, STRAIGHT_MPS, LEFT_MPS, RIGHT_MPS = 7.0, 7.5, 6.5, 5.8
"""Traffic on the last metres before the crossing, on it, and in its turns (3.2 and 3.7 m/s² to the side)."""
LANE_M = 4.0
"""Width of highway-env's lanes: nothing but the lanes of one arm is nearer to the axis of that arm."""
ARM_M, SLOW_M = 540.0, 25.0
"""Length of an arm, and of the part of it before the crossing that is taken slowly."""
HORIZON_S = 60.0
WARM_UP_S = 4.0
FLOW_MPS = 8.0
WANTED_MPS = (7.6, 8.3)
URBAN = TrafficParameters(distance_wanted_m=7.6, time_wanted_s=1.2, comfort_acceleration_mps2=2.0)
"""Drivers move off gently: who waits at highway-env's crossing is let go twice a second and stopped again at
once, and so creeps into the way of the others, the faster it starts. They stand 2.6 m apart; from 3.4 m on,
who turns right would wait for ever for somebody far down the road there, to whom highway-env measures the
distance along the lane straight on."""

SOUTH, WEST, NORTH, EAST = range(4)
"""highway-env's numbers of the arms."""
CHOICES = (
    (WEST, Command.LEFT, "At the crossing, turn left."),
    (NORTH, Command.STRAIGHT, "At the crossing, go straight on."),
    (EAST, Command.RIGHT, "At the crossing, turn right."),
)
START_M = (80.0, 110.0)
"""Distance of the ego's start before the crossing."""
AHEAD_M, BEHIND_M = (22.0, 40.0), (18.0, 40.0)
GAPS_M = {SOUTH: (50.0, 120.0), WEST: (35.0, 110.0), NORTH: (55.0, 120.0), EAST: (35.0, 110.0)}
"""Between drivers on each arm."""
STRAIGHT_ON = 0.7
"""Share of the drivers who go straight on; the others turn right. Who waits for a left turn in the middle of
highway-env's crossing blocks it."""
CROSSING_M = 9.5
"""Nearer to the middle, a vehicle is in the way of others."""
OFF_COURSE_RAD = 0.04
COMMAND_BEFORE_M = 40.0
GOAL_PAST_M = 50.0


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """How wide the crossing is, and how its arms bend.

    Attributes:
        wider_m: Its arms begin so much further from the middle than those of highway-env's, and its turns
            are of so much larger a radius.
        aside_m: Its arms swing so far to the right, as seen from the middle, and back; 0 where they are
            straight.
        wave_m: Way along an arm until it is back.
    """

    wider_m: float
    aside_m: float = 0.0
    wave_m: float = math.inf

    @classmethod
    def under(cls, condition: str) -> "Crossing":
        """The crossing of a condition."""
        return UNSEEN if condition == UNSEEN_ROAD else NOMINAL

    def lane(self, spec: LaneSpec) -> LaneSpec:
        """A lane of highway-env's crossing on this one."""
        if spec.kind is LaneKind.CIRCULAR:
            return replace(
                spec, origin_m=self._outwards(spec.origin_m), radius_m=spec.radius_m + self.wider_m
            )
        return replace(spec, origin_m=self._outwards(spec.origin_m), end_m=self._outwards(spec.end_m))

    def arm(self, spec: LaneSpec, beside_m: float) -> LaneSpec:
        """A lane of an arm, which bends as the arm does.

        Args:
            spec: The straight lane.
            beside_m: Where it begins, along its arm from where the arm leaves the crossing.
        """
        if self.aside_m == 0.0:
            return spec
        (x0, y0), (x1, y1) = spec.origin_m, spec.end_m
        outwards = x0 * x0 + y0 * y0 < x1 * x1 + y1 * y1
        # The arm is at aside/2 · (1 − cos(2π d / wave)) to the right; a lane inwards has it to its left.
        half_m, pulsation = 0.5 * self.aside_m, round_to_grid(2.0 * math.pi / self.wave_m)
        side_m = half_m if outwards else -half_m
        length_m = float(np.sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0)))
        right_x, right_y = side_m * (y0 - y1) / length_m, side_m * (x1 - x0) / length_m
        quarter = 0.5 * math.pi
        return replace(
            spec,
            kind=LaneKind.SINE,
            origin_m=(x0 + right_x, y0 + right_y),
            end_m=(x1 + right_x, y1 + right_y),
            amplitude_m=half_m,
            pulsation_radpm=pulsation,
            phase_rad=pulsation * beside_m - quarter if outwards else quarter - pulsation * beside_m,
        )

    def _outwards(self, point_m: Point) -> Point:
        """A point of highway-env's crossing, or the centre of a turn, further from the middle."""
        x, y = (v + (self.wider_m if v > LANE_M else -self.wider_m if v < -LANE_M else 0.0) for v in point_m)
        return x, y


NOMINAL = Crossing(wider_m=0.0)
UNSEEN = Crossing(wider_m=5.0, aside_m=12.0, wave_m=220.0)
"""0.34 m/s² to the side at the limit in the bends of the arms."""


@cache
def _network(crossing: Crossing) -> RoadNetwork:
    """highway-env's crossing with longer arms, each approach cut in two."""
    lanes: list[tuple[str, str, LaneSpec]] = []
    for origin, roads in stock_road("intersection-v2").network.graph.items():
        for to, (lane,) in roads.items():
            spec = crossing.lane(lane_spec(lane))
            if origin[0] == "o":
                lanes += _approach(crossing, origin, to, spec)
            elif to[0] == "o":
                end = _beyond(spec.origin_m, spec.end_m, ARM_M)
                spec = replace(spec, end_m=end, speed_limit_mps=LIMIT_MPS)
                lanes.append((origin, to, crossing.arm(spec, 0.0)))
            else:
                limit_mps = {0: LEFT_MPS, 1: STRAIGHT_MPS, 2: RIGHT_MPS}[
                    (int(to[2]) - int(origin[2]) - 1) % 4
                ]
                lanes.append((origin, to, replace(spec, speed_limit_mps=limit_mps)))
    return build_network(lanes, connected_lanes=True)


def _approach(crossing: Crossing, origin: str, to: str, spec: LaneSpec) -> list[tuple[str, str, LaneSpec]]:
    start = _beyond(spec.end_m, spec.origin_m, ARM_M)
    middle = _beyond(spec.end_m, spec.origin_m, SLOW_M)
    far = replace(spec, origin_m=start, end_m=middle, speed_limit_mps=LIMIT_MPS)
    near = replace(spec, origin_m=middle, speed_limit_mps=SLOW_MPS)
    middle_node = f"m{origin[1]}"
    return [
        (origin, middle_node, crossing.arm(far, ARM_M)),
        (middle_node, to, crossing.arm(near, SLOW_M)),
    ]


def _beyond(start_m: tuple[float, float], end_m: tuple[float, float], way_m: float) -> tuple[float, float]:
    """The point so far from the start in the direction of the end."""
    x, y = end_m[0] - start_m[0], end_m[1] - start_m[1]
    share = way_m / float(np.sqrt(x * x + y * y))
    return start_m[0] + share * x, start_m[1] + share * y


def _nodes(origin: int, to: int) -> tuple[str, ...]:
    return f"o{origin}", f"m{origin}", f"ir{origin}", f"il{to}", f"o{to}"


def _driver(
    crossing: Crossing, arm: int, to: int, before_m: float, generator: np.random.Generator
) -> VehicleSpec:
    """A driver at a distance before the crossing."""
    network, nodes = _network(crossing), _nodes(arm, to)
    wanted = uniform(generator, *WANTED_MPS)
    near = before_m < SLOW_M
    place = 1 if near else 0
    return vehicle_on_lane(
        network,
        (nodes[place], nodes[place + 1], 0),
        (SLOW_M if near else ARM_M) - before_m,
        speed_mps=SLOW_MPS if near else min(FLOW_MPS, wanted),
        target_speed_mps=wanted,
        route=tuple((a, b, None) for a, b in pairwise(nodes[place:])),
        delta=uniform(generator, *EXPONENTS),
        timer_s=uniform(generator, 0.0, 1.0),
        lane_changes=False,
    )


def _anywhere(arm: int, generator: np.random.Generator) -> int:
    """Where a driver of an arm wants to go."""
    return (arm + 2) % 4 if generator.random() < STRAIGHT_ON else (arm + 3) % 4


def _traffic(
    crossing: Crossing, ego_m: float, condition: str, generator: np.random.Generator
) -> list[VehicleSpec]:
    """Everybody else, as they were before the warm-up; the ego is then so far before the crossing.

    The first two are ahead of it and behind it.
    """
    vehicles = []
    before_m = ego_m - uniform(generator, *closer(AHEAD_M, condition))
    vehicles.append(_driver(crossing, SOUTH, _anywhere(SOUTH, generator), before_m, generator))
    before_m = ego_m + uniform(generator, *closer(BEHIND_M, condition))
    while before_m < ARM_M:
        vehicles.append(_driver(crossing, SOUTH, _anywhere(SOUTH, generator), before_m, generator))
        before_m += uniform(generator, *closer(GAPS_M[SOUTH], condition))
    for arm in (WEST, NORTH, EAST):
        gaps_m = closer(GAPS_M[arm], condition)
        before_m = uniform(generator, 1.0, gaps_m[1])
        while before_m < ARM_M:
            vehicles.append(_driver(crossing, arm, _anywhere(arm, generator), before_m, generator))
            before_m += uniform(generator, *gaps_m)
    return vehicles


def build(seed: int, condition: str) -> Episode:
    """The episode of a seed under a condition."""
    generator = episode_generator(SCENARIO.id, "nominal", seed)
    crossing = Crossing.under(condition)
    network = _network(crossing)
    ego_m = uniform(generator, *START_M) + WARM_UP_S * FLOW_MPS
    to, command, text = CHOICES[int(generator.integers(len(CHOICES)))]
    ego = _driver(crossing, SOUTH, to, ego_m, generator)
    of_traffic = episode_generator(SCENARIO.id, condition, seed) if condition == "dense" else generator
    parameters = drivers_under(URBAN, condition)
    start = settled(
        network,
        [ego, *_traffic(crossing, ego_m, condition, of_traffic)],
        protagonist=0,
        warm_up_s=WARM_UP_S,
        horizon_s=HORIZON_S,
        parameters=parameters,
        regulated=True,
        ego_may_lag=True,
        neighbours=(1, 2),
        crossing_m=CROSSING_M + crossing.wider_m,
    )
    lateral_m, turn_rad = start_offset(SCENARIO.id, condition, seed, turn_rad=OFF_COURSE_RAD)
    world = with_ego(
        network,
        start,
        lateral_m=lateral_m,
        heading_error_rad=turn_rad,
        parameters=parameters,
        regulated=True,
    )
    x, y = world.entity_float[:2, 0].tolist()
    return Episode(
        scenario=SCENARIO.id,
        condition=condition,
        seed=seed,
        world=world,
        route=_route(crossing, x, y, to=to, command=command, text=text),
        horizon_s=HORIZON_S,
        speed_limit_mps=LIMIT_MPS,
    )


def _route(crossing: Crossing, x_m: float, y_m: float, *, to: int, command: Command, text: str) -> Route:
    network, nodes = _network(crossing), _nodes(SOUTH, to)
    rows = [network.lane((a, b, 0)) for a, b in pairwise(nodes)]
    points = lane_path(network, rows)
    crossing_y = network.position(rows[2], 0.0)[1]
    route = Route.along(
        points,
        start_index=int(np.searchsorted(-points[: int(ARM_M), 1], -y_m)) - 1,
        start_m=(x_m, y_m),
        half_width_m=3.0,
        commands=(CommandSegment(start_m=-ARM_M, command=Command.FOLLOW, text="Go on to the crossing."),),
    )
    before_m = y_m - crossing_y
    past_m = before_m + network.length_m(rows[2])
    return replace(
        route,
        goal_m=past_m + GOAL_PAST_M,
        commands=(
            *route.commands,
            CommandSegment(start_m=before_m - COMMAND_BEFORE_M, command=command, text=text),
            CommandSegment(start_m=past_m, command=Command.FOLLOW, text="Go on."),
        ),
    )


def manoeuvres(episode: Episode) -> Manoeuvres:
    """One way, at speeds between a stop and the limit."""
    route = episode.route
    path = ReferencePath.through(route.points_m, route.arc_m, speed_limit_mps=episode.speed_limit_mps)
    return Manoeuvres(paths=(path,), caps_mps=(6.0, 4.0, 2.5, 1.2, 0.0), near_m=80.0)


SCENARIO = Scenario(
    id="intersection-v1",
    title="Intersection",
    description="Turn left, go straight on or turn right at a crossing, and give way where others go first.",
    abilities=(Ability.INTERACTION,),
    conditions=("nominal", "off-course", "dense", "aggressive", UNSEEN_ROAD),
    horizon_s=HORIZON_S,
    open_ended=False,
    build=build,
)
