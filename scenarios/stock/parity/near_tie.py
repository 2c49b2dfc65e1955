"""Find the comparison behind a discrete decision that two kinds of numerics took differently.

From the state before the decision both numerics are stepped one simulation step at a time until a discrete
quantity differs. For the closest lane and the end of a lane, the compared quantities are looked up. For all
other decisions (lane changes, collisions, giving way, appearing and leaving) the state before that simulation
step is disturbed at random, in parity numerics alone: the margin is the smallest disturbance of positions
(m), headings (rad) and speeds (m/s) after which parity decides otherwise, too.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from drivebench.world import World, WorldBatch
from drivebench.world.geometry import VEHICLE_LENGTH_M
from drivebench.world.layout import EntityFloat, EntityInt, LaneFloat
from drivebench.world.network import RoadNetwork
from scenarios.stock.parity.states import DISCRETE, discrete

__all__ = ["Tie", "closest_call"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_DISTURBANCES = [10.0**power for power in range(-14, -5)]
_TRIES = 16
_MOVED = [EntityFloat.X, EntityFloat.Y, EntityFloat.HEADING, EntityFloat.SPEED]


@dataclass(frozen=True, kw_only=True)
class Tie:
    """Two quantities that were all but equal.

    Attributes:
        decision: At which decision of the episode.
        what: Which comparison, in words.
        margin: By how much the two sides differed, at the parity state, or how small a disturbance of it
            changes the decision; infinite if no tie was found.
    """

    decision: int
    what: str
    margin: float


def closest_call(
    parity: World, canonical: World, commands: Floats, manoeuvres: Ints, decision: int
) -> Tie | None:
    """The comparison at which parity and canonical numerics part; None if they do not in this decision.

    Args:
        parity: State before the decision in parity numerics.
        canonical: State before the decision in canonical numerics (the same, or nearly).
        commands: [1, A, 2] of the agents under continuous control.
        manoeuvres: [1, A] of the agents that take meta-actions.
        decision: Number of the decision, for the record.
    """
    one, other = WorldBatch([parity], numerics="parity"), WorldBatch([canonical])
    for substep in range(parity.substeps):
        before = one.snapshot(0)
        for batch in (one, other):
            batch.drive_substep(commands, manoeuvres, new_action=substep == 0)
        ours, theirs = discrete(one), discrete(other)
        if not np.array_equal(ours, theirs):
            what, margin = _known_tie(before, one, ours, theirs)
            if not margin < 1.0:
                margin = _disturbance(before, commands, manoeuvres, new_action=substep == 0)
            return Tie(decision=decision, what=what, margin=margin)
    return None


def _known_tie(before: World, batch: WorldBatch, ours: Ints, theirs: Ints) -> tuple[str, float]:
    """What differs first, and by how much the compared quantities do where that can be looked up."""
    if ours.shape != theirs.shape:
        return f"number of entities: {ours.shape[1]} or {theirs.shape[1]}", np.inf
    rows, places = np.nonzero(ours != theirs)
    name, i = DISCRETE[rows[0]], int(places[0])
    pair = int(ours[rows[0], i]), int(theirs[rows[0], i])
    network = before.network
    if name == "lane":
        x, y, heading, _ = batch.entity_float[0, _MOVED, i]
        first, second = (_distance(network, lane, x, y, heading) for lane in pair)
        names = " or ".join(str(network.lane_index[lane]) for lane in pair)
        return f"closest lane of entity {i}: {names}", float(abs(first - second))
    if name == "target lane" and i < before.entities:
        old = int(before.entity_int[EntityInt.TARGET_LANE, i])
        if old in pair:
            s, _ = network.local_coordinates(old, *before.entity_float[[EntityFloat.X, EntityFloat.Y], i])
            margin = float(abs(s - (network.length_m(old) - VEHICLE_LENGTH_M / 2)))
            if margin < 1e-6:
                return f"end of lane {network.lane_index[old]} for entity {i}", margin
        names = " or ".join(str(network.lane_index[lane]) for lane in pair)
        return f"target lane of entity {i}: {names}", np.inf
    return f"{name} of entity {i}: {pair[0]} or {pair[1]}", np.inf


def _distance(network: RoadNetwork, lane: int, x: float, y: float, heading: float) -> float:
    s, r = network.local_coordinates(lane, x, y)
    length = float(network.lane_float[lane, LaneFloat.LENGTH])
    angle = (heading - network.heading_at(lane, s) + np.pi) % (2 * np.pi) - np.pi
    return abs(r) + max(s - length, 0.0) + max(-s, 0.0) + abs(angle)


def _disturbance(world: World, commands: Floats, manoeuvres: Ints, *, new_action: bool) -> float:
    """The smallest random disturbance of a state that changes what parity numerics decides in one step."""
    batch = WorldBatch([world] * (1 + _TRIES), numerics="parity")
    orders = np.repeat(commands, 1 + _TRIES, axis=0), np.repeat(manoeuvres, 1 + _TRIES, axis=0)
    rng = np.random.default_rng(0)
    for size in _DISTURBANCES:
        for slot in range(1 + _TRIES):
            batch.load(slot, world)
        moved = batch.entity_float[1:, _MOVED, : world.vehicles]
        batch.entity_float[1:, _MOVED, : world.vehicles] = moved + rng.uniform(-size, size, moved.shape)
        batch.drive_substep(*orders, new_action=new_action)
        undisturbed = discrete(batch)
        if any(not np.array_equal(discrete(batch, slot), undisturbed) for slot in range(1, 1 + _TRIES)):
            return float(size)
    return float(np.inf)
