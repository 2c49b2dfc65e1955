"""The two-way road: gaps that suffice, a slow vehicle that costs time, oncoming drivers left alone."""

import numpy as np
from scenes import episodes, expert_drives, own_reference

from drivebench.evaluation.rollout import DriverPilot, roll_out
from drivebench.metric.events import WrongWay
from drivebench.metric.measurement import Ending
from drivebench.metric.parts import parts
from drivebench.metric.score import dbs
from drivebench.scenario import Episode
from drivebench.world import WorldBatch
from drivebench.world.layout import EntityFloat
from scenarios.lane_follower import LaneFollower
from scenarios.two_way import (
    BETWEEN_GROUPS_M,
    HORIZON_S,
    ONCOMING_MPS,
    SLOW_SIZE_M,
    WITHIN_GROUP_M,
    manoeuvres,
)


def _oncoming_x(episode: Episode) -> np.ndarray:
    x, _, heading = episode.world.entity_float[:3]
    return np.sort(x[np.abs(heading) > 2.0])


def test_a_slow_vehicle_ahead_a_car_behind_and_groups_with_gaps_between() -> None:
    for episode in episodes("two-way-v1", 20):
        x, y, _, speed = episode.world.entity_float[:4]
        length = episode.world.entity_float[EntityFloat.LENGTH]
        (slow,) = np.flatnonzero(length == SLOW_SIZE_M[0])
        assert 60.0 < x[slow] - x[0] < 125.0
        assert speed[slow] < 5.1
        own = (np.abs(y - 4.0) < 1.0) & (x < x[0])
        assert own.sum() == 1
        gaps = np.diff(_oncoming_x(episode))
        assert ((gaps < 1.5 * WITHIN_GROUP_M[1]) | (gaps > 0.9 * BETWEEN_GROUPS_M[0])).all()
        assert episode.oncoming_lane_open


def test_oncoming_drivers_come_until_the_end_and_do_not_turn_at_theirs() -> None:
    for episode in episodes("two-way-v1", 20):
        x = _oncoming_x(episode)
        assert x.max() - float(episode.world.entity_float[0, 0]) > 0.85 * HORIZON_S * ONCOMING_MPS[0]
        passed = x[x < float(episode.world.entity_float[0, 0])]
        assert (passed - HORIZON_S * 13.9 > 0.0).all()
        assert x.min() - HORIZON_S * ONCOMING_MPS[1] > -10.0


def test_the_task_says_that_the_lane_is_open_and_its_digest_too() -> None:
    from dataclasses import replace

    episode = episodes("two-way-v1", 1)[0]
    assert replace(episode, oncoming_lane_open=False).task_digest != episode.task_digest


def test_the_expert_overtakes_without_making_anybody_brake_and_who_stays_behind_gets_far_less() -> None:
    drive = expert_drives("two-way-v1", range(1_310_000, 1_310_012))
    assert not drive.failures
    assert drive.crashes_among_others == 0
    assert min(drive.scores) > 95.0
    found = [each.episode for each in drive.rollouts]
    references = [own_reference(each) for each in drive.rollouts]
    behind = [
        dbs(parts(each.measurement, reference))
        for each, reference in zip(
            roll_out(found, references, DriverPilot(LaneFollower())), references, strict=True
        )
    ]
    assert np.mean(behind) < 65.0
    assert max(behind) <= 81.0


def test_who_stays_on_the_left_makes_somebody_brake_and_scores_nothing() -> None:
    found = episodes("two-way-v1", 6)

    def left(worlds: WorldBatch, monitor: object, slots: np.ndarray) -> np.ndarray:
        actions = np.zeros((len(slots), 2), np.float32)
        actions[:, 0] = 0.4 * (11.0 - worlds.speed[slots, 0])
        actions[:, 1] = -0.04 * worlds.y[slots, 0] - 0.8 * worlds.heading[slots, 0]
        return np.clip(actions, -1.0, 1.0)

    for rollout in roll_out(found, [None] * len(found), left):
        measurement = rollout.measurement
        assert measurement.ended_by in (Ending.WRONG_WAY, Ending.COLLISION)
        if measurement.ended_by is Ending.WRONG_WAY:
            assert any(isinstance(event, WrongWay) for event in measurement.events)
        assert dbs(parts(measurement, own_reference(rollout))) == 0.0


def test_the_choices_are_both_lanes_the_right_one_first() -> None:
    choices = manoeuvres(episodes("two-way-v1", 1)[0])
    assert [path.knots[0, 1] for path in choices.paths] == [4.0, 0.0]
    assert choices.oncoming_brakes_m > 0.0
