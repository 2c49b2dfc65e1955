"""How a lead vehicle drives that brakes and goes: a speed over time, and the commands that give it.

A profile is a base, which drifts slowly between 6 m/s and 2 m/s below the top speed, with a pulse upon the
other. Most pulses go faster and brake back to the base, within three or four seconds; some brake hard to
5 m/s and go on, and in some episodes one leads to a stop. All are ramps along the cubic 3u² − 2u³, whose
acceleration rises from zero and falls to zero. The hardest braking, 3.5 m/s², is what ISO 15622:2018 allows
an adaptive cruise control at speed; the strongest acceleration of a pulse, 2.2 m/s², is inside nuPlan's bound
of comfort of 2.40 m/s² (``ego_lon_acceleration_statistics.yaml``). Nothing in it answers to the ego.

Why it has no speeds in between. One picture shows the gap, and the ego knows its own speed. A driver who
keeps a distance answers to the leader with a time constant of about two seconds; under changes of a medium
pace the gap and the own speed together tell how fast the gap closes (half of its variance, when the leader
went from one random speed to the next). Under a slow drift the gap hardly closes at all, and under pulses of
three seconds it closes and opens while gap and speed have hardly moved. What is left to be told is measured
in ``tests/scenarios/test_car_following_probe.py``.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from drivebench.scenario import uniform
from drivebench.world.clock import POLICY_HZ, SUBSTEPS, TIME_STEP_S
from drivebench.world.grid import GRID

__all__ = ["SLOWEST_MPS", "Profile", "leader_profile"]

SLOWEST_MPS = 5.0
"""Of a leader that does not come to a stop."""
BASE_FROM_MPS, BASE_BELOW_TOP_MPS = 6.0, 2.0
DRIFT_MPS2 = (0.1, 0.4)
"""Range of the greatest acceleration of a ramp of the base."""

PULSE_MPS, LEAST_PULSE_MPS = (1.5, 4.5), 0.5
GOING_MPS2, BRAKING_MPS2 = (1.8, 2.2), (2.4, 3.3)
HARD_SHARE, HARD_MPS, HARD_BRAKING_MPS2 = 0.06, (3.5, 5.5), (3.1, 3.5)
STOP_SHARE, STAND_S = 0.02, (0.8, 2.5)
"""At most one pulse of an episode is a stop."""
FIRST_S, PAUSE_S, HOLD_S = (0.2, 1.2), (0.0, 0.4), (0.0, 0.2)
SHORTEST_S = 0.2
PEAK = 1.5
"""Greatest slope of the cubic."""
FOLLOWING_S = 0.6
"""Time constant of a CONTROLLED vehicle (highway-env ``ControlledVehicle.TAU_ACC``)."""
FOLLOWED = 1.0 - (1.0 - TIME_STEP_S / FOLLOWING_S) ** 3
"""Share of the way to its target speed that it makes in the three steps of a decision."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Profile:
    """What a leader does.

    Attributes:
        targets_mps: ``f8[T]``, the speed to want during each decision, multiples of 2**-20.
        speeds_mps: ``f8[T + 1]``, the speeds that result, at the beginning of each decision.
        distance_m: How far it comes.
    """

    targets_mps: NDArray[np.float64]
    speeds_mps: NDArray[np.float64]
    distance_m: float

    @classmethod
    def along(cls, wanted_mps: NDArray[np.float64]) -> Self:
        """The commands that lead along given speeds, as far as they can be followed.

        Args:
            wanted_mps: ``f8[T + 1]``, one for the beginning of each decision.
        """
        decisions, now, distance = len(wanted_mps) - 1, float(wanted_mps[0]), 0.0
        targets, speeds = np.zeros(decisions), np.full(decisions + 1, now)
        for decision in range(decisions):
            ahead = max(now + (float(wanted_mps[decision + 1]) - now) / FOLLOWED, 0.0)
            targets[decision] = np.rint(ahead * GRID) / GRID
            for _ in range(SUBSTEPS):
                distance += now * TIME_STEP_S
                now += (float(targets[decision]) - now) / FOLLOWING_S * TIME_STEP_S
            speeds[decision + 1] = now
        return cls(targets_mps=targets, speeds_mps=speeds, distance_m=distance)


@dataclass(frozen=True)
class _Ramp:
    """From one speed to another."""

    begin_s: float
    duration_s: float
    from_mps: float
    to_mps: float


class _Ramps:
    """A chain of ramps with pauses between them."""

    def __init__(self, start_mps: float, first_s: float = 0.0) -> None:
        self.end_s, self.speed_mps = first_s, start_mps
        self._ramps = [_Ramp(0.0, SHORTEST_S, start_mps, start_mps)]

    def go(self, to_mps: float, peak_mps2: float, hold_s: float = 0.0) -> None:
        """Add a ramp whose greatest acceleration is given, and a pause."""
        duration = max(PEAK * abs(to_mps - self.speed_mps) / peak_mps2, SHORTEST_S)
        self._ramps.append(_Ramp(self.end_s, duration, self.speed_mps, to_mps))
        self.end_s, self.speed_mps = self.end_s + duration + hold_s, to_mps

    def at(self, time_s: float) -> float:
        """The speed at a time."""
        speed = self._ramps[0].from_mps
        for ramp in self._ramps:
            if time_s <= ramp.begin_s:
                break
            u = min((time_s - ramp.begin_s) / ramp.duration_s, 1.0)
            speed = ramp.from_mps + (ramp.to_mps - ramp.from_mps) * (u * u * (3.0 - 2.0 * u))
        return speed


def leader_profile(
    generator: np.random.Generator, *, start_mps: float, top_mps: float, decisions: int
) -> Profile:
    """Draw a profile.

    Args:
        generator: Of the episode.
        start_mps: Speed at the start.
        top_mps: Fastest speed.
        decisions: How many.
    """
    horizon_s = decisions / POLICY_HZ
    base = _Ramps(start_mps)
    while base.end_s < horizon_s:
        to = uniform(generator, BASE_FROM_MPS, top_mps - BASE_BELOW_TOP_MPS)
        base.go(to, uniform(generator, *DRIFT_MPS2))
    pulses = _Ramps(0.0, uniform(generator, *FIRST_S))
    stopped = False
    while pulses.end_s < horizon_s:
        stopped = _pulse(generator, base.at(pulses.end_s), top_mps, pulses, may_stop=not stopped) or stopped
    times = (np.arange(decisions + 1) / POLICY_HZ).tolist()
    wanted = [min(max(base.at(time) + pulses.at(time), 0.0), top_mps) for time in times]
    return Profile.along(np.array(wanted))


def _pulse(
    generator: np.random.Generator, base_mps: float, top_mps: float, pulses: _Ramps, *, may_stop: bool
) -> bool:
    """Draw the next pulse; whether it is a stop."""
    kind = generator.random()
    going, braking = uniform(generator, *GOING_MPS2), uniform(generator, *BRAKING_MPS2)
    hold, pause = uniform(generator, *HOLD_S), uniform(generator, *PAUSE_S)
    if kind < STOP_SHARE and may_stop:
        pulses.go(-base_mps, braking, uniform(generator, *STAND_S))
        pulses.go(0.0, going, pause)
        return True
    if kind < STOP_SHARE + HARD_SHARE:
        slower = min(uniform(generator, *HARD_MPS), max(base_mps - SLOWEST_MPS, 0.0))
        pulses.go(-slower, uniform(generator, *HARD_BRAKING_MPS2), hold)
        pulses.go(0.0, going, pause)
        return False
    faster = min(uniform(generator, *PULSE_MPS), max(top_mps - base_mps, LEAST_PULSE_MPS))
    pulses.go(faster, going, hold)
    pulses.go(0.0, braking, pause)
    return False
