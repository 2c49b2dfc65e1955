"""How an episode came out: the first reason, in the order of the score's gates, that it lost points for.

Every episode has exactly one end, so that the counts of a policy add up to its episodes.
"""

from enum import StrEnum

from drivebench.evaluation.record import EpisodeRecord, Status
from drivebench.metric.events import Collision, OffRoad
from drivebench.metric.fault import Fault
from drivebench.metric.measurement import Ending
from drivebench.metric.parts import faults

__all__ = ["FAULT_WORDS", "End", "detail_of", "end_of"]


class End(StrEnum):
    """Ends, from the best to what says least about the driving; the value is the head of a column."""

    DONE = "done"
    """The task was done, without an infraction."""
    BLEMISHED = "blemished"
    """All gates are open, but the road was left for a moment, or a collision was somebody else's fault."""
    SLOW = "too slow"
    """Late at the goal, or not as far as the expert."""
    STUCK = "stuck"
    """Less progress than the score's gate asks for."""
    OFF_ROUTE = "off the route"
    WRONG_WAY = "wrong way"
    """Against the direction of travel."""
    OFF_ROAD = "off the road"
    COLLISION = "collision"
    """One that was the policy's fault."""
    STRUCK = "hit by others"
    """A collision that was not its fault, and ended the episode."""
    FAILED = "policy failed"
    """An exception, a hang, an answer that is no action."""
    MISSING = "missing"
    """The run has no record of the episode."""


FAULT_WORDS = {
    Fault.STRUCK: "ran into somebody or something",
    Fault.STRADDLED: "touched while in two lanes",
    Fault.CUT_IN: "cut in",
    Fault.TOOK_PRIORITY: "took somebody's priority",
    Fault.BRAKED: "braked hard without cause",
    Fault.STOPPED: "stood in a live lane",
    Fault.SLOW: "drove far below the flow",
}
"""Why a collision was the policy's fault."""


def end_of(record: EpisodeRecord) -> End:
    """Say how an episode came out.

    Args:
        record: Of the episode.
    """
    part, measured = record.parts, record.measurement
    ended_by = measured.ended_by
    if record.status is not Status.DRIVEN:
        return End.FAILED
    if record.success:
        return End.DONE
    if part.nc < 1.0:
        return End.COLLISION
    if ended_by is Ending.COLLISION:
        return End.STRUCK
    if part.dac < 1.0 or ended_by is Ending.OFF_ROAD:
        return End.OFF_ROAD
    if part.ddc < 1.0 or ended_by is Ending.WRONG_WAY:
        return End.WRONG_WAY
    if part.rc < 1.0 or ended_by is Ending.OFF_ROUTE:
        return End.OFF_ROUTE
    if part.mp < 1.0:
        return End.STUCK
    return End.BLEMISHED if _has_infraction(record) else End.SLOW


def detail_of(record: EpisodeRecord) -> str:
    """Why a collision was the policy's fault, or what it failed in; empty for every other end.

    Args:
        record: Of the episode.
    """
    end = end_of(record)
    if end is End.COLLISION:
        return FAULT_WORDS[faults(record.measurement)[0]]
    return record.status.value if end is End.FAILED else ""


def _has_infraction(record: EpisodeRecord) -> bool:
    """Whether there was one at all, also such a one that no gate of the score closes for."""
    return any(isinstance(event, Collision | OffRoad) for event in record.measurement.events)
