"""A batch of policies that each drive one episode."""

import numpy as np

from drivebench.policy import Observation, one_by_one


class Counts:
    """Answers how many were made before it, and how often it was reset."""

    made = 0

    def __init__(self) -> None:
        self.number, self.resets = Counts.made, 0
        Counts.made += 1

    def reset(self) -> None:
        self.resets += 1

    def act(self, observation: Observation) -> np.ndarray:
        assert observation["speed"][0] >= 0.0  # type: ignore[operator]
        return np.array([self.number, self.resets])


def test_one_is_made_for_each_slot_and_kept() -> None:
    Counts.made = 0
    policy = one_by_one(Counts)
    policy.reset(np.array([0, 1]))
    policy.reset(np.array([1, 2]))
    actions = policy.act({"speed": np.zeros((3, 1), np.float32)}, np.arange(3))
    assert actions.tolist() == [[0, 1], [1, 2], [2, 1]]
    assert Counts.made == 3
