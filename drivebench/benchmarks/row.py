"""What a benchmark reports, and how sides are timed against each other."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

import numpy as np

__all__ = ["Row", "Verdict", "rates", "seconds_per_call", "taken_in_turns", "watch"]

T = TypeVar("T")


class Verdict(Enum):
    """Whether a ratio was reached, in view of how much it differs from round to round."""

    REACHED = "✓"
    OPEN = "≈"
    MISSED = "✗"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measured figure.

    Attributes:
        section: What is measured, and under which conditions; rows of one section stand together.
        name: Of what.
        ours: Our figure in each round: a rate, so that more is better, unless ``share``. Empty if it could
            not be measured, and ``note`` says why.
        unit: Of both figures.
        peer: What it was held against in the same run.
        theirs: Its figure in each round; a single one for all rounds if it is given and not measured. Empty
            if it could not be measured, and ``note`` says why.
        target: The ratio to reach; None when there is none.
        share: Whether ours is a part of theirs, for which less is better.
        note: What a reader must know about the comparison.
        facts: More of what was measured, for ``--json``: vehicles on both sides, steps, and so on.
        curve: Points (quantity, seconds) of a scaling, for the plot.
    """

    section: str = ""
    name: str
    ours: Sequence[float]
    unit: str
    peer: str
    theirs: Sequence[float]
    target: float | None = None
    share: bool = False
    note: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    curve: Sequence[tuple[float, float]] = ()

    @property
    def value(self) -> float | None:
        """Our figure: the median of the rounds."""
        return statistics.median(self.ours) if self.ours else None

    @property
    def peer_value(self) -> float | None:
        """The peer's figure: the median of the rounds."""
        return statistics.median(self.theirs) if self.theirs else None

    @property
    def ratios(self) -> list[float]:
        """Ours over theirs, round by round: what slows a machine down for a while slows both sides."""
        if not self.ours or not self.theirs:
            return []
        theirs = [*self.theirs] * len(self.ours) if len(self.theirs) == 1 else self.theirs
        return [a / b for a, b in zip(self.ours, theirs, strict=True)]

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' ratios."""
        return statistics.median(self.ratios) if self.ratios else None

    @property
    def quartiles(self) -> tuple[float, float] | None:
        """Between which the middle half of the rounds' ratios lies; None unless there are several."""
        if len(self.ratios) < 2:
            return None
        low, high = np.quantile(self.ratios, [0.25, 0.75]).tolist()
        return low, high

    @property
    def verdict(self) -> Verdict | None:
        """Reached when the lower quartile is; None without target or without ratio."""
        if self.target is None or self.ratio is None:
            return None
        low, high = self.quartiles or (self.ratio, self.ratio)
        if low >= self.target:
            return Verdict.REACHED
        return Verdict.OPEN if high >= self.target else Verdict.MISSED


def rates(seconds: Sequence[float], count: float = 1.0) -> list[float]:
    """How many a second, where ``count`` took so long, round by round."""
    return [count / each for each in seconds]


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


def taken_in_turns(measures: Sequence[Callable[[], T]], rounds: int) -> list[list[T]]:
    """Take each measure once a round, in turn.

    Args:
        measures: Functions that return what they measured, such as seconds.
        rounds: How many rounds; taking turns spreads what else the machine does over all of them.

    Returns:
        For each measure, what it gave in each round.
    """
    taken: list[list[T]] = [[] for _ in measures]
    for _ in range(rounds):
        for values, measure in zip(taken, measures, strict=True):
            values.append(measure())
    return taken


def watch(owner: Any, name: str) -> list[float]:
    """From now on, note the processor time of each call of a method.

    Args:
        owner: Object whose method it is.
        name: Of the method.

    Returns:
        Seconds of the calls; it grows with each, and may be emptied.
    """
    method, spent = getattr(owner, name), []

    def watched(*arguments: Any) -> Any:
        begin = time.thread_time()
        try:
            return method(*arguments)
        finally:
            spent.append(time.thread_time() - begin)

    setattr(owner, name, watched)
    return spent
