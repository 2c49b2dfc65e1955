"""The line along consecutive lanes: dense, smooth, on the lanes."""

import numpy as np
import pytest

from drivebench.world.build import build_network
from drivebench.world.lane_spec import LaneSpec
from drivebench.world.takeover import take_network
from scenarios.lane_path import lane_path
from scenarios.stock.upstream import stock_environment


def test_lanes_that_meet_exactly_are_followed_to_within_centimetres() -> None:
    network = build_network(
        [
            ("a", "b", LaneSpec.straight((0.0, 0.0), (40.0, 0.0))),
            ("b", "c", LaneSpec.circular((40.0, 20.0), 20.0, -np.pi / 2, np.pi / 2)),
        ]
    )
    points = lane_path(network, [0, 1])
    on_straight = points[:, 0] < 40.0
    assert np.abs(points[on_straight & (points[:, 1] < 20.0), 1]).max() < 0.03
    radius = np.hypot(points[:, 0] - 40.0, points[:, 1] - 20.0)[~on_straight]
    assert np.abs(radius - 20.0).max() < 0.05
    np.testing.assert_array_equal(points[0], [0.0, 0.0])
    assert np.hypot(*(points[-1] - [40.0, 40.0])) < 1e-4
    spacing = np.hypot(*np.diff(points, axis=0).T)
    assert spacing.min() > 0.7
    assert spacing.max() < 1.3


@pytest.mark.parametrize("track", ["racetrack-v1", "racetrack-large-v1", "racetrack-oval-v1"])
def test_the_kinks_of_the_racetracks_are_bridged(track: str) -> None:
    graph = stock_environment(track).road.network.graph
    network = take_network(graph, connected_lanes=True)
    following = {origin: destination for origin, destination, _ in network.lane_index}
    nodes = ["a"]
    while following[nodes[-1]] != "a":
        nodes.append(following[nodes[-1]])
    lap = [network.lane((node, following[node], 0)) for node in nodes]
    points = lane_path(network, [*lap, *lap])
    steps = np.diff(points, axis=0)
    turns = np.abs((np.diff(np.arctan2(steps[:, 1], steps[:, 0])) + np.pi) % (2 * np.pi) - np.pi)
    curvature = turns / np.hypot(*steps[1:].T)
    # The tightest arc of lane 0 has a radius of 15 m.
    assert curvature.max() < 1.0 / 10.0
