"""highway-env: the one module that imports it. Scenarios take roads and vehicles over from here.

It is imported when it is asked for, because it brings matplotlib and pandas along, which take longer to load
than all of drivebench; listing scenarios and driving on winding roads do without it.
"""

from collections.abc import Mapping
from typing import Any

import gymnasium

__all__ = ["environment_without_reward", "set_traffic_constants", "stock_environment", "straight_road"]


def stock_environment(env_id: str, *, seed: int = 0, config: Mapping[str, Any] | None = None) -> Any:
    """A stock highway-env environment after its reset, without gymnasium's wrappers.

    Roads and vehicles are read from ``.road`` and ``.vehicle``. Nothing is rendered.

    Args:
        env_id: highway-env's id with its version, such as ``racetrack-v1``.
        seed: For highway-env's own random numbers.
        config: Settings that differ from the environment's defaults.
    """
    environment = _make(env_id, config=dict(config or {}))
    environment.reset(seed=seed)
    return environment


def environment_without_reward(env_id: str, *, seed: int = 0, config: Mapping[str, Any] | None = None) -> Any:
    """A stock environment that decides five times a second, with continuous actions and without its reward.

    The rewards of merge and roundabout ask ``action in [0, 2]`` and raise on a continuous action, already
    in the reset; the road does not need them.

    Args:
        env_id: highway-env's id with its version.
        seed: For highway-env's own random numbers.
        config: Settings that differ from these; its action may be another one, too.
    """
    settings = {"action": {"type": "ContinuousAction"}, "policy_frequency": 5, **(config or {})}
    environment = _make(env_id)

    def no_rewards(action: Any) -> dict[str, float]:
        raise NotImplementedError(f"no rewards for {action}")

    environment._rewards = no_rewards
    environment.configure(settings)
    environment.reset(seed=seed)
    return environment


def straight_road(*, lanes: int, length_m: float, speed_limit_mps: float) -> Any:
    """highway-env's motorway, shorter than the 10 km of ``highway-v0``: its ``RoadNetwork``.

    Args:
        lanes: How many, side by side.
        length_m: Of the road.
        speed_limit_mps: On all lanes.
    """
    from highway_env.road.road import RoadNetwork

    return RoadNetwork.straight_road_network(lanes, length=length_m, speed_limit=speed_limit_mps)


def _make(env_id: str, **settings: Any) -> Any:
    """A stock environment as it is before its reset, without wrappers."""
    import highway_env

    gymnasium.register_envs(highway_env)
    return gymnasium.make(env_id, disable_env_checker=True, **settings).unwrapped


def set_traffic_constants(constants: Mapping[str, float]) -> None:
    """Set constants of ``IDMVehicle`` for the whole process, as highway-env's intersection does.

    Args:
        constants: Attribute of the class -> value.
    """
    from highway_env.vehicle.behavior import IDMVehicle

    for name, value in constants.items():
        setattr(IDMVehicle, name, value)
