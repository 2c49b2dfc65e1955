"""Scores by ability, and what is lost under each shift: bars for each, one a row of the table."""

from typing import TYPE_CHECKING

import numpy as np

from leaderboard.plots.figure import colours_of, name_in_figure, new_figure, whiskers
from leaderboard.rows import Column, Table
from leaderboard.statistics import LEVEL, Estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_abilities", "draw_drops"]

LARGEST_GAIN = -100.0
"""A policy that scores next to nothing may gain any share of it; bars and intervals are cut here."""
HATCHES = ("", "//", "..", "xx", "\\\\", "++", "oo", "--")


def draw_abilities(table: Table) -> "Figure":
    """Draw the score on the episodes that test each ability.

    Args:
        table: By ability.
    """
    figure = _bars(table, "DriveBench Score")
    figure.axes[0].set_ylim(0.0, 102.0)
    return figure


def draw_drops(table: Table) -> "Figure":
    """Draw what is lost under each shift.

    Args:
        table: By drop.
    """
    figure = _bars(table, f"score lost, %, cut at {LARGEST_GAIN:.0f}")
    figure.axes[0].axhline(0.0, color="black", lw=0.6)
    figure.axes[0].set_ylim(bottom=max(figure.axes[0].get_ylim()[0], LARGEST_GAIN))
    return figure


def _bars(table: Table, label: str) -> "Figure":
    columns = [column for column in table.columns if ":" in column.key]
    rows = table.rows
    figure, axes = new_figure(2.6 + 0.16 * -(-len(rows) // 3))
    colours = colours_of(row.label for row in rows)
    width = 0.84 / len(rows)
    for k, row in enumerate(rows):
        cells = [row.cells[column.key] for column in columns]
        there = [place for place, cell in enumerate(cells) if isinstance(cell, Estimate | float)]
        estimates = [_estimate(cells[place]) for place in there]
        values, reach = whiskers(estimates)
        at = np.array(there) + width * (k - (len(rows) - 1) / 2.0)
        axes.bar(at, values, width=0.92 * width, color=colours[row.label], label=name_in_figure(row.label),
                 hatch=HATCHES[k % len(HATCHES)], edgecolor="white", lw=0.0)  # fmt: skip
        known = [k for k, estimate in enumerate(estimates) if estimate.low is not None]
        axes.errorbar(at[known], values[known], yerr=reach[:, known], fmt="none", ecolor="black",
                      elinewidth=0.7, capsize=1.2)  # fmt: skip
    axes.set_xticks(range(len(columns)), [_head(column) for column in columns])
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.55, len(columns) - 0.45)
    over = "episodes" if table.claim == "checkpoint" else "training seeds"
    axes.set_ylabel(f"{label}\n({100 * LEVEL:.0f} % intervals over {over})")
    axes.grid(visible=True, axis="y", alpha=0.3, lw=0.5)
    axes.set_axisbelow(True)
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def _estimate(cell: object) -> Estimate:
    if isinstance(cell, Estimate):
        return cell
    assert isinstance(cell, float)
    return Estimate(value=cell, low=None, high=None, n=0)


def _head(column: Column) -> str:
    name, _, counted = column.head.partition(" (")
    return f"{name}\n{counted.removesuffix(')')}"
