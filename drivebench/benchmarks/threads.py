"""Two threads against one, beside what two processes that share nothing reach: the machine's own ceiling.

Everything takes turns, in many short rounds, because what else a machine and its host do changes from one
tenth of a second to the next. Each side is a process of its own (or two) that is told when to work, and has
done the same work just before, so that none is at an advantage because it ran last.
"""

from collections.abc import Sequence

import numba

from drivebench.benchmarks.row import Row, rates, taken_in_turns
from drivebench.benchmarks.two_processes import DECISIONS, VEHICLES, WORLDS, Processes

__all__ = ["ABOUT", "measure"]

ABOUT = """## Two threads

Two threads of one process are held against one thread, and against two processes that share nothing and do
the same work: these are what the machine gives to two at a time, its own ceiling. What two threads lack
against two processes is lost by drivebench. Where two processes do not reach twice of one, the last rows say
whether it is the machine: they touch no memory. Arithmetic that mostly waits for its own results leaves room
for whoever shares the processor, arithmetic that fills it does not: where the former reaches twice of one and
the latter does not, the two processors are not whole ones, but share theirs with others (simultaneous
multithreading), and no program can have the rest.
"""

ROUNDS = 25
TARGET = 1.9
"""Ratio of two threads to one to reach."""
CEILING_TARGET = 0.95
"""Ratio of two threads to two processes to reach: what we may lose ourselves."""

SUBSTEPS = DECISIONS * 3 * WORLDS
NAME = f"road, {VEHICLES} vehicles, {WORLDS} worlds"
STEPS = "simulation steps/s"
ABSENT = "numba may use one thread only on this machine, or was told so"


def measure() -> list[Row]:
    """Measure, where numba may use two threads.

    Returns:
        Two threads against one thread, and against two processes; two processes against one, with the same
        work and with arithmetic of two kinds.
    """
    one: Sequence[float] = ()
    two, processes, spin, spins, fill, fills = one, one, one, one, one, one
    if numba.get_num_threads() >= 2:
        with (
            Processes("road", 1) as road,
            Processes("road", 1, threads=2) as threads,
            Processes("road", 2) as roads,
            Processes("spin", 1) as alone,
            Processes("spin", 2) as together,
            Processes("fill", 1) as full,
            Processes("fill", 2) as both_full,
        ):
            sides = [each.seconds for each in (road, threads, roads, alone, together, full, both_full)]
            one, two, processes, spin, spins, fill, fills = taken_in_turns(sides, ROUNDS)
    one, two, processes = rates(one, SUBSTEPS), rates(two, SUBSTEPS), rates(processes, 2 * SUBSTEPS)
    return [
        _row(f"{NAME}, 2 threads", STEPS, two, "1 thread", one, TARGET),
        _row(f"{NAME}, 2 threads", STEPS, two, "2 processes", processes, CEILING_TARGET),
        _row(f"{NAME}, 2 processes", STEPS, processes, "1 process", one),
        _row("arithmetic that waits, 2 processes", "rounds/s", rates(spins, 2), "1 process", rates(spin)),
        _row("arithmetic that fills, 2 processes", "rounds/s", rates(fills, 2), "1 process", rates(fill)),
    ]


def _row(
    name: str,
    unit: str,
    ours: Sequence[float],
    peer: str,
    theirs: Sequence[float],
    target: float | None = None,
) -> Row:
    return Row(
        section="two at a time",
        name=name,
        ours=ours,
        unit=unit,
        peer=peer,
        theirs=theirs,
        target=target,
        note="" if ours else ABSENT,
    )
