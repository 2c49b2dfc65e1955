"""The merge: road and ramp by turns, a way onto the road in time, traffic that gets along."""

import numpy as np
from scenes import around, episodes, expert_drives

from drivebench.scenario import Command
from drivebench.world import EntityKind
from scenarios.merge import GOAL_PAST_M, LANE_WIDTH_M, LIMIT_MPS, NOMINAL, manoeuvres

JOINED_M, RAMP_END_M = NOMINAL.joined_m, NOMINAL.ramp_end_m
GOAL_M = RAMP_END_M + GOAL_PAST_M


def test_even_seeds_start_on_the_road_and_odd_ones_on_the_ramp() -> None:
    for episode in episodes("merge-v1", 24):
        x, y = episode.world.entity_float[:2, 0]
        on_ramp = y > 2.5 * LANE_WIDTH_M
        assert on_ramp == (episode.seed % 2 == 1)
        assert 300.0 < x < 500.0
        assert abs(episode.route.goal_m - (GOAL_M - x)) < 1.0
        commands = [segment.command for segment in episode.route.commands]
        assert commands == (
            [Command.FOLLOW, Command.CHANGE_LEFT, Command.FOLLOW] if on_ramp else [Command.FOLLOW]
        )


def test_the_ego_starts_in_a_flow() -> None:
    behind, flows = [], []
    for episode in episodes("merge-v1", 40):
        ahead, _, speed = around(episode.world)
        assert (ahead > 0.0).sum() >= 4
        behind.append(((ahead < 0.0) & (ahead > -200.0)).sum())
        flows.append(speed.mean())
        assert episode.world.entity_float[3, 0] > 0.75 * LIMIT_MPS
    assert min(behind) >= 2
    assert 0.82 * LIMIT_MPS < np.mean(flows) < LIMIT_MPS


def test_the_ramp_ends_at_an_obstacle_and_its_route_leaves_it_before() -> None:
    episode = episodes("merge-v1", 2)[1]
    kinds = episode.world.kinds()
    (place,) = [place for place, kind in enumerate(kinds) if kind is EntityKind.OBSTACLE]
    assert episode.world.entity_float[0, place] == RAMP_END_M
    x, y = episode.route.points_m.T
    assert (y[x < JOINED_M] > 2.0 * LANE_WIDTH_M - 0.01).all()
    assert (y[x > RAMP_END_M - 20.0] == LANE_WIDTH_M).all()
    # It is a curve that can be driven at the limit: 2.5 m/s² to the side at most.
    step = np.diff(episode.route.points_m, axis=0)
    bend = np.diff(np.unwrap(np.arctan2(step[:, 1], step[:, 0]))) / np.hypot(step[1:, 0], step[1:, 1])
    assert np.abs(bend).max() * LIMIT_MPS**2 < 2.5


def test_the_ramp_has_to_be_left_where_it_runs_beside_the_road() -> None:
    ramp = manoeuvres(episodes("merge-v1", 2)[1])
    leave = [change for change in ramp.changes if change.origin == 0]
    assert len(leave) == 1
    assert leave[0].end_m - leave[0].start_m > 100.0
    end = ramp.paths[0].knots[-1]
    assert end[4] == 0.0, "the speed profile of the ramp ends with a stop"
    assert not [change for change in ramp.changes if change.destination == 0]
    assert len(manoeuvres(episodes("merge-v1", 2)[0]).paths) == 2


def test_nobody_crashes_and_the_expert_arrives_from_both() -> None:
    drive = expert_drives("merge-v1", range(1_310_000, 1_310_024))
    assert not drive.failures
    # MOBIL compares accelerations, and next to a leader on either lane both are beyond measure: about one
    # episode in 300 has a pair that touches, far from the ego.
    assert drive.crashes_among_others <= 2
    assert drive.slowest_mps > -0.6
    assert min(drive.left_about_the_ego) >= 2
