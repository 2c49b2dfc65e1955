"""Evaluating a competitor on a suite: from a name and a name to a run directory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from drivebench.compiled import source_digest
from drivebench.errors import ConfigurationError
from drivebench.evaluation.account import count_evaluation
from drivebench.evaluation.chunk import ChunkJob
from drivebench.evaluation.competitor import Competitor, competitor
from drivebench.evaluation.engines.engine import Engine, Order, Supervisor, load_engine
from drivebench.evaluation.isolation.tier import NO_TIER, Tier
from drivebench.evaluation.isolation.tiers import choose, describe, require, try_tier
from drivebench.evaluation.machine import machine_here, versions_here
from drivebench.evaluation.manifest import (
    MANIFEST,
    Attempt,
    Earlier,
    Limits,
    RunManifest,
    Selection,
    read_manifest,
)
from drivebench.evaluation.record import Run, load_run
from drivebench.evaluation.rollout import BATCH_SIZE
from drivebench.evaluation.run_directory import RunDirectory, is_begun
from drivebench.evaluation.run_files import ChunkFiles, run_files
from drivebench.evaluation.selection import select, suite_card
from drivebench.metric.score import METRIC_VERSION, metric_digest
from drivebench.progress import say
from drivebench.suite import Suite, SuiteEntry, load_suite

__all__ = ["EvaluationRequest", "episode_count", "evaluate"]

DEFAULT_ENGINE = "local"


@dataclass(frozen=True, kw_only=True)
class EvaluationRequest:
    """What a user asks of an evaluation.

    Attributes:
        what: A submission directory, a driver, or a baseline that learns nothing.
        suite: Name of a suite.
        out: The run directory.
        workers: Processes that drive; results do not depend on it. None for as many as the engine has.
        isolation: Tier that must be in force; None takes that of the run that is resumed, or else the
            strongest that comes into force on this machine.
        resume: Go on with the run that is in ``out``.
        selection: Which part of the suite.
        limits: What the policy is allowed.
        chunk_size: Episodes that are driven together.
        engine: What drives: processes of this machine, or another registered engine.
        engine_options: Of the engine, such as the partition of a SLURM cluster.
    """

    what: str
    suite: str
    out: Path
    workers: int | None = None
    isolation: str | None = None
    resume: bool = False
    selection: Selection = field(default_factory=Selection)
    limits: Limits = field(default_factory=Limits)
    chunk_size: int = BATCH_SIZE
    engine: str = DEFAULT_ENGINE
    engine_options: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.workers is not None and self.workers < 1) or self.chunk_size < 1:
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
    engine = load_engine(request.engine)
    suite = load_suite(request.suite)
    entries = select(suite, request.selection)
    with competitor(request.what) as driven:
        manifest = _manifest(request, suite, entries, driven, _isolation(request, driven))
        if not manifest.driven:
            raise ConfigurationError(
                f"shard {request.selection.shard} has nothing to drive: the run has {manifest.chunks} "
                "chunks. Expected no more shards than chunks."
            )
        earlier = None
        if request.resume and is_begun(request.out):
            directory = RunDirectory.resume(request.out, manifest)
        else:
            directory = RunDirectory.create(request.out, manifest)
            earlier = count_evaluation(manifest)
        if not directory.finished:
            job = ChunkJob(
                competitor=driven,
                entries=entries,
                chunk_size=manifest.chunk_size,
                limits=manifest.limits,
                isolation=manifest.isolation,
                engine_digest=manifest.engine_digest,
            )
            with directory.claimed():
                _drive(directory, request, engine, job, earlier, progress)
    return load_run(request.out)


def episode_count(request: EvaluationRequest) -> int:
    """How many episodes a request is about.

    Args:
        request: What to do.
    """
    entries = select(load_suite(request.suite), request.selection)
    shard = request.selection.shard
    if shard is None:
        return len(entries)
    return sum((number // request.chunk_size) % shard.of == shard.index - 1 for number in range(len(entries)))


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
    engine: Engine,
    job: ChunkJob,
    earlier: Earlier | None,
    progress: Callable[[int, int], None],
) -> None:
    """Drive the chunks that are not there yet, and finish the directory."""
    todo = sorted(directory.open_chunks(), key=lambda chunk: -_expected_s(job, chunk))
    total = sum(len(directory.manifest.keys_of(chunk)) for chunk in directory.manifest.driven)
    finished = total - sum(len(directory.manifest.keys_of(chunk)) for chunk in todo)
    written = 0

    def count(episodes: int) -> None:
        nonlocal finished
        finished += episodes
        progress(finished, total)

    def write(chunk: int, files: ChunkFiles) -> None:
        nonlocal written
        directory.write_chunk(chunk, files)
        written += 1

    supervisor = Supervisor(job, todo, count, write)
    order = Order(
        job=job,
        chunks=max(1, len(todo)),
        workers=request.workers,
        options=request.engine_options,
        scratch=directory.scratch,
        progress=supervisor.count,
    )
    progress(finished, total)
    with engine(order) as crew:
        attempt = _attempt(request.engine, crew.workers, earlier, job.isolation)
        directory.note_attempt(attempt, first=True)
        outcome = "failed"
        try:
            supervisor.run(crew)
            outcome = "finished"
        except KeyboardInterrupt:
            outcome = "interrupted"
            raise
        finally:
            attempt = replace(attempt, ended=_now(), outcome=outcome, chunks=written)
            directory.note_attempt(attempt, first=False)
    directory.finish()


def _expected_s(job: ChunkJob, chunk: int) -> float:
    """About how long a chunk is against others: what begins last should not be what takes longest."""
    return sum(entry.reference_time_s for entry in job.entries_of(chunk))


def _attempt(engine: str, workers: int, earlier: Earlier | None, isolation: str) -> Attempt:
    return Attempt(
        started=_now(),
        ended=None,
        outcome="running",
        chunks=0,
        workers=workers,
        versions=versions_here(),
        machine={
            **machine_here(),
            "landlock": 0 if isolation == NO_TIER else try_tier(Tier(isolation)).landlock,
        },
        engine=engine,
        earlier=earlier,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
