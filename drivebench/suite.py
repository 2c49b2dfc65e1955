"""What is measured: a suite is a fixed, digested list of episodes with the expert's reference on each.

A manifest is a JSON file. It names for each episode the digest of its initial world, so that a change of a
scenario, of NumPy or of highway-env that would make it another task is noticed before anything is driven.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from drivebench import registry
from drivebench.errors import ConfigurationError, DataError
from drivebench.scenario import Episode, load_scenario, split_of

__all__ = [
    "MINIMUM_POSE_ERROR_M",
    "MINIMUM_REFERENCE_M",
    "Suite",
    "SuiteEntry",
    "load_suite",
    "read_suite",
    "write_suite",
]

SCHEMA = 1
MINIMUM_REFERENCE_M = 20.0
"""An episode in which the expert gets less far than this says nothing about progress."""
MINIMUM_POSE_ERROR_M = 3.0
"""The same for the pose error that the expert takes away where it has to park."""


@dataclass(frozen=True, kw_only=True)
class SuiteEntry:
    """One episode of a suite.

    Attributes:
        scenario: Id of the scenario.
        condition: Name of the condition.
        seed: The episode's seed.
        reference_time_s: When the privileged expert arrived at the goal, else the horizon.
        reference_distance_m: How far along the route the expert was then; where it has to park, by how much
            its pose error was less than at the start.
        world_digest: SHA-256 of the initial world, in hexadecimal.
        task_digest: SHA-256 of route, goal, commands, horizon and speed limit, in hexadecimal.
    """

    scenario: str
    condition: str
    seed: int
    reference_time_s: float
    reference_distance_m: float
    world_digest: str
    task_digest: str

    def __post_init__(self) -> None:
        split_of(self.seed)
        if not (math.isfinite(self.reference_time_s) and self.reference_time_s > 0.0):
            raise ConfigurationError(
                f"{self.key}: reference time {self.reference_time_s} s; expected more than 0"
            )
        if not MINIMUM_POSE_ERROR_M <= self.reference_distance_m < math.inf:
            raise ConfigurationError(
                f"{self.key}: reference distance {self.reference_distance_m} m; expected "
                f"{MINIMUM_REFERENCE_M} m or more, {MINIMUM_POSE_ERROR_M} m where it has to park"
            )

    @property
    def key(self) -> str:
        """The episode's name in records: ``scenario/condition/seed``."""
        return f"{self.scenario}/{self.condition}/{self.seed}"

    def episode(self) -> Episode:
        """Build the episode and make sure that it is the one that the suite was made of.

        Raises:
            DataError: The initial world or the task has another digest than the manifest says.
        """
        episode = load_scenario(self.scenario).episode(self.seed, self.condition)
        for what, given, expected in (
            ("world", episode.world.digest, self.world_digest),
            ("task", episode.task_digest, self.task_digest),
        ):
            if given != expected:
                raise DataError(
                    f"{self.key} has the {what} {given}; the suite's manifest says {expected}. The scenario, "
                    "or a library that builds it, has changed: install the constrained versions, or give the "
                    "scenario a new version and build its suites again."
                )
        return episode


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A fixed list of episodes.

    Attributes:
        name: The name that commands use.
        version: Raised whenever the entries change.
        description: One sentence for people.
        entries: The episodes in the order in which they are driven.
        refused: Episodes that the builder turned away, and why; for information, not part of the digest.
    """

    name: str
    version: int
    description: str
    entries: tuple[SuiteEntry, ...]
    refused: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        keys = [entry.key for entry in self.entries]
        repeated = {key for key in keys if keys.count(key) > 1} if len(set(keys)) < len(keys) else set()
        if repeated or not keys:
            raise ConfigurationError(
                f"suite {self.name!r} has {len(keys)} entries, repeated: {sorted(repeated)}; expected at "
                "least one and none twice"
            )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over name, version and entries, in hexadecimal."""
        content = {"name": self.name, "version": self.version, "entries": [asdict(e) for e in self.entries]}
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Ids of the scenarios in it, in the order of their first entry."""
        return tuple(dict.fromkeys(entry.scenario for entry in self.entries))


def load_suite(name: str) -> Suite:
    """The registered suite of a name, or the one of a manifest.

    Args:
        name: Of a suite; or the path of a manifest, which ends with ``.json``.

    Raises:
        UnknownNameError: No such suite; the message suggests the nearest.
        DataError: Its manifest is missing, of another schema, or was edited.
    """
    if name.endswith(".json"):
        return read_suite(Path(name))
    path = registry.load("suite", name)
    suite = read_suite(Path(path))
    if suite.name != name:
        raise DataError(f"the manifest {Path(path).name} is of suite {suite.name!r}; expected {name!r}")
    return suite


def read_suite(path: Path) -> Suite:
    """Read a manifest and check its digest.

    Raises:
        DataError: The file is missing, of another schema, or does not agree with its digest.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise DataError(f"{path} has schema {content['schema']}; this drivebench reads schema {SCHEMA}")
        suite = Suite(
            name=content["name"],
            version=content["version"],
            description=content["description"],
            entries=tuple(SuiteEntry(**entry) for entry in content["entries"]),
            refused=tuple(content["refused"]),
        )
        stated = content["digest"]
    except (OSError, json.JSONDecodeError, KeyError, TypeError, ConfigurationError) as error:
        raise DataError(f"{path} is not a suite manifest ({type(error).__name__}: {error})") from error
    if suite.digest != stated:
        raise DataError(
            f"{path} was edited: its entries have the digest {suite.digest}, it states {stated}. "
            "Build it again."
        )
    return suite


def write_suite(suite: Suite, path: Path) -> None:
    """Write a manifest, one entry a line, so that a difference between two versions can be read."""
    head: Sequence[tuple[str, object]] = (
        ("schema", SCHEMA),
        ("name", suite.name),
        ("version", suite.version),
        ("description", suite.description),
        ("digest", suite.digest),
        ("refused", suite.refused),
    )
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in head]
    entries = ",\n".join(f"    {json.dumps(asdict(entry))}" for entry in suite.entries)
    text = "\n".join(["{", *lines, '  "entries": [', entries, "  ]", "}", ""])
    path.write_text(text, encoding="utf-8")
