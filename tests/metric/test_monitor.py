"""What the monitor measures on a straight road, where every number is plain."""

import math
from dataclasses import asdict

import numpy as np
import pytest
from straight_road import LIMIT_MPS, drive, episode, rollout, vehicle

from drivebench.errors import ConfigurationError
from drivebench.metric.events import Collision, Contact, GoalReached, OffRoad, Overspeed, Partner, WrongWay
from drivebench.metric.fault import Fault, fault_of
from drivebench.metric.measurement import Ending, EpisodeMeasurement, Reference
from drivebench.metric.monitor import Monitor
from drivebench.metric.parts import parts
from drivebench.scenario import Command
from drivebench.world import EntityKind, WorldBatch, quantise

STRAIGHT_ON = (0.0, 0.0)
BRAKE = (-1.0, 0.0)


def collision(measurement: EpisodeMeasurement) -> Collision:
    (found,) = [event for event in measurement.events if isinstance(event, Collision)]
    return found


def test_going_straight_is_progress_and_nothing_else() -> None:
    measurement = drive(episode(), STRAIGHT_ON)
    assert measurement.ended_by is Ending.HORIZON
    assert measurement.duration_s == 20.0
    assert measurement.progress_m == pytest.approx(400.0)
    assert measurement.distance_m == pytest.approx(400.0)
    assert measurement.events == ()
    part = parts(measurement, Reference(time_s=20.0, distance_m=400.0))
    assert asdict(part) == dict.fromkeys(asdict(part), 1.0)


def test_progress_is_taken_at_the_time_of_the_reference() -> None:
    measurement = drive(episode(), STRAIGHT_ON, Reference(time_s=10.0, distance_m=200.0))
    assert measurement.reference_progress_m == pytest.approx(200.0)
    assert measurement.progress_m == pytest.approx(400.0)


def test_the_goal_ends_an_episode_and_a_late_one_is_cut_off() -> None:
    measurement = drive(episode(goal_m=100.0), STRAIGHT_ON, Reference(time_s=5.0, distance_m=100.0))
    assert measurement.ended_by is Ending.GOAL
    assert measurement.events == (GoalReached(time_s=measurement.duration_s),)
    assert measurement.duration_s == pytest.approx(5.0, abs=0.07)
    slow = drive(episode(goal_m=100.0, speed_mps=2.0), STRAIGHT_ON, Reference(time_s=5.0, distance_m=100.0))
    assert slow.ended_by is Ending.HORIZON
    assert slow.duration_s == 112 / 15  # the last step that ends within 1.5 times the reference's 5 s
    assert parts(slow, Reference(time_s=5.0, distance_m=100.0)).ep == pytest.approx(10.0 / 95.0)


def test_speeding_is_integrated() -> None:
    measurement = drive(episode(speed_mps=LIMIT_MPS + 2.0, horizon_s=10.0), STRAIGHT_ON)
    assert measurement.overspeed_m == pytest.approx(20.0)
    assert measurement.events == (Overspeed(start_s=0.0, end_s=10.0, excess_mps=2.0),)
    assert parts(measurement, Reference(time_s=10.0, distance_m=250.0)).sl == pytest.approx(1.0 - 2.0 / 2.23)


def test_leaving_the_road_ends_the_episode_after_half_a_second() -> None:
    measurement = drive(episode(heading_rad=0.3), STRAIGHT_ON)
    assert measurement.ended_by is Ending.OFF_ROAD
    assert measurement.off_road_s == pytest.approx(8 / 15)
    (event,) = [event for event in measurement.events if isinstance(event, OffRoad)]
    assert event.end_s == measurement.duration_s
    # The front right corner is at 2.5·sin 0.3 + 1·cos 0.3 m beside the centre, the road ends 6 m beside it.
    sideways = 20.0 * math.sin(0.3)
    corner = 2.5 * math.sin(0.3) + math.cos(0.3)
    left_s = (6.0 + 0.3 - corner) / sideways
    assert event.start_s == pytest.approx(left_s, abs=1 / 15)
    assert event.depth_m == pytest.approx(sideways * event.end_s + corner - 6.0, abs=1e-4)


def test_a_parked_car_makes_no_progress_and_is_in_no_danger() -> None:
    measurement = drive(
        episode(vehicle(20.0, 0.0, 0.0, kind=EntityKind.OBSTACLE), speed_mps=0.0), STRAIGHT_ON
    )
    part = parts(measurement, Reference(time_s=20.0, distance_m=400.0))
    assert (part.ep, part.mp, part.ttc) == (0.0, 0.0, 1.0)
    assert measurement.shortest_ttc_s is None


def test_time_to_collision_is_exact_and_the_front_is_at_fault() -> None:
    measurement = drive(episode(vehicle(45.0, 0.0, 0.0, kind=EntityKind.OBSTACLE)), STRAIGHT_ON)
    assert measurement.ended_by is Ending.COLLISION
    # 40 m of free road at 20 m/s: time to collision after k steps is 2 − k/15, short from 1.05 s on.
    assert measurement.short_ttc_s == pytest.approx(measurement.duration_s - 1.05, abs=1 / 15)
    hit = collision(measurement)
    assert (hit.partner, hit.contact) == (Partner.OBSTACLE, Contact.FRONT)
    assert hit.ego_speed_mps == pytest.approx(20.0)
    assert fault_of(hit) is Fault.STRUCK


def test_a_car_in_the_next_lane_is_no_danger() -> None:
    measurement = drive(episode(vehicle(0.0, 4.0, 20.0), vehicle(30.0, -4.0, 10.0)), STRAIGHT_ON)
    assert measurement.shortest_ttc_s is None


def follower(gap_m: float = 12.0, speed_mps: float = 20.0) -> object:
    """A car behind the ego that keeps its speed whatever happens, as none of the real traffic does."""
    return vehicle(-5.0 - gap_m, 0.0, speed_mps, kind=EntityKind.PLAIN)


def test_being_run_into_while_driving_well_is_not_at_fault() -> None:
    measurement = drive(episode(follower(speed_mps=24.0), speed_mps=20.0), STRAIGHT_ON)
    hit = collision(measurement)
    assert hit.contact is Contact.REAR
    assert hit.flow_share == pytest.approx(20.0 / 24.0)
    assert fault_of(hit) is None
    assert parts(measurement, Reference(time_s=20.0, distance_m=400.0)).nc == 1.0


def test_braking_hard_without_cause_is_at_fault() -> None:
    measurement = drive(episode(follower()), BRAKE)
    hit = collision(measurement)
    assert hit.contact is Contact.REAR
    assert hit.braking_mps2 == pytest.approx(5.0, abs=1e-3)
    assert fault_of(hit) is Fault.BRAKED


def test_braking_hard_for_something_is_not_at_fault() -> None:
    measurement = drive(episode(follower(), vehicle(45.0, 0.0, 0.0, kind=EntityKind.OBSTACLE)), BRAKE)
    hit = collision(measurement)
    assert hit.contact is Contact.REAR
    assert hit.braking_mps2 == 0.0
    assert fault_of(hit) is None


def test_a_cause_in_another_lane_is_none() -> None:
    measurement = drive(episode(follower(), vehicle(35.0, 4.0, 0.0, kind=EntityKind.OBSTACLE)), BRAKE)
    assert fault_of(collision(measurement)) is Fault.BRAKED


def test_standing_in_a_live_lane_is_at_fault_and_waiting_is_not() -> None:
    standing = drive(episode(follower(gap_m=40.0), speed_mps=0.0), STRAIGHT_ON)
    assert fault_of(collision(standing)) is Fault.STOPPED
    waiting = drive(
        episode(follower(gap_m=40.0), vehicle(9.0, 0.0, 0.0, kind=EntityKind.OBSTACLE), speed_mps=0.0),
        STRAIGHT_ON,
    )
    assert collision(waiting).contact is Contact.REAR
    assert fault_of(collision(waiting)) is None


def test_creeping_below_the_flow_is_at_fault() -> None:
    measurement = drive(episode(follower(gap_m=20.0, speed_mps=20.0), speed_mps=12.0), STRAIGHT_ON)
    hit = collision(measurement)
    assert hit.flow_share == pytest.approx(0.6)
    assert fault_of(hit) is Fault.SLOW


def test_cutting_in_is_at_fault() -> None:
    behind = vehicle(-14.0, 4.0, 26.0, kind=EntityKind.PLAIN)
    to_the_right = [(0.0, 0.10)] * 4 + [(0.0, -0.10)] * 4 + [(0.0, 0.0)]
    hit = collision(drive(episode(behind, speed_mps=20.0), to_the_right))
    assert hit.contact is not Contact.FRONT
    assert fault_of(hit) in (Fault.CUT_IN, Fault.STRADDLED)


def test_driving_against_the_traffic() -> None:
    against = episode(aside_m=-8.0, heading_rad=0.0, oncoming=True)
    measurement = drive(against, STRAIGHT_ON)
    assert measurement.ended_by is Ending.WRONG_WAY
    assert 6.0 < measurement.against_m < 6.0 + 20.0 / 15.0 + 1e-6
    (event,) = [event for event in measurement.events if isinstance(event, WrongWay)]
    assert event.distance_m == pytest.approx(measurement.against_m)
    assert parts(measurement, Reference(time_s=20.0, distance_m=400.0)).ddc == 0.0
    turned = drive(episode(heading_rad=math.pi, speed_mps=10.0), STRAIGHT_ON)
    assert turned.ended_by is Ending.WRONG_WAY
    assert turned.progress_m < 0.0


def test_the_way_beyond_the_corridor_is_measured() -> None:
    measurement = drive(episode(heading_rad=0.05, half_width_m=1.0, speed_mps=25.0), STRAIGHT_ON)
    beyond = 25.0 * math.sin(0.05) * measurement.duration_s - 1.0
    assert measurement.off_route_m == pytest.approx(beyond, abs=1e-3)


def test_the_command_follows_the_progress() -> None:
    one = episode()
    worlds = WorldBatch([one.world])
    monitor = Monitor(worlds, [one])
    assert monitor.command.tolist() == [Command.FOLLOW]
    assert monitor.instruction(0) == "Follow the road."
    action, active = quantise(np.zeros((1, 2))), np.ones(1, np.bool_)
    while monitor.progress_m[0] < 100.0:
        assert monitor.command.tolist() == [Command.FOLLOW]
        worlds.step(action, active)
        monitor.update(active)
    assert monitor.command.tolist() == [Command.CHANGE_LEFT]
    assert monitor.instruction(0) == "Change to the left lane."


def test_inactive_and_ended_episodes_stay_as_they_are() -> None:
    episodes = [episode(), episode(vehicle(8.0, 0.0, 0.0, kind=EntityKind.OBSTACLE)), episode()]
    worlds = WorldBatch([one.world for one in episodes])
    monitor = Monitor(worlds, episodes)
    active = np.array([True, True, False])
    for _ in range(10):
        worlds.step(quantise(np.zeros((3, 2))), active)
        monitor.update(active)
    assert monitor.done.tolist() == [False, True, False]
    assert monitor.time_s.tolist()[::2] == [2.0, 0.0]
    assert monitor.finish(1).duration_s < 0.4
    assert monitor.finish(2).ended_by is Ending.UNFINISHED


def test_a_slot_can_be_loaded_again() -> None:
    first, second = episode(speed_mps=10.0), episode(vehicle(60.0, 4.0, 20.0), speed_mps=15.0, horizon_s=4.0)
    worlds = WorldBatch([first.world])
    monitor = Monitor(worlds, [first])
    active = np.ones(1, np.bool_)
    for _ in range(7):
        worlds.step(quantise(np.zeros((1, 2))), active)
        monitor.update(active)
    worlds.load(0, second.world)
    monitor.load(0, second, None)
    while not monitor.done[0]:
        worlds.step(quantise(np.zeros((1, 2))), active)
        monitor.update(active)
    assert monitor.finish(0) == drive(second, STRAIGHT_ON)


def test_a_batch_measures_what_each_episode_alone_does() -> None:
    rng = np.random.default_rng(5)
    episodes = [
        episode(
            vehicle(float(rng.uniform(20, 60)), 0.0, float(rng.uniform(5, 20))),
            vehicle(float(rng.uniform(-40, 40)), 4.0, 20.0),
            speed_mps=float(rng.uniform(10, 25)),
            heading_rad=float(rng.uniform(-0.05, 0.05)),
        )
        for _ in range(20)
    ]
    worlds = WorldBatch([one.world for one in episodes])
    monitor = Monitor(worlds, episodes)
    active = np.ones(20, np.bool_)
    while active.any():
        worlds.step(quantise(np.zeros((20, 2))), active)
        active &= ~monitor.update(active)
    for slot, one in enumerate(episodes):
        assert monitor.finish(slot) == drive(one, STRAIGHT_ON)


def test_one_episode_and_one_reference_for_each_world() -> None:
    one = episode()
    worlds = WorldBatch([one.world])
    with pytest.raises(ConfigurationError, match="2 episodes for 1 worlds"):
        Monitor(worlds, [one, one])
    with pytest.raises(ConfigurationError, match="2 references"):
        Monitor(worlds, [one], [None, None])


def test_the_log_holds_what_acted() -> None:
    driven = rollout(episode(horizon_s=1.0), [(0.5, 0.001), (-0.25, 0.0)])
    assert driven.actions.dtype == np.int16
    assert driven.actions.tolist() == [[16384, 33], *[[-8192, 0]] * 4]
