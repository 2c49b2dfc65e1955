"""What a benchmark reports, and how sides are timed against each other."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Row", "seconds_per_call", "side_by_side", "taken_in_turns"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measured figure.

    Attributes:
        section: What is measured, and under which conditions; rows of one section stand together.
        name: Of what.
        value: Our figure: a rate, so that more is better, unless the section says otherwise.
        unit: Of both figures.
        peer: What it was held against in the same run.
        peer_value: Its figure; None when it could not be measured, and ``note`` says why.
        target: The ratio to reach; None when there is none.
        note: What a reader must know about the comparison.
        facts: More of what was measured, for ``--json``: vehicles on both sides, steps, and so on.
        curve: Points (quantity, seconds) of a scaling, for the plot.
    """

    section: str = ""
    name: str
    value: float
    unit: str
    peer: str
    peer_value: float | None
    target: float | None = None
    note: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    curve: Sequence[tuple[float, float]] = ()

    @property
    def ratio(self) -> float | None:
        """Our figure over the peer's."""
        return None if self.peer_value is None else self.value / self.peer_value

    @property
    def reached(self) -> bool | None:
        """Whether the ratio is at least the target; None without target or without ratio."""
        return None if self.target is None or self.ratio is None else self.ratio >= self.target


def seconds_per_call(
    function: Callable[[], object], calls: int, clock: Callable[[], float] = time.thread_time
) -> float:
    """Mean time of a call.

    Args:
        function: What to call.
        calls: How often.
        clock: ``time.thread_time`` counts this thread's processor time, which a busy machine does not inflate
            much; ``time.perf_counter`` is for work on several threads.
    """
    begin = clock()
    for _ in range(calls):
        function()
    return (clock() - begin) / calls


def taken_in_turns(measures: Sequence[Callable[[], float]], rounds: int) -> list[list[float]]:
    """Take each measure once a round, in turn.

    Args:
        measures: Functions that return seconds.
        rounds: How many rounds; taking turns spreads what else the machine does over all of them.

    Returns:
        For each measure, what it gave in each round.
    """
    taken: list[list[float]] = [[] for _ in measures]
    for _ in range(rounds):
        for values, measure in zip(taken, measures, strict=True):
            values.append(measure())
    return taken


def side_by_side(measures: Sequence[Callable[[], float]], rounds: int) -> list[float]:
    """Take each measure once a round, in turn, and return the median of each.

    Args:
        measures: Functions that return seconds.
        rounds: How many rounds.
    """
    return [statistics.median(values) for values in taken_in_turns(measures, rounds)]
