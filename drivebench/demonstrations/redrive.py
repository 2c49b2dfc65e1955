"""Demonstrations from action logs alone: driven again, states and scores come back bit for bit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivebench.demonstrations.collect import record
from drivebench.demonstrations.record import Demonstration
from drivebench.errors import ConfigurationError, DataError
from drivebench.evaluation.rollout import BATCH_SIZE, DriverPilot
from drivebench.evaluation.verify import replay
from drivebench.metric.measurement import Ending
from drivebench.policy import Actions, Slots
from drivebench.scenario import Episode, load_scenario, split_of
from drivebench.world import WorldBatch, dequantise

__all__ = ["Log", "driven_again"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Log:
    """What was done in one episode.

    Attributes:
        scenario: Id of the scenario.
        condition: Name of the condition.
        seed: A training seed.
        driver: Who drove.
        actions: ``i2[T, 2]`` quantised.
        origin: Where it comes from, for messages.
    """

    scenario: str
    condition: str
    seed: int
    driver: str
    actions: NDArray[np.int16]
    origin: str

    def episode(self) -> Episode:
        """The episode that its names mean.

        Raises:
            UnknownNameError: No such scenario or condition.
            ConfigurationError: The seed is not of the training split.
        """
        if split_of(self.seed) != "train":
            raise ConfigurationError(
                f"{self.origin} has the seed {self.seed} of the split {split_of(self.seed)!r}; expected a "
                "training seed: no policy may have seen what it is tested on"
            )
        return load_scenario(self.scenario).episode(self.seed, self.condition)


class _Player:
    """A driver that repeats logs, each in its slot."""

    privileged = True

    def __init__(self, logs: Sequence[Log]) -> None:
        self._actions = [dequantise(log.actions).astype(np.float32) for log in logs]
        self._taken = np.zeros(len(logs), np.int64)

    def reset(self, worlds: WorldBatch, episodes: Mapping[int, Episode], slots: Slots) -> None:
        """Begin at the first action."""
        del worlds, episodes
        self._taken[slots] = 0

    def act(self, worlds: WorldBatch, slots: Slots) -> Actions:
        """The next action of each log."""
        del worlds
        actions = np.array([self._actions[slot][self._taken[slot]] for slot in slots.tolist()])
        self._taken[slots] += 1
        return actions


def driven_again(
    logs: Sequence[Log], advance: Callable[[int], None]
) -> tuple[list[Demonstration], list[Log]]:
    """Drive action logs again and record what comes of them.

    Args:
        logs: In any order; they keep it.
        advance: Called with the number of episodes that are done.

    Returns:
        The demonstrations, and the logs that stop before their episode does: those are no demonstrations,
        as nobody knows how they would have ended.

    Raises:
        DataError: A log goes on after its episode has ended.
        UnknownNameError: A scenario or condition does not exist.
        ConfigurationError: A seed is not of the training split.
    """
    recorded: list[Demonstration] = []
    unfinished: list[Log] = []
    for first in range(0, len(logs), BATCH_SIZE):
        part = list(logs[first : first + BATCH_SIZE])
        whole = _whole(part)
        unfinished += [log for log in part if log not in whole]
        advance(len(part) - len(whole))
        for name in dict.fromkeys(log.driver for log in whole):
            of_driver = [log for log in whole if log.driver == name]
            pilot = DriverPilot(_Player(of_driver))
            recorded += record([log.episode() for log in of_driver], pilot, name, advance)
    order = {(log.scenario, log.condition, log.seed, log.driver): number for number, log in enumerate(logs)}
    recorded.sort(key=lambda each: order[each.scenario, each.condition, each.seed, each.driver])
    return recorded, unfinished


def _whole(logs: Sequence[Log]) -> list[Log]:
    """The logs that reach the end of their episode."""
    some = [log for log in logs if len(log.actions)]
    if not some:
        return []
    episodes = [log.episode() for log in some]
    whole = []
    replayed = replay(episodes, [None] * len(some), [log.actions for log in some])
    for log, (measurement, taken) in zip(some, replayed, strict=True):
        if taken < len(log.actions):
            raise DataError(
                f"{log.origin} ({log.scenario}/{log.condition}/{log.seed}) ends after {taken} of its "
                f"{len(log.actions)} actions when it is driven again; expected an action log of this "
                "scenario and seed. It was edited, or recorded with another version or through a wrapper."
            )
        if measurement.ended_by is not Ending.UNFINISHED:
            whole.append(log)
    return whole
