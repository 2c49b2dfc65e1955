"""Road steps: the compiled world against stock highway-env, on one thread."""

import math
from dataclasses import dataclass
from functools import partial

import numba
import numpy as np

from drivebench import registry
from drivebench.benchmarks.peer import Peer
from drivebench.benchmarks.row import Row, seconds_per_call, side_by_side
from drivebench.world import WorldBatch
from drivebench.world.clock import SUBSTEPS

__all__ = ["CASES", "RoadCase", "measure", "measure_case"]

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


def _seconds_per_substep(batch: WorldBatch, decisions: int) -> float:
    """Time of one simulation step of one world over the decisions from here, the call from Python included.

    The batch itself stays as it is; copies drive.
    """
    actions = np.zeros((len(batch), 2), dtype=np.int16)
    times = math.ceil(LEAST_CALLS[len(batch)] / decisions)
    unused, *copies = (batch.copy(range(len(batch))) for _ in range(times + 1))
    unused.step(actions)  # whatever is to be compiled is compiled before the clock runs

    def drive() -> None:
        for moving in copies:
            for _ in range(decisions):
                moving.step(actions)

    return seconds_per_call(drive, 1) / (times * decisions * SUBSTEPS * len(batch))


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
        return _seconds_per_substep(ours[count][present], case.decisions)

    vehicles = roads[0].world.vehicles
    stock_s, one_s, batch_s = side_by_side([stock, partial(compiled, 1), partial(compiled, BATCH)], ROUNDS)
    return [
        Row(
            section="road alone, one thread",
            name=f"{case.env_id}, {vehicles} vehicles, {worlds}",
            value=1 / seconds,
            unit="simulation steps/s",
            peer=peer.name,
            peer_value=1 / stock_s,
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
