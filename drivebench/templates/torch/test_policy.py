"""Tests of the policy: ``python -m unittest discover -s DIR``, or ``pytest DIR``. Change them with it."""

import unittest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from policy import lateral_for, load, steering_for

HERE = Path(__file__).parent


class TestPolicy(unittest.TestCase):
    def act(self, offsets_m: list[float], speed_mps: float = 10.0) -> NDArray[np.float32]:
        """Actions of cars that are alone on straight roads, beside their routes."""
        n = len(offsets_m)
        route = np.zeros((n, 10), np.float32)
        route[:, 0] = offsets_m
        policy = load(HERE)
        policy.reset(np.arange(n))
        table, speed = np.zeros((n, 8, 5), np.float32), np.full((n, 1), speed_mps, np.float32)
        seen = {"route-geometry": route, "kinematics": table, "speed": speed}
        actions: NDArray[np.float32] = policy.act(seen, np.arange(n))
        assert actions.shape == (n, 2)
        assert actions.dtype == np.float32
        assert (np.abs(actions) <= 1.0).all()
        return actions

    def test_it_steers_back_to_the_route(self) -> None:
        right, left = self.act([1.0, -1.0])[:, 1]
        assert right < 0.0
        assert left > 0.0

    def test_it_answers_the_same_for_the_same(self) -> None:
        assert (self.act([0.5, 0.1]) == self.act([0.5, 0.1])).all()

    def test_steering_and_lateral_acceleration_are_inverse(self) -> None:
        speed_mps = np.array([5.0, 20.0])
        wanted = np.array([1.0, -2.0])
        np.testing.assert_allclose(lateral_for(steering_for(wanted, speed_mps), speed_mps), wanted)


if __name__ == "__main__":
    unittest.main()
