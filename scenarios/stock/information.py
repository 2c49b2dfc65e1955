"""What ``info`` tells, with highway-env's keys: of one environment, or of a batch as gymnasium puts it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivebench.world.numerics import PARITY, power
from scenarios.stock.episodes import Episodes
from scenarios.stock.rewards import Verdict

__all__ = ["one", "vector"]

Info = dict[str, Any]
Flags = NDArray[np.bool_]


def one(episodes: Episodes, verdict: Verdict, slot: int, action: Any, *, reset: bool) -> Info:
    """The information about one environment.

    Args:
        episodes: The batch that it is in.
        verdict: On the batch.
        slot: Its place.
        action: As the user gave it; at a reset, a sample.
        reset: Whether an episode has begun just now.
    """
    batch, judge = episodes.running()
    rules = episodes.rules
    if not (reset or rules.tells_steps):
        return {}
    ego = batch.agents[slot, 0]
    info: Info = {
        "speed": float(batch.speed[slot, ego]),
        "crashed": bool(batch.crashed[slot, ego]),
        "action": action,
    }
    if judge.names:
        parts = verdict.part[slot].tolist()
        info["rewards"] = {
            name: kind(value) for name, kind, value in zip(judge.names, judge.types, parts, strict=True)
        }
    if rules.tells_agents:
        agents = episodes.agents
        info["agents_rewards"] = tuple(verdict.agent_reward[slot, :agents].tolist())
        info["agents_terminated"] = tuple(verdict.agent_terminated[slot, :agents].tolist())
    if _agents_park(episodes):
        info["is_success"] = tuple(_successes(episodes, np.array([slot]))[0].tolist())
    elif rules.success == "step and reset" or (rules.success == "step" and not reset):
        info["is_success"] = bool(verdict.success[slot])
    return info


def _agents_park(episodes: Episodes) -> bool:
    """Whether highway-env tells the success of each agent, and not of the first one alone."""
    several = episodes.config["observation"]["type"] == "MultiAgentObservation"
    return several and episodes.rules.parks


def _successes(episodes: Episodes, slots: NDArray[np.int64]) -> Flags:
    """``[n, A]`` whether agents have parked, judged as highway-env does from what they observe.

    Their observation may have other scales than the reward, which always has those of highway-env's default.
    """
    batch, _ = episodes.running()
    numerics = None if batch.numerics == "canonical" else PARITY
    wanted = -episodes.config["success_goal_reward"]
    parked = np.zeros((len(slots), episodes.agents), dtype=np.bool_)
    for agent, seen in enumerate(episodes.observe(slots)):
        apart = np.abs(seen["achieved_goal"] - seen["desired_goal"])
        gap = np.zeros(len(slots))
        for column, weight in enumerate(episodes.config["reward_weights"]):  # from left to right
            gap = gap + apart[:, column] * float(weight)
        parked[:, agent] = [-power(numerics, float(each), 0.5) > wanted for each in gap]
    return parked


def vector(episodes: Episodes, verdict: Verdict, actions: Any, told: Flags, stepped: Flags) -> Info:
    """The information about a batch: arrays, and for each key a mask of the environments that tell it.

    Args:
        episodes: The batch.
        verdict: On it.
        actions: From ``Actions.read``; samples where an episode has begun.
        told: ``[B]`` which environments tell something.
        stepped: ``[B]`` which of them took a step; in the others an episode began.
    """
    batch, judge = episodes.running()
    rules = episodes.rules
    if not rules.tells_steps:
        told = told & ~stepped
    if not told.any():
        return {}
    rows = np.arange(len(batch))
    ego = batch.agents[:, 0]
    info: Info = {}

    def tell(into: Info, name: str, values: Any, mask: Flags) -> None:
        into[name], into[f"_{name}"] = values, mask.copy()

    tell(info, "speed", batch.speed[rows, ego], told)
    tell(info, "crashed", batch.crashed[rows, ego] != 0, told)
    tell(info, "action", np.stack(actions, axis=1) if isinstance(actions, tuple) else actions.copy(), told)
    if judge.names:
        rewards: Info = {}
        for column, (name, kind) in enumerate(zip(judge.names, judge.types, strict=True)):
            tell(rewards, name, verdict.part[:, column].astype(kind), told)
        tell(info, "rewards", rewards, told)
    if rules.tells_agents:
        tell(info, "agents_rewards", verdict.agent_reward.copy(), told)
        tell(info, "agents_terminated", verdict.agent_terminated.copy(), told)
    if _agents_park(episodes):
        tell(info, "is_success", _successes(episodes, rows), told)
    elif rules.success:
        mask = told if rules.success == "step and reset" else told & stepped
        if mask.any():
            tell(info, "is_success", verdict.success.copy(), mask)
    return info
