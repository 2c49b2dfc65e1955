"""Rows as a table for a terminal, at most 110 columns wide."""

import textwrap
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from drivebench.benchmarks.row import Row

__all__ = ["WIDTH", "as_text", "figure", "machine_line", "notes_of", "verdict"]

WIDTH = 110
_HEADS = ("", "ours", "theirs", "", "ratio", "to reach")
_LEFT = (0, 3)


def as_text(rows: Sequence[Row], machine: dict[str, Any]) -> str:
    """Sections of rows below a line about the machine; what a reader must know about them at the end."""
    notes = notes_of(rows)
    lines = [machine_line(machine)]
    cells = {id(row): _cells(row, notes) for row in rows}
    widths = [max(len(each[k]) for each in [_HEADS, *cells.values()]) for k in range(len(_HEADS))]
    for (section, unit), group in groupby(rows, key=lambda row: (row.section, row.unit)):
        title = f"{section} ({unit})" if section else unit
        lines += ["", title, _line(_HEADS, widths), "─" * (sum(widths) + 2 * (len(widths) - 1))]
        lines += [_line(cells[id(row)], widths) for row in group]
    if notes:
        lines.append("")
        for note, number in notes.items():
            lines += textwrap.wrap(f"[{number}] {note}", WIDTH, subsequent_indent="    ")
    return "\n".join(lines) + "\n"


def notes_of(rows: Sequence[Row]) -> dict[str, int]:
    """The different notes of the rows -> their numbers, from 1."""
    return {note: k for k, note in enumerate(dict.fromkeys(row.note for row in rows if row.note), start=1)}


def figure(number: float | None) -> str:
    """Three digits, or all of those before the point; a dash for what is missing."""
    if number is None:
        return "–"
    return f"{number:,.0f}" if number >= 100.0 else f"{number:.3g}"


def verdict(row: Row) -> str:
    """The ratio to reach, and whether it was."""
    if row.target is None:
        return ""
    mark = {True: " ✓", False: " ✗", None: ""}[row.reached]
    return f"{row.target:g}×{mark}"


def machine_line(machine: dict[str, Any]) -> str:
    """What was measured on, in one line."""
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    return (
        f"{machine['processor']}, {machine['processors']} processors, Python {machine['python']}\n{libraries}"
    )


def _cells(row: Row, notes: dict[str, int]) -> tuple[str, ...]:
    ratio = "–" if row.ratio is None else f"{figure(row.ratio)}×"
    name = f"{row.name} [{notes[row.note]}]" if row.note else row.name
    return (name, figure(row.value), figure(row.peer_value), row.peer, ratio, verdict(row))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        f"{cell:{'<' if k in _LEFT else '>'}{widths[k]}}" for k, cell in enumerate(cells)
    ).rstrip()
