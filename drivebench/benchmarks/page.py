"""The page about speed, ``docs/speed.md``: every figure of one run, and how it was measured."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from drivebench import registry
from drivebench.benchmarks import load_benchmark
from drivebench.benchmarks.peer import EnvironmentPeer
from drivebench.benchmarks.row import Row, Verdict
from drivebench.benchmarks.text import cells_of, machine_line, notes_of, tables_of

__all__ = ["as_page"]

HEAD = """# How fast it is

Written by `drivebench bench --markdown`, from one run; do not edit.

{machine}

{date}, {reached} of {targets} targets reached; not reached, or not for certain:
{missed}

Ratios are against what was measured in the same run, taking turns, so they travel from machine to machine;
rates do not. A rate is the median of several rounds. A ratio is the median of the rounds' ratios, and behind
it stand its quartiles: ✓ says that the lower quartile reaches the target, ≈ that it lies between them, ✗
that even the upper one does not reach it. Compiling comes before the clock starts. Where one thread is
measured it is processor time that counts, of the whole process where a peer has a worker thread.
"""


def as_page(measured: Mapping[str, Sequence[Row]], machine: dict[str, Any], picture: str | None) -> str:
    """The page in Markdown.

    Args:
        measured: Rows by group, in the order of the page.
        machine: From ``describe``.
        picture: File of the plot beside the page, if one was drawn.
    """
    rows = [row for group in measured.values() for row in group]
    notes = notes_of(rows)
    judged = [row for row in rows if row.verdict is not None]
    missed = [
        f"\n- {row.verdict.value} {row.name}, against {row.peer} ({row.section})"
        for row in judged
        if row.verdict and row.verdict is not Verdict.REACHED
    ]
    parts = [
        HEAD.format(
            machine=machine_line(machine).replace("\n", "; "),
            date=datetime.now(UTC).date().isoformat(),
            reached=len(judged) - len(missed),
            targets=len(judged),
            missed="".join(missed) or "\n- none",
        ),
        *_peers({row.peer for row in rows}),
    ]
    for group, found in measured.items():
        parts.append(load_benchmark(group).ABOUT)
        if picture and any(row.curve for row in found):
            parts.append(f"![Cost against quantity]({picture})\n")
        parts += _tables(found, notes)
    if notes:
        parts.append("## Notes\n\n" + "\n".join(f"{number}. {note}" for note, number in notes.items()) + "\n")
    return "\n".join(parts)


def _peers(names: set[str]) -> list[str]:
    """What to know about those that were measured."""
    peers: list[EnvironmentPeer] = [registry.load("peer", name) for name in registry.names("peer")]
    lines = [f"- {peer.name}: {peer.about}" for peer in peers if peer.name in names]
    return ["Measured against:\n\n" + "\n".join(lines) + "\n"] if lines else []


def _tables(rows: Sequence[Row], notes: Mapping[str, int]) -> list[str]:
    tables = []
    for title, heads, group in tables_of(rows):
        lines = [f"**{title[:1].upper()}{title[1:]}**", "", _line(heads), "|---|---:|---:|---|---:|---:|"]
        lines += [_line(cells_of(row, notes)) for row in group]
        tables.append("\n".join(lines) + "\n")
    return tables


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
