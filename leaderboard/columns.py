"""Which columns a table has, and what stands in the cells of a policy."""

from collections.abc import Sequence

import numpy as np

from drivebench.errors import ConfigurationError
from leaderboard.board import ALL, KINDS, Part
from leaderboard.rows import By, Cell, Column
from leaderboard.scores import RunScore
from leaderboard.statistics import IQM, WORST_DECILE, Estimate, mean_of_band, mean_over_families, proportion

__all__ = ["EXPERT", "RANDOM", "cell_of", "columns_of"]

EXPERT, RANDOM = "expert", "random"
"""Names of the references that an expert-normalised score is held against."""

BLOCK = 6
"""So many columns with intervals fit side by side."""

_HEADLINE = Column(key="dbs", head="DBS", measure="dbs")
_PARTS = (
    Column(key="success", head="success", unit="%", measure="success"),
    Column(key="worst_family", head="worst family"),
    Column(key="at_fault_per_100_km", head="at-fault collisions", unit="/100 km", block="infractions"),
    Column(key="off_road", head="off road", unit="%", block="infractions", measure="off_road"),
    Column(key="latency_ms", head="latency", unit="ms", block="infractions"),
    Column(key="c_nuplan", head="C (nuPlan)", unit="%", block="infractions", measure="c_nuplan"),
    Column(key="ep", head="EP", unit="%", block="parts", measure="ep"),
    Column(key="ttc", head="TTC", unit="%", block="parts", measure="ttc"),
    Column(key="sl", head="SL", unit="%", block="parts", measure="sl"),
    Column(key="c", head="C", unit="%", block="parts", measure="c"),
)
_AGGREGATES = (
    Column(key="iqm", head="IQM"),
    Column(key="worst_decile", head="worst decile"),
    Column(key="success_pooled", head="successes, all episodes", unit="%"),
)
_BEST = Column(key="p_best", head="P(best)", digits=3)
_NORMALISED = Column(key="normalised", head="expert-normalised")
_BANDS = {"iqm": IQM, "worst_decile": WORST_DECILE}


def columns_of(scores: Sequence[RunScore], by: By | None, *, counted: str) -> tuple[Column, ...]:
    """The columns of a table.

    Args:
        scores: Of the table's runs, which stand on one board.
        by: What it is broken down by.
        counted: Head of the column that counts what an interval is over: ``n`` or ``k``.

    Raises:
        ConfigurationError: Drops are asked of a suite without pairs.
    """
    board = scores[0].board
    headline = (_HEADLINE, Column(key=counted, head=counted))
    if by == "drop":
        if not scores[0].drops:
            raise ConfigurationError(
                f"the suite {scores[0].run.manifest.suite.name!r} holds no seed twice, so there are no "
                "drops; expected one with pairs, such as 'generalisation'"
            )
        heads = {k: k if drop is None else f"{k} (n = {drop.n})" for k, drop in scores[0].drops.items()}
        return (*headline, *_side_by_side("lost under", "drop", heads, unit="%"))
    if by == "aggregate":
        normalised = _references(scores[0]) is not None
        best = (_BEST,) if counted == "n" else ()
        return (*headline, *_AGGREGATES, *best, *((_NORMALISED,) if normalised else ()))
    kind = by or "ability"
    parts = [Part(kind, name) for name in board.names(kind)]
    heads = {part.name: f"{part.name} (n = {len(board.parts[part])})" for part in parts}
    return (*headline, *(_PARTS if by is None else ()), *_side_by_side(f"by {kind}", kind, heads))


def _side_by_side(title: str, kind: str, heads: dict[str, str], unit: str = "") -> list[Column]:
    """A column for each part, in blocks that fit on a page."""
    blocks = -(-len(heads) // BLOCK)
    width = -(-len(heads) // max(blocks, 1))
    return [
        Column(
            key=f"{kind}:{name}",
            head=head,
            unit=unit,
            block=title if blocks == 1 else f"{title}, {k // width + 1} of {blocks}",
            measure="dbs" if kind in KINDS else "",
            part=Part(kind, name) if kind in KINDS else ALL,
        )
        for k, (name, head) in enumerate(heads.items())
    ]


def cell_of(score: RunScore, column: Column) -> Cell:
    """What stands in a column for a policy.

    Args:
        score: Of its run.
        column: Of :func:`columns_of`.
    """
    kind, _, name = column.key.partition(":")
    match kind:
        case "n":
            return len(score.board.parts[column.part])
        case "worst_family":
            return f"{score.worst_family[0]} {score.worst_family[1]:.1f}"
        case "at_fault_per_100_km":
            return score.board.at_fault(score.place, column.part)
        case "latency_ms":
            return None if score.run.latency_s is None else 1000.0 * score.run.latency_s
        case "drop":
            return score.drops[name]
        case "iqm" | "worst_decile":
            return _band(score, kind)
        case "success_pooled":
            return proportion(
                int(np.count_nonzero(score.board.values("success")[:, score.place])), len(score.keys)
            )
        case "normalised":
            return _normalised(score)
    return score.board.scored(column.measure, column.part).estimates[score.place]


def _band(score: RunScore, name: str) -> Estimate:
    values = {family: each[:, score.place] for family, each in score.board.family_scores.items()}
    found = mean_of_band(
        values, {name: _BANDS[name]}, lowest=0.0, highest=100.0, rng=score.board.rng(purpose="band")
    )
    return found[name]


def _references(score: RunScore) -> tuple[int, int] | None:
    """Places of the expert and of the random policy, if both are on the board and told apart everywhere."""
    names = [run.name for run in score.board.runs]
    if EXPERT not in names or RANDOM not in names:
        return None
    expert, nothing = names.index(EXPERT), names.index(RANDOM)
    means = score.board.family_means
    apart = bool((means[:, expert] > means[:, nothing]).all())
    return (expert, nothing) if apart else None


def _normalised(score: RunScore) -> Estimate:
    """0 as the random policy, 100 as the expert, in every family; what these scored is taken as given."""
    references = _references(score)
    assert references is not None
    expert, nothing = references
    values, lowest, highest = {}, {}, {}
    for family, each in score.board.family_scores.items():
        floor = float(each[:, nothing].mean())
        span = (float(each[:, expert].mean()) - floor) / 100.0
        values[family] = (each[:, [score.place]] - floor) / span
        lowest[family], highest[family] = (0.0 - floor) / span, (100.0 - floor) / span
    (found,) = mean_over_families(
        values, lowest=lowest, highest=highest, rng=score.board.rng(purpose="normalised")
    )
    return found
