"""Networks and worlds from plain descriptions, and taken over from highway-env."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_worlds import merge, motorway, motorway_network, ring

from drivebench.errors import ConfigurationError
from drivebench.world import EntityKind
from drivebench.world.build import VehicleSpec, build_network, build_world, plan_route
from drivebench.world.grid import GRID, round_to_grid
from drivebench.world.lane_spec import LaneSpec
from drivebench.world.layout import EntityFloat, EntityInt, LaneFloat
from drivebench.world.takeover import take_world
from scenarios.stock.upstream import environment_without_reward

LANES = {
    "straight": LaneSpec.straight((3.0, -2.0), (40.0, 25.0)),
    "sine": LaneSpec.sine((0.0, 5.0), (90.0, 5.0), 3.0, 0.05, 0.3),
    "right": LaneSpec.circular((10.0, 10.0), 30.0, -1.0, 1.2, clockwise=True),
    "left": LaneSpec.circular((10.0, 10.0), 30.0, 2.0, -0.5, clockwise=False),
}


@pytest.mark.parametrize("kind", LANES)
@settings(deadline=None)  # the first example may compile
@given(share=st.floats(0.0, 1.0), lateral_m=st.floats(-4.0, 4.0))
def test_coordinates_and_positions_are_inverse(kind: str, share: float, lateral_m: float) -> None:
    network = build_network([("a", "b", LANES[kind])])
    s = share * network.length_m(0)
    x, y = network.position(0, s, lateral_m)
    assert network.local_coordinates(0, x, y) == pytest.approx((s, lateral_m), abs=1e-9)


@pytest.mark.parametrize("kind", LANES)
def test_headings_are_tangents_and_lateral_is_to_the_right(kind: str) -> None:
    network = build_network([("a", "b", LANES[kind])])
    for s in np.linspace(1.0, network.length_m(0) - 1.0, 7):
        x0, y0 = network.position(0, s - 1e-4)
        x1, y1 = network.position(0, s + 1e-4)
        tangent = math.atan2(y1 - y0, x1 - x0)
        heading = network.heading_at(0, s)
        assert math.remainder(heading - tangent, 2 * math.pi) == pytest.approx(0.0, abs=1e-6)
        x2, y2 = network.position(0, s, 1.0)
        across = (x2 - x0) * -math.sin(heading) + (y2 - y0) * math.cos(heading)
        assert across > 0.9


def test_rows_are_in_graph_order() -> None:
    lane = LaneSpec.straight((0.0, 0.0), (10.0, 0.0))
    network = build_network([("a", "b", lane), ("b", "c", lane), ("a", "d", lane), ("a", "b", lane)])
    assert network.lane_index == (("a", "b", 0), ("a", "b", 1), ("a", "d", 0), ("b", "c", 0))
    assert network.lane(("a", "d", 0)) == 2
    with pytest.raises(ConfigurationError, match="no lane"):
        network.lane(("a", "z", 0))


def test_numbers_are_rounded_to_the_grid() -> None:
    world = build_world(
        motorway_network(), [VehicleSpec(kind=EntityKind.EGO, x_m=math.pi, y_m=math.e, heading_rad=1 / 3)]
    )
    scaled = world.entity_float[[EntityFloat.X, EntityFloat.Y, EntityFloat.HEADING], 0] * GRID
    assert np.array_equal(scaled, np.rint(scaled))
    assert round_to_grid(math.pi) == pytest.approx(math.pi, abs=0.5 / GRID)


def test_the_last_bits_of_a_description_do_not_reach_the_world() -> None:
    def world(x: float) -> str:
        network = build_network([("a", "b", LaneSpec.straight((x, 0.0), (x + 50.0, 7.0)))])
        return build_world(network, [VehicleSpec(kind=EntityKind.EGO, x_m=x, y_m=0.1)]).digest

    assert world(0.7) == world(math.nextafter(0.7, 1.0))
    assert world(0.7) != world(0.7 + 2 / GRID)


def test_digests_tell_worlds_apart() -> None:
    digests = {w.digest for w in (motorway(0), motorway(1), merge(0), ring(0), motorway(0, 5))}
    assert len(digests) == 5
    assert motorway(0).digest == motorway(0).digest


def test_worlds_cannot_be_changed() -> None:
    world = motorway(0)
    with pytest.raises(ValueError, match="read-only"):
        world.entity_float[0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        world.network.lane_float[0, 0] = 1.0


def test_routes_take_the_fewest_roads() -> None:
    network = ring(0).network
    assert plan_route(network, ("w", "n", 1), "out") == (
        ("w", "n", 1),
        ("n", "e", None),
        ("e", "s", None),
        ("s", "out", None),
    )
    assert plan_route(network, ("s", "out", 0), "n") == (("s", "out", 0),)


def test_mistakes_are_named() -> None:
    network = motorway_network()
    car = VehicleSpec(kind=EntityKind.IDM, x_m=0.0, y_m=0.0)
    block = VehicleSpec(kind=EntityKind.OBSTACLE, x_m=9.0, y_m=0.0)
    with pytest.raises(ConfigurationError, match="after all vehicles"):
        build_world(network, [block, car])
    with pytest.raises(ConfigurationError, match="ego 4"):
        build_world(network, [car], ego=4)
    with pytest.raises(ConfigurationError, match="positive length"):
        build_network([("a", "b", LaneSpec.straight((1.0, 1.0), (1.0, 1.0)))])
    lost = VehicleSpec(kind=EntityKind.IDM, x_m=0.0, y_m=0.0, route=(("0", "nowhere", None),))
    with pytest.raises(ConfigurationError, match="nowhere"):
        build_world(network, [lost])


@pytest.mark.parametrize("env_id", ["highway-v0", "merge-v1", "roundabout-v1", "racetrack-v1"])
def test_a_stock_world_is_taken_over(env_id: str) -> None:
    environment = environment_without_reward(env_id, seed=3)
    road = environment.road
    world = take_world(road, environment.vehicle)
    assert world.vehicles == len(road.vehicles)
    assert world.entities == len(road.vehicles) + len(road.objects)
    assert world.kinds()[world.ego] is EntityKind.EGO
    for place, vehicle in enumerate(road.vehicles):
        numbers = world.entity_float[:, place]
        expected = [*vehicle.position, vehicle.heading, vehicle.speed]
        assert numbers[:4] == pytest.approx(expected, abs=1 / GRID)
        assert world.network.lane_index[world.entity_int[EntityInt.LANE, place]] == vehicle.lane_index
    for row, index in enumerate(world.network.lane_index):
        lane = road.network.get_lane(index)
        assert world.network.length_m(row) == pytest.approx(lane.length, abs=1e-4)
        assert world.network.line_types[row].tolist() == list(lane.line_types)
        for s in (0.0, 0.4 * lane.length, lane.length):
            assert world.network.position(row, s, 1.5) == pytest.approx(lane.position(s, 1.5), abs=1e-3)
            assert world.network.heading_at(row, s) == pytest.approx(lane.heading_at(s), abs=1e-5)


def test_an_exact_takeover_keeps_every_bit() -> None:
    environment = environment_without_reward("roundabout-v1", seed=3)
    world = take_world(environment.road, environment.vehicle, exact=True)
    for place, vehicle in enumerate(environment.road.vehicles):
        assert world.entity_float[:2, place].tolist() == vehicle.position.tolist()
    lane = environment.road.network.get_lane(world.network.lane_index[0])
    assert world.network.lane_float[0, LaneFloat.LENGTH] == lane.length
    assert world.kinds()[world.ego] is EntityKind.PLAIN
