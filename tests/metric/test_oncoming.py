"""The open lane of the oncoming traffic: free to use, until somebody there has to brake."""

import math
from dataclasses import replace

import pytest
from straight_road import LENGTH_M, LIMIT_MPS, drive, episode, vehicle

from drivebench.metric.events import WrongWay
from drivebench.metric.limits import AGAINST_ZERO_M
from drivebench.metric.measurement import Ending, EpisodeMeasurement, Reference
from drivebench.metric.parts import parts
from drivebench.world import EntityKind
from drivebench.world.build import VehicleSpec, build_network, build_world
from drivebench.world.lane_spec import LaneSpec

REFERENCE = Reference(time_s=20.0, distance_m=400.0)
LANES = [
    ("a", "b", LaneSpec.straight((0.0, 4.0), (LENGTH_M, 4.0), speed_limit_mps=LIMIT_MPS)),
    ("a", "b", LaneSpec.straight((0.0, 8.0), (LENGTH_M, 8.0), speed_limit_mps=LIMIT_MPS)),
    ("b", "a", LaneSpec.straight((LENGTH_M, 4.0), (0.0, 4.0), speed_limit_mps=LIMIT_MPS)),
]
"""As highway-env's two-way road: the left lane at y = 4 m is there for both directions."""


def oncoming(ahead_m: float, aside_m: float = 0.0) -> VehicleSpec:
    return replace(
        vehicle(ahead_m, aside_m, 20.0, heading_rad=math.pi, target_mps=20.0), target_lane=("b", "a", 0)
    )


def driven(
    *others: VehicleSpec, is_open: bool, aside_m: float = 0.0, horizon_s: float = 3.0
) -> EpisodeMeasurement:
    ego = vehicle(0.0, aside_m, 20.0, kind=EntityKind.EGO)
    one = episode(horizon_s=horizon_s)
    world = build_world(build_network(LANES), [ego, *others])
    return drive(replace(one, world=world, oncoming_lane_open=is_open), (0.0, 0.0), REFERENCE)


@pytest.mark.parametrize("is_open", [True, False])
def test_an_empty_lane_may_be_used(is_open: bool) -> None:
    measurement = driven(is_open=is_open)
    assert measurement.against_m == 0.0
    assert measurement.ended_by is Ending.HORIZON


def test_who_makes_an_oncoming_driver_brake_drives_against_the_traffic() -> None:
    measurement = driven(oncoming(200.0), is_open=True)
    assert measurement.ended_by is Ending.WRONG_WAY
    assert measurement.against_m > AGAINST_ZERO_M
    assert parts(measurement, REFERENCE).ddc == 0.0
    assert any(isinstance(event, WrongWay) for event in measurement.events)


def test_it_is_only_counted_where_the_task_says_so() -> None:
    assert driven(oncoming(200.0), is_open=False).against_m == 0.0


def test_far_away_nobody_brakes() -> None:
    assert driven(oncoming(600.0), is_open=True).against_m == 0.0


def test_on_the_own_lane_others_may_brake_for_each_other() -> None:
    standing = replace(oncoming(100.0), speed_mps=0.0, target_speed_mps=0.0, max_speed_mps=0.0)
    measurement = driven(oncoming(160.0), standing, is_open=True, aside_m=4.0)
    assert measurement.against_m == 0.0
