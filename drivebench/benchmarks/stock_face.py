"""Our side of whole environments: ``drivebench/stock-<id>`` as gymnasium makes it, many or one at a time.

Worlds are built in every run: none is read from the bank's file, which earlier runs would have filled, and
none is written to it.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np

from drivebench.benchmarks.peer import PeerEnvironments

__all__ = ["BANK", "DEFAULT_BANK", "StockFace", "anew", "many", "one"]

BANK = 128
"""Worlds in the bank, all of them built before the clock runs."""

DEFAULT_BANK, DEAL_EVERY = 1024, 32
"""The bank of who does not ask for another number: how many worlds it grows to, and with which share of the
resets."""

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
    envs = _made(env_id, count, BANK, numerics)
    envs.reset(seed=seed)
    for _ in range(1 + 33 * BANK // count):  # every 32nd draw deals another world, until all are there
        envs.reset()
    return _stepping(envs, count, seed)


def _stepping(envs: Any, count: int, seed: int) -> StockFace:
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


def anew(env_id: str, count: int, seed: int, numerics: str) -> StockFace:
    """Environments that step together; every reset builds its worlds.

    Args:
        env_id: highway-env's.
        count: How many.
        seed: Of the first worlds; those of later resets follow.
        numerics: ``parity`` or ``canonical``.
    """
    envs = _made(env_id, count, 0, numerics)
    envs.reset(seed=seed)
    return _stepping(envs, count, seed)


def _made(env_id: str, count: int, bank: int, numerics: str) -> Any:
    def make(bank: int) -> Any:
        return gymnasium.make_vec(f"drivebench/stock-{env_id}", num_envs=count, bank=bank, numerics=numerics)

    without: Any = make(0)
    without.unwrapped.episodes.bank.use_file = lambda: None  # one bank for all of the process
    return make(bank) if bank else without


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
