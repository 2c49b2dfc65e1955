"""Worlds that cannot be are refused; the message names what was given, what is expected, what to do."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from invented_worlds import crossing, motorway, motorway_network

from drivebench.errors import ActionError, ConfigurationError
from drivebench.world import Capacity, EntityKind, TrafficParameters, World, WorldBatch, quantise
from drivebench.world.build import VehicleSpec, build_network, build_world
from drivebench.world.checks import MOST_ENTITIES
from drivebench.world.lane_spec import LaneSpec
from drivebench.world.layout import EntityFloat, EntityInt
from drivebench.world.open_traffic import OpenTraffic
from drivebench.world.takeover import lane_spec, take_world
from scenarios.stock.upstream import environment_without_reward

CAR = VehicleSpec(kind=EntityKind.IDM, x_m=100.0, y_m=0.0, speed_mps=20.0)


def changed(**rows: Any) -> World:
    """A good world with something wrong in its arrays."""
    world = motorway(0, 3)
    numbers, integers = world.entity_float.copy(), world.entity_int.copy()
    for name, value in rows.items():
        if name in EntityFloat.__members__:
            numbers[EntityFloat[name], 1] = value
        else:
            integers[EntityInt[name], 1] = value
    return replace(world, entity_float=numbers, entity_int=integers)


def test_a_good_world_passes() -> None:
    assert changed().digest == motorway(0, 3).digest


def test_a_world_of_too_many_entities_is_refused() -> None:
    network = motorway_network()
    with pytest.raises(ConfigurationError, match=rf"{MOST_ENTITIES + 1} vehicles and objects.*at most 2000"):
        build_world(network, [CAR] * (MOST_ENTITIES + 1), ego=-1)
    batch = WorldBatch(
        [build_world(network, [replace(CAR, x_m=5.0 * k) for k in range(MOST_ENTITIES)], ego=-1)]
    )
    batch.step(quantise([[0.0, 0.0]]))
    assert batch.present.sum() == MOST_ENTITIES


@pytest.mark.parametrize("field", ["x_m", "y_m", "heading_rad", "speed_mps", "target_speed_mps", "delta"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused(field: str, value: float) -> None:
    with pytest.raises(ConfigurationError, match=rf"a IDM .* has {field} {value}; expected a finite"):
        replace(CAR, **{field: value})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"LENGTH": 0.0}, r"entity 1 has length 0.0 m; expected more than 0"),
        ({"WIDTH": -2.0}, r"entity 1 has width -2.0 m"),
        ({"TIMER": math.nan}, r"entity 1 has timer nan"),
        ({"MAX_SPEED": math.nan}, r"entity 1 has max_speed nan"),
        ({"KIND": EntityKind.OBSTACLE}, r"entity 1 of a world with 3 vehicles is of kind OBSTACLE; .*first"),
        ({"KIND": 17}, r"kinds \[0, 1, 17\]; expected those of EntityKind"),
        ({"LANE": 4}, r"entity 1 has lane 4; .*4 lanes"),
        ({"TARGET_LANE": -1}, r"entity 1 has target_lane -1"),
        ({"ROUTE_START": -1}, r"entity 1 is at step -1 of its route"),
        ({"ROUTE_LEFT": 50}, r"entity 1 is at step 0 of its route and has 50 left; .*the 1 that"),
        ({"AGENT": 5}, r"entity 1 is agent 5 in the array, but -1 by agents"),
        ({"IDENTITY": 0}, r"identities \[0, 0, 2\]; expected no two alike"),
        ({"SPEED_INDEX": 3}, r"entity 1 has target speed number 3; expected 0 to 2"),
    ],
)
def test_impossible_entities_are_refused(rows: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        changed(**rows)


def test_an_unbounded_speed_is_no_mistake() -> None:
    assert changed(MAX_SPEED=math.inf).entity_float[EntityFloat.MAX_SPEED, 1] == math.inf


def test_obstacles_cannot_be_egos_or_agents() -> None:
    block = VehicleSpec(kind=EntityKind.OBSTACLE, x_m=300.0, y_m=0.0)
    with pytest.raises(ConfigurationError, match=r"ego 1 \(OBSTACLE\); expected one of its vehicles"):
        build_world(motorway_network(), [CAR, block], ego=1)
    with pytest.raises(ConfigurationError, match=r"\(0, 1\) \(IDM, OBSTACLE\).*take no commands"):
        build_world(motorway_network(), [CAR, block], agents=(0, 1))
    with pytest.raises(ConfigurationError, match=r"\(0, 7\) \(IDM, not there\)"):
        build_world(motorway_network(), [CAR, block], agents=(0, 7))


@pytest.mark.parametrize("rates", [(15.0, 5), (15, 2.5), ("15", 5), (True, True), (5, 15), (15, 0)])
def test_rates_that_are_not_whole_or_out_of_order_are_refused(rates: tuple[Any, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"(steps|decisions) in a second; expected"):
        build_world(motorway_network(), [CAR], simulation_hz=rates[0], policy_hz=rates[1])


def test_a_rate_of_decisions_that_does_not_divide_is_rounded_down_as_in_stock() -> None:
    world = build_world(motorway_network(), [CAR], ego=-1, simulation_hz=15, policy_hz=4)
    assert world.substeps == 3
    batch = WorldBatch([world])
    batch.step(quantise([[0.0, 0.0]]))
    assert batch.x[0, 0] == pytest.approx(100.0 + 20.0 * 3 / 15, abs=0.1)


@pytest.mark.parametrize("speeds", [(20.0,), (20.0, 20.0), (0.0, math.nan), tuple(range(9))])
def test_target_speeds_without_a_choice_are_refused(speeds: tuple[float, ...]) -> None:
    with pytest.raises(ConfigurationError, match="target speeds"):
        build_world(motorway_network(), [CAR], target_speeds_mps=speeds)


def test_constants_of_traffic_must_be_finite() -> None:
    with pytest.raises(ConfigurationError, match=r"time_wanted_s=nan.*finite"):
        TrafficParameters(time_wanted_s=math.nan)


@pytest.mark.parametrize("word", [0.5, 1.0, np.uint64(3), "7", -1, 2**64, True])
def test_random_state_must_be_integers(word: Any) -> None:
    good = (1, 2, 3, 4, 0, 0)
    routes = (((), (("0", "1", None),)), ((("0", "1", None),), ()))
    entries = (("0", "1", 0), ("0", "1", 1))
    OpenTraffic(entries=entries, routes=routes, probability=0.5, random=good)
    with pytest.raises(ConfigurationError, match=r"random state .* integers below"):
        OpenTraffic(entries=entries, routes=routes, probability=0.5, random=(*good[:5], word))


@pytest.mark.parametrize("room", [{"entities": -1}, {"lanes": 2.5}, {"agents": True}, {"entities": 10_000}])
def test_impossible_room_is_refused(room: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="room for"):
        WorldBatch([motorway(0, 1)], capacity=Capacity(**room))


def test_slots_that_are_not_there_are_refused() -> None:
    batch = WorldBatch([motorway(0, 2), motorway(1, 2)])
    for ask in (
        lambda: batch.load(2, motorway(2, 2)),
        lambda: batch.copy([0, -1]),
        lambda: batch.warm_up([5], 3),
        lambda: batch.snapshot(-1),
    ):
        with pytest.raises(ConfigurationError, match="expected 0 to 1"):
            ask()


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([(0.0, 0.0)], "1 points; expected at least two"),
        ([(0.0, 0.0), (0.5, 0.0)], "0.5 m; expected at least one metre"),
        ([(0.0, 0.0), (9.0, 0.0), (9.0, 0.0)], r"points 1 and 2 .*no two in a row are equal"),
        ([(0.0, 0.0), (math.nan, 0.0), (9.0, 0.0)], r"points 0 and 1 .*finite"),
    ],
)
def test_impossible_polylines_are_refused(points: list[tuple[float, float]], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        build_network([("a", "b", LaneSpec.polyline(points))])


def test_one_boundary_is_not_enough() -> None:
    line = [(0.0, 0.0), (9.0, 0.0)]
    with pytest.raises(ConfigurationError, match="2 points of the left boundary and 0 of the right one"):
        build_network([("a", "b", LaneSpec.polyline(line, boundaries_m=(line, ())))])


def test_a_lane_with_a_number_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="finite numbers"):
        build_network([("a", "b", LaneSpec.circular((0.0, math.nan), 20.0, 0.0, 1.0))])


def _road() -> Any:
    return environment_without_reward("merge-v1", seed=0)


def test_mixed_constants_of_traffic_are_refused() -> None:
    environment = _road()
    cars = [v for v in environment.road.vehicles if type(v).__name__ == "IDMVehicle"]
    take_world(environment.road, environment.vehicle)
    cars[1].TIME_WANTED = 2.0
    with pytest.raises(
        ConfigurationError,
        match=r"IDMVehicle \d has time_wanted_s 1.5 and IDMVehicle \d has time_wanted_s 2.0",
    ):
        take_world(environment.road, environment.vehicle)


def test_two_kinds_of_traffic_on_one_road_are_refused() -> None:
    from highway_env.vehicle.behavior import AggressiveVehicle

    environment = _road()
    vehicles = environment.road.vehicles
    place = next(k for k, v in enumerate(vehicles) if type(v).__name__ == "IDMVehicle")
    vehicles[place + 1] = AggressiveVehicle.create_from(vehicles[place + 1])
    with pytest.raises(ConfigurationError, match=r"IDMVehicle .* and AggressiveVehicle .*min_gain_mps2 1.0"):
        take_world(environment.road, environment.vehicle)


def test_classes_that_are_not_highway_envs_own_are_refused() -> None:
    from highway_env.road.lane import StraightLane
    from highway_env.vehicle.behavior import IDMVehicle

    class Calm(IDMVehicle):
        """A subclass under another name."""

    class Renamed(IDMVehicle):
        """A subclass under the same name."""

    Renamed.__name__ = "IDMVehicle"

    class Bumpy(StraightLane):
        """A lane."""

    environment = _road()
    vehicles = environment.road.vehicles
    place = next(k for k, v in enumerate(vehicles) if type(v).__name__ == "IDMVehicle")
    for kind in (Calm, Renamed):
        vehicles[place] = kind.create_from(vehicles[place])
        with pytest.raises(
            ConfigurationError, match=rf"test_bad_worlds\.{kind.__name__} cannot be taken over"
        ):
            take_world(environment.road, environment.vehicle)
    with pytest.raises(ConfigurationError, match=r"test_bad_worlds\.Bumpy cannot be taken over"):
        lane_spec(Bumpy([0, 0], [10, 0]))


def test_constants_that_are_built_in_cannot_be_changed() -> None:
    environment = _road()
    environment.road.vehicles[1].TAU_PURSUIT = 0.3
    with pytest.raises(ConfigurationError, match=r"TAU_PURSUIT 0.3; expected 0.1.*built into the kernels"):
        take_world(environment.road, environment.vehicle)


def test_different_target_speeds_are_refused() -> None:
    from highway_env.vehicle.controller import MDPVehicle

    environment = _road()
    road = environment.road
    for speeds in ((20, 25, 30), (0, 10, 20)):
        road.vehicles.append(MDPVehicle(road, [50.0, 0.0], target_speeds=list(speeds)))
    with pytest.raises(ConfigurationError, match=r"\(20.0, 25.0, 30.0\) and \(0.0, 10.0, 20.0\)"):
        take_world(road, environment.vehicle)


def test_agents_must_be_on_the_road() -> None:
    environment = _road()
    stranger = _road().vehicle
    with pytest.raises(ConfigurationError, match="not on the road"):
        take_world(environment.road, stranger)
    with pytest.raises(ConfigurationError, match="not on the road"):
        take_world(environment.road, environment.vehicle, agents=[environment.vehicle, stranger])


@pytest.mark.parametrize("step", [("a", "b", 2), ("a", "b", -2), ("b", "a", None), ("a", "z", None)])
def test_routes_over_roads_that_are_not_there_are_refused(step: Any) -> None:
    lanes = [LaneSpec.straight((0.0, 4.0 * k), (100.0, 4.0 * k)) for k in range(2)]
    network = build_network([("a", "b", lane) for lane in lanes])
    with pytest.raises(ConfigurationError, match="route"):
        build_world(network, [replace(CAR, x_m=10.0, route=(("a", "b", 0), step))], ego=-1)


def test_routes_without_room_and_other_types_are_refused() -> None:
    world = motorway(0, 3)
    with pytest.raises(ConfigurationError, match="K at least 1"):
        replace(world, route=world.route[:, :0])
    with pytest.raises(ConfigurationError, match=r"float32.*expected float64"):
        replace(world, entity_float=world.entity_float.astype(np.float32))


def test_a_view_of_somebody_elses_array_is_copied() -> None:
    numbers = motorway(0, 3).entity_float.copy()
    world = replace(motorway(0, 3), entity_float=numbers[:])
    before = world.digest
    numbers[EntityFloat.X, 0] += 1.0
    assert replace(world, entity_float=world.entity_float.copy()).digest == before


def test_regulated_roads_need_speed_limits_and_two_steps_a_second() -> None:
    open_end = build_network([("a", "b", LaneSpec.straight((0.0, 0.0), (100.0, 0.0), speed_limit_mps=None))])
    with pytest.raises(ConfigurationError, match=r"\('a', 'b', 0\) of a regulated road has no speed limit"):
        build_world(open_end, [replace(CAR, x_m=10.0)], regulated=True)
    with pytest.raises(ConfigurationError, match="1 simulation step in a second; expected at least 2"):
        build_world(motorway_network(), [CAR], regulated=True, simulation_hz=1, policy_hz=1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"entries": (("o0", "i0", 0), ("o1", "zz", 0), ("o2", "i2", 0), ("o3", "i3", 0))}, "no lane"),
        ({"routes": (((("o0", "zz", None),),) * 4,) * 4}, "route step .*'zz'"),
        ({"routes": (((),) * 4,) * 4}, "no route from entry 0 to side 1"),
    ],
)
def test_open_traffic_over_roads_that_are_not_there_leaves_the_batch_as_it_was(
    wrong: dict[str, Any], message: str
) -> None:
    world = crossing(0)
    assert world.open_traffic is not None
    batch = WorldBatch([world])
    before = batch.world_int.copy(), batch.entity_float.copy()
    with pytest.raises(ConfigurationError, match=message):
        batch.load(0, replace(world, open_traffic=replace(world.open_traffic, **wrong)))
    np.testing.assert_array_equal(batch.world_int, before[0])
    np.testing.assert_array_equal(batch.entity_float, before[1])


def test_the_next_identity_belongs_to_the_digest_where_vehicles_appear() -> None:
    world, closed = crossing(0), motorway(0, 3)
    assert replace(world, next_identity=77).digest != world.digest
    assert replace(world, next_identity=2).digest == world.digest, "it is more than all that are there"
    assert replace(closed, next_identity=77).digest == closed.digest


@pytest.mark.parametrize("active", [np.array([True]), [True, True], np.ones(2, dtype=np.int64)])
def test_who_is_active_must_be_said_of_each_world(active: Any) -> None:
    batch = WorldBatch([motorway(0, 2), motorway(1, 2)])
    with pytest.raises(ActionError, match="array of 2 truth values"):
        batch.step(quantise(np.zeros((2, 2))), active)


def test_what_leaves_other_agents_without_commands_is_refused() -> None:
    batch = WorldBatch([crossing(0)])
    idle = np.zeros((1, 2), dtype=np.int16)
    for ask in (
        lambda: batch.step(idle),
        lambda: batch.substep(idle, new_action=True),
        lambda: batch.warm_up([0], 3),
    ):
        with pytest.raises(ActionError, match=r"up to 2 agents.*expected `drive`"):
            ask()


def test_meta_actions_that_do_not_exist_are_refused() -> None:
    car = replace(CAR, kind=EntityKind.CONTROLLED)
    batch = WorldBatch([build_world(motorway_network(), [car])])
    for wrong in (5, -2, 9830):
        with pytest.raises(ActionError, match=f"meta-action {wrong} of agent 0 in world 0; expected 0 to 4"):
            batch.step(np.array([[wrong, 0]], dtype=np.int16))
        with pytest.raises(ActionError, match=f"meta-action {wrong}"):
            batch.drive(np.zeros((1, 1, 2)), np.array([[wrong]]))
    with pytest.raises(ActionError, match=r"\[0, -32768\] of world 1; expected integers from -32767"):
        WorldBatch([motorway(0, 2), motorway(1, 2)]).step(np.array([[0, 0], [0, -32768]], dtype=np.int16))


def test_worlds_with_another_clock_have_no_trace() -> None:
    batch = WorldBatch([build_world(motorway_network(), [CAR], ego=-1, policy_hz=1)])
    batch.step(quantise([[0.0, 0.0]]))
    with pytest.raises(ConfigurationError, match=r"\[15\] simulation steps .* no trace; expected 3"):
        _ = batch.trace
    with pytest.raises(ConfigurationError, match="no trace"):
        _ = batch.trace_crashed
