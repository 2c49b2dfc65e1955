"""Building suites: the privileged expert drives each episode; its time and distance are the reference.

Seeds of a cell (a scenario under a condition) are tried in order from the cell's first. An episode that the
expert fails, or in which it gets less than 20 m far, is refused, and the next seed takes its place; what was
refused, and why, is stated in the manifest.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from drivebench.errors import UnknownNameError
from drivebench.evaluation.rollout import BATCH_SIZE, DriverPilot, Rollout, roll_out
from drivebench.metric.measurement import Reference
from drivebench.metric.parts import is_success
from drivebench.scenario import DEV, TEST, load_scenario
from drivebench.suite import MINIMUM_REFERENCE_M, Suite, SuiteEntry, read_suite, write_suite
from scenarios.expert import Expert
from scenarios.suites import FOLDER

__all__ = ["PLANS", "build_suite", "main"]

VERSION = 1
FAMILIES = ("lane-keeping-v1", "highway-v1", "merge-v1", "roundabout-v1")
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
        conditions: Of each scenario.
        episodes: Of each scenario under each condition.
    """

    description: str
    first_seed: int
    scenarios: tuple[str, ...]
    conditions: tuple[str, ...]
    episodes: int


PLANS = {
    "smoke": Plan(
        description="A look at every family under a minute; says whether things run, not how good they are.",
        first_seed=DEV.start + 900_000,
        scenarios=FAMILIES,
        conditions=("nominal", "off-course"),
        episodes=4,
    ),
    "dev": Plan(
        description="For developing methods: choose, tune and stop on this one.",
        first_seed=DEV.start,
        scenarios=FAMILIES,
        conditions=("nominal", "off-course"),
        episodes=60,
    ),
    "test": Plan(
        description="What tables report: held-out roads and traffic, to be driven once.",
        first_seed=TEST.start,
        scenarios=FAMILIES,
        conditions=("nominal", "off-course"),
        episodes=60,
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


def build_suite(name: str, progress: Progress | None = None) -> Suite:
    """Drive the expert through the episodes of a suite.

    Args:
        name: One of ``PLANS``.
        progress: Where to show how far it is.

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
    for scenario in plan.scenarios:
        for place, condition in enumerate(plan.conditions):
            cell = f"{scenario}/{condition}"
            task = progress.add_task(f"{name}: {cell}", total=plan.episodes) if progress else None
            taken = turned_away = 0
            for rollout in _drive(scenario, condition, plan.first_seed + place * CELL_SEEDS, plan.episodes):
                reason = _refusal(rollout)
                if reason:
                    turned_away += 1
                    refused.append(f"{cell}/{rollout.episode.seed}: {reason}")
                    if turned_away > max(MOST_REFUSED * plan.episodes, ALWAYS_REFUSABLE):
                        raise RefusedTooOftenError("; ".join(refused))
                    continue
                entries.append(_entry(rollout))
                taken += 1
                if progress and task is not None:
                    progress.advance(task)
                if taken == plan.episodes:
                    break
    return Suite(
        name=name,
        version=VERSION,
        description=plan.description,
        entries=tuple(entries),
        refused=tuple(refused),
    )


def _drive(scenario: str, condition: str, first_seed: int, episodes: int) -> Iterator[Rollout]:
    """The expert's rollouts, seed after seed without end."""
    family, seed = load_scenario(scenario), first_seed
    while True:
        size = min(BATCH_SIZE, episodes)
        batch = [family.episode(seed + i, condition) for i in range(size)]
        yield from roll_out(batch, [None] * size, DriverPilot(Expert()), size)
        seed += size


def _reference(rollout: Rollout) -> Reference:
    measurement = rollout.measurement
    return Reference(time_s=measurement.duration_s, distance_m=max(measurement.progress_m, 1.0))


def _refusal(rollout: Rollout) -> str:
    """Why an episode is not fit to be measured on; empty when it is."""
    measurement = rollout.measurement
    if measurement.progress_m < MINIMUM_REFERENCE_M:
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
