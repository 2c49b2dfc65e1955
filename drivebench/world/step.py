"""One decision of every world: the compiled step."""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel

__all__ = ["step_worlds"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@kernel
def step_worlds(
    first: int,
    last: int,
    numerics: int | None,
    substeps: int,
    ego_absent: bool,
    lane_float: Floats,
    lane_int: Ints,
    entity_float: Floats,
    entity_int: Ints,
    route: Ints,
    world_float: Floats,
    world_int: Ints,
    trace: Floats,
    actions: npt.NDArray[np.int16],
    active: npt.NDArray[np.bool_],
) -> None:
    """Advance the worlds [first, last) that are active."""
    raise NotImplementedError("the compiled step follows in the next commit")
