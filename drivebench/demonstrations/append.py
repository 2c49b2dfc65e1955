"""Adding an episode to a folder of demonstrations: the folder is whole before, after, and after a crash."""

import shutil
from pathlib import Path

from drivebench.demonstrations.record import Demonstration, Demonstrations
from drivebench.demonstrations.store import read, write
from drivebench.errors import DataError

__all__ = ["append", "recorded_in"]


def recorded_in(folder: Path) -> tuple[Demonstration, ...]:
    """The episodes in a folder, none if there is no folder yet.

    A folder that an interrupted :func:`append` has left aside is put back first.

    Args:
        folder: Of demonstrations.

    Raises:
        DataError: What is there is no folder of demonstrations, or was edited.
    """
    _put_back(folder)
    return read(folder).episodes if folder.exists() else ()


def append(demonstration: Demonstration, folder: Path) -> Demonstrations:
    """Add an episode; when this returns, it is on disk.

    The new folder is written whole beside the old one and then takes its place. Should the machine stop
    between these two renames, the old one is still there under another name, and put back the next time.

    Args:
        demonstration: The new episode.
        folder: An existing folder of demonstrations, or a path at which nothing exists yet.

    Returns:
        All that is in the folder now.

    Raises:
        DataError: The folder was edited, or holds the episode by the same driver already.
    """
    demonstrations = Demonstrations(episodes=(*recorded_in(folder), demonstration))
    if not folder.exists():
        write(demonstrations, folder)
        return demonstrations
    new, old = _beside(folder, "new"), _beside(folder, "old")
    shutil.rmtree(new, ignore_errors=True)
    write(demonstrations, new)
    folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old)
    return demonstrations


def _put_back(folder: Path) -> None:
    old = _beside(folder, "old")
    if not old.exists():
        return
    if folder.exists():
        shutil.rmtree(old)
        return
    new = _beside(folder, "new")
    try:
        read(new)
    except DataError:
        old.rename(folder)
    else:  # the stop came after the new one was complete
        new.rename(folder)
        shutil.rmtree(old)


def _beside(folder: Path, name: str) -> Path:
    return folder.parent / f".{folder.name}.{name}"
