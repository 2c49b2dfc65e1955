"""Finding who is close through cells misses nobody, and changes no outcome of a collision."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from invented_worlds import motorway

from drivebench.world import WorldBatch, collisions
from drivebench.world.cells import CELL_ROWS, MEMBERS, members_nearby, sort_into_cells
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, WorldInt

TIME_STEP_S = 1 / 15
PLACES = arrays(np.float64, st.tuples(st.just(2), st.integers(1, 60)), elements=st.floats(-300.0, 300.0))


@settings(deadline=None)  # the first call compiles
@given(PLACES, st.floats(0.1, 50.0))
@example(np.zeros((2, 5)), 1.0)
@example(np.array([[0.0, 7.0, 14.0, 21.0], [0.0, 0.0, 0.0, 0.0]]), 7.0)
def test_whoever_is_close_is_found(places: np.ndarray, distance_m: float) -> None:
    n = places.shape[1]
    numbers = np.zeros((len(EntityFloat), n))
    numbers[[EntityFloat.X, EntityFloat.Y]] = places
    cells = np.full((CELL_ROWS, n), -1, dtype=np.int64)
    count = sort_into_cells(numbers, n, distance_m, cells)
    assert 1 <= count <= n
    assert sorted(cells[MEMBERS]) == list(range(n))
    apart = np.abs(places[:, :, None] - places[:, None, :]).max(axis=0)
    for i in range(n):
        first, last = members_nearby(cells, count, i)
        assert set(np.flatnonzero(apart[i] <= distance_m)) <= set(cells[MEMBERS, first:last].tolist())


def test_few_are_found_on_a_long_road() -> None:
    n = 500
    numbers = np.zeros((len(EntityFloat), n))
    numbers[EntityFloat.X] = np.random.default_rng(0).permutation(n) * 21.0
    cells = np.empty((CELL_ROWS, n), dtype=np.int64)
    count = sort_into_cells(numbers, n, 7.0, cells)
    found = [last - first for first, last in (members_nearby(cells, count, i) for i in range(n))]
    assert max(found) <= 5


@pytest.mark.parametrize("vehicles", [12, 40, 90])
@pytest.mark.parametrize("checking", ["all", "ego", "some"])
def test_a_pile_up_ends_as_by_the_book(vehicles: int, checking: str) -> None:
    """Vehicles, obstacles and bodiless things thrown onto a short road, against all pairs in order."""
    impacts = 0
    for seed in range(20):
        rng = np.random.default_rng([vehicles, seed])
        batch = WorldBatch([motorway(seed, vehicles)] * 2)
        shape = batch.x[0].shape
        batch.x[:], batch.y[:] = rng.uniform(0, 4.0 * vehicles, shape), rng.uniform(-2, 14, shape)
        batch.speed[:] = rng.uniform(-5, 30, shape)
        heading = rng.uniform(-math.pi, math.pi, shape)
        numbers, integers = batch.entity_float, batch.entity_int
        numbers[:, EntityFloat.COS], numbers[:, EntityFloat.SIN] = np.cos(heading), np.sin(heading)
        integers[:, EntityInt.CHECK_COLLISIONS] = {
            "all": np.ones(vehicles),
            "ego": np.arange(vehicles) == 0,
            "some": rng.random(vehicles) < 0.3,
        }[checking]
        integers[:, EntityInt.SOLID] = rng.random(vehicles) < 0.9
        objects = int(rng.integers(0, 4))
        integers[:, EntityInt.KIND, vehicles - objects :] = EntityKind.OBSTACLE
        integers[:, EntityInt.KIND, 0] = EntityKind.PLAIN if seed % 2 else EntityKind.EGO
        work = np.empty((2, 5, 2)), np.empty((CELL_ROWS, vehicles), np.int64), np.empty(vehicles, np.int64)
        counts = vehicles - objects, vehicles, -1, TIME_STEP_S
        collisions.collide(
            numbers[0], integers[0], batch.world_int[0], *counts, work[0][0], work[0][1], *work[1:]
        )
        by_the_book(numbers[1], integers[1], batch.world_int[1], vehicles - objects, vehicles)
        assert numbers[0].tobytes() == numbers[1].tobytes()
        assert integers[0].tobytes() == integers[1].tobytes()
        assert batch.struck[0] == batch.struck[1]
        impacts += int(integers[0, EntityInt.HAS_IMPACT].sum())
    assert impacts > 5


def by_the_book(
    numbers: np.ndarray, integers: np.ndarray, world: np.ndarray, vehicles: int, entities: int
) -> None:
    """highway-env's two loops; whether a pair is looked at decided here, what follows by our kernel."""
    assert world[WorldInt.EGO] == 0
    corners = np.empty((2, 5, 2))
    for i in range(vehicles):
        for k in range(i + 1, entities):
            if not (integers[EntityInt.CHECK_COLLISIONS, i] or integers[EntityInt.CHECK_COLLISIONS, k]):
                continue
            dx = numbers[EntityFloat.X, k] - numbers[EntityFloat.X, i]
            dy = numbers[EntityFloat.Y, k] - numbers[EntityFloat.Y, i]
            reach = (numbers[EntityFloat.DIAGONAL, i] + numbers[EntityFloat.DIAGONAL, k]) / 2
            ahead = numbers[EntityFloat.SPEED, i] * TIME_STEP_S
            if integers[EntityInt.KIND, i] == EntityKind.EGO:  # the one deviation: it looks as far in reverse
                ahead = abs(ahead)
            if math.sqrt(dx * dx + dy * dy) <= reach + ahead:
                collisions._meet(numbers, integers, world, TIME_STEP_S, i, k, corners[0], corners[1])
