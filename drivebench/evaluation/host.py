"""The process in which a policy lives; its arguments are ``--socket FD --memory FD``.

Started by :mod:`drivebench.evaluation.policy_process`. It confines itself, imports the submission, answers
requests, and ends when its connection closes. Whatever the policy raises is sent back as text.
"""

import argparse
import importlib
import os
import random
import socket
import sys
import tempfile
import traceback
import types
from collections.abc import Mapping
from importlib.abc import MetaPathFinder, PathEntryFinder
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    PathFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from drivebench.evaluation.isolation.confinement import Confinement, confine
from drivebench.evaluation.isolation.limits import die_with_parent
from drivebench.evaluation.protocol import Layout, ProtocolError, map_memory, receive, send, views

__all__ = ["main"]

TRACE_CHARACTERS = 8000
MESSAGE_CHARACTERS = 500


class Host:
    """A policy and the memory that it sees."""

    def __init__(self, memory_descriptor: int) -> None:
        self._descriptor = memory_descriptor
        self._memory: Any = None
        self._layout = Layout(arrays=(), texts=())
        self._policy: Any = None
        self._torch = _TorchSeeder()
        sys.meta_path.insert(0, self._torch)

    def confine(self, request: dict[str, Any]) -> dict[str, Any]:
        """Give up, for good, what a policy must not have; comes before anything of a submission."""
        confine(Confinement.decode(request))
        tempfile.tempdir = (
            "/tmp"  # nobody can write there, but libraries fail when there is no name to ask for
        )
        return {"ok": True}

    def load(self, request: dict[str, Any]) -> dict[str, Any]:
        """Import the submission afresh, with all generators of random numbers seeded, and make its policy."""
        self._policy = None
        self._layout = Layout.decode(request["layout"])
        if self._memory is None:
            self._memory = map_memory(self._descriptor, self._layout.size)
        directory = Path(request["directory"])
        if request["weights_only"]:  # no module is ever looked for in the directory
            _make_known(request["packages"])
        else:
            _forget_modules(directory)
            if sys.path[0] != str(directory):
                _import_from_source(directory)
                sys.path.insert(0, str(directory))
        seed = self._torch.seed = request["seed"]
        module, _, function = request["loader"].partition(":")
        _seed(seed)
        make = getattr(importlib.import_module(module), function)
        _seed(seed)
        self._policy = make(directory)
        _seed(seed)
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


def _make_known(packages: dict[str, str]) -> None:
    """Packages that cannot be looked for here, as the folder that they are in may not be read."""
    for name, folder in packages.items():
        if name not in sys.modules:
            package = sys.modules[name] = types.ModuleType(name)
            package.__path__ = [folder]


def _forget_modules(directory: Path) -> None:
    """Drop the modules of a submission, so that nothing that they kept survives into the next batch."""
    root = str(directory) + os.sep

    def is_of_it(module: object) -> bool:
        folders = getattr(getattr(module, "__spec__", None), "submodule_search_locations", None) or ()
        places = [getattr(module, "__file__", None) or "", *folders]  # a namespace package has only folders
        return any(str(place).startswith(root) for place in places)

    for name in [name for name, module in list(sys.modules.items()) if is_of_it(module)]:
        del sys.modules[name]


class _FromSource(SourceFileLoader):
    """Compiles a module, and never looks into ``__pycache__``, which a submission's digest leaves out."""

    def path_stats(self, path: Any) -> Mapping[str, Any]:
        """Say that there is nothing to compare byte code with, and so none to read or write."""
        del path
        raise OSError


def _import_from_source(directory: Path) -> None:
    find = FileFinder.path_hook(
        (ExtensionFileLoader, EXTENSION_SUFFIXES),
        (_FromSource, SOURCE_SUFFIXES),
        (SourcelessFileLoader, BYTECODE_SUFFIXES),
    )
    root = str(directory) + os.sep

    def hook(path: str) -> PathEntryFinder:
        if not (path + os.sep).startswith(root):
            raise ImportError
        return find(path)

    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.clear()


class _TorchSeeder(MetaPathFinder):
    """Seeds torch at the end of its import, whenever that is.

    Otherwise what a policy draws from it would depend on whether an earlier batch had imported it already.
    """

    seed = 0

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Find torch where it is, and seed it when it has been executed; leave all else to others."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname == "torch" else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_seed(module: ModuleType) -> None:
            execute(module)
            module.manual_seed(self.seed)

        spec.loader.exec_module = execute_and_seed  # type: ignore[method-assign]
        return spec


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


def main() -> None:
    """Answer requests until the connection closes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--memory", type=int, required=True)
    arguments = parser.parse_args()
    die_with_parent()
    connection = socket.socket(fileno=arguments.socket)
    os.set_inheritable(arguments.socket, False)
    os.set_inheritable(arguments.memory, False)
    host = Host(arguments.memory)
    operations = {"confine": host.confine, "load": host.load, "reset": host.reset, "act": host.act}
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
