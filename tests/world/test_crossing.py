"""Regulated roads and open traffic by themselves; against stock's intersections in ``test_parity.py``."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from highway_env.vehicle.behavior import IDMVehicle
from invented_worlds import crossing, crossing_network, motorway, ring

from drivebench.errors import ConfigurationError
from drivebench.world import Capacity, EntityKind, WorldBatch, dequantise, quantise
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD
from drivebench.world.build import build_world, plan_route, vehicle_on_lane
from drivebench.world.layout import EntityFloat, EntityInt, WorldInt
from scenarios.stock.building import Builder, state_of
from scenarios.stock.configuration import complete_configuration
from scenarios.stock.ids import stock_id
from scenarios.stock.upstream import stock_environment


def drive(batch: WorldBatch, decisions: int, first: int = 0) -> None:
    """Let the egos wander; other agents coast."""
    commands, idle = np.zeros((*batch.agents.shape, 2)), np.full(batch.agents.shape, -1)
    for decision in range(first, first + decisions):
        rng = np.random.default_rng(decision)
        actions = dequantise(quantise(rng.uniform((0.0, -0.05), (0.3, 0.05))))
        commands[:, 0] = actions * (ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD)
        batch.drive(commands, idle)


def identities(batch: WorldBatch, slot: int = 0) -> list[int]:
    numbers: list[int] = batch.identity[slot, : batch.entities[slot]].tolist()
    return numbers


def state(batch: WorldBatch, slot: int) -> tuple[bytes, ...]:
    n = int(batch.entities[slot])
    route = batch.route[slot, :n]
    return (
        batch.entity_float[slot, :, :n].tobytes(),
        batch.entity_int[slot, :, :n].tobytes(),
        route.tobytes(),
        batch.random[slot].tobytes(),
        batch.agents[slot].tobytes(),
        batch.world_int[slot, WorldInt.LANES :].tobytes(),
    )


@pytest.mark.parametrize("kind", [EntityKind.IDM, EntityKind.LINEAR])
def test_vehicles_leave_in_order_and_appear_behind_the_last(kind: EntityKind) -> None:
    batch = WorldBatch([crossing(1, kind=kind)])
    rock = identities(batch)[-1]
    known, entered, left = set(identities(batch)), 0, 0
    for decision in range(80):
        before = identities(batch)
        drive(batch, 1, decision)
        after = identities(batch)
        stayed = [number for number in before if number in after]
        new = [number for number in after if number not in before]
        assert after == [*stayed[:-1], *new, rock]
        assert known.isdisjoint(new), "a number is given once"
        known.update(new)
        entered, left = entered + len(new), left + len(before) - len(stayed)
        agents = [batch.identity[0, agent] for agent in batch.agents[0]]
        assert agents == [0, 3]
        assert batch.ego[0] == batch.agents[0, 0]
        for number, agent in enumerate(batch.agents[0]):
            assert batch.entity_int[0, EntityInt.AGENT, agent] == number
        assert batch.entity_int[0, EntityInt.KIND, batch.vehicles[0]] == EntityKind.OBSTACLE
        assert batch.x[0, batch.vehicles[0]] == 30.0
        for column in range(int(batch.vehicles[0])):
            if batch.identity[0, column] in new:
                assert batch.kind[0, column] == kind
                assert 3.5 <= batch.entity_float[0, EntityFloat.DELTA, column] <= 4.5
                gains = batch.entity_float[0, EntityFloat.TARGET_SPEED_GAIN :, column][:5]
                assert ((gains > 0) == (kind is EntityKind.LINEAR)).all()
    assert entered > 5
    assert left >= 2


def test_closed_worlds_beside_an_open_one_are_not_touched() -> None:
    worlds = [motorway(3, vehicles=4), crossing(2, probability=1.0), ring(4)]
    batch, alone = WorldBatch(worlds), WorldBatch([worlds[0], worlds[2]])
    capacity, known = batch.capacity.entities, set(identities(batch, 1))
    drive(batch, 60)
    drive(alone, 60)
    assert len(set(identities(batch, 1)) - known) > 5
    assert batch.capacity.entities > capacity, "the columns of the closed worlds have moved"
    for slot, other in ((0, 0), (2, 1)):
        n = int(alone.entities[other])
        np.testing.assert_array_equal(batch.entity_float[slot, :, :n], alone.entity_float[other, :, :n])
        np.testing.assert_array_equal(batch.identity[slot, :n], np.arange(n))


def test_room_is_made_for_vehicles_that_appear() -> None:
    batch = WorldBatch([crossing(5, probability=1.0)])
    capacity = batch.capacity.entities
    roomy = WorldBatch([crossing(5, probability=1.0)], capacity=Capacity(entities=200))
    brake = np.zeros((*batch.agents.shape, 2))
    brake[:, 0, 0] = -ACCELERATION_RANGE_MPS2
    for decision in range(150):  # the ego brakes and stands in the way
        for each in (batch, roomy):
            each.drive(brake, np.full(each.agents.shape, -1))
        assert state(batch, 0) == state(roomy, 0), decision
    assert batch.capacity.entities > capacity
    assert batch.capacity.entities < 200


def test_copies_and_snapshots_go_on_alike() -> None:
    batch = WorldBatch([crossing(6), crossing(7)])
    drive(batch, 30)
    copy, start = batch.copy([1, 1]), WorldBatch([batch.snapshot(1)])
    for each in (batch, copy, start):
        drive(each, 30, 30)
    assert state(copy, 0) == state(copy, 1) == state(batch, 1)
    assert state(start, 0)[:5] == state(batch, 1)[:5]
    assert state(batch, 0) != state(batch, 1)


def test_random_numbers_after_an_episode_are_those_of_the_next_decision() -> None:
    batch = WorldBatch([crossing(8)])
    assert batch.random_after(0) == tuple(batch.random[0].tolist()), (
        "nothing is drawn before the first decision"
    )
    for decision in range(40):
        drive(batch, 1, decision)
        before, after = state(batch, 0), batch.random_after(0)
        assert state(batch, 0) == before
        ahead = batch.copy([0])
        drive(ahead, 1)
        assert after == tuple(ahead.random[0].tolist())


def test_the_struck_vehicle_keeps_its_name_when_columns_move() -> None:
    batch = WorldBatch([crossing(1)])
    other, moved = 2, False
    batch.world_int[0, WorldInt.STRUCK] = other
    name = batch.identity[0, other]
    for decision in range(80):
        drive(batch, 1, decision)
        if name not in identities(batch):
            assert batch.struck[0] == -1
            break
        moved = moved or batch.struck[0] != other
        assert batch.identity[0, batch.struck[0]] == name
    else:
        pytest.fail("it never left")
    assert moved


def two_cars(*, ego: EntityKind, other: EntityKind) -> WorldBatch:
    """The ego from the arm without right of way, another one from its right, bound to meet in the middle."""
    network = crossing_network()
    cars = [
        vehicle_on_lane(
            network,
            lane,
            27.0,
            speed_mps=8.0,
            kind=kind,
            target_speed_mps=8.0,
            route=plan_route(network, lane, to),
        )
        for lane, to, kind in ((("o0", "i0", 0), "x2", ego), (("o1", "i1", 0), "x3", other))
    ]
    return WorldBatch([build_world(network, cars, regulated=True, target_speeds_mps=(0.0, 4.5, 9.0))])


def yielding_after(batch: WorldBatch, substeps: int) -> list[int]:
    for _ in range(substeps):
        batch.substep(np.zeros((1, 2), dtype=np.int16), new_action=False)
    yielding: list[int] = batch.entity_int[0, EntityInt.YIELDING].tolist()
    return yielding


def test_who_has_no_right_of_way_stops_and_is_released() -> None:
    batch = two_cars(ego=EntityKind.IDM, other=EntityKind.IDM)
    assert yielding_after(batch, 6) == [0, 0], "the rules are enforced at every seventh step"
    assert yielding_after(batch, 1) == [1, 0]
    target = batch.entity_float[0, EntityFloat.TARGET_SPEED]
    assert target.tolist() == [0.0, 8.0]
    assert yielding_after(batch, 49) == [0, 0], "the other one has passed"
    assert target.tolist() == [10.0, 8.0], "released to the speed limit"
    assert not batch.crashed.any()


@pytest.mark.parametrize("ego", [EntityKind.EGO, EntityKind.CONTROLLED, EntityKind.PLAIN, EntityKind.BICYCLE])
def test_agents_do_not_give_way(ego: EntityKind) -> None:
    batch = two_cars(ego=ego, other=EntityKind.IDM)
    before = batch.entity_float[0, EntityFloat.TARGET_SPEED, 0]
    for substeps in (7, 7):
        assert yielding_after(batch, substeps)[0] == 0
    assert batch.entity_float[0, EntityFloat.TARGET_SPEED, 0] == before


def test_traffic_gives_way_to_an_agent_with_right_of_way() -> None:
    batch = two_cars(ego=EntityKind.IDM, other=EntityKind.EGO)
    assert yielding_after(batch, 7) == [1, 0]


def test_a_car_on_its_own_never_yields() -> None:
    network = crossing_network()
    car = vehicle_on_lane(network, ("o0", "i0", 0), 27.0, speed_mps=8.0)
    batch = WorldBatch([build_world(network, [car], ego=-1, regulated=True)])
    batch.warm_up([0], 20)
    assert not batch.entity_int[0, EntityInt.YIELDING].any()


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": EntityKind.PLAIN},
        {"kind": EntityKind.LINEAR},
        {"gains": ((0.0, 1.0),) * 5},
        {"probability": 1.5},
        {"random": (0, 0)},
        {"entries": (("o0", "i0", 0),)},
    ],
)
def test_open_traffic_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    traffic = crossing(0).open_traffic
    assert traffic is not None
    with pytest.raises(ConfigurationError):
        replace(traffic, **wrong)


def highway_bytes() -> bytes:
    """A highway built anew by highway-env's own reset, and where its vehicles are after some decisions."""
    entry = stock_id("highway-fast-v0")
    builder = Builder(entry, complete_configuration(entry, {"vehicles_count": 12}), "canonical")
    world = builder.build(state_of(np.random.default_rng(5))).world
    batch = WorldBatch([world])
    for _ in range(5):
        batch.step(np.ones((1, 2), dtype=np.int16))
    return world.digest.encode() + batch.entity_float.tobytes() + batch.entity_int.tobytes()


def test_an_intersection_leaves_highways_of_the_process_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """highway-env's intersection sets the constants of IDM on the class, for the whole process."""
    own = {"DISTANCE_WANTED": 10.0, "COMFORT_ACC_MAX": 3.0, "COMFORT_ACC_MIN": -5.0}
    for name, value in own.items():  # and what is done here is undone
        monkeypatch.setattr(IDMVehicle, name, value)
    before = highway_bytes()
    entry = stock_id("intersection-v0")
    builder = Builder(entry, complete_configuration(entry, {}), "canonical")
    crossing_world = builder.build(state_of(np.random.default_rng(5))).world
    assert crossing_world.traffic.distance_wanted_m == 7.0
    assert {name: getattr(IDMVehicle, name) for name in own} == own
    assert highway_bytes() == before
    stock_environment("intersection-v0")
    assert IDMVehicle.DISTANCE_WANTED == 7, "the trap is there"
    assert highway_bytes() == before
    again = builder.build(state_of(np.random.default_rng(5))).world
    assert again.digest == crossing_world.digest
    batch = WorldBatch([crossing_world])
    batch.warm_up([0], 30)
    assert highway_bytes() == before
