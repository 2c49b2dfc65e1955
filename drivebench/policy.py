"""Who drives: a policy, which sees what it declared, and a driver, which sees the world.

Privilege is in the type: nothing that a policy is called with holds a world, and nothing that a driver is
called with is ranked. This module imports NumPy only, because a submission imports it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from drivebench.scenario import Episode
    from drivebench.world import WorldBatch

__all__ = ["Actions", "Driver", "Observation", "Policy", "SingleEpisodePolicy", "Slots", "one_by_one"]

Slots = NDArray[np.int64]
Actions = NDArray[np.float32]
Observation = Mapping[str, NDArray[np.generic] | Sequence[str]]
"""By sensor name: arrays whose first axis runs over the slots; ``instruction`` is a list of texts."""


@runtime_checkable
class Policy(Protocol):
    """What a submission's entry point returns: it drives many episodes at once, each in a slot of its own."""

    def reset(self, slots: Slots) -> None:
        """New episodes begin in these slots; whatever was remembered of the old ones must go.

        Args:
            slots: ``i8[n]``, each from 0 to the batch size less 1.
        """

    def act(self, observation: Observation, slots: Slots) -> Actions:
        """Decide for 0.2 s.

        The batch keeps its size while a batch of episodes is driven: rows of slots whose episode is over are
        zeros, and what is answered for them is ignored.

        Args:
            observation: The declared sensors; row i belongs to ``slots[i]``.
            slots: ``i8[n]``.

        Returns:
            ``f4[n, 2]``: acceleration and steering in [-1, 1], in units of 5 m/s² and π/4 rad to the right.
        """


class Driver(Protocol):
    """A privileged driver: an expert or a reference that sees the whole world. Listed, never ranked."""

    privileged: bool

    def reset(self, worlds: "WorldBatch", episodes: Mapping[int, "Episode"], slots: Slots) -> None:
        """New episodes begin in these slots.

        Args:
            worlds: The worlds, at their initial states in these slots.
            episodes: By slot.
            slots: ``i8[n]``.
        """

    def act(self, worlds: "WorldBatch", slots: Slots) -> Actions:
        """Decide for 0.2 s, for the episodes in these slots; the worlds are only to be read.

        Args:
            worlds: The worlds.
            slots: ``i8[n]``.

        Returns:
            ``f4[n, 2]``, as :meth:`Policy.act`.
        """


class SingleEpisodePolicy(Protocol):
    """A policy that drives one episode; :func:`one_by_one` makes a batch of it."""

    def reset(self) -> None:
        """A new episode begins."""

    def act(self, observation: Observation) -> NDArray[np.generic]:
        """Decide from one observation without a batch axis; answers ``(2,)``."""


class _OneByOne:
    """A policy that asks one single-episode policy per slot."""

    def __init__(self, make: Callable[[], SingleEpisodePolicy]) -> None:
        self._make = make
        self._drivers: dict[int, SingleEpisodePolicy] = {}

    def reset(self, slots: Slots) -> None:
        for slot in slots.tolist():
            if slot not in self._drivers:
                self._drivers[slot] = self._make()
            self._drivers[slot].reset()

    def act(self, observation: Observation, slots: Slots) -> Actions:
        actions = np.zeros((len(slots), 2), np.float32)
        for row, slot in enumerate(slots.tolist()):
            single = {name: values[row] for name, values in observation.items()}
            actions[row] = self._drivers[slot].act(single)
        return actions


def one_by_one(make: Callable[[], SingleEpisodePolicy]) -> Policy:
    """Drive a batch with policies that each drive one episode.

    A policy whose episode is over, or that has none in a short batch, is still asked, with an observation of
    zeros and empty texts (nothing says for sure that an episode is over); its answer is ignored.

    Args:
        make: Makes one such policy; called once for each slot.
    """
    return _OneByOne(make)
