"""What was measured in one episode: everything that a score is derived from, and nothing that is derived.

Where the ego has to park, progress is not made along a route but towards a pose: it is by how much the pose
error (:mod:`drivebench.metric.parked`) is less than at the start, and the goal is all of it. Parking is no
race: what counts is the pose at the end of the episode, after 1.5 times the expert's time at the latest.

A measurement follows from the action log and the world alone. It is what a record stores, so that a score can
be derived again when its formula changes.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from pydantic import ConfigDict

from drivebench.errors import ConfigurationError
from drivebench.metric.events import Event

__all__ = ["Ending", "EpisodeMeasurement", "Extremes", "Reference"]

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


class Ending(StrEnum):
    """Why an episode ended."""

    GOAL = "goal"
    HORIZON = "horizon"
    COLLISION = "collision"
    OFF_ROAD = "off-road"
    WRONG_WAY = "wrong-way"
    OFF_ROUTE = "off-route"
    UNFINISHED = "unfinished"
    """It was left before its end: the policy failed."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What the privileged expert did on the same episode.

    Attributes:
        time_s: When it arrived at the goal; the horizon if the episode has none.
        distance_m: How far along the route it was then.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    time_s: float
    distance_m: float

    def __post_init__(self) -> None:
        if not (0.0 < self.time_s < math.inf and 0.0 < self.distance_m < math.inf):
            raise ConfigurationError(
                f"a reference of {self.distance_m} m in {self.time_s} s; expected both finite and above 0"
            )


@dataclass(frozen=True, kw_only=True)
class Extremes:
    """Largest magnitudes of the ego's motion, after the filter of :mod:`drivebench.metric.comfort`.

    Attributes:
        acceleration_mps2: Forward.
        braking_mps2: Backward, as a positive number.
        lateral_acceleration_mps2: To either side.
        yaw_rate_radps: Either way.
        yaw_acceleration_radps2: Either way.
        longitudinal_jerk_mps3: Either way.
        jerk_mps3: Of the magnitude of the acceleration, either way.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    acceleration_mps2: float = 0.0
    braking_mps2: float = 0.0
    lateral_acceleration_mps2: float = 0.0
    yaw_rate_radps: float = 0.0
    yaw_acceleration_radps2: float = 0.0
    longitudinal_jerk_mps3: float = 0.0
    jerk_mps3: float = 0.0


@dataclass(frozen=True, kw_only=True)
class EpisodeMeasurement:
    """Raw measurements of one episode.

    Attributes:
        ended_by: Why it ended.
        duration_s: Time driven.
        horizon_s: Longest time that it could have lasted, without regard to a reference.
        speed_limit_mps: The limit that speed is held against.
        goal_m: Arc length of the goal along the route; None when the episode is open-ended.
        progress_m: Signed arc length along the route at the end.
        reference_progress_m: The same at the reference's time, or at the end if that came first.
        distance_m: Length of the way driven.
        off_road_s: Time with a corner more than 0.3 m off the drivable area.
        off_road_m: Way driven in that time.
        against_m: Way driven against the direction of travel.
        off_route_m: Furthest that the ego was beyond the corridor of its route.
        short_ttc_s: Time with a time to collision of 0.95 s or less.
        shortest_ttc_s: Shortest time to collision; None if none was below 3 s.
        overspeed_m: Integral of the excess over the speed limit.
        uncomfortable_s: Time outside of drivebench's bounds of comfort.
        uncomfortable_nuplan_s: Time outside of nuPlan's.
        flow_s: Time with traffic about the ego in its direction.
        flow_m: Integral of that traffic's mean speed over that time.
        in_flow_m: Way that the ego drove in that time.
        extremes: Largest magnitudes of the motion.
        events: What happened, in the order of time.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    ended_by: Ending
    duration_s: float
    horizon_s: float
    speed_limit_mps: float
    goal_m: float | None
    progress_m: float
    reference_progress_m: float
    distance_m: float
    off_road_s: float
    off_road_m: float
    against_m: float
    off_route_m: float
    short_ttc_s: float
    shortest_ttc_s: float | None
    overspeed_m: float
    uncomfortable_s: float
    uncomfortable_nuplan_s: float
    flow_s: float
    flow_m: float
    in_flow_m: float
    extremes: Extremes = field(default_factory=Extremes)
    events: tuple[Event, ...] = ()
