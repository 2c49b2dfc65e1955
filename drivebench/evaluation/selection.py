"""Which episodes a run is over, and what it says about its suite."""

from collections import Counter

from drivebench.errors import ConfigurationError, UnknownNameError
from drivebench.evaluation.manifest import Selection, SuiteCard
from drivebench.scenario import load_scenario
from drivebench.suite import Suite, SuiteEntry

__all__ = ["select", "suite_card"]


def select(suite: Suite, selection: Selection) -> tuple[SuiteEntry, ...]:
    """The entries of a suite that a selection keeps.

    Args:
        suite: The suite.
        selection: Which part.

    Raises:
        UnknownNameError: It names a scenario or condition that the suite does not have.
        ConfigurationError: It keeps nothing.
    """
    for kind, wanted, known in (
        ("scenario", selection.scenarios, {entry.scenario for entry in suite.entries}),
        ("condition", selection.conditions, {entry.condition for entry in suite.entries}),
    ):
        for name in wanted:
            if name not in known:
                raise UnknownNameError(f"{kind} of the suite {suite.name!r}", name, known)
    kept: list[SuiteEntry] = []
    taken: Counter[tuple[str, str]] = Counter()
    for entry in suite.entries:
        group = (entry.scenario, entry.condition)
        if selection.scenarios and entry.scenario not in selection.scenarios:
            continue
        if selection.conditions and entry.condition not in selection.conditions:
            continue
        if selection.limit is not None and taken[group] >= selection.limit:
            continue
        taken[group] += 1
        kept.append(entry)
    if not kept:
        raise ConfigurationError(
            f"nothing of the suite {suite.name!r} is left with {selection}; expected at least one episode"
        )
    return tuple(kept)


def suite_card(suite: Suite) -> SuiteCard:
    """What a manifest says about its suite.

    Args:
        suite: The suite.
    """
    return SuiteCard(
        name=suite.name,
        version=suite.version,
        digest=suite.digest,
        abilities={
            scenario: tuple(ability.value for ability in load_scenario(scenario).abilities)
            for scenario in suite.scenarios
        },
    )
