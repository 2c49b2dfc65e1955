"""Runs that differ in nothing but the seed of their training, taken together: the rows of a method claim."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from drivebench.errors import ConfigurationError
from leaderboard.board import Board
from leaderboard.columns import cell_of
from leaderboard.notes import FAULTS_MARK, FEW_SEEDS, LEAKS_MARK
from leaderboard.outcomes import LOWER_IS_BETTER, Outcomes
from leaderboard.rows import Cell, Column, Row
from leaderboard.scores import RunScore
from leaderboard.statistics import Estimate, Seeds, mean_over_seeds, seed_ranks, tied_methods

__all__ = ["Method", "method_rows", "methods_of", "seed_notes"]


@dataclass(frozen=True, kw_only=True)
class Method:
    """Training runs of one method.

    Attributes:
        label: Its name; with what tells it from a namesake of other settings.
        scores: One for each training seed, by seed; a single one where nothing was trained.
        trained: Whether training has made them.
    """

    label: str
    scores: tuple[RunScore, ...]
    trained: bool

    @property
    def track(self) -> str:
        """What it senses."""
        return self.scores[0].run.track

    def seeds(self, column: Column) -> Seeds:
        """The means of a column, one for each training seed."""
        means = self.scores[0].board.means(column.measure, column.part)
        return Seeds(values=tuple(float(means[s.place]) for s in self.scores), trained=self.trained)


def methods_of(board: Board) -> list[Method]:
    """Take runs together, by name and settings of the training.

    Args:
        board: The runs.

    Raises:
        ConfigurationError: Two runs of a method have the same training seed, or one is a part of a suite.
    """
    found: dict[str, list[int]] = {}
    for place, run in enumerate(board.runs):
        if run.manifest.selection.partial:
            raise ConfigurationError(
                f"{run.path} drove a part of the suite alone; a claim about a method needs all of it. Leave "
                "it out, or ask for --claim checkpoint."
            )
        found.setdefault(repr((run.name, run.track, run.training_settings)), []).append(place)
    names = [board.runs[places[0]].name for places in found.values()]
    methods = []
    for places, name in zip(found.values(), names, strict=True):
        runs = sorted((board.runs[place] for place in places), key=lambda run: run.training_seed or 0)
        _check(runs)
        suffix = f" ({runs[0].manifest.policy.digest[:6]})" if names.count(name) > 1 else ""
        scores = (RunScore(board=board, place=board.runs.index(run)) for run in runs)
        trained = runs[0].manifest.policy.training is not None
        methods.append(Method(label=name + suffix, scores=tuple(scores), trained=trained))
    return methods


def _check(runs: Sequence[Outcomes]) -> None:
    """Runs of one method must differ in their training seed."""
    for one, other in pairwise(runs):
        if one.training_seed is None or one.training_seed == other.training_seed:
            seed = (
                "no training seed" if one.training_seed is None else f"the training seed {one.training_seed}"
            )
            raise ConfigurationError(
                f"{one.path} and {other.path} are runs of {one.name!r} with the same settings and {seed}: "
                "their mean would say nothing about another training. Leave one of them out, or ask for "
                "--claim checkpoint."
            )


def method_rows(methods: Sequence[Method], columns: Sequence[Column], *, ranked: bool) -> list[Row]:
    """The rows of a section, the best first.

    Args:
        methods: Of one track.
        columns: Of the table.
        ranked: Whether they are ranked with each other.
    """
    dbs = columns[0]
    methods = sorted(methods, key=lambda method: (-method.seeds(dbs).mean, method.label))
    ranks: Sequence[tuple[int, int] | None] = [None] * len(methods)
    best: dict[str, list[bool]] = {}
    tied: dict[str, list[bool]] = {}
    if ranked:
        ranks = seed_ranks([method.seeds(dbs) for method in methods])
        for column in columns if len(methods) > 1 else ():
            if column.measure:
                best[column.key], tied[column.key] = tied_methods(
                    [method.seeds(column) for method in methods],
                    highest=column.measure not in LOWER_IS_BETTER,
                )
    return [
        Row(
            label=method.label,
            track=method.track,
            marks=FAULTS_MARK * any(bool(score.faults) for score in method.scores)
            + LEAKS_MARK * bool(method.scores[0].leaks),
            rank=rank,
            group=None,
            cells={column.key: _cell(method, column) for column in columns},
            best=frozenset(key for key, those in best.items() if those[place]),
            tied=frozenset(key for key, those in tied.items() if those[place]),
            failed=sum(sum(score.faults.values()) for score in method.scores),
            runs=tuple(score.run for score in method.scores),
        )
        for place, (method, rank) in enumerate(zip(methods, ranks, strict=True))
    ]


def _cell(method: Method, column: Column) -> Cell:
    if column.key == "k":
        return len(method.scores) if method.trained else None
    if column.measure:
        return _estimate(method, method.seeds(column).values, bounded=True)
    if column.key == "worst_family":
        board = method.scores[0].board
        means = board.family_means[:, [score.place for score in method.scores]].mean(axis=1)
        return f"{tuple(board.family_scores)[int(means.argmin())]} {means.min():.1f}"
    cells = [cell_of(score, column) for score in method.scores]
    values = [each.value if isinstance(each, Estimate) else each for each in cells]
    numbers = [float(each) for each in values if isinstance(each, int | float)]
    if len(numbers) < len(cells):
        return None
    if isinstance(cells[0], Estimate):
        return _estimate(method, numbers, bounded=False)
    return float(np.mean(numbers))


def _estimate(method: Method, values: Sequence[float], *, bounded: bool) -> Cell:
    """A trained method has an interval, or none for want of seeds; what nobody trained is a number alone.

    The interval ends where a measure does: at 0 and at 100.
    """
    if not method.trained:
        return values[0]
    found = mean_over_seeds(values)
    if not bounded or found.low is None or found.high is None:
        return found
    return replace(found, low=max(found.low, 0.0), high=min(found.high, 100.0))


def seed_notes(methods: Sequence[Method], column: Column) -> Iterator[str]:
    """What each training seed has given.

    Args:
        methods: All of the table.
        column: The headline.
    """
    for method in methods:
        if method.trained:
            values = ", ".join(f"{value:.1f}" for value in method.seeds(column).values)
            few = f"; fewer than {FEW_SEEDS}: little can be said" if len(method.scores) < FEW_SEEDS else ""
            yield f"{method.label}: DBS of each training seed {values}{few}."
