"""By what a run's files are known again without reading them: size, times and place on the disk.

The time of the last change of the inode counts as well as that of the content: no program can set it back, so
that a file that was edited in place is never taken for what it was, whatever its other times say.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from drivebench.evaluation.run_files import ACTIONS

__all__ = ["SETTLED_S", "stamp_of"]

SETTLED_S = 2.0
"""A file that was changed less than this ago may change again within the same tick of the file system's clock
(2 s on FAT, 4 ms to 10 ms on the usual ones of Linux); git calls such files racy."""


def stamp_of(path: Path) -> str | None:
    """What a run's files are known by.

    Files beside them, such as notes, count as well: to touch one costs a comparison of checksums.

    Args:
        path: The run directory, or a packed run.

    Returns:
        The same again only while no file was changed, added or taken away; None where there is nothing, or
        where a file was changed so lately that another change might not show.
    """
    states = sorted(_states(path))
    latest_ns = max((max(times_ns) for *_, times_ns in states), default=None)
    if latest_ns is None or latest_ns > time.time_ns() - SETTLED_S * 1e9:
        return None
    return hashlib.sha256(repr(states).encode()).hexdigest()


def _states(path: Path) -> Iterator[tuple[str, int, int, int, tuple[int, int]]]:
    """Name, device, inode, size and times of each file."""
    for folder in (path, path / ACTIONS):
        if folder.is_dir():
            with os.scandir(folder) as entries:
                yield from (_state(entry.name, entry.stat()) for entry in entries if entry.is_file())
    if path.is_file():
        yield _state("", path.stat())


def _state(name: str, found: os.stat_result) -> tuple[str, int, int, int, tuple[int, int]]:
    return name, found.st_dev, found.st_ino, found.st_size, (found.st_mtime_ns, found.st_ctime_ns)
