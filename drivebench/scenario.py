"""What is driven: a scenario is a frozen record, and an episode is what (scenario, condition, seed) means.

A scenario family is one module with a ``SCENARIO`` object and one entry point in the group
``drivebench.scenarios``. Everything about an episode follows from its three names; nothing is drawn later.
Conditions are orthogonal to the family: the same seed under another condition keeps the road, the place and
the traffic, and changes only what the condition is about.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivebench import registry
from drivebench.abilities import Ability
from drivebench.conditions import COMMON_CONDITIONS, DISTURBED, NOMINAL, UNSEEN_ROAD
from drivebench.errors import ConfigurationError, UnknownNameError
from drivebench.parking import ParkingTask
from drivebench.weather import CLEAR, WEATHERS, Weather

if TYPE_CHECKING:
    from drivebench.world import World

__all__ = [
    "DEV",
    "SPLITS",
    "TEST",
    "TRAIN",
    "Ability",
    "Command",
    "CommandSegment",
    "Episode",
    "Route",
    "Scenario",
    "episode_generator",
    "load_scenario",
    "split_of",
    "uniform",
]

TRAIN = range(0, 1_000_000)
DEV = range(1_000_000, 2_000_000)
TEST = range(2_000_000, 3_000_000)
SECRET = range(2**40, 2**52)
"""For secret suites of competitions (:mod:`drivebench.secret_seeds`); traffic is as in test."""
SPLITS = {"train": TRAIN, "dev": DEV, "test": TEST, "secret": SECRET}


class Command(IntEnum):
    """What the route asks for: the six road options of CARLA's planner, in the order of the one-hot vector.

    Source: ``RoadOption`` in CARLA's ``PythonAPI/carla/agents/navigation/local_planner.py``.
    """

    FOLLOW = 0
    LEFT = 1
    RIGHT = 2
    STRAIGHT = 3
    CHANGE_LEFT = 4
    CHANGE_RIGHT = 5


@dataclass(frozen=True, kw_only=True)
class CommandSegment:
    """A command, in force from one arc length of the route to the start of the next segment.

    Attributes:
        start_m: Arc length of the route from which the command is in force.
        command: The command as one of six options.
        text: The same as an instruction in plain English.
    """

    start_m: float
    command: Command
    text: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Route:
    """The assigned way, as a dense polyline in the world's frame (x forward, y to the right).

    Laps of a closed track are unrolled: the polyline goes round as often as an episode may need.

    Attributes:
        points_m: ``f8[P, 2]``, about one point a metre, from behind the start to beyond the goal.
        arc_m: ``f8[P]``, strictly increasing arc length of the points; 0 at the ego's start.
        half_width_m: Half width of the corridor of lanes in the same direction, about the polyline.
        goal_m: Arc length of the goal; infinite when the episode is open-ended.
        commands: Segments in the order of their start; the first is in force from the very beginning.
    """

    points_m: NDArray[np.float64]
    arc_m: NDArray[np.float64]
    half_width_m: float
    goal_m: float
    commands: tuple[CommandSegment, ...]

    def __post_init__(self) -> None:
        points, arc = self.points_m, self.arc_m
        if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2 or arc.shape != points.shape[:1]:
            raise ConfigurationError(
                f"a route has points {points.shape} and arc lengths {arc.shape}; expected (P, 2) and (P,)"
            )
        if not (np.isfinite(points).all() and np.isfinite(arc).all()):
            raise ConfigurationError("a route has points that are not finite; expected finite metres")
        if not (np.diff(arc) > 0.0).all():
            raise ConfigurationError("the arc length of a route does not increase; drop repeated points")
        if not arc[0] <= 0.0 < arc[-1]:
            raise ConfigurationError(
                f"a route runs from {arc[0]} m to {arc[-1]} m; expected 0 m, the ego's start, to lie on it"
            )
        if not self.half_width_m > 0.0:
            raise ConfigurationError(f"a route is {self.half_width_m} m to each side; expected more than 0")
        if not self.goal_m > 0.0 or (math.isfinite(self.goal_m) and self.goal_m > arc[-1]):
            raise ConfigurationError(
                f"the goal is at {self.goal_m} m of a route that ends at {arc[-1]} m; expected it on the "
                "route and ahead of the start, or infinity for an open-ended episode"
            )
        starts = [segment.start_m for segment in self.commands]
        if not starts or starts != sorted(set(starts)) or starts[0] > arc[0]:
            raise ConfigurationError(
                f"commands start at {starts} m; expected at least one, increasing, the first no later than "
                f"the route's first point at {arc[0]} m"
            )

    @classmethod
    def along(
        cls,
        points_m: ArrayLike,
        *,
        start_index: int,
        start_m: tuple[float, float],
        half_width_m: float,
        goal_from_start_m: float = math.inf,
        commands: tuple[CommandSegment, ...],
    ) -> Self:
        """Measure a polyline and put the zero of its arc length beside the ego's start.

        The points are rounded to the grid, and only additions, multiplications, divisions and square roots
        are used, so that the route is the same bits on every machine.

        Args:
            points_m: ``(P, 2)`` points in driving order, without repetitions.
            start_index: The start lies beside the segment from this point to the next.
            start_m: The ego's start (x, y), projected onto that segment.
            half_width_m: See the attribute.
            goal_from_start_m: Arc length of the goal, counted from the start.
            commands: See the attribute; starts are counted from the ego's start.
        """
        from drivebench.world.grid import GRID  # here, because listing scenarios must not load the compiler

        points = np.rint(np.asarray(points_m, dtype=np.float64) * GRID) / GRID
        steps = np.diff(points, axis=0)
        lengths = np.sqrt(steps[:, 0] * steps[:, 0] + steps[:, 1] * steps[:, 1])
        arc = np.zeros(len(points))
        np.cumsum(lengths, out=arc[1:])
        (step_x, step_y), length = steps[start_index], lengths[start_index]
        from_x, from_y = start_m[0] - points[start_index, 0], start_m[1] - points[start_index, 1]
        along = (from_x * step_x + from_y * step_y) / length
        return cls(
            points_m=points,
            arc_m=arc - (arc[start_index] + along),
            half_width_m=half_width_m,
            goal_m=goal_from_start_m,
            commands=commands,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Episode:
    """What (scenario, condition, seed) means: the initial world and the task in it.

    Attributes:
        scenario: Id of the scenario, such as ``lane-keeping-v1``.
        condition: Name of the condition, such as ``nominal``.
        seed: Of the split that :func:`split_of` names.
        world: The initial state.
        route: The assigned way.
        horizon_s: The episode ends after this time at the latest.
        speed_limit_mps: The limit that the metric and the drivers go by.
        weather: What cameras see it in.
        oncoming_lane_open: Whether the lane of the oncoming traffic may be used for overtaking. It is not
            against the direction of travel then, except where an oncoming driver is made to brake.
        parking: Where the ego has to park; None where its goal is on its route. The route leads there then.
    """

    scenario: str
    condition: str
    seed: int
    world: "World"
    route: Route
    horizon_s: float
    speed_limit_mps: float
    weather: Weather = CLEAR
    oncoming_lane_open: bool = False
    parking: ParkingTask | None = None

    def under(self, weather: Weather) -> "Episode":
        """The same episode in some weather; a low sun stands ahead of the ego's start.

        Args:
            weather: Which.
        """
        from drivebench.world.layout import EntityFloat  # here, as listing scenarios must not load the world

        heading = float(self.world.entity_float[EntityFloat.HEADING, self.world.ego])
        return replace(self, weather=weather.facing(heading))

    @cached_property
    def task_digest(self) -> str:
        """SHA-256 of the task in the world (route, goal, commands, horizon, limit, weather), hexadecimal."""
        route = self.route
        digest = hashlib.sha256(route.points_m.tobytes() + route.arc_m.tobytes())
        commands = [(float(each.start_m), int(each.command), each.text) for each in route.commands]
        numbers = (route.half_width_m, route.goal_m, self.horizon_s, self.speed_limit_mps)
        digest.update(repr(([float(number) for number in numbers], commands)).encode())
        if self.weather != CLEAR:  # clear days keep the digests that they had before there was weather
            digest.update(repr(self.weather).encode())
        if self.oncoming_lane_open:  # and so do episodes where it is not
            digest.update(b"the oncoming lane is open")
        if self.parking is not None:
            digest.update(repr(self.parking).encode())
        return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A family of episodes with one task: the unit of the registry.

    Attributes:
        id: Family and version, such as ``lane-keeping-v1``; the name of its entry point.
        title: A few words for a table's head.
        description: One or two sentences for people.
        abilities: What it tests by itself; conditions may test more, see :mod:`drivebench.abilities`.
        conditions: Names of the conditions that it defines itself; the first is ``nominal``. Those of
            ``COMMON_CONDITIONS`` are there as well.
        horizon_s: Longest duration of an episode.
        open_ended: No goal: an episode runs to its horizon and progress is compared with the expert's.
        build: ``build(seed, condition)`` makes the episode; call :meth:`episode`, which checks its arguments.
    """

    id: str
    title: str
    description: str
    abilities: tuple[Ability, ...]
    conditions: tuple[str, ...]
    horizon_s: float
    open_ended: bool
    build: Callable[[int, str], Episode]

    def __post_init__(self) -> None:
        family, _, version = self.id.rpartition("-v")
        if not family or not version.isdigit():
            raise ConfigurationError(
                f"scenario id {self.id!r}; expected a family and a version: 'lane-keeping-v1'"
            )
        if not self.conditions or self.conditions[0] != NOMINAL:
            raise ConfigurationError(f"{self.id} has conditions {self.conditions}; expected 'nominal' first")
        if not self.horizon_s > 0.0:
            raise ConfigurationError(f"{self.id} has a horizon of {self.horizon_s} s; expected more than 0")

    @property
    def family(self) -> str:
        """The id without its version: a row of the leaderboard."""
        return self.id.rpartition("-v")[0]

    @property
    def every_condition(self) -> tuple[str, ...]:
        """Names of its own conditions and of those that all scenarios have."""
        common = (name for name in COMMON_CONDITIONS if name not in self.conditions)
        return (*self.conditions, *common)

    def episode(self, seed: int, condition: str = NOMINAL) -> Episode:
        """Build the episode of a seed under a condition.

        Args:
            seed: Any integer of ``TRAIN``, ``DEV`` or ``TEST``.
            condition: One of ``every_condition``.

        Raises:
            ConfigurationError: The seed is in no split, or one of training where the road is to be unseen.
            UnknownNameError: No such condition.
        """
        split = split_of(seed)
        if condition not in self.every_condition:
            raise UnknownNameError(f"condition of {self.id}", condition, self.every_condition)
        if condition == UNSEEN_ROAD and split == "train":
            raise ConfigurationError(
                f"{self.id}/{condition}/{seed}: {seed} is a training seed, and roads that are trained on are "
                f"not unseen; expected a seed of development ({DEV.start}…) or test ({TEST.start}…)"
            )
        if condition in self.conditions:
            return self.build(seed, condition)
        episode = replace(self.build(seed, NOMINAL), condition=condition)
        if condition != DISTURBED:
            return episode.under(WEATHERS[condition])
        from drivebench.disturbance import disturbed  # here, as listing scenarios must not load the world

        return disturbed(episode)


def split_of(seed: int) -> str:
    """Name of the split that a seed belongs to: ``train``, ``dev``, ``test`` or ``secret``.

    Raises:
        ConfigurationError: The seed is in none of them.
    """
    for name, seeds in SPLITS.items():
        if seed in seeds:
            return name
    limits = ", ".join(f"{name} {seeds.start}…{seeds.stop - 1}" for name, seeds in SPLITS.items())
    raise ConfigurationError(f"seed {seed} is in no split; expected an integer of one of: {limits}")


def episode_generator(scenario: str, condition: str, seed: int) -> np.random.Generator:
    """The random numbers of an episode: a stream that depends on the three names and on nothing else.

    A builder draws what all conditions share (road, place, traffic) from the stream of ``nominal``, and what
    a condition changes from the stream of that condition. Draw with ``random``, ``integers``, ``permutation``
    and :func:`uniform`: they use exact or basic arithmetic only. NumPy's own ``uniform`` is compiled to a
    fused product on some processors, and ``normal`` and its like call libm.

    Args:
        scenario: Id of the scenario.
        condition: Name of the condition.
        seed: The episode's seed.
    """
    digest = hashlib.sha256(f"{scenario}/{condition}/{seed}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def uniform(generator: np.random.Generator, low: float, high: float) -> float:
    """A number between two others, the same bits on every machine.

    Args:
        generator: Of the episode.
        low: Least.
        high: Most.
    """
    return low + (high - low) * float(generator.random())


def load_scenario(name: str) -> Scenario:
    """The registered scenario of an id.

    Raises:
        UnknownNameError: No such scenario; the message suggests the nearest id.
        ConfigurationError: The entry point names something else than a scenario of that id.
    """
    scenario = registry.load("scenario", name)
    if not isinstance(scenario, Scenario) or scenario.id != name:
        raise ConfigurationError(
            f"the entry point {name!r} of group drivebench.scenarios is {scenario!r}; expected a Scenario "
            "with that id"
        )
    return scenario
