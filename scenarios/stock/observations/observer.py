"""What all observations have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import gymnasium
import numpy as np
import numpy.typing as npt

from drivebench.errors import ConfigurationError
from drivebench.world import WorldBatch
from drivebench.world.layout import RandomInt
from drivebench.world.numerics import PARITY
from drivebench.world.threads import in_threads

__all__ = ["Observation", "Observer", "Slots", "run"]

Observation: TypeAlias = Any
"""An array whose first axis is the slots, or a tuple or dictionary of such."""
Slots: TypeAlias = Sequence[int] | npt.NDArray[np.int64]


class Observer(ABC):
    """Observes worlds of a batch as one of highway-env's observation types does.

    Call ``begin`` for slots into which a new episode was loaded, then ``observe`` at their start and after
    each decision. Everything is computed in the numerics of the batch: parity gives stock's bytes.

    Attributes:
        draws: Whether observing draws from ``batch.random``. Then each slot's row must hold the state of the
            environment's random numbers after it was laid out, before ``begin``; each slot must be observed
            as often as stock observes; and the environment goes on with the state that the row has at the
            end.
    """

    draws: bool = False

    @abstractmethod
    def space(self) -> gymnasium.Space[Any]:
        """highway-env's space of one observation."""

    def begin(self, batch: WorldBatch, slots: Slots) -> None:
        """Forget what was kept of the last episodes in these slots.

        Args:
            batch: The worlds.
            slots: Which of them begin.

        Raises:
            ConfigurationError: A world has no ego, lacks random numbers that are to be drawn, or lacks what
                the observation is about.
        """
        places = np.asarray(slots, dtype=np.int64)
        if (batch.agents[places, 0] < 0).any():
            raise ConfigurationError("a world without controlled vehicle cannot be observed; expected an ego")
        if self.draws and (batch.random[places, RandomInt.INCREMENT_LOW] == 0).any():
            raise ConfigurationError(
                "this observation draws random numbers, but batch.random is zero; write the state of the "
                "environment's there before the episode begins"
            )

    @abstractmethod
    def observe(
        self, batch: WorldBatch, slots: Slots, out: Observation | None = None, agent: int = 0
    ) -> Observation:
        """Observe.

        Args:
            batch: The worlds.
            slots: Which of them.
            out: Where to write, as an earlier call returned it; None for new arrays.
            agent: Which of the controlled vehicles observes; 0 is the ego.

        Returns:
            What ``space`` describes, with an axis for the slots in front.
        """


def run(
    kernel: Callable[..., None],
    batch: WorldBatch,
    slots: Slots,
    agent: int,
    arguments: tuple[Any, ...],
) -> None:
    """Run the kernel of an observation over some slots.

    Args:
        kernel: Takes a range of rows, the numerics, the batch's arrays, slots, observers and ``arguments``.
        batch: The worlds.
        slots: Which of them; row k of the result is that of ``slots[k]``.
        agent: Which of the controlled vehicles observes.
        arguments: What else the kernel takes.

    Raises:
        ConfigurationError: The batch has no such agent.
    """
    if not 0 <= agent < batch.agents.shape[1]:
        raise ConfigurationError(f"agent {agent} of worlds with at most {batch.agents.shape[1]} of them")
    places = np.asarray(slots, dtype=np.int64)
    numerics = None if batch.numerics == "canonical" else PARITY
    in_threads(
        kernel,
        len(places),
        (
            numerics,
            batch.lane_float,
            batch.lane_int,
            batch.entity_float,
            batch.entity_int,
            batch.route,
            batch.world_int,
            batch.agents,
            agent,
            places,
            *arguments,
        ),
    )
