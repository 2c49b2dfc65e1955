"""The expert: succeeds everywhere, the same alone as batched, and gives labels at displaced poses."""

from dataclasses import replace

import numpy as np
import pytest
from scenes import episodes, expert_drives

from drivebench import registry
from drivebench.evaluation.rollout import DriverPilot, roll_out
from drivebench.scenario import Episode, load_scenario
from drivebench.world import EntityKind, WorldBatch, quantise
from drivebench.world.build import VehicleSpec, build_world, vehicle_on_lane
from drivebench.world.layout import EntityFloat
from scenarios.expert import Expert
from scenarios.highway import PARAMETERS

FAMILIES = ("lane-keeping-v1", "highway-v1", "merge-v1", "roundabout-v1")


@pytest.mark.parametrize("condition", ["nominal", "off-course"])
@pytest.mark.parametrize("family", FAMILIES)
def test_it_succeeds(family: str, condition: str) -> None:
    drive = expert_drives(family, range(1_320_000, 1_320_016), condition)
    assert not drive.failures
    assert min(drive.scores) > 90.0
    assert np.mean(drive.scores) > 98.0


def test_it_is_the_registered_driver() -> None:
    assert registry.load("driver", "expert") is Expert
    assert Expert().privileged


@pytest.mark.parametrize("family", FAMILIES)
def test_it_does_the_same_alone_as_in_a_batch_and_again(family: str) -> None:
    found = episodes(family, 4)
    together = roll_out(found, [None] * 4, DriverPilot(Expert()))
    again = roll_out(found, [None] * 4, DriverPilot(Expert()))
    pilot = DriverPilot(Expert())
    for place in (3, 0):
        (alone,) = roll_out([found[place]], [None], pilot)  # the same expert drives one after the other
        np.testing.assert_array_equal(alone.actions, together[place].actions)
        np.testing.assert_array_equal(again[place].actions, together[place].actions)
    assert not np.array_equal(together[0].actions[:20], together[3].actions[:20])


def test_families_may_be_mixed_in_a_batch() -> None:
    found = [load_scenario(family).episode(1_300_001) for family in FAMILIES]
    mixed = roll_out(found, [None] * 4, DriverPilot(Expert()))
    for place, episode in enumerate(found):
        (alone,) = roll_out([episode], [None], DriverPilot(Expert()))
        np.testing.assert_array_equal(alone.actions, mixed[place].actions)


def _after(episode: Episode, decisions: int) -> tuple[WorldBatch, Expert]:
    worlds, expert, slots = WorldBatch([episode.world]), Expert(), np.zeros(1, np.int64)
    expert.reset(worlds, {0: episode}, slots)
    for _ in range(decisions):
        worlds.step(quantise(expert.act(worlds, slots)))
    return worlds, expert


@pytest.mark.parametrize("family", FAMILIES)
def test_what_it_does_follows_from_the_present_state_alone(family: str) -> None:
    """Another expert that sees the same world for the first time does the same."""
    slots = np.zeros(1, np.int64)
    for episode in episodes(family, 3):
        worlds, expert = _after(episode, 40)
        for _ in range(6):
            action = expert.act(worlds, slots)
            there, newcomer = WorldBatch([worlds.snapshot(0)]), Expert()
            newcomer.reset(there, {0: episode}, slots)
            np.testing.assert_array_equal(newcomer.act(there, slots), action)
            worlds.step(quantise(action))


def test_a_label_is_what_it_would_do_if_the_ego_stood_there() -> None:
    slots = np.zeros(1, np.int64)
    for episode in episodes("lane-keeping-v1", 4):
        worlds, expert = _after(episode, 25)
        here = expert.label(worlds, slots, 0.0, 0.0)
        displaced = expert.label(worlds, slots, 0.8, -0.05)
        np.testing.assert_array_equal(expert.label(worlds, slots, 0.0, 0.0), here)
        np.testing.assert_array_equal(expert.act(worlds, slots), here)
        ego, numbers = 0, worlds.entity_float[0]
        cosine, sine = numbers[EntityFloat.COS, ego], numbers[EntityFloat.SIN, ego]
        worlds.x[0, ego] -= 0.8 * sine
        worlds.y[0, ego] += 0.8 * cosine
        worlds.heading[0, ego] -= 0.05
        np.testing.assert_allclose(expert.act(worlds, slots), displaced, atol=1e-6)


def test_the_further_to_the_right_the_more_it_steers_to_the_left() -> None:
    worlds, expert = _after(episodes("lane-keeping-v1", 1)[0], 25)
    slots = np.zeros(1, np.int64)
    offsets = np.linspace(-1.0, 1.0, 9).tolist()
    steering = [float(expert.label(worlds, slots, offset, 0.0)[0, 1]) for offset in offsets]
    assert (np.diff(steering) < 0.0).all()
    turned = [float(expert.label(worlds, slots, 0.0, turn)[0, 1]) for turn in (-0.1, 0.0, 0.1)]
    assert turned[0] > turned[1] > turned[2]


def test_in_lane_keeping_it_stays_near_the_centre() -> None:
    worst = []
    for rollout in expert_drives("lane-keeping-v1", range(1_330_000, 1_330_012)).rollouts:
        route = rollout.episode.route
        worlds = WorldBatch([rollout.episode.world])
        for step, action in enumerate(rollout.actions):
            worlds.step(action[None])
            if step > 20:
                away = np.hypot(route.points_m[:, 0] - worlds.x[0, 0], route.points_m[:, 1] - worlds.y[0, 0])
                worst.append(away.min())
    # Points are up to 1 m apart, so that the nearest is up to 0.5 m along the lane.
    assert np.percentile(worst, 50) < 0.35
    assert max(worst) < 0.75


def _with_standing_queue(episode: Episode) -> Episode:
    """The same road, with standing vehicles on all four lanes 150 m ahead and a gap on lane 0."""
    network = episode.world.network
    x = 440.0
    ego = VehicleSpec(kind=EntityKind.EGO, x_m=x, y_m=8.0, speed_mps=25.0)
    queue = [
        replace(
            vehicle_on_lane(network, ("0", "1", lane), x + 150.0, speed_mps=0.0, lane_changes=False),
            max_speed_mps=0.0,
            min_speed_mps=0.0,
        )
        for lane in (1, 2, 3)
    ]
    world = build_world(network, [ego, *queue], traffic=PARAMETERS)
    return replace(episode, world=world)


def test_it_finds_the_one_free_lane() -> None:
    episode = next(e for e in episodes("highway-v1", 40) if e.route.points_m[0, 1] == 8.0)
    (rollout,) = roll_out([_with_standing_queue(episode)], [None], DriverPilot(Expert()))
    assert rollout.measurement.ended_by == "horizon"
    assert rollout.measurement.progress_m > 600.0
