"""Rows as tables for a terminal, at most 110 columns wide."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from drivebench.benchmarks.row import Row

__all__ = ["WIDTH", "Cells", "as_text", "cells_of", "figure", "machine_line", "notes_of", "tables_of"]

WIDTH = 110
_LEFT = (0, 3)
_HEADS = ("", "ours", "theirs", "", "ratio", "to reach")
_HEADS_OF_SHARES = ("", "part", "of", "", "share", "")

Cells = tuple[str, ...]


def as_text(rows: Sequence[Row]) -> str:
    """Tables of rows; what a reader must know about them at the end."""
    notes = notes_of(rows)
    lines = []
    for title, heads, group in tables_of(rows):
        cells = [heads, *(cells_of(row, notes) for row in group)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        head, *others = (_line(each, widths) for each in cells)
        lines += [
            "",
            *textwrap.wrap(title, WIDTH),
            head,
            "─" * (sum(widths) + 2 * (len(widths) - 1)),
            *others,
        ]
    if notes:
        lines.append("")
        for note, number in notes.items():
            lines += textwrap.wrap(f"[{number}] {note}", WIDTH, subsequent_indent="    ")
    return "\n".join(lines) + "\n"


def tables_of(rows: Sequence[Row]) -> Iterator[tuple[str, Cells, list[Row]]]:
    """Title, heads of the columns, and rows of each table."""
    for (section, unit, share), group in groupby(rows, key=lambda row: (row.section, row.unit, row.share)):
        yield f"{section} ({unit})" if section else unit, _HEADS_OF_SHARES if share else _HEADS, list(group)


def cells_of(row: Row, notes: Mapping[str, int]) -> Cells:
    """What a row's columns say; the ratio's quartiles stand behind it."""
    ratio, target = "–", ""
    if row.ratio is not None:
        low, high = row.quartiles or (None, None)
        shown = (lambda share: f"{100 * share:.1f}") if row.share else figure
        ratio = shown(row.ratio) + ("%" if row.share else "×")
        if low is not None and high is not None:
            ratio += f" {shown(low)}–{shown(high)}"
    if row.target is not None:
        target = f"{row.target:g}×" + (f" {row.verdict.value}" if row.verdict else "")
    name = f"{row.name} [{notes[row.note]}]" if row.note else row.name
    return (name, figure(row.value), figure(row.peer_value), row.peer, ratio, target)


def notes_of(rows: Sequence[Row]) -> dict[str, int]:
    """The different notes of the rows -> their numbers, from 1."""
    return {note: k for k, note in enumerate(dict.fromkeys(row.note for row in rows if row.note), start=1)}


def figure(number: float | None) -> str:
    """Three digits, or all of those before the point; a dash for what is missing."""
    if number is None:
        return "–"
    return f"{number:,.0f}" if number >= 100.0 else f"{number:.3g}"


def machine_line(machine: dict[str, Any]) -> str:
    """What was measured on, in one line."""
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    return (
        f"{machine['processor']}, {machine['processors']} processors, Python {machine['python']}\n{libraries}"
    )


def _line(cells: Cells, widths: Sequence[int]) -> str:
    return "  ".join(
        f"{cell:{'<' if k in _LEFT else '>'}{widths[k]}}" for k, cell in enumerate(cells)
    ).rstrip()
