"""A table for a README or an issue: GitHub-flavoured Markdown."""

import re
from collections.abc import Sequence

from leaderboard.formats.cells import (
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
from leaderboard.rows import Column, Row, Table

__all__ = ["as_markdown", "escape"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~<>&])")


def escape(text: str) -> str:
    """Text that Markdown shows as it is: a name can neither draw a column nor set a link."""
    return _SPECIAL.sub(r"\\\1", one_line(text))


def as_markdown(table: Table) -> str:
    """The table as Markdown: one table a block, the rows of all sections in each."""
    blocks = [escape(table.caption)]
    blocks += [_block(table, name, columns) for name, columns in table.blocks.items()]
    blocks.append("\n".join(f"- {escape(note)}" for note in table.notes))
    return "\n\n".join(blocks) + "\n"


def _block(table: Table, name: str, columns: Sequence[Column]) -> str:
    lines = [["rank", name, *(escape(head_of(column)) for column in columns)]]
    lines.append(["---:", "---", *("---" if is_left(column) else "---:" for column in columns)])
    for section in table.sections:
        lines.append(["", f"*{escape(section.title)}*", *[""] * len(columns)])
        for row in section.rows:
            cells = [_cell(row, column, counted(table)) for column in columns]
            lines.append([rank_of(row), escape(name_of(row)), *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(row: Row, column: Column, counted: str) -> str:
    cell = row.cells[column.key]
    value, interval = escape(value_of(cell, column)), interval_of(cell, column, counted)
    if column.key in row.best:
        value = f"**{value}**"
    value += TIED * (column.key in row.tied)
    return f"{value} {escape(interval)}" if interval else value
