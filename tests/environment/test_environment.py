"""The gymnasium face: check_env, batches equal to single environments, seeds, autoreset, verdicts."""

import subprocess
import sys
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

import drivebench  # noqa: F401 (importing it registers the ids)
from drivebench import registry
from drivebench.environment import DrivingEnv, DrivingVectorEnv
from drivebench.errors import ActionError, ConfigurationError, UnknownNameError
from drivebench.scenario import load_scenario

NAMES = registry.names("scenario")
SENSORS = ["front", "speed", "command", "instruction", "kinematics"]


def _ids_of_a_fresh_process(code: str) -> list[str]:
    code += "; print(*(i for i in gymnasium.registry if i.startswith('drivebench/')))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [name for name in result.stdout.split() if not name.startswith("drivebench/stock-")]


@pytest.mark.parametrize("order", ["import drivebench, gymnasium", "import gymnasium, drivebench"])
def test_importing_drivebench_registers_every_scenario(order: str) -> None:
    assert _ids_of_a_fresh_process(order) == [f"drivebench/{name}" for name in NAMES]


def test_registering_imports_no_scenario() -> None:
    code = "import sys, drivebench; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(result.stdout.split())
    tables = {"scenarios", "scenarios.stock", "scenarios.stock.ids"}
    assert not {name for name in loaded - tables if name.split(".")[0] == "scenarios"}
    assert not {"numba", "highway_env"} & loaded


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore:.*infinity. This is probably too")
def test_gymnasiums_own_check_passes(name: str) -> None:
    environment = gymnasium.make(f"drivebench/{name}", condition="off-course")
    check_env(environment.unwrapped)
    environment.close()


def _assert_same(one: Any, other: Any, path: str = "") -> None:
    if isinstance(one, dict):
        assert set(one) == set(other), path
        for key in one:
            _assert_same(one[key], other[key], f"{path}/{key}")
    elif isinstance(one, np.ndarray) and one.dtype != object:
        assert one.dtype == other.dtype, path
        np.testing.assert_array_equal(one, other, err_msg=path)
    elif isinstance(one, np.ndarray | tuple):
        for i, (left, right) in enumerate(zip(one, other, strict=True)):
            _assert_same(left, right, f"{path}[{i}]")
    else:
        assert one == other, path


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.parametrize("name", NAMES)
def test_a_batch_is_the_same_as_single_environments(name: str, mode: AutoresetMode) -> None:
    settings = {"sensors": SENSORS, "condition": "off-course"}
    batch = gymnasium.make_vec(f"drivebench/{name}", num_envs=3, autoreset_mode=mode, **settings)
    singles = gymnasium.make_vec(
        f"drivebench/{name}",
        num_envs=3,
        vectorization_mode="sync",
        vector_kwargs={"autoreset_mode": mode},
        **settings,
    )
    assert isinstance(batch, DrivingVectorEnv)
    assert batch.metadata["autoreset_mode"] is mode
    assert batch.observation_space == singles.observation_space
    assert batch.action_space == singles.action_space
    first, info = batch.reset(seed=5)
    assert first in batch.observation_space
    _assert_same((first, info), singles.reset(seed=5))
    generator, ended = np.random.default_rng(0), 0
    for _ in range(120):
        actions = (generator.uniform(-1.0, 1.0, (3, 2)) * [1.0, 0.2] + [0.5, 0.0]).astype(np.float32)
        actions = np.clip(actions, -1.0, 1.0)
        together = batch.step(actions)
        _assert_same(together, singles.step(actions))
        ended += int((together[2] | together[3]).sum())
    assert ended > 3
    batch.close()


def _drive(environment: DrivingEnv, action: tuple[float, float], steps: int = 400) -> list[tuple[Any, ...]]:
    history = []
    for _ in range(steps):
        history.append(environment.step(np.array(action, np.float32)))
        if history[-1][2] or history[-1][3]:
            break
    return history


def test_seeds_are_of_the_training_range_unless_asked_otherwise() -> None:
    environment = DrivingEnv("lane-keeping-v1", sensors=["speed"])
    assert environment.reset(seed=7)[1] == {"episode": "lane-keeping-v1/nominal/7"}
    drawn = [environment.reset()[1]["episode"] for _ in range(3)]
    assert environment.reset(seed=7)[1] == {"episode": "lane-keeping-v1/nominal/7"}
    assert [environment.reset()[1]["episode"] for _ in range(3)] == drawn
    assert len(set(drawn)) == 3
    assert all(0 <= int(key.rpartition("/")[2]) < 1_000_000 for key in drawn)
    held_out = DrivingEnv("lane-keeping-v1", sensors=["speed"], split="test", condition="off-course")
    assert held_out.reset(seed=7)[1] == {"episode": "lane-keeping-v1/off-course/2000007"}


def test_the_reward_is_progress_in_units_of_the_limit() -> None:
    environment = DrivingEnv("highway-v1", sensors=["speed"])
    environment.reset(seed=0)
    episode = load_scenario("highway-v1").episode(0)
    speed, heading = episode.world.entity_float[[3, 2], 0].tolist()
    _, reward, *_, info = environment.step(np.zeros(2, np.float32))
    expected_m = 0.2 * speed * np.cos(heading)
    assert info["progress_m"] == pytest.approx(expected_m, abs=1e-3)
    assert reward == pytest.approx(expected_m / (0.2 * episode.speed_limit_mps), abs=1e-3)


def test_leaving_the_road_terminates_and_costs_one() -> None:
    environment = DrivingEnv("lane-keeping-v1", sensors=["speed"])
    environment.reset(seed=3)
    *_, last = _drive(environment, (0.0, 0.6))
    _, reward, terminated, truncated, info = last
    assert terminated
    assert not truncated
    assert info["ended_by"] == "off-road"
    assert not info["is_success"]
    assert any(event.kind == "off-road" for event in info["events"])
    assert reward < 0.0


def test_standing_still_is_truncated_at_the_horizon_and_no_success() -> None:
    environment = DrivingEnv("lane-keeping-v1", sensors=["speed"])
    environment.reset(seed=3)
    history = _drive(environment, (-1.0, 0.0))
    assert len(history) == 125
    _, reward, terminated, truncated, info = history[-1]
    assert truncated
    assert not terminated
    assert reward == 0.0
    assert not info["is_success"]
    assert "is_success" not in history[-2][4]


@pytest.mark.parametrize("name", NAMES)
def test_the_expert_succeeds_through_the_face(name: str) -> None:
    environment = DrivingVectorEnv(name, num_envs=4, sensors=["speed"], autoreset_mode="Disabled")
    environment.reset(seed=[11, 12, 13, 14])
    worlds, monitor = environment.episodes.running()
    expert = registry.load("driver", "expert")()
    expert.reset(worlds, dict(enumerate(monitor.episodes)), np.arange(4))
    running, successes, total = np.ones(4, np.bool_), 0, np.zeros(4)
    while running.any():
        _, rewards, terminated, truncated, info = environment.step(expert.act(worlds, np.arange(4)))
        total += rewards
        ended = terminated | truncated
        successes += int((ended & info.get("is_success", np.zeros(4, np.bool_))).sum())
        running &= ~ended
        if ended.any() and running.any():
            environment.reset(options={"reset_mask": ended})
            again = np.flatnonzero(ended)
            expert.reset(worlds, dict(enumerate(monitor.episodes)), again)
    # Without a reference, success is the limit kept throughout: not where somebody crosses (odd seeds).
    assert successes >= (2 if name == "occlusion-v1" else 3)
    assert (total > 0).all()


def test_without_autoreset_an_ended_environment_must_be_reset() -> None:
    environment = DrivingVectorEnv(
        "lane-keeping-v1", num_envs=2, sensors=["speed"], autoreset_mode="Disabled"
    )
    environment.reset(seed=0)
    actions = np.array([[0.0, 0.6], [0.0, 0.0]], np.float32)
    ended = np.zeros(2, np.bool_)
    while not ended.any():
        _, _, terminated, truncated, _ = environment.step(actions)
        ended = terminated | truncated
    with pytest.raises(ConfigurationError, match="reset them with"):
        environment.step(actions)
    _, info = environment.reset(options={"reset_mask": ended})
    assert info["_episode"].tolist() == ended.tolist()
    environment.step(actions)


def test_before_the_first_reset_nothing_goes() -> None:
    for environment in (DrivingEnv("lane-keeping-v1"), DrivingVectorEnv("lane-keeping-v1")):
        with pytest.raises(ConfigurationError, match=r"call reset\(\)"):
            environment.step(np.zeros((2,), np.float32))
    with pytest.raises(ConfigurationError, match="the first reset must be of all"):
        DrivingVectorEnv("lane-keeping-v1", num_envs=2).reset(options={"reset_mask": np.array([True, False])})


def test_unknown_reset_options_are_refused() -> None:
    single = DrivingEnv("lane-keeping-v1", sensors=["speed"])
    batch = DrivingVectorEnv("lane-keeping-v1", num_envs=2, sensors=["speed"])
    for environment in (single, batch):
        for fine in (None, {}):
            environment.reset(seed=0, options=fine)
        with pytest.raises(UnknownNameError, match="unknown reset option 'conditon'"):
            environment.reset(options={"conditon": "off-course"})
    batch.step(np.ones((2, 2), np.float32))
    before = batch.episodes.running()[1].progress_m.copy()
    with pytest.raises(UnknownNameError, match="Did you mean 'reset_mask'"):
        batch.reset(options={"reset_maks": np.array([True, False])})
    assert (batch.episodes.running()[1].progress_m == before).all()


def test_an_impossible_action_is_refused() -> None:
    environment = DrivingEnv("lane-keeping-v1", sensors=["speed"])
    environment.reset(seed=0)
    with pytest.raises(ActionError, match="NaN"):
        environment.step(np.array([0.0, np.nan], np.float32))


@pytest.mark.parametrize(
    ("settings", "suggestion"),
    [
        ({"scenario": "lane-keping-v1"}, "lane-keeping-v1"),
        ({"condition": "of-course"}, "off-course"),
        ({"split": "tset"}, "test"),
        ({"sensors": ["frnt"]}, "front"),
        ({"sensors": [{"name": "front", "heigth": 48}]}, "height"),
        ({"render_mode": "rgb_aray"}, "rgb_array"),
        ({"autoreset_mode": "NextSep"}, "NextStep"),
    ],
)
def test_misspelt_settings_are_met_with_the_nearest(settings: dict[str, Any], suggestion: str) -> None:
    with pytest.raises(UnknownNameError, match=f"Did you mean '{suggestion}'"):
        DrivingVectorEnv(**({"scenario": "lane-keeping-v1"} | settings))


def test_sizes_are_checked() -> None:
    with pytest.raises(ConfigurationError, match="expected at least 1"):
        DrivingVectorEnv("lane-keeping-v1", num_envs=0)
    environment = DrivingVectorEnv("lane-keeping-v1", num_envs=2)
    with pytest.raises(ConfigurationError, match="3 seeds"):
        environment.reset(seed=[1, 2, 3])


@pytest.mark.parametrize("name", NAMES)
def test_the_view_from_above_shows_something(name: str) -> None:
    environment = gymnasium.make(f"drivebench/{name}", sensors=["speed"], render_mode="rgb_array")
    environment.reset(seed=0)
    first = environment.render()
    assert isinstance(first, np.ndarray)
    assert first.dtype == np.uint8
    assert first.ndim == 3
    assert first.std() > 5.0
    environment.step(np.array([1.0, 0.0], np.float32))
    assert not np.array_equal(first, environment.render())
    batch = gymnasium.make_vec(f"drivebench/{name}", num_envs=2, sensors=["speed"], render_mode="rgb_array")
    batch.reset(seed=0)
    pictures = batch.render()
    assert pictures is not None
    np.testing.assert_array_equal(pictures[0], first)
