r"""What a driver should do who sees the road from beside the lane's middle: the label of a displaced camera.

A camera that is mounted off the car's centre line sees what the front camera of another, *virtual* car would
see. The recorded steering is wrong for that car; this module corrects it from the mount and the speed alone,
as Bojarski et al. 2016 (arXiv:1604.07316, section 2: "the steering label for the transformed images is
quickly adjusted to one that correctly steers the vehicle back to the desired location and orientation in two
seconds") describe but do not write down.

Frame: x forward, y to the right, angles clockwise positive, curvature positive in a turn to the right.

**The virtual car.** A camera at :math:`(x_c, y_c)` yawed by :math:`\psi_c` is the front camera, mounted
:math:`x_f` ahead of the reference point, of a car that stands at
:math:`(x_c - x_f\cos\psi_c,\; y_c - x_f\sin\psi_c)` and points along :math:`\psi_c`. The small shift ahead is
neglected; to the right it stands by :math:`y_v = y_c - x_f \sin\psi_c`.

**The way back.** Let :math:`e(s)` be the distance to the right of the recorded path after :math:`s` metres.
The cubic that starts at :math:`e(0) = y_v,\; e'(0) = \tan\psi_c` and has arrived, aligned, after
:math:`D` metres (:math:`e(D) = e'(D) = 0`) begins with

.. math:: e''(0) = -\frac{6 y_v}{D^2} - \frac{4 \tan\psi_c}{D}.

**The label.** A line parallel to a path of curvature :math:`\kappa`, on the side of its centre, is tighter:
:math:`\kappa / (1 - \kappa y_v)`. Both together are the curvature with which the virtual car sets out:

.. math:: \kappa' = \frac{\kappa}{1 - \kappa y_v} - \frac{6 y_v}{D^2} - \frac{4 \tan\psi_c}{D},
   \qquad D = \max(v\,T,\; D_{min}).

The label is computed anew at each pose, so a car that follows it is a feedback loop and not the cubic itself:
:math:`\ddot e = -6 e / T^2 - 4 \dot e / T`, a damped oscillator of damping ratio 0.82, which has lost 95 % of
the offset after about 1.5 to 2 T and overshoots by a hundredth. On a curve the angle counts from the recorded
*heading*, which differs from the course by the slip angle of the bicycle; because both cars slip alike, no
offset remains. (With the angle taken from the course's tangent instead, a car in a curve of 20 m radius
settles 0.7 m beside its lane.)
"""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["displaced_curvature", "virtual_offset"]

SHORTEST_RETURN_M = 8.0
"""D_min: a slow car does not turn straight across; in a curve of 20 m radius, 1 m aside, 7 m is full lock."""


def virtual_offset(*, y_m: float, yaw_rad: float, front_x_m: float) -> float:
    """Where the virtual car stands: the car whose front camera is the given camera.

    Args:
        y_m: The camera's mount to the right of the car's reference point.
        yaw_rad: Where it looks, clockwise from straight ahead; the virtual car points the same way.
        front_x_m: Mount of the front camera ahead of the reference point.

    Returns:
        Metres to the right of the real car.
    """
    return y_m - front_x_m * math.sin(yaw_rad)


def displaced_curvature(
    curvature_per_m: NDArray[np.float64],
    speed_mps: NDArray[np.float64],
    *,
    offset_m: NDArray[np.float64] | float,
    yaw_rad: NDArray[np.float64] | float,
    return_time_s: float,
) -> NDArray[np.float64]:
    """Curvature with which a displaced car sets out on its way back to the recorded path.

    Args:
        curvature_per_m: ``f8[n]`` curvature that was driven when the frame was recorded.
        speed_mps: ``f8[n]`` speed then.
        offset_m: Metres to the right of the real car, scalar or ``f8[n]``.
        yaw_rad: Radians clockwise from its heading, scalar or ``f8[n]``.
        return_time_s: T, the time after which the way back ends.

    Returns:
        ``f8[n]`` corrected curvature in 1/m.
    """
    distance_m = np.maximum(speed_mps * return_time_s, SHORTEST_RETURN_M)
    parallel = curvature_per_m / (1.0 - curvature_per_m * offset_m)
    back = -6.0 * np.asarray(offset_m) / distance_m**2 - 4.0 * np.tan(yaw_rad) / distance_m
    return np.asarray(parallel + back)
