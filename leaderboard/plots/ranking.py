"""The ranking with its intervals: one line a row, the place that it may have at the right."""

from typing import TYPE_CHECKING

from leaderboard.formats.cells import rank_of
from leaderboard.plots.figure import GREY, colours_of, name_in_figure, new_figure, whiskers
from leaderboard.rows import Row, Table
from leaderboard.statistics import LEVEL, Estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_ranking"]


def draw_ranking(table: Table) -> "Figure":
    """Draw scores and ranks.

    Args:
        table: Of policies or methods.
    """
    colours = colours_of(section.title for section in table.sections if section.ranked)
    lines = sum(len(section.rows) + 1 for section in table.sections)
    figure, axes = new_figure(0.75 + 0.19 * lines)
    y, ticks = 0, {}
    for section in table.sections:
        axes.text(-0.01, y, name_in_figure(section.title.partition(" (")[0]), style="italic", color=GREY,
                  ha="right", va="center", transform=axes.get_yaxis_transform())  # fmt: skip
        for row in section.rows:
            y += 1
            ticks[y] = name_in_figure(row.label)
            estimate = _headline(row)
            values, reach = whiskers([estimate])
            colour = colours.get(section.title, GREY)
            axes.errorbar(values, [y], xerr=reach, fmt="o", ms=4, color=colour, capsize=2, elinewidth=1,
                          mfc=colour if section.ranked else "white")  # fmt: skip
            rank = rank_of(row) or "–"
            axes.text(1.02, y, rank, ha="left", va="center", transform=axes.get_yaxis_transform())
        y += 1
    axes.text(1.02, -0.9, "rank", ha="left", va="center", color=GREY, transform=axes.get_yaxis_transform())
    axes.set_yticks(list(ticks), list(ticks.values()))
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(y - 0.3, -0.6)
    axes.set_xlim(-1.5, 101.5)
    over = "episodes" if table.claim == "checkpoint" else "training seeds"
    axes.set_xlabel(f"DriveBench Score, {100 * LEVEL:.0f} % interval over {over}")
    axes.grid(visible=True, axis="x", alpha=0.3, lw=0.5)
    axes.set_axisbelow(True)
    return figure


def _headline(row: Row) -> Estimate:
    cell = row.cells["dbs"]
    return (
        cell if isinstance(cell, Estimate) else Estimate(value=float(cell or 0.0), low=None, high=None, n=0)
    )
