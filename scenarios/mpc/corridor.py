"""How wide the drivable area is beside a path."""

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.metric.monitor import lane_boxes
from drivebench.metric.road import depth_off_road
from drivebench.world import WorldBatch
from drivebench.world.layout import WorldInt
from scenarios.reference_path import X, Y

__all__ = ["corridor"]

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

SCAN_M = 0.5
FARTHEST_M = 12.0
"""Further than this from the path the ego has no business."""
LEAST_M = 1.5
"""A path is drivable for a car, even where the lanes' ends leave a chink."""


def corridor(worlds: WorldBatch, slot: int, knots: F8) -> F8:
    """How far the road goes to the left and to the right of each knot of a path.

    Args:
        worlds: The batch.
        slot: The world on whose roads the path lies.
        knots: ``f8[K, 6]`` of the path.

    Returns:
        ``f8[K, 2]``: metres, to the left (negative) and to the right (positive).
    """
    network = int(worlds.network_of_world[slot])
    out = np.zeros((len(knots), 2))
    _scan(
        worlds.lane_float[network],
        worlds.lane_int[network],
        lane_boxes(worlds.worlds[slot].network),
        int(worlds.world_int[slot, WorldInt.LANES]),
        knots,
        out,
    )
    return out


@kernel
def _scan(lane_float: F8, lane_int: I8, boxes: F8, lanes: int, knots: F8, out: F8) -> None:
    """Go sideways from each knot until the road ends."""
    last = knots.shape[0] - 1
    for i in range(last + 1):
        after = min(i + 1, last)
        dx, dy = knots[after, X] - knots[after - 1, X], knots[after, Y] - knots[after - 1, Y]
        length = np.sqrt(dx * dx + dy * dy)
        for side in range(2):
            sign = 1.0 if side == 1 else -1.0
            reach = LEAST_M
            while reach < FARTHEST_M:
                away = sign * (reach + SCAN_M)
                x, y = knots[i, X] - away * dy / length, knots[i, Y] + away * dx / length
                depth = depth_off_road(lane_float, lane_int, boxes, lanes, 0, 0, x, y, 1.0, 0.0, 0.0, 0.0)
                if depth > 0.0:
                    break
                reach += SCAN_M
            out[i, side] = sign * reach
