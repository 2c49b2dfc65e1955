"""Verifying a run by driving every episode again from its action log.

The simulation is a pure function of scenario, seed and actions, so that agreement is exact or there is none.
What cannot be replayed is the policy itself: that it failed in an episode is taken from the record, and what
it had driven until then is checked.
"""

import hashlib
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError, RecordError, UnknownNameError
from drivebench.evaluation.action_logs import read_action_logs
from drivebench.evaluation.manifest import MANIFEST
from drivebench.evaluation.record import EpisodeRecord, Run, Status, encode, load_run
from drivebench.evaluation.selection import select, suite_card
from drivebench.metric.measurement import EpisodeMeasurement, Reference
from drivebench.metric.monitor import Monitor
from drivebench.metric.score import METRIC_VERSION, metric_digest
from drivebench.policy import Slots
from drivebench.scenario import Episode
from drivebench.suite import SuiteEntry, load_suite
from drivebench.world import WorldBatch

__all__ = ["Disagreement", "Verification", "entries_of", "replay", "verify_loaded", "verify_run"]

REMEMBERED = 2048
"""Built episodes that the next run of the same suite need not build again: a whole suite, about 50 MB."""

Log = NDArray[np.int16]


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """Something in a record that its action log does not give.

    Attributes:
        episode: Key of the record.
        what: Which number, what the record says, and what it should say.
    """

    episode: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What verifying a run has shown.

    Attributes:
        run: The run.
        disagreements: In the order of the records; none in an honest run.
    """

    run: Run = field(repr=False)
    disagreements: tuple[Disagreement, ...]

    @property
    def agrees(self) -> bool:
        """Whether every number agrees."""
        return not self.disagreements


def _ignore(episodes: int) -> None:
    """Nobody counts."""


def verify_run(
    path: Path, progress: Callable[[int], None] = _ignore, suite: str | None = None
) -> Verification:
    """Check a run's files, drive all of its episodes again, and compare every number.

    Args:
        path: The run directory, or a packed run.
        progress: Called with the number of episodes that have just been checked.
        suite: Manifest of the run's suite, if that is not one that drivebench knows by name.

    Raises:
        RecordError: The run is not whole, or of another version of suite or metric; names what is wrong.
        ConfigurationError: The run's suite is not known by name, and its manifest is not given.
    """
    return verify_loaded(load_run(path), progress, suite)


def verify_loaded(
    run: Run, progress: Callable[[int], None] = _ignore, suite: str | None = None, workers: int = 1
) -> Verification:
    """The same as :func:`verify_run`, for a run whose files have been read and checked.

    Args:
        run: The run.
        progress: Called with the number of episodes that have just been checked.
        suite: Manifest of the run's suite, if that is not one that drivebench knows by name.
        workers: Processes; with one, everything happens in this one, which remembers the suite's episodes for
            the next run.
    """
    entries = entries_of(run, suite)
    size = run.manifest.chunk_size
    chunks = [run.episodes[first : first + size] for first in range(0, len(run.episodes), size)]
    works = [
        (_only(run, records[0].actions.file), records, [entries[record.key] for record in records])
        for records in chunks
    ]
    found: list[Disagreement] = []
    with _mapping(workers) as each:
        for records, problems in zip(chunks, each(_verify_chunk, *zip(*works, strict=True)), strict=True):
            found += problems
            progress(len(records))
    return Verification(run=run, disagreements=tuple(found))


@contextmanager
def _mapping(workers: int) -> Iterator[Callable[..., Iterable[list[Disagreement]]]]:
    """A ``map`` that works in several processes, or in this one."""
    if workers <= 1:
        yield map
        return
    pool = ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), initializer=numba.set_num_threads, initargs=(1,)
    )
    try:
        yield pool.map
    finally:
        pool.shutdown(cancel_futures=True)


def _only(run: Run, file: str) -> Run:
    """As much of a run as one of its chunks needs: what another process is sent."""
    return replace(run, episodes=(), timing=(), files={file: run.files[file]})


def _look_away(worlds: WorldBatch, monitor: Monitor, slots: Slots, decision: int) -> None:
    """Nobody watches."""


def replay(
    episodes: Sequence[Episode],
    references: Sequence[Reference | None],
    logs: Sequence[Log],
    look: Callable[[WorldBatch, Monitor, Slots, int], None] = _look_away,
) -> list[tuple[EpisodeMeasurement, int]]:
    """Drive a batch of episodes by their action logs.

    Args:
        episodes: What was driven.
        references: What the expert did on each.
        logs: ``i2[T, 2]`` of each.
        look: Called before each decision with the worlds, their monitor, the slots ``i8[n]`` that go on, and
            the number of the decision; worlds and monitor are to be read only.

    Returns:
        For each episode the measurement, and how many of its actions were taken before it ended.
    """
    worlds = WorldBatch([episode.world for episode in episodes])
    monitor = Monitor(worlds, episodes, references)
    lengths = np.array([len(log) for log in logs])
    taken = np.zeros(len(episodes), np.int64)
    for decision in range(int(lengths.max())):
        active = (lengths > decision) & ~monitor.done
        if not active.any():
            break
        slots = np.flatnonzero(active)
        look(worlds, monitor, slots, decision)
        actions = np.zeros((len(episodes), 2), np.int16)
        for slot in slots.tolist():
            actions[slot] = logs[slot][decision]
        worlds.step(actions, active)
        monitor.update(active)
        taken += active
    return [(monitor.finish(slot), int(taken[slot])) for slot in range(len(episodes))]


def entries_of(run: Run, given: str | None) -> dict[str, SuiteEntry]:
    """The suite's entries of a run's episodes by key, those of its other shards included.

    Args:
        run: The run.
        given: Manifest of its suite, if that is not one that drivebench knows by name.

    Raises:
        RecordError: Suite or metric are not those of this version, or the run left out episodes.
    """
    manifest = run.manifest
    try:
        suite = load_suite(given or manifest.suite.name)
    except UnknownNameError as error:
        if given is not None:
            raise
        raise ConfigurationError(
            f"{run.path} was driven on the suite {manifest.suite.name!r}, which drivebench does not know by "
            "name; give its manifest: --suite FILE.json"
        ) from error
    if suite.name != manifest.suite.name:
        raise RecordError(
            f"{run.path} was driven on the suite {manifest.suite.name!r}; what is given is {suite.name!r}"
        )
    if suite.digest != manifest.suite.digest:
        raise RecordError(
            f"{run.path} was driven on version {manifest.suite.version} of the suite {suite.name!r} with the "
            f"digest {manifest.suite.digest[:16]}…; this drivebench has version {suite.version} with "
            f"{suite.digest[:16]}…. Verify it with drivebench {manifest.drivebench}."
        )
    if manifest.metric_digest != metric_digest():
        raise RecordError(
            f"{run.path} was measured by version {manifest.metric_version} of the metric; this drivebench "
            f"has version {METRIC_VERSION} with another digest. Verify it with {manifest.drivebench}."
        )
    if manifest.suite != suite_card(suite):
        raise RecordError(f"{run.path}: what {MANIFEST} says about the suite {suite.name!r} was edited.")
    entries = {entry.key: entry for entry in select(suite, manifest.selection)}
    if list(manifest.episodes) != list(entries):
        differing = sorted(set(manifest.episodes) ^ set(entries)) or ["their order"]
        raise RecordError(
            f"{run.path} has not the episodes that its selection of the suite {suite.name!r} has: "
            f"{len(manifest.episodes)} of {len(entries)}; the first difference: {differing[0]}. {MANIFEST} "
            "was edited: what was not driven scores 0 and must not be left out."
        )
    return entries


@lru_cache(maxsize=REMEMBERED)
def _built(entry: SuiteEntry) -> Episode:
    return entry.episode()


def _verify_chunk(
    run: Run, records: Sequence[EpisodeRecord], entries: Sequence[SuiteEntry]
) -> list[Disagreement]:
    file = f"{run.path}/{records[0].actions.file}"
    actions = read_action_logs(run, records[0].actions.file)
    logs, start = [], 0
    for record in records:
        place = record.actions
        log = actions[place.start : place.start + place.decisions]
        intact = hashlib.sha256(log.tobytes()).hexdigest() == place.sha256
        if place.file != records[0].actions.file or place.start != start or not intact:
            raise RecordError(f"{file}: the action log of {record.key} was moved or edited.")
        start += place.decisions
        logs.append(log)
    if start != len(actions):
        raise RecordError(f"{file} has {len(actions)} decisions; its records have {start}.")
    references = [
        Reference(time_s=entry.reference_time_s, distance_m=entry.reference_distance_m) for entry in entries
    ]
    replayed = replay([_built(entry) for entry in entries], references, logs)
    found = []
    for record, entry, reference, (measurement, taken) in zip(
        records, entries, references, replayed, strict=True
    ):
        problems = _differences(asdict(record.measurement), asdict(measurement))
        if encode(record.reference) != encode(reference):
            problems += _differences(asdict(record.reference), asdict(reference), "reference.")
        if record.world_digest != entry.world_digest:
            problems.append(f"world_digest is {record.world_digest}; the suite says {entry.world_digest}")
        if taken != record.actions.decisions:
            problems.append(f"the episode ends after {taken} of its {record.actions.decisions} actions")
        ended = measurement.ended_by.value != "unfinished"
        if ended != (record.status is Status.DRIVEN):
            problems.append(
                f"status is {record.status.value!r}, but the log ends {measurement.ended_by.value!r}"
            )
        found += [Disagreement(episode=record.key, what=problem) for problem in problems]
    return found


def _differences(recorded: dict[str, Any], computed: dict[str, Any], prefix: str = "") -> list[str]:
    return [
        f"{prefix}{name} is {_brief(recorded[name])}; its action log gives {_brief(computed[name])}"
        for name in computed
        if recorded[name] != computed[name]
    ]


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}…"
