"""Recording a policy that learns, while a teacher says what it would have done in each state.

S. Ross, G. Gordon, D. Bagnell, A Reduction of Imitation Learning and Structured Prediction to No-Regret
Online Learning, AISTATS 2011 (arXiv:1011.0686), Algorithm 3.1, the part of its loop that makes data:
trajectories of π = β π* + (1 − β) π̂ are sampled, and their states are labelled by π*. Who decides is drawn
anew at each decision. An episode that fails ends, as it does when it is scored; their T-step trajectories go
on.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from drivebench.demonstrations.collect import record, refuse_other_splits
from drivebench.demonstrations.record import Demonstration
from drivebench.errors import ConfigurationError, PolicyError
from drivebench.evaluation.rollout import BATCH_SIZE, DriverPilot, row_faults
from drivebench.metric.monitor import Monitor
from drivebench.policy import Actions, Driver, Policy, Slots
from drivebench.scenario import Episode
from drivebench.sensors import SensorRig
from drivebench.world import WorldBatch, quantise

__all__ = ["gather"]


def gather(
    episodes: Sequence[Episode],
    policy: Policy,
    sensors: SensorRig,
    *,
    teacher: Driver | None,
    teacher_share: float,
    seed: int,
    driver: str,
    advance: Callable[[int], None],
) -> list[Demonstration]:
    """Let a policy drive in this process, and have a teacher label every state that it comes to.

    The policy is asked as the evaluation asks it: in batches of one size, at every decision, rows of episodes
    that are over being zeros. The teacher is asked at every decision of every episode that goes on, too.

    Args:
        episodes: What to drive, of training seeds.
        policy: Who learns.
        sensors: What it senses.
        teacher: Who labels, and sometimes drives; None for records without labels, for a learner that finds
            its labels elsewhere.
        teacher_share: β, the probability of each decision that the teacher's action acts: 0 to 1.
        seed: Of the draws of who decides. Those of an episode depend on this and on its names alone, and
            neither on its batch nor on what is driven.
        driver: What the mixture of the two is called in the records.
        advance: Called with the number of episodes that have just finished.

    Returns:
        In the order of the episodes: ``actions`` are what acted, ``labels`` what the teacher said, if any.

    Raises:
        ConfigurationError: A seed is not of training, or the share is no probability.
        PolicyError: The policy answered with something else than actions.
    """
    refuse_other_splits(episode.seed for episode in episodes)
    if not 0.0 <= teacher_share <= (1.0 if teacher else 0.0):
        raise ConfigurationError(
            f"the teacher's share is {teacher_share}; expected a probability: 0 (the policy alone drives) "
            "to 1, and 0 without a teacher"
        )
    recorded: list[Demonstration] = []
    pilot = _Mixture(policy, sensors, teacher, teacher_share, seed)
    for first in range(0, len(episodes), BATCH_SIZE):
        driven = record(episodes[first : first + BATCH_SIZE], pilot, driver, advance)
        recorded += [replace(each, labels=pilot.labels(slot)) for slot, each in enumerate(driven)]
    return recorded


class _Mixture:
    """A pilot by whom policy and teacher decide in turn, and that keeps what the teacher said."""

    def __init__(
        self, policy: Policy, sensors: SensorRig, teacher: Driver | None, teacher_share: float, seed: int
    ) -> None:
        self._policy, self._sensors = policy, sensors
        self._teacher = None if teacher is None else DriverPilot(teacher)
        self._share, self._seed = teacher_share, seed
        self._everyone, self._spaces = np.arange(BATCH_SIZE), sensors.space().spaces
        self._episodes: Mapping[int, Episode] = {}
        self._draws: dict[int, np.random.Generator] = {}
        self._labels: dict[int, list[NDArray[np.int16]]] = {}

    def labels(self, slot: int) -> NDArray[np.int16] | None:
        """``i2[T, 2]`` quantised, what the teacher said in a slot of the last batch; None if nobody did."""
        if self._teacher is None:
            return None
        return np.array(self._labels[slot], np.int16).reshape(-1, 2)

    def begin(self, worlds: WorldBatch, monitor: Monitor, episodes: Mapping[int, Episode]) -> None:
        """A new batch; the policy is told of all slots, also of those that a short batch leaves empty."""
        if self._teacher is not None:
            self._teacher.begin(worlds, monitor, episodes)
        self._policy.reset(self._everyone.copy())
        self._episodes = episodes
        self._draws = {slot: _draws(self._seed, episode) for slot, episode in episodes.items()}
        self._labels = {slot: [] for slot in episodes}

    def decide(self, worlds: WorldBatch, monitor: Monitor, slots: Slots) -> Actions:
        """Ask both, and draw for each episode whose action acts."""
        wanted = self._ask(worlds, monitor, slots)
        if self._teacher is None:
            return wanted
        told = self._teacher.decide(worlds, monitor, slots)
        teaches = np.zeros((len(slots), 1), np.bool_)
        for row, (slot, label) in enumerate(zip(slots.tolist(), quantise(told), strict=True)):
            self._labels[slot].append(label)
            teaches[row] = self._draws[slot].random() < self._share
        return np.where(teaches, told, wanted)

    def _ask(self, worlds: WorldBatch, monitor: Monitor, slots: Slots) -> Actions:
        """The policy's actions ``f4[n, 2]``, checked."""
        who = type(self._policy).__name__
        observation = self._whole_batch(self._sensors.observe(worlds, monitor, slots), slots)
        actions = np.asarray(self._policy.act(observation, self._everyone.copy()))
        if actions.dtype.kind != "f" or actions.shape != (BATCH_SIZE, 2):
            raise PolicyError(
                f"{who} answered with {actions.dtype}{list(actions.shape)}; expected "
                f"float32[{BATCH_SIZE}, 2]: acceleration and steering in [-1, 1] for every slot of the batch"
            )
        chosen = actions[slots].astype(np.float32)
        faults = row_faults(chosen)
        if faults:
            row, (_, reason) = next(iter(faults.items()))
            slot = int(slots[row])
            episode = self._episodes[slot]
            raise PolicyError(
                f"{who} gave, in {episode.scenario}/{episode.condition}/{episode.seed} at decision "
                f"{int(monitor.decisions[slot])}, {reason}"
            )
        return chosen

    def _whole_batch(
        self, observed: Mapping[str, NDArray[Any] | list[str]], slots: Slots
    ) -> dict[str, NDArray[Any] | list[str]]:
        """Rows for all slots, those of no or of ended episodes zeros or empty texts."""
        observation: dict[str, NDArray[Any] | list[str]] = {}
        for name, space in self._spaces.items():
            if isinstance(space, gymnasium.spaces.Text):
                texts = [""] * BATCH_SIZE
                for slot, text in zip(slots.tolist(), observed[name], strict=True):
                    texts[slot] = str(text)
                observation[name] = texts
            else:
                assert space.shape is not None
                rows = np.zeros((BATCH_SIZE, *space.shape), space.dtype)
                rows[slots] = observed[name]
                observation[name] = rows
        return observation


def _draws(seed: int, episode: Episode) -> np.random.Generator:
    """Who decides in an episode, one number for each decision."""
    names = f"{seed}/{episode.scenario}/{episode.condition}/{episode.seed}"
    digest = hashlib.sha256(names.encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
