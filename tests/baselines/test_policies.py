"""The code that drives: it answers rightly, and it stands on its own."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from baselines.camera_network import CameraNetwork, CameraPolicy, curvature_of
from safetensors.torch import save_file

from baselines import camera_network, idle_policy, random_policy


def observation(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "front": rng.integers(0, 256, (n, 3, 64, 160), dtype=np.uint8),
        "speed": rng.uniform(0.0, 30.0, (n, 1)).astype(np.float32),
        "command": np.eye(6, dtype=np.float32)[rng.integers(0, 6, n)],
    }


class Answers(CameraNetwork):
    """A network that answers what it is told."""

    def __init__(self, answer: list[list[float]]) -> None:
        super().__init__()
        self.answer = torch.tensor(answer)

    def forward(self, image: torch.Tensor, speed: torch.Tensor, command: torch.Tensor) -> torch.Tensor:
        return self.answer


def test_curvature_and_acceleration_become_an_action() -> None:
    policy = CameraPolicy(Answers([[0.0, 0.0], [1.0, 1.0], [-1.0, -1.0], [1e6, 1e6], [-1e6, -1e6]]))
    actions = policy.act(observation(5), np.arange(5))
    assert actions.dtype == np.float32
    # 0.02 1/m is an angle of about 0.02 * 5 m = 0.1 rad; 2 m/s² is 0.4 of 5 m/s²
    assert actions[0].tolist() == [0.0, 0.0]
    assert actions[1] == pytest.approx([0.4, 0.1 / (math.pi / 4.0)], rel=5e-3)
    assert actions[2] == pytest.approx(-actions[1])
    assert actions[3].tolist() == [1.0, 1.0]
    assert actions[4].tolist() == [-1.0, -1.0]
    steering = float(actions[1, 1]) * math.pi / 4.0
    assert float(curvature_of(np.array(steering))) == pytest.approx(0.02, rel=1e-5)


def test_a_row_depends_on_its_own_observation_only() -> None:
    policy = CameraPolicy(CameraNetwork())
    both = observation(2)
    changed = {name: values.copy() for name, values in both.items()}
    for values in changed.values():
        values[1] = values[1, ..., ::-1]
    assert np.array_equal(policy.act(both, np.arange(2))[0], policy.act(changed, np.arange(2))[0])
    assert not np.array_equal(policy.act(both, np.arange(2))[1], policy.act(changed, np.arange(2))[1])


def test_an_unseen_command_does_not_disturb() -> None:
    policy = CameraPolicy(CameraNetwork())
    one = observation(6)
    one = {name: np.repeat(values[:1], 6, axis=0) for name, values in one.items()}
    one["command"] = np.eye(6, dtype=np.float32)
    actions = policy.act(one, np.arange(6))
    # not bit for bit: the order of additions in a matrix product depends on the row
    assert np.abs(actions - actions[0]).max() < 1e-6


def test_the_image_below_the_sky_the_speed_and_nothing_else_matters_at_first() -> None:
    network = CameraNetwork()
    seen = observation(1)
    before = CameraPolicy(network).act(seen, np.arange(1))
    sky = {**seen, "front": seen["front"].copy()}
    sky["front"][:, :, : camera_network.FIRST_ROW] ^= 255
    road = {**seen, "front": seen["front"].copy()}
    road["front"][:, :, 40:] ^= 255
    faster = {**seen, "speed": seen["speed"] + 5.0}
    assert np.array_equal(CameraPolicy(network).act(sky, np.arange(1)), before)
    assert not np.array_equal(CameraPolicy(network).act(road, np.arange(1)), before)
    assert not np.array_equal(CameraPolicy(network).act(faster, np.arange(1)), before)


def test_idle_answers_zero() -> None:
    policy = idle_policy.load(".")
    policy.reset(np.arange(3))
    assert policy.act(observation(3), np.arange(3)).tolist() == [[0.0, 0.0]] * 3


def test_random_fills_the_range_and_repeats_itself_per_slot() -> None:
    seen = observation(4)

    def drive(slots: np.ndarray) -> np.ndarray:
        policy = random_policy.load(".")
        policy.reset(slots)
        rows = {name: values[slots] for name, values in seen.items()}
        return np.stack([policy.act(rows, slots) for _ in range(200)])

    together = drive(np.arange(4))
    assert np.array_equal(drive(np.array([2])), together[:, 2:3])  # alone or with others
    assert abs(together.mean()) < 0.05
    assert together.min() < -0.98
    assert together.max() > 0.98
    assert not np.array_equal(together[:, 0], together[:, 1])


def test_random_starts_anew_with_each_episode() -> None:
    policy, slots, seen = random_policy.load("."), np.arange(2), observation(2)
    policy.reset(slots)
    first = [policy.act(seen, slots) for _ in range(3)]
    policy.reset(slots)
    assert np.array_equal([policy.act(seen, slots) for _ in range(3)], first)


@pytest.mark.parametrize("module", [camera_network, idle_policy, random_policy])
def test_a_policy_stands_on_its_own(module: object, tmp_path: Path) -> None:
    """Its file alone, in a process that cannot import drivebench or its siblings."""
    source = Path(module.__file__)  # type: ignore[attr-defined]
    (tmp_path / "policy.py").write_bytes(source.read_bytes())
    save_file(
        {n: t.contiguous() for n, t in CameraNetwork().state_dict().items()}, tmp_path / "weights.safetensors"
    )
    program = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"drivebench", "scenarios", "baselines", "leaderboard", "highway_env"}:
            raise ImportError(f"{name} is not part of a submission")
sys.meta_path.insert(0, Refuse())
sys.path.insert(0, sys.argv[1])
import numpy as np
import policy
driver = policy.load(sys.argv[1])
slots = np.arange(2)
driver.reset(slots)
seen = {
    "front": np.zeros((2, 3, 64, 160), np.uint8),
    "speed": np.ones((2, 1), np.float32),
    "command": np.eye(6, dtype=np.float32)[:2],
}
actions = driver.act(seen, slots)
assert actions.shape == (2, 2) and actions.dtype == np.float32 and np.isfinite(actions).all()
print("ok")
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.stdout.strip() == "ok", done.stderr
