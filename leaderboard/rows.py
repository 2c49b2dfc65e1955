"""A leaderboard table, before it has a format: columns, rows in sections, notes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from leaderboard.board import ALL, Part
from leaderboard.outcomes import Outcomes
from leaderboard.statistics import Estimate

__all__ = ["By", "Cell", "Claim", "Column", "Row", "Section", "Table"]

By = Literal["family", "ability", "condition", "drop", "aggregate"]
Claim = Literal["checkpoint", "method"]
Cell = Estimate | str | int | float | None


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
        measure: Which of :data:`leaderboard.outcomes.MEASURES` it is the mean of; empty where it is none.
        part: Of the episodes, that this is the mean over.
    """

    key: str
    head: str
    unit: str = ""
    digits: int = 1
    block: str = "score"
    measure: str = ""
    part: Part = ALL


@dataclass(frozen=True, kw_only=True)
class Row:
    """One policy, or one method.

    Attributes:
        label: Its name, with the training seed where that is needed to tell rows apart.
        track: What it senses.
        marks: Of the notes that apply.
        rank: Best and worst place that is possible; None where it is not ranked.
        group: Of rows that are not told apart from the first of them; None likewise.
        cells: By column key.
        best: Keys of the columns in which it is the best of its section.
        tied: Keys of those in which it is not told apart from the best.
        failed: Episodes that the policy failed in; None where nobody counted.
        cite: Key of the paper that the numbers are from; empty where they were measured.
        runs: That it is about: one of a policy, one for each training seed of a method, none of a paper.
    """

    label: str
    track: str
    marks: str
    rank: tuple[int, int] | None
    group: int | None
    cells: Mapping[str, Cell]
    best: frozenset[str] = frozenset()
    tied: frozenset[str] = frozenset()
    failed: int | None = None
    cite: str = ""
    runs: tuple[Outcomes, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Section:
    """Rows that may be compared with each other: one track, the references, or what papers say."""

    title: str
    ranked: bool
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Everything that a format prints.

    Attributes:
        title: What was driven, in a line.
        claim: Whether its rows are policies or methods; never both.
        facts: Suite, digests, n, the method of the intervals and versions, by name: its caption.
        columns: Of all blocks.
        sections: With at least one row each.
        notes: How to read it, and what is to be said of which row.
    """

    title: str
    claim: Claim
    facts: Mapping[str, str]
    columns: tuple[Column, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...]

    @property
    def caption(self) -> str:
        """Title and facts in one paragraph."""
        facts = "; ".join(f"{name}: {fact}" for name, fact in self.facts.items())
        return f"{self.title[:1].upper()}{self.title[1:]}. {facts}."

    @property
    def rows(self) -> tuple[Row, ...]:
        """Of all sections."""
        return tuple(row for section in self.sections for row in section.rows)

    @property
    def blocks(self) -> dict[str, tuple[Column, ...]]:
        """Columns by block, in their order."""
        names = dict.fromkeys(column.block for column in self.columns)
        return {name: tuple(c for c in self.columns if c.block == name) for name in names}
