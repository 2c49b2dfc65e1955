"""Tests of the policy: ``python -m unittest discover -s DIR``, or ``pytest DIR``. Change them with it."""

import unittest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from policy import LaneKeeper, load

HERE = Path(__file__).parent


def seen(
    offset_m: float = 0.0, gap_m: float = np.inf, speed_mps: float = 10.0
) -> dict[str, NDArray[np.float32]]:
    """What the sensors would show of one car on a straight road, with another one ahead."""
    route, table = np.zeros((1, 10), np.float32), np.zeros((1, 8, 5), np.float32)
    route[0, 0] = offset_m
    if np.isfinite(gap_m):
        table[0, 0] = 1.0, gap_m + 5.0, -offset_m, -speed_mps, 0.0
    return {"route-geometry": route, "kinematics": table, "speed": np.full((1, 1), speed_mps, np.float32)}


def begun() -> LaneKeeper:
    """A policy at the beginning of an episode."""
    policy = load(HERE)
    policy.reset(np.arange(1))
    return policy


class TestPolicy(unittest.TestCase):
    def act(self, **state: float) -> tuple[float, float]:
        """Acceleration and steering in one state."""
        actions = begun().act(seen(**state), np.arange(1))
        assert actions.shape == (1, 2)
        assert actions.dtype == np.float32
        assert (np.abs(actions) <= 1.0).all()
        return float(actions[0, 0]), float(actions[0, 1])

    def test_it_steers_back_to_the_route(self) -> None:
        assert self.act(offset_m=1.0)[1] < 0.0
        assert self.act(offset_m=-1.0)[1] > 0.0
        assert self.act()[1] == 0.0

    def test_it_brakes_for_who_stands_ahead(self) -> None:
        assert self.act(gap_m=15.0)[0] < -0.5

    def test_it_keeps_the_speed_of_the_beginning_and_forgets_it(self) -> None:
        policy, slots = begun(), np.arange(1)
        policy.act(seen(speed_mps=20.0), slots)
        assert policy.act(seen(speed_mps=10.0), slots)[0, 0] > 0.3
        policy.reset(slots)
        assert abs(policy.act(seen(speed_mps=10.0), slots)[0, 0]) < 1e-5


if __name__ == "__main__":
    unittest.main()
