"""Landlock: a process gives up all files but those that it names, for good (Linux 5.13 and later).

It needs no privilege, no namespace and no installed program. What is called here is declared in the kernel's
``linux/landlock.h`` and described in https://docs.kernel.org/userspace-api/landlock.html.
"""

import ctypes
import os
import stat
from collections.abc import Sequence

from drivebench.evaluation.isolation.kernel import ConfinementError, call

__all__ = ["restrict", "version"]

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""Numbers of the system calls, the same on every architecture."""
_ASK_VERSION = 1
_RULE_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = (1 << bit for bit in range(4))
_ALL_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Rights over files that a version knows, by the first version that knows them."""
_BIND_AND_CONNECT = 0b11
"""Rights over TCP, from version 4."""
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
"""Scopes, from version 6: neither reaches out of the process."""


class _Ruleset(ctypes.Structure):
    """``struct landlock_ruleset_attr``."""

    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    """``struct landlock_path_beneath_attr``."""

    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def version() -> int:
    """The version of Landlock's interface that this kernel offers.

    Raises:
        ConfinementError: None: the kernel is older than 5.13, or was started without it.
    """
    return call("Landlock is not there", _CREATE_RULESET, None, 0, _ASK_VERSION)


def restrict(readable: Sequence[str], listable: Sequence[str], writable: Sequence[str]) -> int:
    """From now on this thread, and those that it starts, open nothing else, execute nothing and reach nobody.

    Files that are open stay open. ``no_new_privs`` must be set.

    Args:
        readable: Files, and folders with all in them; those that do not exist are passed over.
        listable: Folders of which no more than the names may be read, down to the last.
        writable: Files, such as ``/dev/null``, that may be read and written.

    Returns:
        The version that is in force.

    Raises:
        ConfinementError: The kernel refuses.
    """
    offered = version()
    files = max(rights for first, rights in _ALL_FILES.items() if first <= offered)
    ruleset = _Ruleset(
        files,
        _BIND_AND_CONNECT if offered >= 4 else 0,
        _ABSTRACT_SOCKETS_AND_SIGNALS if offered >= 6 else 0,
    )
    size = 24 if offered >= 6 else 16 if offered >= 4 else 8
    rules = call("Landlock makes no rules", _CREATE_RULESET, ctypes.byref(ruleset), size, 0)
    try:
        for path in readable:
            _allow(rules, path, _READ_FILE | _READ_DIR)
        for path in listable:
            _allow(rules, path, _READ_DIR)
        for path in writable:
            _allow(rules, path, _READ_FILE | _WRITE_FILE)
        call("Landlock does not come into force", _RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)
    return offered


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise ConfinementError(f"{path} cannot be reached: {error.strerror}") from error
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= ~_READ_DIR
        rule = _PathBeneath(rights, place)
        call(
            f"Landlock takes no rule for {path}", _ADD_RULE, rules, _RULE_PATH_BENEATH, ctypes.byref(rule), 0
        )
    finally:
        os.close(place)
