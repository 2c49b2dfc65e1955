"""Demonstrators: drivers of named styles and of different quality, on top of the expert's planner.

``cautious`` and ``brisk`` drive well in other ways than the expert; ``left-passing`` and ``right-passing``
prefer a side where both are as good; ``noisy`` has an unsteady hand; ``distracted`` looks away now and then
and goes on with the action of before. What is random follows from the episode's names and the style's.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from drivebench.policy import Actions
from drivebench.scenario import Episode, episode_generator
from drivebench.world import WorldBatch
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD
from drivebench.world.clock import POLICY_HZ
from scenarios.expert import Expert
from scenarios.style import Style

__all__ = ["Brisk", "Cautious", "Distracted", "LeftPassing", "Noisy", "RightPassing"]

I8 = NDArray[np.int64]

NOISE_MPS2 = (2.0, 1.5)
"""Amplitude of the noise on the acceleration, forwards and to the side: a hand and a foot that a passenger
notices at any speed, because the angle of the wheels follows from the speed."""
SLOWEST_MPS = 4.0
"""Below this speed the angle is that of this speed."""
MEMORY = 0.7
"""Correlation of the noise from one decision to the next."""
WIDER = 2.0
"""The mean of several numbers varies less than each: this brings the amplitude back."""
LOOKS_AWAY = 1.0 / (6 * POLICY_HZ)
"""Probability, at each decision, that it looks away: every six seconds of driving in the mean."""
AWAY = (2, 8)
"""For how many decisions, from 0.4 to 1.6 s. Looking away for more than 2 s at least doubles the risk of a
crash or a near one (S. G. Klauer et al., "The Impact of Driver Inattention on Near-Crash/Crash Risk", NHTSA
report DOT HS 810 594, 2006, abstract)."""


class Cautious(Expert):
    """The driver ``cautious``: slower than allowed, long gaps, changes lanes when it is well worth it."""

    def __init__(self) -> None:
        super().__init__(
            Style(
                speed_share=0.85,
                acceleration_mps2=1.4,
                time_gap_s=2.0,
                standstill_gap_m=4.0,
                change_m=15.0,
            )
        )


class Brisk(Expert):
    """The driver ``brisk``: a little faster than allowed, short gaps, changes lanes for little."""

    def __init__(self) -> None:
        super().__init__(
            Style(
                speed_share=1.06,
                acceleration_mps2=2.4,
                time_gap_s=0.9,
                standstill_gap_m=2.5,
                change_m=1.0,
            )
        )


class LeftPassing(Expert):
    """The driver ``left-passing``: where left is as good as right, left."""

    def __init__(self) -> None:
        super().__init__(Style(rightwards_m=-2.5))


class RightPassing(Expert):
    """The driver ``right-passing``: where right is as good as left, right."""

    def __init__(self) -> None:
        super().__init__(Style(rightwards_m=2.5))


class _Random(Expert):
    """A driver with random numbers for each episode."""

    name: str

    def __init__(self) -> None:
        super().__init__()
        self._generators: dict[int, np.random.Generator] = {}

    def reset(self, worlds: WorldBatch, episodes: Mapping[int, Episode], slots: I8) -> None:
        """Take over episodes that start; see :meth:`Expert.reset`."""
        super().reset(worlds, episodes, slots)
        for slot in slots.tolist():
            episode = episodes[slot]
            name = f"{episode.condition}/{self.name}"
            self._generators[slot] = episode_generator(episode.scenario, name, episode.seed)


class Noisy(_Random):
    """The driver ``noisy``: the expert's actions and correlated noise."""

    name = "noisy"

    def __init__(self) -> None:
        super().__init__()
        self._noise: dict[int, NDArray[np.float64]] = {}

    def reset(self, worlds: WorldBatch, episodes: Mapping[int, Episode], slots: I8) -> None:
        """Take over episodes that start; see :meth:`Expert.reset`."""
        super().reset(worlds, episodes, slots)
        self._noise |= {slot: np.zeros(2) for slot in slots.tolist()}

    def act(self, worlds: WorldBatch, slots: I8) -> Actions:
        """Actions ``f4[n, 2]``; each slot must be asked at every decision."""
        actions = super().act(worlds, slots).astype(np.float64)
        egos = worlds.ego[slots]
        speed = np.maximum(worlds.speed[slots, egos], SLOWEST_MPS)
        # highway-env's bicycle drives a curvature of about angle / length.
        angle_per_mps2 = worlds.length[slots, egos] / (speed * speed)
        for row, slot in enumerate(slots.tolist()):
            fresh = 2.0 * self._generators[slot].random(2) - 1.0
            self._noise[slot] = MEMORY * self._noise[slot] + (1.0 - MEMORY) * fresh
            forwards, sideways = self._noise[slot] * WIDER * NOISE_MPS2
            actions[row, 0] += forwards / ACCELERATION_RANGE_MPS2
            actions[row, 1] += sideways * angle_per_mps2[row] / STEERING_RANGE_RAD
        return np.clip(actions, -1.0, 1.0).astype(np.float32)


class Distracted(_Random):
    """The driver ``distracted``: looks away for up to 1.2 s and holds the last action meanwhile."""

    name = "distracted"

    def __init__(self) -> None:
        super().__init__()
        self._away: dict[int, int] = {}
        self._last: dict[int, NDArray[np.float32]] = {}

    def reset(self, worlds: WorldBatch, episodes: Mapping[int, Episode], slots: I8) -> None:
        """Take over episodes that start; see :meth:`Expert.reset`."""
        super().reset(worlds, episodes, slots)
        self._away |= dict.fromkeys(slots.tolist(), 0)
        for slot in slots.tolist():
            self._last.pop(slot, None)

    def act(self, worlds: WorldBatch, slots: I8) -> Actions:
        """Actions ``f4[n, 2]``; each slot must be asked at every decision."""
        actions = super().act(worlds, slots)
        for row, slot in enumerate(slots.tolist()):
            generator = self._generators[slot]
            if self._away[slot] == 0 and generator.random() < LOOKS_AWAY:
                self._away[slot] = int(generator.integers(*AWAY, endpoint=True))
            if self._away[slot] > 0 and slot in self._last:
                self._away[slot] -= 1
                actions[row] = self._last[slot]
            self._last[slot] = actions[row].copy()
        return actions
