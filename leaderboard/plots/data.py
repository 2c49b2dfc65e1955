"""Data efficiency: the score against the number of demonstrations; a point a training, a line a method."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from drivebench.errors import ConfigurationError
from leaderboard.board import Board
from leaderboard.comparable import check_comparable, episodes_of
from leaderboard.outcomes import Outcomes
from leaderboard.plots.figure import GREY, colours_of, markers_of, name_in_figure, new_figure, whiskers
from leaderboard.statistics import LEVEL, mean_over_seeds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_data"]

LABEL_POINTS = 6.0
"""Labels of lines that are nearer than this, in points of the score, would overlap."""


def draw_data(runs: Sequence[Outcomes]) -> "Figure":
    """Draw scores against demonstrations; what was not trained is a line across.

    Args:
        runs: Which may share a table.

    Raises:
        ConfigurationError: No policy states what it has learnt from.
    """
    check_comparable(runs)
    board = Board(sorted(runs, key=lambda run: (run.name, run.results)), episodes_of(runs))
    scores = board.means("dbs")
    found: dict[str, dict[int, list[float]]] = {}
    for run, score in zip(board.runs, scores, strict=True):
        count = run.demonstrations
        if count is not None:
            found.setdefault(run.name, {}).setdefault(count, []).append(float(score))
    if not found:
        raise ConfigurationError(
            "no policy states how many demonstrations it has learnt from; expected runs of `drivebench train`"
        )
    colours, markers = colours_of(found), markers_of(found)
    figure, axes = new_figure(2.8)
    for name, by_count in found.items():
        counts = sorted(by_count)
        points = [(count, score) for count in counts for score in by_count[count]]
        axes.scatter(
            [x for x, _ in points], [y for _, y in points], s=9, color=colours[name], alpha=0.5, lw=0
        )
        estimates = [mean_over_seeds(by_count[count]) for count in counts]
        values, reach = whiskers(estimates)
        reach = np.minimum(reach, [values, 100.0 - values])
        axes.errorbar(counts, values, yerr=reach, color=colours[name], marker=markers[name], ms=4, capsize=2,
                      elinewidth=0.8, label=name_in_figure(name))  # fmt: skip
    untrained = {
        name_in_figure(run.name): float(score)
        for run, score in zip(board.runs, scores, strict=True)
        if run.demonstrations is None
    }
    for group in _near(untrained):
        for name in group:
            axes.axhline(untrained[name], color=GREY, lw=0.8, ls=":")
        axes.text(1.01, untrained[group[0]], ", ".join(group), color=GREY, va="center", fontsize=7,
                  transform=axes.get_yaxis_transform())  # fmt: skip
    every = sorted({count for by_count in found.values() for count in by_count})
    axes.set_xscale("log")
    axes.set_xticks(every, [f"{count:,}" for count in every])
    axes.minorticks_off()
    axes.set_ylim(0.0, 100.0)
    axes.set_xlabel("demonstrations, episodes")
    axes.set_ylabel(f"DriveBench Score\n({100 * LEVEL:.0f} % t interval over training seeds)")
    axes.grid(visible=True, alpha=0.3, lw=0.5)
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def _near(scores: dict[str, float]) -> list[list[str]]:
    """Names whose scores are too near each other for a label each."""
    groups: list[list[str]] = []
    for name in sorted(scores, key=lambda name: (scores[name], name)):
        if groups and scores[name] - scores[groups[-1][0]] < LABEL_POINTS:
            groups[-1].append(name)
        else:
            groups.append([name])
    return groups
