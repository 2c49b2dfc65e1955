"""Two threads against one, beside what two processes that share nothing reach: the machine's own ceiling.

Everything takes turns, in many short rounds, because what else a machine and its host do changes from one
tenth of a second to the next.
"""

import statistics
import time
from functools import partial

import numba

from drivebench.benchmarks.row import Row, taken_in_turns
from drivebench.benchmarks.spin import DECISIONS, VEHICLES, WORLDS, Processes, road

__all__ = ["measure"]

ROUNDS = 25
TARGET = 1.9
"""Ratio of two threads to one to reach."""
CEILING_TARGET = 0.95
"""Ratio of two threads to two processes to reach: what we may lose ourselves."""

SECTION = "two at a time"
SUBSTEPS = DECISIONS * 3 * WORLDS
NAME = f"road, {VEHICLES} vehicles, {WORLDS} worlds"


def measure() -> list[Row]:
    """Measure, where numba may use two threads.

    Returns:
        Two threads against one thread, and against two processes; two processes against one, with the same
        work and with plain arithmetic.
    """
    threads = numba.get_num_threads()
    if threads < 2:
        return []
    work = road()

    def on(count: int) -> float:
        numba.set_num_threads(count)
        begin = time.perf_counter()
        work()
        return time.perf_counter() - begin

    try:
        on(2)
        with Processes("road", 2) as roads, Processes("spin", 2) as spins:
            sides = [partial(on, 1), partial(on, 2), partial(roads.seconds, 1), partial(roads.seconds, 2)]
            sides += [partial(spins.seconds, 1), partial(spins.seconds, 2)]
            taken = taken_in_turns(sides, ROUNDS)
    finally:
        numba.set_num_threads(threads)
    one, two, process, processes, spin, spins_s = (statistics.median(values) for values in taken)
    return [
        _row(f"{NAME}, 2 threads", "simulation steps/s", SUBSTEPS / two, "1 thread", SUBSTEPS / one, TARGET),
        _row(
            f"{NAME}, 2 threads",
            "simulation steps/s",
            SUBSTEPS / two,
            "2 processes",
            2 * SUBSTEPS / processes,
            CEILING_TARGET,
        ),
        _row(
            f"{NAME}, 2 processes",
            "simulation steps/s",
            2 * SUBSTEPS / processes,
            "1 process",
            SUBSTEPS / process,
        ),
        _row("arithmetic, 2 processes", "rounds/s", 2 / spins_s, "1 process", 1 / spin),
    ]


def _row(
    name: str, unit: str, value: float, peer: str, peer_value: float, target: float | None = None
) -> Row:
    return Row(
        section=SECTION, name=name, value=value, unit=unit, peer=peer, peer_value=peer_value, target=target
    )
