"""What one decision does, with numbers worked out by hand."""

import math
import pickle

import numpy as np
import pytest
from invented_worlds import merge, motorway, motorway_network, ring

from drivebench.errors import ActionError, ConfigurationError
from drivebench.world import EntityKind, World, WorldBatch, dequantise, quantise
from drivebench.world.build import VehicleSpec, build_world, vehicle_on_lane
from drivebench.world.clock import POLICY_HZ, SIMULATION_HZ, SUBSTEPS, TIME_STEP_S
from drivebench.world.layout import EntityFloat, EntityInt

IDLE = quantise([[0.0, 0.0]])
FULL_BRAKE = quantise([[-1.0, 0.0]])


def alone(speed_mps: float = 10.0, **settings: float) -> World:
    ego = VehicleSpec(kind=EntityKind.EGO, x_m=100.0, y_m=4.0, speed_mps=speed_mps, **settings)
    return build_world(motorway_network(), [ego])


def with_obstacle(gap_m: float, speed_mps: float = 10.0) -> World:
    """An obstacle of 2 m x 2 m whose near edge is ``gap_m`` ahead of the ego's front."""
    ego = VehicleSpec(kind=EntityKind.EGO, x_m=100.0, y_m=4.0, speed_mps=speed_mps)
    block = VehicleSpec(kind=EntityKind.OBSTACLE, x_m=103.5 + gap_m, y_m=4.0, length_m=2.0, width_m=2.0)
    return build_world(motorway_network(), [ego, block])


def test_the_clock() -> None:
    assert (SIMULATION_HZ, POLICY_HZ, SUBSTEPS) == (15, 5, 3)
    assert pytest.approx(1 / 15) == TIME_STEP_S


def test_idling_keeps_speed_and_heading() -> None:
    batch = WorldBatch([alone()])
    batch.step(IDLE)
    assert batch.x[0, 0] == pytest.approx(102.0, abs=1e-12)
    assert (batch.y[0, 0], batch.heading[0, 0], batch.speed[0, 0]) == (4.0, 0.0, 10.0)


def test_acceleration_of_five_for_a_fifth_of_a_second() -> None:
    batch = WorldBatch([alone()])
    batch.step(quantise([[1.0, 0.0]]))
    assert batch.speed[0, 0] == pytest.approx(11.0, abs=1e-12)
    assert batch.x[0, 0] == pytest.approx(100.0 + (10 + (10 + 1 / 3) + (10 + 2 / 3)) / 15, abs=1e-12)


def test_steering_is_the_kinematic_bicycle_and_positive_to_the_right() -> None:
    batch = WorldBatch([alone()])
    batch.step(quantise([[0.0, 1.0]]))
    x, y, heading = 100.0, 4.0, 0.0
    slip = math.atan(0.5 * math.tan(math.pi / 4))
    for _ in range(3):
        x += 10 * math.cos(heading + slip) / 15
        y += 10 * math.sin(heading + slip) / 15
        heading += 10 * math.sin(slip) / 2.5 / 15
    found = batch.x[0, 0], batch.y[0, 0], batch.heading[0, 0]
    assert found == pytest.approx((x, y, heading), abs=1e-12)
    assert y > 4.0
    assert batch.trace[0, -1, 0].tolist() == [*found, batch.speed[0, 0]]


def test_the_ego_never_reverses() -> None:
    batch = WorldBatch([alone(0.5)])
    for _ in range(5):
        batch.step(FULL_BRAKE)
        assert batch.speed[0, 0] >= 0.0
    assert batch.speed[0, 0] == 0.0
    stopped = batch.x[0, 0]
    batch.step(FULL_BRAKE)
    assert batch.x[0, 0] == stopped


def test_an_ego_with_a_reverse_gear_backs_up_to_its_least_speed() -> None:
    batch = WorldBatch([alone(0.5, min_speed_mps=-3.0)])
    for _ in range(8):
        batch.step(FULL_BRAKE)
        assert batch.speed[0, 0] >= -3.0
    assert batch.speed[0, 0] == -3.0
    before = batch.x[0, 0]
    batch.step(IDLE)
    assert batch.x[0, 0] == pytest.approx(before - 3.0 / 5, abs=1e-12)


def test_an_ego_in_reverse_hits_what_is_behind_it() -> None:
    ego = VehicleSpec(kind=EntityKind.EGO, x_m=100.0, y_m=4.0, speed_mps=-3.0, min_speed_mps=-3.0)
    block = VehicleSpec(kind=EntityKind.OBSTACLE, x_m=96.0, y_m=4.0, length_m=2.0, width_m=2.0)
    batch = WorldBatch([build_world(motorway_network(), [ego, block])])
    for _ in range(3):
        batch.step(IDLE)
    assert batch.crashed[0, 0] == 1
    assert batch.struck[0] == 1


def test_the_ego_drives_on_after_a_stop() -> None:
    batch = WorldBatch([alone(0.0)])
    batch.step(FULL_BRAKE)
    batch.step(quantise([[1.0, 0.0]]))
    assert batch.speed[0, 0] == pytest.approx(1.0, abs=1e-12)


def test_a_collision_with_an_obstacle() -> None:
    batch = WorldBatch([with_obstacle(1.0)])
    assert batch.struck[0] == -1
    batch.step(IDLE)
    assert batch.crashed[0].tolist() == [1, 1]
    assert batch.struck[0] == 1
    assert batch.trace_crashed[0].tolist() == [False, True, True]


def test_a_miss_is_no_collision() -> None:
    batch = WorldBatch([with_obstacle(12.0)])
    batch.step(IDLE)
    assert batch.crashed[0].tolist() == [0, 0]
    assert batch.struck[0] == -1
    assert not batch.trace_crashed.any()


@pytest.mark.parametrize(("goal_m", "hit"), [(104.0, True), (350.0, False)])
def test_a_landmark_is_hit_without_a_crash(goal_m: float, hit: bool) -> None:
    ego = VehicleSpec(kind=EntityKind.EGO, x_m=100.0, y_m=4.0, speed_mps=10.0)
    goal = VehicleSpec(kind=EntityKind.LANDMARK, x_m=goal_m, y_m=4.0, length_m=2.0, width_m=2.0)
    batch = WorldBatch([build_world(motorway_network(), [ego, goal])])
    batch.step(IDLE)
    assert batch.entity_int[0, EntityInt.HIT].tolist() == [0, int(hit)]
    assert batch.crashed[0].tolist() == [0, 0]
    assert batch.struck[0] == -1


def test_free_traffic_accelerates_by_idm() -> None:
    network = motorway_network()
    car = vehicle_on_lane(
        network, ("0", "1", 1), 100.0, speed_mps=20.0, target_speed_mps=25.0, delta=4.0, timer_s=0.0
    )
    batch = WorldBatch([build_world(network, [car], ego=-1)])
    batch.step(IDLE)
    v = 20.0
    for _ in range(3):
        v += 3.0 * (1 - (v / 25.0) ** 4) / 15
    assert batch.speed[0, 0] == pytest.approx(v, abs=1e-12)


def test_traffic_brakes_for_its_leader_by_idm() -> None:
    network = motorway_network()
    cars = [
        vehicle_on_lane(network, ("0", "1", 0), s, speed_mps=v, target_speed_mps=v, lane_changes=False)
        for s, v in ((100.0, 20.0), (130.0, 15.0))
    ]
    batch = WorldBatch([build_world(network, cars, ego=-1)])
    batch.substep(IDLE, new_action=True)
    gap = 10.0 + 20.0 * 1.5 + 20.0 * 5.0 / (2 * math.sqrt(15.0))
    expected = max(3.0 * (1 - 1.0) - 3.0 * (gap / 30.0) ** 2, -6.0)
    assert batch.acceleration[0, 0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("kind", [EntityKind.EGO, EntityKind.PLAIN])
def test_traffic_treats_the_ego_as_any_other_driver_and_a_plain_vehicle_as_stock_does(
    kind: EntityKind,
) -> None:
    """A car behind a slow leader, with the ego behind on the free lane: with 30 m there is room to cut in."""
    network = motorway_network(2)
    ego = vehicle_on_lane(network, ("0", "1", 0), 70.0, speed_mps=20.0, kind=kind)
    slow = vehicle_on_lane(network, ("0", "1", 1), 130.0, speed_mps=10.0, target_speed_mps=10.0)
    impatient = vehicle_on_lane(
        network, ("0", "1", 1), 110.0, speed_mps=20.0, target_speed_mps=28.0, timer_s=1.5
    )
    batch = WorldBatch([build_world(network, [ego, impatient, slow])])
    batch.step(IDLE)
    left = network.lane(("0", "1", 0))
    changes = bool(batch.target_lane[0, 1] == left)
    assert changes == (kind is EntityKind.EGO)


def test_inactive_worlds_stay_as_they_are() -> None:
    batch = WorldBatch([motorway(0), motorway(1)])
    before = batch.entity_float[1].copy()
    batch.step(quantise(np.zeros((2, 2))), np.array([True, False]))
    assert np.array_equal(batch.entity_float[1], before)
    assert batch.x[0, 0] != motorway(0).entity_float[EntityFloat.X, 0]


def test_warm_up_moves_the_traffic_alone() -> None:
    batch = WorldBatch([motorway(0), motorway(1)])
    before = batch.entity_float.copy()
    batch.warm_up([0], 30)
    assert np.array_equal(batch.entity_float[1], before[1])
    assert np.array_equal(batch.entity_float[0, : EntityFloat.COS, 0], before[0, : EntityFloat.COS, 0])
    assert (batch.x[0, 1:] > before[0, EntityFloat.X, 1:] + 20.0).all()


def test_an_absent_ego_is_not_touched() -> None:
    network = motorway_network(1)
    ego = vehicle_on_lane(network, ("0", "1", 0), 130.0, speed_mps=0.0, kind=EntityKind.EGO)
    car = vehicle_on_lane(network, ("0", "1", 0), 100.0, speed_mps=20.0)
    batch = WorldBatch([build_world(network, [ego, car])])
    batch.warm_up([0], 45)
    assert batch.x[0, 1] == pytest.approx(160.0, abs=1.0)
    assert batch.crashed[0].tolist() == [0, 0]


def test_a_snapshot_continues_where_it_was_taken() -> None:
    batch = WorldBatch([ring(2)])
    for _ in range(10):
        batch.step(IDLE)
    again = WorldBatch([batch.snapshot(0)])
    for one in (batch, again):
        one.step(IDLE)
    assert np.array_equal(batch.entity_float, again.entity_float)
    assert np.array_equal(batch.entity_int, again.entity_int)


def test_a_copy_looks_ahead_without_touching_the_original() -> None:
    batch = WorldBatch([motorway(0), ring(1), merge(2)])
    batch.step(quantise(np.zeros((3, 2))))
    before = batch.entity_float.copy()
    ahead = batch.copy([2, 0, 2])
    assert len(ahead) == 3
    for _ in range(5):
        ahead.step(quantise(np.zeros((3, 2))))
    assert np.array_equal(batch.entity_float, before)
    for _ in range(5):
        batch.step(quantise(np.zeros((3, 2))))
    for slot, original in enumerate([2, 0, 2]):
        assert np.array_equal(ahead.entity_float[slot], batch.entity_float[original])
    ahead.load(1, ring(5))
    fresh = WorldBatch([ring(5)])
    ahead.step(quantise(np.zeros((3, 2))))
    fresh.step(IDLE)
    n = int(fresh.entities[0])
    assert np.array_equal(ahead.entity_float[1, :, :n], fresh.entity_float[0])


def test_loading_a_larger_world_makes_room() -> None:
    batch = WorldBatch([motorway(0, 3), motorway(1, 3)])
    batch.step(quantise(np.zeros((2, 2))))
    before = batch.entity_float[0].copy()
    batch.load(1, ring(0))
    n = before.shape[1]
    assert np.array_equal(batch.entity_float[0, :, :n], before)
    assert [int(count) for count in batch.entities] == [3, 6]
    assert batch.present.sum(axis=1).tolist() == [3, 6]
    alone_batch = WorldBatch([ring(0)])
    batch.step(quantise(np.zeros((2, 2))))
    alone_batch.step(IDLE)
    assert np.array_equal(batch.entity_float[1], alone_batch.entity_float[0])


def test_the_pool_of_networks_does_not_grow() -> None:
    batch = WorldBatch([motorway(0, 2), motorway(1, 2)])
    assert len(batch.networks) == 1
    for seed in range(6):
        batch.load(seed % 2, (ring, merge, motorway)[seed % 3](seed))
        assert len(batch.networks) <= 2
        for slot in range(2):
            pooled = batch.networks[batch.network_of_world[slot]]
            assert pooled.digest == batch.worlds[slot].network.digest


def test_a_controlled_vehicle_takes_meta_actions() -> None:
    batch = WorldBatch([motorway(0, 1, ego=EntityKind.CONTROLLED)])
    lane = int(batch.lane[0, 0])
    side = 1 if lane == 0 else -1
    batch.step(np.array([[2 if side == 1 else 0, 0]], dtype=np.int16))
    assert batch.target_lane[0, 0] == lane + side
    for _ in range(30):
        batch.step(np.array([[3, 0]], dtype=np.int16))
    assert batch.lane[0, 0] == lane + side
    assert batch.speed[0, 0] == pytest.approx(30.0, abs=0.1)


@pytest.mark.parametrize("given", [[0.0], 0.0, [[0.0, 0.0, 0.0]], [math.nan, 0.0], [0.0, math.inf], "no"])
def test_bad_actions_are_refused(given: object) -> None:
    with pytest.raises(ActionError):
        quantise(given)


def test_actions_of_another_type_or_shape_are_refused() -> None:
    batch = WorldBatch([motorway(0, 1)])
    with pytest.raises(ActionError, match="int16"):
        batch.step(np.zeros((1, 2)))
    with pytest.raises(ActionError, match=r"\(1, 2\)"):
        batch.step(np.zeros((2, 2), dtype=np.int16))


def test_quantisation_is_symmetric_and_clipped() -> None:
    assert quantise([2.0, -3.0]).tolist() == [32767, -32767]
    assert quantise([0.0, 1.0]).tolist() == [0, 32767]
    values = np.random.default_rng(0).uniform(-1, 1, (100, 2)).astype(np.float32)
    assert np.abs(dequantise(quantise(values)) - values).max() <= 0.5 / 32767 + 1e-7


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least one world"):
        WorldBatch([])


def test_a_pickled_batch_goes_on_alike_and_its_views_with_it() -> None:
    batch = WorldBatch([motorway(seed, 4) for seed in range(2)])
    batch.step(quantise(np.zeros((2, 2))))
    twin = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(batch))))
    for each in (batch, twin):
        each.step(quantise(np.full((2, 2), 0.1)))
    np.testing.assert_array_equal(twin.entity_float, batch.entity_float)
    np.testing.assert_array_equal(twin.x, batch.x)
    assert not np.array_equal(twin.x, WorldBatch(batch.worlds).x)
