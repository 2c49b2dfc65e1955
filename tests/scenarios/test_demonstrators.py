"""Demonstrators drive as they are called, in measurably different quality, and the same on every run."""

from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from drivebench import registry
from drivebench.evaluation.rollout import DriverPilot, Rollout, roll_out
from drivebench.metric.measurement import Reference
from drivebench.metric.parts import Parts, is_success, parts
from drivebench.policy import Actions, Driver
from drivebench.scenario import DEV, Episode, load_scenario
from drivebench.world import WorldBatch

STYLES = ("cautious", "brisk", "left-passing", "right-passing", "noisy", "distracted")
FIRST = DEV.start + 600_000
EPISODES = {"lane-keeping-v1": 6, "highway-v1": 12, "roundabout-v1": 8}


@cache
def driven(style: str, family: str) -> tuple[Rollout, ...]:
    scenario = load_scenario(family)
    episodes = [scenario.episode(FIRST + place) for place in range(EPISODES[family])]
    return tuple(roll_out(episodes, [None] * len(episodes), DriverPilot(registry.load("driver", style)())))


def by_the_expert(family: str) -> list[Reference]:
    """What the expert does with the same episodes: styles are compared on one scale."""
    return [
        Reference(time_s=each.measurement.duration_s, distance_m=each.measurement.progress_m)
        for each in driven("expert", family)
    ]


def judged(style: str, family: str) -> list[Parts]:
    rollouts, references = driven(style, family), by_the_expert(family)
    return [parts(each.measurement, one) for each, one in zip(rollouts, references, strict=True)]


def mean(style: str, family: str, part: str) -> float:
    return float(np.mean([getattr(each, part) for each in judged(style, family)]))


def speed_mps(style: str, family: str) -> float:
    way_m = sum(each.measurement.distance_m for each in driven(style, family))
    return way_m / sum(each.measurement.duration_s for each in driven(style, family))


def successes(style: str, family: str) -> float:
    rollouts, references = driven(style, family), by_the_expert(family)
    return float(
        np.mean([is_success(each.measurement, one) for each, one in zip(rollouts, references, strict=True)])
    )


@pytest.mark.parametrize("family", ["lane-keeping-v1", "highway-v1"])
def test_cautious_is_slow_and_brisk_is_fast(family: str) -> None:
    slow, usual, fast = (speed_mps(style, family) for style in ("cautious", "expert", "brisk"))
    assert slow < 0.95 * usual
    assert fast > 1.02 * usual
    assert mean("cautious", family, "ep") < 0.97
    assert mean("brisk", family, "sl") < 0.9


def test_noisy_is_not_smooth() -> None:
    def roughness(style: str) -> float:
        steps = [
            np.diff(each.actions.astype(np.float64), axis=0) for each in driven(style, "lane-keeping-v1")
        ]
        return float(np.mean([np.square(each).mean() for each in steps]))

    assert roughness("noisy") > 10.0 * roughness("expert")
    assert mean("noisy", "lane-keeping-v1", "sl") < 0.97


def test_distracted_fails_sometimes_and_not_always() -> None:
    families = ("highway-v1", "roundabout-v1")
    assert [successes("expert", family) for family in families] == [1.0, 1.0]
    assert 0.2 <= np.mean([successes("distracted", family) for family in families]) <= 0.95


def test_left_and_right_are_preferred_by_name() -> None:
    """On a motorway, left-passing is further to the left than right-passing, in the mean."""

    def across(style: str) -> float:
        watched = _Watched(registry.load("driver", style)())
        episodes = [load_scenario("highway-v1").episode(FIRST + place) for place in range(12)]
        roll_out(episodes, [None] * len(episodes), DriverPilot(watched), len(episodes))
        return float(np.mean(watched.y_m))

    assert across("left-passing") < across("right-passing") - 0.2


class _Watched:
    """A driver, and where its egos were from left (0) to right on a straight road."""

    privileged = True

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.y_m: list[float] = []

    def reset(self, worlds: WorldBatch, episodes: Mapping[int, Episode], slots: NDArray[np.int64]) -> None:
        self._driver.reset(worlds, episodes, slots)

    def act(self, worlds: WorldBatch, slots: NDArray[np.int64]) -> Actions:
        self.y_m += worlds.y[slots, worlds.ego[slots]].tolist()
        return self._driver.act(worlds, slots)


@pytest.mark.parametrize("style", ["noisy", "distracted"])
def test_what_is_random_follows_from_the_names(style: str) -> None:
    rollouts = driven(style, "lane-keeping-v1")
    again = roll_out(
        [each.episode for each in rollouts[::-1]],
        [None] * len(rollouts),
        DriverPilot(registry.load("driver", style)()),
        2,
    )
    for one, other in zip(rollouts, again[::-1], strict=True):
        assert np.array_equal(one.actions, other.actions)
