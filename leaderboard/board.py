"""Runs on the same episodes, side by side: what each scores on any part of them, computed for all at once.

Every bootstrap draws from a generator that is named by the digest of the episodes and the part of them: the
same records give the same numbers, a policy has the same interval in every table of these episodes, and the
draws of two policies are paired.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from drivebench.abilities import Ability, abilities_tested
from leaderboard.comparable import check_metric
from leaderboard.outcomes import LOWER_IS_BETTER, MEASURES, Outcomes
from leaderboard.statistics import (
    MOST,
    Draws,
    Estimate,
    Weights,
    draw_weights,
    draws_of_means,
    event_rate,
    generator,
    tied_with_best,
)

__all__ = ["ALL", "KINDS", "Board", "Cells", "Part", "Scored"]

MISSING = "missing"
"""Status of an episode without record."""
KM_M = 1000.0
FEW = 8
"""Of so many runs, all measures of a part are computed together; of more, each when it is asked for."""
KINDS = ("family", "condition", "ability")


@dataclass(frozen=True)
class Part:
    """Some of the episodes.

    Attributes:
        kind: ``family``, ``condition`` or ``ability``; ``all`` for all.
        name: Which of them.
    """

    kind: str
    name: str = ""


ALL = Part("all")
HEADLINE = ("dbs",)


@dataclass(frozen=True, kw_only=True)
class Cells:
    """What each episode is: one entry for each in every column.

    Attributes:
        scenario: Names with version.
        family: Names without.
        condition: Names.
        seed: ``i8``.
    """

    scenario: NDArray[np.str_]
    family: NDArray[np.str_]
    condition: NDArray[np.str_]
    seed: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One measure on one part, of all runs.

    Attributes:
        estimates: By run.
        best: ``b1[runs]``: has the best mean among its peers.
        tied: ``b1[runs]``: another one, that the paired bootstrap cannot tell apart from the best.
    """

    estimates: tuple[Estimate, ...]
    best: NDArray[np.bool_]
    tied: NDArray[np.bool_]


class Board:
    """Runs, by the episodes that they are compared on.

    Attributes:
        runs: In the order of every column.
        keys: ``scenario/condition/seed`` of all episodes. What a run lacks of them scores worst.
    """

    def __init__(
        self,
        runs: Sequence[Outcomes],
        keys: Sequence[str],
        peers: Sequence[NDArray[np.intp]] = (),
    ) -> None:
        """Put runs side by side.

        Args:
            runs: Which may share a table.
            keys: Of all episodes.
            peers: Places of the runs that may be called the best of each other.

        Raises:
            RecordError: A run was measured by another version of the metric than scores are derived by here.
        """
        check_metric(runs)
        self.runs, self.keys = tuple(runs), tuple(keys)
        self._peers = [each for each in peers if len(each) > 1]
        self._every = np.arange(len(self.keys))
        self._rows = [self._rows_of(run) for run in runs]
        self._scored: dict[tuple[Part, str], Scored] = {}
        self._means: dict[tuple[Part, str], NDArray[np.float64]] = {}

    @cached_property
    def cells(self) -> Cells:
        """What each episode is, in the order of :attr:`keys`."""
        scenarios, conditions, seeds = zip(*(key.split("/") for key in self.keys), strict=True)
        return Cells(
            scenario=np.array(scenarios),
            family=np.array([scenario.rpartition("-v")[0] for scenario in scenarios]),
            condition=np.array(conditions),
            seed=np.array(seeds, dtype=np.int64),
        )

    @cached_property
    def parts(self) -> dict[Part, NDArray[np.intp]]:
        """Places of the episodes of every part; families and conditions in the order of the suite."""
        found = {ALL: np.arange(len(self.keys))}
        for kind, column in (("family", self.cells.family), ("condition", self.cells.condition)):
            for name in dict.fromkeys(column):
                found[Part(kind, str(name))] = np.flatnonzero(column == name)
        abilities = {k: v for run in self.runs for k, v in run.manifest.suite.abilities.items()}
        cells = zip(self.cells.scenario.tolist(), self.cells.condition.tolist(), strict=True)
        tested = [abilities_tested(abilities[scenario], condition) for scenario, condition in cells]
        for ability in Ability:
            places = np.flatnonzero([ability.value in each for each in tested])
            if len(places):
                found[Part("ability", ability.value)] = places
        return found

    def names(self, kind: str) -> tuple[str, ...]:
        """Of the parts of a kind."""
        return tuple(part.name for part in self.parts if part.kind == kind)

    def values(self, measure: str, part: Part = ALL) -> NDArray[np.float64]:
        """A measure on the episodes of a part, ``f8[episodes, runs]``."""
        worst = 100.0 if measure in LOWER_IS_BETTER else 0.0
        columns = [run.column(measure) for run in self.runs]
        return self._gather(columns, worst, self.parts[part])

    def by_family(self, measure: str, part: Part = ALL) -> dict[str, NDArray[np.float64]]:
        """The same by family."""
        values, families = self.values(measure, part), self.cells.family[self.parts[part]]
        return {str(name): values[families == name] for name in dict.fromkeys(families)}

    @cached_property
    def family_scores(self) -> dict[str, NDArray[np.float64]]:
        """The DriveBench Scores on all episodes, by family."""
        return self.by_family("dbs")

    @cached_property
    def family_means(self) -> NDArray[np.float64]:
        """Their means, ``f8[families, runs]``, in the order of :attr:`family_scores`."""
        return np.array([scores.mean(axis=0) for scores in self.family_scores.values()])

    def means(self, measure: str, part: Part = ALL) -> NDArray[np.float64]:
        """Unweighted mean over families of the means over their episodes, ``f8[runs]``."""
        if (part, measure) not in self._means:
            self._means[part, measure] = np.mean(
                [each.mean(axis=0) for each in self.by_family(measure, part).values()], axis=0
            )
        return self._means[part, measure]

    def scored(self, measure: str, part: Part = ALL) -> Scored:
        """A measure on a part, with intervals."""
        if (part, measure) not in self._scored:
            self._score(MEASURES if len(self.runs) <= FEW else (measure,), part)
        return self._scored[part, measure]

    def score_together(self, measures: Sequence[str], part: Part = ALL) -> None:
        """Compute measures on a part from the same draws, so that :meth:`scored` has them already.

        Args:
            measures: Which.
            part: Of the episodes.
        """
        self._score(measures, part)

    def draws(self, measures: Sequence[str], part: Part = ALL) -> Draws | None:
        """The bootstrap of some measures on a part, one measure's runs after the other's.

        Returns:
            None when a family has a single episode there: nothing can be resampled then.
        """
        if part == ALL and tuple(measures) == HEADLINE:
            return self._headline
        return self._draws(measures, part)

    @cached_property
    def _headline(self) -> Draws | None:
        """Which intervals and ranks are both made of."""
        return self._draws(HEADLINE, ALL)

    def _draws(self, measures: Sequence[str], part: Part) -> Draws | None:
        columns = [self.by_family(measure, part) for measure in measures]
        values = {name: np.concatenate([c[name] for c in columns], axis=1) for name in columns[0]}
        if min(map(len, values.values())) < 2:
            return None
        weights = self._weights_of_all if part == ALL else self._weights(part)
        return draws_of_means(values, lowest=0.0, highest=100.0, weights=weights)

    def rng(self, part: Part = ALL, purpose: str = "") -> np.random.Generator:
        """Random numbers for a part, the same in every table of these episodes."""
        return generator(self._digest, part.kind, part.name, purpose)

    def at_fault(self, run: int, part: Part = ALL) -> Estimate | None:
        """At-fault collisions of a run per 100 km of a part; None when nothing was driven."""
        columns = [[self.runs[run].column(name)] for name in ("distance_m", "at_fault")]
        rows = [self._rows[run]]
        distance_m, count = (self._gather(c, 0.0, self.parts[part], rows).sum() for c in columns)
        if not distance_m > 0.0:
            return None
        return event_rate(int(count), float(distance_m) / (100.0 * KM_M), len(self.parts[part]))

    def statuses(self, run: int) -> Counter[str]:
        """How many episodes of a run came to which end."""
        rows, statuses = self._rows[run], self.runs[run].statuses
        if self.runs[run].manifest.episodes == self.keys:
            return Counter(statuses)
        return Counter(MISSING if row < 0 else statuses[row] for row in rows)

    @cached_property
    def _weights_of_all(self) -> Weights:
        """Of the part that most columns are about: 100 MB with 1,300 episodes."""
        return self._weights(ALL)

    def _weights(self, part: Part) -> Weights:
        families = Counter(self.cells.family[self.parts[part]].tolist())
        return draw_weights(families, self.rng(part))

    @cached_property
    def _digest(self) -> str:
        text = "\n".join((self.runs[0].manifest.suite.digest, *self.keys))
        return hashlib.sha256(text.encode()).hexdigest()

    def _rows_of(self, run: Outcomes) -> NDArray[np.intp]:
        """For each key, the row of a run; -1 where it has none."""
        if run.manifest.episodes == self.keys:
            return self._every
        rows = {key: row for row, key in enumerate(run.manifest.episodes)}
        return np.array([rows.get(key, -1) for key in self.keys], dtype=np.intp)

    def _gather(
        self,
        columns: Sequence[NDArray[np.float64]],
        worst: float,
        places: NDArray[np.intp],
        rows: Sequence[NDArray[np.intp]] | None = None,
    ) -> NDArray[np.float64]:
        rows = rows or self._rows
        if all(of_run is self._every for of_run in rows):
            return np.stack(columns, axis=1)[places]
        found = np.full((len(places), len(columns)), worst)
        for k, (column, of_run) in enumerate(zip(columns, rows, strict=True)):
            wanted = of_run[places]
            there = wanted >= 0
            found[there, k] = column[wanted[there]]
        return found

    def _score(self, measures: Sequence[str], part: Part) -> None:
        draws = self.draws(measures, part)
        runs = len(self.runs)
        estimates = draws.estimates() if draws else []
        for k, measure in enumerate(measures):
            own = np.arange(k * runs, (k + 1) * runs)
            best, tied = np.zeros(runs, dtype=np.bool_), np.zeros(runs, dtype=np.bool_)
            if draws is None:
                means, n = self.means(measure, part), len(self.parts[part])
                found = [Estimate(value=float(mean), low=None, high=None, n=n) for mean in means]
            else:
                found = estimates[k * runs : (k + 1) * runs]
                for peers in self._peers:
                    best[peers], tied[peers] = tied_with_best(
                        draws.of(own[peers], MOST), highest=measure not in LOWER_IS_BETTER
                    )
            self._scored[part, measure] = Scored(estimates=tuple(found), best=best, tied=tied)
