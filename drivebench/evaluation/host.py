"""The process in which a policy lives: ``python -P -m drivebench.evaluation.host --socket FD --memory FD``.

Started by :mod:`drivebench.evaluation.policy_process`. It imports the submission, answers requests, and ends
when its connection closes. Whatever the policy raises is sent back as text.
"""

import argparse
import ctypes
import importlib
import os
import random
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from drivebench.evaluation.protocol import Layout, ProtocolError, map_memory, receive, send, views

__all__ = ["main"]

TRACE_CHARACTERS = 8000
MESSAGE_CHARACTERS = 500
_PR_SET_PDEATHSIG = 1
"""linux/prctl.h: the signal that this process gets when its parent dies."""


class Host:
    """A policy and the memory that it sees."""

    def __init__(self, memory_descriptor: int) -> None:
        self._descriptor = memory_descriptor
        self._memory: Any = None
        self._layout = Layout(arrays=(), texts=())
        self._policy: Any = None

    def load(self, request: dict[str, Any]) -> dict[str, Any]:
        """Import the submission afresh, with all generators of random numbers seeded, and make its policy."""
        self._policy = None
        self._layout = Layout.decode(request["layout"])
        if self._memory is None:
            self._memory = map_memory(self._descriptor, self._layout.size)
        directory = Path(request["directory"])
        _forget_modules(directory)
        if sys.path[0] != str(directory):
            sys.path.insert(0, str(directory))
        _seed(request["seed"])
        module, _, function = request["entry_point"].partition(":")
        self._policy = getattr(importlib.import_module(module), function)(directory)
        _seed(request["seed"])
        return {"ok": True}

    def reset(self, request: dict[str, Any]) -> dict[str, Any]:
        """New episodes begin."""
        self._policy.reset(np.array(request["slots"], np.int64))
        return {"ok": True}

    def act(self, request: dict[str, Any]) -> dict[str, Any]:
        """Decide; the policy gets copies, so that what it keeps does not change under it."""
        slots = np.array(request["slots"], np.int64)
        observation: dict[str, Any] = {
            name: view.copy() for name, view in views(self._memory, self._layout).items()
        }
        observation |= request["texts"]
        actions = np.asarray(self._policy.act(observation, slots))
        well_formed = actions.dtype.kind == "f" and actions.shape == (len(slots), 2)
        data = np.ascontiguousarray(actions, np.float64).tobytes() if well_formed else b""
        return {"dtype": str(actions.dtype), "shape": list(actions.shape), "data": data}


def _forget_modules(directory: Path) -> None:
    """Drop the modules of a submission, so that nothing that they kept survives into the next batch."""
    root = str(directory) + os.sep
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(root):
            del sys.modules[name]


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (the policy may use the old interface)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)


def _describe(error: BaseException) -> dict[str, Any]:
    trace = "".join(traceback.format_exception(error))
    return {
        "error": {
            "type": type(error).__name__,
            "message": str(error)[:MESSAGE_CHARACTERS],
            "trace": trace[-TRACE_CHARACTERS:],
        }
    }


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """Answer requests until the connection closes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--memory", type=int, required=True)
    arguments = parser.parse_args()
    _die_with_parent()
    connection = socket.socket(fileno=arguments.socket)
    os.set_inheritable(arguments.socket, False)
    os.set_inheritable(arguments.memory, False)
    host = Host(arguments.memory)
    operations = {"load": host.load, "reset": host.reset, "act": host.act}
    while True:
        try:
            request = receive(connection)
        except ProtocolError:
            return
        try:
            answer = operations[request["operation"]](request)
        except Exception as error:  # whatever the policy raises is its own
            answer = _describe(error)
            traceback.print_exc()
        try:
            send(connection, answer)
        except ProtocolError:
            return


if __name__ == "__main__":
    main()
