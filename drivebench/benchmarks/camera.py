"""Pictures: images a second, and whole steps with a camera against stock steps with the grayscale image."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count

import numba
import numpy as np

from drivebench import registry
from drivebench.benchmarks.peer import Peer, PeerPictures
from drivebench.benchmarks.row import Row, rates, seconds_per_call, taken_in_turns, watch
from drivebench.environment import DrivingVectorEnv
from drivebench.scenario import Ability, Command, CommandSegment, Episode, Route, Scenario
from drivebench.sensors import (
    FRONT,
    LEFT,
    MIRROR_LEFT,
    MIRROR_RIGHT,
    RIGHT,
    Camera,
    Moments,
    render,
)
from drivebench.weather import WEATHERS
from drivebench.world import EntityKind, World
from drivebench.world.build import build_network
from drivebench.world.lane_spec import LaneSpec
from drivebench.world.layout import EntityFloat

__all__ = ["ABOUT", "busy_road", "environment_of", "measure", "measure_weathers"]

ABOUT = """## Pictures

Ours are coloured and seen from the car, highway-env's are gray and seen from above: what a learner gets from
either. A whole step is the road, the reward and the picture.
"""

ENV_ID = "highway-v0"
CARS = 20
SIGHT_M = 150.0
LANE_M = 4.0
BATCH = 64
ROUNDS = 7
STEPS = 4
WEATHER_SCENARIO, WEATHER_BATCH, WEATHER_STEPS = "highway-v1", 16, 20
"""What is driven in every weather: episodes of one of our own scenarios, from their beginning."""

LEAST_IMAGES = 10_000.0
"""Front images a second to reach on one thread."""

MOST_OF_WEATHER = 2.0
"""How many times a picture of a clear day one in other weather may cost."""

STEP_TARGET = 200.0
"""Ratio of a batched step with a camera to a stock step with its grayscale image to reach."""


def measure() -> list[Row]:
    """Measure on one thread; both sides look at the same worlds.

    Returns:
        Rows for single cameras, for the whole rig, for each weather, and for whole steps.
    """
    peer: Peer = registry.load("peer", "highway-env")
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        stock = [peer.pictures(ENV_ID, seed) for seed in range(ROUNDS)]
        assert all(each.picture().std() > 0 for each in stock), "highway-env draws nothing"
        return [
            *_measure_images(stock, peer.name),
            *measure_weathers(),
            _measure_steps(stock, peer.name),
        ]
    finally:
        numba.set_num_threads(threads)


def _measure_images(stock: list[PeerPictures], peer: str) -> list[Row]:
    moments = busy_road()
    rig = (LEFT, FRONT, RIGHT, MIRROR_LEFT, MIRROR_RIGHT)

    def seconds(*cameras: Camera) -> float:
        outs = [render(camera, moments) for camera in cameras]

        def pictures() -> None:
            for camera, out in zip(cameras, outs, strict=True):
                render(camera, moments, out)

        return seconds_per_call(pictures, 2 * STEPS) / len(moments)

    measures: list[Callable[[], float]] = [
        partial(seconds, FRONT),
        partial(seconds, *rig),
        lambda: seconds_per_call(stock[0].picture, 20),
    ]
    front_s, rig_s, stock_s = taken_in_turns(measures, ROUNDS)
    above = f"{peer}, gray"
    size = f"{FRONT.height}×{FRONT.width} RGB"
    row = partial(_row, f"pictures, {CARS} cars in sight, one thread; highway-env's are gray, from above")
    return [
        row(f"front camera, {size}", front_s, "images/s", "asked for", [1 / LEAST_IMAGES], 1.0),
        row(f"front camera, {size}", front_s, "images/s", above, stock_s),
        row("3 cameras and 2 mirrors", rig_s, "frames/s", above, stock_s),
    ]


def measure_weathers() -> list[Row]:
    """The front camera in each weather against the clear day, in the same episodes.

    The cameras are those of environments, so that what a weather prepares for an episode, and what a failing
    camera remembers or leaves out, is in the time.
    """

    def timed(condition: str) -> Callable[[], float]:
        environment = DrivingVectorEnv(
            WEATHER_SCENARIO, num_envs=WEATHER_BATCH, sensors=("front",), condition=condition
        )
        spent = watch(environment.episodes.rig, "observe")
        idle = np.zeros((WEATHER_BATCH, 2), np.float32)
        seeds = count(0, WEATHER_BATCH)

        def drive() -> float:
            environment.reset(seed=next(seeds))
            for _ in range(WEATHER_STEPS):
                environment.step(idle)
            seconds = sum(spent) / (len(spent) * WEATHER_BATCH)
            spent.clear()
            return seconds

        return drive

    drives = {name: timed("nominal" if name == "clear" else name) for name in WEATHERS}
    taken_in_turns([*drives.values()], 1)  # whatever is to be compiled is compiled now
    took = dict(zip(drives, taken_in_turns([*drives.values()], ROUNDS), strict=True))
    row = partial(
        _row, f"pictures of {WEATHER_SCENARIO}, the first {WEATHER_STEPS} decisions of episodes, one thread"
    )
    return [
        row(f"front camera, {name}", each, "images/s", "clear day", took["clear"], 1 / MOST_OF_WEATHER)
        for name, each in took.items()
        if name != "clear"
    ]


def _row(
    section: str,
    name: str,
    seconds: Sequence[float],
    unit: str,
    peer: str,
    peer_seconds: Sequence[float],
    target: float | None = None,
) -> Row:
    return Row(
        section=section,
        name=name,
        ours=rates(seconds),
        unit=unit,
        peer=peer,
        theirs=rates(peer_seconds),
        target=target,
    )


def busy_road() -> Moments:
    """``BATCH`` moments on a motorway of four lanes, each with ``CARS`` cars ahead, within sight."""
    rng = np.random.default_rng(0)
    lines = [(2, 1), (0, 1), (0, 1), (0, 2)]
    network = build_network(
        [
            ("a", "b", LaneSpec.straight((0.0, LANE_M * k), (1500.0, LANE_M * k), line_types=lines[k]))
            for k in range(len(lines))
        ]
    )
    states = np.zeros((BATCH, CARS + 1, 4))
    states[:, :, 1] = rng.integers(len(lines), size=(BATCH, CARS + 1)) * LANE_M
    gaps = rng.uniform(0.5, 1.5, (BATCH, CARS)) * SIGHT_M / (CARS + 1) / 1.1
    states[:, 0, 0] = rng.uniform(100.0, 1000.0, BATCH)
    states[:, 1:, 0] = states[:, :1, 0] + gaps.cumsum(axis=1)
    states[:, :, 2] = rng.uniform(-0.03, 0.03, (BATCH, CARS + 1))
    kinds = np.full((BATCH, CARS + 1), EntityKind.IDM)
    kinds[:, 0] = EntityKind.EGO
    return Moments.from_states(
        networks=[network],
        network=np.zeros(BATCH, np.int64),
        states=states,
        sizes_m=np.broadcast_to([5.0, 2.0], (BATCH, CARS + 1, 2)),
        kinds=kinds,
        ego=np.zeros(BATCH, np.int64),
    )


def _measure_steps(stock: list[PeerPictures], peer: str) -> Row:
    """``env.step`` on both sides, from the same world over the same decisions, with an ego that idles."""
    rounds = iter(range(ROUNDS))
    present = 0

    def theirs() -> float:
        nonlocal present
        present = next(rounds)
        return seconds_per_call(stock[present].step, STEPS)

    def ours() -> float:
        environment = environment_of(stock[present].world, BATCH)
        idle = np.zeros((BATCH, 2), np.float32)
        environment.reset(seed=0)
        environment.step(idle)  # whatever is to be compiled is compiled before the clock runs
        environment.reset(seed=0)
        return seconds_per_call(partial(environment.step, idle), STEPS) / BATCH

    stock_s, our_s = taken_in_turns([theirs, ours], ROUNDS)
    vehicles = stock[0].world.vehicles
    return _row(
        "env.step with a camera, one thread; highway-env's with a gray picture from above",
        f"{ENV_ID}, {vehicles} vehicles, {BATCH} worlds",
        our_s,
        "steps/s",
        f"{peer}, gray",
        stock_s,
        STEP_TARGET,
    )


def environment_of(world: World, episodes: int) -> DrivingVectorEnv:
    """A vector environment whose episodes all begin in one world, the peer's.

    Args:
        world: As the peer handed it over.
        episodes: How many step together.
    """
    episode = _episode(world)
    scenario = Scenario(
        id=ENV_ID,
        title="The peer's world",
        description="The same world on both sides of a benchmark.",
        abilities=(Ability.INTERACTION,),
        conditions=(episode.condition,),
        horizon_s=episode.horizon_s,
        open_ended=True,
        build=lambda _seed, _condition: episode,
    )
    return DrivingVectorEnv(scenario, num_envs=episodes)


def _episode(world: World) -> Episode:
    """An open-ended drive straight on, so that the step has something to watch."""
    x, y = world.entity_float[EntityFloat.X, world.ego], world.entity_float[EntityFloat.Y, world.ego]
    along = np.arange(-10.0, 1000.0)
    route = Route.along(
        np.stack((x + along, np.full_like(along, y)), axis=-1),
        start_index=10,
        start_m=(float(x), float(y)),
        half_width_m=20.0,
        commands=(CommandSegment(start_m=-math.inf, command=Command.FOLLOW, text="Drive on."),),
    )
    return Episode(
        scenario=ENV_ID,
        condition="nominal",
        seed=0,
        world=world,
        route=route,
        horizon_s=40.0,
        speed_limit_mps=30.0,
    )
