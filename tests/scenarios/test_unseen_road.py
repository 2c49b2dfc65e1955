"""Unseen roads: another map than any that is trained on, and the same task in the same traffic on it."""

from functools import cache

import numpy as np
import pytest
from scenes import around, expert_drives

from drivebench import registry
from drivebench.conditions import UNSEEN_ROAD
from drivebench.scenario import SPLITS, Episode, load_scenario
from drivebench.world.build import build_network
from drivebench.world.lane_spec import LaneSpec
from drivebench.world.layout import LaneFloat
from scenarios.swing import Swing

FAMILIES = [name for name in registry.names("scenario") if UNSEEN_ROAD in load_scenario(name).conditions]
HELD_OUT = ("dev", "test", "secret")
SEEDS = 12
NEAR_M = 150.0


def _shape(episode: Episode) -> bytes:
    """The lanes of an episode's road without their speed limits."""
    numbers = episode.world.network.lane_float.copy()
    numbers[:, LaneFloat.SPEED_LIMIT] = 0.0
    return numbers.tobytes()


@cache
def _pairs(name: str, count: int = SEEDS) -> list[tuple[Episode, Episode]]:
    scenario = load_scenario(name)
    return [
        (scenario.episode(seed), scenario.episode(seed, UNSEEN_ROAD))
        for split in HELD_OUT
        for seed in SPLITS[split][200 : 200 + count // len(HELD_OUT)]
    ]


def _text(episode: Episode) -> list[str]:
    return [segment.text for segment in episode.route.commands]


def test_the_families_that_have_one_road_or_one_kind_of_road_have_the_condition() -> None:
    wanted = "lane-keeping car-following highway merge exit roundabout intersection two-way u-turn"
    assert {f"{family}-v1" for family in wanted.split()} <= set(FAMILIES)


@pytest.mark.parametrize("name", FAMILIES)
def test_nobody_can_have_trained_on_the_road(name: str) -> None:
    scenario = load_scenario(name)
    seen = {_shape(scenario.episode(seed)) for seed in SPLITS["train"][:24]}
    for nominal, unseen in _pairs(name):
        assert _shape(unseen) != _shape(nominal)
        assert _shape(unseen) not in seen


@pytest.mark.parametrize("name", FAMILIES)
def test_it_is_the_same_task(name: str) -> None:
    for nominal, unseen in _pairs(name):
        assert unseen.condition == UNSEEN_ROAD
        assert unseen.speed_limit_mps == nominal.speed_limit_mps
        assert unseen.horizon_s == nominal.horizon_s
        assert unseen.weather == nominal.weather
        assert unseen.oncoming_lane_open == nominal.oncoming_lane_open
        assert _text(unseen) == _text(nominal)
        assert np.isinf(unseen.route.goal_m) == np.isinf(nominal.route.goal_m)
        if np.isfinite(nominal.route.goal_m):
            assert 0.7 < unseen.route.goal_m / nominal.route.goal_m < 1.5


@pytest.mark.parametrize("name", FAMILIES)
def test_the_traffic_is_as_dense_and_as_fast(name: str) -> None:
    """A road with three lanes instead of two has half as many vehicles more."""
    found: dict[str, list[float]] = {"nominal": [], UNSEEN_ROAD: []}
    speeds: dict[str, list[float]] = {"nominal": [], UNSEEN_ROAD: []}
    for pair in _pairs(name):
        for episode in pair:
            ahead, right, speed = around(episode.world)
            near = ahead * ahead + right * right < NEAR_M * NEAR_M
            lanes = len({lane for _, _, lane in episode.world.network.lane_index})
            found[episode.condition].append(float(near.sum()) / lanes)
            speeds[episode.condition] += speed[near].tolist()
    if any(found["nominal"]):
        assert 0.7 < np.mean(found[UNSEEN_ROAD]) / np.mean(found["nominal"]) < 1.4
        assert 0.85 < np.mean(speeds[UNSEEN_ROAD]) / np.mean(speeds["nominal"]) < 1.15


@pytest.mark.parametrize("name", FAMILIES)
def test_the_expert_drives_there_as_well_and_nobody_crashes(name: str) -> None:
    drive = expert_drives(name, range(1_340_000, 1_340_006), UNSEEN_ROAD)
    assert not drive.failures
    assert drive.crashes_among_others == 0
    assert min(drive.scores) > 90.0


def test_lanes_that_swing_stay_side_by_side_in_both_directions() -> None:
    swing = Swing(amplitude_m=12.0, wave_m=500.0)
    straight = {
        "there": LaneSpec.straight((0.0, 0.0), (2600.0, 0.0)),
        "beside": LaneSpec.straight((0.0, 4.0), (2600.0, 4.0)),
        "back": LaneSpec.straight((2600.0, 0.0), (0.0, 0.0)),
    }
    network = build_network([("a", name, swing.lane(spec)) for name, spec in straight.items()])
    there, beside, back = range(3)
    highest = 0.0
    for x in np.arange(0.0, 2600.0, 25.0).tolist():
        _, y = network.position(there, x)
        highest = max(highest, y)
        assert network.position(beside, x) == pytest.approx((x, y + 4.0), abs=1e-9)
        assert network.position(back, 2600.0 - x) == pytest.approx((x, y), abs=1e-3)
    assert network.position(there, 125.0)[1] == pytest.approx(12.0, abs=1e-2)
    assert highest == pytest.approx(12.0, abs=1e-2)
