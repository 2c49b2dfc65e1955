"""What can happen in an episode that a score cares about: typed events, each with its time.

Events are facts, not judgements: whether a collision was the ego's fault is decided by
:mod:`drivebench.metric.fault` from what is written here, so that a record can be judged again by another
rule. Times are seconds since the start of the episode; speeds are metres per second.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

__all__ = [
    "Collision",
    "Contact",
    "Event",
    "GoalReached",
    "OffRoad",
    "OffRoute",
    "Overspeed",
    "Partner",
    "ShortTimeToCollision",
    "WrongWay",
]

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


class Contact(StrEnum):
    """The side of the ego's box that was touched."""

    FRONT = "front"
    SIDE = "side"
    REAR = "rear"


class Partner(StrEnum):
    """What the ego collided with."""

    VEHICLE = "vehicle"
    OBSTACLE = "obstacle"


@dataclass(frozen=True, kw_only=True)
class Collision:
    """The ego touched a vehicle or an obstacle. States are those just before the touch.

    Attributes:
        time_s: End of the simulation step in which they touched.
        partner: What was touched.
        partner_index: Its index among the entities of the episode's world.
        contact: Which side of the ego.
        ego_speed_mps: Speed of the ego; negative in reverse.
        partner_speed_mps: Speed of the other.
        straddling: The ego's box lay in more than one lane, or partly in none.
        braking_mps2: The ego's hardest braking in the last 1.5 s for which there was no cause; 0 if none.
        stopped_without_cause: The ego stood in a live lane with nothing ahead that it had to wait for.
        flow_share: The ego's mean speed over the last 1.5 s as a share of the speed of the traffic about it;
            None when there is no such traffic, or when there was a cause to drive slowly.
        entered_lane_s: Time since the ego last came into its lane from the side; None if it has not within 2
            s.
        joined_road_s: Time since the ego came onto the road on which the other already was; None if it has
            not within 2 s.
        partner_has_priority: On a road where some give way to others, the lane of the other had a higher
            priority than the ego's.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    kind: Literal["collision"] = "collision"
    time_s: float
    partner: Partner
    partner_index: int
    contact: Contact
    ego_speed_mps: float
    partner_speed_mps: float
    straddling: bool
    braking_mps2: float
    stopped_without_cause: bool
    flow_share: float | None
    entered_lane_s: float | None
    joined_road_s: float | None
    partner_has_priority: bool = False


@dataclass(frozen=True, kw_only=True)
class OffRoad:
    """A corner of the ego was more than 0.3 m off the drivable area, from one time to another.

    Attributes:
        start_s: Begin of the first simulation step.
        end_s: End of the last one.
        depth_m: How far the worst corner was off.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    kind: Literal["off-road"] = "off-road"
    start_s: float
    end_s: float
    depth_m: float


@dataclass(frozen=True, kw_only=True)
class WrongWay:
    """The ego drove against the direction of travel, from one time to another, over a distance."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    kind: Literal["wrong-way"] = "wrong-way"
    start_s: float
    end_s: float
    distance_m: float


@dataclass(frozen=True, kw_only=True)
class OffRoute:
    """The ego left the corridor of its route by more than 10 m."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    kind: Literal["off-route"] = "off-route"
    time_s: float
    offset_m: float


@dataclass(frozen=True, kw_only=True)
class ShortTimeToCollision:
    """The time to collision was 0.95 s or less, from one time to another; the shortest of it."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    kind: Literal["short-time-to-collision"] = "short-time-to-collision"
    start_s: float
    end_s: float
    shortest_s: float


@dataclass(frozen=True, kw_only=True)
class Overspeed:
    """The ego drove faster than the limit, from one time to another; the greatest excess."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    kind: Literal["overspeed"] = "overspeed"
    start_s: float
    end_s: float
    excess_mps: float


@dataclass(frozen=True, kw_only=True)
class GoalReached:
    """The ego passed the goal of its route."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    kind: Literal["goal-reached"] = "goal-reached"
    time_s: float


Event = Annotated[
    Collision | OffRoad | WrongWay | OffRoute | ShortTimeToCollision | Overspeed | GoalReached,
    Field(discriminator="kind"),
]
