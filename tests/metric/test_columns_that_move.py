"""What the monitor remembers of vehicles follows them when others leave and their columns move up."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from straight_road import LANES, MIDDLE_M, START_M, drive, episode, vehicle

from drivebench.errors import ConfigurationError
from drivebench.footage.recording import film_actions
from drivebench.metric.events import Collision
from drivebench.scenario import Episode
from drivebench.world import EntityKind, WorldBatch, quantise
from drivebench.world.build import VehicleSpec, build_network, build_world
from drivebench.world.open_traffic import OpenTraffic

NETWORK = build_network(LANES, exits={("a", "b", 2)})
STEP = ("a", "b", 0)
OPEN = OpenTraffic(
    entries=(("a", "b", 0), ("a", "b", 1)),
    routes=(((), (STEP,)), ((STEP,), ())),
    probability=0.0,
    random=(1, 2, 3, 5, 0, 0),
)


def opened(*others: VehicleSpec, leaver: float | None) -> Episode:
    """An episode in which a vehicle that stands before the others leaves after so many seconds."""
    ego = vehicle(0.0, 0.0, 20.0, kind=EntityKind.EGO)
    leaving = VehicleSpec(
        kind=EntityKind.IDM,
        x_m=1480.0 - 20.0 * (leaver or 0.0),
        y_m=MIDDLE_M + 4.0,
        speed_mps=20.0,
        target_lane=("a", "b", 2),
        lane_changes=False,
    )
    cars = [ego, *([] if leaver is None else [leaving]), *others]
    return replace(episode(), world=build_world(NETWORK, cars, open_traffic=OPEN))


def facts(
    *others: VehicleSpec, leaver: float | None, action: tuple[float, float]
) -> tuple[float, dict[str, Any]]:
    """When the ego collides, and all that is measured; the other's column aside."""
    measurement = drive(opened(*others, leaver=leaver), action)
    (collision,) = [event for event in measurement.events if isinstance(event, Collision)]
    return collision.time_s, asdict(measurement) | {"events": asdict(replace(collision, partner_index=-1))}


@pytest.mark.parametrize(
    ("others", "action"),
    [
        ((vehicle(30.0, -4.0, 24.0), vehicle(60.0, 0.0, 8.0, target_mps=8.0)), (0.3, 0.0)),
        ((vehicle(30.0, -4.0, 24.0), vehicle(60.0, 0.0, 0.0, kind=EntityKind.OBSTACLE)), (0.3, 0.0)),
        ((vehicle(-60.0, 0.0, 30.0, kind=EntityKind.PLAIN),), (-0.2, 0.0)),
    ],
    ids=["slow", "obstacle", "from-behind"],
)
def test_a_collision_is_measured_alike_whenever_a_column_moves(
    others: tuple[VehicleSpec, ...], action: tuple[float, float]
) -> None:
    time_s, expected = facts(*others, leaver=None, action=action)
    for before in range(6):
        _, found = facts(*others, leaver=time_s - 0.2 * before - 0.1, action=action)
        assert found == expected, before


def test_the_vehicle_left_before_the_collision() -> None:
    slow = vehicle(60.0, 0.0, 8.0, target_mps=8.0)
    one = opened(slow, leaver=1.0)
    batch = WorldBatch([one.world])
    for _ in range(15):
        batch.step(quantise(np.array([[0.3, 0.0]])))
    assert batch.identity[0, : batch.entities[0]].tolist() == [0, 2]
    assert not batch.crashed.any()
    assert START_M < batch.x[0, 0] < batch.x[0, 1]


def test_worlds_whose_columns_change_are_not_recorded() -> None:
    with pytest.raises(ConfigurationError, match="open traffic"):
        film_actions("nobody", opened(leaver=1.0), np.zeros((3, 2), dtype=np.int16))
