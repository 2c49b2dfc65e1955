"""Keeping a run as a record: one file for each run, ``SUITE/NAME.zip`` in a folder of records."""

import re
from pathlib import Path

from drivebench.errors import ConfigurationError, RecordError
from drivebench.evaluation.archive import pack
from drivebench.evaluation.record import Run
from drivebench.evaluation.run_directory import write_atomically
from drivebench.evaluation.run_files import PACKED, run_files

__all__ = ["RECORDS", "is_published", "publish", "record_path", "records_folder", "refuse_partial"]

RECORDS = Path("leaderboard") / "records"
"""In a clone of the repository."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def records_folder(given: Path | None, option: str) -> Path:
    """Where published runs are.

    Args:
        given: The folder; ``RECORDS`` when None.
        option: That gives it, for the message.

    Raises:
        ConfigurationError: None was given, and there is no such folder here.
    """
    if given is None and not RECORDS.is_dir():
        raise ConfigurationError(f"there is no {RECORDS} here; give the folder of records: {option} DIR")
    return given or RECORDS


def record_path(run: Run, folder: Path, name: str | None = None) -> Path:
    """Where a run is kept.

    Args:
        run: The run.
        folder: Of the records.
        name: Of the record; that of the run's directory or file when None.

    Raises:
        ConfigurationError: The name, or that of the suite, cannot be that of a file.
    """
    if name is None:
        name = run.path.stem if run.path.is_file() else run.path.name or run.path.resolve().name
    for part in (run.manifest.suite.name, name):
        if _NAME.fullmatch(part) is None:
            raise ConfigurationError(
                f"{run.path} as the record {name!r} of the suite {run.manifest.suite.name!r}: {part!r} "
                "cannot be part of a path; expected a letter or digit, then letters, digits, '.', '_' and "
                "'-'. Give another --name."
            )
    return folder / run.manifest.suite.name / f"{name}{PACKED}"


def is_published(run: Run, record: Path, *, replace: bool = False) -> bool:
    """Whether a run is kept already, with the same content.

    Args:
        run: The run.
        record: Where it would be kept.
        replace: Whether another record may be there.

    Raises:
        ConfigurationError: Another record, or something else, is there.
    """
    if not record.exists():
        return False
    try:
        same = record.is_file() and run_files(record) == run.files
    except RecordError:
        same = False
    if not same and not (replace and record.is_file()):
        raise ConfigurationError(
            f"{record} is there already, and is not the run {run.path}. Give --replace to put this run in "
            "its place, or --name for another name."
        )
    return same


def refuse_partial(run: Run) -> None:
    """Refuse a run that left out a part of its suite: rows of a leaderboard are over the same episodes.

    Args:
        run: The run.

    Raises:
        RecordError: It did.
    """
    left_out = run.manifest.selection
    if left_out.partial:
        raise RecordError(
            f"{run.path} is not added: it is a part of the suite {run.manifest.suite.name!r} ({left_out}), "
            f"{len(run.episodes)} episodes. Expected the whole suite: merge its shards with `drivebench "
            "merge`, or evaluate without these options."
        )


def publish(run: Run, record: Path) -> None:
    """Write a run as a record, whole or not at all.

    Args:
        run: A run that was verified.
        record: Where to keep it; what is there is replaced.
    """
    record.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(record, pack(run.files))
