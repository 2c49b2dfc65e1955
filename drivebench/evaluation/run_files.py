"""The files of a run, out of its directory or out of a packed run: the same content under the same names.

A packed run is one zip archive with the files of a finished run directory, except for ``logs/``, which no
checksum covers. All checksums are of the content as it was before it was packed, so that they do not depend
on who compressed it, or how.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from drivebench.errors import RecordError
from drivebench.evaluation.archive import unpack
from drivebench.evaluation.manifest import MANIFEST

__all__ = [
    "ACTIONS",
    "CHECKSUMS",
    "EPISODES",
    "LOGS",
    "PACKED",
    "SIGNATURE",
    "TIMING",
    "ChunkFiles",
    "action_log",
    "is_packed",
    "run_files",
]

EPISODES = "episodes.jsonl"
ACTIONS = "actions"
TIMING = "timing.jsonl"
CHECKSUMS = "checksums.json"
SIGNATURE = "checksums.json.sig"
LOGS = "logs"
PACKED = ".zip"

_ALWAYS = (MANIFEST, EPISODES, TIMING, CHECKSUMS)
_ACTION_LOG = re.compile(rf"{ACTIONS}/[0-9]{{4,9}}\.npy")


@dataclass(frozen=True, kw_only=True)
class ChunkFiles:
    """What is kept of a chunk. Records and actions are the same bytes wherever it was driven.

    Attributes:
        records: Its lines of ``episodes.jsonl``.
        actions: Its file of action logs.
        timing: Its line of ``timing.jsonl``.
        log: What the policy printed before it failed; empty when it did not.
    """

    records: bytes
    actions: bytes
    timing: bytes
    log: str = ""


def action_log(chunk: int) -> str:
    """Name of the file with the action logs of a chunk."""
    return f"{ACTIONS}/{chunk:04d}.npy"


def is_packed(path: Path) -> bool:
    """Whether a path is that of a packed run, by its name alone."""
    return path.suffix == PACKED and path.is_file()


def run_files(path: Path) -> dict[str, bytes]:
    """Read the files of a run, finished or not.

    Args:
        path: A run directory or a packed run.

    Returns:
        Content by name, as in ``checksums.json``; without what is not there.

    Raises:
        RecordError: A packed run is broken, or does not hold exactly the files of a run.
    """
    if path.is_file():
        return _unpacked(path)
    files = [path / name for name in (*_ALWAYS, SIGNATURE)]
    if (path / ACTIONS).is_dir():
        files += sorted((path / ACTIONS).iterdir())
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in files if file.is_file()}


def _unpacked(path: Path) -> dict[str, bytes]:
    files = unpack(path, lambda name: name in (*_ALWAYS, SIGNATURE) or bool(_ACTION_LOG.fullmatch(name)))
    missing = [name for name in _ALWAYS if name not in files]
    if missing:
        raise RecordError(
            f"{path} is not a packed run: it lacks {', '.join(missing)}. Expected what `drivebench "
            "leaderboard add` writes of a finished run."
        )
    return files
