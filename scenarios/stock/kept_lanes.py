"""Which lane is to be kept: highway-env's lane-keeping environment changes it while an episode runs."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from drivebench.errors import ConfigurationError
from drivebench.world import WorldBatch
from drivebench.world.geometry import VEHICLE_LENGTH_M, local_coordinates
from drivebench.world.layout import LaneFloat
from drivebench.world.numerics import PARITY

__all__ = ["KeptLanes"]

_ORDER = (("c", "d", 0), ("a", "b", 0))
"""The lanes of ``LaneKeepingEnv``, in the order in which they are to be kept."""


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
        numerics = None if batch.numerics == "canonical" else PARITY
        for slot in slots:
            if self._next[slot] < 0:
                continue
            lane, ego, pool = self.rows[slot], batch.agents[slot, 0], batch.network_of_world[slot]
            row = batch.lane_float[pool, lane]
            s, r = local_coordinates(
                numerics,
                batch.lane_float[pool],
                batch.lane_int[pool],
                lane,
                batch.x[slot, ego],
                batch.y[slot, ego],
            )
            on_lane = abs(r) <= row[LaneFloat.WIDTH] / 2
            on_lane = on_lane and -VEHICLE_LENGTH_M <= s < row[LaneFloat.LENGTH] + VEHICLE_LENGTH_M
            if not on_lane:
                self.rows[slot], self._next[slot] = self._next[slot], -1
