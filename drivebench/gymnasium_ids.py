"""The ids ``drivebench/<name>``, known to gymnasium as soon as drivebench is imported.

Scenarios are registered from the names of their entry points: none is imported, nothing is compiled.
(gymnasium 1 no longer looks for plugins itself, https://github.com/Farama-Foundation/Gymnasium/pull/712.)
A package can register other environments by an entry point in the group ``drivebench.environments``: it
leads to a sequence of ``Environment``, in a module that imports nothing heavy: it is imported at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import gymnasium

from drivebench import registry

__all__ = ["NAMESPACE", "Environment", "register"]

NAMESPACE = "drivebench"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What gymnasium is told about an environment that is no scenario.

    Attributes:
        name: Its id is ``drivebench/<name>``.
        entry_point: ``module:class`` of the environment.
        vector_entry_point: The same of the vector environment.
        max_episode_steps: After how many steps episodes are truncated; None for never.
        check: Whether gymnasium's checker may watch the first steps; off where rewards are tuples.
        kwargs: Arguments of both classes.
    """

    name: str
    entry_point: str
    vector_entry_point: str
    max_episode_steps: int | None = None
    check: bool = True
    kwargs: Mapping[str, Any] = field(default_factory=dict)


def register() -> None:
    """Register every scenario and environment with gymnasium, as a single and as a vector environment."""
    for name in registry.names("scenario"):
        gymnasium.register(
            id=f"{NAMESPACE}/{name}",
            entry_point="drivebench.environment:DrivingEnv",
            vector_entry_point="drivebench.environment:DrivingVectorEnv",
            kwargs={"scenario": name},
        )
    for name in registry.names("environment"):
        for environment in registry.load("environment", name):
            register_environment(environment)


def register_environment(environment: Environment) -> None:
    """Register one environment with gymnasium."""
    gymnasium.register(
        id=f"{NAMESPACE}/{environment.name}",
        entry_point=environment.entry_point,
        vector_entry_point=environment.vector_entry_point,
        max_episode_steps=environment.max_episode_steps,
        disable_env_checker=not environment.check,
        kwargs=dict(environment.kwargs),
    )
