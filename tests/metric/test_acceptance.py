"""What the score must say of driving that nobody can mistake, on real episodes of every family.

Bad driving is scripted (``scripted_drivers.py``). A bound that fails here means that a scenario or a
definition can be gamed: mend that, and not the bound.
"""

from functools import cache

import numpy as np
import pytest
from scripted_drivers import (
    FAMILIES,
    Scripted,
    as_the_crow_flies,
    brake_check,
    constant,
    deaf_episodes,
    drive,
    episodes,
    family_score,
    full_throttle,
    random,
    references,
    round_and_round,
    scores,
    stop_at,
    turn_back,
    wrong_way,
)

from drivebench import registry
from drivebench.abilities import Ability
from drivebench.evaluation.record import encode
from drivebench.evaluation.rollout import DriverPilot, roll_out
from drivebench.evaluation.verify import replay
from drivebench.metric.events import Collision, Contact
from drivebench.metric.fault import Fault, fault_of
from drivebench.metric.measurement import Ending
from drivebench.scenario import load_scenario

TRAFFIC = tuple(family for family in FAMILIES if Ability.INTERACTION in load_scenario(family).abilities)
ASSIGNED = ("exit-v1", "roundabout-v1", "intersection-v1")
"""Families where one way of several is assigned."""
BENDS = ("lane-keeping-v1", "roundabout-v1", "u-turn-v1", "intersection-v1")


def overall(make: object) -> float:
    """Headline score: the mean of the families' means."""
    return sum(family_score(make(), family) for family in FAMILIES) / len(FAMILIES)  # type: ignore[operator]


def test_a_parked_car_gets_at_most_5() -> None:
    assert overall(lambda: constant(-1.0, 0.0)) <= 5.0


def test_driving_at_half_the_limit_gets_at_most_60() -> None:
    assert 30.0 <= overall(lambda: Scripted(limit=0.5)) <= 60.0


def test_random_actions_get_at_most_35() -> None:
    assert overall(lambda: random(0)) <= 35.0


@pytest.mark.parametrize("make", [full_throttle, lambda: constant(1.0, 0.0)], ids=["steered", "straight"])
def test_full_speed_gets_at_most_35(make: object) -> None:
    assert overall(make) <= 35.0


@pytest.mark.parametrize("action", [(0.0, 0.0), (0.2, 0.0), (0.0, 0.05), (0.05, -0.02)])
def test_a_blind_constant_action_gets_at_most_35(action: tuple[float, float]) -> None:
    assert overall(lambda: constant(*action)) <= 35.0


@cache
def expert(family: str) -> tuple[float, ...]:
    return tuple(scores(drive(DriverPilot(registry.load("driver", "expert")()), family), family))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_expert_gets_at_least_90_on_every_family(family: str) -> None:
    assert np.mean(expert(family)) >= 90.0


def test_the_expert_gets_at_least_95_overall() -> None:
    assert np.mean([np.mean(expert(family)) for family in FAMILIES]) >= 95.0


@pytest.mark.parametrize("family", TRAFFIC)
def test_provoking_a_rear_end_gets_at_most_20(family: str) -> None:
    rollouts = drive(brake_check(after_m=15.0), family)
    found = scores(rollouts, family)
    assert np.mean(found) <= 20.0
    for rollout, score in zip(rollouts, found, strict=True):
        for event in rollout.measurement.events:
            if isinstance(event, Collision):
                assert fault_of(event) is not None
                assert score == 0.0


@pytest.mark.parametrize("family", ["highway-v1", "merge-v1"])
def test_a_rear_end_that_was_provoked_is_at_fault_however_far_the_way(family: str) -> None:
    rollouts = roll_out(deaf_episodes(family), references(family), brake_check(after_m=150.0))
    hits = [
        event
        for rollout in rollouts
        for event in rollout.measurement.events
        if isinstance(event, Collision) and event.contact is Contact.REAR
    ]
    assert len(hits) >= 5
    assert {fault_of(hit) for hit in hits} <= {Fault.BRAKED, Fault.STOPPED, Fault.SLOW}


def test_circling_the_roundabout_gets_at_most_20() -> None:
    rollouts = drive(Scripted(route=round_and_round), "roundabout-v1")
    assert np.mean(scores(rollouts, "roundabout-v1")) <= 20.0
    assert {rollout.measurement.ended_by for rollout in rollouts} <= {Ending.OFF_ROUTE, Ending.COLLISION}


@pytest.mark.parametrize("family", ASSIGNED)
def test_the_wrong_exit_gets_at_most_20(family: str) -> None:
    rollouts = drive(Scripted(route=wrong_way), family)
    assert np.mean(scores(rollouts, family)) <= 20.0
    assert Ending.OFF_ROUTE in {rollout.measurement.ended_by for rollout in rollouts}


@pytest.mark.parametrize("family", FAMILIES)
def test_turning_round_gets_at_most_20(family: str) -> None:
    assert family_score(turn_back(), family) <= 20.0


@pytest.mark.parametrize("family", BENDS)
def test_cutting_across_the_grass_gets_at_most_20(family: str) -> None:
    rollouts = drive(as_the_crow_flies(), family)
    assert np.mean(scores(rollouts, family)) <= 20.0
    assert Ending.OFF_ROAD in {rollout.measurement.ended_by for rollout in rollouts}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_stopping_at_a_share_of_the_way_gets_no_more_than_that_share(share: float, family: str) -> None:
    rollouts = drive(stop_at(share, family), family)
    for rollout, reference, score in zip(rollouts, references(family), scores(rollouts, family), strict=True):
        reached = rollout.measurement.progress_m / reference.distance_m
        assert reached < share + 0.08
        assert score <= 100.0 * max(reached, 0.0) / 0.95 + 1e-9


@pytest.mark.parametrize("family", FAMILIES)
def test_an_action_log_gives_the_same_bytes_in_any_order_and_company(family: str) -> None:
    driven = drive(Scripted(), family)
    order = np.random.default_rng(4).permutation(len(driven)).tolist()
    for batch in (order[: len(order) // 3], order[len(order) // 3 :]):
        replayed = replay(
            [episodes(family)[k] for k in batch],
            [references(family)[k] for k in batch],
            [driven[k].actions for k in batch],
        )
        for k, (measurement, taken) in zip(batch, replayed, strict=True):
            assert encode(measurement) == encode(driven[k].measurement)
            assert taken == len(driven[k].actions)
