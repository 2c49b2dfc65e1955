"""Motorways for benchmarks without a peer: four lanes at the density of highway-v0, as long as it takes."""

import numpy as np

from drivebench.world import EntityKind, World
from drivebench.world.build import build_network, build_world, vehicle_on_lane
from drivebench.world.lane_spec import LaneSpec

__all__ = ["motorway"]

LANES, LANE_M = 4, 4.0
GAP_M = 21.0
"""Mean distance along the road from one vehicle to the next, on whichever lanes (highway-v0)."""
ROOM_M = 2000.0
"""Of road behind the last vehicle, to drive on."""


def motorway(vehicles: int, seed: int) -> World:
    """A motorway with an ego at the back of its traffic, as in highway-env.

    Args:
        vehicles: How many, ego included.
        seed: Of lanes, distances and speeds.
    """
    rng = np.random.default_rng(seed)
    length_m = GAP_M * 1.1 * vehicles + ROOM_M
    network = build_network(
        ("0", "1", LaneSpec.straight((0.0, LANE_M * k), (length_m, LANE_M * k), speed_limit_mps=30.0))
        for k in range(LANES)
    )
    along_m = np.cumsum(rng.uniform(0.9 * GAP_M, 1.1 * GAP_M, vehicles))
    return build_world(
        network,
        [
            vehicle_on_lane(
                network,
                ("0", "1", int(rng.integers(LANES))),
                float(along_m[k]),
                speed_mps=25.0 if k == 0 else rng.uniform(21.0, 24.0),
                kind=EntityKind.EGO if k == 0 else EntityKind.IDM,
                target_speed_mps=rng.uniform(21.0, 24.0),
                delta=rng.uniform(3.5, 4.5),
            )
            for k in range(vehicles)
        ],
    )
