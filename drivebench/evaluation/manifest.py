"""What a run says about itself: who drove what, under which versions and limits (``run.json``)."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from drivebench.errors import ConfigurationError, RecordError

__all__ = [
    "MANIFEST",
    "SCHEMA",
    "Attempt",
    "Driven",
    "Earlier",
    "Limits",
    "PolicyCard",
    "RunManifest",
    "Selection",
    "Shard",
    "SuiteCard",
    "read_manifest",
    "read_record",
]

SCHEMA = 1
MANIFEST = "run.json"

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
T = TypeVar("T")


class Driven(StrEnum):
    """What kind of thing drove."""

    SUBMISSION = "submission"
    DRIVER = "driver"


@dataclass(frozen=True, kw_only=True)
class PolicyCard:
    """Who drove.

    Attributes:
        kind: A submission or a driver.
        name: Its name in tables.
        track: What it senses; privileged rows are references and are never ranked.
        digest: SHA-256 of the submission's files; of a driver, of its name and all sources of its package.
        form: What drives: ``code`` of the submission, or, weights only, ``architecture NAME`` or ``onnx``.
            Empty for a driver, and in runs of before there was a choice.
        sensors: What it declared: names, with options.
        authors: Names.
        paper: Where it is described.
        training_data: What it says that it was trained on.
        training: Content of the submission's ``training.json``, if it has one.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    kind: Driven
    name: str
    track: str
    digest: str
    form: str = ""
    sensors: tuple[dict[str, Any], ...] = ()
    authors: tuple[str, ...] = ()
    paper: str = ""
    training_data: str = ""
    training: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Shard:
    """One of several parts of a run, which are driven apart from each other and merged.

    Each has every ``of``-th chunk, so that the parts of a suite whose scenarios differ in length take about
    the same time, and each chunk is the one that an undivided run would have.

    Attributes:
        index: Which, from 1.
        of: How many there are.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    index: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.index <= self.of:
            raise ConfigurationError(f"shard {self}; expected one from 1/{self.of} to {self.of}/{self.of}")

    def __str__(self) -> str:
        return f"{self.index}/{self.of}"


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which part of a suite was driven; all of it when every field is empty.

    Attributes:
        scenarios: Ids to keep; empty keeps all.
        conditions: Names to keep; empty keeps all.
        limit: At most this many episodes of each scenario and condition, from the first; None keeps all.
        shard: Which chunks of what is kept; None for all of them.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    scenarios: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    limit: int | None = None
    shard: Shard | None = None

    @property
    def partial(self) -> bool:
        """Whether anything was left out on purpose."""
        return bool(self.scenarios or self.conditions or self.limit is not None or self.shard is not None)

    def __str__(self) -> str:
        """What was left out, as options of ``evaluate``; empty when nothing was."""
        options = [f"--scenario {name}" for name in self.scenarios]
        options += [f"--condition {name}" for name in self.conditions]
        options += [f"--limit {self.limit}"] if self.limit is not None else []
        options += [f"--shard {self.shard}"] if self.shard is not None else []
        return " ".join(options)


@dataclass(frozen=True, kw_only=True)
class SuiteCard:
    """Which suite was driven.

    Attributes:
        name: Of the suite.
        version: Its version.
        digest: Its digest.
        abilities: By scenario id, what each of its scenarios tests: a table needs it, and is made from
            records alone.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: str
    version: int
    digest: str
    abilities: dict[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a policy process was allowed.

    Attributes:
        start_up_s: To import, to load, and to begin a batch.
        decision_s: To answer for one batch.
        memory_bytes: Resident memory of its process.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    start_up_s: float = 120.0
    decision_s: float = 10.0
    memory_bytes: int = 4 << 30

    def __post_init__(self) -> None:
        if not (0.0 < self.start_up_s < math.inf and 0.0 < self.decision_s < math.inf):
            raise ConfigurationError(
                f"{self.start_up_s} s to start and {self.decision_s} s to decide; expected positive, finite "
                "times"
            )
        if self.memory_bytes < 1:
            raise ConfigurationError(f"{self.memory_bytes} bytes of memory; expected at least 1")


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """What this machine had evaluated on the same suite when a run was begun, whole runs and parts alike.

    Attributes:
        policy: Runs of a policy with the same digest.
        name: Runs of policies with the same name, which the former may be among.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    policy: int
    name: int


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One start of ``evaluate`` on this directory.

    Attributes:
        started: UTC time, ISO 8601.
        ended: The same; None while it runs, or when the machine went down.
        outcome: ``finished``, ``interrupted``, ``failed`` or ``running``.
        chunks: Chunks that this attempt finished.
        workers: Worker processes.
        versions: Of Python and of the libraries that compute.
        machine: Architecture, kind and count of processors of the machine that evaluates, and the version of
            Landlock that was in force (0 for none).
        engine: What drove the chunks.
        earlier: Runs before this one; None when it was resumed, or the machine keeps no account.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    started: str
    ended: str | None
    outcome: str
    chunks: int
    workers: int
    versions: dict[str, str]
    machine: dict[str, Any]
    engine: str = "local"
    earlier: Earlier | None = None


@dataclass(frozen=True, kw_only=True)
class RunManifest:
    """The content of ``run.json``.

    Attributes:
        schema_version: Of the run directory.
        drivebench: Version of the package.
        policy: Who drove.
        suite: What was driven.
        selection: Which part of it.
        metric_version: Version of the score.
        metric_digest: Digest of its formula and thresholds.
        engine_digest: Digest of the compiled sources: world, sensors, measurement.
        isolation: The tier that was in force, not the one that was asked for.
        chunk_size: Episodes that were driven together.
        limits: What the policy was allowed.
        episodes: Keys in order, of all shards.
        attempts: Starts of ``evaluate``.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    schema_version: int = SCHEMA
    drivebench: str
    policy: PolicyCard
    suite: SuiteCard
    selection: Selection
    metric_version: int
    metric_digest: str
    engine_digest: str
    isolation: str
    chunk_size: int
    limits: Limits
    episodes: tuple[str, ...]
    attempts: tuple[Attempt, ...] = ()

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return -(-len(self.episodes) // self.chunk_size)

    @property
    def driven(self) -> range:
        """Numbers of the chunks that are driven in this run: all, or those of its shard."""
        shard = self.selection.shard
        return range(self.chunks) if shard is None else range(shard.index - 1, self.chunks, shard.of)

    def keys_of(self, chunk: int) -> tuple[str, ...]:
        """Keys of the episodes of a chunk, in order."""
        return self.episodes[chunk * self.chunk_size : (chunk + 1) * self.chunk_size]

    def identity(self) -> dict[str, Any]:
        """Everything but the attempts: what must agree when a run is resumed."""
        content = asdict(self)
        del content["attempts"]
        return content


_MANIFEST = TypeAdapter(RunManifest)


def read_manifest(path: Path, files: Mapping[str, bytes]) -> RunManifest:
    """Read ``run.json`` of a run, finished or not.

    Args:
        path: Of the run, for the message.
        files: Content by name.

    Raises:
        RecordError: It is missing, or not what this version writes.
    """
    if MANIFEST not in files:
        raise RecordError(
            f"{path} is not a run: it has no {MANIFEST}. Expected what `drivebench evaluate` writes."
        )
    _check_schema(path, files[MANIFEST])
    return read_record(_MANIFEST, files[MANIFEST], path / MANIFEST)


def _check_schema(path: Path, content: bytes) -> None:
    """A run that another version wrote is not an edited one; what is no JSON is left to the full reading."""
    try:
        written = json.loads(content)
    except (json.JSONDecodeError, UnicodeDecodeError):
        return
    schema = written.get("schema_version") if isinstance(written, dict) else None
    if isinstance(schema, int) and schema != SCHEMA:
        writer = written.get("drivebench", "(unknown)")
        raise RecordError(
            f"{path} was written in schema {schema} by drivebench {writer}; this one "
            f"reads schema {SCHEMA}. Read it with the version that wrote it."
        )


def read_record(adapter: TypeAdapter[T], content: bytes, where: object) -> T:
    """Decode one JSON record, strictly.

    Args:
        adapter: Of the data class.
        content: UTF-8 text.
        where: File and line, for the message.

    Raises:
        RecordError: It is not JSON, or lacks, adds or misuses a field.
    """
    try:
        return adapter.validate_json(content)
    except ValidationError as error:
        problem = error.errors()[0]
        field_name = ".".join(str(part) for part in problem["loc"])
        raise RecordError(
            f"{where}: {field_name or 'the text'}: {problem['msg']}. It was truncated or edited."
        ) from error
