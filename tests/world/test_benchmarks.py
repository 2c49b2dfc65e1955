"""That the benchmark of road steps measures both sides; how fast they are is not tested here."""

import dataclasses

import numpy as np
import pytest

from drivebench.benchmarks import BENCHMARKS, Row
from drivebench.benchmarks.row import side_by_side
from drivebench.benchmarks.world import (
    BATCH,
    CASES,
    LEAST_CALLS,
    RoadCase,
    _seconds_per_substep,
    measure_case,
)
from drivebench.world import WorldBatch
from scenarios.stock.peer import PEER


def test_both_sides_are_measured() -> None:
    case = RoadCase(env_id="merge-v1", decisions=1, one_world=70.0)
    one, many = measure_case(case, PEER)
    assert "1 world" in one.name
    assert "64 worlds" in many.name
    for row in (one, many):
        assert row.value > 0
        assert row.peer_value > 0
    assert one.peer_value == many.peer_value
    assert (one.target, many.target) == (70.0, None)


def test_the_peer_drives_the_world_that_it_hands_over() -> None:
    road = PEER.road("merge-v1", 3)
    environment = road.decide.func.__self__
    before = [tuple(vehicle.position) for vehicle in environment.road.vehicles]
    assert road.world.entity_float[0, : road.world.vehicles] == pytest.approx(
        [x for x, _ in before], abs=1e-6
    )
    road.decide()
    assert all(
        vehicle.position[0] > x for vehicle, (x, _) in zip(environment.road.vehicles, before, strict=True)
    )


@pytest.mark.parametrize(("count", "decisions"), [(1, 5), (1, 40), (BATCH, 20)])
def test_our_side_drives_the_peers_stretch(
    monkeypatch: pytest.MonkeyPatch, count: int, decisions: int
) -> None:
    """From the reset, so many decisions, again and again; the warm-up is driven by a copy of its own."""
    world = PEER.road("merge-v1", 0).world
    driven: dict[int, list[float]] = {}
    batches: list[WorldBatch] = []
    step = WorldBatch.step

    def noting(self: WorldBatch, actions: np.ndarray) -> None:
        batches.append(self)
        driven.setdefault(id(self), []).append(float(self.x[0, world.ego]))
        step(self, actions)

    monkeypatch.setattr(WorldBatch, "step", noting)
    _seconds_per_substep(WorldBatch([world] * count), decisions)
    warm_up, *copies = driven.values()
    assert len(warm_up) == 1
    assert {len(each) for each in copies} == {decisions}
    assert len(copies) * decisions >= LEAST_CALLS[count]
    assert {each[0] for each in copies} == {float(world.entity_float[0, world.ego])}


def test_measures_take_turns_and_give_medians() -> None:
    order = []
    values = {"a": iter([3.0, 1.0, 2.0]), "b": iter([9.0, 9.0, 7.0])}

    def measure(name: str) -> float:
        order.append(name)
        return next(values[name])

    assert side_by_side([lambda: measure("a"), lambda: measure("b")], 3) == [2.0, 9.0]
    assert order == ["a", "b"] * 3


def test_a_ratio_is_ours_over_theirs() -> None:
    row = Row(name="x", value=10.0, unit="1/s", peer="y", peer_value=4.0, target=2.5)
    assert row.ratio == 2.5
    assert row.reached is True
    missing = dataclasses.replace(row, peer_value=None)
    assert missing.ratio is None
    assert missing.reached is None


def test_the_five_worlds_are_there() -> None:
    assert "world" in BENCHMARKS
    assert [case.env_id for case in CASES] == [
        "highway-v0",
        "roundabout-v1",
        "merge-v1",
        "racetrack-v1",
        "intersection-v0",
    ]
