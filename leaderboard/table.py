"""From runs to a table: of policies, a checkpoint claim, or of methods, over training seeds; not both.

Policies of a track are ranked by their score; the rank is an interval too. Privileged references are listed
apart and never ranked, and so are numbers from papers.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from leaderboard.board import ALL, Board, Part
from leaderboard.columns import cell_of, columns_of
from leaderboard.comparable import check_comparable, episodes_of
from leaderboard.literature import LiteratureRow, literature_section
from leaderboard.methods import method_rows, methods_of, seed_notes
from leaderboard.notes import (
    FAULTS_MARK,
    LEAKS_MARK,
    facts_of,
    how_to_read,
    literature_note,
    notes_on,
    title_of,
)
from leaderboard.outcomes import Outcomes
from leaderboard.rows import By, Claim, Column, Row, Section, Table
from leaderboard.scores import RunScore
from leaderboard.statistics import MOST, Estimate, Ranking, ranking

__all__ = ["PRIVILEGED", "board_of", "make_table", "sections_of", "table_of"]

PRIVILEGED = "privileged"
REFERENCES = "references (privileged: they see the whole world; not ranked)"


def make_table(
    runs: Sequence[Outcomes],
    by: By | None = None,
    *,
    claim: Claim = "checkpoint",
    literature: Sequence[LiteratureRow] = (),
) -> Table:
    """Score runs and arrange them.

    Args:
        runs: At least one, of the same suite and metric.
        by: Break the score down by family, ability or condition, say what is lost under each shift, or give
            other aggregates than the mean; None gives the parts of the score.
        claim: Whether a row is a policy or a method.
        literature: Rows from papers.

    Raises:
        ConfigurationError: Runs or rows may not share a table, or drops are asked of a suite without pairs.
    """
    return table_of(board_of(runs), by, claim=claim, literature=literature)


def table_of(
    board: Board, by: By | None = None, *, claim: Claim, literature: Sequence[LiteratureRow] = ()
) -> Table:
    """The same of runs that stand side by side already: what was computed on a board is not computed again.

    Args:
        board: Of :func:`board_of`.
        by: As for :func:`make_table`.
        claim: The same.
        literature: The same.

    Raises:
        ConfigurationError: Rows may not share a table, or drops are asked of a suite without pairs.
    """
    scores = [RunScore(board=board, place=place) for place in range(len(board.runs))]
    columns = columns_of(scores, by, counted="k" if claim == "method" else "n")
    sections = sections_of(board, columns, claim)
    labels = _labels(scores)
    claimed = []
    if claim == "method":
        methods = methods_of(board)
        labels = {score.place: method.label for method in methods for score in method.scores}
        claimed = list(seed_notes(sorted(methods, key=lambda method: method.label), columns[0]))
    if literature:
        suite = board.runs[0].manifest.suite.digest
        sections.append(literature_section(literature, columns, claim, suite))
        claimed.append(literature_note([row.cite for row in literature]))
    ordered = sorted(scores, key=lambda score: _by_score(board, score.place))
    return Table(
        title=title_of([run.manifest for run in board.runs], len(board.keys)),
        claim=claim,
        facts=facts_of(board.runs, claim),
        columns=columns,
        sections=tuple(sections),
        notes=(
            *how_to_read(claim, by, [column.key for column in columns]),
            *claimed,
            *notes_on([(labels[score.place], score) for score in ordered]),
        ),
    )


def board_of(runs: Sequence[Outcomes]) -> Board:
    """Put the runs of a table side by side, those of a track as peers.

    Args:
        runs: At least one, of the same suite and metric.

    Raises:
        ConfigurationError: They may not share a table.
    """
    check_comparable(runs)
    runs = sorted(runs, key=lambda run: (run.name, run.manifest.policy.digest, run.results))
    peers = [np.array(places) for track, places in _by_track(runs).items() if track != PRIVILEGED]
    return Board(runs, episodes_of(runs), peers=peers)


def sections_of(board: Board, columns: Sequence[Column], claim: Claim) -> list[Section]:
    """The rows of all tracks, the best track first, and references last.

    Args:
        board: Of :func:`board_of`.
        columns: Of the table; the first is the score on some part of the episodes, and rows are ordered and
            ranked by it.
        claim: Whether a row is a policy or a method.

    Raises:
        ConfigurationError: Runs do not allow a claim about methods.
    """
    scores = [RunScore(board=board, place=place) for place in range(len(board.runs))]
    methods = methods_of(board) if claim == "method" else []
    labels = _labels(scores)
    sections = []
    for track, places in _by_track(board.runs).items():
        ranked = track != PRIVILEGED
        if claim == "method":
            rows = method_rows([m for m in methods if m.track == track], columns, ranked=ranked)
        else:
            rows = _policy_rows(board, [scores[k] for k in places], columns, labels, ranked=ranked)
        title = f"{track} track" if ranked else REFERENCES
        sections.append(Section(title=title, ranked=ranked, rows=tuple(rows)))
    return sorted(sections, key=lambda section: (not section.ranked, -_top(section)))


def _by_track(runs: Sequence[Outcomes]) -> dict[str, list[int]]:
    """Places of the runs of each track."""
    tracks = dict.fromkeys(run.track for run in runs)
    return {track: [k for k, run in enumerate(runs) if run.track == track] for track in tracks}


def _top(section: Section) -> float:
    """The headline of a section's first row."""
    cell = section.rows[0].cells["dbs"]
    return cell.value if isinstance(cell, Estimate) else float(cell or 0.0)


def _by_score(board: Board, place: int, part: Part = ALL) -> tuple[float, str, str]:
    run = board.runs[place]
    return (-board.scored("dbs", part).estimates[place].value, run.name, run.results)


def _labels(scores: Iterable[RunScore]) -> dict[int, str]:
    """The policy's name, and what tells it from its namesakes: the training seed, or the digest."""
    runs = {score.place: score.run for score in scores}
    names = Counter(run.name for run in runs.values())
    trainings = Counter((run.name, run.training_seed) for run in runs.values())
    labels = {}
    for place, run in runs.items():
        label, seed = run.name, run.training_seed
        if names[label] > 1:
            digest = run.manifest.policy.digest[:6]
            known = seed is not None
            unique = known and trainings[label, seed] == 1
            label += f" (seed {seed}{'' if unique else f', {digest}'})" if known else f" ({digest})"
        labels[place] = label
    return labels


def _policy_rows(
    board: Board,
    scores: Sequence[RunScore],
    columns: Sequence[Column],
    labels: dict[int, str],
    *,
    ranked: bool,
) -> list[Row]:
    """The rows of a track, the best first."""
    part = columns[0].part
    scores = sorted(scores, key=lambda score: _by_score(board, score.place, part))
    probabilities = any(column.key == "p_best" for column in columns)
    order = _ranking(board, [score.place for score in scores], part, probabilities) if ranked else None
    scored = {column.key: board.scored(column.measure, column.part) for column in columns if column.measure}
    rows = []
    for k, score in enumerate(scores):
        place = score.place
        cells = {
            column.key: (order.best[k] if order and order.best else None)
            if column.key == "p_best"
            else cell_of(score, column)
            for column in columns
        }
        rows.append(
            Row(
                label=labels[place],
                track=score.run.track,
                marks=FAULTS_MARK * bool(score.faults) + LEAKS_MARK * bool(score.leaks),
                rank=order.ranks[k] if order else None,
                group=order.groups[k] if order else None,
                cells=cells,
                best=frozenset(key for key, each in scored.items() if each.best[place]),
                tied=frozenset(key for key, each in scored.items() if each.tied[place]),
                failed=sum(score.faults.values()),
                runs=(score.run,),
            )
        )
    return rows


def _ranking(board: Board, places: Sequence[int], part: Part, probabilities: bool) -> Ranking:
    """Of policies on a part of the episodes; every place is possible where nothing can be resampled."""
    draws = board.draws(["dbs"], part)
    if draws is None:
        nobody_knows = ((1, len(places)),) * len(places)
        return Ranking(ranks=nobody_knows, best=None, groups=(1,) * len(places))
    used = draws.of(np.array(places), None if probabilities else MOST)
    return ranking(used, probabilities=probabilities)
