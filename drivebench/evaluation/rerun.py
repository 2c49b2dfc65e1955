"""Driving some chunks of a run again with its policy, and comparing the bytes.

Replaying action logs shows that the numbers follow from the actions; only this shows that the actions are the
policy's. Which chunks are driven is left to chance, so that nobody can prepare for it.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from drivebench import registry
from drivebench.baseline import load_baseline
from drivebench.compiled import source_digest
from drivebench.errors import ConfigurationError
from drivebench.evaluation.chunk import ChunkJob
from drivebench.evaluation.competitor import Competitor, competitor
from drivebench.evaluation.isolation.tier import NO_TIER
from drivebench.evaluation.isolation.tiers import choose
from drivebench.evaluation.machine import PROCESSOR, machine_here, versions_here
from drivebench.evaluation.manifest import Driven, RunManifest
from drivebench.evaluation.merge import chunk_files
from drivebench.evaluation.record import Run
from drivebench.evaluation.verify import Disagreement, entries_of
from drivebench.submission import MANIFEST, read_submission

__all__ = ["Rerun", "choose_chunks", "competitor_of", "differences_here", "rerun"]

DEPTH = 3
"""How many folders down a submission is looked for."""


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """What driving chunks again has shown.

    Attributes:
        chunks: Which were driven.
        episodes: How many episodes they have.
        disagreements: Episodes that came out otherwise, in the order of the records.
        elsewhere: What is otherwise on this machine than on that of the run, and a network's last bits may
            depend on; nothing if the machines are of one kind.
    """

    chunks: tuple[int, ...]
    episodes: int
    disagreements: tuple[Disagreement, ...]
    elsewhere: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether every byte is the same."""
        return not self.disagreements


def choose_chunks(run: Run, count: int, *, generator: np.random.Generator) -> tuple[int, ...]:
    """Choose chunks of a run by chance.

    Args:
        run: The run.
        count: How many; all if there are no more.
        generator: Of the chance.
    """
    driven = run.manifest.driven
    return tuple(sorted(generator.choice(driven, min(count, len(driven)), replace=False).tolist()))


@contextmanager
def competitor_of(run: Run, where: Path | None = None) -> Iterator[Competitor]:
    """Find who drove a run, by the digest.

    Args:
        run: The run.
        where: The submission, or a folder with it somewhere below; the folder of the run when None. A driver,
            and a baseline that learns nothing, is found by its name.

    Raises:
        ConfigurationError: Nothing here has that digest.
    """
    card = run.manifest.policy
    if card.kind is Driven.DRIVER:
        what = card.name
    elif where is not None and (where / MANIFEST).is_file():
        what = str(where)
    else:
        folder = where if where is not None else run.path.resolve().parent
        found = _submission_below(folder, card.digest)
        untrained = card.name in registry.names("baseline") and load_baseline(card.name).demand is None
        if found is None and not untrained:
            raise ConfigurationError(
                f"no submission in {folder} has the digest {card.digest[:16]}… of the policy {card.name!r} "
                f"that drove {run.path}. Give the unchanged submission: --submission DIR"
            )
        what = card.name if found is None else str(found)
    with competitor(what) as driven:
        if driven.card.digest != card.digest:
            raise ConfigurationError(
                f"{what} has the digest {driven.card.digest[:16]}…; {run.path} was driven by {card.name!r} "
                f"with {card.digest[:16]}…. Expected the unchanged policy, in the same version of drivebench "
                "if it comes with it."
            )
        yield driven


def rerun(
    run: Run,
    driven: Competitor,
    chunks: Sequence[int],
    progress: Callable[[int], None],
    suite: str | None = None,
) -> Rerun:
    """Drive chunks of a run again.

    Args:
        run: The run.
        driven: Who drove it.
        chunks: Which; each is among ``run.manifest.driven``.
        progress: Called with the number of episodes that have just finished.
        suite: Manifest of the run's suite, if that is not one that drivebench knows by name.
    """
    manifest = run.manifest
    job = ChunkJob(
        competitor=driven,
        entries=tuple(entries_of(run, suite).values()),
        chunk_size=manifest.chunk_size,
        limits=manifest.limits,
        isolation=NO_TIER if driven.submission is None else choose().value,
        engine_digest=source_digest(),
    )
    found: list[Disagreement] = []
    with job.runner() as drive:
        for chunk in chunks:
            recorded, again = chunk_files(run, chunk), drive(chunk, progress)
            if (recorded.records, recorded.actions) != (again.records, again.actions):
                lines = zip(recorded.records.splitlines(), again.records.splitlines(), strict=True)
                keys = manifest.keys_of(chunk)
                found += [
                    Disagreement(episode=key, what=_difference(json.loads(one), json.loads(other)))
                    for key, (one, other) in zip(keys, lines, strict=True)
                    if one != other
                ]
    return Rerun(
        chunks=tuple(chunks),
        episodes=sum(len(manifest.keys_of(chunk)) for chunk in chunks),
        disagreements=tuple(found),
        elsewhere=differences_here(manifest),
    )


def differences_here(manifest: RunManifest) -> tuple[str, ...]:
    """In what this machine differs from those of a run, as far as a network's last bits may depend on it.

    Args:
        manifest: Of the run.
    """
    here = machine_here()[PROCESSOR]
    attempts = [attempt for attempt in manifest.attempts if attempt.chunks]
    there = {str(attempt.machine.get(PROCESSOR, "unknown")) for attempt in attempts}
    found = [] if there == {here} else [f"processor {' and '.join(sorted(there))} there, {here} here"]
    for name, version in versions_here().items():
        versions = {attempt.versions.get(name, "none") for attempt in attempts}
        if versions != {version}:
            found.append(f"{name} {' and '.join(sorted(versions))} there, {version} here")
    if manifest.engine_digest != source_digest():
        found.append("other compiled sources of drivebench")
    return tuple(found)


def _submission_below(folder: Path, digest: str) -> Path | None:
    for depth in range(1, DEPTH + 1):
        for manifest in sorted(folder.glob("/".join([*["*"] * depth, MANIFEST]))):
            try:
                if read_submission(manifest.parent).digest == digest:
                    return manifest.parent
            except ConfigurationError:  # it is another one, and broken
                continue
    return None


def _difference(recorded: dict[str, Any], again: dict[str, Any]) -> str:
    for what, one, other in (
        ("status", recorded["status"], again["status"]),
        ("reason", recorded["reason"], again["reason"]),
        ("number of decisions", recorded["actions"]["decisions"], again["actions"]["decisions"]),
        ("actions' digest", recorded["actions"]["sha256"][:16], again["actions"]["sha256"][:16]),
    ):
        if one != other:
            return f"its {what} is {one!r}; driven again it is {other!r}"
    return "its actions are the same; the rest of its record is not"
