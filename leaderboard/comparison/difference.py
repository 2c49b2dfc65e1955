"""First less second, overall and by family: of two policies on common episodes, or of two methods.

Policies are compared episode by episode: a seed that is hard for one is hard for the other. Methods are
compared over training seeds, which are no pairs. Families are corrected together by Holm; the overall
difference is one test that was chosen beforehand, and stands for itself.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError
from leaderboard.board import ALL, Board, Part
from leaderboard.comparable import check_comparable
from leaderboard.methods import Method, methods_of
from leaderboard.outcomes import Outcomes
from leaderboard.rows import Claim
from leaderboard.statistics import (
    Estimate,
    difference_of_methods,
    generator,
    holm,
    mean_over_families,
    paired_effect,
    probability_of_improvement,
    sign_flip,
)
from leaderboard.statistics.seeds import Seeds

__all__ = ["Comparison", "Line", "Telling", "compare_methods", "compare_policies"]

OVERALL = "overall"
TELLING = 5
"""So many episodes are named on which two policies differ most."""
EQUAL = 1e-9


@dataclass(frozen=True, kw_only=True)
class Line:
    """The difference on a family, or overall.

    Attributes:
        what: Name of the family, or ``OVERALL``.
        first: Score of the first.
        second: Score of the second.
        difference: First less second; ``n`` counts pairs of episodes, or training seeds.
        p: Two-sided p-value, not corrected; None where there is no test.
        corrected: The same after Holm's correction over families; overall it is not corrected.
        improvement: Probability in percent that the first does better than the second, ties counting half:
            on an episode, or of a training run.
        effect: Cohen's d_z of the pairs, or Hedges' g of the training seeds; None where nothing varies.
    """

    what: str
    first: float
    second: float
    difference: Estimate
    p: float | None
    corrected: float | None
    improvement: Estimate
    effect: float | None


@dataclass(frozen=True, kw_only=True)
class Telling:
    """An episode on which two policies differ much.

    Attributes:
        key: ``scenario/condition/seed``.
        first: Score of the first.
        second: Score of the second.
        command: Shows both replays side by side.
    """

    key: str
    first: float
    second: float
    command: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What there is to say of two policies or methods.

    Attributes:
        claim: Which of both.
        names: Of the first and of the second.
        seeds: How many training seeds each has, of methods; 0 where nothing was trained.
        suite: What was driven.
        digest: Of the suite.
        episodes: Common ones.
        left_out: Episodes that one of both alone has driven.
        overall: The headline.
        families: In the suite's order.
        telling: Episodes on which policies differ most.
        test: What the p-values are from.
    """

    claim: Claim
    names: tuple[str, str]
    seeds: tuple[int, int]
    suite: str
    digest: str
    episodes: int
    left_out: int
    overall: Line
    families: tuple[Line, ...]
    telling: tuple[Telling, ...]
    test: str


def compare_policies(first: Outcomes, second: Outcomes) -> Comparison:
    """Compare two policies on the episodes that both have driven.

    Args:
        first: A run of the one.
        second: A run of the other.

    Raises:
        ConfigurationError: They may not be compared, or have no episode in common.
    """
    check_comparable([first, second])
    board = Board([first, second], _common([first, second]))
    names = _names(first, second)
    exact = []

    def line(what: str, values: dict[str, NDArray[np.float64]]) -> Line:
        difference = {name: each[:, 0] - each[:, 1] for name, each in values.items()}
        better = {
            name: 50.0 * (1.0 + np.sign(np.where(np.abs(d) > EQUAL, d, 0.0)))
            for name, d in difference.items()
        }
        (estimate,) = mean_over_families(
            {name: d[:, None] for name, d in difference.items()},
            lowest=-100.0,
            highest=100.0,
            rng=_rng(board, what, "difference"),
        )
        (improvement,) = mean_over_families(
            {name: b[:, None] for name, b in better.items()},
            lowest=0.0,
            highest=100.0,
            rng=_rng(board, what, "improvement"),
        )
        test = sign_flip(difference, _rng(board, what, "sign flips"))
        exact.append(test.exact)
        return Line(
            what=what,
            first=float(np.mean([each[:, 0].mean() for each in values.values()])),
            second=float(np.mean([each[:, 1].mean() for each in values.values()])),
            difference=estimate,
            p=test.p,
            corrected=test.p,
            improvement=improvement,
            effect=paired_effect(difference),
        )

    values = board.by_family("dbs")
    overall = line(OVERALL, values)
    families = [line(name, {name: each}) for name, each in values.items()]
    tried = (
        "all sign patterns" if all(exact) else "all sign patterns, or 20,000 random ones where they are many"
    )
    return Comparison(
        claim="checkpoint",
        names=names,
        seeds=(0, 0),
        suite=_suite(first),
        digest=first.manifest.suite.digest,
        episodes=len(board.keys),
        left_out=len(set(first.manifest.episodes) ^ set(second.manifest.episodes)),
        overall=overall,
        families=tuple(_corrected(families)),
        telling=tuple(_telling(board)),
        test=f"two-sided sign-flip test on paired episodes ({tried})",
    )


def compare_methods(first: Sequence[Outcomes], second: Sequence[Outcomes]) -> Comparison:
    """Compare two methods over their training seeds.

    Args:
        first: Runs of the one, which differ in their training seed alone.
        second: Runs of the other.

    Raises:
        ConfigurationError: They may not be compared, a side is no single method, or neither was trained.
    """
    runs = [*first, *second]
    check_comparable(runs)
    board = Board(runs, _common(runs))
    by_run = {
        score.run.results + score.run.manifest.policy.digest: m
        for m in methods_of(board)
        for score in m.scores
    }
    one, other = (_method(side, by_run) for side in (first, second))
    if one is other or not (one.trained or other.trained):
        what = "the same method" if one is other else "policies that nobody trained"
        raise ConfigurationError(
            f"both sides are {what}; a claim about methods needs two, and training seeds"
        )

    def line(what: str, part: Part) -> Line:
        means = board.means("dbs", part)
        ours, theirs = (
            Seeds(values=tuple(float(means[s.place]) for s in side.scores), trained=side.trained)
            for side in (one, other)
        )
        found = difference_of_methods(ours, theirs)
        values = {name: each.mean(axis=0) for name, each in board.by_family("dbs", part).items()}
        share = probability_of_improvement(
            {name: each[[s.place for s in one.scores]] for name, each in values.items()},
            {name: each[[s.place for s in other.scores]] for name, each in values.items()},
        )
        n = found.estimate.n
        return Line(
            what=what,
            first=ours.mean,
            second=theirs.mean,
            difference=found.estimate,
            p=found.p,
            corrected=found.p,
            improvement=Estimate(value=100.0 * share, low=None, high=None, n=n),
            effect=found.effect,
        )

    return Comparison(
        claim="method",
        names=_names(one.scores[0].run, other.scores[0].run, one.label, other.label),
        seeds=(len(one.scores) * one.trained, len(other.scores) * other.trained),
        suite=_suite(runs[0]),
        digest=runs[0].manifest.suite.digest,
        episodes=len(board.keys),
        left_out=0,
        overall=line(OVERALL, ALL),
        families=tuple(_corrected([line(name, Part("family", name)) for name in board.names("family")])),
        telling=(),
        test="two-sided Welch test over training seeds",
    )


def _method(side: Sequence[Outcomes], by_run: dict[str, Method]) -> Method:
    found = {id(m): m for m in (by_run[run.results + run.manifest.policy.digest] for run in side)}
    if len(found) > 1:
        raise ConfigurationError(
            f"{', '.join(str(run.path) for run in side)} are runs of {len(found)} methods: their names or "
            "the settings of their trainings differ. Expected those of one, with different training seeds."
        )
    (method,) = found.values()
    return method


def _common(runs: Sequence[Outcomes]) -> list[str]:
    shared = set.intersection(*(set(run.manifest.episodes) for run in runs))
    keys = [key for key in runs[0].manifest.episodes if key in shared]
    if not keys:
        raise ConfigurationError(
            f"{runs[0].path} and {runs[-1].path} have no episode in common; expected runs of the same "
            "part of a suite"
        )
    return keys


def _rng(board: Board, what: str, purpose: str) -> np.random.Generator:
    """From the digests of both results: another record, other random numbers."""
    return generator(*(run.results for run in board.runs), *board.keys, what, purpose)


def _names(one: Outcomes, other: Outcomes, first: str = "", second: str = "") -> tuple[str, str]:
    """What tells both sides apart."""
    names = (first or one.name, second or other.name)
    if names[0] != names[1]:
        return names
    if (
        not first
        and None not in (one.training_seed, other.training_seed)
        and one.training_seed != other.training_seed
    ):
        return f"{names[0]} (seed {one.training_seed})", f"{names[1]} (seed {other.training_seed})"
    digests = (one.manifest.policy.digest[:6], other.manifest.policy.digest[:6])
    return f"{names[0]} ({digests[0]})", f"{names[1]} ({digests[1]})"


def _suite(run: Outcomes) -> str:
    return f"{run.manifest.suite.name} v{run.manifest.suite.version}"


def _corrected(lines: Sequence[Line]) -> list[Line]:
    tested = [line for line in lines if line.p is not None]
    corrected = dict(
        zip((line.what for line in tested), holm([line.p or 0.0 for line in tested]), strict=True)
    )
    return [replace(line, corrected=corrected.get(line.what)) for line in lines]


def _telling(board: Board) -> list[Telling]:
    values = board.values("dbs")
    apart, families = np.abs(values[:, 0] - values[:, 1]), board.cells.family
    found = []
    for place in _most_of_each_family(apart, families)[:TELLING]:
        first, second = map(float, values[place])
        scenario, condition, seed = board.keys[place].split("/")
        paths = " ".join(f"--run {quote(str(run.path))}" for run in board.runs)
        episode = f"{quote(scenario)} --condition {quote(condition)} --seed {quote(seed)}"
        found.append(
            Telling(
                key=board.keys[place],
                first=first,
                second=second,
                command=f"drivebench show {episode} {paths} --out both.mp4",
            )
        )
    return found


def _most_of_each_family(apart: NDArray[np.float64], families: NDArray[np.str_]) -> list[int]:
    """Places of episodes: of each family the one that is most apart, then of each the next, and so on."""
    order = [int(place) for place in np.argsort(-apart, kind="stable") if apart[place] > EQUAL]
    turn = Counter[str]()
    turns = {}
    for place in order:
        turns[place] = turn[families[place]]
        turn[families[place]] += 1
    return sorted(order, key=lambda place: (turns[place], -apart[place], place))
