"""A table for a terminal: one block below the other, each narrow enough to be read."""

import textwrap
from collections.abc import Sequence

from rich.cells import set_cell_size

from leaderboard.formats.cells import (
    BEST,
    TIED,
    counted,
    head_of,
    interval_of,
    is_left,
    name_of,
    one_line,
    rank_of,
    value_of,
)
from leaderboard.formats.columns import GAP, aligned, width_of
from leaderboard.rows import Column, Row, Table

__all__ = ["as_text"]

WIDTH = 110
NAME_WIDTH = 28


def as_text(table: Table) -> str:
    """The table as aligned plain text."""
    blocks = [_block(table, name, columns) for name, columns in table.blocks.items()]
    notes = "\n".join(
        textwrap.fill(one_line(note), WIDTH, initial_indent="  ", subsequent_indent="    ")
        for note in table.notes
    )
    caption = textwrap.fill(one_line(table.caption), WIDTH)
    return "\n\n".join([caption, *blocks, notes]) + "\n"


def _block(table: Table, name: str, columns: Sequence[Column]) -> str:
    rows = table.rows
    drawn = [aligned(["", *map(rank_of, rows)]), aligned([name.upper(), *map(_name, rows)], left=True)]
    drawn += [aligned([head_of(c), *_cells(rows, c, counted(table))], left=is_left(c)) for c in columns]
    head, *lines = [GAP.join(cells).rstrip() for cells in zip(*drawn, strict=True)]
    text = [head, "─" * min(WIDTH, max(map(width_of, [head, *lines])))]
    for section in table.sections:
        text += [section.title, *lines[: len(section.rows)]]
        lines = lines[len(section.rows) :]
    return "\n".join(text)


def _name(row: Row) -> str:
    """The name, shortened in the middle: its end may hold a training seed or a mark."""
    name = name_of(row)
    if width_of(name) <= NAME_WIDTH:
        return name
    return f"{set_cell_size(name, NAME_WIDTH - 13).rstrip()}…{name[-12:]}"


def _cells(rows: Sequence[Row], column: Column, counted: str) -> list[str]:
    """The cells of a column; where there are intervals, values and intervals are aligned one by one."""
    values = [value_of(row.cells[column.key], column) for row in rows]
    marks = [BEST * (column.key in row.best) + TIED * (column.key in row.tied) for row in rows]
    if any(marks):
        values = [f"{value}{mark or ' '}" for value, mark in zip(values, marks, strict=True)]
    values = aligned(values, left=is_left(column))
    intervals = aligned([interval_of(row.cells[column.key], column, counted) for row in rows])
    return [f"{value} {interval}".rstrip() for value, interval in zip(values, intervals, strict=True)]
