"""What an action of a stock environment means to the compiled world."""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["MANOEUVRES", "action_types", "orders"]

MANOEUVRES = {"LANE_LEFT": 0, "IDLE": 1, "LANE_RIGHT": 2, "FASTER": 3, "SLOWER": 4}
"""The compiled world's number of each meta-action of highway-env."""


def action_types(environment: Any) -> list[Any]:
    """highway-env's action type of each controlled vehicle, in order."""
    kind = environment.action_type
    return list(getattr(kind, "agents_action_types", None) or [kind])


def orders(environment: Any, action: Any) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Commands [1, A, 2] (m/s², rad) and manoeuvres [1, A] for ``WorldBatch.drive``.

    Args:
        environment: A stock environment.
        action: As for its ``step``.
    """
    types = action_types(environment)
    actions = action if isinstance(action, tuple) else (action,)
    commands = np.zeros((1, len(types), 2))
    manoeuvres = np.full((1, len(types)), -1, dtype=np.int64)
    for agent, (kind, given) in enumerate(zip(types, actions, strict=True)):
        if hasattr(kind, "get_action"):
            command = kind.get_action(given)
            commands[0, agent] = float(command["acceleration"]), float(command["steering"])
        else:
            manoeuvres[0, agent] = MANOEUVRES[kind.actions[int(given)]]
    return commands, manoeuvres
