"""That the benchmark of road steps measures both sides; how fast they are is not tested here."""

import numpy as np
import pytest

from drivebench.benchmarks import BENCHMARKS, Row, load_benchmark
from drivebench.benchmarks.row import Verdict, taken_in_turns, watch
from drivebench.benchmarks.stretch import seconds_of
from drivebench.benchmarks.world import (
    BATCH,
    CASES,
    LEAST_CALLS,
    ROUNDS,
    RoadCase,
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
    assert one.theirs == many.theirs
    assert len(one.ours) == len(one.theirs) == ROUNDS >= 7
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
    times = -(-LEAST_CALLS[count] // decisions)
    assert seconds_of(WorldBatch([world] * count), decisions, times) > 0.0
    warm_up, *copies = driven.values()
    assert len(warm_up) == 1
    assert {len(each) for each in copies} == {decisions}
    assert len(copies) == times
    assert {each[0] for each in copies} == {float(world.entity_float[0, world.ego])}


def test_measures_take_turns() -> None:
    order = []
    values = {"a": iter([3.0, 1.0, 2.0]), "b": iter([9.0, 9.0, 7.0])}

    def measure(name: str) -> float:
        order.append(name)
        return next(values[name])

    taken = taken_in_turns([lambda: measure("a"), lambda: measure("b")], 3)
    assert taken == [[3.0, 1.0, 2.0], [9.0, 9.0, 7.0]]
    assert order == ["a", "b"] * 3


def row(ours: list[float], theirs: list[float], target: float | None = None) -> Row:
    return Row(name="x", ours=ours, unit="1/s", peer="y", theirs=theirs, target=target)


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    """In the third round the machine was slow for both; the ratio of medians would be 12 / 4."""
    found = row([10.0, 12.0, 1.0, 15.0, 18.0], [4.0, 4.0, 0.5, 5.0, 5.0])
    assert (found.value, found.peer_value) == (12.0, 4.0)
    assert found.ratios == [2.5, 3.0, 2.0, 3.0, 3.6]
    assert found.ratio == 3.0
    assert found.quartiles == (2.5, 3.0)


def test_what_is_given_is_held_against_every_round() -> None:
    assert row([10.0, 20.0], [5.0]).ratios == [2.0, 4.0]


@pytest.mark.parametrize(
    ("target", "verdict"),
    [(2.5, Verdict.REACHED), (2.6, Verdict.OPEN), (3.0, Verdict.OPEN), (3.1, Verdict.MISSED), (None, None)],
)
def test_a_target_is_reached_when_the_lower_quartile_is(
    target: float | None, verdict: Verdict | None
) -> None:
    assert row([2.5, 3.0, 2.0, 3.0, 3.6], [1.0], target).verdict is verdict


def test_one_round_has_no_quartiles_and_none_no_ratio() -> None:
    once = row([2.0], [1.0], 2.0)
    assert once.quartiles is None
    assert once.verdict is Verdict.REACHED
    for missing in (row([], [1.0], 2.0), row([1.0], [], 2.0)):
        assert missing.ratio is missing.quartiles is missing.verdict is None


def test_what_is_watched_works_as_before_and_its_calls_are_noted() -> None:
    class Adder:
        def add(self, a: int, b: int) -> int:
            return a + b

    adder, other = Adder(), Adder()
    spent = watch(adder, "add")
    assert (adder.add(1, 2), adder.add(3, 4), other.add(5, 6)) == (3, 7, 11)
    assert len(spent) == 2


def test_every_benchmark_says_what_it_is() -> None:
    for name in BENCHMARKS:
        assert load_benchmark(name).ABOUT.startswith("## ")


def test_the_five_worlds_are_there() -> None:
    assert "world" in BENCHMARKS
    assert [case.env_id for case in CASES] == [
        "highway-v0",
        "roundabout-v1",
        "merge-v1",
        "racetrack-v1",
        "intersection-v0",
    ]
