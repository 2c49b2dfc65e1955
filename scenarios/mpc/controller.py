"""The solution of the optimal control problem: a trajectory and the policies about it."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

__all__ = ["LocalControllers"]

F8 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class LocalControllers:
    """For each of n episodes, time-varying linear-Gaussian controllers about a locally best trajectory.

    The controller of decision k is u ~ N(controls[k] + gains[k]·(x − states[k]), covariance[k]), the policy
    that is best where actions cost their entropy, too (S. Levine and V. Koltun, "Guided policy search", ICML
    2013). States and controls are laid out as :class:`~scenarios.mpc.stage.Place`.

    Attributes:
        decisions: ``i8[n]`` decisions of each; what lies behind them is zero.
        states: ``f8[n, N + 1, 6]`` x, y (m), heading (rad), speed (m/s), the last decision's acceleration
            (m/s²) and front wheel angle (rad).
        controls: ``f8[n, N, 2]`` acceleration (m/s²) and front wheel angle (rad).
        gains: ``f8[n, N, 2, 6]``; a row is zero where the control is at its bound.
        precisions: ``f8[n, N, 2, 2]`` second derivatives of the cost to go (m) by the control.
        costs: ``f8[n]`` of the trajectories (m).
        rounds: ``i8[n]`` rounds that lowered the cost.
    """

    decisions: NDArray[np.int64]
    states: F8
    controls: F8
    gains: F8
    precisions: F8
    costs: F8
    rounds: NDArray[np.int64]

    def at(self, rows: NDArray[np.int64]) -> "LocalControllers":
        """Those of some episodes.

        Args:
            rows: ``i8[m]`` which.
        """
        return LocalControllers(**{each.name: getattr(self, each.name)[rows] for each in fields(self)})

    def covariances(self, temperature_m: float) -> F8:
        """Covariances of the controllers.

        Args:
            temperature_m: How much cost a nat of entropy is worth.

        Returns:
            ``f8[n, N, 2, 2]``: temperature times the inverse of the precision; zero behind the horizon.
        """
        a, b, c = (self.precisions[..., i, j] for i, j in ((0, 0), (0, 1), (1, 1)))
        determinant = a * c - b * b
        adjugate = np.stack([np.stack([c, -b], -1), np.stack([-b, a], -1)], -2)
        known = determinant[..., None, None] > 0.0
        divisor = np.where(known, determinant[..., None, None], 1.0)
        return np.asarray(np.where(known, temperature_m * adjugate / divisor, 0.0))
