"""The parts of the DriveBench Score, from a measurement and the expert's reference."""

from dataclasses import dataclass

from drivebench.metric.events import Collision, GoalReached, OffRoad
from drivebench.metric.fault import Fault, fault_of
from drivebench.metric.limits import (
    AGAINST_HALF_M,
    AGAINST_ZERO_M,
    FULL_PROGRESS,
    LATE_PROGRESS_CAP,
    LATE_TIME_FACTOR,
    LATE_TIME_TOLERANCE_S,
    MAKING_PROGRESS,
    OFF_ROAD_TIME_S,
    OFF_ROUTE_M,
    OVERSPEED_MPS,
)
from drivebench.metric.measurement import EpisodeMeasurement, Reference

__all__ = ["Parts", "faults", "is_success", "parts", "stand_in_reference"]


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of the score, under their names in the field; each in [0, 1], larger is better.

    Attributes:
        nc: No at-fault collision (gate, 0 or 1).
        dac: Drivable-area compliance (gate, 0 or 1).
        ddc: Driving-direction compliance (gate, 0, 0.5 or 1).
        rc: Route compliance (gate, 0 or 1).
        mp: Making progress (gate, 0 or 1).
        ep: Ego progress, relative to the expert's.
        ttc: Share of time with a time to collision above 0.95 s.
        sl: Speed-limit compliance.
        c: Share of time in comfort.
    """

    nc: float
    dac: float
    ddc: float
    rc: float
    mp: float
    ep: float
    ttc: float
    sl: float
    c: float


def faults(measurement: EpisodeMeasurement) -> tuple[Fault, ...]:
    """Reasons of all collisions that were the ego's fault."""
    found = (fault_of(event) for event in measurement.events if isinstance(event, Collision))
    return tuple(reason for reason in found if reason is not None)


def parts(measurement: EpisodeMeasurement, reference: Reference) -> Parts:
    """The parts of the score of one episode.

    Args:
        measurement: What was measured.
        reference: What the expert did on the same episode.
    """
    progress = _progress(measurement, reference)
    duration_s = measurement.duration_s
    return Parts(
        nc=0.0 if faults(measurement) else 1.0,
        dac=0.0 if measurement.off_road_s > OFF_ROAD_TIME_S else 1.0,
        ddc=_direction(measurement.against_m),
        rc=0.0 if measurement.off_route_m > OFF_ROUTE_M else 1.0,
        mp=0.0 if progress < MAKING_PROGRESS else 1.0,
        ep=progress,
        ttc=_share_left(measurement.short_ttc_s, duration_s),
        sl=_share_left(measurement.overspeed_m, OVERSPEED_MPS * duration_s),
        c=_share_left(measurement.uncomfortable_s, duration_s),
    )


def is_success(measurement: EpisodeMeasurement, reference: Reference) -> bool:
    """Whether the task was done: all gates open, the goal reached in time, no infraction.

    An open-ended episode has no goal; it must equal the expert's progress instead. Infractions are any
    collision, whosever fault, and any time off the drivable area.

    Args:
        measurement: What was measured.
        reference: What the expert did on the same episode.
    """
    part = parts(measurement, reference)
    arrived = part.ep >= 1.0 if measurement.goal_m is None else _arrived_in_time(measurement, reference)
    gates = part.nc * part.dac * part.ddc * part.rc * part.mp
    infraction = any(isinstance(event, Collision | OffRoad) for event in measurement.events)
    return arrived and gates >= 1.0 and not infraction


def stand_in_reference(measurement: EpisodeMeasurement) -> Reference:
    """What to measure progress against before an expert has driven: the goal, or the limit kept throughout.

    Scores against a stand-in are for orientation (collecting demonstrations); they never enter a table.

    Args:
        measurement: Of the episode.
    """
    at_limit_m = measurement.speed_limit_mps * measurement.horizon_s
    return Reference(time_s=measurement.horizon_s, distance_m=measurement.goal_m or at_limit_m)


def _progress(measurement: EpisodeMeasurement, reference: Reference) -> float:
    ratio = measurement.reference_progress_m / (FULL_PROGRESS * reference.distance_m)
    ratio = min(1.0, max(0.0, ratio))
    if measurement.goal_m is not None and not _arrived_in_time(measurement, reference):
        ratio = min(ratio, LATE_PROGRESS_CAP)
    return ratio


def _arrived_in_time(measurement: EpisodeMeasurement, reference: Reference) -> bool:
    times = [event.time_s for event in measurement.events if isinstance(event, GoalReached)]
    return bool(times) and times[0] <= LATE_TIME_FACTOR * reference.time_s + LATE_TIME_TOLERANCE_S


def _direction(against_m: float) -> float:
    if against_m <= AGAINST_HALF_M:
        return 1.0
    return 0.5 if against_m <= AGAINST_ZERO_M else 0.0


def _share_left(bad: float, of: float) -> float:
    """1 minus the share of something bad; an episode that never ran gets nothing."""
    return max(0.0, 1.0 - bad / of) if of > 0.0 else 0.0
