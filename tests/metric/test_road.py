"""Route and road kernels: on real networks, against plain searches."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from drivebench.metric.monitor import lane_boxes
from drivebench.metric.road import against_direction, depth_off_road, project_on_route
from drivebench.scenario import load_scenario
from drivebench.world import RoadNetwork

SCENARIOS = ["lane-keeping-v1", "highway-v1", "merge-v1", "roundabout-v1"]


def network(scenario: str) -> RoadNetwork:
    return load_scenario(scenario).episode(3).world.network


def plain_depth(roads: RoadNetwork, x: float, y: float) -> float:
    """Distance to the nearest lane, over all lanes."""
    depths = []
    for lane in range(len(roads.lane_index)):
        s, r = roads.local_coordinates(lane, x, y)
        aside = max(abs(r) - roads.width_m(lane) / 2, 0.0)
        beyond = max(s - roads.length_m(lane), -s, 0.0)
        depths.append(math.hypot(aside, beyond))
    return min(depths)


def places(roads: RoadNetwork, count: int) -> NDArray[np.float64]:
    """Points on and beside lanes: lane, x, y, heading."""
    rng = np.random.default_rng(11)
    rows = []
    for _ in range(count):
        lane = int(rng.integers(len(roads.lane_index)))
        s = rng.uniform(-3.0, min(roads.length_m(lane), 300.0) + 3.0)
        x, y = roads.position(lane, s, rng.normal(0.0, 4.0))
        rows.append((lane, x, y, rng.uniform(-math.pi, math.pi)))
    return np.array(rows)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_depth_off_road_is_that_of_a_search_over_all_lanes(scenario: str) -> None:
    roads = network(scenario)
    boxes = lane_boxes(roads)
    lanes = len(roads.lane_index)
    rng = np.random.default_rng(2)
    deep = 0
    for lane, x, y, heading in places(roads, 60):
        cos, sin = math.cos(heading), math.sin(heading)
        expected = max(
            plain_depth(roads, x + a * cos - b * sin, y + a * sin + b * cos)
            for a in (-2.5, 2.5)
            for b in (-1.0, 1.0)
        )
        before = int(rng.integers(lanes))
        found = depth_off_road(
            roads.lane_float, roads.lane_int, boxes, lanes, int(lane), before, x, y, cos, sin, 2.5, 1.0
        )
        assert found == pytest.approx(expected, abs=1e-9)
        deep += expected > 0.3
    assert 5 < deep < 60


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_lane_lies_in_its_box(scenario: str) -> None:
    roads = network(scenario)
    for lane, box in enumerate(lane_boxes(roads)):
        for s in np.linspace(0.0, roads.length_m(lane), 300):
            for side in (-0.5, 0.5):
                x, y = roads.position(lane, s, side * roads.width_m(lane))
                assert box[0] <= x <= box[2]
                assert box[1] <= y <= box[3]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_along_a_lane_is_not_against_and_back_along_it_is(scenario: str) -> None:
    roads = network(scenario)
    boxes = lane_boxes(roads)
    lanes = len(roads.lane_index)
    backwards = 0
    for lane in range(lanes):
        for s in np.linspace(1.5, min(roads.length_m(lane), 300.0) - 0.1, 7):
            x, y = roads.position(lane, s)
            before = roads.position(lane, s - 1.0)
            along = against_direction(roads.lane_float, roads.lane_int, boxes, lanes, lane, x, y, *before)
            back = against_direction(roads.lane_float, roads.lane_int, boxes, lanes, lane, *before, x, y)
            assert along == 0.0
            backwards += back > 0.9
    # Where lanes cross, going back along one can be going on along another.
    assert backwards > 0.5 * 7 * lanes


def test_laps_are_told_apart() -> None:
    angles = np.arange(0.0, 3 * math.tau, 1.0 / 20.0)
    points = 20.0 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    chords = np.sqrt((np.diff(points, axis=0) ** 2).sum(axis=1))
    arc = np.concatenate([[0.0], np.cumsum(chords)])
    hint, progress = 0, 0.0
    for k in range(1, 400):
        angle = k * 1.3 / 20.0
        if angle > angles[-1]:
            break
        radius = 20.0 + 1.5 * math.sin(0.7 * k)
        hint, progress, aside = project_on_route(
            points, arc, len(arc), hint, radius * math.cos(angle), radius * math.sin(angle)
        )
        assert progress == pytest.approx(20.0 * angle, rel=5e-4, abs=0.05)
        # Frame with y to the right: this circle turns clockwise, its inside is to the right.
        assert aside == pytest.approx(20.0 - radius, abs=0.05)


def test_a_short_cut_across_a_circle_is_no_progress() -> None:
    angles = np.arange(0.0, math.pi, 1.0 / 20.0)
    points = 20.0 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    arc = 20.0 * angles
    hint, furthest = 0, 0.0
    for x in np.arange(20.0, -16.0, -1.0):
        hint, progress, aside = project_on_route(points, arc, len(arc), hint, x, 0.5)
        furthest = max(furthest, abs(aside))
        if x > 1.0:
            assert progress < 8.0
    assert furthest > 15.0
