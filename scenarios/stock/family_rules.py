"""What a family of environments is: how it judges, when its episodes end, and what else sets it apart."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import reduce
from inspect import signature
from operator import add
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from drivebench.world import RoadNetwork

__all__ = ["OF_BATCH", "OF_JUDGE", "OF_VERDICT", "FamilyRules", "lane_changes"]

Floats = npt.NDArray[np.float64]

OF_BATCH = ("lane_float", "lane_int", "entity_float", "entity_int", "world_int", "agents")
"""Arrays of the worlds that a kernel can take, by these names."""
OF_JUDGE = ("common", "weights", "settings", "kept_lane")
"""What it can be told: ``reward_terms.Common``; the weight of each part; ``FamilyRules.settings``; and the
row of the lane that each world's ego is to keep."""
OF_VERDICT = ("reward", "terminated", "success", "part", "agent_reward", "agent_terminated")
"""Where it can write: see ``rewards.Verdict``."""

_LANE_CHANGES = (0, 2)
"""The actions that merge and roundabout count as lane changes (``action in [0, 2]``): left and right of the
meta-actions on both axes. Without the lateral axis they are SLOWER and FASTER, and are counted all the same.
"""


def _no_settings(_: Mapping[str, Any], __: RoadNetwork) -> Mapping[IntEnum, float]:
    return {}


@dataclass(frozen=True, kw_only=True)
class FamilyRules:
    """How a family judges, and what sets it apart.

    Attributes:
        kernel: Judges all worlds. The names of its parameters say what it is given, in this order:
            ``numerics``, some of ``OF_BATCH``, some of ``OF_JUDGE``, what ``measure`` returns, some of
            ``OF_VERDICT``.
        parts: Name and Python type of highway-env's rewards, in the order of its dictionary. Each is weighed
            by the number of this name in the configuration.
        bounds: The names of what the least and the greatest reward are the sum of, between which the reward
            is normalised (() for 1), unless the configuration has ``normalize_reward=False``; None if it is
            not.
        settings: What else the kernel is told, by places from 0 on.
        measure: From the actions, how many worlds, and the configuration: what the reward depends on.
        success: Whether ``is_success`` is told: "", after each "step", or after each "step and reset".
        has_duration: Whether the configuration's ``duration`` ends an episode.
        tells_agents: Whether the reward and the end of each agent are told.
        tells_steps: Whether anything is told after a step; after a reset it always is.
        opens_traffic: Whether vehicles appear and leave while an episode runs.
        keeps_lanes: Whether the lane to be kept changes while it runs.
        parks: Whether agents drive to a place, not along lanes.
        unread: Keys of the default configuration that neither a reset nor a step of highway-env reads.
        read_by_class: Those of them that a class reads although the others of its family do not.
        takes: The names of the kernel's parameters.
    """

    kernel: Callable[..., None]
    parts: tuple[tuple[str, type], ...] = ()
    bounds: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    settings: Callable[[Mapping[str, Any], RoadNetwork], Mapping[IntEnum, float]] = _no_settings
    measure: Callable[[Any, int, Mapping[str, Any]], tuple[Any, ...]] | None = None
    success: Literal["", "step", "step and reset"] = ""
    has_duration: bool = True
    tells_agents: bool = False
    tells_steps: bool = True
    opens_traffic: bool = False
    keeps_lanes: bool = False
    parks: bool = False
    unread: tuple[str, ...] = ()
    read_by_class: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    takes: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        takes = tuple(signature(self.kernel).parameters)
        known = {"numerics", *OF_BATCH, *OF_JUDGE, *OF_VERDICT}
        measured = [name for name in takes if name not in known]
        assert bool(measured) == (self.measure is not None), f"nothing measures {measured} or takes it"
        order = ("numerics", *OF_BATCH, *OF_JUDGE, *measured, *OF_VERDICT)
        assert takes == tuple(name for name in order if name in takes), f"parameters {takes} not as {order}"
        object.__setattr__(self, "takes", takes)

    def limits(self, config: Mapping[str, Any]) -> tuple[float, float] | None:
        """The rewards that are mapped to 0 and 1.

        Args:
            config: The complete configuration.

        Returns:
            The least and the greatest one, added up as highway-env does it; None if they are not mapped.
        """
        if self.bounds is None or not config.get("normalize_reward", True):
            return None
        low, high = (reduce(add, (config[name] for name in names)) if names else 1 for names in self.bounds)
        return low, high

    def unread_by(self, cls: str) -> tuple[str, ...]:
        """The keys that one of its classes (``StockId.cls``) does not read."""
        return tuple(key for key in self.unread if key not in self.read_by_class.get(cls, ()))


def lane_changes(actions: Any, count: int, _: Mapping[str, Any]) -> tuple[Floats]:
    """``action in [0, 2]``; of a continuous action on two axes, for which highway-env raises, 0.

    Args:
        actions: Of all worlds, from ``Actions.read``.
        count: How many worlds.

    Returns:
        ``[B]`` 1 where the action counts, else 0.
    """
    if isinstance(actions, tuple) or (actions.ndim == 2 and actions.shape[1] != 1):
        return (np.zeros(count),)
    values = actions.reshape(count)
    changes: npt.NDArray[np.bool_] = (values == _LANE_CHANGES[0]) | (values == _LANE_CHANGES[1])
    return (changes.astype(np.float64),)
