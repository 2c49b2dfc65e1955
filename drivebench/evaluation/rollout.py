"""Driving episodes in lockstep batches, and what comes of each.

Whoever drives is a :class:`Pilot`: a privileged driver, a policy in its own process, an action log. A batch
is a fixed chunk of the list of episodes and is not refilled when episodes end, so that what a pilot is asked
does not depend on how many workers there are or on where an earlier run was interrupted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from drivebench.errors import ActionError, PolicyError
from drivebench.evaluation.record import Status
from drivebench.metric.measurement import EpisodeMeasurement, Reference
from drivebench.metric.monitor import Monitor
from drivebench.policy import Actions, Driver, Slots
from drivebench.scenario import Episode
from drivebench.world import WorldBatch, quantise

__all__ = [
    "BATCH_SIZE",
    "DriverPilot",
    "Pilot",
    "PolicyFaultError",
    "Rollout",
    "roll_out",
    "roll_out_batch",
    "row_faults",
]

BATCH_SIZE = 32
"""Episodes that are driven together."""

OVERSHOOT = 1e-6
"""An action may leave [-1, 1] by this, the rounding of a float32, before it is out of range."""


class PolicyFaultError(PolicyError):
    """The policy failed all episodes that it was driving: which status, and why."""

    def __init__(self, status: Status, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


class Pilot(Protocol):
    """Whoever drives a batch."""

    def begin(self, worlds: WorldBatch, monitor: Monitor, episodes: Mapping[int, Episode]) -> None:
        """A new batch begins.

        Args:
            worlds: At their initial states.
            monitor: Watches them.
            episodes: By slot.
        """

    def decide(self, worlds: WorldBatch, monitor: Monitor, slots: Slots) -> Actions:
        """Actions ``f4[n, 2]`` in [-1, 1] for the episodes that go on.

        Args:
            worlds: To be read only.
            monitor: To be read only.
            slots: ``i8[n]`` where the episodes are.

        Raises:
            PolicyFaultError: None of them can be driven on.
        """


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """What came of an episode.

    Attributes:
        episode: Which.
        measurement: What was measured.
        actions: ``i2[T, 2]`` its action log.
        status: How it came to its end.
        reason: What the policy did wrong; empty when it was driven to the end.
    """

    episode: Episode
    measurement: EpisodeMeasurement
    actions: NDArray[np.int16]
    status: Status
    reason: str


class DriverPilot:
    """A privileged driver as a pilot. An impossible action is an error of ours and is raised as such."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def begin(self, worlds: WorldBatch, monitor: Monitor, episodes: Mapping[int, Episode]) -> None:
        """Reset the driver in all slots."""
        del monitor  # a driver sees worlds
        self._driver.reset(worlds, episodes, np.array(sorted(episodes), np.int64))

    def decide(self, worlds: WorldBatch, monitor: Monitor, slots: Slots) -> Actions:
        """Ask the driver."""
        del monitor
        actions = self._driver.act(worlds, slots)
        fault = row_faults(actions)
        if fault:
            row, (_, reason) = next(iter(fault.items()))
            raise ActionError(f"{type(self._driver).__name__} gave, for slot {slots[row]}, {reason}")
        return actions


def _ignore(finished: int) -> None:
    """Nobody counts."""


def roll_out(
    episodes: Sequence[Episode],
    references: Sequence[Reference | None],
    pilot: Pilot | Callable[[WorldBatch, Monitor, Slots], Actions],
    batch_size: int = BATCH_SIZE,
    progress: Callable[[int], None] = _ignore,
) -> list[Rollout]:
    """Drive episodes in batches of a fixed size, in order.

    Args:
        episodes: What to drive.
        references: What the expert did on each; None where that is not known.
        pilot: Who drives; a function ``decide(worlds, monitor, slots)`` will do.
        batch_size: Episodes that are driven together.
        progress: Called with the number of episodes that have just finished.

    Returns:
        In the order of the episodes.
    """
    rollouts: list[Rollout] = []
    for first in range(0, len(episodes), batch_size):
        part = slice(first, first + batch_size)
        rollouts += roll_out_batch(episodes[part], references[part], pilot, progress)
    return rollouts


def roll_out_batch(
    episodes: Sequence[Episode],
    references: Sequence[Reference | None],
    pilot: Pilot | Callable[[WorldBatch, Monitor, Slots], Actions],
    progress: Callable[[int], None] = _ignore,
) -> list[Rollout]:
    """Drive one batch of episodes to their ends; see :func:`roll_out`."""
    worlds = WorldBatch([episode.world for episode in episodes])
    monitor = Monitor(worlds, episodes, references)
    decide = pilot if callable(pilot) else pilot.decide
    batch = len(episodes)
    log: list[NDArray[np.int16]] = []
    lengths = np.zeros(batch, np.int64)
    failures: dict[int, tuple[Status, str]] = {}
    active = np.ones(batch, np.bool_)
    if not callable(pilot):
        active &= _begin(pilot, worlds, monitor, episodes, failures)
    while active.any():
        slots = np.flatnonzero(active)
        before = len(slots)
        actions = np.zeros((batch, 2), np.int16)
        try:
            wanted = decide(worlds, monitor, slots)
        except PolicyFaultError as failure:
            failures |= dict.fromkeys(slots.tolist(), (failure.status, failure.reason))
            progress(before)
            break
        faulty = row_faults(wanted)
        failures |= {int(slots[row]): fault for row, fault in faulty.items()}
        rows = np.array([row for row in range(before) if row not in faulty], np.int64)
        active[:] = False
        active[slots[rows]] = True
        if rows.size:
            actions[slots[rows]] = quantise(wanted[rows])
            worlds.step(actions, active)
            log.append(actions)
            lengths[active] += 1
            active &= ~monitor.update(active)
        progress(before - int(active.sum()))
    taken = np.array(log, np.int16).reshape(-1, batch, 2)
    return [
        Rollout(
            episode=episode,
            measurement=monitor.finish(slot),
            actions=taken[: lengths[slot], slot].copy(),
            status=failures.get(slot, (Status.DRIVEN, ""))[0],
            reason=failures.get(slot, (Status.DRIVEN, ""))[1],
        )
        for slot, episode in enumerate(episodes)
    ]


def _begin(
    pilot: Pilot,
    worlds: WorldBatch,
    monitor: Monitor,
    episodes: Sequence[Episode],
    failures: dict[int, tuple[Status, str]],
) -> bool:
    """Begin a batch; whether it can be driven."""
    try:
        pilot.begin(worlds, monitor, dict(enumerate(episodes)))
    except PolicyFaultError as failure:
        failures |= dict.fromkeys(range(len(episodes)), (failure.status, failure.reason))
        return False
    return True


def row_faults(actions: Actions) -> dict[int, tuple[Status, str]]:
    """What is wrong with each row of a batch of actions, where anything is.

    Args:
        actions: ``f4[n, 2]`` as a policy answered.

    Returns:
        By row: the status that its episode gets, and why.
    """
    faults: dict[int, tuple[Status, str]] = {}
    finite = np.isfinite(actions[:, 0]) & np.isfinite(actions[:, 1])
    within = np.abs(actions).max(axis=1) <= 1.0 + OVERSHOOT
    for row in np.flatnonzero(~(finite & within)).tolist():
        given = ", ".join(f"{value:g}" for value in actions[row].tolist())
        if not finite[row]:
            faults[row] = (Status.NOT_FINITE, f"the action ({given}); expected finite numbers in [-1, 1]")
        else:
            faults[row] = (Status.OUT_OF_RANGE, f"the action ({given}); expected numbers in [-1, 1]")
    return faults
