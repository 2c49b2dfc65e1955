"""Writing a run directory, so that a chunk of episodes is there, whole and flushed, or not there at all.

While a run is unfinished each chunk has three files: its action log at its final place, its timing and, last
of all, its records in ``parts/``. A chunk counts when its records are there. At the end the parts are joined,
checksums are written, and ``parts/`` goes. One process writes, the evaluator; it holds a lock meanwhile.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from drivebench.errors import ConfigurationError, RecordError
from drivebench.evaluation.manifest import MANIFEST, Attempt, RunManifest, read_manifest
from drivebench.evaluation.record import (
    ACTIONS,
    CHECKSUMS,
    EPISODES,
    LOGS,
    TIMING,
    checksums_of,
    encode,
)
from drivebench.evaluation.run_files import ChunkFiles, action_log, run_files

__all__ = ["RunDirectory", "is_begun", "write_atomically"]

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
        if is_begun(path):
            raise ConfigurationError(
                f"{path} exists and is not overwritten. Give another --out, or --resume to go on with "
                "the run in it."
            )
        path.mkdir(parents=True, exist_ok=True)
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
        if run.finished:  # perhaps it was stopped as it tidied up
            shutil.rmtree(path / PARTS, ignore_errors=True)
        return run

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Write chunks, and keep every other process from doing so meanwhile.

        Raises:
            ConfigurationError: Another process writes the run.
        """
        for folder in (self.path / ACTIONS, self.path / PARTS):
            folder.mkdir(exist_ok=True)
        try:
            with FileLock(self.path / PARTS / "lock", timeout=0):
                yield
        except Timeout as error:
            raise ConfigurationError(
                f"another process is writing {self.path}. Wait until it has ended, or give another --out."
            ) from error

    @property
    def finished(self) -> bool:
        """Whether all is written."""
        return (self.path / CHECKSUMS).is_file()

    @property
    def scratch(self) -> Path:
        """A folder for an engine's own files, which goes when the run is finished."""
        return self.path / PARTS / "engine"

    def open_chunks(self) -> list[int]:
        """Chunks that are not there yet."""
        return [chunk for chunk in self.manifest.driven if not self._part(chunk).is_file()]

    def note_attempt(self, attempt: Attempt, *, first: bool) -> None:
        """Write an attempt into ``run.json``.

        Args:
            attempt: The latest.
            first: Whether it is new; else it replaces the last one.
        """
        attempts = self.manifest.attempts if first else self.manifest.attempts[:-1]
        self.manifest = replace(self.manifest, attempts=(*attempts, attempt))
        self._write_manifest()

    def write_chunk(self, chunk: int, files: ChunkFiles) -> None:
        """Write a chunk; when this returns, it counts.

        Args:
            chunk: Which.
            files: What is to be kept of it; its log is for people, and not part of the results.
        """
        if files.log:
            (self.path / LOGS).mkdir(exist_ok=True)
            (self.path / LOGS / f"{chunk:04d}.txt").write_text(files.log, encoding="utf-8")
        write_atomically(self.path / action_log(chunk), files.actions)
        write_atomically(self._timing(chunk), files.timing)
        write_atomically(self._part(chunk), files.records)

    def finish(self) -> None:
        """Join the parts, and write the checksums."""
        chunks = self.manifest.driven
        missing = self.open_chunks()
        if missing:
            raise RecordError(f"{self.path} lacks the chunks {missing}; it cannot be finished")
        write_atomically(self.path / EPISODES, b"".join(self._part(chunk).read_bytes() for chunk in chunks))
        write_atomically(self.path / TIMING, b"".join(self._timing(chunk).read_bytes() for chunk in chunks))
        checksums = json.dumps(checksums_of(self.path), sort_keys=True, indent=1) + "\n"
        write_atomically(self.path / CHECKSUMS, checksums.encode())
        shutil.rmtree(
            self.path / PARTS, ignore_errors=True
        )  # a job that was left behind may still write there

    def _part(self, chunk: int) -> Path:
        return self.path / PARTS / f"{chunk:04d}.jsonl"

    def _timing(self, chunk: int) -> Path:
        return self.path / PARTS / f"{chunk:04d}.timing.json"

    def _write_manifest(self) -> None:
        text = json.dumps(json.loads(encode(self.manifest)), sort_keys=True, indent=1) + "\n"
        write_atomically(self.path / MANIFEST, text.encode())


def is_begun(path: Path) -> bool:
    """Whether anything is at a path but an empty folder, or one whose first file is unfinished."""
    if not path.is_dir():
        return path.exists()
    return any(file.name != f".{MANIFEST}.partial" for file in path.iterdir())


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
