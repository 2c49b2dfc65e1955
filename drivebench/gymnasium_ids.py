"""The ids ``drivebench/<scenario>``, known to gymnasium as soon as drivebench is imported.

Only strings are registered, from the names of the entry points: no scenario is imported, nothing is compiled.
(gymnasium 1 no longer looks for plugins itself, https://github.com/Farama-Foundation/Gymnasium/pull/712.)
"""

import gymnasium

from drivebench import registry

__all__ = ["NAMESPACE", "register"]

NAMESPACE = "drivebench"


def register() -> None:
    """Register every scenario with gymnasium, with a single and a vector environment."""
    for name in registry.names("scenario"):
        gymnasium.register(
            id=f"{NAMESPACE}/{name}",
            entry_point="drivebench.environment:DrivingEnv",
            vector_entry_point="drivebench.environment:DrivingVectorEnv",
            kwargs={"scenario": name},
        )
