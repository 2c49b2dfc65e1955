"""Lanes of stock highway-env and ours in parity numerics, point by point; run in an oracle process.

Prints a JSON object: how many comparisons of each kind, and those that differ in a bit.
"""

import json
import sys
from typing import Any

import numpy as np

from drivebench.world import geometry
from drivebench.world.lane_spec import LaneSpec
from drivebench.world.layout import LaneFloat, LaneInt
from drivebench.world.numerics import PARITY
from drivebench.world.takeover import take_network
from scenarios.stock.parity.winding_scene import beside, curve

CURVES = 60


def stock_lane(seed: int) -> Any:
    """A random polyline lane: winding, turning back, with sharp corners, of constant or changing width."""
    from highway_env.road.lane import PolyLane, PolyLaneFixedWidth

    rng = np.random.default_rng([seed, 11])
    points = curve(rng, rng.uniform(-200, 200, 2), rng.uniform(-3, 3), int(rng.integers(1, 40)))
    if seed % 4 == 1:  # a random walk that crosses itself
        points = np.cumsum(rng.normal(0.0, 6.0, points.shape), axis=0)
    if seed % 4 == 2:  # whole numbers, so that knots and poses coincide
        points = np.cumsum(rng.integers(1, 4, points.shape), axis=0).astype(float)
        points[:, 1] = points[0, 1]
    if seed % 3:
        return PolyLaneFixedWidth(points, width=float(rng.uniform(3, 6)))
    left = beside(points, -rng.uniform(1, 6, len(points)))
    right = beside(points, rng.uniform(1, 6, len(points)))
    return PolyLane(points, left, right[::-1] if seed % 2 else right)


def differences(seed: int) -> tuple[int, list[str]]:
    lane = stock_lane(seed)
    network = take_network({"a": {"b": [lane]}}, connected_lanes=False, exact=True)
    numbers, integers = network.lane_float, network.lane_int
    rng = np.random.default_rng([seed, 12])
    length = float(lane.length)
    found: list[str] = []
    count = 0

    def same(what: str, at: Any, ours: Any, theirs: Any) -> None:
        nonlocal count
        count += 1
        one, other = np.array(ours, dtype=np.float64) + 0.0, np.array(theirs, dtype=np.float64) + 0.0
        if one.tobytes() != other.tobytes():
            found.append(f"curve {seed}, {what} at {at}: {ours} instead of {theirs}")

    places = [0.0, length, *range(-2, int(length) + 3), *rng.uniform(-20, length + 20, 200)]
    for s in map(float, (*places, *np.nextafter(places[2:8], np.inf))):
        r = float(rng.normal(0, 3))
        same("position", (s, r), geometry.position(PARITY, numbers, integers, 0, s, r), lane.position(s, r))
        same("heading", s, geometry.heading_at(PARITY, numbers, integers, 0, s), lane.heading_at(s))
        same("width", s, geometry.width_at(numbers, integers, 0, s), lane.width_at(s))
    low, high = lane.position(0, 0), lane.position(length, 0)
    for _ in range(300):
        place = lane.position(rng.uniform(-10, length + 10), 0) + rng.normal(0, 8, 2)
        if rng.random() < 0.2:
            place = rng.uniform(np.minimum(low, high) - 30, np.maximum(low, high) + 30)
        ours = geometry.local_coordinates(PARITY, numbers, integers, 0, *map(float, place))
        same("coordinates", place, ours, lane.local_coordinates(place))
        same(
            "distance",
            place,
            geometry.lane_distance(PARITY, numbers, integers, 0, *map(float, place)),
            lane.distance(place),
        )
    return count, found + built_differences(seed, lane, network)


def built_differences(seed: int, lane: Any, network: Any) -> list[str]:
    """The samples that we make from the same points are stock's, but for the rounding of descriptions."""
    from drivebench.world.takeover import lane_spec

    spec = lane_spec(lane)
    assert isinstance(spec, LaneSpec)
    row = spec.row()
    assert row.samples is not None
    ours = row.samples.numbers()
    first = int(network.lane_int[0, LaneInt.SAMPLES])
    theirs = network.lane_float[0, first:]
    found = []
    if abs(row.numbers[LaneFloat.LENGTH] - lane.length) > 1e-4:
        found.append(f"curve {seed}: length {row.numbers[LaneFloat.LENGTH]} instead of {lane.length}")
    if len(ours) == len(theirs) and seed % 4 != 1:  # a walk that crosses itself magnifies the rounding
        apart = float(np.abs(np.mod(ours - theirs + np.pi, 2 * np.pi) - np.pi).max())
        if apart > 1e-3:
            found.append(f"curve {seed}: samples differ by {apart}")
    return found


if __name__ == "__main__":
    results = [differences(seed) for seed in range(CURVES)]
    record = {"compared": sum(c for c, _ in results), "different": [text for _, f in results for text in f]}
    sys.stdout.write("\n" + json.dumps(record) + "\n")
