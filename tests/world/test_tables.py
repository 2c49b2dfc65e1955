"""The shortcuts of the lane tables against plain loops that follow highway-env's text."""

import math

import numpy as np
import pytest
from invented_worlds import assorted, merge, motorway, ring, winding

from drivebench.world import World, WorldBatch, geometry, tables
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, LaneFloat, LaneInt


def scatter(world: World, rng: np.random.Generator) -> WorldBatch:
    """The world with its entities thrown about, many of them exactly level with each other."""
    batch = WorldBatch([world])
    n = int(batch.entities[0])
    network = world.network
    for i in range(n):
        lane = int(rng.integers(len(network.lane_index)))
        s = float(rng.choice([0.0, 5.0, 20.0, rng.uniform(-4, network.length_m(lane) + 4)]))
        batch.x[0, i], batch.y[0, i] = network.position(lane, s, float(rng.choice([0.0, rng.uniform(-3, 3)])))
        batch.heading[0, i] = network.heading_at(lane, s) + rng.normal(0, 0.3)
        batch.lane[0, i] = int(rng.integers(len(network.lane_index)))
    return batch


class Tables:
    """The tables of one world, filled."""

    def __init__(self, batch: WorldBatch) -> None:
        self.lane_float, self.lane_int = batch.lane_float[0], batch.lane_int[0]
        self.numbers, self.integers = batch.entity_float[0], batch.entity_int[0]
        self.lanes, self.n = len(batch.networks[0].lane_index), int(batch.entities[0])
        shape = self.lanes, self.n
        self.s, self.r = np.empty(shape), np.empty(shape)
        self.on_lane = np.empty(shape, dtype=np.bool_)
        self.occupants, self.places = np.empty(shape, dtype=np.int64), np.empty(shape)
        self.occupied = np.empty(self.lanes, dtype=np.int64)
        tables.tabulate(
            None, self.lane_float, self.lane_int, self.lanes, self.numbers, self.n, self.s, self.r
        )

    def coordinates(self, lane: int, i: int) -> tuple[float, float]:
        x, y = self.numbers[EntityFloat.X, i], self.numbers[EntityFloat.Y, i]
        return geometry.local_coordinates(None, self.lane_float, self.lane_int, lane, x, y)

    def find(self, absent: int = -1) -> None:
        tables.find_occupants(
            None,
            self.lane_float,
            self.lane_int,
            self.lanes,
            self.numbers,
            self.integers,
            self.n,
            absent,
            self.s,
            self.r,
            self.on_lane,
            self.occupants,
            self.places,
            self.occupied,
        )

    def neighbours(self, lane: int, i: int) -> tuple[int, int]:
        s = self.coordinates(lane, i)[0]
        return tables.neighbours(
            self.lane_float,
            self.lane_int,
            self.on_lane,
            self.occupants,
            self.places,
            self.occupied,
            lane,
            i,
            s,
        )

    def neighbours_by_the_book(self, lane: int, i: int) -> tuple[int, int]:
        """highway-env's ``Road.neighbour_vehicles``, word for word."""
        s = self.coordinates(lane, i)[0]
        front = rear = -1
        s_front = s_rear = math.nan
        count = self.lane_int[lane, LaneInt.NEIGHBOURS]
        for k in range(self.n):
            if k == i or self.integers[EntityInt.KIND, k] == EntityKind.LANDMARK:
                continue
            for place in range(count):
                other = self.lane_int[lane, LaneInt.NEIGHBOUR + place]
                at, r = self.coordinates(other, k)
                width = geometry.width_at(self.lane_float, self.lane_int, other, at)
                wide = abs(r) <= width / 2 + 1
                if not (wide and -5 <= at < self.lane_float[other, LaneFloat.LENGTH] + 5):
                    continue
                at += self.lane_float[lane, LaneFloat.OFFSET + place]
                if s <= at and (front < 0 or at <= s_front):
                    s_front, front = at, k
                if at < s and (rear < 0 or at > s_rear):
                    s_rear, rear = at, k
                break
        return front, rear


@pytest.mark.parametrize("make", [motorway, merge, ring, winding])
@pytest.mark.parametrize("seed", range(8))
def test_neighbours_are_those_of_highway_env(make: type[World], seed: int) -> None:
    filled = Tables(scatter(make(seed), np.random.default_rng(seed)))
    filled.find()
    for lane in range(filled.lanes):
        for i in range(filled.n):
            assert filled.neighbours(lane, i) == filled.neighbours_by_the_book(lane, i)


def test_an_absent_entity_is_not_seen() -> None:
    filled = Tables(WorldBatch([motorway(0)]))
    filled.find(absent=3)
    assert not filled.on_lane[:, 3].any()
    assert all(3 not in filled.occupants[lane, : filled.occupied[lane]] for lane in range(filled.lanes))


@pytest.mark.parametrize("seed", range(18))
def test_pruning_finds_the_closest_lane(seed: int) -> None:
    rng = np.random.default_rng(seed)
    batch = scatter(assorted(18)[seed], rng)
    filled = Tables(batch)
    vehicles = int(batch.vehicles[0])
    tables.update_lanes(
        None,
        filled.lane_float,
        filled.lane_int,
        filled.lanes,
        filled.numbers,
        filled.integers,
        vehicles,
        -1,
        filled.s,
        filled.r,
    )
    network = batch.networks[0]
    expected = [
        network.closest_lane(batch.x[0, i], batch.y[0, i], batch.heading[0, i]) for i in range(vehicles)
    ]
    assert batch.lane[0, :vehicles].tolist() == expected
