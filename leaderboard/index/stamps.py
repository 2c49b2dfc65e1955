"""By what a run's files are known again without reading them: size, times and place on the disk.

The time of the last change of the inode counts as well as that of the content: no program can set it back, so
that a file that was edited in place is never taken for what it was, whatever its other times say.
"""

import hashlib
import time
from pathlib import Path

from drivebench.evaluation.run_files import files_on_disk

__all__ = ["SETTLED_S", "stamp_of"]

SETTLED_S = 2.0
"""A file that was changed less than this ago may change again within the same tick of the file system's clock
(2 s on FAT, 4 ms to 10 ms on the usual ones of Linux); git calls such files racy."""


def stamp_of(path: Path) -> str | None:
    """What a run's files are known by.

    Args:
        path: The run directory, or a packed run.

    Returns:
        The same again only while no file was changed, added or taken away; None where there is nothing, or
        where a file was changed so lately that another change might not show.
    """
    digest, latest_ns = hashlib.sha256(), 0
    for name, file in files_on_disk(path).items():
        found = file.stat()
        fields = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        digest.update(repr((name, *fields)).encode())
        latest_ns = max(latest_ns, found.st_mtime_ns, found.st_ctime_ns)
    settled = 0 < latest_ns <= time.time_ns() - int(SETTLED_S * 1e9)
    return digest.hexdigest() if settled else None
