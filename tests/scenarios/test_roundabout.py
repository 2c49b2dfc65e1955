"""The roundabout: a way that a car can drive, exits by seed, drivers who take turns where ways meet."""

import math

import numpy as np
import pytest
from scenes import around, episodes, expert_drives

from drivebench.conditions import UNSEEN_ROAD
from drivebench.metric.monitor import lane_boxes
from drivebench.metric.road import depth_off_road
from drivebench.scenario import Command
from drivebench.world import WorldBatch
from drivebench.world.build import build_world, vehicle_on_lane
from drivebench.world.clock import SIMULATION_HZ
from scenarios.reference_path import CAP, CURVATURE, HEADING, ReferencePath
from scenarios.roundabout import COMMANDS, LIMIT_MPS, RING, RINGS
from scenarios.roundabout_way import ENTRY_RADIUS_M, HIGHWAY_ENV, RING_RADIUS_M, way_through


@pytest.mark.parametrize("condition", ["nominal", UNSEEN_ROAD])
@pytest.mark.parametrize("exit_node", ["ex", "nx", "wx", "sx"])
def test_a_car_on_the_way_stays_on_the_road(exit_node: str, condition: str) -> None:
    network = episodes("roundabout-v1", 1, condition)[0].world.network
    boxes = lane_boxes(network)
    points = way_through(exit_node, RINGS.get(condition, HIGHWAY_ENV)).points_m
    steps = np.diff(points, axis=0)
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))])
    assert 0.45 < np.diff(arc).min() < np.diff(arc).max() < 0.7
    knots = ReferencePath.through(points, arc, speed_limit_mps=LIMIT_MPS).knots
    assert np.abs(knots[:, CURVATURE]).max() < 1.05 / ENTRY_RADIUS_M
    assert knots[:, CAP].min() > 0.9 * LIMIT_MPS
    assert np.hypot(*points[0]) > 160.0
    assert np.hypot(*points[-1]) > 160.0
    for x, y, heading, curvature in knots[:, [0, 1, HEADING, CURVATURE]].tolist():
        if math.hypot(x, y) > 160.0:
            continue  # the end of the network
        ahead = heading - math.asin(2.5 * curvature)
        lane = network.closest_lane(x, y, ahead)
        lanes = len(network.lane_index)
        depth = depth_off_road(
            network.lane_float, network.lane_int, boxes, lanes, lane, lane,
            x, y, math.cos(ahead), math.sin(ahead), 2.5, 1.0,
        )  # fmt: skip
        assert depth < 0.25, f"a corner is {depth:.2f} m off the road at ({x:.1f}, {y:.1f})"


def test_ways_differ_by_how_far_they_follow_the_ring() -> None:
    lengths = [len(way_through(node).points_m) for node in ("ex", "nx", "wx", "sx")]
    assert lengths == sorted(lengths)
    quarter = 0.5 * math.pi * RING_RADIUS_M / 0.5
    assert np.diff(lengths) == pytest.approx([quarter] * 3, abs=3)


def test_exits_are_assigned_by_seed_and_told_before_the_ring() -> None:
    count = {command: 0 for command, _ in COMMANDS}
    for episode in episodes("roundabout-v1", 60):
        first, told, last = episode.route.commands
        assert first.command is last.command is Command.FOLLOW
        count[told.command] += 1
        assert 10.0 < told.start_m < 60.0
        assert episode.route.goal_m > last.start_m + 40.0
        goal = episode.route.points_m[np.searchsorted(episode.route.arc_m, episode.route.goal_m)]
        expected = {Command.RIGHT: (1, 0), Command.STRAIGHT: (0, -1), Command.LEFT: (-1, 0)}[told.command]
        assert np.sign(np.rint(goal / 20.0)).tolist() == list(expected)
        ahead, _, speed = around(episode.world)
        assert (ahead < 0.0).any()
        assert (ahead > 0.0).any()
        assert 0.7 * LIMIT_MPS < speed.mean() < 1.05 * LIMIT_MPS
    assert min(count.values()) >= 10


def test_drivers_take_turns_without_an_ego() -> None:
    """The ego is absent: those who come in and those on the ring sort themselves out."""
    found = episodes("roundabout-v1", 24)
    batch = WorldBatch([episode.world for episode in found])
    batch.warm_up(list(range(len(found))), 30 * SIMULATION_HZ)
    others = batch.present.copy()
    others[:, 0] = False
    assert batch.crashed[others].sum() <= 2
    assert np.mean(batch.speed[others] > 2.0) > 0.9, "they stand and wait for each other"


def test_who_comes_in_gives_way_to_who_is_nearer_on_the_ring() -> None:
    network = episodes("roundabout-v1", 1)[0].world.network

    def both(to_ring_m: float) -> WorldBatch:
        approach, across = ("ses", "se", 0), ("sx", "se", 1)
        entering = vehicle_on_lane(
            network,
            approach,
            network.length_m(network.lane(approach)) - 12.0,
            speed_mps=6.0,
            target_speed_mps=7.0,
            route=(("ses", "se", None), ("se", "ex", None), ("ex", "exs", None), ("exs", "exr", None)),
        )
        circulating = vehicle_on_lane(
            network,
            across,
            network.length_m(network.lane(across)) - to_ring_m,
            speed_mps=6.0,
            target_speed_mps=7.0,
            route=(("sx", "se", None), *((RING[k], RING[k + 1], None) for k in range(5))),
        )
        return WorldBatch([build_world(network, [entering, circulating], ego=-1)])

    nearer = both(8.0)
    nearer.warm_up([0], 8)
    assert nearer.speed[0, 0] < 5.0, "the one who comes in brakes for who is nearer"
    assert nearer.speed[0, 1] > 5.9
    further = both(20.0)
    further.warm_up([0], 8)
    assert further.speed[0, 0] > 6.0
    assert further.speed[0, 1] < 6.0
    for batch in (nearer, further):
        batch.warm_up([0], 60)
        assert not batch.crashed.any()


def test_nobody_crashes_and_the_expert_takes_its_exit() -> None:
    drive = expert_drives("roundabout-v1", range(1_310_000, 1_310_024))
    assert not drive.failures
    assert drive.crashes_among_others == 0
    assert drive.slowest_mps > -0.6, "nobody drives in reverse, beyond the bounce of a hard stop"
