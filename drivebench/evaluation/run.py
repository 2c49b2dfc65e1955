"""Evaluating a competitor on a suite: from a name and a name to a run directory."""

import os
import platform
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from drivebench.compiled import source_digest
from drivebench.errors import ConfigurationError
from drivebench.evaluation.chunk import ChunkJob
from drivebench.evaluation.competitor import Competitor, competitor
from drivebench.evaluation.isolation.tier import NO_TIER, Tier
from drivebench.evaluation.isolation.tiers import choose, describe, require, try_tier
from drivebench.evaluation.manifest import MANIFEST, Attempt, Limits, RunManifest, Selection, read_manifest
from drivebench.evaluation.record import Run, load_run
from drivebench.evaluation.rollout import BATCH_SIZE
from drivebench.evaluation.run_directory import RunDirectory
from drivebench.evaluation.run_files import run_files
from drivebench.evaluation.selection import select, suite_card
from drivebench.evaluation.workers import run_chunks
from drivebench.metric.score import METRIC_VERSION, metric_digest
from drivebench.progress import say
from drivebench.suite import Suite, SuiteEntry, load_suite

__all__ = ["EvaluationRequest", "episode_count", "evaluate"]

_LIBRARIES = ("numpy", "numba", "highway-env", "gymnasium", "torch")


@dataclass(frozen=True, kw_only=True)
class EvaluationRequest:
    """What a user asks of an evaluation.

    Attributes:
        what: A submission directory, a driver, or a baseline that learns nothing.
        suite: Name of a suite.
        out: The run directory.
        workers: Processes that drive; results do not depend on it.
        isolation: Tier that must be in force; None takes that of the run that is resumed, or else the
            strongest that comes into force on this machine.
        resume: Go on with the run that is in ``out``.
        selection: Which part of the suite.
        limits: What the policy is allowed.
        chunk_size: Episodes that are driven together.
    """

    what: str
    suite: str
    out: Path
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    isolation: str | None = None
    resume: bool = False
    selection: Selection = field(default_factory=Selection)
    limits: Limits = field(default_factory=Limits)
    chunk_size: int = BATCH_SIZE

    def __post_init__(self) -> None:
        if self.workers < 1 or self.chunk_size < 1:
            raise ConfigurationError(
                f"{self.workers} workers, chunks of {self.chunk_size}; expected at least 1 of each"
            )


def _ignore(done: int, total: int) -> None:
    """Nobody counts."""


def evaluate(request: EvaluationRequest, progress: Callable[[int, int], None] = _ignore) -> Run:
    """Drive the episodes of a suite and write a run directory.

    Args:
        request: What to do.
        progress: Called with the number of finished episodes and of all episodes.

    Returns:
        The run, read back and checked.

    Raises:
        ConfigurationError: The request cannot be fulfilled as it is.
        HarnessError: The harness failed; nothing of that chunk was scored.
        KeyboardInterrupt: Interrupted; chunks that were finished stay, and ``resume`` goes on.
    """
    suite = load_suite(request.suite)
    entries = select(suite, request.selection)
    with competitor(request.what) as driven:
        manifest = _manifest(request, suite, entries, driven, _isolation(request, driven))
        if request.resume and request.out.exists():
            directory = RunDirectory.resume(request.out, manifest)
        else:
            directory = RunDirectory.create(request.out, manifest)
        if not directory.finished:
            _drive(directory, request, entries, driven, progress)
    return load_run(request.out)


def episode_count(request: EvaluationRequest) -> int:
    """How many episodes a request is about.

    Args:
        request: What to do.
    """
    return len(select(load_suite(request.suite), request.selection))


def _isolation(request: EvaluationRequest, driven: Competitor) -> str:
    """The tier that will be in force, by name; the user is told which."""
    name = request.isolation
    if driven.submission is None:
        if name is not None:
            raise ConfigurationError(
                f"isolation tier {name!r} is asked for, but {driven.card.name!r} is a driver that sees the "
                "world, and drives in the harness itself. Expected a submission; leave --isolation out."
            )
        return NO_TIER
    if name is None and request.resume and (request.out / MANIFEST).is_file():
        name = read_manifest(request.out, run_files(request.out)).isolation
    tier = choose() if name is None else require(name)
    say(describe(tier))
    return tier.value


def _manifest(
    request: EvaluationRequest,
    suite: Suite,
    entries: tuple[SuiteEntry, ...],
    driven: Competitor,
    isolation: str,
) -> RunManifest:
    return RunManifest(
        drivebench=version("drivebench"),
        policy=driven.card,
        suite=suite_card(suite),
        selection=request.selection,
        metric_version=METRIC_VERSION,
        metric_digest=metric_digest(),
        engine_digest=source_digest(),
        isolation=isolation,
        chunk_size=request.chunk_size,
        limits=request.limits,
        episodes=tuple(entry.key for entry in entries),
    )


def _drive(
    directory: RunDirectory,
    request: EvaluationRequest,
    entries: tuple[SuiteEntry, ...],
    driven: Competitor,
    progress: Callable[[int, int], None],
) -> None:
    """Drive the chunks that are not there yet, and finish the directory."""
    attempt = _attempt(request.workers, directory.manifest.isolation)
    directory.note_attempt(attempt, first=True)
    todo = directory.open_chunks()
    size = directory.manifest.chunk_size
    finished = len(entries) - sum(len(entries[chunk * size : (chunk + 1) * size]) for chunk in todo)
    written: list[int] = []

    def count(episodes: int) -> None:
        nonlocal finished
        finished += episodes
        progress(finished, len(entries))

    progress(finished, len(entries))
    job = ChunkJob(competitor=driven, entries=entries, directory=directory)
    outcome = "failed"
    try:
        run_chunks(job, todo, request.workers, count, written.append)
        outcome = "finished"
    except KeyboardInterrupt:
        outcome = "interrupted"
        raise
    finally:
        attempt = replace(attempt, ended=_now(), outcome=outcome, chunks=len(written))
        if outcome != "finished":
            directory.note_attempt(attempt, first=False)
    directory.finish(attempt)


def _attempt(workers: int, isolation: str) -> Attempt:
    versions = {"python": platform.python_version()}
    for library in _LIBRARIES:
        with suppress(PackageNotFoundError):
            versions[library] = version(library)
    return Attempt(
        started=_now(),
        ended=None,
        outcome="running",
        chunks=0,
        workers=workers,
        versions=versions,
        machine={
            "system": platform.system(),
            "architecture": platform.machine(),
            "processors": os.cpu_count(),
            "kernel": platform.release(),
            "landlock": 0 if isolation == NO_TIER else try_tier(Tier(isolation)).landlock,
        },
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
