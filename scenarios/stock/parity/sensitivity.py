"""How far apart one decision may take two kinds of numerics that differ in the last bit of each operation.

highway-env's lateral controller divides by the speed. Below about 0.85 m/s its discrete steps overshoot, so
that an error in the last bit of a position grows with every simulation step (``growth``), in stock as in
here; so does the yaw of cars with tyre forces, and a crash carries it on to others. What canonical numerics
may differ by is therefore measured where it differs at all: it is a multiple of what parity numerics differs
from itself by when every position, heading, speed and yaw rate is moved by one unit in the last place before
every simulation step.
"""

import numpy as np
import numpy.typing as npt

from drivebench.world import World, WorldBatch
from drivebench.world.build import build_network, build_world, vehicle_on_lane
from drivebench.world.lane_spec import LaneSpec
from drivebench.world.layout import EntityFloat
from scenarios.stock.parity.states import discrete

__all__ = ["NEGLIGIBLE", "SLACK", "difference", "excess", "growth", "reach"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NEGLIGIBLE = 1e-12
"""Differences up to this (m, rad, m/s) are asked no questions."""

SLACK = 4.0
"""How many times the reach of one unit in the last place canonical may differ by: it rounds in every
operation of a simulation step, not only once."""

COPIES = 8
_COMPARED = [EntityFloat.X, EntityFloat.Y, EntityFloat.HEADING, EntityFloat.SPEED]
_MOVED = [*_COMPARED, EntityFloat.LATERAL_SPEED, EntityFloat.YAW_RATE]


def difference(one: WorldBatch, other: WorldBatch, slot: int = 0) -> float:
    """Largest difference in x, y, heading or speed of two worlds with the same entities.

    Args:
        one: Its only world is compared.
        other: With this one's.
        slot: Which of the other's worlds.
    """
    n = int(one.entities[0])
    differences = one.entity_float[0, _COMPARED, :n] - other.entity_float[slot, _COMPARED, :n]
    return float(np.abs(differences).max())


def reach(before: World, after: WorldBatch, commands: Floats, manoeuvres: Ints) -> float:
    """How far the last bit of a state reaches in one decision of parity numerics.

    Args:
        before: State before the decision.
        after: Its only world is that state, after the decision.
        commands: [1, A, 2] of the agents under continuous control.
        manoeuvres: [1, A] of the agents that take meta-actions.
    """
    batch = WorldBatch([before] * COPIES, numerics="parity")
    rng = np.random.default_rng(0)
    orders = np.repeat(commands, COPIES, axis=0), np.repeat(manoeuvres, COPIES, axis=0)
    for step in range(before.substeps):
        moved = batch.entity_float[:, _MOVED, : before.vehicles]
        towards = np.where(rng.random(moved.shape) < 0.5, -np.inf, np.inf)
        batch.entity_float[:, _MOVED, : before.vehicles] = np.nextafter(moved, towards)
        batch.drive_substep(*orders, new_action=step == 0)
    decided = discrete(after)
    alike = [slot for slot in range(COPIES) if np.array_equal(discrete(batch, slot), decided)]
    return max((difference(after, batch, slot) for slot in alike), default=0.0)


def excess(differs: float, before: World, after: WorldBatch, commands: Floats, manoeuvres: Ints) -> float:
    """By how much more canonical differs than rounding explains; 0 if it does not.

    Args:
        differs: The largest difference after the decision.
        before: State before it.
        after: Its only world is that state, after the decision in parity numerics.
        commands: [1, A, 2] of the agents under continuous control.
        manoeuvres: [1, A] of the agents that take meta-actions.
    """
    if differs <= NEGLIGIBLE:
        return 0.0
    return max(differs - SLACK * reach(before, after, commands, manoeuvres), 0.0)


def growth(speed_mps: float) -> float:
    """By what factor the steering of traffic changes a tiny distance from its lane in a simulation step.

    Measured in parity numerics on a straight lane at 15 Hz, when the first steps are over; above 1 the
    steering is unstable.

    Args:
        speed_mps: Constant.
    """
    network = build_network([("a", "b", LaneSpec.straight((0.0, 0.0), (1000.0, 0.0)))])
    car = vehicle_on_lane(network, ("a", "b", 0), 10.0, speed_mps=speed_mps, target_speed_mps=speed_mps)
    batch = WorldBatch([build_world(network, [car], ego=-1)], numerics="parity")
    away_m = [1e-9]
    batch.entity_float[0, EntityFloat.Y, 0] = away_m[0]
    while len(away_m) <= 60 and away_m[-1] < 1e-6:
        batch.warm_up([0], 1)
        away_m.append(abs(float(batch.y[0, 0])))
    middle = len(away_m) // 2
    return float((away_m[-1] / away_m[middle]) ** (1.0 / (len(away_m) - 1 - middle)))
