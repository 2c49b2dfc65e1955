"""The condition ``disturbed``: gusts of side wind that turn the ego's wheels, the same for the same episode.

It asks whether a policy recovers from errors that are not its own. Laskey et al., "DART: Noise Injection for
Robust Imitation Learning" (CoRL 2017), disturb the supervisor's actions while it demonstrates, so that the
data show how to recover; collected under this condition, they do so here. Unlike their independent Gaussian
noise at each step, a gust lasts for seconds: noise that changes sign five times a second cancels itself
before a car has moved.

Strength. ISO 12021:2010 (sensitivity of cars to lateral wind) blows at 20 m/s, "representative of fairly
severe wind conditions occurring naturally" (its scope). On a car of 1.5 t at 28 m/s, with a side of 2.2 m²
by the reference area and a side force coefficient of 1.2 at the resulting 35° of yaw, the force is
0.5 · 1.2 · 2.2 · 1.2 · (28² + 20²) N = 1.9 kN, or 1.25 m/s²: an estimate, and the upper end of what gusts are
here. They are given as lateral acceleration at the speed limit, so that a gust displaces cars of slow and
fast families alike: 1 m/s² for 2 s, left alone, is 1 m or more. Held against by the expert's steering law,
1 m/s² is a quarter of a metre.

Shape. The sum of smooth bumps (1 − u²)² with u from −1 to 1, which rise and fall like the one-minus-cosine
gust of aviation rules (14 CFR 25.341), with additions and multiplications only.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drivebench.conditions import DISTURBED
from drivebench.world.clock import POLICY_HZ
from drivebench.world.grid import GRID
from drivebench.world.layout import EntityFloat
from drivebench.world.script import Script

if TYPE_CHECKING:
    from drivebench.scenario import Episode

__all__ = ["disturbed", "steering_gusts"]

PEAK_MPS2 = (0.3, 0.7)
"""Range of a gust's greatest lateral acceleration at the speed limit."""
HALF_DURATION_S = (0.6, 1.6)
"""Range of half the time that a gust lasts."""
FIRST_S = (0.2, 2.0)
PAUSE_S = (1.0, 3.5)
"""Range of the time from the beginning of one gust to that of the next; they may overlap."""
MOST_MPS2 = 0.8
"""Bound of the sum where gusts overlap."""
MOST_RAD = 0.1
"""Bound of the front wheel angle, for speed limits at which the acceleration would ask for more."""


def disturbed(episode: "Episode") -> "Episode":
    """The same episode with gusts on the steering; what its script says of actors stays.

    Args:
        episode: Without gusts.
    """
    script = replace(episode.world.script or Script(), steering_gust_rad=steering_gusts(episode))
    return replace(episode, world=replace(episode.world, script=script))


def steering_gusts(episode: "Episode") -> NDArray[np.float64]:
    """The gusts of an episode, a function of its scenario and seed.

    Args:
        episode: Under any condition.

    Returns:
        ``f8[T]`` rad to be added to the front wheel angle during each decision until the horizon, multiples
        of 2**-20.
    """
    acceleration = lateral_gusts(episode)
    world = episode.world
    length_m = float(world.entity_float[EntityFloat.LENGTH, world.ego])
    # highway-env's bicycle drives a curvature of about angle / length.
    per_mps2 = length_m / (episode.speed_limit_mps * episode.speed_limit_mps)
    angle = np.minimum(np.maximum(acceleration * per_mps2, -MOST_RAD), MOST_RAD)
    rounded: NDArray[np.float64] = np.rint(angle * GRID) / GRID
    return rounded


def lateral_gusts(episode: "Episode") -> NDArray[np.float64]:
    """``f8[T]`` lateral acceleration (m/s², to the right) that the gusts ask for at the speed limit."""
    from drivebench.scenario import episode_generator, uniform  # it imports this module

    generator = episode_generator(episode.scenario, DISTURBED, episode.seed)
    decisions = int(np.ceil(episode.horizon_s * POLICY_HZ))
    middle_s = (np.arange(decisions) + 0.5) / POLICY_HZ
    total = np.zeros(decisions)
    begin_s = uniform(generator, *FIRST_S)
    while begin_s < episode.horizon_s:
        half_s = uniform(generator, *HALF_DURATION_S)
        peak = uniform(generator, *PEAK_MPS2) * (1.0 if generator.random() < 0.5 else -1.0)
        u = (middle_s - (begin_s + half_s)) / half_s
        inside = np.maximum(1.0 - u * u, 0.0)
        total = total + peak * (inside * inside)
        begin_s += uniform(generator, *PAUSE_S)
    return np.minimum(np.maximum(total, -MOST_MPS2), MOST_MPS2)
