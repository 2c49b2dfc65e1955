"""What a cell looks like to people; the formats differ only in how they quote it."""

from collections.abc import Iterable

from leaderboard.rows import Cell, Column, Row, Table
from leaderboard.statistics import Estimate

__all__ = [
    "BEST",
    "NOTHING",
    "TIED",
    "counted",
    "has_interval",
    "head_of",
    "interval_of",
    "is_left",
    "name_of",
    "one_line",
    "rank_of",
    "value_of",
]

NOTHING = "–"
BEST, TIED = "*", "≈"
"""Of a value that is the best of its section, where nothing is bold; of one not told apart from it."""


def one_line(text: str) -> str:
    """A name from a record with nothing in it that moves a cursor, turns the writing or begins a line.

    Marks that switch between left-to-right and right-to-left, and all other invisible ones, become spaces.
    """
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())


def value_of(cell: Cell, column: Column) -> str:
    """The value of a cell without its interval."""
    if cell is None:
        return NOTHING
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int):
        return str(cell)
    return f"{cell.value if isinstance(cell, Estimate) else cell:.{column.digits}f}"


def counted(table: Table) -> str:
    """What the intervals of a table are over: ``n`` episodes, or ``k`` training seeds."""
    return "k" if table.claim == "method" else "n"


def interval_of(cell: Cell, column: Column, counted: str = "n") -> str:
    """The interval of a cell, ``[n = 1]`` where there is none; empty where the cell is no estimate."""
    if not isinstance(cell, Estimate):
        return ""
    if cell.low is None or cell.high is None:
        return f"[{counted} = {cell.n}]"
    return f"[{cell.low:.{column.digits}f}, {cell.high:.{column.digits}f}]"


def has_interval(column: Column, rows: Iterable[Row]) -> bool:
    """Whether any cell of a column is an estimate."""
    return any(isinstance(row.cells[column.key], Estimate) for row in rows)


def is_left(column: Column) -> bool:
    """Whether a column holds words, which begin at the left; numbers end at the right."""
    return column.key == "worst_family"


def head_of(column: Column) -> str:
    """Head of a column with its unit."""
    return f"{column.head} [{column.unit}]" if column.unit else column.head


def name_of(row: Row) -> str:
    """Name of a row with its marks."""
    return f"{one_line(row.label)} {row.marks}".rstrip()


def rank_of(row: Row) -> str:
    """``2`` or ``2–4``; empty for a reference."""
    if row.rank is None:
        return ""
    best, worst = row.rank
    return str(best) if best == worst else f"{best}–{worst}"
