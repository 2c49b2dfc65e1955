"""Performance profiles: on which share of the episodes a policy scores more than τ, for every τ.

Agarwal et al. 2021, arXiv:2108.13264, section 4.2; here each family weighs the same. A curve that is nowhere
below another belongs to the better policy, whatever mean one takes.
"""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from leaderboard.board import Board
from leaderboard.comparable import check_comparable, episodes_of
from leaderboard.outcomes import Outcomes
from leaderboard.plots.figure import colours_of, name_in_figure, new_figure
from leaderboard.statistics import LEVEL, mean_over_families

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["THRESHOLDS", "draw_profiles"]

THRESHOLDS = np.arange(0.0, 100.0, 1.0)
FEW = 6
"""So many bands can be told apart; more curves are drawn without."""


def draw_profiles(runs: Sequence[Outcomes]) -> "Figure":
    """Draw a curve for each policy; those that differ in their training seed share a colour.

    Args:
        runs: Which may share a table.
    """
    check_comparable(runs)
    board = Board(
        sorted(runs, key=lambda run: (run.name, run.training_seed or 0, run.results)), episodes_of(runs)
    )
    names = Counter(run.name for run in board.runs)
    colours, drawn = colours_of(names), set[str]()
    figure, axes = new_figure(2.6)
    for place, run in enumerate(board.runs):
        above = {
            family: np.where(scores[:, [place]] > THRESHOLDS, 100.0, 0.0)
            for family, scores in board.by_family("dbs").items()
        }
        estimates = mean_over_families(above, lowest=0.0, highest=100.0, rng=board.rng(purpose="profile"))
        values = [each.value for each in estimates]
        several = f" ({names[run.name]} training seeds)" if names[run.name] > 1 else ""
        label = None if run.name in drawn else name_in_figure(run.name) + several
        drawn.add(run.name)
        axes.plot(THRESHOLDS, values, color=colours[run.name], label=label, drawstyle="steps-post")
        if len(board.runs) <= FEW and all(each.low is not None for each in estimates):
            low, high = ([getattr(each, end) for each in estimates] for end in ("low", "high"))
            axes.fill_between(THRESHOLDS, low, high, color=colours[run.name], alpha=0.15, lw=0, step="post")
    axes.set_xlabel("DriveBench Score τ of an episode")
    bands = f"\n(band: {100 * LEVEL:.0f} % interval at each τ)" if len(board.runs) <= FEW else ""
    axes.set_ylabel(f"episodes that score more, %{bands}")
    axes.set_xlim(0.0, 100.0)
    axes.set_ylim(0.0, 101.0)
    axes.grid(visible=True, alpha=0.3, lw=0.5)
    figure.legend(loc="outside right upper")
    return figure
