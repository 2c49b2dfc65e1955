"""The expert's low-level law: steer along a reference path, keep to its speed profile, follow leaders.

The law is a function of the present state alone: pose, speed, the path ahead and the vehicles around.
Nothing is remembered between decisions, so that what it does can be seen in a picture, and what it would do
at another pose can be computed exactly.

Steering. highway-env's vehicle turns about its rear axle and is described by its centre, which moves along
the course, heading + slip, not along the heading. The law asks for the curvature at which a cubic
reaches the path, aligned with it, after a distance D:

    κ = κ_path / (1 − κ_path·e) − 6·e / D² − 4·χ / D,        χ = heading + slip(κ) − heading of the path

with e the distance to the right of the path. The slip belongs to the curvature that is being sought,
slip = asin(κ·L/2), so the equation is solved for κ. Using the heading instead of the course leaves a steady
offset in curves (0.7 m at a radius of 20 m).

Speed. The nearer to zero of: proportional approach of the speed profile, and the interaction term of the
intelligent driver model (Treiber, Hennecke, Helbing, Physical Review E 62, 2000, eq. 3).
"""

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.world import numerics
from drivebench.world.clock import TIME_STEP_S
from drivebench.world.layout import EntityFloat
from scenarios.reference_path import ARC, AROUND, CAP, CURVATURE, HEADING, X, Y
from scenarios.style import Manner

__all__ = ["command", "command_one", "leader", "locate", "project", "prospect", "steer"]

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

_X, _Y, _HEADING, _SPEED = (
    int(EntityFloat.X),
    int(EntityFloat.Y),
    int(EntityFloat.HEADING),
    int(EntityFloat.SPEED),
)
_LENGTH, _WIDTH, _COS, _SIN = (
    int(EntityFloat.LENGTH),
    int(EntityFloat.WIDTH),
    int(EntityFloat.COS),
    int(EntityFloat.SIN),
)

_SPEED_SHARE, _ACCELERATION = int(Manner.SPEED_SHARE), int(Manner.ACCELERATION)
_TIME_GAP, _STANDSTILL_GAP = int(Manner.TIME_GAP), int(Manner.STANDSTILL_GAP)

PI = 3.141592653589793

SETTLING_S = 1.2
"""The cubic reaches the path after this time, if lateral acceleration allows; 5 % of an offset is left after
about twice that."""
SHORTEST_CUBIC_M = 8.0
"""Lower bound of D: below about two car lengths the steering would saturate."""
OFFSET_ACCELERATION_MPS2 = 1.7
"""Large offsets, such as a lane change, are closed with this lateral acceleration at first."""
AROUND_ACCELERATION_MPS2 = 6.0
"""The same on the way around something: the bound of corrections is what counts until near the end."""
CORRECTION_ACCELERATION_MPS2 = 3.0
"""Bound of the lateral acceleration that corrections add to that of the path."""
SHARPEST_PER_M = 0.17
"""Bound of the curvature: a steering angle of 45° gives 0.179 1/m."""

APPROACH_S = 0.7
"""Time constant with which the speed approaches the profile."""
PREVIEW_S = 0.4
"""The path is looked at this far ahead: half of the time between two decisions, and the fall of the filter
by which a jump of curvature, at the join of a straight and an arc, is smeared."""
BRAKING_MPS2 = 3.0
"""Comfortable braking, inside nuPlan's bounds of [−4.05, 2.40] m/s²."""
HARDEST_BRAKING_MPS2 = 5.0
"""The action space ends here."""
SIDE_MARGIN_M = 0.35
"""A vehicle is a leader when its rectangle comes nearer to the corridor of the ego than this."""
LEADER_RANGE_M = 120.0
OPPOSITE_M2 = 1e8
"""Added to the square of the distance of a stretch of a path that leads the other way."""
SAME_M2 = 1e-6
"""Laps of a track lie on each other but for rounding."""


@kernel
def project(knots: F8, count: int, hint: int, x: float, y: float) -> tuple[int, float, float, float]:
    """Foot of the perpendicular on a path, walking from a segment near to it.

    Args:
        knots: ``f8[K, 6]`` of a :class:`~scenarios.reference_path.ReferencePath`, or a longer array.
        count: Knots of the path in it.
        hint: A segment to begin with.
        x: Point (m).
        y: Point (m).

    Returns:
        Segment, share of the segment in [0, 1] (beyond at the ends), arc length (m), distance to the
        right (m).
    """
    i = min(max(hint, 0), count - 2)
    turned = 0
    t = 0.0
    while True:
        dx = knots[i + 1, X] - knots[i, X]
        dy = knots[i + 1, Y] - knots[i, Y]
        rx = x - knots[i, X]
        ry = y - knots[i, Y]
        square = dx * dx + dy * dy
        t = (rx * dx + ry * dy) / square
        if t >= 1.0 and i < count - 2 and turned >= 0:
            turned = 1
            i += 1
        elif t < 0.0 and i > 0 and turned <= 0:
            turned = -1
            i -= 1
        else:
            break
    length = knots[i + 1, ARC] - knots[i, ARC]
    chord_right = (ry * dx - rx * dy) / np.sqrt(square)
    inside = min(max(t, 0.0), 1.0)
    # The curve lies beside its chord by the sagitta, to the left where it bends to the right.
    right = chord_right + 0.5 * knots[i, CURVATURE] * inside * (1.0 - inside) * length * length
    return i, t, knots[i, ARC] + t * length, right


@kernel
def locate(
    knots: F8, count: int, x: float, y: float, cosine: float, sine: float
) -> tuple[int, float, float, float]:
    """Foot of the perpendicular on a path, whatever was before: of the stretches that lead the same way.

    Where the path leads by more than once, the first time counts; where it nowhere leads the same way, all of
    it does.

    Args:
        knots: As for :func:`project`.
        count: The same.
        x: Point (m).
        y: Point (m).
        cosine: Of the heading.
        sine: Of the heading.

    Returns:
        As :func:`project`.
    """
    nearest = 0
    least = np.inf
    for i in range(count - 1):
        rx = x - knots[i, X]
        ry = y - knots[i, Y]
        dx = knots[i + 1, X] - knots[i, X]
        dy = knots[i + 1, Y] - knots[i, Y]
        share = min(max((rx * dx + ry * dy) / (dx * dx + dy * dy), 0.0), 1.0)
        rx -= share * dx
        ry -= share * dy
        square = rx * rx + ry * ry
        if dx * cosine + dy * sine < 0.0:
            square += OPPOSITE_M2
        if square < least - SAME_M2:
            least = square
            nearest = i
    return project(knots, count, nearest, x, y)


@kernel
def _ahead(knots: F8, count: int, segment: int, arc: float) -> tuple[int, float]:
    """Segment and share of a segment at an arc length at or beyond a segment."""
    i = segment
    while i < count - 2 and knots[i + 1, ARC] < arc:
        i += 1
    return i, (arc - knots[i, ARC]) / (knots[i + 1, ARC] - knots[i, ARC])


@kernel
def steer(
    knots: F8,
    count: int,
    segment: int,
    share: float,
    right: float,
    heading: float,
    speed: float,
    length: float,
) -> float:
    """Steering angle (rad) that leads onto the path and keeps to it.

    Args:
        knots: Of the path.
        count: Knots of the path.
        segment: Where the vehicle is beside the path, from :func:`project`.
        share: Where on that segment.
        right: Distance to the right of the path (m).
        heading: Of the vehicle (rad).
        speed: Of the vehicle (m/s).
        length: Of the vehicle (m): twice the distance of its centre from its rear axle.
    """
    here = min(max(share, 0.0), 1.0)
    path_heading = knots[segment, HEADING] + here * (knots[segment + 1, HEADING] - knots[segment, HEADING])
    arc = knots[segment, ARC] + here * (knots[segment + 1, ARC] - knots[segment, ARC])
    preview = max(speed * PREVIEW_S, 0.5)
    i, t = _ahead(knots, count, segment, arc + preview)
    t = min(max(t, 0.0), 1.0)
    ahead_heading = knots[i, HEADING] + t * (knots[i + 1, HEADING] - knots[i, HEADING])
    path_curvature = (ahead_heading - path_heading) / preview

    # Curvature of the parallel curve on which the vehicle is.
    stretch = max(1.0 - path_curvature * right, 0.3)
    wanted = path_curvature / stretch

    distance = _return_m(speed, right, knots[segment, AROUND])
    # A simulation step is a chord, and a chord begins with half of its arc's turn.
    off = heading - path_heading - 0.5 * wanted * speed * TIME_STEP_S
    off -= 2.0 * PI * np.floor((off + PI) / (2.0 * PI))

    # Solve κ + (4/D)·asin(κ·L/2) = a by Newton's method; the left side increases steadily.
    half = 0.5 * length
    gain = 4.0 / distance
    goal = wanted - 6.0 * right / (distance * distance) - gain * off
    kappa = goal / (1.0 + gain * half)
    edge = 0.999 / half
    for _ in range(4):
        kappa = min(max(kappa, -edge), edge)
        sine = kappa * half
        value = kappa + gain * numerics.asin(None, sine) - goal
        kappa -= value / (1.0 + gain * half / np.sqrt(1.0 - sine * sine))

    bound = CORRECTION_ACCELERATION_MPS2 / max(speed * speed, 1.0)
    kappa = min(max(kappa, wanted - bound), wanted + bound)
    kappa = min(max(kappa, -SHARPEST_PER_M), SHARPEST_PER_M)
    slip = numerics.asin(None, kappa * half)
    return float(numerics.atan(None, 2.0 * numerics.tan(None, slip)))


@kernel
def _return_m(speed: float, right: float, around: float) -> float:
    """Length of the cubic from an offset (m) to the path (m)."""
    acceleration = AROUND_ACCELERATION_MPS2 if around > 0.0 else OFFSET_ACCELERATION_MPS2
    settling = max(SETTLING_S, np.sqrt(6.0 * abs(right) / acceleration))
    return float(max(speed * settling, SHORTEST_CUBIC_M))


@kernel
def leader(
    knots: F8, count: int, segment: int, arc: float, right: float, states: F8, ego: int, entities: int
) -> tuple[float, float]:
    """Nearest vehicle or obstacle ahead in the corridor from where the ego is to the path.

    The corridor covers what the ego sweeps on its way to the path: during a lane change it is both lanes. On
    a way around it is where the ego will be by then.

    Args:
        knots: Of the path.
        count: Knots of the path.
        segment: Where the ego is beside the path, from :func:`project`.
        arc: Its arc length there (m).
        right: Its distance to the right of the path (m).
        states: ``f8[EntityFloat, N]`` of one world.
        ego: Which entity is the ego.
        entities: How many entities there are.

    Returns:
        Gap from bumper to bumper (m, infinite when nobody is ahead) and the leader's speed along the
        path (m/s).
    """
    beside = 0.5 * states[_WIDTH, ego] + SIDE_MARGIN_M
    around = knots[segment, AROUND]
    distance = _return_m(states[_SPEED, ego], right, around)
    nearest = np.inf
    its_speed = 0.0
    for j in range(entities):
        if j == ego:
            continue
        dx = states[_X, j] - states[_X, ego]
        dy = states[_Y, j] - states[_Y, ego]
        if dx * dx + dy * dy > LEADER_RANGE_M * LEADER_RANGE_M:
            continue
        i, t, s, r = project(knots, count, segment, states[_X, j], states[_Y, j])
        if s <= arc or (t > 1.0 and i == count - 2):
            continue
        heading = knots[i, HEADING] + min(max(t, 0.0), 1.0) * (knots[i + 1, HEADING] - knots[i, HEADING])
        cosine = numerics.cos(None, states[_HEADING, j] - heading)
        sine = numerics.sin(None, states[_HEADING, j] - heading)
        length, width = states[_LENGTH, j], states[_WIDTH, j]
        lateral = 0.5 * (abs(sine) * length + abs(cosine) * width)
        gap = s - arc - 0.5 * (states[_LENGTH, ego] + abs(cosine) * length + abs(sine) * width)
        aside = right
        if around > 0.0:
            share = min(max(gap, 0.0) / distance, 1.0)
            aside = right * (1.0 - share) * (1.0 - share) * (1.0 + 2.0 * share)
        if r - lateral > max(aside, 0.0) + beside or r + lateral < min(aside, 0.0) - beside:
            continue
        if gap < nearest:
            nearest = gap
            its_speed = states[_SPEED, j] * cosine
    return nearest, its_speed


@kernel
def accelerate(
    knots: F8,
    count: int,
    segment: int,
    arc: float,
    speed: float,
    cap: float,
    gap: float,
    leader_speed: float,
    manner: F8,
) -> float:
    """Acceleration (m/s²) by the speed profile, a cap on it, and the leader, in some manner."""
    acceleration = manner[_ACCELERATION]
    i, t = _ahead(knots, count, segment, arc + speed * APPROACH_S)
    t = min(max(t, 0.0), 1.0)
    wanted = min(manner[_SPEED_SHARE] * (knots[i, CAP] + t * (knots[i + 1, CAP] - knots[i, CAP])), cap)
    free = min(max((wanted - speed) / APPROACH_S, -BRAKING_MPS2), acceleration)
    if gap < np.inf:
        closing = speed * (speed - leader_speed) / (2.0 * np.sqrt(acceleration * BRAKING_MPS2))
        desired = manner[_STANDSTILL_GAP] + max(speed * manner[_TIME_GAP] + closing, 0.0)
        ratio = desired / max(gap, 0.5)
        free = min(free, acceleration * (1.0 - ratio * ratio))
    return float(max(free, -HARDEST_BRAKING_MPS2))


@kernel
def command_one(
    knots: F8,
    count: int,
    cap: float,
    hint: int,
    ego: int,
    entities: int,
    states: F8,
    lateral_offset: float,
    heading_offset: float,
    manner: F8,
    out: F8,
) -> int:
    """The law for one world.

    Args:
        knots: ``f8[K, 6]`` of the path to follow.
        count: Knots of the path.
        cap: Highest speed (m/s).
        hint: Segment near to the ego.
        ego: Index of the ego.
        entities: Vehicles and obstacles.
        states: ``f8[EntityFloat, N]``.
        lateral_offset: The ego is thought to be this far to its right (m).
        heading_offset: The ego is thought to be turned by this to the right (rad).
        manner: ``f8[columns Manner]``.
        out: ``f8[2]``: acceleration (m/s²), steering angle (rad).

    Returns:
        The segment beside the ego.
    """
    x = states[_X, ego] - lateral_offset * states[_SIN, ego]
    y = states[_Y, ego] + lateral_offset * states[_COS, ego]
    heading = states[_HEADING, ego] + heading_offset
    speed = states[_SPEED, ego]
    i, t, arc, right = project(knots, count, hint, x, y)
    gap, leader_speed = leader(knots, count, i, arc, right, states, ego, entities)
    out[0] = accelerate(knots, count, i, arc, speed, cap, gap, leader_speed, manner)
    out[1] = steer(knots, count, i, t, right, heading, speed, states[_LENGTH, ego])
    return i


@kernel
def command(
    knots: F8,
    counts: I8,
    slot: I8,
    path: I8,
    cap: F8,
    hint: I8,
    ego: I8,
    entities: I8,
    states: F8,
    lateral_offset: F8,
    heading_offset: F8,
    manner: F8,
    out: F8,
) -> None:
    """The law for many worlds.

    Args:
        knots: ``f8[B, P, K, 6]`` paths of each world.
        counts: ``i8[B, P]`` knots of each path.
        slot: ``i8[n]`` world.
        path: ``i8[n]`` path to follow.
        cap: ``f8[n]`` highest speed (m/s).
        hint: ``i8[n]`` segment near to the ego.
        ego: ``i8[B]`` index of the ego in each world.
        entities: ``i8[B]`` vehicles and obstacles in each world.
        states: ``f8[B, EntityFloat, N]`` of all entities.
        lateral_offset: ``f8[n]`` the ego is thought to be this far to its right (m).
        heading_offset: ``f8[n]`` the ego is thought to be turned by this to the right (rad).
        manner: ``f8[columns Manner]``.
        out: ``f8[n, 2]``: acceleration (m/s²), steering angle (rad).
    """
    for k in range(slot.shape[0]):
        command_one(
            knots[slot[k], path[k]],
            counts[slot[k], path[k]],
            cap[k],
            hint[k],
            ego[slot[k]],
            entities[slot[k]],
            states[slot[k]],
            lateral_offset[k],
            heading_offset[k],
            manner,
            out[k],
        )


@kernel
def prospect(
    knots: F8, count: int, hint: int, ego: int, entities: int, states: F8, seconds: float, manner: F8
) -> float:
    """How far an ego can come on its path, if its leader keeps its speed.

    Args:
        knots: As for :func:`command_one`.
        count: The same.
        hint: The same.
        ego: The same.
        entities: The same.
        states: The same.
        seconds: From now.
        manner: The same.

    Returns:
        Metres.
    """
    i, _, arc, right = project(knots, count, hint, states[_X, ego], states[_Y, ego])
    gap, leader_speed = leader(knots, count, i, arc, right, states, ego, entities)
    speed = states[_SPEED, ego]
    acceleration = manner[_ACCELERATION]
    wanted = manner[_SPEED_SHARE] * knots[i, CAP]
    rising = max(wanted - speed, 0.0) / acceleration
    rising = min(rising, seconds)
    way = wanted * seconds - 0.5 * acceleration * rising * rising
    if gap < np.inf:
        room = max(gap - manner[_STANDSTILL_GAP] - manner[_TIME_GAP] * leader_speed, 0.0)
        way = min(way, room + leader_speed * seconds)
    return float(max(way, 0.0))
