"""Families of environments and types of observation: what is registered is there, and judges as it says."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drivebench.errors import ConfigurationError
from scenarios.stock import families
from scenarios.stock.building import Builder, state_of_seed
from scenarios.stock.configuration import complete_configuration
from scenarios.stock.families import rules_of
from scenarios.stock.family_rules import FamilyRules, lane_changes
from scenarios.stock.ids import IDS
from scenarios.stock.observations import Observer
from scenarios.stock.observations.factory import OBSERVERS
from scenarios.stock.reward_terms import Common, weighed
from scenarios.stock.rewards import Judge
from scenarios.stock.upstream import default_config

FAMILIES = sorted({entry.family for entry in IDS.values()})


def test_every_family_is_a_file_and_every_file_a_family() -> None:
    files = {path.stem for path in Path(families.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == set(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_rules_name_is_in_the_configuration(family: str) -> None:
    rules = rules_of(family)
    defaults = [default_config(entry.cls) for entry in IDS.values() if entry.family == family]
    for name in rules.unread:
        assert any(name in config for config in defaults)
    for config in defaults:
        for names in rules.bounds or ():
            assert set(names) <= config.keys()
        assert rules.has_duration <= ("duration" in config)
    assert rules.read_by_class.keys() <= {entry.cls for entry in IDS.values()}


def _out_of_order(agents: Any, entity_int: Any, reward: Any) -> None:
    """Takes arrays of the worlds in another order than they are given."""


def _measured(agents: Any, norm: Any, reward: Any) -> None:
    """Takes what nothing measures."""


@pytest.mark.parametrize("kernel", [_out_of_order, _measured])
def test_kernels_that_would_be_given_something_else_are_noticed(kernel: Any) -> None:
    with pytest.raises(AssertionError, match=r"parameters|measures"):
        FamilyRules(kernel=kernel)


def test_weighed_rewards_by_hand() -> None:
    common = np.zeros(len(Common))
    common[Common.LOW], common[Common.HIGH] = -1.0, 0.5
    part, weights = np.array([[1.0, 0.5]]), np.array([-1.0, 0.5])
    assert weighed(part, 0, weights, common) == -0.75
    common[Common.NORMALISED] = 1.0
    assert weighed(part, 0, weights, common) == 0.25 / 1.5


def test_lane_changes_are_actions_0_and_2() -> None:
    assert lane_changes(np.array([0, 1, 2, 3]), 4, {})[0].tolist() == [1.0, 0.0, 1.0, 0.0]
    assert lane_changes(np.array([[0.0], [0.5]]), 2, {})[0].tolist() == [1.0, 0.0]
    assert lane_changes(np.zeros((2, 2)), 2, {})[0].tolist() == [0.0, 0.0]


def test_settings_of_a_reward_are_finite() -> None:
    entry = IDS["racetrack-v0"]
    config = complete_configuration(entry)
    network = Builder(entry, config, "parity").build(state_of_seed(0)).world.network
    with pytest.raises(ConfigurationError, match="racetrack-v0"):
        Judge(entry, config | {"lane_centering_cost": np.inf}, network)


@pytest.mark.parametrize("kind", OBSERVERS)
def test_every_type_of_observation_is_there(kind: str) -> None:
    module, name = OBSERVERS[kind].split(":")
    assert issubclass(getattr(import_module(f"scenarios.stock.observations.{module}"), name), Observer)
