"""Which lanes drivers look at: highway-env's table of connected lanes, with more lanes in it.

A driver of highway-env looks for leaders on its own lane and, with ``neighbour_vehicles_connected_lanes``, on
those that follow and precede it, taking the lane of the same number where roads split and join. So it looks
at nobody on a road that joins its own, and at the wrong lane where numbers do not match. The table is data of
the road network here: a scenario says what its drivers see, and the drivers are highway-env's all the same.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from drivebench.world import RoadNetwork
from drivebench.world.layout import LaneFloat, LaneInt
from drivebench.world.network import LaneIndex

__all__ = ["with_sight"]


def with_sight(
    network: RoadNetwork, seen: Mapping[LaneIndex, Sequence[tuple[LaneIndex, float]]]
) -> RoadNetwork:
    """The same roads, with another list of lanes to look at from some lanes.

    Args:
        network: The roads.
        seen: For a lane, other lanes and their longitudinal offsets (m): someone at s on the other lane
            counts as being at s + offset on this one. The lane itself always comes first. Lanes that are not
            named keep their lists.
    """
    lists = {
        network.lane(lane): [(network.lane(lane), 0.0), *((network.lane(other), at) for other, at in others)]
        for lane, others in seen.items()
    }
    before = network.lane_int.shape[1] - LaneInt.NEIGHBOUR
    wide = max(before, *map(len, lists.values()))
    samples = network.lane_float[:, LaneFloat.OFFSET + before :]
    lanes = len(network.lane_index)
    lane_float = np.zeros((lanes, LaneFloat.OFFSET + wide + samples.shape[1]))
    lane_int = np.zeros((lanes, LaneInt.NEIGHBOUR + wide), np.int64)
    lane_float[:, : LaneFloat.OFFSET + before] = network.lane_float[:, : LaneFloat.OFFSET + before]
    lane_float[:, LaneFloat.OFFSET + wide :] = samples
    lane_int[:, : network.lane_int.shape[1]] = network.lane_int
    lane_int[lane_int[:, LaneInt.SAMPLES] > 0, LaneInt.SAMPLES] += wide - before
    for lane, others in lists.items():
        lane_int[lane, LaneInt.NEIGHBOURS] = len(others)
        lane_int[lane, LaneInt.NEIGHBOUR :] = 0
        lane_float[lane, LaneFloat.OFFSET : LaneFloat.OFFSET + wide] = 0.0
        for place, (other, at) in enumerate(others):
            lane_int[lane, LaneInt.NEIGHBOUR + place] = other
            lane_float[lane, LaneFloat.OFFSET + place] = at
    return RoadNetwork(
        lane_float=lane_float, lane_int=lane_int, nodes=network.nodes, lane_index=network.lane_index
    )
