"""The reference driver `idm`: no offset in curves, no collision with a leader, the same alone as batched."""

import math

import numpy as np
import pytest

from drivebench import registry
from drivebench.evaluation.rollout import DriverPilot, roll_out
from drivebench.metric.measurement import Ending
from drivebench.scenario import Command, CommandSegment, Episode, Route
from drivebench.world import EntityKind, WorldBatch, quantise
from drivebench.world.build import VehicleSpec, build_network, build_world
from drivebench.world.lane_spec import LaneSpec
from scenarios.lane_follower import LaneFollower

FOLLOW = (CommandSegment(start_m=-math.inf, command=Command.FOLLOW, text="Follow the lane."),)


def _episode(lane: LaneSpec, vehicles: list[VehicleSpec], limit_mps: float) -> Episode:
    network = build_network([("a", "b", lane)])
    length = network.length_m(0)
    points = [network.position(0, s) for s in np.arange(0.0, length, 1.0).tolist()]
    start = vehicles[0].x_m, vehicles[0].y_m
    index = int(np.argmin([math.dist(start, point) for point in points]))
    return Episode(
        scenario="test-v1",
        condition="nominal",
        seed=0,
        world=build_world(network, vehicles),
        route=Route.along(points, start_index=index, start_m=start, half_width_m=2.0, commands=FOLLOW),
        horizon_s=20.0,
        speed_limit_mps=limit_mps,
    )


@pytest.mark.parametrize(("radius_m", "speed_mps"), [(20.0, 7.0), (60.0, 12.0)])
def test_it_settles_in_the_middle_of_a_curve(radius_m: float, speed_mps: float) -> None:
    lane = LaneSpec.circular((0.0, 0.0), radius_m, -0.3, 5.2)
    ego = VehicleSpec(
        kind=EntityKind.EGO, x_m=radius_m - 0.5, y_m=0.0, heading_rad=math.pi / 2, speed_mps=speed_mps
    )
    episode = _episode(lane, [ego], speed_mps)
    worlds, driver, slots = WorldBatch([episode.world]), LaneFollower(), np.zeros(1, np.int64)
    driver.reset(worlds, {0: episode}, slots)
    offsets = []
    for _ in range(50):
        worlds.step(quantise(driver.act(worlds, slots)))
        offsets.append(radius_m - math.hypot(worlds.x[0, 0], worlds.y[0, 0]))
    # Steering by heading instead of course would leave 0.69 m at a radius of 20 m.
    assert abs(offsets[-1]) < 0.1
    assert worlds.speed[0, 0] == pytest.approx(speed_mps, abs=0.3)


@pytest.mark.parametrize("leader_mps", [0.0, 8.0])
def test_it_stops_behind_what_stands_and_follows_what_is_slow(leader_mps: float) -> None:
    lane = LaneSpec.straight((0.0, 0.0), (600.0, 0.0))
    ego = VehicleSpec(kind=EntityKind.EGO, x_m=10.0, y_m=0.0, speed_mps=18.0)
    leader = VehicleSpec(kind=EntityKind.CONTROLLED, x_m=90.0, y_m=0.0, speed_mps=leader_mps)
    if leader_mps == 0.0:
        leader = VehicleSpec(kind=EntityKind.OBSTACLE, x_m=90.0, y_m=0.0, width_m=2.0)
    episode = _episode(lane, [ego, leader], 20.0)
    (rollout,) = roll_out([episode], [None], DriverPilot(LaneFollower()))
    assert rollout.measurement.ended_by is Ending.HORIZON


def test_it_drives_an_episode_the_same_alone_as_in_a_batch() -> None:
    lane = LaneSpec.circular((0.0, 0.0), 40.0, -0.3, 5.2)
    episodes = [
        _episode(
            lane,
            [VehicleSpec(kind=EntityKind.EGO, x_m=40.0 + beside, y_m=0.0, heading_rad=1.6, speed_mps=8.0)],
            10.0,
        )
        for beside in (-0.5, 0.0, 0.5)
    ]
    together = roll_out(episodes, [None] * 3, DriverPilot(LaneFollower()))
    alone = [roll_out([e], [None], DriverPilot(LaneFollower()))[0] for e in episodes]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one.actions, other.actions)


def test_it_is_registered_as_a_privileged_driver() -> None:
    driver = registry.load("driver", "idm")()
    assert isinstance(driver, LaneFollower)
    assert driver.privileged
