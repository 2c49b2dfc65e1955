"""Driving demonstrations again to look at their worlds: every state comes back, and is compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivebench import progress
from drivebench.demonstrations.fixed_point import encode
from drivebench.demonstrations.record import Demonstration
from drivebench.errors import DataError
from drivebench.evaluation.rollout import BATCH_SIZE
from drivebench.evaluation.verify import replay
from drivebench.metric.monitor import Monitor
from drivebench.policy import Slots
from drivebench.world import WorldBatch

__all__ = ["Visit", "revisit"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Visit:
    """The worlds of a batch of demonstrations, before a decision; to be read only.

    Attributes:
        worlds: The worlds.
        monitor: Watches them.
        slots: ``i8[n]`` where episodes go on; all slots of the batch at decision 0.
        decision: Number of the decision.
        frames: ``i8[n]`` number of the frame in each of these slots, counted over all episodes in order.
    """

    worlds: WorldBatch
    monitor: Monitor
    slots: Slots
    decision: int
    frames: NDArray[np.int64]


def revisit(episodes: Sequence[Demonstration], look: Callable[[Visit], None], title: str) -> None:
    """Drive demonstrations again, in batches, in order.

    Args:
        episodes: What to drive; they may stop before their episode does.
        look: Called before each decision.
        title: What is being done, for the progress bar.

    Raises:
        DataError: A scenario or the simulator has changed since it was recorded, or a log was edited.
    """
    first_frames = np.cumsum([0, *(each.frames for each in episodes)])
    with progress.track(title, len(episodes), "episodes") as advance:
        for first in range(0, len(episodes), BATCH_SIZE):
            part = episodes[first : first + BATCH_SIZE]
            _revisit_batch(part, first_frames[first : first + len(part)], look)
            advance(len(part))


def _revisit_batch(
    part: Sequence[Demonstration], first_frames: NDArray[np.int64], look: Callable[[Visit], None]
) -> None:
    def check_and_look(worlds: WorldBatch, monitor: Monitor, slots: Slots, decision: int) -> None:
        columns = (worlds.x, worlds.y, worlds.heading, worlds.speed)
        states = encode(np.stack([column[slots] for column in columns], axis=-1))
        for slot, now in zip(slots.tolist(), states, strict=True):
            recorded = part[slot].states[decision]
            if not np.array_equal(now[: len(recorded)], recorded):
                raise _changed(part[slot], f"comes to other states at decision {decision}")
        frames = first_frames[slots] + decision
        look(Visit(worlds=worlds, monitor=monitor, slots=slots, decision=decision, frames=frames))

    built = [each.built() for each in part]
    logs = [each.actions for each in part]
    for each, (_, taken) in zip(part, replay(built, [None] * len(part), logs, check_and_look), strict=True):
        if taken < each.frames:
            raise _changed(each, f"ends after {taken} of its {each.frames} actions")


def _changed(demonstration: Demonstration, what: str) -> DataError:
    return DataError(
        f"{demonstration.key} {what} when it is driven again; expected what was recorded. The log was "
        "edited, or the simulator has changed: collect it again."
    )
