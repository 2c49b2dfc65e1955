"""A table as an HTML document of its own: nothing is loaded, every text is escaped."""

from collections.abc import Iterator, Sequence
from html import escape as escape_html

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

__all__ = ["as_html", "as_piece", "escape"]

_STYLE = """\
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 78rem; padding: 0 1rem; }
.wide { overflow-x: auto; margin-bottom: 1.5rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .5rem; max-width: 70rem; }
th, td { padding: .25rem .6rem; text-align: right; font-weight: normal; white-space: nowrap; }
th.left, td.left { text-align: left; }
thead th { border-bottom: 1px solid; vertical-align: bottom; }
thead tr:first-child th { border-top: 2px solid; }
tbody:last-child tr:last-child > * { border-bottom: 2px solid; }
tr.section th { text-align: left; font-style: italic; padding-top: .6rem; }
small { opacity: .8; }"""


def escape(text: str) -> str:
    """Text that a browser shows as it is; a name can neither open a tag nor turn the writing around it."""
    return escape_html(one_line(text), quote=True)


def as_html(table: Table) -> str:
    """The table as HTML: one ``table`` a block, for a screen reader with scopes and a caption each."""
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(table.title)}</title>",
        f"<style>\n{_STYLE}\n</style>",
        "</head>",
        "<body>",
        *_piece([table]),
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def as_piece(tables: Sequence[Table]) -> str:
    """Tables of the same runs as a piece of a page: each block once, caption and notes of the last table.

    Args:
        tables: At least one.
    """
    return "\n".join(_piece(tables)) + "\n"


def _piece(tables: Sequence[Table]) -> Iterator[str]:
    last = tables[-1]
    yield f"<p>{escape(last.caption)}</p>"
    blocks = {name: (table, columns) for table in tables for name, columns in table.blocks.items()}
    for name, (table, columns) in blocks.items():
        yield from _block(table, name, columns)
    yield from ("<ul>", *(f"<li>{escape(note)}</li>" for note in last.notes), "</ul>")


def _block(table: Table, name: str, columns: Sequence[Column]) -> Iterator[str]:
    yield f'<div class="wide" tabindex="0" role="group" aria-label="{escape(name)}, scrollable">'
    yield f"<table>\n<caption>{escape(name.capitalize())}</caption>"
    heads = [f'<th scope="col"{_side(column)}>{escape(head_of(column))}</th>' for column in columns]
    first = '<th scope="col">rank</th><th scope="col" class="left">policy</th>'
    yield f"<thead><tr>{first}{''.join(heads)}</tr></thead>"
    for section in table.sections:
        span = f'scope="rowgroup" colspan="{len(columns) + 2}"'
        yield f'<tbody>\n<tr class="section"><th {span}>{escape(section.title)}</th></tr>'
        yield from (_row(row, columns, counted(table)) for row in section.rows)
        yield "</tbody>"
    yield "</table>\n</div>"


def _side(column: Column) -> str:
    return ' class="left"' if is_left(column) else ""


def _row(row: Row, columns: Sequence[Column], counted: str) -> str:
    cells = [
        f"<td>{escape(rank_of(row))}</td>",
        f'<th scope="row" class="left"><bdi>{escape(name_of(row))}</bdi></th>',
    ]
    for column in columns:
        cell = row.cells[column.key]
        value, interval = escape(value_of(cell, column)), interval_of(cell, column, counted)
        if column.key in row.best:
            value = f"<b>{value}</b>"
        value += TIED * (column.key in row.tied)
        small = f" <small>{escape(interval)}</small>" if interval else ""
        cells.append(f"<td{_side(column)}>{value}{small}</td>")
    return f"<tr>{''.join(cells)}</tr>"
