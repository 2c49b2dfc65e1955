"""The condition that all scenarios have: gusts on the steering, the same for the same episode."""

import numba
import numpy as np
import pytest
from scenes import expert_drives

from drivebench import registry
from drivebench.conditions import COMMON_CONDITIONS, DISTURBED
from drivebench.disturbance import MOST_MPS2, MOST_RAD, lateral_gusts, steering_gusts
from drivebench.evaluation.record import encode
from drivebench.evaluation.rollout import DriverPilot, roll_out
from drivebench.evaluation.verify import replay
from drivebench.metric.measurement import Reference
from drivebench.scenario import Episode, load_scenario
from drivebench.weather import CLEAR, WEATHER_CONDITIONS
from drivebench.world import WorldBatch
from drivebench.world.clock import POLICY_HZ
from drivebench.world.layout import EntityFloat
from scenarios.expert import Expert
from scenarios.lane_follower import LaneFollower

NAMES = registry.names("scenario")
DRIVEN = ("lane-keeping-v1", "car-following-v1", "highway-v1")


def disturbed_episodes(count: int) -> list[Episode]:
    return [load_scenario(DRIVEN[k % len(DRIVEN)]).episode(1_320_000 + k, DISTURBED) for k in range(count)]


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_has_it_and_nothing_else_changes(name: str) -> None:
    scenario = load_scenario(name)
    assert DISTURBED in scenario.every_condition
    assert set(scenario.every_condition) >= {*COMMON_CONDITIONS, *WEATHER_CONDITIONS}
    nominal, episode = scenario.episode(5), scenario.episode(5, DISTURBED)
    assert episode.condition == DISTURBED
    assert episode.weather == CLEAR
    assert episode.world.entity_float.tobytes() == nominal.world.entity_float.tobytes()
    assert episode.world.network.digest == nominal.world.network.digest
    assert episode.task_digest == nominal.task_digest
    assert episode.world.digest != nominal.world.digest
    assert episode.world.digest == scenario.episode(5, DISTURBED).world.digest
    before, script = nominal.world.script, episode.world.script
    assert script is not None
    assert script.actors == (before.actors if before else ())
    assert before is None or script.speeds_mps.tobytes() == before.speeds_mps.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_gusts_come_and_go_and_are_felt_alike_at_all_speeds(name: str) -> None:
    scenario = load_scenario(name)
    largest, pushed = [], []
    for seed in range(12):
        episode = scenario.episode(seed)
        gusts, angles = lateral_gusts(episode), steering_gusts(episode)
        assert len(gusts) == round(episode.horizon_s * POLICY_HZ)
        assert np.abs(gusts).max() <= MOST_MPS2
        assert np.abs(angles).max() <= MOST_RAD + 2.0**-20
        length = episode.world.entity_float[EntityFloat.LENGTH, episode.world.ego]
        alike = gusts * length / episode.speed_limit_mps**2
        np.testing.assert_allclose(angles, np.clip(alike, -MOST_RAD, MOST_RAD), rtol=0.0, atol=2.0**-20)
        assert np.abs(np.diff(gusts)).max() < 0.5, "a gust rises within a decision"
        largest.append(np.abs(gusts).max())
        pushed.append((np.abs(gusts) > 0.05).mean())
    assert min(largest) > 0.4
    assert 0.3 < np.mean(pushed) < 0.95
    assert len({steering_gusts(scenario.episode(seed)).tobytes() for seed in range(12)}) == 12


def test_holding_against_nothing_leaves_the_lane() -> None:
    """What the expert did without gusts, repeated in them, drifts off by more than a lane has room for."""
    scenario = load_scenario("lane-keeping-v1")
    nominal = [scenario.episode(seed) for seed in range(1_320_000, 1_320_012)]
    gusty = [scenario.episode(episode.seed, DISTURBED) for episode in nominal]
    logs = [each.actions for each in roll_out(nominal, [None] * 12, DriverPilot(Expert()), 12)]
    calm, blown = (WorldBatch([episode.world for episode in each]) for each in (nominal, gusty))
    apart = np.zeros(12)
    for decision in range(75):
        actions = np.stack([log[decision] for log in logs])
        calm.step(actions)
        blown.step(actions)
        apart = np.maximum(apart, np.hypot(calm.x[:, 0] - blown.x[:, 0], calm.y[:, 0] - blown.y[:, 0]))
    assert np.median(apart) > 2.0
    assert apart.min() > 0.5


def test_the_expert_holds_against_it() -> None:
    for family in ("lane-keeping-v1", "car-following-v1"):
        drive = expert_drives(family, range(1_320_000, 1_320_016), DISTURBED)
        assert not drive.failures
        assert np.mean(drive.scores) > 97.0


@pytest.mark.parametrize("threads", [1, 2])
def test_an_action_log_gives_the_same_bytes_again(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    """Whatever the size and the order of the batch, and however many threads."""
    episodes = disturbed_episodes(9)
    references = [Reference(time_s=20.0, distance_m=100.0)] * len(episodes)
    driven = roll_out(episodes, references, DriverPilot(LaneFollower()), 9)
    monkeypatch.setattr(numba, "get_num_threads", lambda: threads)
    order = [int(k) for k in np.random.default_rng(3).permutation(9)]
    for size in (1, 7, 9):
        for first in range(0, 9, size):
            batch = order[first : first + size]
            again = [load_scenario(episodes[k].scenario).episode(episodes[k].seed, DISTURBED) for k in batch]
            replayed = replay(again, [references[k] for k in batch], [driven[k].actions for k in batch])
            for k, (measurement, taken) in zip(batch, replayed, strict=True):
                assert encode(measurement) == encode(driven[k].measurement)
                assert taken == len(driven[k].actions)
