"""Road steps: the compiled world against stock highway-env, on one thread."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numba

from drivebench import registry
from drivebench.benchmarks.peer import Peer
from drivebench.benchmarks.row import Row, rates, seconds_per_call, taken_in_turns
from drivebench.benchmarks.stretch import seconds_of
from drivebench.world import WorldBatch
from drivebench.world.clock import SUBSTEPS

__all__ = ["ABOUT", "CASES", "RoadCase", "measure", "measure_case"]

ABOUT = """## The road alone

Both sides drive the same world from the same reset over the same stretch, the ego idling; no observation
and no reward. Ours runs in canonical numerics.
"""

BATCH = 64
"""Worlds that step together."""

ROUNDS = 7
"""Rounds of the comparison, each from another seed."""


@dataclass(frozen=True, kw_only=True)
class RoadCase:
    """An environment and the ratios to reach.

    Attributes:
        env_id: Of the peer.
        decisions: How far both sides drive from the reset in one round.
        one_world: Ratio to reach with one world.
        batch: Ratio to reach with ``BATCH`` worlds; None when there is none.
    """

    env_id: str
    decisions: int
    one_world: float
    batch: float | None = None


CASES = (
    RoadCase(env_id="highway-v0", decisions=5, one_world=200.0, batch=800.0),
    RoadCase(env_id="roundabout-v1", decisions=20, one_world=70.0),
    RoadCase(env_id="merge-v1", decisions=20, one_world=70.0),
    RoadCase(env_id="racetrack-v1", decisions=40, one_world=70.0),
    RoadCase(env_id="intersection-v0", decisions=20, one_world=70.0),  # last: its class changes constants
)

LEAST_CALLS = {1: 60, BATCH: 10}
"""By number of worlds: calls to time at least; where a stretch has fewer, fresh copies drive it again."""


def measure_case(case: RoadCase, peer: Peer) -> list[Row]:
    """Two rows, with one world and with ``BATCH`` worlds, each next to the peer."""
    seeds = iter(range(ROUNDS))
    roads = [peer.road(case.env_id, seed) for seed in range(ROUNDS)]
    ours: dict[int, list[WorldBatch]] = {
        count: [WorldBatch([road.world] * count) for road in roads] for count in (1, BATCH)
    }
    present = 0

    def stock() -> float:
        nonlocal present
        present = next(seeds)
        return seconds_per_call(roads[present].decide, case.decisions) / SUBSTEPS

    def compiled(count: int) -> float:
        times = math.ceil(LEAST_CALLS[count] / case.decisions)
        return seconds_of(ours[count][present], case.decisions, times) / (count * SUBSTEPS)

    vehicles = roads[0].world.vehicles
    measures: list[Callable[[], float]] = [stock, partial(compiled, 1), partial(compiled, BATCH)]
    stock_s, one_s, batch_s = taken_in_turns(measures, ROUNDS)
    return [
        Row(
            section="road alone, one thread",
            name=f"{case.env_id}, {vehicles} vehicles, {worlds}",
            ours=rates(seconds),
            unit="simulation steps/s",
            peer=peer.name,
            theirs=rates(stock_s),
            target=target,
        )
        for worlds, seconds, target in (
            ("1 world", one_s, case.one_world),
            (f"{BATCH} worlds", batch_s, case.batch),
        )
    ]


def measure() -> list[Row]:
    """Measure all road steps; both sides drive the same worlds from the same resets, in turn.

    Returns:
        Two rows for each environment.
    """
    peer: Peer = registry.load("peer", "highway-env")
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        return [row for case in CASES for row in measure_case(case, peer)]
    finally:
        numba.set_num_threads(threads)
