"""Bad driving by script, on real episodes: what the score must not reward.

Each is a pilot: a lane follower that sees everything, and an idea of how to cheat.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from drivebench.evaluation.rollout import Rollout, roll_out
from drivebench.metric.measurement import Reference
from drivebench.metric.monitor import Monitor
from drivebench.metric.parts import parts
from drivebench.metric.score import dbs
from drivebench.scenario import Command, Episode, Route
from drivebench.suite import SuiteEntry, load_suite
from drivebench.weather import WEATHER_CONDITIONS
from drivebench.world import EntityKind, World, WorldBatch
from drivebench.world.layout import EntityFloat, EntityInt
from scenarios.lane_follower import LaneFollower
from scenarios.roundabout_way import RING_RADIUS_M, way_through

Actions = NDArray[np.float32]
Slots = NDArray[np.int64]
Act = Callable[[Actions, WorldBatch, Monitor, Slots], Actions]

FAMILIES = load_suite("dev").scenarios
EPISODES = 12
"""Of each family, the first of each condition in turn: of the development suite, without those that only
change what cameras see."""


def keep(actions: Actions, worlds: WorldBatch, monitor: Monitor, slots: Slots) -> Actions:
    return actions


class Scripted:
    """Follows a route at a share of the speed limit, and changes what the lane follower does."""

    def __init__(
        self,
        act: Act = keep,
        *,
        limit: float = 1.0,
        route: Callable[[Episode], Route] = lambda episode: episode.route,
    ) -> None:
        self._act, self._limit, self._route = act, limit, route
        self._driver = LaneFollower()

    def begin(self, worlds: WorldBatch, monitor: Monitor, episodes: Mapping[int, Episode]) -> None:
        self._driver = LaneFollower()
        told = {
            slot: replace(one, route=self._route(one), speed_limit_mps=self._limit * one.speed_limit_mps)
            for slot, one in episodes.items()
        }
        self._driver.reset(worlds, told, np.array(sorted(told)))

    def decide(self, worlds: WorldBatch, monitor: Monitor, slots: Slots) -> Actions:
        return np.clip(self._act(self._driver.act(worlds, slots), worlds, monitor, slots), -1.0, 1.0)


@cache
def entries(family: str) -> tuple[SuiteEntry, ...]:
    """Episodes of a family."""
    cells: dict[str, list[SuiteEntry]] = {}
    for entry in load_suite("dev").entries:
        if entry.scenario == family and entry.condition not in WEATHER_CONDITIONS:
            cells.setdefault(entry.condition, []).append(entry)
    in_turn = [entry for row in zip_longest(*cells.values()) for entry in row if entry is not None]
    return tuple(in_turn[:EPISODES])


@cache
def episodes(family: str) -> tuple[Episode, ...]:
    return tuple(entry.episode() for entry in entries(family))


def references(family: str) -> list[Reference]:
    return [
        Reference(time_s=entry.reference_time_s, distance_m=entry.reference_distance_m)
        for entry in entries(family)
    ]


@cache
def deaf_episodes(family: str) -> tuple[Episode, ...]:
    """The same, with followers in the ego's lane that keep their speed whatever happens before them."""
    return tuple(replace(episode, world=_deaf_behind(episode.world)) for episode in episodes(family))


def _deaf_behind(world: World) -> World:
    numbers, integers = world.entity_float, world.entity_int.copy()
    ahead = numbers[EntityFloat.X] - numbers[EntityFloat.X, world.ego]
    beside = np.abs(numbers[EntityFloat.Y] - numbers[EntityFloat.Y, world.ego])
    behind = (ahead < 0.0) & (beside < 2.0) & (integers[EntityInt.KIND] == EntityKind.IDM)
    integers[EntityInt.KIND, behind] = EntityKind.PLAIN
    return replace(world, entity_int=integers)


def drive(pilot: object, family: str) -> list[Rollout]:
    return roll_out(episodes(family), references(family), pilot)  # type: ignore[arg-type]


def scores(rollouts: list[Rollout], family: str) -> list[float]:
    return [
        dbs(parts(rollout.measurement, reference))
        for rollout, reference in zip(rollouts, references(family), strict=True)
    ]


def family_score(pilot: object, family: str) -> float:
    """Mean score over the episodes of a family."""
    found = scores(drive(pilot, family), family)
    return sum(found) / len(found)


def constant(acceleration: float, steering: float) -> Scripted:
    """Always the same action, whatever is seen."""
    return Scripted(lambda actions, worlds, monitor, slots: np.full_like(actions, (acceleration, steering)))


def random(seed: int) -> Scripted:
    """Uniformly random actions."""
    generator = np.random.default_rng(seed)
    return Scripted(
        lambda actions, worlds, monitor, slots: generator.uniform(-1, 1, actions.shape).astype(np.float32)
    )


def full_throttle() -> Scripted:
    """Steers well and never lifts the foot."""

    def act(actions: Actions, worlds: WorldBatch, monitor: Monitor, slots: Slots) -> Actions:
        actions[:, 0] = 1.0
        return actions

    return Scripted(act)


def stop_at(share: float, family: str) -> Scripted:
    """Stops for good at a share of the expert's way."""
    stops = np.array([share * reference.distance_m for reference in references(family)])

    def act(actions: Actions, worlds: WorldBatch, monitor: Monitor, slots: Slots) -> Actions:
        speed = worlds.speed[slots, worlds.ego[slots]]
        braking_m = speed * speed / (2.0 * 3.0) + 0.3 * speed
        stopping = monitor.progress_m[slots] + braking_m >= stops[: len(worlds)][slots]
        actions[stopping, 0] = np.where(speed[stopping] > 0.3, -0.6, -0.1)
        return actions

    return Scripted(act)


def brake_check(after_m: float) -> Scripted:
    """Drives well for a while, waits for a follower, and brakes as hard as it can until it is hit."""

    def act(actions: Actions, worlds: WorldBatch, monitor: Monitor, slots: Slots) -> Actions:
        for row, slot in enumerate(slots.tolist()):
            if monitor.progress_m[slot] > after_m:
                actions[row, 0] = -1.0
        return actions

    return Scripted(act)


def turn_back() -> Scripted:
    """Turns round where it is and drives against the traffic."""
    heading: dict[int, float] = {}

    def act(actions: Actions, worlds: WorldBatch, monitor: Monitor, slots: Slots) -> Actions:
        for row, slot in enumerate(slots.tolist()):
            ego = int(worlds.ego[slot])
            if monitor.time_s[slot] == 0.0:
                heading[slot] = float(worlds.heading[slot, ego])
            turned = abs(float(worlds.heading[slot, ego]) - heading[slot])
            speed = float(worlds.speed[slot, ego])
            if turned < 2.9:
                actions[row] = (
                    0.5 if speed < 3.0 else -1.0 if speed > 4.0 else 0.0,
                    1.0 if speed < 6.0 else 0.0,
                )
            else:
                actions[row] = (0.5, 0.0)
        return actions

    return Scripted(act)


def as_the_crow_flies() -> Scripted:
    """Heads for a point of the route far ahead, whatever lies between."""

    def act(actions: Actions, worlds: WorldBatch, monitor: Monitor, slots: Slots) -> Actions:
        for row, slot in enumerate(slots.tolist()):
            route, ego = monitor.episodes[slot].route, int(worlds.ego[slot])
            goal_m = min(route.goal_m, monitor.progress_m[slot] + 90.0)
            x, y = route.points_m[min(int(np.searchsorted(route.arc_m, goal_m)), len(route.arc_m) - 1)]
            wanted = math.atan2(y - worlds.y[slot, ego], x - worlds.x[slot, ego])
            off = (wanted - float(worlds.heading[slot, ego]) + math.pi) % math.tau - math.pi
            actions[row, 1] = off
        return actions

    return Scripted(act)


def along(points: NDArray[np.float64], episode: Episode) -> Route:
    """A route along other points, from the same start."""
    ego = episode.world.entity_float[:2, 0]
    nearest = int(((points - ego) ** 2).sum(axis=1).argmin())
    return Route.along(
        points,
        start_index=min(nearest, len(points) - 2),
        start_m=(float(ego[0]), float(ego[1])),
        half_width_m=4.0,
        commands=episode.route.commands,
    )


def wrong_way(episode: Episode) -> Route:
    """To an exit or an arm that was not assigned: the way of an episode that was told another one."""
    told = _assigned(episode)
    others = [other for other in episodes(episode.scenario) if _assigned(other) != told]
    ego = episode.world.entity_float[:2, 0]
    nearest = min(others, key=lambda other: _distance(other.world.entity_float[:2, 0], ego))
    return along(nearest.route.points_m, episode)


def _assigned(episode: Episode) -> frozenset[Command]:
    return frozenset(segment.command for segment in episode.route.commands) - {Command.FOLLOW}


def round_and_round(episode: Episode) -> Route:
    """Onto the ring, and never off it."""
    way = way_through("sx")
    onto = way.points_m[: way.ring_from + 1]
    start = math.atan2(onto[-1, 1], onto[-1, 0])
    angles = start - np.arange(0.5, 6 * math.tau * RING_RADIUS_M, 0.5) / RING_RADIUS_M
    ring = RING_RADIUS_M * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return along(np.concatenate([onto, ring]), episode)


def _distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(np.hypot(*(a - b)))
