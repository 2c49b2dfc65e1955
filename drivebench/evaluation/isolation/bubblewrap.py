"""Bubblewrap: a view of the machine in which there is nothing but what a policy may read.

``bwrap`` (https://github.com/containers/bubblewrap, from the system's packages) starts a command in
namespaces of its own: of files, processes, the network, messages, host names. What it starts is confined by
:mod:`.confinement` besides.

Whoever is root needs care: namespaces alone leave root's files, such as those below ``/proc/sys``, writable,
because they belong to the same user inside and outside
(https://github.com/containers/bubblewrap/issues/313). So when root evaluates, the process becomes the user
``nobody`` before it imports a submission, and ``/proc`` is read-only whoever evaluates.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from drivebench.evaluation.isolation.hidden_files import NOBODY, hidden_files
from drivebench.evaluation.isolation.kernel import ConfinementError

__all__ = ["user_inside", "wrap"]

PROGRAM = "bwrap"
_PROCESSORS = Path("/sys/devices/system/cpu")
_NAMESPACES = ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")
_AS_ROOT = (
    "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_KILL",
)  # fmt: skip
"""No more than a template needs for its policies to become somebody else, and to end them."""
_AS_USER = ("--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY), "--cap-drop", "ALL")


def user_inside() -> int | None:
    """Whom the process has to become in there; None if bwrap has seen to it."""
    return NOBODY if os.geteuid() == 0 else None


def wrap(
    command: Sequence[str], places: Sequence[Path], directory: Path
) -> tuple[list[str], tuple[int, ...]]:
    """The command that runs a command in there.

    Args:
        command: What to run.
        places: What is to be seen, at the paths that it has outside.
        directory: The submission; the working directory, too.

    Returns:
        The command, and open files that it must inherit, to be closed by the caller.

    Raises:
        ConfinementError: There is no bwrap, or root would become somebody who may not enter the submission.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise ConfinementError(f"{PROGRAM} is not installed (package 'bubblewrap' of most systems)")
    shown = [*places, _PROCESSORS, directory]
    folders = dict.fromkeys(folder for place in shown for folder in reversed(place.parents[:-1]))
    seen: list[str] = []
    for folder in folders:  # bwrap would make those that are missing for root alone
        seen += ["--dir", str(folder)]
    for place in shown:
        if place.is_symlink():
            seen += ["--symlink", os.readlink(place), str(place)]  # noqa: PTH115 - as it is written
        else:
            seen += ["--ro-bind", str(place), str(place)]
    descriptors = []
    for file in hidden_files(directory) if user_inside() is not None else ():
        descriptors.append(os.open(file, os.O_RDONLY))
        seen += ["--perms", "0444", "--ro-bind-data", str(descriptors[-1]), str(file)]
    return [
        program, "--die-with-parent", *_NAMESPACES, *(_AS_USER if user_inside() is None else _AS_ROOT),
        *seen, "--dev", "/dev", "--proc", "/proc", "--remount-ro", "/proc", "--remount-ro", "/",
        "--chdir", str(directory), "--", *command,
    ], tuple(descriptors)  # fmt: skip
