"""The exit: lanes to cross on the way to it, commands that tell two tasks apart, a wrong way that ends."""

from dataclasses import replace

import numpy as np
from scenes import around, episodes, expert_drives, own_reference

from drivebench.evaluation.rollout import roll_out
from drivebench.metric.measurement import Ending
from drivebench.metric.monitor import Monitor
from drivebench.metric.parts import parts
from drivebench.scenario import Command, Episode, load_scenario
from drivebench.world import WorldBatch
from scenarios.expert import Expert
from scenarios.motorway_exit import (
    EXIT_M,
    GAPS_M,
    HORIZON_S,
    LANE_WIDTH_M,
    LIMIT_MPS,
    NOMINAL,
    ROAD_M,
    _route,
    manoeuvres,
)
from scenarios.traffic import CLOSER

FORK_M, LANES = NOMINAL.fork_m, NOMINAL.lanes


def test_starts_are_on_all_lanes_and_commands_of_both_kinds() -> None:
    seen = set()
    for episode in episodes("exit-v1", 60):
        x, y = episode.world.entity_float[:2, 0]
        first, last = episode.route.commands
        assert first.command in (Command.CHANGE_RIGHT, Command.FOLLOW)
        assert last.command is Command.FOLLOW
        assert FORK_M - x < episode.route.goal_m < FORK_M - x + 145.0
        seen.add((round(float(y) / LANE_WIDTH_M), first.command))
    assert len(seen) == 2 * LANES


def test_the_route_leaves_by_the_bend_or_stays_and_neither_reaches_the_other_goal() -> None:
    ends = {}
    for episode in episodes("exit-v1", 30):
        route = episode.route
        place = int(np.searchsorted(route.arc_m, route.goal_m))
        ends[route.commands[0].command] = route.points_m[place], route
    (_, y), leaving = ends[Command.CHANGE_RIGHT]
    assert y > LANE_WIDTH_M * LANES + 50.0
    (x, y), staying = ends[Command.FOLLOW]
    assert y < LANE_WIDTH_M * LANES
    assert x > FORK_M + 130.0
    for mine, other in ((leaving, staying), (staying, leaving)):
        goal = mine.points_m[np.searchsorted(mine.arc_m, mine.goal_m)]
        away = np.hypot(*(other.points_m - goal).T).min()
        assert away > other.half_width_m + 10.0, "the wrong way would be on the route still"


def test_the_ego_starts_in_a_flow_that_keeps_its_lanes() -> None:
    speeds = []
    for episode in episodes("exit-v1", 30):
        ahead, _, speed = around(episode.world)
        assert ahead.max() > 200.0
        assert ahead.min() < -150.0
        speeds.append(speed.mean())
    assert 0.8 * LIMIT_MPS < np.mean(speeds) < LIMIT_MPS


def test_some_of_the_right_lane_leave() -> None:
    leaving = []
    for episode in episodes("exit-v1", 12):
        nodes = episode.world.network.nodes
        routes = episode.world.route[1 : episode.world.vehicles]
        names = [[nodes[node] for node in steps[:, 1] if node >= 0] for steps in routes]
        leaving.append(sum("off" in each for each in names))
    assert 0.5 < np.mean(leaving) < 6.0


def test_dense_has_the_same_place_and_more_vehicles_and_aggressive_the_same_vehicles() -> None:
    family = load_scenario("exit-v1")
    for seed in range(1_300_000, 1_300_006):
        nominal, dense, aggressive = (family.episode(seed, c) for c in ("nominal", "dense", "aggressive"))
        lanes = [round(float(e.world.entity_float[1, 0]) / LANE_WIDTH_M) for e in (nominal, dense)]
        assert lanes[0] == lanes[1]
        assert nominal.route.commands[0].command is dense.route.commands[0].command
        assert dense.world.vehicles > 1.15 * nominal.world.vehicles
        assert abs(aggressive.world.vehicles - nominal.world.vehicles) <= 4
        assert aggressive.world.traffic.time_wanted_s < 0.9
    assert 0.5 < CLOSER < 0.8
    assert min(gap for gaps in GAPS_M for gap in gaps) > 25.0


def test_the_expert_has_to_be_on_the_exit_lane_before_the_fork() -> None:
    episode = next(e for e in episodes("exit-v1", 20) if e.route.commands[0].command is Command.CHANGE_RIGHT)
    choices = manoeuvres(episode)
    x = float(episode.world.entity_float[0, 0])
    stops = [path.knots[-1, 4] for path in choices.paths]
    assert stops[:LANES] == [0.0] * LANES
    assert stops[LANES] >= NOMINAL.bend_mps
    (onto,) = [change for change in choices.changes if change.destination == LANES]
    assert EXIT_M - x < onto.start_m < onto.end_m < FORK_M - x


def test_nobody_crashes_and_the_expert_goes_where_it_is_told() -> None:
    drive = expert_drives("exit-v1", range(1_310_000, 1_310_024))
    assert not drive.failures
    assert drive.crashes_among_others == 0
    assert drive.slowest_mps > -0.6
    for rollout in drive.rollouts:
        assert float(rollout.episode.world.entity_float[0, 0]) + 330.0 + 30.0 * HORIZON_S < ROAD_M


def test_the_wrong_way_at_the_fork_scores_nothing() -> None:
    """Who drives like the expert of the other task: the same start, the other command."""
    found = episodes("exit-v1", 12)

    def told_otherwise(episode: Episode) -> Episode:
        x, y = episode.world.entity_float[:2, 0].tolist()
        takes_exit = episode.route.commands[0].command is not Command.CHANGE_RIGHT
        route = _route(NOMINAL, x, y, lane=round(y / LANE_WIDTH_M), takes_exit=takes_exit)
        return replace(episode, route=route)

    expert = Expert()

    def decide(worlds: WorldBatch, monitor: Monitor, slots: np.ndarray) -> np.ndarray:
        if not monitor.decisions.any():
            expert.reset(worlds, {slot: told_otherwise(found[slot]) for slot in slots.tolist()}, slots)
        return expert.act(worlds, slots)

    for rollout in roll_out(found, [None] * len(found), decide):
        assert rollout.measurement.ended_by is Ending.OFF_ROUTE
        assert parts(rollout.measurement, own_reference(rollout)).rc == 0.0
