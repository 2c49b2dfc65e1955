"""Comfort: accelerations and jerks of the ego after a Savitzky–Golay filter, held against bounds.

Actions are held for 0.2 s, so that the raw derivative of the speed at 15 Hz is a comb. A quadratic is fitted
by least squares to the 15 samples of one second about each instant, and its value and derivatives are taken
(A. Savitzky and M. J. E. Golay, *Analytical Chemistry* 36, 1964, doi 10.1021/ac60214a047). The coefficients
are rational numbers, written below in closed form; within half a window of either end the fit of the
outermost window is evaluated off its centre, as ``scipy.signal.savgol_filter(mode="interp")`` does.
Everything is sums and products in a fixed order, so that the result is the same bits on every machine.
"""

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from drivebench.metric.bounds import WINDOW, Bounds
from drivebench.metric.measurement import Extremes
from drivebench.world.clock import SIMULATION_HZ

__all__ = ["Motion", "motion", "savitzky_golay"]

FloatArray = NDArray[np.float64]

_HALF = WINDOW // 2
_OFFSETS = np.arange(-_HALF, _HALF + 1, dtype=np.float64)

# Least squares of c0 + c1·i + c2·i² over i = -7 … 7: sums of powers are Σi² = 280 and Σi⁴ = 9352, so that
# c1 = Σ i·y / 280, c2 = Σ (3i² − 56)·y / 12376 and c0 = Σ (167 − 5i²)·y / 1105.
_CONSTANT = (167.0 - 5.0 * _OFFSETS * _OFFSETS) / 1105.0
_LINEAR = _OFFSETS / 280.0
_QUADRATIC = (3.0 * _OFFSETS * _OFFSETS - 56.0) / 12376.0


@dataclass(frozen=True, kw_only=True)
class Motion:
    """The ego's motion at each sample, filtered: arrays of one length, named as the bounds are."""

    acceleration_mps2: FloatArray
    lateral_acceleration_mps2: FloatArray
    yaw_rate_radps: FloatArray
    yaw_acceleration_radps2: FloatArray
    longitudinal_jerk_mps3: FloatArray
    jerk_mps3: FloatArray

    def extremes(self) -> Extremes:
        """Largest magnitudes; zeros when there is nothing to filter."""
        if self.acceleration_mps2.size == 0:
            return Extremes()
        largest = {f.name: float(np.abs(getattr(self, f.name)).max()) for f in fields(self)}
        largest["acceleration_mps2"] = max(0.0, float(self.acceleration_mps2.max()))
        return Extremes(braking_mps2=max(0.0, float((-self.acceleration_mps2).max())), **largest)

    def outside(self, bounds: Bounds) -> NDArray[np.bool_]:
        """For each sample, whether any bound is exceeded."""
        exceeded = -self.acceleration_mps2 > bounds.braking_mps2
        exceeded |= self.acceleration_mps2 > bounds.acceleration_mps2
        for name in (f.name for f in fields(self) if f.name != "acceleration_mps2"):
            exceeded |= np.abs(getattr(self, name)) > getattr(bounds, name)
        return exceeded


def motion(speed_mps: FloatArray, heading_rad: FloatArray) -> Motion:
    """Filter a trajectory sampled at the simulation's rate.

    The lateral acceleration is speed times yaw rate. As in nuPlan, the jerk is that of the acceleration's
    magnitude, besides the longitudinal one. Fewer samples than a window give empty arrays: there is nothing
    to fit.

    Args:
        speed_mps: ``f8[n]``, the first sample at the start of the episode.
        heading_rad: ``f8[n]``; jumps by full turns are taken out.
    """
    if len(speed_mps) < WINDOW:
        empty = np.zeros(0)
        return Motion(
            acceleration_mps2=empty,
            lateral_acceleration_mps2=empty,
            yaw_rate_radps=empty,
            yaw_acceleration_radps2=empty,
            longitudinal_jerk_mps3=empty,
            jerk_mps3=empty,
        )
    heading = _unwrapped(heading_rad)
    acceleration = savitzky_golay(speed_mps, 1)
    yaw_rate = savitzky_golay(heading, 1)
    lateral = savitzky_golay(speed_mps, 0) * yaw_rate
    magnitude = np.sqrt(acceleration * acceleration + lateral * lateral)
    return Motion(
        acceleration_mps2=acceleration,
        lateral_acceleration_mps2=lateral,
        yaw_rate_radps=yaw_rate,
        yaw_acceleration_radps2=savitzky_golay(heading, 2),
        longitudinal_jerk_mps3=savitzky_golay(speed_mps, 2),
        jerk_mps3=savitzky_golay(magnitude, 1),
    )


def savitzky_golay(samples: FloatArray, derivative: int) -> FloatArray:
    """Value (0), first or second derivative (1, 2) by the filter of this module, per second.

    Args:
        samples: ``f8[n]`` at the simulation's rate, n at least the window.
        derivative: 0, 1 or 2.
    """
    constant, linear, quadratic = (_slide(samples, c) for c in (_CONSTANT, _LINEAR, _QUADRATIC))
    at = np.clip(np.arange(len(samples)), _HALF, len(samples) - 1 - _HALF)
    off_centre = (np.arange(len(samples)) - at).astype(np.float64)
    window = at - _HALF
    c0, c1, c2 = constant[window], linear[window], quadratic[window]
    if derivative == 0:
        return c0 + off_centre * (c1 + off_centre * c2)
    if derivative == 1:
        return (c1 + 2.0 * off_centre * c2) * SIMULATION_HZ
    return 2.0 * c2 * (SIMULATION_HZ * SIMULATION_HZ)


def _slide(samples: FloatArray, coefficients: FloatArray) -> FloatArray:
    """``Σ coefficients[k] · samples[j + k]`` for each window j, summed in the order of k."""
    count = len(samples) - WINDOW + 1
    total = np.zeros(count)
    for k in range(WINDOW):
        total += coefficients[k] * samples[k : k + count]
    return total


def _unwrapped(heading_rad: FloatArray) -> FloatArray:
    turn = 2.0 * math.pi
    steps = np.diff(heading_rad)
    jumps = np.rint(steps / turn) * turn
    unwrapped = heading_rad.copy()
    unwrapped[1:] -= np.cumsum(jumps)
    return unwrapped
