"""Writing a folder so that it is either there, whole, or not there at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drivebench.errors import DataError

__all__ = ["new_folder"]


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Fill a temporary folder beside the wanted one; it takes the wanted name when the block ends well.

    When the block raises, what was written is removed and nothing appears under the wanted name.

    Args:
        path: Where the folder shall be; it must not exist yet. Parents are created.

    Yields:
        The temporary folder to write into.

    Raises:
        DataError: Something is already there.
    """
    refuse_existing(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.partial-", dir=path.parent))
    try:
        partial.chmod(0o755)  # mkdtemp hides its folder from others
        yield partial
        for file in partial.rglob("*"):
            if file.is_file():
                _flush(file)
        _flush(partial)
        refuse_existing(path)
        partial.rename(path)
        _flush(path.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def refuse_existing(path: Path) -> None:
    """Raise a ``DataError`` when something is already at the path: nothing is ever overwritten."""
    if path.exists():
        raise DataError(f"{path} exists already; expected a new folder. Remove it, or give another --out.")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
