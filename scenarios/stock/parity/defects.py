"""Where highway-env raises, leaves something to chance or ignores a setting, and what we do instead.

Each claim comes with a probe that runs highway-env, so that a version in which it no longer holds is noticed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from scenarios.stock.ids import IDS
from scenarios.stock.upstream import (
    made_environment,
    own_environment,
    stock_environment,
    untouched_constants,
    vehicle_class,
)

__all__ = ["DEFECTS", "Defect"]

CONTINUOUS = {"action": {"type": "ContinuousAction"}}
KINEMATICS = {"observation": {"type": "Kinematics"}}
_IDM = "highway_env.vehicle.behavior.IDMVehicle"


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One such place.

    Attributes:
        ids: The ids concerned.
        what: What highway-env does.
        instead: What drivebench does.
        holds: Runs highway-env and says whether it still does so.
    """

    ids: tuple[str, ...]
    what: str
    instead: str
    holds: Callable[[], bool]


def _ids(*families: str) -> tuple[str, ...]:
    return tuple(name for name, entry in IDS.items() if entry.family in families)


def _raises(error: type[Exception], act: Callable[[], Any]) -> bool:
    try:
        act()
    except error:
        return True
    return False


def _all_raise(ids: tuple[str, ...], error: type[Exception], **config: Any) -> bool:
    return all(_raises(error, partial(stock_environment, name, config=config)) for name in ids)


def _length(seed: int) -> float:
    road = stock_environment("racetrack-oval-v1", seed=seed, config={"length": 0}).road
    return float(road.network.get_lane(("a", "b", 0)).length)


def _constructors_are_closed() -> bool:
    arguments: tuple[dict[str, Any], ...] = ({"config": {}}, {"render_mode": "rgb_array"})
    return all(
        _raises(TypeError, partial(made_environment, name, **given))
        for name in _CLOSED
        for given in arguments
    )


def _constants_leak() -> bool:
    driver = vehicle_class(_IDM)
    with untouched_constants():
        before = driver.DISTANCE_WANTED, driver.COMFORT_ACC_MAX, driver.COMFORT_ACC_MIN
        own_environment("intersection-v0", seed=0)
        after = driver.DISTANCE_WANTED, driver.COMFORT_ACC_MAX, driver.COMFORT_ACC_MIN
    return before == (10.0, 3.0, -5.0) and after == (7, 6, -3)


def _pursuit_is_ignored() -> bool:
    ego = own_environment("u-turn-v1", seed=0).vehicle
    return bool(ego.PURSUIT_TAU == ego.TAU_HEADING and ego.TAU_PURSUIT == 0.5 * ego.TAU_HEADING)


def _traffic_class_is_ignored() -> bool:
    config = {"other_vehicles_type": "highway_env.vehicle.behavior.LinearVehicle"}
    vehicles = own_environment("racetrack-v1", seed=0, config=config).road.vehicles
    return any(type(vehicle) is vehicle_class(_IDM) for vehicle in vehicles)


_MERGING = _ids("merge", "roundabout")
_OVALS = ("racetrack-oval-v0", "racetrack-oval-v1")
_CLOSED = ("parking-ActionRepeat-v0", "parking-parked-v0")

DEFECTS = (
    Defect(
        ids=_ids("intersection"),
        what="each reset sets `DISTANCE_WANTED`, `COMFORT_ACC_MAX` and `COMFORT_ACC_MIN` of the traffic's "
        "class for all environments of the process",
        instead="constants belong to a world",
        holds=_constants_leak,
    ),
    Defect(
        ids=_MERGING,
        what="`ContinuousAction` on both axes: the reward asks `action in [0, 2]` of an array and raises "
        "`ValueError`, already in the reset",
        instead="works; no lane change is counted. Compared with highway-env without its reward",
        holds=lambda: _all_raise(_MERGING, ValueError, **CONTINUOUS),
    ),
    Defect(
        ids=_ids("two_way", "u_turn"),
        what="`ContinuousAction`: the observation `TimeToCollision` asks for target speeds and raises "
        "`AttributeError`",
        instead="an error that says so. Compared with `Kinematics`",
        holds=lambda: _all_raise(_ids("two_way", "u_turn"), AttributeError, **CONTINUOUS),
    ),
    Defect(
        ids=_ids("two_way"),
        what="`ContinuousAction` with another observation: the reward raises `AttributeError`",
        instead="the speed counts as the nearest of 20, 25 and 30 m/s. Compared without the reward",
        holds=lambda: _all_raise(_ids("two_way"), AttributeError, **CONTINUOUS, **KINEMATICS),
    ),
    Defect(
        ids=_OVALS,
        what="`length` 0: drawn from a generator without a seed, so that `reset(seed)` gives different roads",
        instead="drawn from the seed",
        holds=lambda: len({_length(1) for _ in range(6)}) > 1,
    ),
    Defect(
        ids=_OVALS,
        what="`no_lanes` 0: the reset raises `ValueError`",
        instead="drawn from the seed",
        holds=lambda: _all_raise(_OVALS, ValueError, no_lanes=0),
    ),
    Defect(
        ids=_CLOSED,
        what="the constructor takes neither `config` nor `render_mode` (`TypeError`)",
        instead="takes both. Compared with an environment that is configured after it is made",
        holds=_constructors_are_closed,
    ),
    Defect(
        ids=("lane-keeping-v0",),
        what="the constructor takes no `render_mode` (`TypeError`), and a step before the first `reset` "
        "raises `AttributeError`",
        instead="takes it; a step before the first reset is an error that says so",
        holds=lambda: (
            _raises(TypeError, lambda: made_environment("lane-keeping-v0", render_mode="rgb_array"))
            and _raises(AttributeError, lambda: made_environment("lane-keeping-v0").step(np.zeros(1)))
        ),
    ),
    Defect(
        ids=("lane-keeping-v0",),
        what="an action without `dynamical`: the observation raises `AttributeError`",
        instead="works with other observations than `AttributesObservation`",
        holds=lambda: _all_raise(("lane-keeping-v0",), AttributeError, **CONTINUOUS),
    ),
    Defect(
        ids=_ids("u_turn"),
        what="the ego's `PURSUIT_TAU` is set, but `TAU_PURSUIT` is read: its stronger anticipation has no "
        "effect",
        instead="none either",
        holds=_pursuit_is_ignored,
    ),
    Defect(
        ids=_ids("racetrack"),
        what="`DiscreteMetaAction`: the reset raises `AttributeError`",
        instead="an error that says so",
        holds=lambda: _all_raise(_ids("racetrack"), AttributeError, action={"type": "DiscreteMetaAction"}),
    ),
    Defect(
        ids=_ids("racetrack"),
        what="`other_vehicles_type` is ignored, the traffic is `IDMVehicle`",
        instead="ignored, too",
        holds=_traffic_class_is_ignored,
    ),
)
"""All of them."""
