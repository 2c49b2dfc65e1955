"""Rows of the leaderboard on every part of the episodes: what a filter shows, computed beforehand.

A family, an ability or a condition is ranked by itself, with the same draws as in every table: the browser
only chooses. Claims about policies and about methods are two standings, and never one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from drivebench.errors import ConfigurationError
from drivebench.progress import track
from leaderboard.board import ALL, KINDS, Board, Part
from leaderboard.outcomes import MEASURES
from leaderboard.rows import Cell, Claim, Column, Row, Section, Table
from leaderboard.statistics import Estimate
from leaderboard.table import sections_of, table_of

__all__ = [
    "CHOSEN",
    "PartView",
    "Standing",
    "Standings",
    "estimate_of",
    "parts_of",
    "ranked_on",
]

CHOSEN = (
    Column(key="dbs", head="DBS", measure="dbs"),
    Column(key="success", head="success", unit="%", measure="success"),
    Column(key="at_fault_per_100_km", head="at-fault collisions", unit="/100 km"),
    Column(key="off_road", head="off road", unit="%", measure="off_road"),
)
"""Columns that follow the choice of a part."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a row is on one part.

    Attributes:
        rank: Best and worst place; None where it is not ranked.
        is_best: Whether it has the best score of its track.
        is_tied: Whether it is not told apart from the best.
        cells: By the key of a column of ``CHOSEN``.
    """

    rank: tuple[int, int] | None
    is_best: bool
    is_tied: bool
    cells: dict[str, Cell]


@dataclass(frozen=True, kw_only=True)
class PartView:
    """A part that can be chosen.

    Attributes:
        part: Which.
        episodes: How many it has.
        standings: In the order of the rows of the whole table.
    """

    part: Part
    episodes: int
    standings: tuple[Standing, ...]


@dataclass(frozen=True, kw_only=True)
class Standings:
    """A leaderboard of one claim.

    Attributes:
        table: On all episodes: rows, caption and notes.
        parts: The first is all of them.
    """

    table: Table
    parts: tuple[PartView, ...]

    def of_kind(self, kind: str) -> tuple[PartView, ...]:
        """Those of the parts that are families, abilities or conditions."""
        return tuple(view for view in self.parts if view.part.kind == kind)


def ranked_on(board: Board) -> tuple[Standings, Standings | None]:
    """Rank policies, and methods where the runs allow that claim, on every part.

    Args:
        board: Of all runs.

    Returns:
        Those of policies; those of methods, or None.
    """
    parts = parts_of(board)
    with track("rank", 3 * len(parts), "parts") as advance:
        for part in parts:  # what both need, several measures from the same draws
            board.score_together(MEASURES if part is ALL else [c.measure for c in CHOSEN if c.measure], part)
            advance(1)
        policies = _standings(board, "checkpoint", advance)
        try:
            return policies, _standings(board, "method", advance)
        except ConfigurationError:
            return policies, None


def parts_of(board: Board) -> list[Part]:
    """All, then families, abilities and conditions."""
    return [ALL, *(Part(kind, name) for kind in KINDS for name in board.names(kind))]


def estimate_of(cell: Cell) -> Estimate | None:
    """A cell as an estimate: what nobody trained is a number without an interval among methods."""
    if isinstance(cell, int | float):
        return Estimate(value=float(cell), low=None, high=None, n=0)
    return cell if isinstance(cell, Estimate) else None


def _standings(board: Board, claim: Claim, advance: Callable[[int], None]) -> Standings:
    """The rows of one claim, and what they are on every part."""
    table = table_of(board, claim=claim)
    rows = [_identity(row) for row in table.rows]
    views = []
    for part in parts_of(board):
        columns = [Column(key=c.key, head=c.head, unit=c.unit, measure=c.measure, part=part) for c in CHOSEN]
        found = _by_identity(sections_of(board, columns, claim))
        views.append(
            PartView(
                part=part,
                episodes=len(board.parts[part]),
                standings=tuple(_standing(found[row]) for row in rows),
            )
        )
        advance(1)
    return Standings(table=table, parts=tuple(views))


def _by_identity(sections: Iterable[Section]) -> dict[tuple[int, ...], Row]:
    return {_identity(row): row for section in sections for row in section.rows}


def _identity(row: Row) -> tuple[int, ...]:
    """Rows of two tables of one board are the same when they are about the same runs."""
    return tuple(map(id, row.runs))


def _standing(row: Row) -> Standing:
    return Standing(
        rank=row.rank,
        is_best="dbs" in row.best,
        is_tied="dbs" in row.tied,
        cells={column.key: row.cells[column.key] for column in CHOSEN},
    )
