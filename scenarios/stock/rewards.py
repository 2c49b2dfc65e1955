"""Rewards and ends of episodes: for each family of environments a kernel, and what it is told.

The order of every sum, product and quotient is highway-env's, so that in parity numerics a reward has the
bits of stock. ``part`` is highway-env's dictionary of rewards, one column each, before they are weighted.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from drivebench.errors import ConfigurationError
from drivebench.world import RoadNetwork, WorldBatch
from drivebench.world.numerics import PARITY
from scenarios.stock import rewards_of_places as places
from scenarios.stock import rewards_of_roads as roads
from scenarios.stock.ids import Family, StockId
from scenarios.stock.kept_lanes import KeptLanes

__all__ = ["Judge", "Verdict", "make_judge"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_MERGING = ("b", "c", 2)
"""Where the reward of merge counts who is slowed down, whatever lane that is in the generic one."""
_LANE_CHANGES = (0, 2)
"""Meta-actions that change lanes, as merge and roundabout count them (``action in [0, 2]``)."""


@dataclass(frozen=True, kw_only=True)
class _Rules:
    """How a family judges.

    Attributes:
        kernel: Judges all worlds.
        parts: Name and type of highway-env's rewards, in the order of its dictionary.
        settings: What the kernel is told, from the configuration.
        action: What of an action the reward depends on: nothing, ``lane-change`` or ``norm``; or ``kept``
            for the lane that is to be kept.
        success: Whether ``is_success`` is told after each step, or after each step and reset.
    """

    kernel: Callable[..., None]
    parts: tuple[tuple[str, type], ...]
    settings: Callable[[Mapping[str, Any], RoadNetwork], Sequence[float]]
    action: str = ""
    success: str = ""


def _weights(config: Mapping[str, Any], *names: str) -> list[float]:
    return [float(config.get(name, 0)) for name in names]


def _highway(config: Mapping[str, Any], _: RoadNetwork) -> list[float]:
    return [
        *_weights(config, "collision_reward", "right_lane_reward", "high_speed_reward", "on_road_reward"),
        *config["reward_speed_range"],
        bool(config["normalize_reward"]),
        config["high_speed_reward"] + config["right_lane_reward"],
        bool(config["offroad_terminal"]),
    ]


def _exit(config: Mapping[str, Any], network: RoadNetwork) -> list[float]:
    exits = ("1", "2", config["lanes_count"]), ("2", "exit", 0)
    return [
        *_weights(config, "collision_reward", "goal_reward", "high_speed_reward", "right_lane_reward"),
        *config["reward_speed_range"],
        bool(config["normalize_reward"]),
        *map(network.lane, exits),
    ]


def _merge(config: Mapping[str, Any], network: RoadNetwork) -> list[float]:
    end_m: float = 370
    if "before_merge_length" in config:
        names = (
            "before_merge_length",
            "converge_merge_length",
            "parallel_merge_length",
            "after_merge_length",
        )
        before, converge, parallel, after = (config[name] for name in names)
        end_m = before + converge + parallel + after - 90
    return [
        *_weights(config, "collision_reward", "right_lane_reward", "high_speed_reward"),
        *_weights(config, "lane_change_reward", "merging_speed_reward"),
        *config["reward_speed_range"],
        config["collision_reward"] + config["merging_speed_reward"],
        config["high_speed_reward"] + config["right_lane_reward"],
        end_m,
        network.lane_index.index(_MERGING) if _MERGING in network.lane_index else -1,
    ]


def _roundabout(config: Mapping[str, Any], _: RoadNetwork) -> list[float]:
    return [
        *_weights(config, "collision_reward", "high_speed_reward", "lane_change_reward", "on_road_reward"),
        bool(config["normalize_reward"]),
    ]


def _two_way(config: Mapping[str, Any], _: RoadNetwork) -> list[float]:
    return _weights(config, "high_speed_reward", "left_lane_reward")


def _u_turn(config: Mapping[str, Any], _: RoadNetwork) -> list[float]:
    return [
        *_weights(config, "collision_reward", "left_lane_reward", "high_speed_reward", "on_road_reward"),
        *config["reward_speed_range"],
        bool(config["normalize_reward"]),
        config["high_speed_reward"] + config["left_lane_reward"],
    ]


def _racetrack(config: Mapping[str, Any], _: RoadNetwork) -> list[float]:
    return [
        *_weights(config, "lane_centering_reward", "action_reward", "collision_reward", "on_road_reward"),
        config["lane_centering_cost"],
        bool(config["terminate_off_road"]),
    ]


def _intersection(config: Mapping[str, Any], _: RoadNetwork) -> list[float]:
    return [
        *_weights(config, "collision_reward", "high_speed_reward", "arrived_reward", "on_road_reward"),
        *config["reward_speed_range"],
        bool(config["normalize_reward"]),
        bool(config["offroad_terminal"]),
    ]


def _parking(config: Mapping[str, Any], _: RoadNetwork) -> list[float]:
    weights = np.array(config["reward_weights"], np.float64)
    if weights.shape != (6,):
        raise ConfigurationError(f"reward_weights={config['reward_weights']!r}; expected six numbers")
    return [*weights, config["collision_reward"], config["success_goal_reward"]]


_SPEED_AND_ROAD = (("high_speed_reward", float), ("on_road_reward", bool))
_MERGE_PARTS = (
    ("collision_reward", bool),
    ("right_lane_reward", float),
    ("high_speed_reward", float),
    ("lane_change_reward", bool),
    ("merging_speed_reward", float),
)

_RULES = {
    Family.HIGHWAY: _Rules(
        kernel=roads.judge_highway,
        parts=(
            ("collision_reward", float),
            ("right_lane_reward", float),
            ("high_speed_reward", float),
            ("on_road_reward", float),
        ),
        settings=_highway,
    ),
    Family.EXIT: _Rules(
        kernel=roads.judge_exit,
        parts=(
            ("collision_reward", bool),
            ("goal_reward", bool),
            ("high_speed_reward", float),
            ("right_lane_reward", int),
        ),
        settings=_exit,
        success="step",
    ),
    Family.MERGE: _Rules(kernel=roads.judge_merge, parts=_MERGE_PARTS, settings=_merge, action="lane-change"),
    Family.MERGE_GENERIC: _Rules(
        kernel=roads.judge_merge, parts=_MERGE_PARTS, settings=_merge, action="lane-change"
    ),
    Family.ROUNDABOUT: _Rules(
        kernel=places.judge_roundabout,
        parts=(
            ("collision_reward", bool),
            ("high_speed_reward", float),
            ("lane_change_reward", bool),
            ("on_road_reward", bool),
        ),
        settings=_roundabout,
        action="lane-change",
    ),
    Family.TWO_WAY: _Rules(
        kernel=roads.judge_two_way,
        parts=(("high_speed_reward", float), ("left_lane_reward", float)),
        settings=_two_way,
    ),
    Family.U_TURN: _Rules(
        kernel=roads.judge_u_turn,
        parts=(("collision_reward", bool), ("left_lane_reward", float), *_SPEED_AND_ROAD),
        settings=_u_turn,
    ),
    Family.RACETRACK: _Rules(
        kernel=places.judge_racetrack,
        parts=(
            ("lane_centering_reward", float),
            ("action_reward", float),
            ("collision_reward", bool),
            ("on_road_reward", bool),
        ),
        settings=_racetrack,
        action="norm",
    ),
    Family.INTERSECTION: _Rules(
        kernel=places.judge_intersection,
        parts=(
            ("collision_reward", float),
            ("high_speed_reward", float),
            ("arrived_reward", float),
            ("on_road_reward", float),
        ),
        settings=_intersection,
    ),
    Family.LANE_KEEPING: _Rules(
        kernel=places.judge_lane_keeping, parts=(), settings=lambda _, __: (), action="kept"
    ),
    Family.PARKING: _Rules(
        kernel=places.judge_parking, parts=(), settings=_parking, success="step and reset"
    ),
}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is said of the worlds of a batch after a decision; arrays are used again by the next.

    Attributes:
        reward: [B] of all agents together.
        terminated: [B] whether the episode has come to its end.
        success: [B] where the family knows of success.
        part: [B, K] highway-env's dictionary of rewards.
        agent_reward, agent_terminated: [B, A] of each agent, at the intersection.
    """

    reward: Floats
    terminated: Flags
    success: Flags
    part: Floats
    agent_reward: Floats
    agent_terminated: Flags


@dataclass(kw_only=True)
class Judge:
    """Judges the worlds of a batch.

    Attributes:
        names: Of the columns of ``Verdict.part``.
        types: In which Python type highway-env tells each.
        kept: The lanes to be kept, in the environment that has them.
        success: When highway-env tells ``is_success``: "", "step" or "step and reset".
    """

    rules: _Rules
    settings: Floats
    weight: Any
    kept: KeptLanes | None
    names: tuple[str, ...] = field(init=False)
    types: tuple[type, ...] = field(init=False)
    _verdict: Verdict | None = None

    def __post_init__(self) -> None:
        self.names = tuple(name for name, _ in self.rules.parts)
        self.types = tuple(kind for _, kind in self.rules.parts)
        self.success = self.rules.success

    def judge(self, batch: WorldBatch, actions: Any) -> Verdict:
        """Judge the state that a decision has led to.

        Args:
            batch: The worlds.
            actions: What was decided, from ``Actions.read``.
        """
        count, agents = batch.agents.shape
        verdict = self._verdict
        if verdict is None or verdict.agent_reward.shape != (count, agents):
            verdict = self._verdict = Verdict(
                reward=np.zeros(count),
                terminated=np.zeros(count, np.bool_),
                success=np.zeros(count, np.bool_),
                part=np.zeros((count, len(self.names))),
                agent_reward=np.zeros((count, agents)),
                agent_terminated=np.zeros((count, agents), np.bool_),
            )
        measure, term, single = self._of_action(actions, count)
        self.rules.kernel(
            None if batch.numerics == "canonical" else PARITY,
            batch.lane_float,
            batch.lane_int,
            batch.entity_float,
            batch.entity_int,
            batch.world_int,
            batch.agents,
            self.settings,
            measure,
            term,
            single,
            verdict.reward,
            verdict.terminated,
            verdict.success,
            verdict.part,
            verdict.agent_reward,
            verdict.agent_terminated,
        )
        return verdict

    def _of_action(self, actions: Any, count: int) -> tuple[Floats, Floats, bool]:
        """What of the actions the reward depends on; weighted; and whether in single precision."""
        if self.rules.action == "lane-change":
            return _lane_changes(actions, count), _NOTHING, False
        if self.rules.action == "kept" and self.kept is not None:
            return self.kept.rows.astype(np.float64), _NOTHING, False
        if self.rules.action != "norm":
            return _NOTHING, _NOTHING, False
        norms = _norms(actions, count)
        weighted = norms * self.weight
        single = norms.dtype == np.float32 and weighted.dtype == np.float32
        return norms.astype(np.float64), weighted.astype(np.float64), single


_NOTHING = np.zeros(0)


def _lane_changes(actions: Any, count: int) -> Floats:
    """``action in [0, 2]``; of a continuous action on two axes, for which highway-env raises, 0."""
    if isinstance(actions, tuple) or (actions.ndim == 2 and actions.shape[1] != 1):
        return np.zeros(count)
    values = actions.reshape(count)
    changes: Flags = (values == _LANE_CHANGES[0]) | (values == _LANE_CHANGES[1])
    return changes.astype(np.float64)


def _norms(actions: Any, count: int) -> npt.NDArray[Any]:
    """``np.linalg.norm`` of each action, in the precision of its type."""
    if isinstance(actions, tuple):
        rows = np.stack([np.asarray(action).reshape(count, -1) for action in actions], axis=1)
        rows = rows.reshape(count, -1)
    else:
        rows = actions.reshape(count, -1)
    if rows.dtype.kind in "iu":
        rows = rows.astype(np.float64)
    if rows.shape[1] == 1:
        return np.asarray(np.sqrt(rows[:, 0] * rows[:, 0]))
    if rows.shape[1] == 2 and rows.dtype == np.float32:
        squares = (rows * rows).astype(np.float64)  # BLAS adds up single-precision products in double
        return np.asarray(np.sqrt((squares[:, 0] + squares[:, 1]).astype(np.float32)))
    return np.array([np.linalg.norm(row) for row in rows])


def make_judge(
    entry: StockId, config: Mapping[str, Any], network: RoadNetwork, kept: KeptLanes | None = None
) -> Judge:
    """The reward and end of episode of an environment.

    Args:
        entry: Which environment.
        config: Its complete configuration.
        network: Its roads; for lengths that are drawn, any of them.
        kept: The lanes to be kept, in the environment that has them.

    Raises:
        ConfigurationError: Settings of the reward that cannot be.
    """
    rules = _RULES[entry.family]
    settings = np.array([float(value) for value in rules.settings(config, network)], dtype=np.float64)
    if not all(math.isfinite(value) for value in settings):
        raise ConfigurationError(f"settings of the reward of {entry.name} that are not finite")
    return Judge(rules=rules, settings=settings, weight=config.get("action_reward", 0), kept=kept)
