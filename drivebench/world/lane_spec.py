"""Descriptions of lanes in plain numbers, and the grid to which all descriptions are rounded."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from drivebench.errors import ConfigurationError
from drivebench.world import numerics
from drivebench.world.layout import LaneFloat, LaneKind

__all__ = ["GRID", "LaneSpec", "Point", "round_to_grid"]

GRID = 2.0**20
"""Descriptions are rounded to multiples of 1/GRID."""

Point = tuple[float, float]


def round_to_grid(value: float) -> float:
    """Round to the nearest multiple of 2**-20; NaN and infinities stay."""
    return float(np.rint(float(value) * GRID) / GRID)


@dataclass(frozen=True, kw_only=True)
class LaneSpec:
    """Description of one lane; make it with ``straight``, ``sine`` or ``circular``.

    Attributes:
        kind: Shape.
        origin_m: Start of a straight or sine lane, centre of a circular one.
        end_m: End of a straight or sine lane; unused for a circular one.
        amplitude_m, pulsation_radpm, phase_rad: Of a sine lane.
        radius_m, start_phase_rad, end_phase_rad, clockwise: Of a circular lane; phases are angles seen from
            the centre, in highway-env's frame (y to the right).
        width_m: Width.
        line_types: Left and right line: 0 none, 1 striped, 2 and 3 continuous.
        forbidden: Whether changing onto this lane is forbidden.
        speed_limit_mps: None when there is none.
        priority: Right of way at regulated intersections.
    """

    kind: LaneKind
    origin_m: Point
    end_m: Point = (0.0, 0.0)
    amplitude_m: float = 0.0
    pulsation_radpm: float = 0.0
    phase_rad: float = 0.0
    radius_m: float = 0.0
    start_phase_rad: float = 0.0
    end_phase_rad: float = 0.0
    clockwise: bool = True
    width_m: float = 4.0
    line_types: tuple[int, int] = (1, 1)
    forbidden: bool = False
    speed_limit_mps: float | None = 20.0
    priority: int = 0

    @classmethod
    def straight(
        cls,
        start_m: Point,
        end_m: Point,
        *,
        width_m: float = 4.0,
        line_types: tuple[int, int] = (1, 1),
        forbidden: bool = False,
        speed_limit_mps: float | None = 20.0,
        priority: int = 0,
    ) -> Self:
        """A straight lane from start to end."""
        return cls(
            kind=LaneKind.STRAIGHT,
            origin_m=start_m,
            end_m=end_m,
            width_m=width_m,
            line_types=line_types,
            forbidden=forbidden,
            speed_limit_mps=speed_limit_mps,
            priority=priority,
        )

    @classmethod
    def sine(
        cls,
        start_m: Point,
        end_m: Point,
        amplitude_m: float,
        pulsation_radpm: float,
        phase_rad: float,
        *,
        width_m: float = 4.0,
        line_types: tuple[int, int] = (1, 1),
        forbidden: bool = False,
        speed_limit_mps: float | None = 20.0,
        priority: int = 0,
    ) -> Self:
        """A lane that swings about the axis from start to end."""
        return cls(
            kind=LaneKind.SINE,
            origin_m=start_m,
            end_m=end_m,
            amplitude_m=amplitude_m,
            pulsation_radpm=pulsation_radpm,
            phase_rad=phase_rad,
            width_m=width_m,
            line_types=line_types,
            forbidden=forbidden,
            speed_limit_mps=speed_limit_mps,
            priority=priority,
        )

    @classmethod
    def circular(
        cls,
        center_m: Point,
        radius_m: float,
        start_phase_rad: float,
        end_phase_rad: float,
        clockwise: bool = True,
        *,
        width_m: float = 4.0,
        line_types: tuple[int, int] = (1, 1),
        forbidden: bool = False,
        speed_limit_mps: float | None = 20.0,
        priority: int = 0,
    ) -> Self:
        """An arc about a centre; the phases must run in the sense of ``clockwise``."""
        return cls(
            kind=LaneKind.CIRCULAR,
            origin_m=center_m,
            radius_m=radius_m,
            start_phase_rad=start_phase_rad,
            end_phase_rad=end_phase_rad,
            clockwise=clockwise,
            width_m=width_m,
            line_types=line_types,
            forbidden=forbidden,
            speed_limit_mps=speed_limit_mps,
            priority=priority,
        )

    def row(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """[``LaneFloat.OFFSET``] the lane's numbers, derived in canonical numerics.

        Raises:
            ConfigurationError: The lane has no length, width or radius.
        """
        row = np.zeros(LaneFloat.OFFSET)
        x, y = round_to_grid(self.origin_m[0]), round_to_grid(self.origin_m[1])
        row[LaneFloat.ORIGIN_X], row[LaneFloat.ORIGIN_Y] = x, y
        if self.kind is LaneKind.CIRCULAR:
            turn = 1.0 if self.clockwise else -1.0
            radius, start = round_to_grid(self.radius_m), round_to_grid(self.start_phase_rad)
            length = radius * (round_to_grid(self.end_phase_rad) - start) * turn
            row[LaneFloat.RADIUS], row[LaneFloat.START_PHASE], row[LaneFloat.TURN] = radius, start, turn
        else:
            dx, dy = round_to_grid(self.end_m[0]) - x, round_to_grid(self.end_m[1]) - y
            length = math.sqrt(dx * dx + dy * dy)
            if length > 0:
                row[LaneFloat.DIRECTION_X], row[LaneFloat.DIRECTION_Y] = dx / length, dy / length
                row[LaneFloat.LATERAL_X], row[LaneFloat.LATERAL_Y] = -(dy / length), dx / length
                row[LaneFloat.HEADING] = numerics.atan2(None, dy, dx)
            row[LaneFloat.AMPLITUDE] = round_to_grid(self.amplitude_m)
            row[LaneFloat.PULSATION] = round_to_grid(self.pulsation_radpm)
            row[LaneFloat.PHASE] = round_to_grid(self.phase_rad)
        if not (length > 0 and self.width_m > 0):
            raise ConfigurationError(f"a lane needs a positive length and width; got {self}")
        row[LaneFloat.LENGTH], row[LaneFloat.WIDTH] = length, round_to_grid(self.width_m)
        limit = self.speed_limit_mps
        row[LaneFloat.SPEED_LIMIT] = math.nan if limit is None else round_to_grid(limit)
        return row
