"""Configurations: highway-env's defaults, tables replaced as a whole, nothing swallowed."""

import inspect
import json
import subprocess
import sys
from typing import Any

import gymnasium
import numpy as np
import pytest

from drivebench.errors import ConfigurationError, DrivebenchError, UnknownNameError
from scenarios.stock.configuration import complete_configuration, digest_of
from scenarios.stock.environment import StockEnv
from scenarios.stock.families import rules_of
from scenarios.stock.ids import ENVIRONMENTS, IDS
from scenarios.stock.observations.kinematics_goal import _IGNORED
from scenarios.stock.upstream import default_config, stock_class, untouched_constants


@pytest.mark.parametrize("name", IDS)
def test_the_defaults_of_every_id_are_accepted(name: str) -> None:
    entry = IDS[name]
    expected = default_config(entry.cls) | dict(entry.preset) | {"offscreen_rendering": True}
    assert complete_configuration(entry) == expected
    assert complete_configuration(entry, expected) == expected


def test_a_table_is_replaced_as_a_whole() -> None:
    config = complete_configuration(IDS["intersection-v0"], {"observation": {"type": "Kinematics"}})
    assert config["observation"] == {"type": "Kinematics"}
    assert config["duration"] == 13


GOAL = {"type": "KinematicsGoal", "features": ["x", "y", "vx", "vy", "cos_h", "sin_h"], "scales": [1] * 6}
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("highway-v0", {"vehicle_count": 10}, "Did you mean 'vehicles_count'"),
    (
        "highway-v0",
        {"action": {"type": "ContinuousAction", "longitudnal": False}},
        "Did you mean 'longitudinal'",
    ),
    ("highway-v0", {"action": {"type": "DiscreteMetaActions"}}, "Did you mean 'DiscreteMetaAction'"),
    ("highway-v0", {"action": {"type": "DiscreteAction", "speed_range": [0, 9]}}, "speed_range"),
    ("highway-v0", {"action": "DiscreteMetaAction"}, "expected a table"),
    ("highway-v0", {"action": {"type": "DiscreteMetaAction", "target_speeds": [20]}}, "target_speeds"),
    ("highway-v0", {"action": {"type": "ContinuousAction", "steering_range": [0, np.nan]}}, "steering_range"),
    (
        "highway-v0",
        {"action": {"type": "ContinuousAction", "longitudinal": False, "lateral": False}},
        "either",
    ),
    ("highway-v0", {"action": {"type": "MultiAgentAction"}}, "action_config"),
    ("racetrack-v0", {"action": {"type": "ContinuousAction", "target_speeds": [1, 2]}}, "never reads it"),
    ("highway-v0", {"observation": {"type": "Kinematics", "featurs": ["x"]}}, "features"),
    ("highway-v0", {"observation": {"type": "GrayscaleObservation"}}, "GrayscaleObservation"),
    ("highway-v0", {"observation": {"type": "Kinematic"}}, "Did you mean 'Kinematics'"),
    ("highway-v0", {"manual_control": True}, "manual_control"),
    ("highway-v0", {"show_trajectories": True}, "show_trajectories"),
    ("highway-v0", {"other_vehicles_type": "mine.Vehicle"}, "other_vehicles_type"),
    ("highway-v0", {"policy_frequency": 0.5}, "policy_frequency"),
    ("highway-v0", {"policy_frequency": 20}, "simulation_frequency"),
    ("highway-v0", {"controlled_vehicles": 0}, "controlled_vehicles"),
    ("highway-v0", {"collision_reward": float("inf")}, "collision_reward"),
    ("highway-v0", {"duration": "long"}, "duration"),
    ("u-turn-v0", {"reward_speed_range": [1, 2, 3]}, "reward_speed_range"),
    ("merge-v0", {"lanes_count": 3}, "lanes_count"),
    ("parking-v0", {"steering_range": 0.1}, "steering_range=0.1 .* never reads it"),
    ("racetrack-v0", {"speed_limit": 12}, "never reads it"),
    ("racetrack-oval-v1", {"speed_limit": 12}, "never reads it"),
    ("exit-v0", {"offroad_terminal": True}, "never reads it"),
    ("parking-v0", {"observation": GOAL | {"vehicles_count": 9}}, "vehicles_count is 9; .* never reads it"),
    ("parking-v0", {"observation": GOAL | {"order": "shuffled"}}, "order"),
    ("parking-v0", {"observation": GOAL | {"normalize": "banana"}}, "normalize"),
    ("parking-v0", {"observation": GOAL | {"normalise": False}}, "normalise"),
    (
        "exit-v0",
        {"observation": {"type": "ExitObservation", "include_obstacles": False}},
        "no setting 'include_obstacles'",
    ),
    ("highway-v0", {"observation": {"type": "Kinematics", "flatten": True}}, "flatten is True"),
    ("highway-v0", {"reward_speed_range": [25, 25]}, "reward_speed_range=.* spans nothing"),
    ("highway-v0", {"collision_reward": 0.5}, r"collision_reward and high_speed_reward \+ right_lane_reward"),
    ("merge-v1", {"collision_reward": 0.1, "merging_speed_reward": 0.2}, "merging_speed_reward"),
    ("racetrack-v0", {"collision_reward": 1}, "collision_reward and 1"),
    ("exit-v0", {"goal_reward": 0, "collision_reward": 0}, "goal_reward"),
    ("roundabout-v0", {"collision_reward": 0.2}, "both 0.2"),
    ("highway-v0", {"collision_reward": np.float32(-0.3)}, "collision_reward=.* float32"),
    ("highway-v0", {"reward_speed_range": np.array([20, 30], np.float32)}, "reward_speed_range=.* float32"),
    ("highway-v0", {"duration": np.float16(3)}, "duration=.* float16"),
]


@pytest.mark.parametrize(("name", "config", "named"), REFUSED)
def test_what_highway_env_would_swallow_is_refused(name: str, config: dict[str, Any], named: str) -> None:
    with pytest.raises(DrivebenchError, match=named):
        StockEnv(name, config=config)


@pytest.mark.parametrize(
    ("name", "config", "named"),
    [
        ("merge-generic-v0", {"after_merge_length": 10}, "after merge"),
        ("highway-fast-v0", {"initial_lane_id": 9}, "IndexError"),
        ("racetrack-v1", {"action": {"type": "DiscreteMetaAction"}}, "AttributeError"),
    ],
)
def test_a_reset_that_highway_env_cannot_do_is_an_error(
    name: str, config: dict[str, Any], named: str
) -> None:
    environment = StockEnv(name, config=config)
    with pytest.raises(ConfigurationError, match=named):
        environment.reset(seed=0)


def test_what_is_not_divided_by_may_be_zero() -> None:
    config = {"collision_reward": 0.5, "normalize_reward": False}
    assert complete_configuration(IDS["highway-v0"], config)["collision_reward"] == 0.5
    assert complete_configuration(IDS["racetrack-large-v0"], {"speed_limit": 12})["speed_limit"] == 12


class _Recorded(dict[str, Any]):
    """A configuration that notes which of its keys are read."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)


SEEN_WHEN_DRAWN = {
    "screen_width",
    "screen_height",
    "centering_position",
    "scaling",
    "render_agent",
    "offscreen_rendering",
    "real_time_rendering",
    "manual_control",
}
"""What is read when highway-env renders, or drives by keyboard, which drivebench refuses by other rules."""


@pytest.mark.parametrize("name", [name for name in IDS if name.endswith("-v0")])
def test_what_highway_env_never_reads_is_known(name: str) -> None:
    entry = IDS[name]
    defaults = default_config(entry.cls)
    with untouched_constants():
        stock = stock_class(entry.cls)()
        stock.config = recorded = _Recorded(stock.config)
        stock.reset(seed=0)
        for _ in range(2):
            stock.step(stock.action_space.sample())
    rules = rules_of(entry.family)
    unread = defaults.keys() & rules.unread_by(entry.cls)
    assert defaults.keys() - recorded.read - SEEN_WHEN_DRAWN == unread
    weighed = {key for key in recorded.read - defaults.keys() if key.endswith("_reward")}
    assert weighed == {name for name, _ in rules.parts} - defaults.keys()


def test_what_the_goal_observation_never_reads_has_the_defaults_of_highway_env() -> None:
    from highway_env.envs.common.observation import KinematicObservation

    parameters = inspect.signature(KinematicObservation).parameters
    defaults = {name: parameter.default for name, parameter in parameters.items()}
    parkings = default_config(IDS["parking-v0"].cls)["observation"]
    assert {name: parkings.get(name, defaults[name]) for name in _IGNORED} == _IGNORED


def test_unknown_ids_modes_and_options() -> None:
    with pytest.raises(UnknownNameError, match="highway-fast-v0"):
        StockEnv("highway-fast")
    with pytest.raises(UnknownNameError, match="rgb_array"):
        StockEnv("merge-v0", render_mode="human")
    with pytest.raises(ConfigurationError, match="numerics"):
        StockEnv("merge-v0", numerics="exact")  # type: ignore[arg-type]
    environment = StockEnv("merge-v0")
    with pytest.raises(ConfigurationError, match="reset"):
        environment.step(1)
    with pytest.raises(UnknownNameError, match="config"):
        environment.reset(options={"configuration": {}})


def test_digests_tell_configurations_apart() -> None:
    entry = IDS["highway-v0"]
    config = complete_configuration(entry)
    assert digest_of(entry, config) == digest_of(entry, complete_configuration(entry, {"lanes_count": 4}))
    assert digest_of(entry, config) != digest_of(entry, complete_configuration(entry, {"lanes_count": 5}))
    assert digest_of(entry, config) != digest_of(IDS["highway-fast-v0"], config)


def test_registering_the_ids_is_light() -> None:
    code = (
        "import sys, json, scenarios.stock.ids;"
        "print(json.dumps([m for m in sys.modules if m.split('.')[0] in ('highway_env', 'numba', 'pandas')]))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(result.stdout) == []
    assert len(ENVIRONMENTS) == 31


def test_gymnasium_knows_time_limits_and_wrappers() -> None:
    limits = {
        name: spec.max_episode_steps
        for name, spec in gymnasium.registry.items()
        if name.startswith("drivebench/stock-") and spec.max_episode_steps is not None
    }
    assert limits == {"drivebench/stock-two-way-v0": 15, "drivebench/stock-lane-keeping-v0": 200}
