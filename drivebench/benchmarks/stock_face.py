"""Our side of whole environments: ``drivebench/stock-<id>`` as gymnasium makes it, many or one at a time."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np

from drivebench.benchmarks.peer import PeerEnvironments

__all__ = ["BANK", "StockFace", "building_s", "many", "one"]

BANK = 128
"""Worlds in the bank, all of them built before the clock runs; the default is larger, and takes longer to
fill."""

_UNSEEN = 1_000_000
"""Seeds from here on are used only once."""

ACTIONS = 64
"""Random actions, prepared before the clock runs and used in turn."""


@dataclass(frozen=True, kw_only=True)
class StockFace(PeerEnvironments):
    """Ours, as a peer would be.

    Attributes:
        episodes: What the environments have in common: ``batch``, and the parts of a step.
    """

    episodes: Any


def many(env_id: str, count: int, seed: int, numerics: str) -> StockFace:
    """Environments that step together; the bank of their worlds is full.

    Args:
        env_id: highway-env's.
        count: How many.
        seed: Of worlds and actions.
        numerics: ``parity`` or ``canonical``.
    """
    envs: Any = gymnasium.make_vec(f"drivebench/stock-{env_id}", num_envs=count, bank=BANK, numerics=numerics)
    envs.reset(seed=seed)
    for _ in range(1 + 33 * BANK // count):  # every 32nd draw deals another world, until all are there
        envs.reset()
    envs.action_space.seed(seed)
    actions = [envs.action_space.sample() for _ in range(ACTIONS)]
    ended = np.zeros(count, dtype=np.bool_)
    turn = 0

    def step() -> int:
        nonlocal ended, turn
        turn += 1
        _, _, terminated, truncated, _ = envs.step(actions[turn % ACTIONS])
        stepped = count - int(ended.sum())
        if terminated.ndim > 1:
            terminated = terminated.all(axis=1)
        ended = terminated | truncated
        return stepped

    def reset() -> None:
        envs.reset()
        ended[:] = False

    return _described(envs, count, step, reset)


def one(env_id: str, seed: int) -> StockFace:
    """One environment by ``gymnasium.make``; its resets build their worlds through highway-env."""
    env: Any = gymnasium.make(f"drivebench/stock-{env_id}")
    env.reset(seed=seed)
    env.action_space.seed(seed)
    actions = [env.action_space.sample() for _ in range(ACTIONS)]
    ended = False
    turn = 0

    def step() -> int:
        nonlocal ended, turn
        turn += 1
        if ended:
            env.reset()
            ended = False
            return 0
        _, _, terminated, truncated, _ = env.step(actions[turn % ACTIONS])
        ended = bool(np.all(terminated)) or bool(truncated)
        return 1

    def reset() -> None:
        nonlocal ended
        env.reset()
        ended = False

    return _described(env, 1, step, reset)


def building_s(env_id: str, count: int) -> float:
    """Processor time of one reset whose world is in no bank yet.

    Args:
        env_id: highway-env's.
        count: How many are reset together.
    """
    envs: Any = gymnasium.make_vec(f"drivebench/stock-{env_id}", num_envs=count)
    envs.reset(seed=_UNSEEN)
    begin = time.process_time()
    envs.reset(seed=_UNSEEN + count)
    return (time.process_time() - begin) / count


def _described(envs: Any, count: int, step: Callable[[], int], reset: Callable[[], None]) -> StockFace:
    episodes, config = envs.unwrapped.episodes, envs.unwrapped.config
    return StockFace(
        episodes=episodes,
        count=count,
        step=step,
        reset=reset,
        vehicles=lambda: statistics.fmean(episodes.batch.vehicles.tolist()),
        road_steps=config["simulation_frequency"] // config["policy_frequency"],
        observation=config["observation"]["type"],
    )
