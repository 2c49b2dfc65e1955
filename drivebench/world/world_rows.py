"""The quantities of a whole world as one row of numbers each, ``WorldFloat`` and ``WorldInt``."""

import math

import numpy as np
import numpy.typing as npt

from drivebench.world.clock import SUBSTEPS, regulation_period
from drivebench.world.layout import GAINS, MAX_TARGET_SPEEDS, WorldFloat, WorldInt
from drivebench.world.world import World

__all__ = ["WORLD_FLOATS", "WORLD_INTS", "counts_of", "parameters_of"]

WORLD_FLOATS = WorldFloat.TARGET_SPEEDS + MAX_TARGET_SPEEDS
WORLD_INTS = WorldInt.TRACE_CRASHED + SUBSTEPS
"""How many columns there are."""


def counts_of(world: World, pool: int) -> npt.NDArray[np.int64]:
    """Columns ``WorldInt`` of a world at its start.

    Args:
        world: Which.
        pool: Where its network stands.
    """
    row, w = np.zeros(WORLD_INTS, dtype=np.int64), WorldInt
    row[w.NETWORK], row[w.LANES] = pool, len(world.network.lane_index)
    row[w.ENTITIES], row[w.VEHICLES] = world.entities, world.vehicles
    row[w.EGO], row[w.STRUCK] = world.ego, -1
    row[w.TARGET_SPEEDS] = len(world.target_speeds_mps)
    row[w.SUBSTEPS] = world.substeps
    row[w.REGULATION_PERIOD] = regulation_period(world.simulation_hz) if world.regulated else 0
    row[w.ROAD_STEPS], row[w.DECISIONS] = world.road_steps, world.decisions
    row[w.NEXT_IDENTITY] = world.next_identity
    if world.open_traffic is not None:
        row[w.ENTRIES], row[w.ENTRY_KIND] = len(world.open_traffic.entries), world.open_traffic.kind
    return row


def parameters_of(world: World) -> npt.NDArray[np.float64]:
    """Columns ``WorldFloat`` of a world."""
    traffic, speeds = world.traffic, world.target_speeds_mps
    row, w = np.zeros(WORLD_FLOATS), WorldFloat
    row[w.DISTANCE_WANTED], row[w.TIME_WANTED] = traffic.distance_wanted_m, traffic.time_wanted_s
    row[w.COMFORT_ACCELERATION] = traffic.comfort_acceleration_mps2
    row[w.COMFORT_BRAKING] = traffic.comfort_braking_mps2
    row[w.MAX_ACCELERATION] = traffic.max_acceleration_mps2
    row[w.POLITENESS], row[w.MIN_GAIN] = traffic.politeness, traffic.min_gain_mps2
    row[w.MAX_BRAKING_IMPOSED] = traffic.max_braking_imposed_mps2
    row[w.LANE_CHANGE_DELAY] = traffic.lane_change_delay_s
    product = -traffic.comfort_acceleration_mps2 * traffic.comfort_braking_mps2
    row[w.APPROACH_SCALE] = 2.0 * math.sqrt(product)
    row[w.TIME_STEP] = 1 / world.simulation_hz
    if world.open_traffic is not None:
        row[w.ENTRY_PROBABILITY] = world.open_traffic.probability
        if world.open_traffic.gains:
            lows, highs = zip(*world.open_traffic.gains, strict=True)
            row[w.ENTRY_GAINS : w.ENTRY_GAINS + 2 * GAINS] = *lows, *highs
    row[w.TARGET_SPEEDS : w.TARGET_SPEEDS + len(speeds)] = speeds
    return row
