"""The configuration of a stock environment: highway-env's defaults, and what the user gives in their place.

As in highway-env, a given entry replaces the default one as a whole, tables included. Unlike there, a key
that nothing would read is an error, and so is a setting whose effect drivebench does not have.
"""

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import numpy as np

from drivebench.errors import ConfigurationError, UnknownNameError
from scenarios.stock.families import rules_of
from scenarios.stock.ids import StockId
from scenarios.stock.upstream import accepted_keys, default_config

__all__ = ["FixedConfiguration", "complete_configuration", "digest_of"]

_TRAFFIC = tuple(
    f"highway_env.vehicle.behavior.{name}"
    for name in ("IDMVehicle", "LinearVehicle", "AggressiveVehicle", "DefensiveVehicle")
)
_ACTIONS = ("ContinuousAction", "DiscreteAction", "DiscreteMetaAction", "MultiAgentAction")
_OFF = {
    "manual_control": "driving with the keyboard",
    "real_time_rendering": "rendering on a screen",
    "show_trajectories": "drawing trajectories",
}
_PAIRS = ("reward_speed_range",)
_WHOLE = ("simulation_frequency", "policy_frequency")


class FixedConfiguration(Mapping[str, Any]):
    """A configuration, or a table in it, that is read but not written."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Show one.

        Args:
            config: What is shown; it is not copied.
        """
        self._config = config

    def __getitem__(self, key: str) -> Any:
        value = self._config[key]
        return FixedConfiguration(value) if isinstance(value, Mapping) else copy.deepcopy(value)

    def __setitem__(self, key: str, value: Any) -> NoReturn:
        raise ConfigurationError(
            f"{key}={value!r}: the configuration of a vector environment is fixed; make another one with "
            "config=... (that of a single environment can be written to, and holds from its next reset on)"
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._config)

    def __len__(self) -> int:
        return len(self._config)

    def __repr__(self) -> str:
        return repr(dict(self._config))


def complete_configuration(entry: StockId, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The whole configuration of an environment.

    Args:
        entry: Which environment.
        given: What differs from its defaults; a table replaces the default one as a whole, as in highway-env.

    Raises:
        UnknownNameError: A key that the environment, its type of action or of observation does not know;
            suggests the nearest.
        ConfigurationError: A value that cannot be, or whose effect drivebench does not have.
    """
    defaults = default_config(entry.cls) | dict(entry.preset)
    known = {*defaults, *(name for name, _ in rules_of(entry.family).parts)}
    config: dict[str, Any] = copy.deepcopy(defaults)
    for key, value in (given or {}).items():
        if key not in known:
            raise UnknownNameError(f"key in the configuration of {entry.name}", str(key), known)
        config[key] = copy.deepcopy(value)
    _check_unread(entry, config, defaults)
    if config["offscreen_rendering"] is None:
        config["offscreen_rendering"] = True
    _check_action(entry, config["action"], defaults["action"])
    _check_values(entry, config)
    _check_spans(entry, config)
    _check_goals(entry, config)
    return config


def _check_unread(entry: StockId, config: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """Check that what highway-env never reads has not been changed."""
    for key in rules_of(entry.family).unread_by(entry.cls):
        if key in defaults and not np.array_equal(config[key], defaults[key]):
            raise ConfigurationError(
                f"{key}={config[key]!r} in the configuration of {entry.name}: highway-env never reads it; "
                f"expected {defaults[key]!r}, as by default, or no such key"
            )


def _check_action(entry: StockId, table: Any, default: Mapping[str, Any]) -> None:
    """Check that every key of an action is read by its type; those of observations their observer checks."""
    where = f"the action of {entry.name}"
    if not isinstance(table, Mapping) or not isinstance(table.get("type"), str):
        raise ConfigurationError(f"{where} is {table!r}; expected a table with a 'type'")
    name = table["type"]
    if name not in _ACTIONS:
        raise UnknownNameError("type of action", name, _ACTIONS)
    keys = accepted_keys(name)
    swallowed = {key: value for key, value in default.items() if default["type"] == name and key not in keys}
    for key, value in table.items():
        if key == "type" or key in keys:
            continue
        if key not in swallowed:
            raise UnknownNameError(f"key in {where}, {name}", str(key), keys)
        if value != swallowed[key]:
            raise ConfigurationError(
                f"{key}={value!r} in {where}: highway-env never reads it; expected {swallowed[key]!r}, as in "
                "its default configuration, or no such key"
            )
    if name == "MultiAgentAction":
        if "action_config" not in table:
            raise ConfigurationError(f"{where} lacks 'action_config', the action of each agent")
        _check_action(entry, table["action_config"], default.get("action_config", {"type": ""}))


def _check_values(entry: StockId, config: Mapping[str, Any]) -> None:
    for key, what in _OFF.items():
        if config[key]:
            raise ConfigurationError(f"{key}={config[key]!r}: {what} is not supported; expected False")
    if config["other_vehicles_type"] not in _TRAFFIC:
        raise ConfigurationError(
            f"other_vehicles_type={config['other_vehicles_type']!r} is not supported; expected one of "
            f"{', '.join(_TRAFFIC)}"
        )
    for key in _WHOLE:
        value = config[key]
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise ConfigurationError(f"{key}={value!r}; expected a whole number of Hz, at least 1")
    if config["policy_frequency"] > config["simulation_frequency"]:
        raise ConfigurationError(
            f"policy_frequency={config['policy_frequency']} above simulation_frequency="
            f"{config['simulation_frequency']}: no simulation step would be taken between decisions"
        )
    for key, value in config.items():
        if key.endswith(("_reward", "_cost")) or key in ("duration", *_PAIRS):
            _check_numbers(entry, key, value)
    agents = config.get("controlled_vehicles", 1)
    if isinstance(agents, bool) or not isinstance(agents, int | np.integer) or agents < 1:
        raise ConfigurationError(f"controlled_vehicles={agents!r}; expected a whole number, at least 1")


def _check_numbers(entry: StockId, key: str, value: Any) -> None:
    """Check what rewards and ends are computed from.

    NumPy's shorter numbers are refused, for highway-env would go on computing in their precision.
    """
    if key in _PAIRS and (not isinstance(value, list | tuple | np.ndarray) or len(value) != 2):
        raise ConfigurationError(f"{key}={value!r}; expected two numbers")
    for number in value if key in _PAIRS else (value,):
        if not isinstance(number, int | float | np.number) or not np.isfinite(number):
            raise ConfigurationError(f"{key}={value!r} in {entry.name}; expected finite numbers")
        if not isinstance(number, int | float | np.float64 | np.integer):
            raise ConfigurationError(
                f"{key}={value!r} in {entry.name} holds a NumPy {type(number).__name__}, in whose precision "
                "highway-env would compute the reward; expected plain numbers"
            )


def _check_spans(entry: StockId, config: Mapping[str, Any]) -> None:
    """Check that no reward is divided by a span of zero."""
    for key in _PAIRS:
        if key in config and config[key][0] == config[key][1]:
            raise ConfigurationError(
                f"{key}={config[key]!r} in {entry.name} spans nothing, and the reward is divided by it; "
                "expected two different speeds"
            )
    rules = rules_of(entry.family)
    limits = rules.limits(config)
    if rules.bounds and limits and limits[0] == limits[1]:
        low, high = (" + ".join(keys) or "1" for keys in rules.bounds)
        raise ConfigurationError(
            f"{low} and {high} of {entry.name} are both {limits[0]}, and the reward is normalized between "
            f"them; expected different sums{', or normalize_reward=False' * ('normalize_reward' in config)}"
        )


def _check_goals(entry: StockId, config: Mapping[str, Any]) -> None:
    """Check that the success of several agents that park can be told from what they observe."""
    observation = config["observation"]
    if not rules_of(entry.family).parks or observation.get("type") != "MultiAgentObservation":
        return
    each = observation.get("observation_config") or {}
    features = each.get("features") or ()
    if each.get("type") != "KinematicsGoal" or len(features) != len(config["reward_weights"]):
        raise ConfigurationError(
            f"the agents of {entry.name} observe {dict(each)!r}; expected KinematicsGoal with one feature "
            f"for each of the {len(config['reward_weights'])} reward_weights, for highway-env tells from it "
            "whether they have parked"
        )


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return {"numpy": str(value.dtype), "values": value.tolist()}
    raise TypeError(f"{value!r} of type {type(value).__name__}")


def digest_of(entry: StockId, config: Mapping[str, Any]) -> str:
    """What worlds depend on: SHA-256 of the class and its whole configuration, hexadecimal.

    Args:
        entry: Which environment.
        config: Its complete configuration.

    Raises:
        ConfigurationError: A value that cannot be written down.
    """
    try:
        text = json.dumps([entry.cls, config], sort_keys=True, default=_plain)
    except TypeError as error:
        raise ConfigurationError(
            f"the configuration of {entry.name} holds {error}; expected plain values"
        ) from None
    return hashlib.sha256(text.encode()).hexdigest()
