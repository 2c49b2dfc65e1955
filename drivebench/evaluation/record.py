"""What a run leaves on disk, and reading it back with every check that needs no simulator.

A run directory holds

* ``run.json``: what was run: digests, versions, limits, the tier of isolation that was in force, the keys of
  its episodes in order, and the attempts that it took;
* ``episodes.jsonl``: one episode a line, in that order;
* ``actions/NNNN.npy``: the action logs of each chunk, ``i2[decisions, 2]``, episodes one after the other;
* ``timing.jsonl``: one chunk a line; the policy's latency and the wall time, which no two runs have in
  common;
* ``logs/NNNN.txt``: what a policy printed before it failed in a chunk, if it did; covered by no checksum;
* ``checksums.json``: SHA-256 of all of these. It is written last: without it a run is unfinished;
* ``checksums.json.sig``: a signature of that file with somebody's SSH key, if the run was signed.

``episodes.jsonl`` and ``actions/`` are the same bytes in every run of the same policy on the same suite;
``results`` in ``checksums.json`` is the digest of these alone. Scores are not stored: they are derived, here,
from the measurements.

A packed run is the same as one file; see :mod:`drivebench.evaluation.run_files`.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import ConfigDict, TypeAdapter

from drivebench.errors import RecordError
from drivebench.evaluation.manifest import MANIFEST, SCHEMA, RunManifest, read_manifest, read_record
from drivebench.evaluation.run_files import (
    ACTIONS,
    CHECKSUMS,
    EPISODES,
    LOGS,
    SIGNATURE,
    TIMING,
    action_log,
    run_files,
)
from drivebench.metric.measurement import EpisodeMeasurement, Reference
from drivebench.metric.parts import Parts, is_success, parts
from drivebench.metric.score import dbs

__all__ = [
    "ACTIONS",
    "CHECKSUMS",
    "EPISODES",
    "LOGS",
    "TIMING",
    "ActionLog",
    "ChunkTiming",
    "EpisodeRecord",
    "Run",
    "Sealed",
    "Status",
    "checksums_of",
    "encode",
    "load_run",
    "open_sealed",
    "read_run",
    "results_digest",
]

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
T = TypeVar("T")


class Status(StrEnum):
    """How an episode came to its end: driven to the end, or what the policy did wrong.

    There is none for a fault of the harness: such an episode is driven again and leaves no record.
    """

    DRIVEN = "driven"
    START_UP = "start-up"
    RAISED = "raised"
    TIMED_OUT = "timed-out"
    EXITED = "exited"
    MEMORY = "memory"
    PROCESSES = "processes"
    PROTOCOL = "protocol"
    WRONG_SHAPE = "wrong-shape"
    WRONG_TYPE = "wrong-type"
    NOT_FINITE = "not-finite"
    OUT_OF_RANGE = "out-of-range"


@dataclass(frozen=True, kw_only=True)
class ActionLog:
    """Where the actions of an episode are.

    Attributes:
        file: Path in the run directory.
        start: First row.
        decisions: Number of rows.
        sha256: Of the rows as little-endian 16-bit integers, in hexadecimal.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    file: str
    start: int
    decisions: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class EpisodeRecord:
    """One line of ``episodes.jsonl``.

    Attributes:
        scenario: Id of the scenario.
        condition: Name of the condition.
        seed: The episode's seed.
        world_digest: Of its initial world.
        chunk: In which it was driven.
        status: How it came to its end.
        reason: What the policy did wrong, for people; empty when it was driven to the end.
        reference: What the expert did, from the suite.
        measurement: What was measured.
        actions: Where its action log is.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    scenario: str
    condition: str
    seed: int
    world_digest: str
    chunk: int
    status: Status
    reason: str
    reference: Reference
    measurement: EpisodeMeasurement
    actions: ActionLog

    @property
    def key(self) -> str:
        """``scenario/condition/seed``."""
        return f"{self.scenario}/{self.condition}/{self.seed}"

    @property
    def family(self) -> str:
        """The scenario's id without its version."""
        return self.scenario.rpartition("-v")[0]

    @cached_property
    def parts(self) -> Parts:
        """The parts of its score, as driven; a policy's fault does not change them."""
        return parts(self.measurement, self.reference)

    @property
    def score(self) -> float:
        """Its DriveBench Score in [0, 100]; 0 when the policy failed."""
        return dbs(self.parts) if self.status is Status.DRIVEN else 0.0

    @property
    def success(self) -> bool:
        """Whether the task was done."""
        return self.status is Status.DRIVEN and is_success(self.measurement, self.reference)


@dataclass(frozen=True, kw_only=True)
class ChunkTiming:
    """One line of ``timing.jsonl``: what it took; never part of a result.

    Attributes:
        chunk: Which.
        episodes: In it.
        decisions: Batches that the policy answered.
        wall_s: From the first to the last step, start of the policy included.
        latency_p50_s: Median time to answer one batch.
        latency_p99_s: 99th percentile.
        latency_max_s: Longest.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    chunk: int
    episodes: int
    decisions: int
    wall_s: float
    latency_p50_s: float
    latency_p99_s: float
    latency_max_s: float


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """The files of a finished run, which are those that its checksums say; its episodes are not read yet.

    Attributes:
        path: Its directory, or the packed run.
        manifest: What was run.
        files: Content by name.
        stated: The content of ``checksums.json``.
    """

    path: Path
    manifest: RunManifest
    files: Mapping[str, bytes] = field(repr=False)
    stated: Mapping[str, Any] = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of ``checksums.json``, in hexadecimal: runs that share it have the same content."""
        return hashlib.sha256(self.files[CHECKSUMS]).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Run:
    """A finished run, read and checked.

    Attributes:
        path: Its directory, or the packed run.
        manifest: What was run.
        episodes: Records in the suite's order.
        timing: By chunk.
        results: Digest of the episodes and action logs.
        files: Content by name, with the checksums that the run states.
    """

    path: Path
    manifest: RunManifest
    episodes: tuple[EpisodeRecord, ...] = field(repr=False)
    timing: tuple[ChunkTiming, ...] = field(repr=False)
    results: str
    files: Mapping[str, bytes] = field(repr=False)

    @property
    def failures(self) -> tuple[EpisodeRecord, ...]:
        """Episodes in which the policy failed."""
        return tuple(record for record in self.episodes if record.status is not Status.DRIVEN)


_EPISODE = TypeAdapter(EpisodeRecord)
_TIMING = TypeAdapter(ChunkTiming)


def encode(record: object) -> str:
    """One record as canonical JSON: sorted keys, shortest numbers that read back the same, all finite.

    Args:
        record: A data class of this module.
    """
    return json.dumps(asdict(record), sort_keys=True, separators=(",", ":"), allow_nan=False)  # type: ignore[call-overload]


def checksums_of(path: Path) -> dict[str, Any]:
    """What ``checksums.json`` of a run should say."""
    digests = _digests(run_files(path))
    return {"schema_version": SCHEMA, "files": digests, "results": results_digest(digests)}


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of all files but ``checksums.json`` and its signature, in hexadecimal."""
    covered = [name for name in files if name not in (CHECKSUMS, SIGNATURE)]
    return {name: hashlib.sha256(files[name]).hexdigest() for name in covered}


def results_digest(files: Mapping[str, str]) -> str:
    """Digest of a run's results from the digests of its files: episodes and action logs, nothing else."""
    digest = hashlib.sha256()
    for name in sorted(files):
        if name == EPISODES or name.startswith(f"{ACTIONS}/"):
            digest.update(f"{name}\0{files[name]}\n".encode())
    return digest.hexdigest()


def load_run(path: Path) -> Run:
    """Read a finished run and make sure that it is whole, unedited, and agrees with itself.

    What needs the simulator (whether the numbers are what the action logs give) is checked by ``drivebench
    verify``.

    Args:
        path: The run directory, or a packed run.

    Raises:
        RecordError: Names the file or the episode that is missing, repeated, truncated or edited.
    """
    return read_run(open_sealed(path))


def open_sealed(path: Path) -> Sealed:
    """Take the files of a finished run, and hold each against its checksum.

    Args:
        path: The run directory, or a packed run.

    Raises:
        RecordError: Names the file that is missing, truncated or edited.
    """
    files = run_files(path)
    manifest = read_manifest(path, files)
    stated = _read_checksums(path, files, manifest)
    actual = _digests(files)
    for name, digest in stated["files"].items():
        if name not in actual:
            raise RecordError(f"{path}: {name} is missing; checksums.json lists it. The run is not whole.")
        if actual[name] != digest:
            raise RecordError(_what_was_edited(path, files, name, manifest))
    unlisted = sorted(set(actual) - set(stated["files"]))
    if unlisted:
        raise RecordError(
            f"{path}: {', '.join(unlisted)} is not in checksums.json. Something was added to the run."
        )
    if results_digest(actual) != stated["results"]:
        raise RecordError(f"{path}: the digest of the results in checksums.json was edited.")
    return Sealed(path=path, manifest=manifest, files=files, stated=stated)


def read_run(sealed: Sealed) -> Run:
    """Read the episodes of a run, and make sure that it agrees with itself.

    Args:
        sealed: Its files.

    Raises:
        RecordError: Names the episode that is missing, repeated or not what its manifest says.
    """
    path, manifest, files = sealed.path, sealed.manifest, sealed.files
    records = tuple(_lines(_EPISODE, path, files, EPISODES))
    _check_keys(path, _driven_keys(manifest), [record.key for record in records])
    chunks = [chunk for chunk in manifest.driven for _ in manifest.keys_of(chunk)]
    for chunk, record in zip(chunks, records, strict=True):
        _check_record(path, sealed.stated["files"], chunk, record)
    timing = tuple(_lines(_TIMING, path, files, TIMING))
    return Run(
        path=path,
        manifest=manifest,
        episodes=records,
        timing=timing,
        results=sealed.stated["results"],
        files=files,
    )


def _read_checksums(path: Path, files: Mapping[str, bytes], manifest: RunManifest) -> dict[str, Any]:
    if CHECKSUMS not in files:
        episodes = len(_driven_keys(manifest))
        raise RecordError(
            f"{path} is not finished: it has no {CHECKSUMS}. It shall have {episodes} episodes "
            f"in {len(manifest.driven)} chunks; go on with `drivebench evaluate … --out {path} --resume`."
        )
    try:
        stated: dict[str, Any] = json.loads(files[CHECKSUMS])
        listed = stated["files"]
        complete = stated["schema_version"] == SCHEMA and isinstance(stated["results"], str)
        complete = complete and isinstance(listed, dict) and {MANIFEST, EPISODES, TIMING} <= set(listed)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise RecordError(
            f"{path}/{CHECKSUMS} was truncated or edited ({type(error).__name__}: {error})."
        ) from error
    if not complete:
        raise RecordError(
            f"{path}/{CHECKSUMS} was edited: it is of another schema, or does not list every file."
        )
    return stated


def _what_was_edited(path: Path, files: Mapping[str, bytes], name: str, manifest: RunManifest) -> str:
    """Say as precisely as possible what is wrong with a file whose checksum does not fit."""
    said = (
        f"{path}: {name} does not have the checksum that checksums.json states: it was truncated or edited."
    )
    if name != EPISODES:
        return said
    try:
        records = list(_lines(_EPISODE, path, files, name))
        _check_keys(path, _driven_keys(manifest), [record.key for record in records])
    except RecordError as error:
        return f"{said} {error}"
    return f"{said} All its episodes are there; `drivebench verify` names those whose numbers are wrong."


def _driven_keys(manifest: RunManifest) -> list[str]:
    """Keys of the episodes that a run shall have."""
    return [key for chunk in manifest.driven for key in manifest.keys_of(chunk)]


def _check_keys(path: Path, expected: Iterable[str], found: list[str]) -> None:
    counts = Counter(found)
    repeated = [key for key, count in counts.items() if count > 1]
    wanted = dict.fromkeys(expected)
    missing = [key for key in wanted if key not in counts]
    unknown = [key for key in counts if key not in wanted]
    for what, keys in (("repeats", repeated), ("lacks", missing), ("has the unexpected", unknown)):
        if keys:
            more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
            raise RecordError(f"{path}/{EPISODES} {what} {', '.join(keys[:3])}{more}.")
    if found != list(expected):
        raise RecordError(f"{path}/{EPISODES} is not in the order of {MANIFEST}.")


def _check_record(path: Path, files: Mapping[str, str], chunk: int, record: EpisodeRecord) -> None:
    if record.chunk != chunk or record.actions.file != action_log(chunk) or record.actions.file not in files:
        raise RecordError(
            f"{path}: {record.key} names chunk {record.chunk} and {record.actions.file}; neither fits."
        )
    if (record.status is Status.DRIVEN) != (record.reason == ""):
        raise RecordError(
            f"{path}: {record.key} is {record.status.value!r} with the reason {record.reason!r}."
        )


def _lines(adapter: TypeAdapter[T], path: Path, files: Mapping[str, bytes], name: str) -> Iterable[T]:
    content = files[name]
    if content and not content.endswith(b"\n"):
        raise RecordError(f"{path}/{name}: the last line is cut off.")
    for number, line in enumerate(content.splitlines(), start=1):
        yield read_record(adapter, line, f"{path}/{name}:{number}")
