"""Every registered scenario keeps its contract, and the conformance test notices when one does not."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from drivebench import registry
from drivebench.conformance import check_scenario, scenario_violations
from drivebench.errors import ConfigurationError, UnknownNameError
from drivebench.scenario import (
    DEV,
    SECRET,
    TEST,
    TRAIN,
    Episode,
    Scenario,
    episode_generator,
    load_scenario,
    split_of,
)
from drivebench.world.layout import EntityFloat

NAMES = registry.names("scenario")


@pytest.mark.parametrize("name", NAMES)
def test_a_registered_scenario_keeps_its_contract(name: str) -> None:
    check_scenario(load_scenario(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_condition_changes_the_ego_and_nothing_else(name: str) -> None:
    scenario = load_scenario(name)
    for seed in (3, 1_000_003, 2_000_003):
        nominal, displaced = scenario.episode(seed), scenario.episode(seed, "off-course")
        assert nominal.world.network.digest == displaced.world.network.digest
        assert nominal.speed_limit_mps == displaced.speed_limit_mps
        others = np.arange(nominal.world.entities) != nominal.world.ego
        np.testing.assert_array_equal(
            nominal.world.entity_float[:, others], displaced.world.entity_float[:, others]
        )
        assert nominal.world.digest != displaced.world.digest


def _with_state(column: EntityFloat, value: Callable[[float], float]) -> Callable[[Episode], Episode]:
    def change(episode: Episode) -> Episode:
        numbers = episode.world.entity_float.copy()
        numbers[column, episode.world.ego] = value(float(numbers[column, episode.world.ego]))
        return replace(episode, world=replace(episode.world, entity_float=numbers))

    return change


def _seedless(episode: Episode) -> Episode:
    return replace(episode, world=load_scenario("lane-keeping-v1").episode(0).world)


_calls = iter(range(1_000_000))


def _forgetful(episode: Episode) -> Episode:
    return _with_state(EntityFloat.SPEED, lambda _: next(_calls) / 1024)(episode)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (_with_state(EntityFloat.X, lambda x: x + 200.0), "corner off the road"),
        (_with_state(EntityFloat.X, lambda x: x + 1e-9), "not rounded"),
        (_with_state(EntityFloat.HEADING, lambda h: h + 3.0), "against the direction"),
        (_with_state(EntityFloat.SPEED, lambda _: 39.0), "where the limit is"),
        (_seedless, "different|initial worlds|beside its route|from the zero"),
        (_forgetful, "built twice, its initial world differs"),
        (lambda e: replace(e, scenario="other-v1"), "says that it is of 'other-v1'"),
        (lambda e: replace(e, horizon_s=99.0), "lasts up to 99.0 s"),
        (lambda e: replace(e, speed_limit_mps=200.0), "its route ends at"),
        (lambda e: replace(e, route=replace(e.route, goal_m=50.0)), "has its goal at 50.0 m"),
    ],
)
def test_the_conformance_test_notices(change: Callable[[Episode], Episode], complaint: str) -> None:
    good = load_scenario("lane-keeping-v1")
    bad = replace(good, build=lambda seed, condition: change(good.build(seed, condition)))
    with pytest.raises(ConfigurationError, match=complaint):
        check_scenario(bad, seeds_per_split=2)


def test_one_road_for_all_splits_is_noticed_where_generalisation_is_tested() -> None:
    good = load_scenario("lane-keeping-v1")

    def build(seed: int, condition: str) -> Episode:
        return replace(good.build(seed % 1_000_000, condition), seed=seed)

    found = scenario_violations(replace(good, build=build), seeds_per_split=2)
    assert any("is in the splits dev, test, train" in line for line in found)


def test_seeds_belong_to_one_split() -> None:
    assert [split_of(seed) for seed in (0, 999_999, 1_000_000, 2_000_000, 2_999_999)] == [
        "train",
        "train",
        "dev",
        "test",
        "test",
    ]
    assert not set(TRAIN) & set(DEV)
    assert not set(DEV) & set(TEST)
    assert split_of(SECRET.start) == split_of(SECRET.stop - 1) == "secret"
    assert max(TRAIN.stop, DEV.stop, TEST.stop) <= SECRET.start
    for seed in (-1, 3_000_000):
        with pytest.raises(ConfigurationError, match=r"in no split; expected an integer of one of: train 0…"):
            split_of(seed)


def test_the_stream_of_an_episode_depends_on_all_three_names() -> None:
    draws = {
        episode_generator(scenario, condition, seed).random()
        for scenario in ("a-v1", "b-v1")
        for condition in ("nominal", "off-course")
        for seed in (0, 1)
    }
    assert len(draws) == 8
    # A fixed value: every machine and every release has to draw it again.
    assert episode_generator("a-v1", "nominal", 0).integers(0, 2**32, 3).tolist() == [
        3152751594,
        2576697117,
        2337388237,
    ]


def test_wrong_names_are_met_with_the_nearest() -> None:
    scenario = load_scenario("lane-keeping-v1")
    with pytest.raises(UnknownNameError, match=r"Did you mean 'off-course'\?"):
        scenario.episode(0, "of-course")
    with pytest.raises(UnknownNameError, match=r"Did you mean 'lane-keeping-v1'\?"):
        load_scenario("lanekeeping-v1")


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("id", "lane-keeping", "a family and a version"),
        ("conditions", ("off-course",), "'nominal' first"),
        ("horizon_s", 0.0, "expected more than 0"),
    ],
)
def test_a_scenario_checks_itself(field: str, value: object, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        replace(load_scenario("lane-keeping-v1"), **{field: value})  # type: ignore[arg-type]


def test_an_entry_point_that_names_another_scenario_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    good: Scenario = load_scenario("lane-keeping-v1")
    monkeypatch.setattr(registry, "load", lambda kind, name: replace(good, id="other-v1"))
    with pytest.raises(ConfigurationError, match="expected a Scenario with that id"):
        load_scenario("lane-keeping-v1")


def test_families_are_ids_without_versions() -> None:
    assert load_scenario("lane-keeping-v1").family == "lane-keeping"
    assert all(math.isfinite(load_scenario(name).horizon_s) for name in NAMES)
