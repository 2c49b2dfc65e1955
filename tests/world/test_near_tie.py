"""A decision that two kinds of numerics took differently is told from one that is no tie."""

from dataclasses import replace

import numpy as np
import pytest

from drivebench.world import World
from drivebench.world.build import VehicleSpec, build_network, build_world
from drivebench.world.lane_spec import LaneSpec
from drivebench.world.layout import EntityFloat, EntityKind
from scenarios.stock.parity.near_tie import closest_call

NOTHING = np.zeros((1, 1, 2)), np.full((1, 1), -1)


def world(*places_m: float, speed_mps: float) -> World:
    """Plain cars at exact places on a road of two pieces that meet at 100 m."""
    network = build_network(
        [
            ("a", "b", LaneSpec.straight((0.0, 0.0), (100.0, 0.0))),
            ("b", "c", LaneSpec.straight((100.0, 0.0), (200.0, 0.0))),
        ]
    )
    cars = [
        VehicleSpec(kind=EntityKind.PLAIN, x_m=x, y_m=0.0, heading_rad=0.0, speed_mps=speed_mps)
        for x in places_m
    ]
    built = build_world(network, cars)
    numbers = built.entity_float.copy()
    numbers[EntityFloat.X] = places_m
    return replace(built, entity_float=numbers)


@pytest.mark.parametrize(("apart_m", "is_tie"), [(1e-12, True), (0.5, False)])
def test_the_closest_lane(apart_m: float, is_tie: bool) -> None:
    before, after = world(99.0 - apart_m, speed_mps=15.0), world(99.0 + apart_m, speed_mps=15.0)
    tie = closest_call(before, after, *NOTHING, decision=7)
    assert tie is not None
    assert tie.decision == 7
    assert "closest lane of entity 0: ('a', 'b', 0) or ('b', 'c', 0)" in tie.what
    assert (tie.margin < 1e-9) is is_tie


@pytest.mark.parametrize(("apart_m", "is_tie"), [(1e-12, True), (0.5, False)])
def test_a_collision(apart_m: float, is_tie: bool) -> None:
    clear, touching = world(10.0, 15.0 + apart_m, speed_mps=0.0), world(10.0, 15.0 - 1e-3, speed_mps=0.0)
    tie = closest_call(clear, touching, *NOTHING, decision=0)
    assert tie is not None
    assert tie.what == "crashed of entity 0: 0 or 1"
    assert (tie.margin < 1e-9) is is_tie


def test_the_same_decision_is_no_tie() -> None:
    assert closest_call(world(10.0, speed_mps=5.0), world(10.1, speed_mps=5.0), *NOTHING, decision=0) is None
