"""A process and all that descends from it: what they use, as the kernel counts it (Linux only)."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Member", "family"]

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_THREADS, _RESIDENT = 17, 21
"""Fields of ``/proc/PID/stat`` after the name of the program: numbers 20 and 24 of proc(5)."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One process.

    Attributes:
        process: Its number.
        threads: How many it has.
        resident_bytes: Memory that it occupies.
    """

    process: int
    threads: int
    resident_bytes: int


def family(process: int) -> list[Member]:
    """A process, its children, theirs, and so on; none on systems without ``/proc``.

    A process whose parent has ended is nobody's descendant any more.

    Args:
        process: Number of the first.
    """
    members, unseen = [], [process]
    while unseen:
        number = unseen.pop()
        folder = Path("/proc", str(number))
        with suppress(OSError):  # another system, or it has just ended
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            members.append(
                Member(
                    process=number,
                    threads=int(fields[_THREADS]),
                    resident_bytes=int(fields[_RESIDENT]) * _PAGE_BYTES,
                )
            )
            for thread in (folder / "task").iterdir():
                unseen += map(int, (thread / "children").read_text().split())
    return members
