"""The sweep of two boxes against a search in small time steps."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivebench.metric.boxes import FRONT, NEVER, REAR, SIDE, contact_side, time_to_touch

CAR = (2.5, 1.0)


def corners(x: float, y: float, heading: float, half: tuple[float, float]) -> np.ndarray:
    along = np.array([math.cos(heading), math.sin(heading)]) * half[0]
    aside = np.array([-math.sin(heading), math.cos(heading)]) * half[1]
    return np.array([x, y]) + np.array([along + aside, along - aside, -along - aside, -along + aside])


def overlap(one: np.ndarray, other: np.ndarray) -> bool:
    for box in (one, other):
        for edge in (box[1] - box[0], box[2] - box[1]):
            axis = np.array([-edge[1], edge[0]])
            a, b = one @ axis, other @ axis
            if a.max() < b.min() or b.max() < a.min():
                return False
    return True


def sweep(x: float, y: float, heading: float, speed_a: float, speed_b: float) -> tuple[float, int]:
    cos, sin = math.cos(heading), math.sin(heading)
    return time_to_touch(x, y, speed_b * cos - speed_a, speed_b * sin, 1.0, 0.0, *CAR, cos, sin, *CAR)


@settings(max_examples=150, deadline=None)
@given(
    st.floats(-30.0, 30.0),
    st.floats(-30.0, 30.0),
    st.floats(-math.pi, math.pi),
    st.floats(0.0, 20.0),
    st.floats(0.0, 20.0),
)
def test_sweep_agrees_with_small_steps(
    x: float, y: float, heading: float, speed_a: float, speed_b: float
) -> None:
    time, _ = sweep(x, y, heading, speed_a, speed_b)
    step = 0.005
    first = math.inf
    for k in range(601):
        t = k * step
        one = corners(speed_a * t, 0.0, 0.0, CAR)
        other = corners(
            x + speed_b * t * math.cos(heading), y + speed_b * t * math.sin(heading), heading, CAR
        )
        if overlap(one, other):
            first = t
            break
    if math.isfinite(first):
        assert first - step - 1e-9 <= time <= first + 1e-9
    # A graze can be over between two steps; otherwise nothing touches within the three seconds.
    elif time < 3.0:
        touching = (
            corners(speed_a * time, 0.0, 0.0, (CAR[0] + 0.3, CAR[1] + 0.3)),
            corners(
                x + speed_b * time * math.cos(heading),
                y + speed_b * time * math.sin(heading),
                heading,
                CAR,
            ),
        )
        assert overlap(*touching)


@pytest.mark.parametrize(
    ("place", "speeds", "time", "side"),
    [
        ((25.0, 0.0, 0.0), (10.0, 0.0), 2.0, FRONT),
        ((25.0, 0.0, 0.0), (10.0, 10.0), NEVER, None),
        ((-25.0, 0.0, 0.0), (0.0, 10.0), 2.0, REAR),
        ((0.0, 12.0, -math.pi / 2), (0.0, 4.0), (12.0 - 1.0 - 2.5) / 4.0, SIDE),
        ((12.0, 12.0, -math.pi / 2), (10.0, 10.0), 0.85, FRONT),
        ((3.0, 1.0, 0.0), (0.0, 0.0), 0.0, None),
        ((20.0, 3.0, 0.0), (20.0, 0.0), NEVER, None),
    ],
)
def test_by_hand(
    place: tuple[float, float, float], speeds: tuple[float, float], time: float, side: int | None
) -> None:
    found, found_side = sweep(*place, *speeds)
    assert found == pytest.approx(time)
    if side is not None:
        assert found_side == side


@pytest.mark.parametrize(
    ("place", "side"),
    [((5.2, 1.2, 0.0), FRONT), ((-5.2, -1.2, 0.0), REAR), ((2.0, 2.1, 0.0), SIDE), ((3.6, 0.0, 1.57), FRONT)],
)
def test_side_of_contact(place: tuple[float, float, float], side: int) -> None:
    x, y, heading = place
    assert contact_side(x, y, 1.0, 0.0, *CAR, math.cos(heading), math.sin(heading), *CAR) == side
