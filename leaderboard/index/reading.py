"""Runs for a table: out of the index where their files are as they were, and else from their records."""

from collections.abc import Callable, Sequence
from pathlib import Path

from drivebench.evaluation.record import open_sealed, read_run
from drivebench.progress import track
from leaderboard.index.database import Entry, Index
from leaderboard.index.stamps import stamp_of
from leaderboard.outcomes import Outcomes, outcomes_of

__all__ = ["read_runs"]

BATCH = 50
"""So many runs are looked up, and kept, at a time: what was read stays read when somebody interrupts."""


def read_runs(paths: Sequence[Path], title: str = "read") -> list[Outcomes]:
    """What tables need of runs.

    A run whose files were not touched since they were read is taken from the index. Of one that was copied,
    or only touched, all checksums are compared. Any other is read with every check of
    :func:`drivebench.evaluation.record.load_run`.

    Args:
        paths: Run directories, or packed runs.
        title: Of the progress that is shown.

    Raises:
        RecordError: A run is not whole, or was edited.
    """
    index, found = Index(), dict[Path, Outcomes]()
    with track(title, len(paths), "runs") as advance:
        for first in range(0, len(paths), BATCH):
            batch = paths[first : first + BATCH]
            found |= _read(index, list(dict.fromkeys(batch)), advance)
    return [found[path] for path in paths]


def _read(index: Index, paths: Sequence[Path], advance: Callable[[int], None]) -> dict[Path, Outcomes]:
    stamps = {path: stamp_of(path) for path in paths}
    found = index.by_stamp({path: stamp for path, stamp in stamps.items() if stamp is not None})
    advance(len(found))
    read: list[Entry] = []
    try:
        for path in paths:
            if path not in found:
                sealed = open_sealed(path)
                known = index.by_content(sealed.digest, path)
                found[path] = known or outcomes_of(read_run(sealed))
                read.append(
                    Entry(
                        content=sealed.digest,
                        stamp=stamps[path],
                        outcomes=None if known else found[path],
                    )
                )
                advance(1)
    finally:
        index.keep(read)
    return found
