"""That the benchmark of road steps measures both sides; how fast they are is not tested here."""

import pytest

from drivebench.benchmarks import BENCHMARKS, Row
from drivebench.benchmarks.row import side_by_side
from drivebench.benchmarks.world import CASES, RoadCase, measure_case
from scenarios.stock_peer import PEER


def test_both_sides_are_measured() -> None:
    case = RoadCase(env_id="merge-v1", peer_decisions=1, one_world=70.0)
    one, many = measure_case(case, PEER)
    assert "one world" in one.name
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


def test_measures_take_turns_and_give_medians() -> None:
    order = []
    values = {"a": iter([3.0, 1.0, 2.0]), "b": iter([9.0, 9.0, 7.0])}

    def measure(name: str) -> float:
        order.append(name)
        return next(values[name])

    assert side_by_side([lambda: measure("a"), lambda: measure("b")], 3) == [2.0, 9.0]
    assert order == ["a", "b"] * 3


def test_a_ratio_is_ours_over_theirs() -> None:
    assert Row(name="x", value=10.0, unit="1/s", peer="y", peer_value=4.0).ratio == 2.5


def test_the_four_worlds_are_there() -> None:
    assert "world" in BENCHMARKS
    assert [case.env_id for case in CASES] == ["highway-v0", "roundabout-v1", "merge-v1", "racetrack-v1"]
