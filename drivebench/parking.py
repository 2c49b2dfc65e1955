"""What a parking task is: the place where the ego has to stand in the end, and places where it must not.

A place may be taken forwards or in reverse: a car that stands in it the other way round stands in it as well.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError

if TYPE_CHECKING:
    from drivebench.scenario import Episode

__all__ = ["ParkingPlace", "ParkingTask", "places_of"]


@dataclass(frozen=True, kw_only=True)
class ParkingPlace:
    """Where the middle of a parked car stands, in the world's frame; on the grid of 2**-20.

    Attributes:
        x_m: Middle of the place.
        y_m: The same.
        heading_rad: Along the place, either way.
    """

    x_m: float
    y_m: float
    heading_rad: float

    def __post_init__(self) -> None:
        from drivebench.world.grid import GRID  # here, because listing scenarios must not load the compiler

        for name in ("x_m", "y_m", "heading_rad"):
            value = getattr(self, name) * GRID
            if not value == np.rint(value):
                raise ConfigurationError(
                    f"a parking place has {name} {getattr(self, name)}; expected a multiple of 2**-20 "
                    "(see drivebench.world.grid)"
                )


@dataclass(frozen=True, kw_only=True)
class ParkingTask:
    """Park in one place and in no other.

    Attributes:
        assigned: Where to park.
        others: Places that are free, too; whoever parks there has missed the assigned one.
    """

    assigned: ParkingPlace
    others: tuple[ParkingPlace, ...] = ()

    @cached_property
    def rows(self) -> NDArray[np.float64]:
        """``f8[1 + others, 4]``: x, y (m), cosine and sine of the heading; the assigned place comes first."""
        from drivebench.world.numerics import cos_sin

        places = (self.assigned, *self.others)
        return np.array([(each.x_m, each.y_m, *cos_sin(None, each.heading_rad)) for each in places])


def places_of(episode: "Episode") -> NDArray[np.float64]:
    """The places of an episode's parking task as rows; none if it has no such task.

    Args:
        episode: Any.

    Returns:
        ``f8[n, 4]``, see :attr:`ParkingTask.rows`.
    """
    return np.zeros((0, 4)) if episode.parking is None else episode.parking.rows
