"""The u-turn: a bend that can be driven at the limit, two lanes of different speed, traffic that lasts."""

import math

import numpy as np
from scenes import around, episodes, expert_drives

from drivebench.world import WorldBatch
from drivebench.world.clock import SIMULATION_HZ
from scenarios.u_turn import GOAL_PAST_M, LANES, LIMIT_MPS, STRAIGHT_M, manoeuvres


def test_starts_are_on_both_lanes_before_the_bend_and_goals_after_it() -> None:
    sides = set()
    for episode in episodes("u-turn-v1", 24):
        x, y = episode.world.entity_float[:2, 0]
        assert 60.0 < STRAIGHT_M - x < 140.0
        sides.add(round(float(y)))
        route = episode.route
        goal = route.points_m[np.searchsorted(route.arc_m, route.goal_m)]
        assert abs(goal[0] - (STRAIGHT_M - GOAL_PAST_M)) < 3.0
        assert goal[1] < 6.0
    assert len({y // 4 for y in sides}) == LANES


def test_the_bend_is_taken_at_the_limit_with_a_bearable_lateral_acceleration() -> None:
    for episode in episodes("u-turn-v1", 4):
        for path in manoeuvres(episode).paths:
            assert 0.9 * LIMIT_MPS < path.knots[:, 4].min() <= LIMIT_MPS
            turned = path.knots[-1, 2] - path.knots[0, 2]
            assert abs(abs(turned) - math.pi) < 0.01


def test_the_left_lane_is_faster_and_there_is_traffic_ahead_and_behind() -> None:
    speeds: dict[bool, list[float]] = {True: [], False: []}
    for episode in episodes("u-turn-v1", 20):
        ahead, _, speed = around(episode.world)
        assert ((ahead > 0.0) & (ahead < 150.0)).any()
        assert ((ahead < 0.0) & (ahead > -150.0)).any()
        x, y = episode.world.entity_float[:2, 1 : episode.world.vehicles]
        before = x < STRAIGHT_M - 10.0
        for at, value in zip(y[before & (y > 30.0)], speed[before & (y > 30.0)], strict=True):
            speeds[bool(at < 46.0)].append(float(value))
    assert np.mean(speeds[True]) > np.mean(speeds[False]) + 0.6


def test_traffic_stays_on_the_road_as_long_as_it_can_be_seen_from_the_goal() -> None:
    found = episodes("u-turn-v1", 8)
    batch = WorldBatch([episode.world for episode in found])
    batch.warm_up(list(range(len(found))), 45 * SIMULATION_HZ)
    others = batch.present.copy()
    others[:, 0] = False
    assert not batch.crashed[others].any()
    assert batch.x[others].min() > 0.0


def test_nobody_crashes_and_the_expert_overtakes() -> None:
    drive = expert_drives("u-turn-v1", range(1_310_000, 1_310_016))
    assert not drive.failures
    assert drive.crashes_among_others == 0
    assert min(drive.scores) > 95.0
    shares = [
        each.measurement.progress_m / each.measurement.duration_s / LIMIT_MPS for each in drive.rollouts
    ]
    assert np.mean(shares) > 0.83
