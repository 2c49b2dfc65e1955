"""Changing what a policy is shown, one sensor at a time."""

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivebench.evaluation.competitor import Seen
from drivebench.policy import Slots
from drivebench.world.clock import POLICY_HZ

__all__ = ["FROZEN_DECISIONS", "TAMPERINGS", "Tamper", "another_episodes", "blanked", "frozen", "shuffled"]

FROZEN_DECISIONS = POLICY_HZ
"""A frozen sensor shows what it showed this many decisions before: 1 s."""
GREY = 128
"""What a blanked camera shows."""

Rows = NDArray[Any] | list[str]
Tamper = Callable[[Seen, Slots], tuple[Seen, NDArray[np.bool_]]]
"""Changes an observation; also says in which rows that means anything."""


def blanked(sensor: str) -> Tamper:
    """Pictures are grey all over, numbers are 0, texts are empty.

    Args:
        sensor: Which one.
    """

    def change(seen: Seen, slots: Slots) -> tuple[Seen, NDArray[np.bool_]]:
        return {**seen, sensor: _nothing(seen[sensor])}, np.ones(len(slots), np.bool_)

    return change


def frozen(sensor: str) -> Tamper:
    """It shows what it showed 1 s before; in the first second, what it showed first.

    Args:
        sensor: Which one.
    """
    past: deque[dict[int, Any]] = deque(maxlen=FROZEN_DECISIONS + 1)

    def change(seen: Seen, slots: Slots) -> tuple[Seen, NDArray[np.bool_]]:
        rows = seen[sensor]
        past.append({slot: rows[row] for row, slot in enumerate(slots.tolist())})
        shown = [past[0][slot] for slot in slots.tolist()]
        return {**seen, sensor: _like(rows, shown)}, np.ones(len(slots), np.bool_)

    return change


def shuffled(sensor: str) -> Tamper:
    """It shows what the same sensor shows in another episode at the same time.

    Args:
        sensor: Which one.
    """

    def change(seen: Seen, slots: Slots) -> tuple[Seen, NDArray[np.bool_]]:
        return {**seen, sensor: _next(seen[sensor])}, np.full(len(slots), len(slots) > 1)

    return change


def another_episodes(seen: Seen) -> Seen:
    """The whole observation of another episode at the same time, for each row.

    Args:
        seen: Of two episodes or more.
    """
    return {sensor: _next(rows) for sensor, rows in seen.items()}


TAMPERINGS: dict[str, Callable[[str], Tamper]] = {
    "blanked": blanked,
    "frozen": frozen,
    "shuffled": shuffled,
}


def _nothing(rows: Rows) -> Rows:
    if isinstance(rows, list):
        return [""] * len(rows)
    return np.full_like(rows, GREY if rows.dtype == np.uint8 else 0)


def _next(rows: Rows) -> Rows:
    """Each row has that of the next, the last that of the first."""
    return rows[1:] + rows[:1] if isinstance(rows, list) else np.roll(rows, -1, axis=0)


def _like(rows: Rows, shown: list[Any]) -> Rows:
    return shown if isinstance(rows, list) else np.stack(shown)
