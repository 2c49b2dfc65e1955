"""Tests of the policy: ``python -m unittest discover -s DIR``, or ``pytest DIR``. Change them with it."""

import unittest
from pathlib import Path

import numpy as np

from drivebench.onnx_policy import OnnxPolicy, load

HERE = Path(__file__).parent


def begun() -> OnnxPolicy:
    """The policy at the beginning of two episodes, as an evaluation makes it."""
    policy = load(HERE)
    policy.reset(np.arange(2))
    return policy


class TestPolicy(unittest.TestCase):
    def setUp(self) -> None:
        self.slots = np.arange(2)
        self.route = np.zeros((2, 10), np.float32)
        self.speed = np.full((2, 1), 10.0, np.float32)

    def act(self, policy: OnnxPolicy) -> list[list[float]]:
        """Acceleration and steering of both episodes."""
        actions = policy.act({"route-geometry": self.route, "speed": self.speed}, self.slots)
        assert actions.shape == (2, 2)
        assert actions.dtype == np.float32
        assert (np.abs(actions) <= 1.0).all()
        return [[float(value) for value in row] for row in actions]

    def test_it_steers_back_to_the_route(self) -> None:
        self.route[:, 0] = 1.0, -1.0
        right, left = self.act(begun())
        assert right[1] < 0.0
        assert left[1] > 0.0

    def test_it_keeps_the_speed_of_the_beginning_and_forgets_it(self) -> None:
        policy = begun()
        self.act(policy)
        self.speed[:] = 5.0
        assert self.act(policy)[0][0] > 0.3
        policy.reset(np.array([0]))
        first, second = self.act(policy)
        assert abs(first[0]) < 1e-5
        assert second[0] > 0.3


if __name__ == "__main__":
    unittest.main()
