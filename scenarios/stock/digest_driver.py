"""Drives episodes whose digests are compared between machines: nothing here may depend on one.

Agents under continuous control follow their lane and its speed limit, or, on parking lots, hold what they
drew for a while; those with meta-actions take the drawn ones. Draws are integers of a hash of (seed,
decision, agent), so they depend neither on a library nor on the order of things.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.world import WorldBatch
from drivebench.world.geometry import heading_at, local_coordinates
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, LaneFloat, WorldInt
from drivebench.world.numerics import wrap_angle

__all__ = ["DigestDriver"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_HOLD = 8
"""Decisions for which a drawn command is held."""
_MANOEUVRES = np.array([1, 1, 1, 1, 1, 1, 1, 0, 0, 2, 2, 3, 3, 3, 4, 4])
"""Mostly idle (1); lane left 0, lane right 2, faster 3, slower 4."""

_X, _Y, _HEADING = int(EntityFloat.X), int(EntityFloat.Y), int(EntityFloat.HEADING)
_SPEED, _LANE, _KIND = int(EntityFloat.SPEED), int(EntityInt.LANE), int(EntityInt.KIND)
_CONTROLLED, _NETWORK = int(EntityKind.CONTROLLED), int(WorldInt.NETWORK)
_SPEED_LIMIT = int(LaneFloat.SPEED_LIMIT)

_AHEAD_M = 4.0
_FREE_MPS = 20.0
"""Where a lane has no limit."""


def _mixed(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014: splitmix64."""
    z = words * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


class DigestDriver:
    """Takes the decisions of a batch, one after the other."""

    def __init__(self, batch: WorldBatch, seeds: Sequence[int], follows: Sequence[bool]) -> None:
        """Prepare for the start of all episodes.

        Args:
            batch: Its worlds stand at their start.
            seeds: One for each world.
            follows: Whether there are lanes to follow, for each world.
        """
        self._batch, self._follows = batch, np.array(follows)
        self._seeds = _mixed(np.array(seeds, dtype=np.uint64))[:, None]
        self._agents = np.arange(batch.agents.shape[1], dtype=np.uint64)
        self._commands = np.zeros((*batch.agents.shape, 2))
        self._decision = 0

    def decide(self, active: npt.NDArray[np.bool_]) -> None:
        """One decision of every world that is active, [B]."""
        batch = self._batch
        held = np.where(self._follows, self._decision, self._decision // _HOLD).astype(np.uint64)
        draws = _mixed(_mixed(self._seeds + held[:, None]) + self._agents)
        manoeuvres = _MANOEUVRES[(draws & np.uint64(15)).astype(np.int64)]
        noise = np.stack([draws >> np.uint64(8), draws >> np.uint64(32)], axis=-1) & np.uint64(0xFFFF)
        _command(
            batch.lane_float,
            batch.lane_int,
            batch.entity_float,
            batch.entity_int,
            batch.world_int,
            batch.agents,
            noise.astype(np.int64),
            self._follows,
            self._commands,
        )
        batch.drive(self._commands, manoeuvres, active)
        self._decision += 1


@kernel
def _command(
    lane_floats: Floats,
    lane_ints: Ints,
    entity_float: Floats,
    entity_int: Ints,
    world_int: Ints,
    agents: Ints,
    noise: Ints,
    follows: npt.NDArray[np.bool_],
    commands: Floats,
) -> None:
    """Write the commands [B, A, 2] of agents under continuous control; ``noise`` [B, A, 2] has 16 bits."""
    for world in range(agents.shape[0]):
        lane_float = lane_floats[world_int[world, _NETWORK]]
        lane_int = lane_ints[world_int[world, _NETWORK]]
        numbers = entity_float[world]
        for agent in range(agents.shape[1]):
            i = agents[world, agent]
            commands[world, agent, :] = 0.0
            if i < 0 or entity_int[world, _KIND, i] == _CONTROLLED:
                continue
            pedal = noise[world, agent, 0] / 16384.0 - 2.0
            wheel = noise[world, agent, 1] / 32768.0 - 1.0
            if follows[world]:
                lane = entity_int[world, _LANE, i]
                s, r = local_coordinates(None, lane_float, lane_int, lane, numbers[_X, i], numbers[_Y, i])
                ahead = heading_at(None, lane_float, lane_int, lane, s + _AHEAD_M)
                turn = wrap_angle(None, ahead - numbers[_HEADING, i])
                limit = lane_float[lane, _SPEED_LIMIT]
                wanted = _FREE_MPS if math.isnan(limit) else limit
                pedal = 0.5 * (wanted - numbers[_SPEED, i]) + pedal
                wheel = turn - 0.12 * r + 0.05 * wheel
            commands[world, agent, 0] = min(max(pedal, -5.0), 5.0)
            commands[world, agent, 1] = min(max(wheel, -0.7), 0.7)
