"""``LaneKeepingEnv``: in the middle of the lane that is to be kept."""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.world.geometry import local_coordinates
from drivebench.world.layout import EntityFloat, LaneFloat, WorldInt
from drivebench.world.numerics import square_of_scalar
from scenarios.stock.family_rules import FamilyRules

__all__ = ["RULES"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_X, _Y = int(EntityFloat.X), int(EntityFloat.Y)
_WIDTH, _NETWORK = int(LaneFloat.WIDTH), int(WorldInt.NETWORK)


@kernel
def _judge(
    numerics: int | None,
    lane_float: Floats,
    lane_int: Ints,
    entity_float: Floats,
    world_int: Ints,
    agents: Ints,
    kept_lane: Ints,
    reward: Floats,
    terminated: Flags,
) -> None:
    for world in range(len(agents)):
        i, lane, network = agents[world, 0], kept_lane[world], world_int[world, _NETWORK]
        lane_numbers = lane_float[network]
        x, y = entity_float[world, _X, i], entity_float[world, _Y, i]
        _, r = local_coordinates(numerics, lane_numbers, lane_int[network], lane, x, y)
        reward[world] = 1 - square_of_scalar(numerics, r / lane_numbers[lane, _WIDTH])
        terminated[world] = False


RULES = FamilyRules(
    kernel=_judge,
    has_duration=False,
    tells_steps=False,
    keeps_lanes=True,
    unread=("other_vehicles_type",),
)
