"""Rewards and ends of episodes: calls the kernel of a family of environments with what it takes.

The order of every sum, product and quotient is highway-env's, so that in parity numerics a reward has the
bits of stock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from drivebench.errors import ConfigurationError
from drivebench.world import RoadNetwork, WorldBatch
from drivebench.world.numerics import PARITY
from scenarios.stock.families import rules_of
from scenarios.stock.family_rules import OF_BATCH, OF_VERDICT, FamilyRules
from scenarios.stock.ids import StockId
from scenarios.stock.kept_lanes import KeptLanes
from scenarios.stock.reward_terms import Common

__all__ = ["Judge", "Verdict"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is said of the worlds of a batch after a decision; arrays are used again by the next.

    Attributes:
        reward: [B] of all agents together.
        terminated: [B] whether the episode has come to its end.
        success: [B] where the family knows of success.
        part: [B, K] highway-env's dictionary of rewards, before they are weighed.
        agent_reward, agent_terminated: [B, A] of each agent, at the intersection.
    """

    reward: Floats
    terminated: Flags
    success: Flags
    part: Floats
    agent_reward: Floats
    agent_terminated: Flags


class Judge:
    """Judges the worlds of a batch.

    Attributes:
        rules: Of the family.
        names: Of the columns of ``Verdict.part``.
        types: In which Python type highway-env tells each.
    """

    def __init__(
        self, entry: StockId, config: Mapping[str, Any], network: RoadNetwork, kept: KeptLanes | None = None
    ) -> None:
        """Read the configuration.

        Args:
            entry: Which environment.
            config: Its complete configuration.
            network: Its roads; for lengths that are drawn, any of them.
            kept: The lanes to be kept, in the environment that has them.

        Raises:
            ConfigurationError: Settings of the reward that cannot be.
        """
        self.rules = rules = rules_of(entry.family)
        self.names = tuple(name for name, _ in rules.parts)
        self.types = tuple(kind for _, kind in rules.parts)
        self._config = config
        self._verdict: Verdict | None = None
        self._targets: tuple[Any, ...] = ()
        settings = rules.settings(config, network)
        told = {
            "common": _common(rules, config),
            "weights": np.array([float(config.get(name, 0)) for name in self.names]),
            "settings": np.array([float(settings[place]) for place in sorted(settings)]),
            "kept_lane": None if kept is None else kept.rows,
        }
        self._kernel, self._measure = rules.kernel, rules.measure
        self._takes_numerics = "numerics" in rules.takes
        self._told = tuple(array for name, array in told.items() if name in rules.takes)
        self._of_batch = attrgetter(*(name for name in OF_BATCH if name in rules.takes))
        self._of_verdict = attrgetter(*(name for name in OF_VERDICT if name in rules.takes))
        if not all(array is not None and np.isfinite(array).all() for array in self._told):
            raise ConfigurationError(f"settings of the reward of {entry.name} that are not finite: {told}")

    def judge(self, batch: WorldBatch, actions: Any) -> Verdict:
        """Judge the state that a decision has led to.

        Args:
            batch: The worlds.
            actions: What was decided, from ``Actions.read``.
        """
        verdict, measure = self._verdict, self._measure
        if verdict is None or verdict.agent_reward.shape != batch.agents.shape:
            verdict = self._verdict = self._new_verdict(*batch.agents.shape)
            self._targets = self._of_verdict(verdict)
        measured = () if measure is None else measure(actions, len(batch.agents), self._config)
        if self._takes_numerics:
            numerics = None if batch.numerics == "canonical" else PARITY
            self._kernel(numerics, *self._of_batch(batch), *self._told, *measured, *self._targets)
        else:
            self._kernel(*self._of_batch(batch), *self._told, *measured, *self._targets)
        return verdict

    def _new_verdict(self, worlds: int, agents: int) -> Verdict:
        return Verdict(
            reward=np.zeros(worlds),
            terminated=np.zeros(worlds, np.bool_),
            success=np.zeros(worlds, np.bool_),
            part=np.zeros((worlds, len(self.names))),
            agent_reward=np.zeros((worlds, agents)),
            agent_terminated=np.zeros((worlds, agents), np.bool_),
        )


def _common(rules: FamilyRules, config: Mapping[str, Any]) -> Floats:
    limits = rules.limits(config)
    low, high = limits or (0, 1)
    slowest_mps, fastest_mps = config.get("reward_speed_range", (0, 1))
    common = {
        Common.NORMALISED: limits is not None,
        Common.LOW: low,
        Common.HIGH: high,
        Common.SLOWEST_MPS: slowest_mps,
        Common.FASTEST_MPS: fastest_mps,
        Common.OFFROAD_ENDS: bool(config.get("offroad_terminal", False)),
    }
    return np.array([float(common[place]) for place in Common])
