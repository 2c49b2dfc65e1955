"""Which lane is to be kept: highway-env's lane-keeping environment changes it while an episode runs."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.errors import ConfigurationError
from drivebench.world import WorldBatch
from drivebench.world.geometry import VEHICLE_LENGTH_M, local_coordinates
from drivebench.world.layout import EntityFloat, LaneFloat, WorldInt
from drivebench.world.numerics import PARITY

__all__ = ["KeptLanes"]

_ORDER = (("c", "d", 0), ("a", "b", 0))
"""The lanes of ``LaneKeepingEnv``, in the order in which they are to be kept."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_X, _Y, _NETWORK = int(EntityFloat.X), int(EntityFloat.Y), int(WorldInt.NETWORK)
_WIDTH, _LENGTH = int(LaneFloat.WIDTH), int(LaneFloat.LENGTH)


@kernel
def _follow(
    numerics: int | None,
    lane_floats: Floats,
    lane_ints: Ints,
    entity_float: Floats,
    world_ints: Ints,
    agents: Ints,
    slots: Ints,
    rows: Ints,
    following: Ints,
) -> None:
    """Go over to the next lane in the worlds whose ego is not on the first one (``AbstractLane.on_lane``)."""
    for world in slots:
        if following[world] < 0:
            continue
        lane_float = lane_floats[world_ints[world, _NETWORK]]
        lane_int = lane_ints[world_ints[world, _NETWORK]]
        lane, ego = rows[world], agents[world, 0]
        x, y = entity_float[world, _X, ego], entity_float[world, _Y, ego]
        s, r = local_coordinates(numerics, lane_float, lane_int, lane, x, y)
        beside = not abs(r) <= lane_float[lane, _WIDTH] / 2
        if beside or not -VEHICLE_LENGTH_M <= s < lane_float[lane, _LENGTH] + VEHICLE_LENGTH_M:
            rows[world] = following[world]
            following[world] = -1


class KeptLanes:
    """The lane to be kept in each world of a batch: the first one until the ego has left it, then the second.

    Attributes:
        rows: [B] rows of these lanes in the worlds' networks.
    """

    def __init__(self, worlds: int) -> None:
        self.rows = np.full(worlds, -1, dtype=np.int64)
        self._next = np.full(worlds, -1, dtype=np.int64)

    def begin(self, batch: WorldBatch, slots: Sequence[int] | npt.NDArray[np.int64]) -> None:
        """Begin with the first lane.

        Args:
            batch: The worlds.
            slots: In which of them an episode begins.

        Raises:
            ConfigurationError: A world is not that of lane-keeping-v0.
        """
        for slot in slots:
            network = batch.networks[batch.network_of_world[slot]]
            if not set(_ORDER) <= set(network.lane_index):
                raise ConfigurationError(
                    f"lanes {_ORDER} are to be kept, as in lane-keeping-v0; this world has "
                    f"{network.lane_index}"
                )
            self.rows[slot], self._next[slot] = (network.lane(index) for index in _ORDER)

    def follow(self, batch: WorldBatch, slots: Sequence[int] | npt.NDArray[np.int64]) -> None:
        """Go over to the next lane where the ego has left the first one; once before each decision.

        Args:
            batch: The worlds.
            slots: Which of them.
        """
        _follow(
            None if batch.numerics == "canonical" else PARITY,
            batch.lane_float,
            batch.lane_int,
            batch.entity_float,
            batch.world_int,
            batch.agents,
            np.asarray(slots, dtype=np.int64),
            self.rows,
            self._next,
        )
