"""The probe of the families with traffic: who drives the assigned way well and sees nobody fails there.

The same driver with eyes for the leader alone is the reference ``idm``; what it gets is what following is
worth. That the expert gets 90 and more is tested in ``tests/metric/test_acceptance.py``.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from drivebench import registry
from drivebench.abilities import Ability
from drivebench.evaluation.rollout import DriverPilot, roll_out
from drivebench.metric.measurement import Reference
from drivebench.metric.parts import is_success, parts
from drivebench.metric.score import dbs
from drivebench.scenario import DEV, Episode, load_scenario
from drivebench.world import WorldBatch
from scenarios.lane_follower import LaneFollower

EPISODES = 16
SEES_NOBODY = 50.0
"""Most that a driver who sees nobody may get."""

INTERACTION = [
    name for name in registry.names("scenario") if Ability.INTERACTION in load_scenario(name).abilities
]


@dataclass(frozen=True)
class _Empty:
    """A batch of worlds in which nobody is there."""

    worlds: WorldBatch

    def __getattr__(self, name: str) -> object:
        return getattr(self.worlds, name)

    @property
    def present(self) -> NDArray[np.bool_]:
        return np.zeros_like(self.worlds.present)


class SeesNobody(LaneFollower):
    """Follows the assigned way at the limit, as if it were alone."""

    def _follow(self, worlds: WorldBatch, *arguments: NDArray[np.float64]) -> NDArray[np.float64]:
        return super()._follow(_Empty(worlds), *arguments)  # type: ignore[arg-type]


@cache
def nominal(family: str) -> tuple[Episode, ...]:
    scenario = load_scenario(family)
    return tuple(scenario.episode(DEV.start + 700_000 + place) for place in range(EPISODES))


@pytest.mark.parametrize("family", INTERACTION)
def test_who_sees_nobody_fails(family: str) -> None:
    episodes = nominal(family)
    scores, successes = [], []
    for rollout in roll_out(episodes, [None] * EPISODES, DriverPilot(SeesNobody())):
        # As far as the limit allows until the horizon or the goal: more than the expert's way.
        way_m = min(rollout.episode.route.goal_m, rollout.episode.horizon_s * rollout.episode.speed_limit_mps)
        reference = Reference(time_s=rollout.episode.horizon_s, distance_m=way_m)
        scores.append(dbs(parts(rollout.measurement, reference)))
        successes.append(is_success(rollout.measurement, reference))
    assert np.mean(scores) <= SEES_NOBODY
    assert np.mean(successes) <= 0.5
