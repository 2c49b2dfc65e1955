"""What a policy's process does to itself, once and for good, before it imports a submission."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from drivebench.evaluation.isolation import landlock, limits, seccomp
from drivebench.evaluation.isolation.kernel import ConfinementError

__all__ = ["Confinement", "confine"]

_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
"""Torch ends itself when it cannot read ``/dev/urandom``."""
_ABOUT_THE_MACHINE = ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system/cpu")
"""Libraries choose their kernels by what these say; without them the same policy would compute other bits."""


@dataclass(frozen=True, kw_only=True)
class Confinement:
    """How a process is to be confined.

    Attributes:
        readable: Files and folders that it may read; there is nothing that it may write.
        listable: Folders of which it may read the names.
        user: Number of the user to become; None stays who it is.
        landlock: Whether the kernel's Landlock is to hold it to these; else something else does.
    """

    readable: tuple[str, ...]
    listable: tuple[str, ...]
    user: int | None
    landlock: bool

    def encode(self) -> dict[str, Any]:
        """As a message."""
        return asdict(self)

    @classmethod
    def decode(cls, message: Mapping[str, Any]) -> "Confinement":
        """From a message."""
        return cls(
            readable=tuple(message["readable"]),
            listable=tuple(message["listable"]),
            user=message["user"],
            landlock=message["landlock"],
        )


def confine(confinement: Confinement) -> int:
    """Put limits, Landlock and the filter of system calls in force on this process.

    Args:
        confinement: Which.

    Returns:
        The version of Landlock that is in force; 0 for none.

    Raises:
        ConfinementError: Something cannot be put in force; the process must end then.
    """
    threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208 - pathlib is not imported in here
    if threads > 1:  # Landlock confines a thread and those that it starts, not its elders
        raise ConfinementError(f"there are {threads} threads already; expected one")
    limits.lower_limits()
    if confinement.user is not None:
        limits.become(confinement.user)
        limits.die_with_parent()
    limits.forbid_new_privileges()
    limits.drop_privileges()
    version = 0
    if confinement.landlock:
        itself = os.path.realpath("/proc/self")
        version = landlock.restrict(
            [*confinement.readable, *_ABOUT_THE_MACHINE, itself], confinement.listable, _DEVICES
        )
    seccomp.install()
    return version
