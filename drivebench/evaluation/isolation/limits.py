"""What a policy's process may use of the machine and of its user's privileges.

Memory, processes and time are not among the limits here: the harness watches them, because ``RLIMIT_AS``
counts what is reserved (a multiple of what is used) and ``RLIMIT_NPROC`` all processes of a user.
"""

import os
import resource
import signal
import sys

from drivebench.evaluation.isolation.kernel import call, prctl

__all__ = ["become", "die_with_parent", "drop_privileges", "forbid_new_privileges", "lower_limits"]

_LIMITS = {
    resource.RLIMIT_CORE: 0,  # a crash leaves no image of the memory behind
    resource.RLIMIT_FSIZE: 0,  # no file grows
    resource.RLIMIT_NOFILE: 256,
}
_PARENT_DEATH_SIGNAL, _NO_NEW_PRIVILEGES = 1, 38
"""``linux/prctl.h``: PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS."""
_CAPABILITY_VERSION = 0x20080522
"""``linux/capability.h``: sets of 64 bits."""
_CAPSET = 126
"""Number of the system call on x86-64, the only processors that :mod:`.seccomp` knows."""


def lower_limits() -> None:
    """Forbid core files and files that grow, and bound the number of open files."""
    for which, value in _LIMITS.items():
        resource.setrlimit(which, (value, value))


def die_with_parent() -> None:
    """Be killed when the process that started this one ends. Becoming another user undoes it."""
    if sys.platform == "linux":
        prctl("it would outlive the harness", _PARENT_DEATH_SIGNAL, signal.SIGKILL)


def become(user: int) -> None:
    """Go on as another user, without groups; only root can.

    Args:
        user: Number of user and group.
    """
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def forbid_new_privileges() -> None:
    """No program that is executed gives this process more rights than it has.

    Raises:
        ConfinementError: The kernel refuses.
    """
    prctl("privileges cannot be bounded", _NO_NEW_PRIVILEGES, 1)


def drop_privileges() -> None:
    """Give up all capabilities, so that even root is a user like any other.

    Ambient ones go with those that are inheritable (capabilities(7)).

    Raises:
        ConfinementError: The kernel refuses.
    """
    header = _CAPABILITY_VERSION.to_bytes(4, "little") + bytes(4)
    call("capabilities cannot be dropped", _CAPSET, header, bytes(24))
