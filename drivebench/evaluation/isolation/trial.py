"""A process that confines itself and then tries what must be refused: whether a tier is in force, by trial.

Reads its task from standard input and writes what it found to standard output, both JSON.
"""

import contextlib
import json
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

from drivebench.evaluation.isolation.confinement import Confinement, confine
from drivebench.evaluation.isolation.kernel import ConfinementError

__all__ = ["main"]


def main() -> None:
    """Confine this process, and say what was not refused."""
    task: dict[str, Any] = json.load(sys.stdin)
    try:
        version = confine(Confinement.decode(task["confinement"]))
    except (ConfinementError, OSError) as error:
        found: dict[str, Any] = {"problem": str(error)}
    else:
        found = {"landlock": version, "problem": _problem(task["library"], task["secret"], task["process"])}
    sys.stdout.write(json.dumps(found))


def _problem(library: str, secret: str, process: int) -> str:
    """What does not work, or works and must not; empty when all is well.

    Args:
        library: A file that must be readable.
        secret: A file that must not be.
        process: Number of a process that must not be reachable.
    """
    if not _works(lambda: _read(library)):
        return f"{library} cannot be read in it"
    must_fail: dict[str, Callable[[], object]] = {
        "a file of the user can be read": lambda: _read(secret),
        "a file of the user can be written": lambda: _write(secret),
        "a socket can be opened": socket.socket,
        "a process can be started": lambda: os.fork() or os._exit(0),
        "a process of the user can be signalled": lambda: os.kill(process, 0),
    }
    for problem, attempt in must_fail.items():
        if _works(attempt):
            return f"{problem} in it"
    return ""


def _works(attempt: Callable[[], object]) -> bool:
    with contextlib.suppress(OSError):
        attempt()
        return True
    return False


def _read(path: str) -> None:
    with open(path, "rb") as file:  # noqa: PTH123 - pathlib is not imported in here
        file.read(1)


def _write(path: str) -> None:
    with open(path, "ab"):  # noqa: PTH123 - pathlib is not imported in here
        pass
