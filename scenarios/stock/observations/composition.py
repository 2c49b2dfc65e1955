"""Observations made of others: one for each agent, or several of the same agent."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np

from drivebench.errors import ConfigurationError
from drivebench.world import WorldBatch
from scenarios.stock.observations.observer import Observation, Observer, Slots
from scenarios.stock.observations.settings import Settings

__all__ = ["MultiAgentObserver", "TupleObserver"]

Make = Callable[[Mapping[str, Any]], Observer]


class MultiAgentObserver(Observer):
    """``MultiAgentObservation``: a tuple with what each controlled vehicle observes by itself."""

    def __init__(self, config: Mapping[str, Any], *, make: Make, agents: int) -> None:
        """Read the settings.

        Args:
            config: highway-env's ``observation`` settings, with an ``observation_config``.
            make: Makes the observer that settings describe.
            agents: Controlled vehicles of the worlds.

        Raises:
            ConfigurationError: Settings that cannot be used.
        """
        settings = Settings(config, known=("observation_config",))
        inner = settings.value("observation_config", None)
        if not isinstance(inner, Mapping):
            raise settings.error("observation_config", "the settings of each agent's observation")
        self.agents = agents
        self._each = make(inner)
        self.draws = self._each.draws

    def space(self) -> gymnasium.Space[Any]:
        """A tuple with a space for each agent."""
        return gymnasium.spaces.Tuple([self._each.space() for _ in range(self.agents)])

    def begin(self, batch: WorldBatch, slots: Slots) -> None:
        """Begin, and check how many agents there are."""
        counts = (batch.agents[np.asarray(slots, dtype=np.int64)] >= 0).sum(axis=1)
        if (counts != self.agents).any():
            raise ConfigurationError(
                f"worlds with {sorted(set(counts.tolist()))} agents; expected {self.agents}"
            )
        self._each.begin(batch, slots)

    def observe(
        self, batch: WorldBatch, slots: Slots, out: Observation | None = None, agent: int = 0
    ) -> Observation:
        """A tuple of the agents' observations; ``agent`` means nothing."""
        del agent
        parts = out if out is not None else (None,) * self.agents
        return tuple(self._each.observe(batch, slots, part, agent) for agent, part in enumerate(parts))


class TupleObserver(Observer):
    """``TupleObservation``: several observations of the same vehicle."""

    def __init__(self, config: Mapping[str, Any], *, make: Make) -> None:
        """Read the settings.

        Args:
            config: highway-env's ``observation`` settings, with a list ``observation_configs``.
            make: Makes the observer that settings describe.

        Raises:
            ConfigurationError: Settings that cannot be used.
        """
        settings = Settings(config, known=("observation_configs",))
        parts = settings.value("observation_configs", None)
        if not isinstance(parts, Sequence) or isinstance(parts, str) or not parts:
            raise settings.error("observation_configs", "a list of settings, one for each observation")
        self._parts = tuple(make(part) for part in parts)
        self.draws = any(part.draws for part in self._parts)

    def space(self) -> gymnasium.Space[Any]:
        """A tuple with a space for each observation."""
        return gymnasium.spaces.Tuple([part.space() for part in self._parts])

    def begin(self, batch: WorldBatch, slots: Slots) -> None:
        """Begin with all of them."""
        for part in self._parts:
            part.begin(batch, slots)

    def observe(
        self, batch: WorldBatch, slots: Slots, out: Observation | None = None, agent: int = 0
    ) -> Observation:
        """A tuple of the observations."""
        outs = out if out is not None else (None,) * len(self._parts)
        return tuple(
            part.observe(batch, slots, into, agent) for part, into in zip(self._parts, outs, strict=True)
        )
