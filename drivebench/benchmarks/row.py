"""What a benchmark reports, and how two sides are timed against each other."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Row", "seconds_per_call", "side_by_side"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measured figure.

    Attributes:
        name: What was measured.
        value: Our rate.
        unit: Of both rates.
        peer: What it was held against in the same run.
        peer_value: Its rate.
        target: The ratio to reach; None when there is none.
    """

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float
    target: float | None = None

    @property
    def ratio(self) -> float:
        """Our rate over the peer's."""
        return self.value / self.peer_value


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


def side_by_side(measures: Sequence[Callable[[], float]], rounds: int) -> list[float]:
    """Take each measure once a round, in turn, and return the median of each.

    Args:
        measures: Functions that return seconds.
        rounds: How many rounds; taking turns spreads what else the machine does over all of them.
    """
    taken: list[list[float]] = [[] for _ in measures]
    for _ in range(rounds):
        for values, measure in zip(taken, measures, strict=True):
            values.append(measure())
    return [statistics.median(values) for values in taken]
