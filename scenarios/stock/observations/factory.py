"""From highway-env's ``observation`` settings to an observer."""

from collections.abc import Mapping
from typing import Any

from drivebench.errors import ConfigurationError, UnknownNameError
from scenarios.stock.observations.attributes import AttributesObserver, LaneKeeping
from scenarios.stock.observations.composition import MultiAgentObserver, TupleObserver
from scenarios.stock.observations.kinematics import KinematicsObserver
from scenarios.stock.observations.kinematics_goal import KinematicsGoalObserver
from scenarios.stock.observations.lidar import LidarObserver
from scenarios.stock.observations.observer import Observer
from scenarios.stock.observations.occupancy_grid import OccupancyGridObserver
from scenarios.stock.observations.time_to_collision import TimeToCollisionObserver

__all__ = ["OBSERVATION_TYPES", "make_observer"]

OBSERVATION_TYPES = (
    "Kinematics",
    "ExitObservation",
    "OccupancyGrid",
    "TimeToCollision",
    "KinematicsGoal",
    "LidarObservation",
    "AttributesObservation",
    "MultiAgentObservation",
    "TupleObservation",
)
"""highway-env's names of what there is."""


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
            f"observation is {config!r}; expected settings with a type out of {', '.join(OBSERVATION_TYPES)}"
        )
    if kind == "GrayscaleObservation":
        raise ConfigurationError(
            "GrayscaleObservation shows pygame's drawing, which the compiled world lacks; use OccupancyGrid "
            "for a picture from above, or a scenario of drivebench with the sensor 'front' for a camera's"
        )
    if kind in ("Kinematics", "ExitObservation"):
        return KinematicsObserver(config)
    if kind == "OccupancyGrid":
        return OccupancyGridObserver(config)
    if kind == "TimeToCollision":
        return TimeToCollisionObserver(config, policy_hz=policy_hz)
    if kind == "KinematicsGoal":
        return KinematicsGoalObserver(config)
    if kind == "AttributesObservation":
        return AttributesObserver(config, lane_keeping=lane_keeping)
    if kind == "LidarObservation":
        return LidarObserver(config)

    def make(part: Mapping[str, Any]) -> Observer:
        return make_observer(part, policy_hz=policy_hz, agents=agents, lane_keeping=lane_keeping)

    if kind == "MultiAgentObservation":
        return MultiAgentObserver(config, make=make, agents=agents)
    if kind == "TupleObservation":
        return TupleObserver(config, make=make)
    raise UnknownNameError("observation type", kind, OBSERVATION_TYPES)
