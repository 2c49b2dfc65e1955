"""A leaderboard table, before it has a format: columns, rows in sections, notes.

Policies of a track are ranked by their score; the rank is an interval too, because two policies whose
intervals overlap are not told apart by it. Privileged references are listed apart and never ranked.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from drivebench.errors import ConfigurationError
from drivebench.evaluation.record import Run
from leaderboard.comparable import check_comparable, episodes_of
from leaderboard.notes import FAULTS_MARK, LEAKS_MARK, notes_on, title_of
from leaderboard.scores import Group, RunScore, score_run
from leaderboard.statistics import Estimate

__all__ = ["By", "Cell", "Column", "Row", "Section", "Table", "make_table"]

By = Literal["family", "ability", "condition", "drop"]
Cell = Estimate | str | int | float | None

PRIVILEGED = "privileged"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        key: Its name in CSV and JSON.
        head: Its name for people.
        unit: Unit of the values, such as ``%``; empty where there is none.
        digits: Digits after the point.
        block: Columns of a block stand together; a table that is too wide for a page is one block below the
            other.
    """

    key: str
    head: str
    unit: str = ""
    digits: int = 1
    block: str = "score"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One policy.

    Attributes:
        score: What was derived from its run.
        label: Its name, with the training seed where that is needed to tell rows apart.
        marks: ``FAULTS_MARK`` and ``LEAKS_MARK``, where they apply.
        rank: Best and worst place that its interval allows; None for a reference.
        cells: By column key.
    """

    score: RunScore
    label: str
    marks: str
    rank: tuple[int, int] | None
    cells: dict[str, Cell]


@dataclass(frozen=True, kw_only=True)
class Section:
    """Rows that may be compared with each other: one track, or the references."""

    title: str
    ranked: bool
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Everything that a format prints."""

    title: str
    columns: tuple[Column, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """Of all sections."""
        return tuple(row for section in self.sections for row in section.rows)

    @property
    def blocks(self) -> dict[str, tuple[Column, ...]]:
        """Columns by block, in their order."""
        names = dict.fromkeys(column.block for column in self.columns)
        return {name: tuple(c for c in self.columns if c.block == name) for name in names}


def make_table(runs: Sequence[Run], by: By | None = None) -> Table:
    """Score runs and arrange them.

    Args:
        runs: At least one, of the same suite and metric.
        by: Break the score down by family, ability or condition, or say what is lost under each shift; None
            gives the parts of the score.

    Raises:
        ConfigurationError: The runs may not share a table, or drops are asked of a suite without pairs.
    """
    check_comparable(runs)
    keys = episodes_of(runs)
    scores = sorted((score_run(run, keys) for run in runs), key=_by_score)
    if by == "drop" and not scores[0].drops:
        raise ConfigurationError(
            f"the suite {scores[0].run.manifest.suite.name!r} holds no seed twice, so there are no drops; "
            "expected one with pairs, such as 'generalisation'"
        )
    columns = _columns(scores, by)
    labels = _labels(scores)
    sections = []
    for track in dict.fromkeys(score.run.manifest.policy.track for score in scores):
        members = [score for score in scores if score.run.manifest.policy.track == track]
        ranked = track != PRIVILEGED
        ranks = _ranks(members) if ranked else [None] * len(members)
        rows = tuple(
            Row(
                score=score,
                label=labels[id(score)],
                marks=FAULTS_MARK * bool(score.faults) + LEAKS_MARK * bool(score.leaks),
                rank=rank,
                cells={column.key: _cell(score, column.key, by) for column in columns},
            )
            for score, rank in zip(members, ranks, strict=True)
        )
        title = (
            f"{track} track" if ranked else "references (privileged: they see the whole world; not ranked)"
        )
        sections.append(Section(title=title, ranked=ranked, rows=rows))
    sections.sort(key=lambda section: not section.ranked)
    return Table(
        title=title_of(runs, len(keys)),
        columns=columns,
        sections=tuple(sections),
        notes=tuple(notes_on([(labels[id(score)], score) for score in scores], parts=by is None)),
    )


def _by_score(score: RunScore) -> tuple[float, str, str]:
    return (-score.overall.dbs.value, score.name, score.run.results)


def _labels(scores: Sequence[RunScore]) -> dict[int, str]:
    """The policy's name, and what tells it from its namesakes: the training seed, or the digest."""
    names = Counter(score.name for score in scores)
    trainings = Counter((score.name, score.training_seed) for score in scores)
    labels = {}
    for score in scores:
        label, seed = score.name, score.training_seed
        if names[label] > 1:
            digest = score.run.manifest.policy.digest[:6]
            known = seed is not None
            unique = known and trainings[label, seed] == 1
            label += f" (seed {seed}{'' if unique else f', {digest}'})" if known else f" ({digest})"
        labels[id(score)] = label
    return labels


def _ranks(members: Sequence[RunScore]) -> list[tuple[int, int] | None]:
    """Best and worst place of each: a policy is above another when its low end is above the other's high end.

    Without an interval nothing is known, so every place is possible.
    """
    lows = [0.0 if m.overall.dbs.low is None else m.overall.dbs.low for m in members]
    highs = [100.0 if m.overall.dbs.high is None else m.overall.dbs.high for m in members]
    return [
        (1 + sum(low > high for low in lows), len(members) - sum(other < own for other in highs))
        for own, high in zip(lows, highs, strict=True)
    ]


# ---------------------------------------------------------------------------------------------- columns
_HEADLINE = (Column(key="dbs", head="DBS"), Column(key="n", head="n"))
_PARTS = (
    Column(key="success", head="success", unit="%"),
    Column(key="worst_family", head="worst family"),
    Column(key="at_fault_per_100_km", head="at-fault collisions", unit="/100 km", block="infractions"),
    Column(key="off_road", head="off road", unit="%", block="infractions"),
    Column(key="latency_ms", head="latency", unit="ms", block="infractions"),
    Column(key="c_nuplan", head="C (nuPlan)", unit="%", block="infractions"),
    Column(key="ep", head="EP", unit="%", block="parts"),
    Column(key="ttc", head="TTC", unit="%", block="parts"),
    Column(key="sl", head="SL", unit="%", block="parts"),
    Column(key="c", head="C", unit="%", block="parts"),
)

_BROKEN_DOWN: dict[By, Callable[[RunScore], Mapping[str, Estimate | None]]] = {
    "family": lambda score: _scores(score.families),
    "ability": lambda score: _scores(score.abilities),
    "condition": lambda score: _scores(score.conditions),
    "drop": lambda score: score.drops,
}


def _scores(groups: Mapping[str, Group]) -> dict[str, Estimate | None]:
    return {name: group.dbs for name, group in groups.items()}


def _columns(scores: Sequence[RunScore], by: By | None) -> tuple[Column, ...]:
    parts = _PARTS if by is None else ()
    kind: By = by or "ability"
    estimates = _BROKEN_DOWN[kind](scores[0])
    block, unit = ("lost under", "%") if kind == "drop" else (f"by {kind}", "")
    return (
        *_HEADLINE,
        *parts,
        *(
            Column(
                key=f"{kind}:{name}",
                head=f"{name} (n = {estimate.n})" if estimate else name,
                unit=unit,
                block=block,
            )
            for name, estimate in estimates.items()
        ),
    )


def _cell(score: RunScore, key: str, by: By | None) -> Cell:
    if key == "n":
        return len(score.keys)
    if key == "at_fault_per_100_km":
        return score.overall.at_fault
    if key == "worst_family":
        worst = score.worst_family
        return f"{worst} {score.families[worst].dbs.value:.1f}"
    if key == "latency_ms":
        latency = score.latency_s
        return None if latency is None else 1000.0 * latency
    kind, colon, name = key.partition(":")
    if colon:
        return _BROKEN_DOWN[by or "ability"](score)[name]
    return score.overall.measures[kind]
