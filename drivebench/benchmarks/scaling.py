"""How the cost of a step grows with vehicles and with worlds: linearly, or not."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numba
import numpy as np
from scipy import stats

from drivebench.benchmarks.motorway import motorway
from drivebench.benchmarks.row import Row, rates, taken_in_turns
from drivebench.benchmarks.stretch import seconds_of
from drivebench.world import WorldBatch
from drivebench.world.clock import SUBSTEPS

__all__ = ["ABOUT", "PowerLaw", "fit", "measure"]

ABOUT = """## How the cost grows

Motorways of four lanes at the density of highway-v0, the road alone. Collisions are looked for in cells along
the road, neighbours by halving sorted lists. Every point is the cost of the same decisions from the same
states, which copies drive again until there is enough to be timed.
"""

VEHICLES = (10, 20, 50, 100, 200, 500)
WORLDS = (1, 4, 16, 64, 256, 1024, 4096)
WORLDS_TOGETHER = 16
"""While vehicles are counted."""
VEHICLES_TOGETHER = 50
"""While worlds are counted."""
LARGE_VEHICLES, LARGE_WORLDS = 50, 64
"""From here on the cost is to grow linearly: below, what is paid once in a step or a call shows."""
ROUNDS = 7
DECISIONS = 5
"""That are driven from the first state, whatever the quantity."""
LEAST_WORK = 50_000
"""Vehicles times worlds times simulation steps that are timed at once, at least."""
LINEAR_TARGET = 0.9
"""How much of the rate per vehicle, or per world, the largest is to keep."""


@dataclass(frozen=True, kw_only=True)
class PowerLaw:
    """Cost = factor · quantity ** exponent.

    Attributes:
        exponent: 1 for linear.
        margin: Half of the exponent's 95 % confidence interval.
        factor: Cost of one.
    """

    exponent: float
    margin: float
    factor: float


def fit(points: Sequence[tuple[float, float]]) -> PowerLaw:
    """Least squares in logarithms.

    Args:
        points: At least three pairs of quantity and cost.
    """
    x, y = np.log(np.array(points)).T
    line = stats.linregress(x, y)
    margin = float(stats.t.ppf(0.975, len(points) - 2) * line.stderr)
    return PowerLaw(exponent=float(line.slope), margin=margin, factor=float(np.exp(line.intercept)))


def measure() -> list[Row]:
    """Measure on one thread.

    Returns:
        One row for vehicles and one for worlds; their curves hold seconds of one simulation step of all.
    """
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        by_vehicles = _curve(
            {n: WorldBatch([motorway(n, k) for k in range(WORLDS_TOGETHER)]) for n in VEHICLES}
        )
        worlds = [motorway(VEHICLES_TOGETHER, k) for k in range(8)]
        by_worlds = _curve({n: WorldBatch([worlds[k % 8] for k in range(n)]) for n in WORLDS})
    finally:
        numba.set_num_threads(threads)
    per_world = {n: [each / WORLDS_TOGETHER for each in seconds] for n, seconds in by_vehicles.items()}
    return [
        _row("vehicle", per_world, LARGE_VEHICLES, f"{WORLDS_TOGETHER} worlds"),
        _row("world", by_worlds, LARGE_WORLDS, f"{VEHICLES_TOGETHER} vehicles"),
    ]


def _curve(batches: dict[int, WorldBatch]) -> dict[int, list[float]]:
    """Seconds of one simulation step of all worlds, in each round."""
    taken = taken_in_turns([partial(_seconds, batch) for batch in batches.values()], ROUNDS)
    return dict(zip(batches, taken, strict=True))


def _seconds(batch: WorldBatch) -> float:
    times = -(-LEAST_WORK // (int(batch.vehicles.sum()) * DECISIONS * SUBSTEPS))
    return seconds_of(batch, DECISIONS, times) / SUBSTEPS


def _row(quantity: str, taken: dict[int, list[float]], large: int, fixed: str) -> Row:
    points = [(float(n), statistics.median(seconds)) for n, seconds in taken.items()]
    linear = [point for point in points if point[0] >= large]
    first, last = int(linear[0][0]), int(linear[-1][0])
    whole, tail = fit(points), fit(linear)
    return Row(
        section="growth of a road step, one thread: rate per vehicle and per world where there are many",
        name=f"{last:,} {quantity}s, {fixed}",
        ours=rates(taken[last], last),
        unit=f"{quantity} steps/s",
        peer=f"{first:,} {quantity}s",
        theirs=rates(taken[first], first),
        target=LINEAR_TARGET,
        note=(
            f"seconds grow as {quantity}s to the power of {tail.exponent:.3f} ± {tail.margin:.3f} from "
            f"{first:,} to {last:,}, {whole.exponent:.3f} ± {whole.margin:.3f} from {points[0][0]:,.0f}"
        ),
        facts={"exponent": tail.exponent, "margin": tail.margin, "rounds_s": taken},
        curve=points,
    )
