"""Cost against horizon, from records alone: J(T) counts the decisions from a policy's failure up to T.

An episode fails when the policy brings it to an end: it collides, leaves the road or its route, drives
against traffic, or does not answer. Each decision after that costs 1, as the analysis of imitation has it: J
grows with T² at worst if errors compound, and with T if they do not (Ross and Bagnell, AISTATS 2010;
``drivebench diagnose`` measures it without ending the episode). Only episodes that could have lasted the
whole range are counted, so that every T is about the same ones.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError
from leaderboard.board import Board
from leaderboard.comparable import check_comparable, episodes_of
from leaderboard.outcomes import Outcomes
from leaderboard.plots.figure import GREY, colours_of, name_in_figure, new_figure
from leaderboard.statistics import mean_over_families

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["HORIZONS_S", "cost_of", "draw_horizon"]

HORIZONS_S = np.geomspace(2.0, 30.0, 40)
FEW = 6
"""So many bands can be told apart; more curves are drawn without."""
DECADES = 1e4
"""From the lowest cost that is shown to the highest."""
POLICY_HZ = 5.0
"""Decisions a second, as DESIGN has them; a test holds it against the clock of the world."""


def draw_horizon(runs: Sequence[Outcomes]) -> "Figure":
    """Draw J(T) of each policy on logarithmic axes.

    Args:
        runs: Which may share a table.

    Raises:
        ConfigurationError: No episode could have lasted long enough, or none has failed.
    """
    check_comparable(runs)
    board = Board(
        sorted(runs, key=lambda run: (run.name, run.training_seed or 0, run.results)), episodes_of(runs)
    )
    long_enough = (board.values("horizon_s") >= HORIZONS_S[-1]).all(axis=1)
    if not long_enough.any():
        raise ConfigurationError(
            f"no episode that all runs have driven could have lasted {HORIZONS_S[-1]:.0f} s; expected some"
        )
    families = board.cells.family
    ends, broken = board.values("duration_s"), board.values("broken_off") > 0.0
    colours, drawn = colours_of(run.name for run in board.runs), set[str]()
    top_drawn = 0.0
    figure, axes = new_figure(3.0)
    top = POLICY_HZ * HORIZONS_S[-1]
    for place, run in enumerate(board.runs):
        cost = cost_of(ends[:, place], broken[:, place])
        by_family = {
            str(name): cost[long_enough & (families == name)] for name in dict.fromkeys(families[long_enough])
        }
        estimates = mean_over_families(by_family, lowest=0.0, highest=top, rng=board.rng(purpose="horizon"))
        values = np.array([each.value for each in estimates])
        there = values > 0.0
        if not there.any():
            continue
        label = None if run.name in drawn else name_in_figure(run.name)
        drawn.add(run.name)
        top_drawn = max(top_drawn, float(values[-1]))
        axes.loglog(HORIZONS_S[there], values[there], color=colours[run.name], label=label)
        if len(board.runs) <= FEW and all(each.low is not None for each in estimates):
            low, high = (
                np.array([getattr(each, end) for each in estimates])[there] for end in ("low", "high")
            )
            axes.fill_between(HORIZONS_S[there], low, high, color=colours[run.name], alpha=0.15, lw=0)
    if not drawn:
        raise ConfigurationError("no policy has failed within the horizon, so there is no cost to be drawn")
    for power, dashes in ((1.0, ":"), (2.0, "--")):
        guide = 1.5 * top_drawn * (HORIZONS_S / HORIZONS_S[-1]) ** power
        axes.loglog(HORIZONS_S, guide, dashes, color=GREY, lw=0.9, label=f"slope {power:.0f}")
    axes.set_ylim(top_drawn / DECADES, 2.0 * top_drawn)
    axes.set_xlim(HORIZONS_S[0], HORIZONS_S[-1])
    axes.set_xticks([2, 3, 5, 10, 20, 30], ["2", "3", "5", "10", "20", "30"])
    axes.minorticks_off()
    axes.set_xlabel("horizon T, s")
    axes.set_ylabel(f"cost J(T), decisions after failure\n({int(long_enough.sum())} episodes)")
    axes.grid(visible=True, alpha=0.3, lw=0.5)
    figure.legend(loc="outside right upper")
    return figure


def cost_of(ends_s: NDArray[np.float64], broken: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Decisions from the failure up to T, for each of ``HORIZONS_S``.

    Args:
        ends_s: When each episode ended, ``f8[episodes]``.
        broken: Whether the policy brought it to an end, ``b1[episodes]``.

    Returns:
        ``f8[episodes, horizons]``.
    """
    late = np.maximum(HORIZONS_S[None, :] - ends_s[:, None], 0.0)
    found: NDArray[np.float64] = POLICY_HZ * late * broken[:, None]
    return found
