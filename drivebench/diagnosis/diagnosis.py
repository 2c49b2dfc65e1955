"""The whole diagnosis of a policy: all measures, on development seeds."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from drivebench import progress
from drivebench.diagnosis.cost_horizon import CostCurve, cost_against_horizon, costs_of, median_failure_s
from drivebench.diagnosis.covariate_shift import CovariateShift, covariate_shift
from drivebench.diagnosis.divergence import Survival, time_to_divergence
from drivebench.diagnosis.drives import Drive, drive, joined
from drivebench.diagnosis.inertia import Inertia, inertia, standing_starts
from drivebench.diagnosis.recovery import OFFSETS_M, Recovery, recovery
from drivebench.diagnosis.sensitivity import Sensitivity, passes, sensitivity
from drivebench.diagnosis.subject import Asked, DriverSubject, PolicySubject, subject
from drivebench.diagnosis.yardstick import Yardstick, Zero, yardstick
from drivebench.errors import ConfigurationError
from drivebench.evaluation.competitor import Competitor
from drivebench.evaluation.manifest import Limits, PolicyCard
from drivebench.evaluation.rollout import BATCH_SIZE
from drivebench.scenario import DEV, Episode, load_scenario

__all__ = [
    "DEFAULT_EPISODES",
    "DEFAULT_SCENARIO",
    "Diagnosis",
    "DiagnosisRequest",
    "Drives",
    "Off",
    "ScenarioDiagnosis",
    "diagnose",
    "drives_of",
]

DEFAULT_SCENARIO = "lane-keeping-v1"
DEFAULT_EPISODES = 32
FIRST_SEED = DEV.start + 600_000
"""Development seeds that are in no suite."""
LEAST_EPISODES = 2
"""Inputs are shuffled among episodes, and intervals are over episodes."""


@dataclass(frozen=True, kw_only=True)
class DiagnosisRequest:
    """What is to be measured.

    Attributes:
        scenarios: Ids.
        episodes: How many of each, from consecutive development seeds.
        fit_until_s: Longest horizon at which the cost is fitted; the policy's median failure time if None.
        limits: What a policy is allowed.
    """

    scenarios: tuple[str, ...] = (DEFAULT_SCENARIO,)
    episodes: int = DEFAULT_EPISODES
    fit_until_s: float | None = None
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not self.scenarios or self.episodes < LEAST_EPISODES:
            raise ConfigurationError(
                f"{len(self.scenarios)} scenarios with {self.episodes} episodes each; expected at least one "
                f"scenario and {LEAST_EPISODES} episodes"
            )
        if len(set(self.scenarios)) < len(self.scenarios):
            raise ConfigurationError(f"scenarios {self.scenarios}; expected each once")
        if self.fit_until_s is not None and not 0.0 < self.fit_until_s < float("inf"):
            raise ConfigurationError(f"a fit until {self.fit_until_s} s; expected more than 0, and finite")


@dataclass(frozen=True, kw_only=True)
class Off:
    """How a policy gets off the road or the route's middle; only where the assigned way is a route.

    Attributes:
        recovery: By size of displacement.
        divergence: Time to first divergence.
        cost: Cost against horizon of the policy.
        expert_cost: The same of the expert, up to the same horizon.
        median_failure_s: When half of the episodes have lost a gate of the score; None if fewer do.
    """

    recovery: tuple[Recovery, ...]
    divergence: Survival
    cost: CostCurve
    expert_cost: CostCurve
    median_failure_s: float | None


@dataclass(frozen=True, kw_only=True)
class ScenarioDiagnosis:
    """All measures on one scenario.

    Attributes:
        scenario: Its id.
        episodes: How many.
        first_seed: The first of their consecutive seeds.
        yardstick: What deviations are measured from.
        shift: Open-loop error and covariate shift.
        off: See :class:`Off`; None where the ego has to park.
        inertia: Signs of copying the last action.
        sensitivity: What the policy goes by; None for a driver, which has no sensors.
    """

    scenario: str
    episodes: int
    first_seed: int
    yardstick: Zero
    shift: CovariateShift
    off: Off | None
    inertia: Inertia
    sensitivity: Sensitivity | None


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The diagnosis of a policy.

    Attributes:
        policy: Who it is.
        scenarios: One after the other.
    """

    policy: PolicyCard
    scenarios: tuple[ScenarioDiagnosis, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Drives:
    """The two drives over one list of episodes that most measures are made of.

    Attributes:
        batches: The episodes, in batches of one size or nearly so.
        by_batch: The expert's drive over each batch, with the policy asked.
        expert: The same, joined.
        itself: The policy's drive, with the expert asked; it goes on after losing a gate.
        measure: What deviations are measured from.
    """

    batches: tuple[tuple[Episode, ...], ...]
    by_batch: tuple[Drive, ...]
    expert: Drive
    itself: Drive
    measure: Yardstick


def diagnose(competitor: Competitor, request: DiagnosisRequest) -> Diagnosis:
    """Measure why a policy fails.

    Args:
        competitor: Who (see :func:`drivebench.evaluation.competitor.competitor`).
        request: On what.

    Returns:
        The same for the same arguments.

    Raises:
        PolicyError: The policy broke the protocol.
        UnknownNameError: No such scenario.
    """
    for name in request.scenarios:
        load_scenario(name)
    slots = max(len(batch) for batch in _split(range(request.episodes)))
    with ExitStack() as stack:
        who = stack.enter_context(subject(competitor, slots, request.limits))
        expert = DriverSubject("expert")
        found = []
        for name in request.scenarios:
            steps = 3 + len(OFFSETS_M) + (passes(who) if isinstance(who, PolicySubject) else 0)
            with progress.track(f"diagnose {competitor.card.name} on {name}", steps, "drives") as advance:
                found.append(_diagnose(who, expert, name, request, advance))
    return Diagnosis(policy=competitor.card, scenarios=tuple(found))


def drives_of(
    who: Asked,
    expert: Asked,
    scenario: str,
    episodes: int,
    *,
    first_seed: int = FIRST_SEED,
    advance: Callable[[int], None] = lambda _: None,
) -> Drives:
    """Let the expert and a policy drive the same episodes.

    Args:
        who: The policy, with room for as many episodes as a batch has (:data:`BATCH_SIZE` at most).
        expert: Who labels.
        scenario: Its id.
        episodes: How many.
        first_seed: The first of consecutive seeds.
        advance: Called with 1 after each of the two drives.
    """
    family = load_scenario(scenario)
    batches = tuple(
        tuple(family.episode(seed) for seed in seeds)
        for seeds in _split(range(first_seed, first_seed + episodes))
    )
    by_batch = tuple(drive(batch, expert, who) for batch in batches)
    advance(1)
    itself = joined([drive(batch, who, expert, go_on=True) for batch in batches])
    advance(1)
    together = joined(by_batch)
    return Drives(
        batches=batches, by_batch=by_batch, expert=together, itself=itself, measure=yardstick(together)
    )


def _split(seeds: range) -> list[range]:
    """Into batches of :data:`BATCH_SIZE` at most, as even as can be: none is left with a single episode."""
    count = -(-len(seeds) // BATCH_SIZE)
    ends = np.linspace(0, len(seeds), count + 1).astype(int).tolist()
    return [seeds[low:high] for low, high in pairwise(ends)]


def _diagnose(
    who: DriverSubject | PolicySubject,
    expert: DriverSubject,
    scenario: str,
    request: DiagnosisRequest,
    advance: Callable[[int], None],
) -> ScenarioDiagnosis:
    drives = drives_of(who, expert, scenario, request.episodes, advance=advance)
    starts = standing_starts(who, expert, drives.batches)
    advance(1)
    parks = any(episode.parking is not None for batch in drives.batches for episode in batch)
    if parks:
        advance(len(OFFSETS_M))
    return ScenarioDiagnosis(
        scenario=scenario,
        episodes=request.episodes,
        first_seed=FIRST_SEED,
        yardstick=drives.measure.zero,
        shift=covariate_shift(drives.expert, drives.itself),
        off=None if parks else _off(who, drives, request.fit_until_s, advance),
        inertia=inertia(drives.expert, drives.itself, starts),
        sensitivity=_sensitivity(who, drives, advance),
    )


def _off(who: Asked, drives: Drives, fit_until_s: float | None, advance: Callable[[int], None]) -> Off:
    failure_s = median_failure_s(drives.itself)
    until_s = fit_until_s if fit_until_s is not None else failure_s
    rates = []
    for offset in OFFSETS_M:
        rates.append(recovery(who, drives.batches, drives.measure, offset))
        advance(1)
    return Off(
        recovery=tuple(rates),
        divergence=time_to_divergence(drives.itself, drives.measure),
        cost=cost_against_horizon(costs_of(drives.itself, drives.measure), fit_until_s=until_s),
        expert_cost=cost_against_horizon(costs_of(drives.expert, drives.measure), fit_until_s=until_s),
        median_failure_s=failure_s,
    )


def _sensitivity(
    who: DriverSubject | PolicySubject, drives: Drives, advance: Callable[[int], None]
) -> Sensitivity | None:
    if isinstance(who, DriverSubject):
        return None
    pairs: Sequence[tuple[Sequence[Episode], Drive]] = list(zip(drives.batches, drives.by_batch, strict=True))
    return sensitivity(who, pairs, drives.expert, advance)
