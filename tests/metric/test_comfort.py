"""The filter is scipy's; the motion and its bounds are what a hand computes."""

import math

import numpy as np
import pytest
from scipy.signal import savgol_filter

from drivebench.metric.bounds import NUPLAN_BOUNDS, WINDOW
from drivebench.metric.comfort import motion, savitzky_golay
from drivebench.world.clock import TIME_STEP_S


@pytest.mark.parametrize("derivative", [0, 1, 2])
@pytest.mark.parametrize("samples", [WINDOW, WINDOW + 1, 40, 301])
def test_filter_is_scipys_to_rounding(derivative: int, samples: int) -> None:
    signal = np.random.default_rng(samples).normal(size=samples).cumsum()
    expected = savgol_filter(signal, WINDOW, 2, deriv=derivative, delta=TIME_STEP_S, mode="interp")
    assert savitzky_golay(signal, derivative) == pytest.approx(expected, abs=1e-9 * 15.0**derivative)


def test_filter_reproduces_a_parabola() -> None:
    time = np.arange(60) * TIME_STEP_S
    speed = 3.0 + 2.0 * time - 0.7 * time * time
    assert savitzky_golay(speed, 0) == pytest.approx(speed)
    assert savitzky_golay(speed, 1) == pytest.approx(2.0 - 1.4 * time)
    assert savitzky_golay(speed, 2) == pytest.approx(np.full(60, -1.4))


def test_motion_on_a_circle() -> None:
    time = np.arange(90) * TIME_STEP_S
    heading = 0.5 * time + math.tau * 7
    wrapped = (heading + math.pi) % math.tau - math.pi
    circle = motion(np.full(90, 8.0), wrapped)
    assert circle.yaw_rate_radps == pytest.approx(np.full(90, 0.5))
    assert circle.lateral_acceleration_mps2 == pytest.approx(np.full(90, 4.0))
    assert np.abs(circle.longitudinal_jerk_mps3).max() < 1e-9
    extremes = circle.extremes()
    assert extremes.lateral_acceleration_mps2 == pytest.approx(4.0)
    assert extremes.braking_mps2 == pytest.approx(0.0, abs=1e-9)
    assert not circle.outside(NUPLAN_BOUNDS).any()


def test_each_bound_is_noticed() -> None:
    time = np.arange(60) * TIME_STEP_S
    still = np.zeros(60)
    assert motion(10.0 + 2.3 * time, still).outside(NUPLAN_BOUNDS).sum() == 0
    assert motion(10.0 + 2.5 * time, still).outside(NUPLAN_BOUNDS).all()
    assert motion(40.0 - 4.0 * time, still).outside(NUPLAN_BOUNDS).sum() == 0
    assert motion(40.0 - 4.1 * time, still).outside(NUPLAN_BOUNDS).all()
    assert motion(np.full(60, 5.0), 0.96 * time).outside(NUPLAN_BOUNDS).all()
    assert motion(np.full(60, 10.0), 0.49 * time).outside(NUPLAN_BOUNDS).all()
    assert motion(20.0 + 2.1 * time * time, still).outside(NUPLAN_BOUNDS).all()


def test_fewer_samples_than_the_window_say_nothing() -> None:
    short = motion(np.zeros(WINDOW - 1), np.zeros(WINDOW - 1))
    assert short.outside(NUPLAN_BOUNDS).size == 0
    assert short.extremes().jerk_mps3 == 0.0
