"""Two threads against one, beside what two processes that share nothing reach: the machine's own ceiling.

Everything takes turns, in many short rounds, because what else a machine and its host do changes from one
tenth of a second to the next. Each side is a process of its own (or two) that is told when to work, and has
done the same work just before, so that none is at an advantage because it ran last.
"""

from collections.abc import Sequence
from contextlib import ExitStack

import numba

from drivebench.benchmarks.row import Row, rates, taken_in_turns
from drivebench.benchmarks.two_processes import VEHICLES, Processes, decisions, road

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

WORLDS = 64, 1024
"""In a batch. To begin and end a step together costs the same for any number: much of it for few worlds."""
SUBSTEPS_OF_DECISION = 3
STEPS = "simulation steps/s"
ABSENT = "numba may use one thread only on this machine, or was told so"


def measure() -> list[Row]:
    """Measure, where numba may use two threads.

    Returns:
        Two threads against one thread, and against two processes; two processes against one, with the same
        work and with arithmetic of two kinds.
    """
    sides = [
        (kind, count, threads)
        for kind in (*map(road, WORLDS), "spin", "fill")
        for count, threads in ((1, 1), (1, 2), (2, 1))
        if threads == 1 or kind.startswith("road")
    ]
    seconds: dict[tuple[str, int, int], Sequence[float]] = dict.fromkeys(sides, ())
    if numba.get_num_threads() >= 2:
        with ExitStack() as stack:
            at_work = [stack.enter_context(Processes(kind, count, threads)) for kind, count, threads in sides]
            measured = taken_in_turns([each.seconds for each in at_work], ROUNDS)
            seconds = dict(zip(sides, measured, strict=True))
    rows = []
    for worlds in WORLDS:
        kind, name = road(worlds), f"road, {VEHICLES} vehicles, {worlds:,} worlds"
        steps = decisions(worlds) * SUBSTEPS_OF_DECISION * worlds
        one, two = rates(seconds[kind, 1, 1], steps), rates(seconds[kind, 1, 2], steps)
        processes = rates(seconds[kind, 2, 1], 2 * steps)
        rows += [
            _row(f"{name}, 2 threads", STEPS, two, "1 thread", one, TARGET),
            _row(f"{name}, 2 threads", STEPS, two, "2 processes", processes, CEILING_TARGET),
            _row(f"{name}, 2 processes", STEPS, processes, "1 process", one),
        ]
    for kind, name in (("spin", "arithmetic that waits"), ("fill", "arithmetic that fills")):
        one, both = rates(seconds[kind, 1, 1]), rates(seconds[kind, 2, 1], 2)
        rows.append(_row(f"{name}, 2 processes", "rounds/s", both, "1 process", one))
    return rows


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
