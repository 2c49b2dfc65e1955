"""The crossing: three ways by seed, traffic that lasts and gives way, and no trace of it in other worlds."""

from dataclasses import replace

import numpy as np
from scenes import around, episodes, expert_drives, own_reference

from drivebench.evaluation.rollout import roll_out
from drivebench.metric.events import Collision
from drivebench.metric.fault import Fault, fault_of
from drivebench.metric.measurement import Ending
from drivebench.metric.monitor import Monitor
from drivebench.metric.parts import parts
from drivebench.scenario import Command, Episode, load_scenario
from drivebench.world import WorldBatch
from drivebench.world.clock import SIMULATION_HZ
from drivebench.world.layout import EntityFloat
from scenarios.expert import Expert
from scenarios.intersection import ARM_M, CHOICES, HORIZON_S, LIMIT_MPS, NOMINAL, URBAN, _route, manoeuvres
from scenarios.stock.upstream import vehicle_class


def test_ways_are_assigned_by_seed_and_told_before_the_crossing() -> None:
    count = {command: 0 for _, command, _ in CHOICES}
    for episode in episodes("intersection-v1", 60):
        first, told, last = episode.route.commands
        assert first.command is last.command is Command.FOLLOW
        count[told.command] += 1
        assert 30.0 < told.start_m < 80.0
        assert episode.route.goal_m > last.start_m + 40.0
        goal = episode.route.points_m[np.searchsorted(episode.route.arc_m, episode.route.goal_m)]
        expected = {Command.RIGHT: (1, 0), Command.STRAIGHT: (0, -1), Command.LEFT: (-1, 0)}[told.command]
        assert np.sign(np.rint(goal / 20.0)).tolist() == list(expected)
    assert min(count.values()) >= 10


def test_the_ego_starts_in_a_column_and_traffic_is_on_all_arms() -> None:
    for episode in episodes("intersection-v1", 20):
        assert episode.world.regulated
        assert episode.world.open_traffic is None
        ahead, right, speed = around(episode.world)
        in_lane = np.abs(right) < 2.5
        assert (in_lane & (ahead > 0.0) & (ahead < 60.0)).any()
        assert (in_lane & (ahead < 0.0)).any()
        for side in (-1.0, 1.0):
            assert (side * right > 50.0).sum() >= 2
        assert 0.8 * LIMIT_MPS < speed.mean() < 1.02 * LIMIT_MPS
        assert episode.world.traffic == URBAN


def test_somebody_comes_along_the_main_road_until_the_end_and_nobody_crashes_without_an_ego() -> None:
    found = episodes("intersection-v1", 12)
    batch = WorldBatch([episode.world for episode in found])
    slots = list(range(len(found)))
    others = batch.present.copy()
    others[:, 0] = False
    batch.warm_up(slots, round((HORIZON_S - 10.0) * SIMULATION_HZ))
    to_come = [
        int((others[slot] & (np.abs(batch.y[slot]) < 4.0) & (np.abs(batch.x[slot]) < 120.0)).sum())
        for slot in slots
    ]
    batch.warm_up(slots, 10 * SIMULATION_HZ)
    assert np.mean(to_come) > 1.5
    assert not batch.crashed[others].any()
    assert np.mean(batch.speed[others] < 0.5) < 0.2, "they block each other"
    away = np.hypot(batch.x[others], batch.y[others]).max()
    assert away < ARM_M + 9.0, "somebody has left the roads"


def test_being_struck_by_who_goes_first_is_at_fault() -> None:
    """The ego stops in the middle of the crossing, in the way of the main road, and waits to be struck."""
    found = [e for e in episodes("intersection-v1", 30) if e.route.commands[1].command is Command.STRAIGHT]

    def block(worlds, monitor, slots):  # type: ignore[no-untyped-def]
        y, speed = worlds.y[slots, 0], worlds.speed[slots, 0]
        actions = np.zeros((len(slots), 2), np.float32)
        actions[:, 0] = np.where(y > 6.0, 0.2 * (7.0 - speed), -1.0)
        actions[:, 1] = -2.0 * worlds.x[slots, 0] + 4.0 - 4.0 * (worlds.heading[slots, 0] + 0.5 * np.pi)
        return np.clip(actions, -1.0, 1.0)

    hits = [
        event
        for rollout in roll_out(found, [None] * len(found), block)
        for event in rollout.measurement.events
        if isinstance(event, Collision)
    ]
    assert len(hits) >= 3
    for hit in hits:
        assert fault_of(hit) is not None
    assert Fault.TOOK_PRIORITY in {fault_of(hit) for hit in hits}


def test_highway_envs_constants_stay_as_they_are() -> None:
    """Those of the class: whatever other tests have made of them."""
    traffic = vehicle_class("highway_env.vehicle.behavior.IDMVehicle")
    before = traffic.DISTANCE_WANTED, traffic.COMFORT_ACC_MAX
    load_scenario("intersection-v1").episode(5)
    assert before == (traffic.DISTANCE_WANTED, traffic.COMFORT_ACC_MAX)


def test_hardly_anybody_crashes_and_the_expert_turns_where_it_is_told() -> None:
    drive = expert_drives("intersection-v1", range(1_310_000, 1_310_024))
    assert not drive.failures
    assert drive.crashes_among_others <= 2, "a pair in 1.5 % of the episodes: see the page of the family"
    assert drive.slowest_mps > -0.7
    waited = [each.measurement.duration_s for each in drive.rollouts]
    assert max(waited) > min(waited) + 5.0, "nobody had to be waited for"


def test_the_way_is_taken_as_fast_as_its_curves_allow() -> None:
    for episode in episodes("intersection-v1", 9):
        (path,) = manoeuvres(episode).paths
        slowest = float(path.knots[:, 4].min())
        turn = episode.route.commands[1].command
        bounds = {Command.LEFT: (6.0, 7.0), Command.RIGHT: (5.0, 6.0), Command.STRAIGHT: (8.3, 8.4)}[turn]
        assert bounds[0] < slowest < bounds[1]
        assert float(episode.world.entity_float[EntityFloat.SPEED, 0]) < 1.02 * LIMIT_MPS


def test_the_wrong_road_scores_nothing() -> None:
    found = episodes("intersection-v1", 12)

    def told_otherwise(episode: Episode) -> Episode:
        x, y = episode.world.entity_float[:2, 0].tolist()
        now = episode.route.commands[1].command
        to, command, text = next(each for each in CHOICES if each[1] is not now)
        return replace(episode, route=_route(NOMINAL, x, y, to=to, command=command, text=text))

    expert = Expert()

    def decide(worlds: WorldBatch, monitor: Monitor, slots: np.ndarray) -> np.ndarray:
        if not monitor.decisions.any():
            expert.reset(worlds, {slot: told_otherwise(found[slot]) for slot in slots.tolist()}, slots)
        return expert.act(worlds, slots)

    for rollout in roll_out(found, [None] * len(found), decide):
        assert rollout.measurement.ended_by is Ending.OFF_ROUTE
        assert parts(rollout.measurement, own_reference(rollout)).rc == 0.0
