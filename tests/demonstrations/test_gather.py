"""A policy drives, a teacher labels: who acts, what is told, and what the policy gets to see."""

from collections.abc import Sequence

import numpy as np
import pytest

from drivebench import registry
from drivebench.demonstrations import Demonstration
from drivebench.demonstrations.collect import collect
from drivebench.demonstrations.gather import gather
from drivebench.errors import ConfigurationError, PolicyError
from drivebench.evaluation.rollout import BATCH_SIZE
from drivebench.policy import Actions, Observation, Slots
from drivebench.scenario import DEV, Episode, load_scenario
from drivebench.sensors import SensorRig

RIG = ("route-geometry", "speed", "instruction")


class Wobbly:
    """Keeps to its route after a fashion; in one slot it leaves the road."""

    def __init__(self, leaves: int | None = None) -> None:
        self.leaves = leaves
        self.begun: list[list[int]] = []
        self.seen: list[Observation] = []

    def reset(self, slots: Slots) -> None:
        self.begun.append(slots.tolist())

    def act(self, observation: Observation, slots: Slots) -> Actions:
        assert slots.tolist() == list(range(BATCH_SIZE))
        self.seen.append(observation)
        route = np.asarray(observation["route-geometry"])
        actions = np.zeros((len(slots), 2), np.float32)
        actions[:, 1] = np.clip(-0.04 * route[:, 0] - 0.6 * route[:, 1] + 3.0 * route[:, 3], -0.3, 0.3)
        if self.leaves is not None:
            actions[self.leaves] = 0.0, 0.5
        return actions


class Broken(Wobbly):
    """Answers something else after a while."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer = answer

    def act(self, observation: Observation, slots: Slots) -> Actions:
        actions = super().act(observation, slots)
        return np.asarray(self.answer) if len(self.seen) > 3 else actions


def some(*seeds: int) -> list[Episode]:
    return [load_scenario("lane-keeping-v1").episode(seed) for seed in seeds]


def gathered(
    episodes: Sequence[Episode], policy: Wobbly, share: float = 0.0, seed: int = 0
) -> list[Demonstration]:
    expert = registry.load("driver", "expert")()
    rig = SensorRig(RIG)
    finished: list[int] = []
    found = gather(
        episodes, policy, rig, teacher=expert, teacher_share=share, seed=seed, driver="mix",
        advance=finished.append,
    )  # fmt: skip
    assert sum(finished) == len(episodes)
    return found


def test_where_the_teacher_always_acts_it_is_its_own_demonstration() -> None:
    for mixed, alone in zip(
        gathered(some(0, 1), Wobbly(), share=1.0),
        collect(("lane-keeping-v1",), episodes=2).episodes,
        strict=True,
    ):
        assert mixed.driver == "mix"
        assert np.array_equal(mixed.taught, alone.actions)
        assert np.array_equal(mixed.actions, alone.actions)
        assert np.array_equal(mixed.states, alone.states)


def test_the_teacher_acts_in_its_share_of_decisions_whatever_the_batch() -> None:
    together = gathered(some(3, 4), Wobbly(), share=0.4)
    (alone,) = gathered(some(4), Wobbly(), share=0.4)
    assert alone.digest == together[1].digest
    (other,) = gathered(some(4), Wobbly(), share=0.4, seed=1)
    assert other.digest != alone.digest
    who = [(each.actions == each.taught).all(axis=1) for each in together]
    assert all(0.25 < acted.mean() < 0.55 for acted in who)
    assert not np.array_equal(who[0][:50], who[1][:50])


def test_the_policy_is_asked_as_the_evaluation_asks_it() -> None:
    policy = Wobbly(leaves=1)
    first, second = gathered(some(3, 4), policy)
    assert second.frames < first.frames
    assert not second.success
    assert policy.begun == [list(range(BATCH_SIZE))]
    assert len(policy.seen) == first.frames
    for decision, observation in enumerate(policy.seen):
        speed, texts = np.asarray(observation["speed"]), list(observation["instruction"])
        active = [True, decision < second.frames]
        assert speed.shape == (BATCH_SIZE, 1)
        assert (speed[:2, 0] > 0.0).tolist() == active
        assert [bool(text) for text in texts] == active + [False] * (BATCH_SIZE - 2)
        assert not np.asarray(observation["route-geometry"])[2:].any()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.full((BATCH_SIZE, 2), np.nan, np.float32), r"lane-keeping-v1/nominal/3 at decision 3.*nan"),
        (np.full((BATCH_SIZE, 2), 1.5, np.float32), r"at decision 3.*1\.5.*expected numbers in \[-1, 1\]"),
        (np.zeros((1, 2), np.float32), r"Broken answered with float32\[1, 2\]; expected float32\[32, 2\]"),
        (np.zeros((BATCH_SIZE, 2), np.int64), r"answered with int64"),
    ],
)
def test_what_a_policy_does_wrong_is_said(answer: object, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        gathered(some(3), Broken(answer))


def test_only_training_seeds_and_probabilities() -> None:
    with pytest.raises(ConfigurationError, match="training seed"):
        gathered(some(0, DEV.start), Wobbly())
    with pytest.raises(ConfigurationError, match="probability"):
        gathered(some(0), Wobbly(), share=1.5)
