"""Whose fault a collision was: a pure function of the facts in its event.

The classes are nuPlan's (``no_ego_at_fault_collisions.py``: stopped ego, stopped track, active front, active
lateral, active rear). nuPlan never blames an ego that stands or that is struck from behind, which invites
brake-checking and parking in a live lane; the rules for these cases are ours and are stated here.
"""

from enum import StrEnum

from drivebench.metric.events import Collision, Contact, Partner
from drivebench.metric.limits import (
    FLOW_SHARE,
    HARD_BRAKING_MPS2,
    LANE_CHANGE_WINDOW_S,
    STOPPED_MPS,
)

__all__ = ["Fault", "fault_of"]


class Fault(StrEnum):
    """Why a collision is the ego's fault."""

    STRUCK = "struck"
    """The ego ran into something that stood, led or crossed ahead of it."""
    STRADDLED = "straddled"
    """It was touched at the side while it lay in more than one lane, or partly in none."""
    CUT_IN = "cut-in"
    """It was touched at the side or from behind within 2 s of coming into that lane or onto that road."""
    TOOK_PRIORITY = "took-priority"
    """It was in the way of a vehicle that went first there, at a crossing with rules of priority."""
    BRAKED = "braked"
    """It was struck from behind after braking hard without cause."""
    STOPPED = "stopped"
    """It was struck while standing in a live lane without cause."""
    SLOW = "slow"
    """It was struck from behind while driving far below the flow without cause."""


def _recent(seconds: float | None) -> bool:
    return seconds is not None and seconds <= LANE_CHANGE_WINDOW_S


def fault_of(collision: Collision) -> Fault | None:
    """The reason for which a collision is the ego's fault, or None when it is not.

    Args:
        collision: What happened.
    """
    standing = abs(collision.ego_speed_mps) <= STOPPED_MPS
    if not standing:
        partner_stands = collision.partner_speed_mps <= STOPPED_MPS
        if collision.partner is Partner.OBSTACLE or partner_stands or collision.contact is Contact.FRONT:
            return Fault.STRUCK
        if collision.contact is Contact.SIDE and collision.straddling:
            return Fault.STRADDLED
    if collision.partner_has_priority and collision.contact is not Contact.REAR:
        return Fault.TOOK_PRIORITY
    if _recent(collision.entered_lane_s) or _recent(collision.joined_road_s):
        return Fault.CUT_IN
    if standing or collision.contact is Contact.REAR:
        if collision.braking_mps2 > HARD_BRAKING_MPS2:
            return Fault.BRAKED
        if collision.stopped_without_cause:
            return Fault.STOPPED
        if collision.flow_share is not None and collision.flow_share < FLOW_SHARE:
            return Fault.SLOW
    return None
