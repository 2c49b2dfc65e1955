"""Writing a run directory, so that a chunk of episodes is there, whole and flushed, or not there at all.

While a run is unfinished each chunk has three files: its action log at its final place, its timing and, last
of all, its records in ``parts/``. A chunk counts when its records are there. At the end the parts are joined,
checksums are written, and ``parts/`` goes.
"""

import hashlib
import io
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from drivebench.errors import ConfigurationError, RecordError
from drivebench.evaluation.manifest import MANIFEST, Attempt, RunManifest, read_manifest
from drivebench.evaluation.record import (
    ACTIONS,
    CHECKSUMS,
    EPISODES,
    LOGS,
    TIMING,
    ActionLog,
    ChunkTiming,
    EpisodeRecord,
    checksums_of,
    encode,
)
from drivebench.evaluation.rollout import Rollout
from drivebench.evaluation.run_files import run_files
from drivebench.metric.measurement import Reference

__all__ = ["RunDirectory", "write_atomically"]

PARTS = "parts"


class RunDirectory:
    """A run that is being written.

    Attributes:
        path: Where.
        manifest: The content of its ``run.json``.
    """

    def __init__(self, path: Path, manifest: RunManifest) -> None:
        self.path = path
        self.manifest = manifest

    @classmethod
    def create(cls, path: Path, manifest: RunManifest) -> "RunDirectory":
        """Begin a new run.

        Args:
            path: Where; nothing may be there.
            manifest: What will be run.

        Raises:
            ConfigurationError: Something is there already.
        """
        _refuse_packed(path)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise ConfigurationError(
                f"{path} exists and is not overwritten. Give another --out, or --resume to go on with "
                "the run in it."
            )
        for folder in (path, path / ACTIONS, path / PARTS):
            folder.mkdir(parents=True, exist_ok=True)
        run = cls(path, manifest)
        run._write_manifest()
        return run

    @classmethod
    def resume(cls, path: Path, manifest: RunManifest) -> "RunDirectory":
        """Go on with a run, if it is the same run; a finished one is left as it is.

        Args:
            path: Where it is.
            manifest: What would be run.

        Raises:
            ConfigurationError: Policy, suite or settings are not those of the run.
            RecordError: ``run.json`` is missing or broken.
        """
        _refuse_packed(path)
        before = read_manifest(path, run_files(path))
        old, new = before.identity(), manifest.identity()
        for name in old:
            if old[name] != new[name]:
                raise ConfigurationError(
                    f"{path} cannot be resumed: its {name} is {_brief(old[name])}, but now it is "
                    f"{_brief(new[name])}. "
                    "Resume with the same policy, suite and settings, or give another --out."
                )
        run = cls(path, replace(manifest, attempts=before.attempts))
        if not run.finished:
            (path / PARTS).mkdir(exist_ok=True)
        return run

    @property
    def finished(self) -> bool:
        """Whether all is written."""
        return (self.path / CHECKSUMS).is_file()

    def open_chunks(self) -> list[int]:
        """Chunks that are not there yet."""
        return [chunk for chunk in range(self.manifest.chunks) if not self._part(chunk).is_file()]

    def note_attempt(self, attempt: Attempt, *, first: bool) -> None:
        """Write an attempt into ``run.json``.

        Args:
            attempt: The latest.
            first: Whether it is new; else it replaces the last one.
        """
        attempts = self.manifest.attempts if first else self.manifest.attempts[:-1]
        self.manifest = replace(self.manifest, attempts=(*attempts, attempt))
        self._write_manifest()

    def write_chunk(
        self,
        chunk: int,
        rollouts: Sequence[Rollout],
        references: Sequence[Reference],
        world_digests: Sequence[str],
        timing: ChunkTiming,
    ) -> None:
        """Write a chunk; when this returns, it counts.

        Args:
            chunk: Which.
            rollouts: Its episodes in order.
            references: What the expert did on each.
            world_digests: Of their initial worlds.
            timing: What it took.
        """
        name = f"{ACTIONS}/{chunk:04d}.npy"
        lines, start = [], 0
        for rollout, reference, digest in zip(rollouts, references, world_digests, strict=True):
            actions = np.ascontiguousarray(rollout.actions, "<i2")
            record = EpisodeRecord(
                scenario=rollout.episode.scenario,
                condition=rollout.episode.condition,
                seed=rollout.episode.seed,
                world_digest=digest,
                chunk=chunk,
                status=rollout.status,
                reason=rollout.reason,
                reference=reference,
                measurement=rollout.measurement,
                actions=ActionLog(
                    file=name,
                    start=start,
                    decisions=len(actions),
                    sha256=hashlib.sha256(actions.tobytes()).hexdigest(),
                ),
            )
            start += len(actions)
            lines.append(encode(record) + "\n")
        log = io.BytesIO()
        taken = np.concatenate([np.ascontiguousarray(rollout.actions, "<i2") for rollout in rollouts])
        np.lib.format.write_array(log, taken, version=(1, 0), allow_pickle=False)
        write_atomically(self.path / name, log.getvalue())
        write_atomically(self._timing(chunk), (encode(timing) + "\n").encode())
        write_atomically(self._part(chunk), "".join(lines).encode())

    def write_log(self, chunk: int, text: str) -> None:
        """Keep what a policy printed before it failed; for people, not part of the results.

        Args:
            chunk: In which it failed.
            text: The end of its output.
        """
        folder = self.path / LOGS
        folder.mkdir(exist_ok=True)
        (folder / f"{chunk:04d}.txt").write_text(text, encoding="utf-8")

    def finish(self, attempt: Attempt) -> None:
        """Join the parts, note the attempt, write the checksums.

        Args:
            attempt: The last one, with its outcome.
        """
        chunks = range(self.manifest.chunks)
        missing = self.open_chunks()
        if missing:
            raise RecordError(f"{self.path} lacks the chunks {missing}; it cannot be finished")
        write_atomically(self.path / EPISODES, b"".join(self._part(chunk).read_bytes() for chunk in chunks))
        write_atomically(self.path / TIMING, b"".join(self._timing(chunk).read_bytes() for chunk in chunks))
        self.note_attempt(attempt, first=False)
        checksums = json.dumps(checksums_of(self.path), sort_keys=True, indent=1) + "\n"
        write_atomically(self.path / CHECKSUMS, checksums.encode())
        shutil.rmtree(self.path / PARTS)

    def _part(self, chunk: int) -> Path:
        return self.path / PARTS / f"{chunk:04d}.jsonl"

    def _timing(self, chunk: int) -> Path:
        return self.path / PARTS / f"{chunk:04d}.timing.json"

    def _write_manifest(self) -> None:
        text = json.dumps(json.loads(encode(self.manifest)), sort_keys=True, indent=1) + "\n"
        write_atomically(self.path / MANIFEST, text.encode())


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file that is either there, whole and flushed to the disk, or not there.

    Args:
        path: Where; what is there is replaced.
        content: All of it.
    """
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _refuse_packed(path: Path) -> None:
    if path.is_file():
        raise ConfigurationError(
            f"{path} is a file; expected a run directory. A packed run is finished, and nothing is written "
            "into it. Give another --out."
        )


def _brief(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return text if len(text) <= 200 else f"{text[:150]} … ({len(text)} characters)"
