"""Winding roads: continuous, clear of themselves, with wide curves."""

import math

import numpy as np
import pytest

from drivebench.scenario import episode_generator
from drivebench.world.layout import LaneFloat, LaneInt, LaneKind
from scenarios.winding_road import TIGHT, WindingRoad, winding_road

ROADS = 30


@pytest.fixture(scope="module")
def roads() -> list[WindingRoad]:
    return [winding_road(episode_generator("test", "road", n), 1 + n % 2) for n in range(ROADS)]


@pytest.fixture(scope="module")
def tight_roads() -> list[WindingRoad]:
    return [
        winding_road(episode_generator("test", "road", n), 1 + n % 2, curves=TIGHT, speed_limit_mps=9.5)
        for n in range(ROADS)
    ]


def _turn(angle: float) -> float:
    return abs((angle + math.pi) % (2 * math.pi) - math.pi)


def test_position_and_heading_are_continuous_in_every_lane(
    roads: list[WindingRoad], tight_roads: list[WindingRoad]
) -> None:
    for road in (*roads, *tight_roads):
        network = road.network
        for lane, (_, node, number) in enumerate(network.lane_index):
            if (node, str(int(node) + 1), number) not in network.lane_index:
                continue
            following = network.lane((node, str(int(node) + 1), number))
            end = network.position(lane, network.length_m(lane))
            assert math.dist(end, network.position(following, 0.0)) < 1e-3
            turn = network.heading_at(lane, network.length_m(lane)) - network.heading_at(following, 0.0)
            assert _turn(turn) < 1e-3


def test_a_road_keeps_clear_of_itself(roads: list[WindingRoad], tight_roads: list[WindingRoad]) -> None:
    for road in (*roads, *tight_roads):
        network = road.network
        first = [lane for lane, (_, _, number) in enumerate(network.lane_index) if number == 0]
        points = np.array(
            [
                network.position(lane, s)
                for lane in first
                for s in np.arange(0.0, network.length_m(lane), 2.0).tolist()
            ]
        )
        arc = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        apart = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
        assert apart[np.abs(arc[:, None] - arc[None]) > 75.0].min() > 15.0
        assert arc[-1] > 360.0
        assert np.ptp(points, axis=0).max() < 350.0


def _curvatures(road: WindingRoad) -> dict[int, float]:
    """The largest curvature of the lanes of each kind."""
    numbers, found = road.network.lane_float, dict[int, float]()
    for lane, kind in enumerate(road.network.lane_int[:, LaneInt.KIND].tolist()):
        curvature = 0.0
        if kind == LaneKind.CIRCULAR:
            curvature = 1.0 / numbers[lane, LaneFloat.RADIUS]
        elif kind == LaneKind.SINE:
            curvature = numbers[lane, LaneFloat.AMPLITUDE] * numbers[lane, LaneFloat.PULSATION] ** 2
        found[kind] = max(found.get(kind, 0.0), curvature)
    return found


def test_curves_are_wide_for_the_speed_limit(roads: list[WindingRoad]) -> None:
    kinds = set()
    for road in roads:
        found = _curvatures(road)
        kinds |= found.keys()
        # An outer lane is tighter than the inner one where the road bends to its side.
        assert max(found.values()) <= 1.0 / (80.0 - 5.0)
        assert 7.5 <= road.speed_limit_mps <= 9.5
    assert kinds == {LaneKind.STRAIGHT, LaneKind.CIRCULAR, LaneKind.SINE}


def test_tight_roads_are_tighter_than_any_other_and_can_be_driven_at_the_limit(
    roads: list[WindingRoad], tight_roads: list[WindingRoad]
) -> None:
    widest_of_tight = min(max(_curvatures(road).values()) for road in tight_roads)
    assert widest_of_tight > max(max(_curvatures(road).values()) for road in roads)
    for road in tight_roads:
        assert road.speed_limit_mps == 9.5
        assert max(_curvatures(road).values()) * 9.5 * 9.5 < 3.0


def test_curves_go_to_both_sides_and_roads_have_the_lanes_asked_for(roads: list[WindingRoad]) -> None:
    turns = {
        turn
        for road in roads
        for turn in road.network.lane_float[
            road.network.lane_int[:, LaneInt.KIND] == LaneKind.CIRCULAR, LaneFloat.TURN
        ].tolist()
    }
    assert turns == {-1.0, 1.0}
    for number, road in enumerate(roads):
        assert road.lanes == 1 + number % 2
        assert {lane for _, _, lane in road.network.lane_index} == set(range(road.lanes))


def test_the_same_stream_draws_the_same_road_and_another_another(roads: list[WindingRoad]) -> None:
    again = winding_road(episode_generator("test", "road", 0), 1)
    assert again.network.digest == roads[0].network.digest
    assert len({road.network.digest for road in roads}) == ROADS
