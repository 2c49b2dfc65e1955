"""What an interrupted training leaves on disk, so that the same command goes on to the same bytes.

Beside ``OUT`` there is a folder ``.OUT.training`` while a training is under way:

=======================  ==================================================================================
file                     holds
=======================  ==================================================================================
``run.json``             what was asked for; another request is refused
``PHASE.checkpoint``     weights, optimiser and memory of an unfinished phase (safetensors; the step and
                         the losses in its header)
``PHASE.finished``       weights and losses of a finished phase
``PHASE.episodes``       demonstrations that a phase has gathered
=======================  ==================================================================================

Safetensors, because ``torch.load`` runs code from a file. A file appears only when it is complete.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from drivebench.errors import ConfigurationError, DataError
from drivebench.progress import say

__all__ = ["Saved", "Workspace"]


@dataclass(frozen=True, kw_only=True)
class Saved:
    """One file.

    Attributes:
        tensors: By name.
        facts: What its header tells.
    """

    tensors: dict[str, Tensor]
    facts: dict[str, Any]


class Workspace:
    """The folder of a training under way."""

    def __init__(self, out: Path, request: Mapping[str, Any]) -> None:
        """Open the folder, or make it.

        Args:
            out: Where the submission shall appear.
            request: What is asked for.

        Raises:
            ConfigurationError: A training with another request is under way there.
        """
        self.folder = out.parent / f".{out.name}.training"
        path = self.folder / "run.json"
        wanted = json.loads(json.dumps(request))
        if path.exists() and self._begun:
            begun = json.loads(path.read_text(encoding="utf-8"))
            if begun != wanted:
                differ = sorted(k for k in {*begun, *wanted} if begun.get(k) != wanted.get(k))
                raise ConfigurationError(
                    f"another training was begun for {out}: "
                    + "; ".join(f"{k} was {begun.get(k)!r}, now {wanted.get(k)!r}" for k in differ)
                    + f". Give the same arguments to go on with it, or delete {self.folder} to begin anew."
                )
            say(f"going on with the training that was interrupted, from {self.folder}")
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
        partial.rename(path)

    @property
    def _begun(self) -> bool:
        """Whether there is anything to go on with."""
        return any(path.suffix in {".checkpoint", ".finished", ".episodes"} for path in self.folder.iterdir())

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Nobody else may train there at the same time; what comes to nothing leaves nothing.

        Raises:
            ConfigurationError: Somebody does.
        """
        lock = FileLock(self.folder / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise ConfigurationError(
                f"another process is training in {self.folder}; wait for it, or choose another --out"
            ) from error
        try:
            yield
        finally:
            lock.release()
            if self.folder.exists() and not self._begun:
                self.remove()

    def path(self, phase: str, kind: str) -> Path:
        """A file of a phase."""
        return self.folder / f"{phase}.{kind}"

    def write(self, phase: str, kind: str, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Write a file of a phase, whole or not at all."""
        path = self.path(phase, kind)
        partial = path.with_name(path.name + ".partial")
        cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        save_file(cpu, partial, metadata={"facts": json.dumps(facts)})
        partial.replace(path)

    def read(self, phase: str, kind: str) -> Saved | None:
        """Read a file of a phase; None if there is none.

        Raises:
            DataError: It is damaged.
        """
        path = self.path(phase, kind)
        if not path.exists():
            return None
        try:
            with safe_open(path, framework="pt") as file:
                facts = json.loads(file.metadata()["facts"])
                return Saved(tensors={name: file.get_tensor(name) for name in file.keys()}, facts=facts)  # noqa: SIM118
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path} is damaged ({error}); delete it to begin its phase anew") from error

    def drop(self, phase: str, kind: str) -> None:
        """Remove a file of a phase."""
        self.path(phase, kind).unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder: the submission is written."""
        shutil.rmtree(self.folder)
