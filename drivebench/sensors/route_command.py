"""What the route asks for: as a one-hot vector, and as a sentence."""

import string
from dataclasses import dataclass
from typing import ClassVar

import gymnasium
import numpy as np
from numpy.typing import NDArray

from drivebench.scenario import Command
from drivebench.sensors.sensor import View

__all__ = ["COMMAND", "INSTRUCTION", "Instruction", "RouteCommand"]


@dataclass(frozen=True, kw_only=True)
class RouteCommand:
    """The command in force, one-hot in the order of :class:`drivebench.scenario.Command`."""

    leaks_label: ClassVar[bool] = False

    name: str = "command"

    def space(self) -> gymnasium.Space[NDArray[np.float32]]:
        """``f4[6]``."""
        return gymnasium.spaces.Box(0.0, 1.0, (len(Command),), np.float32)

    def observe(self, view: View) -> NDArray[np.float32]:
        """``f4[n, 6]``."""
        one_hot: NDArray[np.float32] = np.eye(len(Command), dtype=np.float32)
        return one_hot[view.progress.command[view.slots]]


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """The command in force as a sentence in plain English."""

    leaks_label: ClassVar[bool] = False

    name: str = "instruction"

    def space(self) -> gymnasium.Space[str]:
        """Printable text."""
        return gymnasium.spaces.Text(max_length=500, min_length=0, charset=string.printable)

    def observe(self, view: View) -> list[str]:
        """One sentence for each slot."""
        return [view.progress.instruction(slot) for slot in view.slots.tolist()]


COMMAND = RouteCommand()
INSTRUCTION = Instruction()
