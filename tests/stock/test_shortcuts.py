"""Worlds are the same, to the last bit, whether highway-env answers its questions about roads or we do."""

from typing import Any, Literal

import numpy as np
import pytest

from scenarios.stock import building
from scenarios.stock.building import Builder, state_of_seed
from scenarios.stock.configuration import complete_configuration
from scenarios.stock.ids import IDS
from scenarios.stock.shortcuts import _compared, share_roads
from scenarios.stock.upstream import bare_environment

SEEDS = range(4)
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "highway-v0": {"controlled_vehicles": 2},
    "exit-v0": {"vehicles_count": 5, "lanes_count": 3},
    "parking-v0": {"vehicles_count": 20, "controlled_vehicles": 2},
    "racetrack-v0": {"other_vehicles": 5},
    "intersection-v0": {"controlled_vehicles": 3},
}
CASES: list[tuple[str, dict[str, Any], Literal["canonical", "parity"]]] = [
    *((name, {}, "parity") for name in IDS),
    *((name, config, "parity") for name, config in CONFIGURATIONS.items()),
    *((name, {}, "canonical") for name in ("highway-fast-v0", "merge-v1", "intersection-v0")),
]


def _bare(name: str, **config: Any) -> Any:
    entry = IDS[name]
    stock = bare_environment(entry.cls, complete_configuration(entry, config))
    stock._np_random = np.random.default_rng(0)
    return stock


@pytest.mark.parametrize(("name", "config", "numerics"), CASES, ids=str)
def test_worlds_are_the_same(
    name: str, config: dict[str, Any], numerics: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = IDS[name]
    complete = complete_configuration(entry, config)
    states = [state_of_seed(seed) for seed in SEEDS]
    ours = [*map(Builder(entry, complete, numerics).build, states)]
    monkeypatch.setattr(building, "share_roads", lambda _: None)
    plain = [*map(Builder(entry, complete, numerics).build, states)]
    for fast, slow in zip(ours, plain, strict=True):
        assert fast.after == slow.after
        assert fast.world.digest == slow.world.digest


@pytest.mark.parametrize("name", ["highway-v0", "merge-v0", "roundabout-v0", "racetrack-v0", "parking-v0"])
def test_answers_are_the_same_everywhere(name: str) -> None:
    stock, plain = _bare(name), _bare(name)
    share_roads(stock)
    for environment in (stock, plain):
        environment._reset()
    network, asked = stock.road.network, plain.road.network
    assert "get_closest_lane_index" in vars(network)
    generator = np.random.default_rng(1)
    lanes = asked.lanes_list()
    for number in range(300):
        lane = lanes[number % len(lanes)]
        along = generator.choice([0.0, lane.length, generator.uniform(-20, lane.length + 20)])
        across = generator.choice([0.0, 2.0, -2.0, generator.normal(0, 10)])
        position, heading = lane.position(along, across), lane.heading_at(along) + generator.choice([0, 1, 3])
        assert network.get_closest_lane_index(position, heading) == asked.get_closest_lane_index(
            position, heading
        )
        for one, other in zip(network.lanes_list(), lanes, strict=True):
            ours, theirs = one.local_coordinates(position), other.local_coordinates(position)
            assert np.array(ours).tobytes() == np.array(theirs).tobytes()


def _asked(name: str) -> tuple[Any, Any, list[Any]]:
    """A network of highway-env's, what answers for it, and when it was asked itself."""
    stock = _bare(name)
    stock._reset()
    network, asked = stock.road.network, []
    own = network.get_closest_lane_index

    def ask(*question: Any) -> Any:
        asked.append(question)
        return own(*question)

    network.get_closest_lane_index = ask
    return network, _compared(network), asked


def test_highway_env_is_asked_where_rounding_may_decide() -> None:
    network, compared, asked = _asked("roundabout-v0")
    lane = network.get_lane(("se", "ex", 0))
    compared(lane.position(lane.length / 2, 0.1), lane.heading_at(lane.length / 2))
    assert not asked
    compared(lane.position(lane.length, 0.0), lane.heading_at(lane.length))
    assert len(asked) == 1, "where an arc follows an arc"
    compared(lane.position(lane.length / 2, 0.1))
    assert len(asked) == 2, "without a heading"


def test_ties_that_are_exact_everywhere_are_decided() -> None:
    network, compared, asked = _asked("parking-v0")
    between = np.array([0.0, 0.0])
    assert compared(between, 1.0) == network.get_closest_lane_index(between, 1.0)
    assert len(asked) == 1, "by the test alone"


def test_roads_are_laid_out_once() -> None:
    stock = _bare("merge-v0")
    share_roads(stock)
    roads = []
    for _ in range(3):
        stock._reset()
        roads.append(stock.road)
    assert len({id(road) for road in roads}) == 3
    assert len({id(road.network) for road in roads}) == 1
    assert len({id(item) for road in roads for item in road.objects}) == 3
    assert all(item.road is road for road in roads for item in road.objects)
    assert all(road.np_random is stock.np_random for road in roads)
