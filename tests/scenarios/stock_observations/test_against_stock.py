"""Every observation against stock highway-env, byte for byte, along episodes of stock environments."""

from typing import Any

import pytest
from against_stock import Found, differences_elsewhere

ALL_FEATURES = [
    "presence", "x", "y", "vx", "vy", "heading", "cos_h", "sin_h", "cos_d", "sin_d",
    "long_off", "lat_off", "ang_off",
]  # fmt: skip
DEFAULT: dict[str, Any] = {}
KINEMATICS = {"type": "Kinematics", "features": ALL_FEATURES, "vehicles_count": 8}
GRID = {"type": "OccupancyGrid"}
VARIANTS: list[dict[str, Any]] = [
    DEFAULT,
    {"type": "Kinematics"},
    KINEMATICS | {"see_behind": True, "absolute": True, "observe_intentions": True},
    KINEMATICS | {"normalize": False, "vehicles_count": 60, "see_behind": True},
    KINEMATICS | {"clip": False, "include_obstacles": False, "vehicles_count": 2},
    KINEMATICS | {"features_range": {"x": [-37, 41.5], "heading": [-3, 3], "presence": [0, 2]}},
    {"type": "Kinematics", "features": ["vy", "x", "presence"], "vehicles_count": 12},
    KINEMATICS | {"order": "shuffled", "see_behind": True},
    GRID,
    GRID | {"features": [*ALL_FEATURES, "on_road"], "align_to_vehicle_axes": True, "clip": False},
    GRID | {"features": ["presence", "vx", "on_road"], "as_image": True, "grid_size": [[-20, 40], [-9, 9.5]],
            "grid_step": [2.5, 3]},
    GRID | {"features": ["x", "vx", "presence"], "grid_size": [[-60, 60], [-10, 10]], "grid_step": [1, 0.7],
            "features_range": {"x": [-60, 60], "y": [-7, 11], "vx": [-30, 30]}},
]  # fmt: skip
TIME_TO_COLLISION: list[dict[str, Any]] = [
    {"type": "TimeToCollision"},
    {"type": "TimeToCollision", "horizon": 4},
]
BOTH = {"type": "TupleObservation", "observation_configs": [KINEMATICS, GRID, TIME_TO_COLLISION[0]]}

EXIT: list[dict[str, Any]] = [
    {"type": "ExitObservation"},
    {"type": "ExitObservation", "features": ALL_FEATURES, "vehicles_count": 25, "see_behind": True},
    {"type": "ExitObservation", "order": "shuffled"},
    {"type": "ExitObservation", "absolute": True, "observe_intentions": True, "clip": False},
]
LIDAR: list[dict[str, Any]] = [
    {"type": "LidarObservation"},
    {"type": "LidarObservation", "cells": 7, "maximum_range": 33.3, "normalize": False},
    {"type": "LidarObservation", "cells": 128, "maximum_range": 200},
]
GOAL = {"type": "KinematicsGoal", "features": ["cos_d", "y", "presence", "sin_h"], "scales": [3, 7.1, 1, 0.3]}
TWO_CARS = {"type": "MultiAgentAction", "action_config": {"type": "ContinuousAction"}}
EACH = [{"type": "MultiAgentObservation", "observation_config": config} for config in (KINEMATICS, GRID)]
FIVE_SPEEDS = {
    "policy_frequency": 5,
    "action": {"type": "DiscreteMetaAction", "target_speeds": [0, 10, 20, 30, 40]},
}

REQUESTS: dict[str, dict[str, Any]] = {
    "exit": {"env_id": "exit-v1", "variants": [DEFAULT, *EXIT, *VARIANTS, *TIME_TO_COLLISION]},
    "highway": {"env_id": "highway-fast-v0", "variants": [*VARIANTS, *LIDAR, *TIME_TO_COLLISION, BOTH]},
    "intersection": {"env_id": "intersection-v0", "variants": [*VARIANTS, *TIME_TO_COLLISION]},
    "merge": {"env_id": "merge-v1", "variants": [*VARIANTS, *LIDAR, *TIME_TO_COLLISION]},
    "roundabout": {"env_id": "roundabout-v1", "variants": [*VARIANTS, *TIME_TO_COLLISION]},
    "two-way": {"env_id": "two-way-v0", "variants": [*VARIANTS, *LIDAR, *TIME_TO_COLLISION]},
    "u-turn": {"env_id": "u-turn-v1", "variants": [*VARIANTS, *TIME_TO_COLLISION]},
    "continuous intersection": {"env_id": "intersection-v1", "variants": [DEFAULT, *VARIANTS, *LIDAR]},
    "parking": {
        "env_id": "parking-v0",
        "variants": [DEFAULT, GOAL, {"type": "Kinematics", "features": ["x", "heading"]}, *LIDAR],
        "config": {"vehicles_count": 5},
        "decisions": 20,
    },
    "parking for two": {
        "env_id": "parking-v0",
        "variants": [{"type": "MultiAgentObservation", "observation_config": GOAL}],
        "config": {"controlled_vehicles": 2, "action": TWO_CARS},
    },
    "racetrack with boundaries": {"env_id": "racetrack-large-v1", "variants": VARIANTS},
    "racetrack": {
        "env_id": "racetrack-v1",
        "variants": [*VARIANTS, *LIDAR],
        "config": {"other_vehicles": 4},
        "decisions": 10,
    },
    "five speeds": {
        "env_id": "roundabout-v0",
        "variants": TIME_TO_COLLISION,
        "config": FIVE_SPEEDS,
        "decisions": 30,
    },
    "lane-keeping": {},
    "agents": {"env_id": "intersection-multi-agent-v0", "variants": [DEFAULT, *EACH]},
}

TWISTS: dict[str, dict[str, Any]] = {
    "twisted kinematics": {"variants": [{"type": "Kinematics"}], "twist": {"absolute": True}},
    "twisted grid": {"variants": [GRID], "twist": {"grid_size": [[-27.5, 27.5], [-22, 33]]}},
    "twisted times": {"variants": [TIME_TO_COLLISION[1]], "twist": {"horizon": 5}},
    "twisted lidar": {"variants": LIDAR[2:], "twist": {"maximum_range": 199}},
}
"""What is not the same, to see that this would be noticed."""


@pytest.fixture(scope="module")
def found() -> dict[str, Found]:
    twists = {name: {"env_id": "two-way-v0", **request} for name, request in TWISTS.items()}
    return differences_elsewhere(REQUESTS | twists)


@pytest.mark.slow
@pytest.mark.parametrize("name", REQUESTS)
def test_observations_are_stocks(found: dict[str, Found], name: str) -> None:
    assert found[name].differences == []
    assert found[name].observations > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", TWISTS)
def test_differences_are_noticed(found: dict[str, Found], name: str) -> None:
    assert found[name].differences != []
