"""Straight roads made to swing: the same lanes as sine waves about their axes.

highway-env's straight roads become roads with wide bends to both sides, and what is measured along them stays
what it was: a position along a sine lane is a position along its axis.
"""

import math
from dataclasses import dataclass, replace

from drivebench.world.grid import round_to_grid
from drivebench.world.lane_spec import LaneSpec
from drivebench.world.layout import LaneKind

__all__ = ["Swing"]


@dataclass(frozen=True, kw_only=True)
class Swing:
    """How far a road swings to each side of its axis, which is in the direction of x.

    Its tightest radius is ``(wave_m / 2π)² / amplitude_m``.

    Attributes:
        amplitude_m: To each side; towards y first where it is positive.
        wave_m: Way along the axis from crest to crest on the same side.
    """

    amplitude_m: float
    wave_m: float

    def lane(self, spec: LaneSpec) -> LaneSpec:
        """A straight lane along x, in either direction, that swings.

        All lanes have the same offset at the same x, so lanes that lay side by side do so still.

        Args:
            spec: The straight lane.
        """
        pulsation = round_to_grid(2.0 * math.pi / self.wave_m)
        # A lane in the other direction has x = x0 - s, and its right is towards -y: there the same place is
        # -sin(pulsation * (x0 - s)) = sin(pulsation * s - pulsation * x0) to the right.
        forwards = 1.0 if spec.end_m[0] > spec.origin_m[0] else -1.0
        return replace(
            spec,
            kind=LaneKind.SINE,
            amplitude_m=self.amplitude_m,
            pulsation_radpm=pulsation,
            phase_rad=forwards * pulsation * spec.origin_m[0],
        )
