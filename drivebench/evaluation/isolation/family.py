"""A process and all that descends from it: what they use, as the kernel counts it (Linux only)."""

import os
from contextlib import suppress
from dataclasses import dataclass

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
        folder = f"/proc/{number}"
        with suppress(OSError):  # another system, or it has just ended
            fields = _read(f"{folder}/stat").rpartition(b")")[2].split()
            members.append(
                Member(
                    process=number,
                    threads=int(fields[_THREADS]),
                    resident_bytes=int(fields[_RESIDENT]) * _PAGE_BYTES,
                )
            )
            for thread in os.listdir(f"{folder}/task"):  # noqa: PTH208 - the names are wanted
                unseen += map(int, _read(f"{folder}/task/{thread}/children").split())
    return members


def _read(path: str) -> bytes:
    """All of a file; without the objects of ``pathlib``, as a policy is looked at every 50 ms."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        parts = []
        while part := os.read(descriptor, _PAGE_BYTES):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)
