"""Estimates with honest uncertainty, each in a few lines; none knows of runs or tables.

Two claims are kept apart. A *checkpoint claim* is about one policy: what is left to chance are the episodes,
so that these are resampled (:mod:`.bootstrap`, :mod:`.ranks`, :mod:`.tails`, :mod:`.paired`, :mod:`.rates`).
A *method claim* is about what training gives: what is left to chance is the training, so that inference is
over training seeds alone (:mod:`.seeds`). Episodes that are pooled over seeds are neither.
"""

from leaderboard.statistics.bootstrap import (
    Draws,
    Weights,
    draw_weights,
    draws_of_means,
    mean_over_families,
)
from leaderboard.statistics.estimate import LEVEL, Estimate, generator
from leaderboard.statistics.paired import SignFlip, holm, paired_effect, probability_of_improvement, sign_flip
from leaderboard.statistics.ranks import MOST, Ranking, ranking, tied_with_best
from leaderboard.statistics.rates import event_rate, proportion
from leaderboard.statistics.seeds import (
    Seeds,
    difference_of_methods,
    mean_over_seeds,
    next_seed,
    seed_ranks,
    tied_methods,
)
from leaderboard.statistics.tails import IQM, WORST_DECILE, Band, mean_of_band

__all__ = [
    "IQM",
    "LEVEL",
    "MOST",
    "WORST_DECILE",
    "Band",
    "Draws",
    "Estimate",
    "Ranking",
    "Seeds",
    "SignFlip",
    "Weights",
    "difference_of_methods",
    "draw_weights",
    "draws_of_means",
    "event_rate",
    "generator",
    "holm",
    "mean_of_band",
    "mean_over_families",
    "mean_over_seeds",
    "next_seed",
    "paired_effect",
    "probability_of_improvement",
    "proportion",
    "ranking",
    "seed_ranks",
    "sign_flip",
    "tied_methods",
    "tied_with_best",
]
