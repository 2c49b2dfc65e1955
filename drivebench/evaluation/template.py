"""The process from which a submission's policy is forked, anew for each batch of episodes.

Started by :mod:`drivebench.evaluation.template_process`, which asks it over its standard input. It has
imported Python and the libraries that the submission names, nothing of the submission itself, and is told
nothing of episodes. So each batch begins from the same state, for the price of a fork, and nothing that a
policy keeps in its process reaches the next one: neither in a library's module nor in memory of its own
making. What the two processes share is what they print to; its flags are set back, too.
"""

import fcntl
import gc
import importlib
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Any

from drivebench.evaluation import host
from drivebench.evaluation.isolation.limits import die_with_parent
from drivebench.evaluation.protocol import CONNECTION, MEMORY, ProtocolError, receive, send

__all__ = ["main"]

_INPUT, _PRINTED_TO = 0, (1, 2)
_OPEN_AT_MOST = 4096
"""More files than libraries open when they are imported."""
_LOOK_S = 0.005


class _Template:
    """Answers requests; one policy at a time lives beside it."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._flags = {number: fcntl.fcntl(number, fcntl.F_GETFL) for number in _PRINTED_TO}
        self._child = 0
        self._code: int | None = None

    def prepare(self, request: dict[str, Any]) -> dict[str, Any]:
        """Import what policies would import each time; of what cannot be imported they will say so."""
        host.make_known(request["packages"])
        for name in request["modules"]:
            with suppress(Exception):
                importlib.import_module(name)
        host.seed_generators(0)  # torch imports more when it is asked for that
        gc.collect()
        gc.freeze()  # collections in a fork would write to every object, and have their pages copied
        return {"threads": _threads()}

    def begin(self, request: dict[str, Any]) -> dict[str, Any]:
        """Fork a policy's process; its connection and its memory are sent along."""
        del request
        _, descriptors, _, _ = socket.recv_fds(self._control, 1, 2)
        for number, flags in self._flags.items():
            fcntl.fcntl(number, fcntl.F_SETFL, flags)
        self._child = os.fork()
        if self._child == 0:
            self._control.detach()
            os.setpgid(0, 0)
            die_with_parent()
            _keep_open(*descriptors)
            host.serve()
            sys.exit()
        with suppress(OSError):  # whichever of the two comes first
            os.setpgid(self._child, self._child)
        for descriptor in descriptors:
            os.close(descriptor)
        return {"ok": True}

    def end(self, request: dict[str, Any]) -> dict[str, Any]:
        """Wait for the policy's process to end, then kill it, and what it started in its group."""
        if self._child:
            status = self._ended_status(time.monotonic() + request["patience_s"])
            with suppress(ProcessLookupError):
                os.killpg(self._child, signal.SIGKILL)
            if status is None:
                os.waitpid(self._child, 0)
            self._code = None if status is None else os.waitstatus_to_exitcode(status)
            self._child = 0
        return {"code": self._code}

    def _ended_status(self, deadline: float) -> int | None:
        """How the policy's process ends of its own accord; None if it does not until then."""
        while True:
            ended, status = os.waitpid(self._child, os.WNOHANG)
            if ended:
                return status
            if time.monotonic() >= deadline:
                return None
            time.sleep(_LOOK_S)


def _threads() -> int:
    """How many there are in this process, where the system says it: a fork has the one that forks."""
    with suppress(OSError):
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - no more than is needed is imported in here
    return 1


def _keep_open(connection: int, memory: int) -> None:
    """Leave this process its connection, its memory, an empty input, and where it prints to."""
    above = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, MEMORY + 1) for descriptor in (connection, memory)]
    for descriptor, number in zip(above, (CONNECTION, MEMORY), strict=True):
        os.dup2(descriptor, number, inheritable=False)
    os.dup2(os.open(os.devnull, os.O_RDONLY), _INPUT)
    os.closerange(MEMORY + 1, _OPEN_AT_MOST)


def main() -> None:
    """Answer requests until the harness is gone."""
    die_with_parent()
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=os.dup(_INPUT))
    template = _Template(control)
    operations = {"prepare": template.prepare, "begin": template.begin, "end": template.end}
    while True:
        try:
            request = receive(control)
            send(control, operations[request["operation"]](request))
        except ProtocolError:
            return
