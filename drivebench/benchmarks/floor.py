"""What a road step would cost if it had nothing to decide: an estimate of the least.

Per vehicle and simulation step: the elementary functions that no version of the step can do without,
each once, in loops that the compiler vectorises; and per decision one pass over the state of the world.
The steering law asks for an arc sine and an arc tangent, the bicycle for a tangent, a root and a
quotient, the heading for cosine and sine, IDM for a power, a root and quotients. Who is in front of
whom, on which lane, and whether to change it, costs nothing here: that, and branches, is the rest of a
real step.
"""

import math

import numpy as np
import numpy.typing as npt

from drivebench.benchmarks.row import seconds_per_call
from drivebench.compiled import kernel
from drivebench.world.layout import EntityFloat, EntityInt
from drivebench.world.numerics import asin, atan, cos_sin, power, tan

__all__ = ["floor_s"]

Floats = npt.NDArray[np.float64]
_VALUES = 6


@kernel
def _least(numerics: int | None, worlds: Floats, rows: Floats, substeps: int, repeats: int) -> float:
    """Of all worlds [B, rows, N], ``repeats`` decisions of ``substeps``; [rows, N] work space."""
    vehicles = worlds.shape[2]
    v, w, delta, a, b, c = rows[0], rows[1], rows[2], rows[3], rows[4], rows[5]
    total = 0.0
    for _ in range(repeats):
        for world in range(worlds.shape[0]):
            state = worlds[world]
            for row in range(state.shape[0]):
                for i in range(vehicles):
                    total += state[row, i]
            for _ in range(substeps):
                for i in range(vehicles):
                    a[i] = power(numerics, v[i] / w[i], delta[i])
                for i in range(vehicles):
                    b[i] = atan(numerics, 2.0 * asin(numerics, 0.1 * v[i] / w[i]))
                for i in range(vehicles):
                    slip = 0.5 * tan(numerics, b[i])
                    c[i] = slip / math.sqrt(1.0 + slip * slip)
                for i in range(vehicles):
                    cosine, sine = cos_sin(numerics, c[i])
                    a[i] += cosine * sine / math.sqrt(1.0 + v[i] * v[i])
                total += a[0] + b[vehicles - 1] + c[vehicles // 2]
    return total


def floor_s(vehicles: int, worlds: int, substeps: int, *, decisions: int = 20) -> float:
    """Seconds of one vehicle in one simulation step.

    Args:
        vehicles: In each world.
        worlds: How many, one after the other.
        substeps: Simulation steps of one decision.
        decisions: How many are timed.
    """
    state = np.ones((worlds, len(EntityFloat) + len(EntityInt), vehicles))
    rows = np.random.default_rng(0).uniform(0.5, 1.0, (_VALUES, vehicles))
    _least(None, state, rows, substeps, 1)
    calls = 5
    seconds = seconds_per_call(lambda: _least(None, state, rows, substeps, decisions), calls)
    return seconds / (vehicles * worlds * substeps * decisions)
