"""Two oriented boxes that move at constant velocity: when they touch, and with which side. Kernels.

Two convex boxes touch when their projections overlap on each of their four axes (separating axis theorem, S.
Gottschalk, M. C. Lin, D. Manocha, *OBBTree*, SIGGRAPH 1996). At constant velocity and heading each projection
overlaps during one interval of time, so that the first touch is the latest begin of these intervals, without
time steps.
"""

import math

from drivebench.compiled import inlined_kernel, kernel

__all__ = ["FRONT", "NEVER", "REAR", "SIDE", "contact_side", "time_to_touch"]

FRONT, SIDE, REAR = 0, 1, 2
NEVER = math.inf


@inlined_kernel
def _interval(gap: float, speed: float, reach: float) -> tuple[float, float]:
    """When two projections overlap, for centres ``gap`` apart that move apart at ``speed``: begin and end."""
    if speed == 0.0:
        return (-NEVER, NEVER) if abs(gap) <= reach else (NEVER, -NEVER)
    one = (-reach - gap) / speed
    other = (reach - gap) / speed
    return min(one, other), max(one, other)


@kernel
def time_to_touch(
    px: float,
    py: float,
    vx: float,
    vy: float,
    cos_a: float,
    sin_a: float,
    half_length_a: float,
    half_width_a: float,
    cos_b: float,
    sin_b: float,
    half_length_b: float,
    half_width_b: float,
) -> tuple[float, int]:
    """Time until box b touches box a, and the side of a that it touches.

    Args:
        px: Centre of b less centre of a, x (m).
        py: The same, y.
        vx: Velocity of b less velocity of a, x (m/s).
        vy: The same, y.
        cos_a: Cosine of the heading of a.
        sin_a: Its sine.
        half_length_a: Half of its length (m).
        half_width_a: Half of its width (m).
        cos_b: As for a.
        sin_b: As for a.
        half_length_b: As for a.
        half_width_b: As for a.

    Returns:
        Seconds (0 when they overlap now, ``NEVER`` when they never will) and ``FRONT``, ``SIDE`` or ``REAR``
        of a.
    """
    along = abs(cos_a * cos_b + sin_a * sin_b)
    across = abs(cos_a * sin_b - sin_a * cos_b)
    gap_long = px * cos_a + py * sin_a
    gap_side = py * cos_a - px * sin_a
    begin_long, end_long = _interval(
        gap_long, vx * cos_a + vy * sin_a, half_length_a + half_length_b * along + half_width_b * across
    )
    begin_side, end_side = _interval(
        gap_side, vy * cos_a - vx * sin_a, half_width_a + half_length_b * across + half_width_b * along
    )
    begin_c, end_c = _interval(
        px * cos_b + py * sin_b,
        vx * cos_b + vy * sin_b,
        half_length_b + half_length_a * along + half_width_a * across,
    )
    begin_d, end_d = _interval(
        py * cos_b - px * sin_b,
        vy * cos_b - vx * sin_b,
        half_width_b + half_length_a * across + half_width_a * along,
    )
    begin = max(begin_long, begin_side, begin_c, begin_d)
    end = min(end_long, end_side, end_c, end_d)
    if begin > end or end < 0.0:
        return NEVER, SIDE
    side = SIDE
    if begin_long >= begin_side:
        side = FRONT if gap_long > 0.0 else REAR
    return begin if begin > 0.0 else 0.0, side


@kernel
def contact_side(
    px: float,
    py: float,
    cos_a: float,
    sin_a: float,
    half_length_a: float,
    half_width_a: float,
    cos_b: float,
    sin_b: float,
    half_length_b: float,
    half_width_b: float,
) -> int:
    """The side of box a that faces box b: that of the axis of a along which they are further apart.

    Args:
        px: Centre of b less centre of a, x (m).
        py: The same, y.
        cos_a: Cosine of the heading of a.
        sin_a: Its sine.
        half_length_a: Half of its length (m).
        half_width_a: Half of its width (m).
        cos_b: As for a.
        sin_b: As for a.
        half_length_b: As for a.
        half_width_b: As for a.

    Returns:
        ``FRONT``, ``SIDE`` or ``REAR``.
    """
    along = abs(cos_a * cos_b + sin_a * sin_b)
    across = abs(cos_a * sin_b - sin_a * cos_b)
    gap_long = px * cos_a + py * sin_a
    gap_side = py * cos_a - px * sin_a
    apart_long = abs(gap_long) - (half_length_a + half_length_b * along + half_width_b * across)
    apart_side = abs(gap_side) - (half_width_a + half_length_b * across + half_width_b * along)
    if apart_long >= apart_side:
        return FRONT if gap_long > 0.0 else REAR
    return SIDE
