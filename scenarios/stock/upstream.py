"""highway-env: the one module that imports it. Scenarios take roads and vehicles over from here.

It is imported when it is asked for, because it brings matplotlib and pandas along, which take longer to load
than all of drivebench; listing scenarios and driving on winding roads do without it.
"""

import importlib.util
import inspect
import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import gymnasium

__all__ = [
    "accepted_keys",
    "bare_environment",
    "decide",
    "default_config",
    "environment_without_reward",
    "exit_road",
    "made_environment",
    "own_environment",
    "register_stock_ids",
    "registered_ids",
    "set_traffic_constants",
    "stock_class",
    "stock_environment",
    "stock_road",
    "straight_road",
    "untouched_constants",
    "vehicle_class",
]

_VEHICLES = "highway_env.vehicle.behavior"
_LOCK = threading.Lock()


def stock_environment(env_id: str, *, seed: int = 0, config: Mapping[str, Any] | None = None) -> Any:
    """A stock highway-env environment after its reset, without gymnasium's wrappers.

    Roads and vehicles are read from ``.road`` and ``.vehicle``. Nothing is rendered.

    Args:
        env_id: highway-env's id with its version, such as ``racetrack-v1``.
        seed: For highway-env's own random numbers.
        config: Settings that differ from the environment's defaults.
    """
    environment = _make(env_id, config=dict(config or {}))
    environment.reset(seed=seed)
    return environment


def environment_without_reward(env_id: str, *, seed: int = 0, config: Mapping[str, Any] | None = None) -> Any:
    """A stock environment that decides five times a second, with continuous actions and without its reward.

    The rewards of merge and roundabout ask ``action in [0, 2]`` and raise on a continuous action, already
    in the reset; the road does not need them.

    Args:
        env_id: highway-env's id with its version.
        seed: For highway-env's own random numbers.
        config: Settings that differ from these; its action may be another one, too.
    """
    settings = {"action": {"type": "ContinuousAction"}, "policy_frequency": 5, **(config or {})}
    environment = _make(env_id)
    environment._rewards = _no_rewards
    environment.configure(settings)
    environment.reset(seed=seed)
    return environment


def made_environment(env_id: str, **arguments: Any) -> Any:
    """A stock environment as gymnasium makes it, without wrappers and without another reset.

    Args:
        env_id: highway-env's id with its version.
        arguments: For its constructor.
    """
    return _make(env_id, **arguments)


def own_environment(env_id: str, *, seed: int, config: Mapping[str, Any] | None = None) -> Any:
    """A stock environment with its own configuration, after its reset.

    It is made without arguments, because some constructors of highway-env take none, and configured then.
    With a configuration its reward is switched off, which may ask for what that does not have.

    Args:
        env_id: highway-env's id with its version.
        seed: For highway-env's own random numbers.
        config: Settings that differ from its defaults.
    """
    environment = _make(env_id)
    if config:
        environment._rewards = _no_rewards
        environment.configure(dict(config))
    environment.reset(seed=seed)
    return environment


def _no_rewards(action: Any) -> dict[str, float]:
    raise NotImplementedError(f"no rewards for {action}")


def decide(environment: Any, action: Any, *, whole: bool) -> None:
    """Let a stock environment take one decision.

    Args:
        environment: Which.
        action: As for its ``step``.
        whole: Call its ``step``; else only what moves vehicles, makes them leave and appear, and counts time.
    """
    if whole:
        environment.step(action)
        return
    environment.time += 1 / environment.config["policy_frequency"]
    environment._simulate(action)
    if hasattr(environment, "_spawn_vehicle"):
        environment._clear_vehicles()
        environment._spawn_vehicle(spawn_probability=environment.config["spawn_probability"])


def registered_ids() -> list[str]:
    """All ids that highway-env registers."""
    import highway_env

    gymnasium.register_envs(highway_env)
    return [
        env_id
        for env_id, spec in gymnasium.registry.items()
        if str(spec.entry_point).startswith("highway_env.")
    ]


def straight_road(*, lanes: int, length_m: float, speed_limit_mps: float) -> Any:
    """highway-env's motorway, shorter than the 10 km of ``highway-v0``: its ``RoadNetwork``.

    Args:
        lanes: How many, side by side.
        length_m: Of the road.
        speed_limit_mps: On all lanes.
    """
    from highway_env.road.road import RoadNetwork

    return RoadNetwork.straight_road_network(lanes, length=length_m, speed_limit=speed_limit_mps)


def stock_road(env_id: str, *, config: Mapping[str, Any] | None = None, **lengths: float) -> Any:
    """The road of a stock environment, laid once more with other lengths: its ``Road``, with nobody on it.

    Resets of highway-env may set constants of its classes for the whole process; nothing of that is left.

    Args:
        env_id: highway-env's id with its version.
        config: Settings that differ from the environment's defaults.
        lengths: For its ``_make_road`` or ``_create_road``, in metres; its own where there are none.
    """
    with untouched_constants():
        environment = stock_environment(env_id, config=config)
        lay = getattr(environment, "_make_road", None) or environment._create_road
        lay(**lengths)
    return environment.road


def exit_road(
    *, lanes: int, exit_m: float, beside_m: float, radius_m: float, length_m: float, beyond_m: float
) -> Any:
    """highway-env's motorway with an exit, and a straight road on from the exit's bend: its ``Road``.

    Args:
        lanes: Of the motorway.
        exit_m: Where the lane to the exit begins.
        beside_m: How far it runs beside the others.
        radius_m: Of the exit's bend, a quarter of a circle; highway-env's own is 150 m.
        length_m: Of the motorway.
        beyond_m: Length of the road after the bend, from node ``exit`` to node ``off``.
    """
    from highway_env.road.lane import CircularLane, StraightLane

    road = stock_road(
        "exit-v1",
        config={"lanes_count": lanes},
        road_length=length_m,
        exit_position=exit_m,
        exit_length=beside_m,
    )
    own = road.network.get_lane(("2", "exit", 0))
    bend = CircularLane(
        center=[own.center[0], own.center[1] + radius_m - own.radius],
        radius=radius_m,
        start_phase=own.start_phase,
        end_phase=own.end_phase,
        line_types=list(own.line_types),
        forbidden=own.forbidden,
    )
    road.network.graph["2"]["exit"] = [bend]
    start, heading = bend.position(bend.length, 0), bend.heading_at(bend.length)
    end = [start[0] + beyond_m * math.cos(heading), start[1] + beyond_m * math.sin(heading)]
    road.network.add_lane("exit", "off", StraightLane(start, end, line_types=list(bend.line_types)))
    return road


def register_stock_ids() -> None:
    """Let gymnasium know highway-env's own ids."""
    import highway_env

    gymnasium.register_envs(highway_env)


def _make(env_id: str, **settings: Any) -> Any:
    """A stock environment as it is before its reset, without wrappers."""
    register_stock_ids()
    return gymnasium.make(env_id, disable_env_checker=True, **settings).unwrapped


def set_traffic_constants(constants: Mapping[str, float]) -> None:
    """Set constants of ``IDMVehicle`` for the whole process, as highway-env's intersection does.

    Args:
        constants: Attribute of the class -> value.
    """
    from highway_env.vehicle.behavior import IDMVehicle

    for name, value in constants.items():
        setattr(IDMVehicle, name, value)


def stock_class(path: str) -> Any:
    """A class below ``highway_env.envs``, by ``module:name``."""
    module, name = path.split(":")
    return getattr(importlib.import_module(f"highway_env.envs.{module}"), name)


def default_config(cls: str) -> dict[str, Any]:
    """The default configuration of a class of environments.

    Args:
        cls: ``module:name`` below ``highway_env.envs``.
    """
    config: dict[str, Any] = stock_class(cls).default_config()
    return config


def accepted_keys(action: str) -> tuple[str, ...]:
    """The settings that a type of action reads and does not swallow.

    Args:
        action: The name of its class.
    """
    module = importlib.import_module("highway_env.envs.common.action")
    parameters = inspect.signature(getattr(module, action)).parameters.values()
    return tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "env")


def bare_environment(cls: str, config: Mapping[str, Any]) -> Any:
    """A stock environment that can only lay out roads and vehicles: ``_reset`` with a given ``_np_random``.

    Its constructor is not called, which would reset, observe and reward it at once: with some settings that
    raises, and it always takes longer than the layout.

    Args:
        cls: ``module:name`` below ``highway_env.envs``.
        config: The complete configuration.
    """
    from highway_env.envs.common.action import action_factory

    environment = object.__new__(stock_class(cls))
    environment.config = dict(config)
    environment.render_mode, environment.viewer = None, None
    environment.road, environment.controlled_vehicles = None, []
    environment.action_type = action_factory(environment, environment.config["action"])
    return environment


def vehicle_class(path: str) -> Any:
    """A class of vehicles, as a configuration names it in ``other_vehicles_type``."""
    module, name = path.rsplit(".", 1)
    return getattr(importlib.import_module(module), name)


@cache
def _pristine_constants() -> dict[str, dict[str, Any]]:
    """The constants of each class of traffic as highway-env's source states them.

    They are read from a second, private copy of the module: the one that is in use may have been changed
    already by an environment of highway-env's own (the intersection changes ``IDMVehicle`` in every reset).
    """
    spec = importlib.util.find_spec(_VEHICLES)
    if spec is None or spec.loader is None:
        raise ImportError(f"{_VEHICLES} is not installed")
    private = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(private)
    return {name: _constants(getattr(private, name)) for name in _traffic_classes(private)}


def _traffic_classes(module: Any) -> list[str]:
    """Classes that a module defines itself."""
    return [
        name for name, cls in vars(module).items() if inspect.isclass(cls) and cls.__module__ == _VEHICLES
    ]


def _constants(cls: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(cls).items() if name.isupper()}


def _set_constants(wanted: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Give each class of traffic these constants and no others; what they were before."""
    module = importlib.import_module(_VEHICLES)
    before = {}
    for name, constants in wanted.items():
        cls = getattr(module, name)
        before[name] = _constants(cls)
        for constant in before[name].keys() - constants.keys():
            delattr(cls, constant)
        for constant, value in constants.items():
            setattr(cls, constant, value)
    return before


@contextmanager
def untouched_constants() -> Iterator[None]:
    """Within: the classes of traffic have highway-env's own constants; afterwards those of before again.

    highway-env's intersection sets constants of its traffic's class for the whole process. Whoever builds a
    world does so in here, takes the constants over, and neither meets nor leaves a trace of another world.
    """
    with _LOCK:
        before = _set_constants(_pristine_constants())
        try:
            yield
        finally:
            _set_constants(before)
