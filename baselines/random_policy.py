"""Acts at random, uniformly. A whole policy that imports nothing but numpy."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["RandomPolicy", "load"]


class RandomPolicy:
    """Draws acceleration and steering uniformly from [-1, 1], anew at each decision.

    The generator of a slot is seeded at the first decision of an episode, with the slot and the speed that
    the car has then, so that an evaluation comes out the same each time, however it is split into processes.
    """

    def __init__(self) -> None:
        self._generators: dict[int, np.random.Generator | None] = {}

    def reset(self, slots: NDArray[np.int64]) -> None:
        """Episodes start in these slots: each gets a new generator at its first decision."""
        self._generators.update(dict.fromkeys(slots.tolist()))

    def act(self, observation: Mapping[str, Any], slots: NDArray[np.int64]) -> NDArray[np.float32]:
        """Actions ``f4[n, 2]``.

        Args:
            observation: ``speed`` f4[n, 1] in m/s.
            slots: ``i8[n]``.
        """
        speed = np.ascontiguousarray(observation["speed"], dtype=np.float32)
        actions = np.empty((len(slots), 2), np.float32)
        for row, slot in enumerate(slots.tolist()):
            generator = self._generators[slot]
            if generator is None:
                generator = np.random.default_rng([slot, int(speed[row].view(np.uint32)[0])])
                self._generators[slot] = generator
            actions[row] = generator.uniform(-1.0, 1.0, 2)
        return actions


def load(directory: str | Path) -> RandomPolicy:  # noqa: ARG001 - there are no weights
    """The policy of a submission directory: what the evaluation calls."""
    return RandomPolicy()
