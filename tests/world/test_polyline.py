"""Polyline lanes made from plain points: coordinates, widths, and who reads the samples."""

import math

import numpy as np
import pytest
from invented_worlds import winding_network, winding_points

from drivebench.sensors.ground import GroundMap
from drivebench.world import EntityKind, WorldBatch, geometry, quantise
from drivebench.world.build import VehicleSpec, build_network, build_world, vehicle_on_lane
from drivebench.world.lane_spec import LaneSpec
from drivebench.world.layout import LaneFloat, LaneInt
from drivebench.world.takeover import lane_spec
from scenarios.sight import with_sight

CORNER = LaneSpec.polyline([(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)], width_m=3.0)
"""A right angle to the right: east, then south."""


def test_a_corner_by_hand() -> None:
    network = build_network([("a", "b", CORNER)])
    assert network.length_m(0) == 20.0
    assert network.position(0, 4.0, 1.0) == (4.0, 1.0)
    assert network.position(0, 13.0) == (10.0, 3.0)
    assert network.position(0, 13.0, 1.0) == pytest.approx((9.0, 3.0))
    assert network.position(0, 23.0) == (10.0, 13.0)
    assert network.position(0, -2.0) == (-2.0, 0.0)
    assert network.heading_at(0, 9.9) == 0.0
    assert network.heading_at(0, 10.0) == pytest.approx(math.pi / 2)
    assert network.local_coordinates(0, 4.5, -1.0) == (4.5, -1.0)
    assert network.local_coordinates(0, 9.0, 3.5) == (13.5, 1.0)
    assert network.local_coordinates(0, 10.5, 12.0) == (22.0, -0.5)


def test_a_point_counts_on_the_last_pose_that_it_is_not_behind() -> None:
    """Beside the first leg, but past the start of the second one: stock's scan from the end takes that."""
    network = build_network([("a", "b", CORNER)])
    assert network.local_coordinates(0, 4.0, 2.0) == (12.0, 6.0)


def test_coordinates_and_positions_are_inverse_near_the_line() -> None:
    network = winding_network(3)
    rng = np.random.default_rng(0)
    for lane in range(len(network.lane_index)):
        for s in rng.uniform(0.0, network.length_m(lane), 50):
            x, y = network.position(lane, s, 0.5)
            found = network.local_coordinates(lane, x, y)
            assert found == pytest.approx((s, 0.5), abs=0.3)


def test_between_boundaries_the_width_is_twice_the_distance_to_the_nearer_one() -> None:
    line = [(0.0, 0.0), (40.0, 0.0)]
    left = [(0.0, -3.0), (40.0, -3.0)]
    right = [(0.0, 2.5), (20.0, 2.5), (40.0, 12.5)]
    network = build_network([("a", "b", LaneSpec.polyline(line, boundaries_m=(left, right)))])
    assert network.width_m(0, 5.0) == pytest.approx(5.0)
    assert network.width_m(0, 39.0) == pytest.approx(6.0)
    assert network.width_m(0, 500.0) == network.width_m(0, 40.0)
    assert network.width_m(0, -3.0) == network.width_m(0, 0.0)
    assert network.width_m(0) == pytest.approx(6.0)
    narrow = LaneSpec.polyline(line, boundaries_m=([(0.0, -1.0), (40.0, -1.0)], right))
    assert build_network([("a", "b", narrow)]).width_m(0) == 4.0


def test_the_last_bits_of_points_do_not_reach_the_network() -> None:
    points = winding_points(1)
    nudged = [(math.nextafter(x, math.inf), math.nextafter(y, -math.inf)) for x, y in points]
    one, other = (build_network([("a", "b", LaneSpec.polyline(p))]) for p in (points, nudged))
    assert one.digest == other.digest


def test_more_lanes_to_look_at_leave_the_samples_alone() -> None:
    network = winding_network(0)
    names = network.lane_index
    wider = with_sight(network, {names[0]: [(name, 7.0) for name in names[1:]] * 3})
    assert wider.lane_int.shape[1] > network.lane_int.shape[1]
    for lane in range(len(names)):
        assert wider.position(lane, 17.3, 0.4) == network.position(lane, 17.3, 0.4)
        assert wider.width_m(lane, 11.0) == network.width_m(lane, 11.0)
        assert wider.local_coordinates(lane, 9.0, 2.0) == network.local_coordinates(lane, 9.0, 2.0)
    assert wider.lane_int[0, LaneInt.NEIGHBOURS] == 1 + 3 * (len(names) - 1)
    last = LaneFloat.OFFSET + 3 * (len(names) - 1)
    assert wider.lane_float[0, last] == 7.0


def test_the_ground_of_a_polyline_is_painted() -> None:
    straight = build_network([("a", "b", LaneSpec.straight((0.0, 0.0), (60.0, 0.0)))])
    same = build_network([("a", "b", LaneSpec.polyline([(0.0, 0.0), (25.0, 0.0), (60.0, 0.0)]))])
    one, other = GroundMap.paint(straight), GroundMap.paint(same)
    assert one.texels.shape == other.texels.shape
    assert np.array_equal(one.texels, other.texels)


def test_a_stock_polyline_is_described() -> None:
    from highway_env.road.lane import PolyLane, PolyLaneFixedWidth

    points = winding_points(2)
    boundaries = [[(x, y - 3.0) for x, y in points], [(x, y + 4.0) for x, y in points]]
    for stock in (PolyLaneFixedWidth(points, width=3.5), PolyLane(points, *boundaries)):
        network = build_network([("a", "b", lane_spec(stock))])
        assert network.length_m(0) == pytest.approx(stock.length, abs=1e-4)
        assert network.line_types.tolist() == [[0, 0]]
        for s in (0.0, 13.3, stock.length):
            assert network.position(0, s, 1.0) == pytest.approx(stock.position(s, 1.0), abs=1e-3)
            assert network.width_m(0, s) == pytest.approx(stock.width_at(s), abs=1e-4)


def test_changing_widths_decide_who_is_on_the_lane() -> None:
    """Beside the narrow end a car is not in the way; beside the wide end it is."""
    line = [(0.0, 0.0), (100.0, 0.0)]
    left, right = [(0.0, -2.0), (100.0, -6.0)], [(0.0, 2.0), (100.0, 6.0)]
    lanes = [
        ("a", "b", LaneSpec.polyline(line, boundaries_m=(left, right))),
        ("x", "y", LaneSpec.straight((0.0, 60.0), (100.0, 60.0))),
    ]
    network = build_network(lanes)
    for place, slower in ((30.0, False), (80.0, True)):
        car = vehicle_on_lane(network, ("a", "b", 0), place - 15.0, speed_mps=10.0, timer_s=0.0)
        aside = VehicleSpec(kind=EntityKind.OBSTACLE, x_m=place, y_m=4.9)
        batch = WorldBatch([build_world(network, [car, aside], ego=-1)])
        batch.step(quantise([[0.0, 0.0]]))
        assert bool(batch.speed[0, 0] < 9.5) == slower
    assert geometry.width_at(network.lane_float, network.lane_int, 0, 80.0) == pytest.approx(10.4, abs=0.2)
