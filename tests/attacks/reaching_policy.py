"""Tries every attack of a folder, and answers for each whether it succeeded."""

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Reaching:
    def __init__(self, succeeded: list[bool]) -> None:
        self.succeeded = np.array(succeeded, np.float64)

    def reset(self, slots: NDArray[np.int64]) -> None:
        """Nothing to forget."""

    def act(self, observation: Mapping[str, Any], slots: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.stack([self.succeeded, np.zeros(len(slots))], axis=1)


def load(directory: Path) -> Reaching:
    targets = json.loads((directory / "settings.json").read_text())
    names = sorted(path.stem for path in (directory / "reaching").glob("*.py"))
    succeeded = []
    for name in names:
        try:
            importlib.import_module(f"reaching.{name}").attack(targets)
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {error}")  # noqa: T201
            succeeded.append(False)
        else:
            print(f"{name}: succeeded")  # noqa: T201
            succeeded.append(True)
    return Reaching(succeeded)
