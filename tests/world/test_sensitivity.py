"""What rounding explains of a difference after one decision, and what it does not."""

import numpy as np
import pytest

from drivebench.world import World, WorldBatch
from drivebench.world.build import build_network, build_world, vehicle_on_lane
from drivebench.world.lane_spec import LaneSpec
from drivebench.world.layout import EntityFloat, EntityKind
from scenarios.stock.parity.sensitivity import NEGLIGIBLE, SLACK, difference, excess, growth, reach

NOTHING = np.zeros((1, 1, 2)), np.full((1, 1), -1)


def world(speed_mps: float, lateral_m: float = 0.1) -> World:
    """A car beside the middle of its lane, and an ego that stands far behind."""
    network = build_network([("a", "b", LaneSpec.straight((0.0, 3.0), (900.0, 3.0)))])
    cars = [
        vehicle_on_lane(network, ("a", "b", 0), 0.0, speed_mps=0.0, kind=EntityKind.PLAIN),
        vehicle_on_lane(
            network,
            ("a", "b", 0),
            30.0,
            lateral_m=lateral_m,
            speed_mps=speed_mps,
            target_speed_mps=speed_mps,
        ),
    ]
    return build_world(network, cars)


def driven(before: World, planted_m: float = 0.0) -> tuple[float, float]:
    """Largest difference of canonical and parity after a decision, and its excess, with an error planted."""
    parity, canonical = WorldBatch([before], numerics="parity"), WorldBatch([before])
    canonical.entity_float[0, EntityFloat.Y, 1] += planted_m
    for batch in (parity, canonical):
        batch.drive(*NOTHING)
    differs = difference(parity, canonical)
    return differs, excess(differs, before, parity, *NOTHING)


@pytest.mark.parametrize("speed_mps", [0.3, 1.0, 10.0, 30.0])
def test_canonical_differs_by_rounding_alone(speed_mps: float) -> None:
    assert driven(world(speed_mps))[1] == 0.0


@pytest.mark.parametrize("speed_mps", [10.0, 30.0])
@pytest.mark.parametrize("planted_m", [1e-9, -1e-11])
def test_an_error_that_is_no_rounding_is_noticed(speed_mps: float, planted_m: float) -> None:
    """The twin of the test above."""
    differs, exceeds = driven(world(speed_mps), planted_m)
    assert differs > 0.5 * abs(planted_m)
    assert exceeds > 0.5 * abs(planted_m)


def test_the_last_bit_reaches_further_at_a_crawl() -> None:
    reaches = []
    for speed_mps in (10.0, 0.1):
        before = world(speed_mps, lateral_m=0.0)
        after = WorldBatch([before], numerics="parity")
        after.drive(*NOTHING)
        reaches.append(reach(before, after, *NOTHING))
    fast, slow = reaches
    assert SLACK * fast < NEGLIGIBLE
    assert slow > 50 * fast


def test_the_steering_of_stock_is_unstable_at_a_crawl() -> None:
    """Four times a step at 0.3 m/s: the reason why no fixed tolerance fits."""
    assert growth(0.1) == pytest.approx(13.2, abs=0.1)
    assert growth(0.3) == pytest.approx(3.96, abs=0.02)
    assert growth(0.8) > 1.0 > growth(0.9)
    assert growth(10.0) == pytest.approx(0.90, abs=0.01)
