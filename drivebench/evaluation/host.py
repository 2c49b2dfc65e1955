"""The process in which a policy lives, for one batch of episodes.

Forked by :mod:`drivebench.evaluation.template`. It confines itself, imports the submission, answers the
requests of :mod:`drivebench.evaluation.policy_process`, and ends when its connection closes. Whatever the
policy raises is sent back as text.
"""

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
from numpy.typing import NDArray

from drivebench.evaluation.isolation.confinement import Confinement, confine
from drivebench.evaluation.protocol import (
    CONNECTION,
    LIBRARIES,
    MEMORY,
    Layout,
    ProtocolError,
    map_memory,
    receive,
    send,
    views,
)

__all__ = ["make_known", "seed_generators", "serve"]

TRACE_CHARACTERS = 8000
MESSAGE_CHARACTERS = 500


class Host:
    """A policy and the memory that it sees."""

    def __init__(self) -> None:
        self._seen: dict[str, NDArray[Any]] = {}
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
        """Import the submission, with all generators of random numbers seeded, and make its policy."""
        layout = Layout.decode(request["layout"])
        self._seen = views(map_memory(MEMORY, layout.size), layout)
        directory = Path(request["directory"])
        if not request["weights_only"]:  # else no module is ever looked for in the directory
            _import_from_source(directory)
            sys.path.insert(0, str(directory))
        seed = self._torch.seed = request["seed"]
        module, _, function = request["loader"].partition(":")
        seed_generators(seed)
        make = getattr(importlib.import_module(module), function)
        seed_generators(seed)
        self._policy = make(directory)
        seed_generators(seed)
        return {"libraries": [name for name in LIBRARIES if name in sys.modules]}

    def reset(self, request: dict[str, Any]) -> dict[str, Any]:
        """New episodes begin."""
        self._policy.reset(np.array(request["slots"], np.int64))
        return {"ok": True}

    def act(self, request: dict[str, Any]) -> dict[str, Any]:
        """Decide; the policy gets copies, so that what it keeps does not change under it."""
        slots = np.array(request["slots"], np.int64)
        observation: dict[str, Any] = {name: view.copy() for name, view in self._seen.items()}
        observation |= request["texts"]
        actions = np.asarray(self._policy.act(observation, slots))
        well_formed = actions.dtype.kind == "f" and actions.shape == (len(slots), 2)
        data = np.ascontiguousarray(actions, np.float64).tobytes() if well_formed else b""
        return {"dtype": str(actions.dtype), "shape": list(actions.shape), "data": data}


def make_known(packages: dict[str, str]) -> None:
    """Packages that cannot be looked for here, as the folder that they are in may not be read."""
    for name, folder in packages.items():
        if name not in sys.modules:
            package = sys.modules[name] = types.ModuleType(name)
            package.__path__ = [folder]


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
    """Seeds torch at the end of its import, where that comes after the policy was made."""

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


def seed_generators(seed: int) -> None:
    """Seed all generators of random numbers that a policy may draw from without making its own."""
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


def serve() -> None:
    """Answer requests until the connection closes."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=CONNECTION)
    host = Host()
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
