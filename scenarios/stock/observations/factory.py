"""From highway-env's ``observation`` settings to an observer."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from inspect import signature
from typing import Any

from drivebench.errors import ConfigurationError, UnknownNameError
from scenarios.stock.observations.attributes import LaneKeeping
from scenarios.stock.observations.observer import Observer

__all__ = ["OBSERVERS", "make_observer"]

OBSERVERS: Mapping[str, str] = {
    "Kinematics": "kinematics:KinematicsObserver",
    "ExitObservation": "kinematics:KinematicsObserver",
    "OccupancyGrid": "occupancy_grid:OccupancyGridObserver",
    "TimeToCollision": "time_to_collision:TimeToCollisionObserver",
    "KinematicsGoal": "kinematics_goal:KinematicsGoalObserver",
    "LidarObservation": "lidar:LidarObserver",
    "AttributesObservation": "attributes:AttributesObserver",
    "MultiAgentObservation": "composition:MultiAgentObserver",
    "TupleObservation": "composition:TupleObserver",
}
"""highway-env's names of what there is, and the class of each, ``module:name`` in this folder. It is given
the settings, and those of ``make_observer``'s keywords, and ``make``, that its constructor names."""


def make_observer(
    config: Mapping[str, Any], *, policy_hz: float, agents: int = 1, lane_keeping: LaneKeeping | None = None
) -> Observer:
    """Make the observer that some settings describe.

    Args:
        config: highway-env's ``observation`` settings: a ``type`` and what belongs to it.
        policy_hz: Decisions in a second (``policy_frequency``).
        agents: Controlled vehicles of the worlds.
        lane_keeping: What the lane-keeping environment has besides its world; None in others.

    Raises:
        UnknownNameError: highway-env has no such type.
        ConfigurationError: A setting that highway-env does not know or cannot use; GrayscaleObservation.
    """
    kind = config.get("type")
    if not isinstance(kind, str):
        raise ConfigurationError(
            f"observation is {config!r}; expected settings with a type out of {', '.join(OBSERVERS)}"
        )
    if kind == "GrayscaleObservation":
        raise ConfigurationError(
            "GrayscaleObservation shows pygame's drawing, which the compiled world lacks; use OccupancyGrid "
            "for a picture from above, or a scenario of drivebench with the sensor 'front' for a camera's"
        )
    if kind not in OBSERVERS:
        raise UnknownNameError("observation type", kind, OBSERVERS)
    module, name = OBSERVERS[kind].split(":")
    cls: Callable[..., Observer] = getattr(import_module(f"{__package__}.{module}"), name)
    context: dict[str, Any] = {"policy_hz": policy_hz, "agents": agents, "lane_keeping": lane_keeping}
    context["make"] = partial(make_observer, **context)
    return cls(
        config, **{name: value for name, value in context.items() if name in signature(cls).parameters}
    )
