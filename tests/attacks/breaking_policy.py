"""Drives like others, but attacks in the episodes that begin at certain speeds."""

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Breaking:
    def __init__(self, attacks: dict[str, str]) -> None:
        self.attacks = attacks
        self.begins = True

    def reset(self, slots: NDArray[np.int64]) -> None:
        self.begins = True

    def act(self, observation: Mapping[str, Any], slots: NDArray[np.int64]) -> NDArray[np.float64]:
        name = self.attacks.get(observation["speed"][0].tobytes().hex())
        if self.begins and name is not None:
            return importlib.import_module(f"breaking.{name}").attack()
        self.begins = False
        actions = np.zeros((len(slots), 2))
        actions[:, 0] = np.where(observation["speed"][:, 0] < 6.0, 0.3, 0.0)
        return actions


def load(directory: Path) -> Breaking:
    return Breaking(json.loads((directory / "settings.json").read_text()))
