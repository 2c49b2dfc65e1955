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
from drivebench.evaluation.isolation import NO_TIER, Tier, require_tier
from drivebench.evaluation.machine import machine_here, versions_here
from drivebench.evaluation.manifest import Attempt, Earlier, Limits, RunManifest, Selection
from drivebench.evaluation.record import Run, load_run
from drivebench.evaluation.rollout import BATCH_SIZE
from drivebench.evaluation.run_directory import RunDirectory, is_begun
from drivebench.evaluation.run_files import ChunkFiles
from drivebench.evaluation.selection import select, suite_card
from drivebench.metric.score import METRIC_VERSION, metric_digest
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
        isolation: Tier that must be in force.
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
    isolation: str = Tier.PROCESS.value
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
    tier = require_tier(request.isolation)
    engine = load_engine(request.engine)
    suite = load_suite(request.suite)
    entries = select(suite, request.selection)
    with competitor(request.what) as driven:
        manifest = _manifest(request, suite, entries, driven, tier)
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


def _manifest(
    request: EvaluationRequest, suite: Suite, entries: tuple[SuiteEntry, ...], driven: Competitor, tier: Tier
) -> RunManifest:
    return RunManifest(
        drivebench=version("drivebench"),
        policy=driven.card,
        suite=suite_card(suite),
        selection=request.selection,
        metric_version=METRIC_VERSION,
        metric_digest=metric_digest(),
        engine_digest=source_digest(),
        isolation=tier.value if driven.submission is not None else NO_TIER,
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
        attempt = _attempt(request.engine, crew.workers, earlier)
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


def _attempt(engine: str, workers: int, earlier: Earlier | None) -> Attempt:
    return Attempt(
        started=_now(),
        ended=None,
        outcome="running",
        chunks=0,
        workers=workers,
        versions=versions_here(),
        machine=machine_here(),
        engine=engine,
        earlier=earlier,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
