"""The backward pass of control-limited DDP: a local policy for each decision, from the last to the first.

Tassa, Mansard, Todorov, "Control-limited differential dynamic programming", ICRA 2014, without the second
derivatives of the dynamics (Li and Todorov, "Iterative linear quadratic regulator design", ICINCO 2004). Two
controls: the quadratic programme over their box is solved by trying its inside and its four edges.
"""

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel

__all__ = ["backward", "box_minimum"]

F8 = NDArray[np.float64]


@kernel
def box_minimum(hessian: F8, gradient: F8, low: F8, high: F8, best: F8) -> int:
    """Minimum of ½ dᵀHd + gᵀd for two bounded variables.

    Args:
        hessian: ``f8[2, 2]`` H, positive definite.
        gradient: ``f8[2]`` g.
        low: ``f8[2]``.
        high: ``f8[2]``.
        best: ``f8[2]`` d, written.

    Returns:
        Which variables are free: 3 both, 1 the first, 2 the second, 0 none.
    """
    a, b, c = hessian[0, 0], hessian[0, 1], hessian[1, 1]
    g, h = gradient[0], gradient[1]
    determinant = a * c - b * b
    first, second = (b * h - c * g) / determinant, (b * g - a * h) / determinant
    if low[0] <= first <= high[0] and low[1] <= second <= high[1]:
        best[0], best[1] = first, second
        return 3
    least = np.inf
    free = 0
    for side in range(4):
        if side < 2:
            first = low[0] if side == 0 else high[0]
            second = min(max(-(h + b * first) / c, low[1]), high[1])
            now = 2 if low[1] < second < high[1] else 0
        else:
            second = low[1] if side == 2 else high[1]
            first = min(max(-(g + b * second) / a, low[0]), high[0])
            now = 1 if low[0] < first < high[0] else 0
        value = 0.5 * (a * first * first + c * second * second) + b * first * second + g * first + h * second
        if value < least:
            least, free = value, now
            best[0], best[1] = first, second
    return free


@kernel
def backward(
    slopes: F8,
    gradients: F8,
    hessians: F8,
    controls: F8,
    bounds: F8,
    count: int,
    steps: F8,
    gains: F8,
    precisions: F8,
) -> float:
    """Local policies du = α·step + gain·dx about a trajectory.

    Args:
        slopes: ``f8[N, 4, 6]`` of x, y, heading and speed after each decision by the same before it and the
            control.
        gradients: ``f8[N + 1, 8]`` of the cost of each stage by (state, control).
        hessians: ``f8[N + 1, 8, 8]`` the same.
        controls: ``f8[N, 2]``.
        bounds: ``f8[2, 2]`` lowest and highest controls.
        count: Decisions, at most N.
        steps: ``f8[N, 2]`` written.
        gains: ``f8[N, 2, 6]`` written; zero rows where a bound is active.
        precisions: ``f8[N, 2, 2]`` written: second derivatives of the cost to go by the control.

    Returns:
        By how much the cost falls to first order, not negative; 0 at a minimum.
    """
    value = gradients[count, :6].copy()
    curve = hessians[count, :6, :6].copy()
    jacobian = np.zeros((6, 8))
    jacobian[4, 6] = jacobian[5, 7] = 1.0
    carried = np.zeros((6, 8))
    total = np.zeros((8, 8))
    slope = np.zeros(8)
    low, high = np.zeros(2), np.zeros(2)
    half = np.zeros((2, 6))
    promise = 0.0
    for k in range(count - 1, -1, -1):
        for i in range(4):
            for j in range(4):
                jacobian[i, j] = slopes[k, i, j]
            jacobian[i, 6] = slopes[k, i, 4]
            jacobian[i, 7] = slopes[k, i, 5]
        # carried = V·J and total = l'' + Jᵀ·V·J; columns 4 and 5 of J are zero
        for i in range(6):
            for j in range(8):
                if j in (4, 5):
                    continue
                entry = 0.0
                for m in range(6):
                    entry += curve[i, m] * jacobian[m, j]
                carried[i, j] = entry
        for i in range(8):
            slope[i] = gradients[k, i]
            for j in range(8):
                total[i, j] = hessians[k, i, j]
            if i in (4, 5):
                continue
            for m in range(6):
                slope[i] += jacobian[m, i] * value[m]
            for j in range(8):
                if j in (4, 5):
                    continue
                entry = 0.0
                for m in range(6):
                    entry += jacobian[m, i] * carried[m, j]
                total[i, j] += entry
        for p in range(2):
            low[p] = bounds[0, p] - controls[k, p]
            high[p] = bounds[1, p] - controls[k, p]
        free = box_minimum(total[6:, 6:], slope[6:], low, high, steps[k])
        gain, best = gains[k], steps[k]
        gain[:] = 0.0
        a, b, c = total[6, 6], total[6, 7], total[7, 7]
        precisions[k, 0, 0], precisions[k, 1, 1] = a, c
        precisions[k, 0, 1] = precisions[k, 1, 0] = b
        determinant = a * c - b * b
        for j in range(6):
            if free == 3:
                gain[0, j] = (b * total[7, j] - c * total[6, j]) / determinant
                gain[1, j] = (b * total[6, j] - a * total[7, j]) / determinant
            elif free == 1:
                gain[0, j] = -total[6, j] / a
            elif free == 2:
                gain[1, j] = -total[7, j] / c
        promise -= slope[6] * best[0] + slope[7] * best[1]
        # V = Q_xx + Kᵀ·Q_uu·K + Kᵀ·Q_ux + Q_xu·K, and the same for the gradient
        for p in range(2):
            other = total[6 + p, 6] * best[0] + total[6 + p, 7] * best[1] + slope[6 + p]
            for j in range(6):
                half[p, j] = total[6 + p, 6] * gain[0, j] + total[6 + p, 7] * gain[1, j] + total[6 + p, j]
            low[p] = other
        for i in range(6):
            value[i] = slope[i] + gain[0, i] * low[0] + gain[1, i] * low[1]
            value[i] += total[6, i] * best[0] + total[7, i] * best[1]
            for j in range(i + 1):
                entry = total[i, j] + gain[0, i] * half[0, j] + gain[1, i] * half[1, j]
                entry += total[6, i] * gain[0, j] + total[7, i] * gain[1, j]
                curve[i, j] = curve[j, i] = entry
    return float(promise)
