"""``parking-v1``: park in the assigned bay, forwards or in reverse.

Map
    Car parks (:mod:`scenarios.car_parks`) with an aisle of 6.5 to 9.5 m: bays square to it on both sides or
    on one, slanted by 60°, or along the kerb, walls around. Bays are 6.2 m by 3.0 to 3.4 m, at the kerb 7.6 m
    by 3.0 m. The ego is 5 m by 2 m and turns about a point 5 m beside its rear axle, which is at its rear
    bumper, at the least. Every split has its own car parks: 24 for training, 12 for development, 16 for test,
    16 for secret suites.
Traffic
    Parked cars in about half of the other bays, and never in both of those beside the assigned one; nobody
    drives.
Start
    In the aisle, 6 to 14 m before the bay, at up to 1.5 m/s, up to 0.8 m beside the middle of the aisle and
    up to 0.1 rad askew. The ego has a reverse gear, as in no other family: at a stand, braking drives
    backwards.
Observation
    The assigned bay is marked on the ground, in the cameras and from above; ``command`` says on which side it
    is, and ``goal-pose`` where, relative to the ego.
Route and goal
    The route leads along the aisle and into the bay. The goal is to stand in the bay, either way round:
    within 0.5 m along and 0.25 m across it and 0.1 rad of its direction, which is inside of its lines.
Score
    EP is by how much the pose error is less than at the start (:mod:`drivebench.metric.parked`), at most 0.8
    without having parked. NC: nothing else moves, so that touching anything is the ego's fault. DAC: the lot;
    beyond it is grass, or a wall. DDC: a lot has no direction of travel, and nothing is lost by reversing.
    RC: lost by going more than 10 m away from the route, past the bay for example, or parking in another bay.
    TTC counts what the ego's leading side, in reverse the rear one, would touch going straight on: who
    manoeuvres close to something does it slowly. SL: 3 m/s, forwards or in reverse.
Success
    Parked within 1.5 times the expert's time, nothing touched, never off the lot.
Failure
    Touching anything, leaving the lot, parking in another bay, not getting there.
Horizon
    60 s, 300 decisions; the expert takes 8 to 25 s.
Abilities
    Ambiguity (forwards or in reverse, from either side); generalisation (to other car parks).
Conditions
    ``nominal``; ``off-course``: 3 to 15 m before the bay, up to 2 m beside the middle of the aisle and 0.2 to
    0.6 rad askew; ``dense``: all other bays full but one in ten, those beside the assigned one always.

Version history
    1: first version.
"""

import math
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np

from drivebench.parking import ParkingPlace, ParkingTask
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
from drivebench.world import EntityKind, numerics
from drivebench.world.build import VehicleSpec, build_world
from drivebench.world.grid import round_to_grid
from scenarios.car_parks import Bay, CarPark, Layout, car_park

__all__ = ["SCENARIO", "car_park_of"]

ID = "parking-v1"
HORIZON_S = 60.0
LIMIT_MPS = 3.0
"""About 10 km/h, the walking pace that car parks ask for."""
REVERSE_MPS = -5.0
CAR_PARKS = {"train": 24, "dev": 12, "test": 16, "secret": 16}
CAR_M = (5.0, 2.0)
GOAL_M = (5.0, 2.0)
"""Size of the mark in the assigned bay: that of the car that is to stand there."""
OCCUPIED = {False: 0.5, True: 0.9}
"""Share of the other bays with a car in it, in other conditions and in ``dense``."""
STAND_M, STAND_RAD = (0.3, 0.15), 0.03
"""How far parked cars stand from the middle of their bay along and across it, and from its direction."""
START_M = (6.0, 14.0)
"""Distance of the start before the bay, along the aisle."""
SPEED_MPS = (0.0, 1.5)
BESIDE_M, ASKEW_RAD = 0.8, 0.1
FAR_START_M, FAR_BESIDE_M, FAR_ASKEW_RAD, FAR_SPEED_MPS = (3.0, 15.0), 2.0, (0.2, 0.6), 0.8
"""The same under ``off-course``."""
ROOM_M = 3.5
"""From the ego's middle to the end of the lot behind it, at the least."""
SIDE_ROOM_M = 0.1
"""How far inside of the aisle every corner of the ego is at the start."""
HALF_WIDTH_M = 2.0
BEHIND_M = 3.0
"""Length of the route before the start."""
INSTRUCTION = "Park in the marked bay on the {side}, forwards or in reverse."


@cache
def _car_park(split: str, number: int) -> CarPark:
    generator = episode_generator(ID, f"car-park-{split}", number)
    return car_park(generator, tuple(Layout)[number % len(Layout)])


def _number(generator: np.random.Generator, seed: int) -> int:
    return int(generator.integers(CAR_PARKS[split_of(seed)]))


def car_park_of(episode: Episode) -> CarPark:
    """The car park of an episode of this family.

    Args:
        episode: Of this family.
    """
    return _car_park(
        split_of(episode.seed), _number(episode_generator(ID, "nominal", episode.seed), episode.seed)
    )


def build(seed: int, condition: str) -> Episode:
    """The episode of a seed under a condition."""
    generator = episode_generator(ID, "nominal", seed)
    lot = _car_park(split_of(seed), _number(generator, seed))
    goal = int(generator.integers(len(lot.bays)))
    of_cars = episode_generator(ID, condition, seed) if condition == "dense" else generator
    cars, free = _parked(lot, goal, of_cars, dense=condition == "dense")
    of_start = episode_generator(ID, "off-course" if condition == "off-course" else "start", seed)
    ego = _start(lot, lot.bays[goal], of_start, off_course=condition == "off-course")
    task = ParkingTask(assigned=_place(lot.bays[goal]), others=tuple(_place(bay) for bay in free))
    mark = VehicleSpec(
        kind=EntityKind.LANDMARK,
        x_m=task.assigned.x_m,
        y_m=task.assigned.y_m,
        heading_rad=task.assigned.heading_rad,
        length_m=GOAL_M[0],
        width_m=GOAL_M[1],
        collidable=False,
    )
    return Episode(
        scenario=ID,
        condition=condition,
        seed=seed,
        world=build_world(lot.network, [ego, *cars, *lot.walls, mark]),
        route=_route(lot.bays[goal], ego),
        horizon_s=HORIZON_S,
        speed_limit_mps=LIMIT_MPS,
        parking=task,
    )


def _place(bay: Bay) -> ParkingPlace:
    return ParkingPlace(
        x_m=round_to_grid(bay.x_m), y_m=round_to_grid(bay.y_m), heading_rad=round_to_grid(bay.heading_rad)
    )


def _parked(
    lot: CarPark, goal: int, generator: np.random.Generator, *, dense: bool
) -> tuple[list[VehicleSpec], list[Bay]]:
    """Parked cars, and the bays that are free besides the assigned one."""
    beside = [
        k
        for k in (goal - 1, goal + 1)
        if 0 <= k < len(lot.bays) and lot.bays[k].right == lot.bays[goal].right
    ]
    left_free = -1 if dense else beside[int(generator.integers(len(beside)))]
    cars, free = [], []
    for k, bay in enumerate(lot.bays):
        occupied = generator.random() < OCCUPIED[dense] or (dense and k in beside)
        along, aside = (
            uniform(generator, -STAND_M[0], STAND_M[0]),
            uniform(generator, -STAND_M[1], STAND_M[1]),
        )
        askew = uniform(generator, -STAND_RAD, STAND_RAD)
        backwards = bool(generator.integers(2))
        if k == goal:
            continue
        if not occupied or k == left_free:
            free.append(bay)
            continue
        cosine, sine = numerics.cos_sin(None, bay.heading_rad)
        cars.append(
            VehicleSpec(
                kind=EntityKind.PLAIN,
                x_m=bay.x_m + along * cosine - aside * sine,
                y_m=bay.y_m + along * sine + aside * cosine,
                heading_rad=bay.heading_rad + askew + (math.pi if backwards else 0.0),
                length_m=CAR_M[0],
                width_m=CAR_M[1],
            )
        )
    return cars, free


def _start(lot: CarPark, bay: Bay, generator: np.random.Generator, *, off_course: bool) -> VehicleSpec:
    """The ego in the aisle, its corners inside of it."""
    before = uniform(generator, *(FAR_START_M if off_course else START_M))
    side = 1.0 if generator.random() < 0.5 else -1.0
    if off_course:
        askew = uniform(generator, *FAR_ASKEW_RAD) * (1.0 if generator.random() < 0.5 else -1.0)
    else:
        askew = uniform(generator, -ASKEW_RAD, ASKEW_RAD)
    speed = uniform(generator, 0.0, FAR_SPEED_MPS) if off_course else uniform(generator, *SPEED_MPS)
    cosine, sine = numerics.cos_sin(None, abs(askew))
    room = 0.5 * (lot.aisle_m - CAR_M[0] * sine - CAR_M[1] * cosine) - SIDE_ROOM_M
    beside = min(FAR_BESIDE_M if off_course else BESIDE_M, room)
    return VehicleSpec(
        kind=EntityKind.EGO,
        x_m=max(bay.x_m - before, lot.low_m[0] + ROOM_M),
        y_m=side * uniform(generator, 0.0, beside),
        heading_rad=askew,
        speed_mps=speed,
        length_m=CAR_M[0],
        width_m=CAR_M[1],
        min_speed_mps=REVERSE_MPS,
    )


def _route(bay: Bay, ego: VehicleSpec) -> Route:
    """Along the aisle until beside the bay, and into it."""
    cosine, sine = numerics.cos_sin(None, bay.heading_rad)
    turn_x = bay.x_m if sine == 0.0 else bay.x_m - (bay.y_m - ego.y_m) * cosine / sine
    turn_x = max(turn_x, ego.x_m + 1.0)
    corners = ((ego.x_m - BEHIND_M, ego.y_m), (ego.x_m, ego.y_m), (turn_x, ego.y_m), (bay.x_m, bay.y_m))
    points = [corners[0]]
    for (x0, y0), (x1, y1) in pairwise(corners):
        pieces = math.ceil(math.sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0)))
        points += [(x0 + (x1 - x0) * k / pieces, y0 + (y1 - y0) * k / pieces) for k in range(1, pieces + 1)]
    side, command = ("right", Command.RIGHT) if bay.right else ("left", Command.LEFT)
    route = Route.along(
        points,
        start_index=round(BEHIND_M),
        start_m=(ego.x_m, ego.y_m),
        half_width_m=HALF_WIDTH_M,
        goal_from_start_m=1.0,
        commands=(
            CommandSegment(start_m=-2.0 * BEHIND_M, command=command, text=INSTRUCTION.format(side=side)),
        ),
    )
    return replace(route, goal_m=float(route.arc_m[-1]))


SCENARIO = Scenario(
    id=ID,
    title="parking",
    description="Park in the assigned bay between other cars, forwards or in reverse.",
    abilities=(Ability.AMBIGUITY, Ability.GENERALISATION),
    conditions=("nominal", "off-course", "dense"),
    horizon_s=HORIZON_S,
    open_ended=False,
    build=build,
)
