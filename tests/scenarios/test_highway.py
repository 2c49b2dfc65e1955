"""The motorway: a flow about the ego that lasts, lanes of different speed, and nobody who crashes in it."""

import numpy as np
from scenes import around, episodes, expert_drives

from scenarios.highway import EGO_LANES, HORIZON_S, LIMIT_MPS, NOMINAL, ROAD_M, manoeuvres

LANE_WIDTH_M = NOMINAL.lane_width_m


def test_the_ego_starts_in_the_middle_of_the_flow() -> None:
    ahead_of_all, behind_all, speeds = [], [], []
    for episode in episodes("highway-v1", 30):
        ahead, right, speed = around(episode.world)
        assert ahead[ahead > 0.0].min() < 150.0
        assert ahead[ahead < 0.0].max() > -150.0
        assert ahead.min() < -150.0, "nobody comes from behind"
        assert ahead.max() > 200.0, "nobody is far ahead"
        same_lane = np.abs(right) < 2.5
        ahead_of_all.append((ahead[same_lane] > 0.0).any())
        behind_all.append((ahead[same_lane] < 0.0).any())
        assert (np.abs(ahead) < 150.0).sum() >= 8
        speeds.append(speed.mean())
        assert episode.world.entity_float[3, 0] > 0.6 * LIMIT_MPS
    assert np.mean(ahead_of_all) > 0.9
    assert np.mean(behind_all) > 0.9
    assert 0.78 * LIMIT_MPS < np.mean(speeds) < LIMIT_MPS


def test_the_left_is_faster_and_the_ego_starts_on_the_right() -> None:
    by_lane: dict[int, list[float]] = {}
    for episode in episodes("highway-v1", 30):
        _, y, _, speed = episode.world.entity_float[:4]
        for lane, value in zip(np.rint(y / LANE_WIDTH_M).astype(int).tolist(), speed.tolist(), strict=True):
            by_lane.setdefault(lane, []).append(value)
        assert round(float(y[0]) / LANE_WIDTH_M) in EGO_LANES
    means = [float(np.mean(by_lane[lane])) for lane in range(4)]
    assert means == sorted(means, reverse=True)
    assert means[0] > means[3] + 4.0


def test_nominal_starts_are_a_little_off_and_off_course_starts_more() -> None:
    for condition, least, most in (("nominal", 0.0, 0.3), ("off-course", 0.4, 0.9)):
        sides = set()
        for episode in episodes("highway-v1", 40, condition):
            _, y, heading, _ = episode.world.entity_float[:4, 0]
            lateral = y - LANE_WIDTH_M * np.rint(y / LANE_WIDTH_M)
            assert least - 1e-5 <= abs(lateral) <= most + 1e-5
            assert 0.0149 < abs(heading) < 0.0301
            sides.add((lateral > 0.0, heading > 0.0))
        assert len(sides) == 4


def test_nobody_crashes_and_the_road_and_the_traffic_last_to_the_horizon() -> None:
    drive = expert_drives("highway-v1", range(1_310_000, 1_310_024))
    assert not drive.failures
    assert drive.crashes_among_others == 0
    assert min(drive.left_about_the_ego) >= 4
    assert drive.slowest_mps >= 0.0
    for rollout in drive.rollouts:
        start = float(rollout.episode.world.entity_float[0, 0])
        assert start + LIMIT_MPS * HORIZON_S + 100.0 < ROAD_M
        assert rollout.measurement.duration_s == HORIZON_S
    gained = [each.measurement.progress_m / HORIZON_S / LIMIT_MPS for each in drive.rollouts]
    assert np.mean(gained) > 0.88, "half the limit would be worth more than 60"


def test_the_choices_are_the_lanes_with_the_own_one_first() -> None:
    episode = episodes("highway-v1", 1)[0]
    choices = manoeuvres(episode)
    assert len(choices.paths) == 4
    own = round(float(episode.world.entity_float[1, 0]) / LANE_WIDTH_M) * LANE_WIDTH_M
    assert choices.paths[0].knots[0, 1] == own
    for change in choices.changes:
        pair = choices.paths[change.origin], choices.paths[change.destination]
        assert abs(pair[0].knots[0, 1] - pair[1].knots[0, 1]) in (LANE_WIDTH_M, 2 * LANE_WIDTH_M)
    assert len(choices.changes) == 10
