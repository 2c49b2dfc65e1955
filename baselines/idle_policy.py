"""Does nothing: no acceleration, straight wheels. A whole policy that imports nothing but numpy."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["IdlePolicy", "load"]


class IdlePolicy:
    """Answers zero to everything: the car rolls on, straight ahead, at the speed that it had."""

    def reset(self, slots: NDArray[np.int64]) -> None:
        """Episodes start in these slots: nothing to forget."""

    def act(self, observation: Mapping[str, Any], slots: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: ARG002
        """Actions ``f4[n, 2]``, all zero."""
        return np.zeros((len(slots), 2), np.float32)


def load(directory: str | Path) -> IdlePolicy:  # noqa: ARG001 - there are no weights
    """The policy of a submission directory: what the evaluation calls."""
    return IdlePolicy()
