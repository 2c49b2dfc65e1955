"""The code that drives: it answers rightly, remembers what it should, and stands on its own."""

import math
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from baselines import driving_network, idle_policy, random_policy
from baselines.driving_network import (
    DrivingNetwork,
    DrivingPolicy,
    Spec,
    answer_of,
    curvature_of,
    meant_by,
    steering_for,
)
from drivebench.sensors.rig import SensorRig

STACK = {"memory": "stack", "frames": 3, "stride": 2}


def observation(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    table = rng.normal(0.0, 10.0, (n, 8, 5)).astype(np.float32)
    table[:, :, 0] = 1.0
    return {
        "front": rng.integers(0, 256, (n, 3, 64, 160), dtype=np.uint8),
        "mirror-left": rng.integers(0, 256, (n, 3, 32, 48), dtype=np.uint8),
        "mirror-right": rng.integers(0, 256, (n, 3, 32, 48), dtype=np.uint8),
        "speed": rng.uniform(0.0, 30.0, (n, 1)).astype(np.float32),
        "command": np.eye(6, dtype=np.float32)[rng.integers(0, 6, n)],
        "kinematics": table,
        "route-geometry": rng.normal(0.0, 0.01, (n, 10)).astype(np.float32),
        "goal-pose": np.zeros((n, 5), np.float32),
    }


def looked(spec: Spec, name: str, values: np.ndarray) -> np.ndarray:
    """Windows as the trainer keeps them."""
    if values.dtype != np.uint8:
        return values
    small = spec.look(name, values.reshape(-1, *values.shape[2:]))
    return small.reshape(*values.shape[:2], *small.shape[1:])


def policy_of(**parts: object) -> DrivingPolicy:
    torch.manual_seed(0)
    return DrivingPolicy(DrivingNetwork(Spec(**parts)))  # type: ignore[arg-type]


class Answers(DrivingNetwork):
    """A network that answers what it is told."""

    def __init__(self, answer: np.ndarray) -> None:
        super().__init__(Spec())
        self.answer = torch.from_numpy(answer)[:, None]

    def forward(self, seen, state=None, begins=None):  # type: ignore[no-untyped-def]
        return self.answer, None


def test_what_is_answered_is_done() -> None:
    acceleration, curvature = np.array([0.0, 2.0, -2.0, 99.0, -99.0]), np.array([0.0, 0.02, -0.02, 9.0, -9.0])
    seen = observation(5)
    answer = answer_of(acceleration, curvature, seen["speed"][:, 0].astype(np.float64))
    actions = DrivingPolicy(Answers(answer)).act(seen, np.arange(5))
    assert actions.dtype == np.float32
    # 0.02 1/m is an angle of about 0.02 * 5 m = 0.1 rad; 2 m/s² is 0.4 of 5 m/s²
    assert actions[0].tolist() == [0.0, 0.0]
    assert actions[1] == pytest.approx([0.4, 0.1 / (math.pi / 4.0)], rel=5e-3)
    assert actions[2] == pytest.approx(-actions[1])
    assert actions[3].tolist() == [1.0, 1.0]
    assert actions[4].tolist() == [-1.0, -1.0]


def test_answers_and_what_they_mean_are_inverse() -> None:
    acceleration, curvature, speed = (
        a.ravel() for a in np.meshgrid([-5.0, 0.1], [-0.1, 1e-4, 0.2], [0.0, 2.0, 30.0])
    )
    answer = answer_of(acceleration, curvature, speed).astype(np.float64)
    back = meant_by(answer, speed)
    assert np.allclose(back[0], acceleration, rtol=1e-5)
    assert np.allclose(back[1], curvature, rtol=1e-4)
    assert np.allclose(steering_for(curvature_of(np.array([-0.7, 0.0, 0.3]))), [-0.7, 0.0, 0.3])


@pytest.mark.parametrize(
    "parts", [{}, {"mirrors": True, "command": "branches"}, {"view": "kinematics"}, STACK, {"memory": "lstm"}]
)
def test_a_row_depends_on_its_own_observation_only(parts: dict[str, object]) -> None:
    both = observation(2)
    changed = {name: values.copy() for name, values in both.items()}
    for values in changed.values():
        values[1] = values[1, ..., ::-1]
    policy, other = policy_of(**parts), policy_of(**parts)
    for each in (policy, other):
        each.reset(np.arange(2))
        each.act(both, np.arange(2))
    one, two = policy.act(both, np.arange(2)), other.act(changed, np.arange(2))
    assert np.array_equal(one[0], two[0])
    assert not np.array_equal(one[1], two[1])


def test_a_side_task_changes_nothing_of_what_is_done() -> None:
    seen, slots = observation(3), np.arange(3)
    with_task, without = policy_of(mirrors=True, side_task=True), policy_of(mirrors=True)
    assert np.array_equal(with_task.act(seen, slots), without.act(seen, slots))
    assert with_task.network.surroundings is None  # asked in training alone


@pytest.mark.parametrize("command", ["film", "add"])
def test_an_unseen_command_does_not_disturb(command: str) -> None:
    one = {name: np.repeat(values[:1], 6, axis=0) for name, values in observation(6).items()}
    one["command"] = np.eye(6, dtype=np.float32)
    actions = policy_of(command=command).act(one, np.arange(6))
    # not bit for bit: the order of additions in a matrix product depends on the row
    assert np.abs(actions - actions[0]).max() < 1e-6


def test_each_branch_answers_its_command() -> None:
    policy = policy_of(command="branches")
    one = {name: np.repeat(values[:1], 6, axis=0) for name, values in observation(6).items()}
    one["command"] = np.eye(6, dtype=np.float32)
    assert len({tuple(row) for row in policy.act(one, np.arange(6)).tolist()}) == 6


def test_the_image_below_the_sky_the_speed_and_nothing_else_matters_at_first() -> None:
    policy, seen = policy_of(), observation(1)
    before = policy.act(seen, np.arange(1))
    sky = {**seen, "front": seen["front"].copy()}
    sky["front"][:, :, : driving_network.FIRST_ROW] ^= 255
    road = {**seen, "front": seen["front"].copy()}
    road["front"][:, :, 40:] ^= 255
    faster = {**seen, "speed": seen["speed"] + 5.0}
    assert np.array_equal(policy.act(sky, np.arange(1)), before)
    assert not np.array_equal(policy.act(road, np.arange(1)), before)
    assert not np.array_equal(policy.act(faster, np.arange(1)), before)


@pytest.mark.parametrize("parts", [STACK, {"memory": "gru"}, {"memory": "lstm"}])
def test_memory_is_of_the_slot_and_of_the_episode(parts: dict[str, object]) -> None:
    """What a slot remembers is its own history since the last reset, in whatever company it drives."""
    steps = [observation(3, seed) for seed in range(8)]
    together = policy_of(**parts)
    together.reset(np.arange(3))
    driven = []
    for number, seen in enumerate(steps):
        if number == 5:
            together.reset(np.array([1]))
        driven.append(together.act(seen, np.arange(3)))
    for slot, first in product(range(3), (0, 5)):
        if (slot == 1) != (first == 5):
            continue
        alone = policy_of(**parts)
        alone.reset(np.array([slot]))
        for number in range(first, len(steps)):
            row = {name: values[slot : slot + 1] for name, values in steps[number].items()}
            assert np.allclose(alone.act(row, np.array([slot]))[0], driven[number][slot], atol=1e-5)
    fresh = policy_of(**parts)
    fresh.reset(np.arange(3))
    assert np.abs(fresh.act(steps[7], np.arange(3)) - driven[7]).max() > 1e-4  # it does remember


def test_a_stack_looks_back_as_far_as_it_says() -> None:
    """Three pictures, every second decision: those of now, 2 and 4 decisions ago, and no other."""
    steps = [observation(1, seed) for seed in range(6)]

    def last(change: int) -> np.ndarray:
        policy = policy_of(**STACK)
        policy.reset(np.arange(1))
        for number, seen in enumerate(steps):
            front = 255 - seen["front"] if number == change else seen["front"]
            answer = policy.act({**seen, "front": front}, np.arange(1))
        return answer

    plain = last(-1)
    assert [not np.array_equal(last(k), plain) for k in range(6)] == [False, True, False, True, False, True]


def test_windows_through_an_episode_are_the_steps_of_a_policy() -> None:
    """What the trainer does with windows and a carried state is what the policy does step by step."""
    torch.manual_seed(1)
    network = DrivingNetwork(Spec(memory="gru")).eval()
    steps = [observation(2, seed) for seed in range(9)]
    begins = np.zeros((2, 9), bool)
    begins[:, 0] = begins[1, 5] = True
    policy, driven = DrivingPolicy(network), []
    for number, seen in enumerate(steps):
        policy.reset(np.flatnonzero(begins[:, number]))
        driven.append(policy.act(seen, np.arange(2)))
    whole = {name: np.stack([seen[name] for seen in steps], axis=1) for name in policy.sensors}
    state, answers = None, []
    with torch.inference_mode():
        for window in (slice(0, 4), slice(4, 9)):
            part = {name: looked(network.spec, name, values[:, window]) for name, values in whole.items()}
            answer, state = network(network.see(part), state, torch.from_numpy(begins[:, window]))
            answers.append(answer.double().numpy())
    answer = np.concatenate(answers, axis=1)
    acceleration, curvature = meant_by(answer, whole["speed"][:, :, 0].astype(np.float64))
    actions = np.stack([acceleration / 5.0, steering_for(curvature) / (math.pi / 4.0)], axis=2).clip(
        -1.0, 1.0
    )
    assert np.allclose(actions, np.stack(driven, axis=1), atol=1e-5)


@pytest.mark.parametrize("view", ["camera", "kinematics"])
def test_the_sensors_are_registered_and_of_the_size_that_is_expected(view: str) -> None:
    spec = Spec(view=view, mirrors=view == "camera")
    space = SensorRig(spec.sensors).space(2)
    policy = DrivingPolicy(DrivingNetwork(spec))
    policy.reset(np.arange(2))
    assert policy.act(space.sample(), np.arange(2)).shape == (2, 2)


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


@pytest.mark.parametrize("module", [driving_network, idle_policy, random_policy])
def test_a_policy_stands_on_its_own(module: object, tmp_path: Path) -> None:
    """Its file alone, in a process that cannot import drivebench or its siblings."""
    source = Path(module.__file__)  # type: ignore[attr-defined]
    (tmp_path / "policy.py").write_bytes(source.read_bytes())
    network = DrivingNetwork(Spec())
    network.spec.write(tmp_path)
    save_file({n: t.contiguous() for n, t in network.state_dict().items()}, tmp_path / "weights.safetensors")
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
