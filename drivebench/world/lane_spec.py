"""Descriptions of lanes in plain numbers, and what becomes of them in the arrays of a network."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from drivebench.errors import ConfigurationError
from drivebench.world import numerics
from drivebench.world.grid import round_to_grid
from drivebench.world.layout import LaneFloat, LaneKind
from drivebench.world.polyline_samples import Point, PolylineSamples

__all__ = ["LaneRow", "LaneSpec", "Point"]


@dataclass(frozen=True, kw_only=True, eq=False)
class LaneRow:
    """One lane as it stands in the arrays of a network.

    Attributes:
        numbers: [``LaneFloat.OFFSET``] float64.
        kind: Shape.
        forbidden: Whether changing onto this lane is forbidden.
        line_types: Left and right line.
        priority: Right of way.
        samples: Of a polyline lane.
    """

    numbers: np.ndarray[tuple[int], np.dtype[np.float64]]
    kind: LaneKind
    forbidden: bool
    line_types: tuple[int, int]
    priority: int
    samples: PolylineSamples | None = None


@dataclass(frozen=True, kw_only=True)
class LaneSpec:
    """Description of one lane; make it with ``straight``, ``sine``, ``circular`` or ``polyline``.

    Attributes:
        kind: Shape.
        origin_m: Start of a straight or sine lane, centre of a circular one.
        end_m: End of a straight or sine lane; unused for a circular one.
        amplitude_m, pulsation_radpm, phase_rad: Of a sine lane.
        radius_m, start_phase_rad, end_phase_rad, clockwise: Of a circular lane; phases are angles seen from
            the centre, in highway-env's frame (y to the right).
        points_m: Of the centre line of a polyline lane.
        left_m, right_m: Points of the boundaries of a polyline lane, which give its width along the way;
            empty where the width is constant.
        width_m: Width; of no effect between boundaries.
        line_types: Left and right line: 0 none, 1 striped, 2 and 3 continuous.
        forbidden: Whether changing onto this lane is forbidden.
        speed_limit_mps: None when there is none.
        priority: Right of way at regulated intersections.
    """

    kind: LaneKind
    origin_m: Point = (0.0, 0.0)
    end_m: Point = (0.0, 0.0)
    amplitude_m: float = 0.0
    pulsation_radpm: float = 0.0
    phase_rad: float = 0.0
    radius_m: float = 0.0
    start_phase_rad: float = 0.0
    end_phase_rad: float = 0.0
    clockwise: bool = True
    points_m: tuple[Point, ...] = ()
    left_m: tuple[Point, ...] = ()
    right_m: tuple[Point, ...] = ()
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

    @classmethod
    def polyline(
        cls,
        points_m: Sequence[Point],
        *,
        width_m: float = 4.0,
        boundaries_m: tuple[Sequence[Point], Sequence[Point]] | None = None,
        line_types: tuple[int, int] = (1, 1),
        forbidden: bool = False,
        speed_limit_mps: float | None = 20.0,
        priority: int = 0,
    ) -> Self:
        """A lane along straight pieces between points (highway-env ``PolyLaneFixedWidth``).

        Args:
            points_m: Of its centre line, at least one metre long.
            width_m: Its constant width.
            boundaries_m: Points of the left and of the right boundary: the lane is then as wide as they leave
                it, measured twice to the nearer one, and at least 4 m (highway-env ``PolyLane``).
            line_types: As in the class, and so the others.
            forbidden: Whether changing onto this lane is forbidden.
            speed_limit_mps: None when there is none.
            priority: Right of way.
        """
        left, right = boundaries_m or ((), ())
        return cls(
            kind=LaneKind.POLYLINE,
            points_m=tuple(points_m),
            left_m=tuple(left),
            right_m=tuple(right),
            width_m=width_m,
            line_types=line_types,
            forbidden=forbidden,
            speed_limit_mps=speed_limit_mps,
            priority=priority,
        )

    def row(self) -> LaneRow:
        """The lane's numbers, derived in canonical numerics.

        Raises:
            ConfigurationError: The lane has no length, width or radius, or a number is not finite.
        """
        row = np.zeros(LaneFloat.OFFSET)
        samples = None
        width = round_to_grid(self.width_m)
        if self.kind is LaneKind.POLYLINE:
            samples = PolylineSamples.through(self.points_m, left_m=self.left_m, right_m=self.right_m)
            length = samples.length_m
            width = float(samples.widths_m.max(initial=0.0)) or width
        else:
            length = self._write_shape(row)
        row[LaneFloat.LENGTH], row[LaneFloat.WIDTH] = length, width
        if not (length > 0 and width > 0 and np.isfinite(row).all()):
            raise ConfigurationError(f"a lane needs finite numbers, a positive length and width; got {self}")
        limit = self.speed_limit_mps
        row[LaneFloat.SPEED_LIMIT] = math.nan if limit is None else round_to_grid(limit)
        return LaneRow(
            numbers=row,
            kind=self.kind,
            forbidden=self.forbidden,
            line_types=self.line_types,
            priority=self.priority,
            samples=samples,
        )

    def _write_shape(self, row: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        """Write what describes a straight, sine or circular lane, and return its length."""
        x, y = round_to_grid(self.origin_m[0]), round_to_grid(self.origin_m[1])
        row[LaneFloat.ORIGIN_X], row[LaneFloat.ORIGIN_Y] = x, y
        if self.kind is LaneKind.CIRCULAR:
            turn = 1.0 if self.clockwise else -1.0
            radius, start = round_to_grid(self.radius_m), round_to_grid(self.start_phase_rad)
            row[LaneFloat.RADIUS], row[LaneFloat.START_PHASE], row[LaneFloat.TURN] = radius, start, turn
            return radius * (round_to_grid(self.end_phase_rad) - start) * turn
        dx, dy = round_to_grid(self.end_m[0]) - x, round_to_grid(self.end_m[1]) - y
        length = math.sqrt(dx * dx + dy * dy)
        if length > 0:
            row[LaneFloat.DIRECTION_X], row[LaneFloat.DIRECTION_Y] = dx / length, dy / length
            row[LaneFloat.LATERAL_X], row[LaneFloat.LATERAL_Y] = -(dy / length), dx / length
            row[LaneFloat.HEADING] = numerics.atan2(None, dy, dx)
        row[LaneFloat.AMPLITUDE] = round_to_grid(self.amplitude_m)
        row[LaneFloat.PULSATION] = round_to_grid(self.pulsation_radpm)
        row[LaneFloat.PHASE] = round_to_grid(self.phase_rad)
        return length
