"""What is not highway-env's own, or was changed, is refused; what is taken over is taken over whole."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from invented_worlds import motorway_network

from drivebench.errors import ConfigurationError
from drivebench.world import EntityKind, TrafficParameters, WorldBatch
from drivebench.world.build import VehicleSpec, build_world
from drivebench.world.layout import EntityFloat, EntityInt, LaneInt
from drivebench.world.takeover import take_network, take_world, vehicle_spec
from scenarios.stock.crossing import APPEARING, exits, take_open_traffic
from scenarios.stock.upstream import (
    environment_without_reward,
    own_environment,
    untouched_constants,
    vehicle_class,
)

CAR = VehicleSpec(kind=EntityKind.IDM, x_m=100.0, y_m=0.0, speed_mps=20.0)
IDM = "highway_env.vehicle.behavior.IDMVehicle"


@pytest.fixture(autouse=True)
def no_trace() -> Iterator[None]:
    """highway-env's intersection sets constants of its traffic's class for the whole process."""
    with untouched_constants():
        yield


@pytest.fixture
def crossing() -> Any:
    return own_environment("intersection-v2", seed=3)


def _network(environment: Any) -> Any:
    graph = environment.road.network.graph
    return take_network(graph, connected_lanes=False, exits=exits(graph))


def test_a_regulated_road_is_known_as_one(crossing: Any) -> None:
    assert take_world(crossing.road, crossing.vehicle).regulated
    motorway = environment_without_reward("merge-v1", seed=0)
    assert not take_world(motorway.road, motorway.vehicle).regulated


@pytest.mark.parametrize("name", ["PoliteRoad", "RegulatedRoad", "Road"])
def test_roads_of_other_classes_are_refused(crossing: Any, name: str) -> None:
    crossing.road.__class__ = type(name, (type(crossing.road),), {"__module__": __name__})
    with pytest.raises(ConfigurationError, match=rf"road of class {__name__}\.{name} cannot be taken over"):
        take_world(crossing.road, crossing.vehicle)


@pytest.mark.parametrize(("rule", "value"), [("YIELD_DURATION", 4), ("REGULATION_FREQUENCY", 5)])
def test_other_rules_of_giving_way_are_refused(crossing: Any, rule: str, value: int) -> None:
    setattr(crossing.road, rule, value)
    with pytest.raises(ConfigurationError, match=rf"RegulatedRoad has {rule} {value}; expected"):
        take_world(crossing.road, crossing.vehicle)


def test_another_prediction_is_refused(crossing: Any) -> None:
    crossing.road.vehicles[0].prediction_type = "zero_steering"
    with pytest.raises(ConfigurationError, match="prediction_type zero_steering; expected constant_steering"):
        take_world(crossing.road, crossing.vehicle)


def test_open_traffic_is_of_highway_envs_own_classes(crossing: Any) -> None:
    idm, network = vehicle_class(IDM), _network(crossing)
    assert take_open_traffic(crossing, network, idm).kind is EntityKind.IDM
    foreign = type("IDMVehicle", (idm,), {"__module__": __name__})
    with pytest.raises(ConfigurationError, match=rf"{__name__}\.IDMVehicle cannot be taken over"):
        take_open_traffic(crossing, network, foreign)
    with pytest.raises(ConfigurationError, match="MDPVehicle cannot appear"):
        take_open_traffic(crossing, network, vehicle_class("highway_env.vehicle.controller.MDPVehicle"))


@pytest.mark.parametrize("constant", [*APPEARING, "KP_A"])
def test_what_appears_cannot_be_changed(
    crossing: Any, constant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    idm, network = vehicle_class(IDM), _network(crossing)
    monkeypatch.setattr(idm, constant, 4.25)
    with pytest.raises(ConfigurationError, match=rf"IDMVehicle has {constant} 4.25; expected"):
        take_open_traffic(crossing, network, idm)


def test_what_appears_is_what_the_table_says() -> None:
    environment = own_environment("intersection-v2", seed=3, config={"spawn_probability": 1.0})
    network, idm = _network(environment), vehicle_class(IDM)
    world = take_world(
        environment.road,
        environment.vehicle,
        ego_kind=None,
        network=network,
        open_traffic=take_open_traffic(environment, network, idm),
    )
    batch = WorldBatch([world])
    for _ in range(12):
        batch.drive(np.zeros((1, 1, 2)), np.ones((1, 1), dtype=np.int64))
    new = np.flatnonzero(batch.entity_int[0, EntityInt.IDENTITY, : batch.entities[0]] >= world.entities)
    assert len(new) >= 2
    for row in (EntityFloat.LENGTH, EntityFloat.WIDTH, EntityFloat.MAX_SPEED, EntityFloat.MIN_SPEED):
        assert set(batch.entity_float[0, row, new]) == {APPEARING[row.name]}
    low, high = APPEARING["DELTA_RANGE"]
    deltas = batch.entity_float[0, EntityFloat.DELTA, new]
    assert low <= deltas.min() < deltas.max() <= high


def test_only_the_crossing_has_exits(crossing: Any) -> None:
    graph = crossing.road.network.graph
    network = _network(crossing)
    marked = {network.lane_index[row] for row in np.flatnonzero(network.lane_int[:, LaneInt.EXIT])}
    assert marked == {(f"il{side}", f"o{side}", 0) for side in range(4)} == exits(graph)
    closed = take_network(graph, connected_lanes=False)
    assert not closed.lane_int[:, LaneInt.EXIT].any()
    with pytest.raises(ConfigurationError, match="without an exit"):
        take_open_traffic(crossing, closed, vehicle_class(IDM))


@pytest.mark.parametrize("exact", [False, True])
def test_flags_of_collisions_are_taken_over(exact: bool) -> None:
    environment = environment_without_reward("merge-v1", seed=0)
    ghost, cushion = environment.road.vehicles[1], environment.road.objects[0]
    ghost.collidable, cushion.solid = False, False
    world = take_world(environment.road, environment.vehicle, exact=exact)
    collidable, solid = world.entity_int[[EntityInt.COLLIDABLE, EntityInt.SOLID]]
    assert np.flatnonzero(collidable == 0).tolist() == [1]
    assert np.flatnonzero(solid == 0).tolist() == [world.vehicles]


def test_what_can_be_driven_through_is_not_struck() -> None:
    ego = VehicleSpec(kind=EntityKind.EGO, x_m=100.0, y_m=4.0, speed_mps=10.0)
    wall = VehicleSpec(kind=EntityKind.OBSTACLE, x_m=104.0, y_m=4.0, length_m=2.0, width_m=2.0)
    found = []
    for obstacle in (wall, replace(wall, collidable=False), replace(wall, solid=False)):
        batch = WorldBatch([build_world(motorway_network(), [ego, obstacle])])
        batch.step(np.zeros((1, 2), dtype=np.int16))
        integers = batch.entity_int[0, :, :2]
        found.append((integers[EntityInt.CRASHED].tolist(), integers[EntityInt.HIT].tolist()))
    assert found == [([1, 1], [0, 0]), ([0, 0], [0, 0]), ([0, 0], [0, 1])]


def test_timers_are_spread_over_the_delay() -> None:
    cars = [replace(CAR, x_m=30.0 * k) for k in range(20)]
    timers = {
        delay: build_world(
            motorway_network(), cars, ego=-1, traffic=TrafficParameters(lane_change_delay_s=delay)
        ).entity_float[EntityFloat.TIMER]
        for delay in (1.0, 3.0, 0.0)
    }
    for delay in (1.0, 3.0):
        assert timers[delay].tolist() == [(car.x_m * math.pi) % delay for car in cars]
        assert 0.8 * delay < timers[delay].max() < delay
    assert not timers[0.0].any()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((name, math.nan) for name in ("x_m", "timer_s", "max_speed_mps", "min_speed_mps", "diagonal_m")),
        *((name, -math.inf) for name in ("heading_rad", "delta", "steering_rad", "acceleration_mps2")),
        ("length_m", 0.0),
        ("width_m", -2.0),
        ("impact_m", (0.0, math.nan)),
        ("steering_gains", (math.inf, 1.0)),
        ("acceleration_gains", (1.0, 1.0, math.nan)),
    ],
)
def test_a_description_names_what_is_wrong_with_it(field: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=rf"a IDM at \(.*\) has {field} .*; expected"):
        replace(CAR, **{field: value})


def test_unbounded_speeds_are_no_mistake() -> None:
    assert replace(CAR, max_speed_mps=math.inf, min_speed_mps=-math.inf).least_speed_mps == -math.inf


def test_a_chosen_target_speed_stays() -> None:
    network, driver = motorway_network(), replace(CAR, kind=EntityKind.CONTROLLED, target_speed_mps=27.0)
    derived = build_world(network, [driver], target_speeds_mps=(20.0, 25.0, 30.0))
    chosen = build_world(network, [replace(driver, speed_index=2)], target_speeds_mps=(20.0, 25.0, 30.0))
    found = [
        (int(w.entity_int[EntityInt.SPEED_INDEX, 0]), float(w.entity_float[EntityFloat.TARGET_SPEED, 0]))
        for w in (derived, chosen)
    ]
    assert found == [(1, 25.0), (2, 27.0)]
    with pytest.raises(ConfigurationError, match=r"entity 0 has speed_index 3; .* 3 target speeds"):
        build_world(network, [replace(driver, speed_index=3)])


def test_an_exact_description_is_complete() -> None:
    environment = own_environment("highway-fast-v0", seed=1)
    environment.step(3)
    ego, other = environment.vehicle, environment.road.vehicles[4]
    other.diagonal, other.hit = 7.5, True
    world = take_world(environment.road, ego, exact=True)
    f, i = EntityFloat, EntityInt
    for place, vehicle in enumerate(environment.road.vehicles):
        spec = vehicle_spec(vehicle, exact=True)
        assert (spec.lane, spec.diagonal_m, spec.hit) == (vehicle.lane_index, vehicle.diagonal, vehicle.hit)
        numbers = world.entity_float[:, place]
        expected = [vehicle.action["steering"], vehicle.action["acceleration"], vehicle.diagonal]
        assert numbers[[f.STEERING, f.ACCELERATION, f.DIAGONAL]].tolist() == expected
        assert numbers[[f.COS, f.SIN]].tolist() == [np.cos(vehicle.heading), np.sin(vehicle.heading)]
        assert numbers[[f.TARGET_SPEED, f.TIMER]].tolist() == [
            vehicle.target_speed,
            getattr(vehicle, "timer", 0.0),
        ]
        assert world.network.lane_index[world.entity_int[i.LANE, place]] == vehicle.lane_index
    assert np.flatnonzero(world.entity_int[i.HIT]).tolist() == [4]
    assert world.entity_int[i.SPEED_INDEX, 0] == ego.speed_index
