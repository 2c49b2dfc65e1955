"""Find the comparison behind a discrete decision that two kinds of numerics took differently.

From the state before the decision both numerics are stepped one simulation step at a time until a lane, a
target lane or a crash differs. The comparison that decided is then looked up: for a lane, the distances of
the vehicle to the two lanes; for a target lane, the quantity next to its threshold in the rules for lane
changes and routes.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from drivebench.world import World, WorldBatch
from drivebench.world.clock import SUBSTEPS
from drivebench.world.geometry import VEHICLE_LENGTH_M
from drivebench.world.layout import EntityFloat, EntityInt, LaneFloat
from drivebench.world.network import RoadNetwork

__all__ = ["Tie", "closest_call"]


@dataclass(frozen=True, kw_only=True)
class Tie:
    """Two quantities that were all but equal.

    Attributes:
        decision: At which decision of the episode.
        what: Which comparison, in words.
        margin: By how much the two sides differed, at the parity state; infinite if no tie was found.
    """

    decision: int
    what: str
    margin: float


def closest_call(parity: World, canonical: World, action: npt.NDArray[np.int16], decision: int) -> Tie:
    """The comparison at which parity and canonical numerics part.

    Args:
        parity: State before the decision in parity numerics.
        canonical: State before the decision in canonical numerics (the same, or nearly).
        action: [2] what the ego does.
        decision: Number of the decision, for the record.
    """
    one, other = WorldBatch([parity], numerics="parity"), WorldBatch([canonical])
    for substep in range(SUBSTEPS):
        before = one.snapshot(0)
        for batch in (one, other):
            batch.substep(action[None], new_action=substep == 0)
        for name in ("lane", "target_lane", "crashed"):
            differing = np.flatnonzero(getattr(one, name)[0] != getattr(other, name)[0])
            if differing.size:
                i = int(differing[0])
                pair = int(getattr(one, name)[0, i]), int(getattr(other, name)[0, i])
                if name == "lane":
                    return _lane_tie(one, i, pair, decision)
                old = int(before.entity_int[EntityInt.TARGET_LANE, i])
                if name == "target_lane" and old in pair:
                    return _end_tie(before, i, old, decision)
                return Tie(
                    decision=decision, what=f"{name} of entity {i}: {pair[0]} or {pair[1]}", margin=np.inf
                )
    return Tie(decision=decision, what="no single step differs", margin=np.inf)


def _lane_tie(batch: WorldBatch, i: int, pair: tuple[int, int], decision: int) -> Tie:
    """Distances of a vehicle to the two lanes that were called closest."""
    network = batch.worlds[0].network
    x, y, heading, _ = batch.entity_float[0, EntityFloat.X : EntityFloat.SPEED + 1, i]
    first, second = (_distance(network, lane, x, y, heading) for lane in pair)
    names = " or ".join(str(network.lane_index[lane]) for lane in pair)
    return Tie(decision=decision, what=f"closest lane of entity {i}: {names}", margin=abs(first - second))


def _end_tie(world: World, i: int, lane: int, decision: int) -> Tie:
    """How far a vehicle that went on to the next lane was from the place where vehicles do.

    If it changed its target lane for another reason, that is far, and nothing is explained.
    """
    network = world.network
    s, _ = network.local_coordinates(lane, *world.entity_float[[EntityFloat.X, EntityFloat.Y], i])
    return Tie(
        decision=decision,
        what=f"end of lane {network.lane_index[lane]} for entity {i}",
        margin=abs(s - (network.length_m(lane) - VEHICLE_LENGTH_M / 2)),
    )


def _distance(network: RoadNetwork, lane: int, x: float, y: float, heading: float) -> float:
    s, r = network.local_coordinates(lane, x, y)
    length = float(network.lane_float[lane, LaneFloat.LENGTH])
    angle = (heading - network.heading_at(lane, s) + np.pi) % (2 * np.pi) - np.pi
    return abs(r) + max(s - length, 0.0) + max(-s, 0.0) + abs(angle)
