"""Which of highway-env's classes can be taken over, and what must be as highway-env states it.

Nothing of highway-env is imported: classes are told apart by module and name, so the engine does not depend
on it. Only highway-env's own count: another class, a subclass included, may behave in another way.
"""

from collections.abc import Mapping
from typing import Any

from drivebench.errors import ConfigurationError
from drivebench.world import bicycle, control, following
from drivebench.world.clock import REGULATION_HZ
from drivebench.world.layout import EntityKind, LaneKind

__all__ = ["check_constants", "class_kind", "entity_kind", "is_regulated", "lane_kind"]

_KINDS = {
    "Vehicle": EntityKind.PLAIN,
    "IDMVehicle": EntityKind.IDM,
    "MDPVehicle": EntityKind.CONTROLLED,
    "LinearVehicle": EntityKind.LINEAR,
    "AggressiveVehicle": EntityKind.LINEAR,
    "DefensiveVehicle": EntityKind.LINEAR,
    "BicycleVehicle": EntityKind.BICYCLE,
    "Obstacle": EntityKind.OBSTACLE,
    "Landmark": EntityKind.LANDMARK,
}

_ENTITY_MODULES = tuple(
    f"highway_env.vehicle.{name}" for name in ("kinematics", "behavior", "controller", "dynamics", "objects")
)
_LANE_MODULES = ("highway_env.road.lane",)
_ROAD_MODULES = ("highway_env.road.road", "highway_env.road.regulation")

_LANES = {
    "StraightLane": LaneKind.STRAIGHT,
    "SineLane": LaneKind.SINE,
    "CircularLane": LaneKind.CIRCULAR,
    "PolyLaneFixedWidth": LaneKind.POLYLINE,
    "PolyLane": LaneKind.POLYLINE,
}

_ROADS = {"Road": False, "RegulatedRoad": True}
"""Whether vehicles give way to each other on them."""

_BUILT_IN = {
    "KP_A": following.SPEED_GAIN,
    "KP_HEADING": control.HEADING_GAIN,
    "KP_LATERAL": control.LATERAL_GAIN,
    "TAU_PURSUIT": control.PURSUIT_S,
    "MAX_STEERING_ANGLE": control.LARGEST_STEERING_RAD,
    "MASS": bicycle.MASS_KG,
    "LENGTH_A": bicycle.TO_FRONT_M,
    "LENGTH_B": bicycle.TO_REAR_M,
    "INERTIA_Z": bicycle.INERTIA_KGM2,
    "FRICTION_FRONT": bicycle.FRONT_STIFFNESS_N,
    "FRICTION_REAR": bicycle.REAR_STIFFNESS_N,
    "MAX_ANGULAR_SPEED": bicycle.LARGEST_YAW_RATE_RADPS,
    "prediction_type": "constant_steering",
}
"""What the kernels know at compile time of vehicles: constants of their classes, and how a ``Vehicle`` is
expected to move on when a regulated road looks for conflicts."""

_REGULATION = {"REGULATION_FREQUENCY": REGULATION_HZ, "YIELD_DURATION": 0.0}
"""What they know of ``RegulatedRoad``: who gives way is settled anew in every round."""


def check_constants(holder: Any, expected: Mapping[str, Any]) -> None:
    """Refuse other values than those that are built in.

    Args:
        holder: A class or an instance of it.
        expected: Attribute -> value; an attribute that is not there counts as right.

    Raises:
        ConfigurationError: Names the class, the attribute and both values.
    """
    for constant, value in expected.items():
        given = getattr(holder, constant, value)
        if given != value:
            name = (holder if isinstance(holder, type) else type(holder)).__name__
            raise ConfigurationError(
                f"a {name} has {constant} {given}; expected {value}, which is built into the kernels"
            )


def class_kind(cls: type) -> EntityKind:
    """What vehicles or objects of a class become.

    Raises:
        ConfigurationError: It is not one of highway-env's own, or what is built in was changed.
    """
    kind = _kind_of(cls)
    check_constants(cls, _BUILT_IN)
    return kind


def _kind_of(cls: type) -> EntityKind:
    name = cls.__name__
    if name not in _KINDS or cls.__module__ not in _ENTITY_MODULES:
        raise ConfigurationError(
            f"an entity of class {cls.__module__}.{name} cannot be taken over; expected one of "
            f"highway-env's own classes {', '.join(_KINDS)} (a subclass may behave in another way)"
        )
    return _KINDS[name]


def entity_kind(entity: Any) -> EntityKind:
    """What a vehicle or object becomes.

    Raises:
        ConfigurationError: It is not of one of highway-env's own classes, or what is built in was changed.
    """
    kind = _kind_of(type(entity))
    check_constants(entity, _BUILT_IN)
    return kind


def lane_kind(lane: Any) -> LaneKind:
    """The shape of a lane.

    Raises:
        ConfigurationError: It is not of one of highway-env's own classes.
    """
    cls = type(lane)
    if cls.__name__ not in _LANES or cls.__module__ not in _LANE_MODULES:
        raise ConfigurationError(
            f"a lane of class {cls.__module__}.{cls.__name__} cannot be taken over; expected highway-env's "
            f"own {', '.join(_LANES)}"
        )
    return _LANES[cls.__name__]


def is_regulated(road: Any) -> bool:
    """Whether vehicles give way to each other on a road.

    Raises:
        ConfigurationError: It is not of one of highway-env's own classes, or its rules were changed.
    """
    cls = type(road)
    if cls.__name__ not in _ROADS or cls.__module__ not in _ROAD_MODULES:
        raise ConfigurationError(
            f"a road of class {cls.__module__}.{cls.__name__} cannot be taken over; expected highway-env's "
            f"own {' or '.join(_ROADS)} (a subclass may have other rules)"
        )
    if _ROADS[cls.__name__]:
        check_constants(road, _REGULATION)
    return _ROADS[cls.__name__]
