"""Building suites: the privileged expert drives each episode; its time and distance are the reference.

Seeds of a cell (a scenario under a condition) are tried in order from the cell's first. An episode that the
expert fails, or in which it gets less than 20 m far (less than 3 m nearer to where it has to park), is
refused, and the next seed takes its place; what was refused, and why, is stated in the manifest.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from drivebench.conditions import NOMINAL, SHIFTED_TRAFFIC, UNSEEN_ROAD
from drivebench.errors import UnknownNameError
from drivebench.evaluation.rollout import BATCH_SIZE, DriverPilot, Rollout, roll_out
from drivebench.metric.measurement import Reference
from drivebench.metric.parts import is_success
from drivebench.scenario import DEV, TEST, Scenario, load_scenario
from drivebench.secret_seeds import SecretKey
from drivebench.suite import (
    MINIMUM_POSE_ERROR_M,
    MINIMUM_REFERENCE_M,
    Suite,
    SuiteEntry,
    read_suite,
    write_suite,
)
from scenarios.expert import Expert
from scenarios.suites import FOLDER

__all__ = ["PLANS", "build_suite", "main"]

VERSION = 1
FAMILIES = (
    "lane-keeping-v1",
    "car-following-v1",
    "highway-v1",
    "merge-v1",
    "exit-v1",
    "roundabout-v1",
    "intersection-v1",
    "two-way-v1",
    "u-turn-v1",
    "fork-v1",
    "occlusion-v1",
    "long-haul-v1",
    "parking-v1",
)
CONDITIONS = (
    "nominal",
    "off-course",
    "disturbed",
    "dense",
    "aggressive",
    "night",
    "fog",
    "rain",
    "dropout",
)
"""What suites are stratified over; a family has those of them that it knows."""
SHIFTS = (UNSEEN_ROAD, *SHIFTED_TRAFFIC, "night", "fog", "rain", "low-sun", "wet")
"""What a generalisation suite asks for besides the nominal episode of the same seed."""
CELL_SEEDS = 10_000
"""Distance between the first seeds of two conditions, so that they share no seed."""
MOST_REFUSED = 0.1
"""A cell with a larger share of refused episodes is badly posed: the scenario is to be mended, not sieved."""
ALWAYS_REFUSABLE = 2
"""So many may be refused whatever their share is: in a small cell a tenth is less than one episode."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a suite is to hold.

    Attributes:
        description: One sentence for people.
        first_seed: Seeds are counted from here.
        scenarios: Ids.
        conditions: Those that episodes are spread over, where a scenario knows them.
        episodes: Of each scenario, over all conditions; pairs count once.
        exceptions: Another number of episodes for some scenarios.
        pairs: Whether each episode is there twice: nominal, and under one of the other conditions.
    """

    description: str
    first_seed: int
    scenarios: tuple[str, ...] = FAMILIES
    conditions: tuple[str, ...] = CONDITIONS
    episodes: int
    exceptions: Mapping[str, int] = field(default_factory=dict)
    pairs: bool = False

    def cells(self, scenario: Scenario) -> dict[str, int]:
        """How many episodes of each condition there are: the same number each, and what is left is nominal.

        Args:
            scenario: One of those that are planned.
        """
        known = [name for name in self.conditions if name in scenario.every_condition]
        each, left = divmod(self.exceptions.get(scenario.id, self.episodes), len(known))
        return {name: each + (left if place == 0 else 0) for place, name in enumerate(known)}


PLANS = {
    "smoke": Plan(
        description="A look at every family under a minute; says whether things run, not how good they are.",
        first_seed=DEV.start + 900_000,
        conditions=("nominal", "off-course"),
        episodes=8,
    ),
    "dev": Plan(
        description="For developing methods: choose, tune and stop on this one.",
        first_seed=DEV.start,
        episodes=54,
        exceptions={"long-haul-v1": 14},
    ),
    "test": Plan(
        description="What tables report: held-out roads and traffic, to be driven once.",
        first_seed=TEST.start,
        episodes=108,
        exceptions={"long-haul-v1": 20},
    ),
    "generalisation": Plan(
        description="Each seed as it is trained on and under a shift: roads, traffic, light, weather.",
        first_seed=TEST.start + 300_000,
        conditions=SHIFTS,
        episodes=64,
        pairs=True,
    ),
    "recovery": Plan(
        description="Lane keeping from starts further beside the lane than the side cameras; reported apart.",
        first_seed=TEST.start + 500_000,
        scenarios=("lane-keeping-v1",),
        conditions=("off-course-far",),
        episodes=60,
    ),
}


class RefusedTooOftenError(Exception):
    """The expert fails too many episodes of a cell."""


def build_suite(name: str, progress: Progress | None = None, *, key: SecretKey | None = None) -> Suite:
    """Drive the expert through the episodes of a suite.

    Args:
        name: One of ``PLANS``.
        progress: Where to show how far it is.
        key: Of a secret suite like this one, with seeds that follow from the key.

    Raises:
        UnknownNameError: No such plan.
        RefusedTooOftenError: In a cell, more episodes were refused than a tenth of those it is to hold, and
            more than two.
    """
    if name not in PLANS:
        raise UnknownNameError("suite", name, PLANS)
    plan = PLANS[name]
    entries: list[SuiteEntry] = []
    refused: list[str] = []
    for family in plan.scenarios:
        scenario = load_scenario(family)
        for place, (condition, episodes) in enumerate(plan.cells(scenario).items()):
            first = plan.first_seed + place * CELL_SEEDS
            seeds = count(first) if key is None else key.seeds(family, condition)
            conditions = (NOMINAL, condition) if plan.pairs else (condition,)
            told = f"{name}: {family}/{condition}"
            task = progress.add_task(told, total=episodes) if progress else None
            taken = turned_away = 0
            for rollouts in _drive(scenario, conditions, seeds, episodes):
                reasons = [reason for reason in map(_refusal, rollouts) if reason]
                if reasons:
                    turned_away += 1
                    refused.append(f"{family}/{condition}/{rollouts[0].episode.seed}: {'; '.join(reasons)}")
                    if turned_away > max(MOST_REFUSED * episodes, ALWAYS_REFUSABLE):
                        raise RefusedTooOftenError("; ".join(refused))
                    continue
                entries += map(_entry, rollouts)
                taken += 1
                if progress and task is not None:
                    progress.advance(task)
                if taken == episodes:
                    break
    return Suite(
        name=name if key is None else f"{name}-secret-{key.commitment[:8]}",
        version=VERSION,
        description=plan.description,
        entries=tuple(entries),
        refused=tuple(refused),
    )


def _drive(
    scenario: Scenario, conditions: Sequence[str], seeds: Iterator[int], episodes: int
) -> Iterator[tuple[Rollout, ...]]:
    """The expert's rollouts, seed after seed without end, under each of the conditions."""
    size = min(BATCH_SIZE, episodes)
    while True:
        chosen = [next(seeds) for _ in range(size)]
        driven = []
        for condition in conditions:
            batch = [scenario.episode(seed, condition) for seed in chosen]
            driven.append(roll_out(batch, [None] * size, DriverPilot(Expert()), size))
        yield from zip(*driven, strict=True)


def _reference(rollout: Rollout) -> Reference:
    measurement = rollout.measurement
    return Reference(time_s=measurement.duration_s, distance_m=max(measurement.progress_m, 1.0))


def _refusal(rollout: Rollout) -> str:
    """Why an episode is not fit to be measured on; empty when it is."""
    measurement = rollout.measurement
    least_m = MINIMUM_REFERENCE_M if rollout.episode.parking is None else MINIMUM_POSE_ERROR_M
    if measurement.progress_m < least_m:
        return f"the expert got {measurement.progress_m:.1f} m far"
    if not is_success(measurement, _reference(rollout)):
        events = ", ".join(type(event).__name__ for event in measurement.events) or "no event"
        return f"the expert failed: {measurement.ended_by.value} at {measurement.duration_s:.1f} s ({events})"
    return ""


def _entry(rollout: Rollout) -> SuiteEntry:
    episode, reference = rollout.episode, _reference(rollout)
    return SuiteEntry(
        scenario=episode.scenario,
        condition=episode.condition,
        seed=episode.seed,
        reference_time_s=reference.time_s,
        reference_distance_m=reference.distance_m,
        world_digest=episode.world.digest,
        task_digest=episode.task_digest,
    )


def main() -> None:
    """``python -m scenarios.suites``."""
    app = typer.Typer(add_completion=False, help="Build the suites' manifests, or check them.")
    app.command("build")(_build)
    app.command("check")(_check)
    app()


Names = Annotated[list[str] | None, typer.Argument(help="Suites; all of them when left out.")]


def _build(names: Names = None, out: Path = FOLDER) -> None:
    """Drive the expert through the suites and write their manifests.

    Example: python -m scenarios.suites build smoke
    """
    for name in names or PLANS:
        with Progress(transient=True) as progress:
            suite = build_suite(name, progress)
        write_suite(suite, out / f"{name}.json")
        typer.echo(
            f"{name}: {len(suite.entries)} episodes, {len(suite.refused)} refused, {suite.digest[:12]}"
        )
        for line in suite.refused:
            typer.echo(f"  {line}")


def _check(names: Names = None) -> None:
    """Build the suites again and compare with the manifests; exit code 1 when one differs.

    Example: python -m scenarios.suites check smoke
    """
    differing = []
    for name in names or PLANS:
        with Progress(transient=True) as progress:
            same = build_suite(name, progress) == read_suite(FOLDER / f"{name}.json")
        typer.echo(f"{name}: {'the same' if same else 'differs from its manifest'}")
        differing += [] if same else [name]
    raise typer.Exit(1 if differing else 0)
