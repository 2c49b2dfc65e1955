"""What led to a collision: facts about the last seconds, from the recent states of all entities. Kernels.

Looked at only when the ego has collided. Had the ego a *cause* to brake, to stop, to be slow? It had when
something was in its way: an entity on the next stretch of its route, or one that crosses it, or comes towards
it, and will be there within three seconds. A follower is never a cause.
"""

import math

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.metric.limits import (
    CAUSE_GAP_M,
    CAUSE_LATERAL_M,
    CAUSE_TIME_S,
    CROSSING_S,
    FLOW_RADIUS_M,
    SAME_DIRECTION,
    STOPPED_MPS,
)
from drivebench.metric.road import project_on_route
from drivebench.world.clock import SIMULATION_HZ
from drivebench.world.layout import EntityKind
from drivebench.world.numerics import cos_sin

__all__ = ["had_cause", "led_to_collision"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_OBSTACLE = int(EntityKind.OBSTACLE)
_LANDMARK = int(EntityKind.LANDMARK)


@kernel
def _beside_stretch(
    points: Floats, arc: Floats, count: int, segment: int, until_m: float, x: float, y: float
) -> float:
    """How far to the right of a stretch of the route a point is; NaN before or beyond the stretch."""
    best_square, best = math.inf, math.nan
    while segment < count - 1 and arc[segment] < until_m:
        dx = points[segment + 1, 0] - points[segment, 0]
        dy = points[segment + 1, 1] - points[segment, 1]
        rx, ry = x - points[segment, 0], y - points[segment, 1]
        square_of_step = dx * dx + dy * dy
        t = (rx * dx + ry * dy) / square_of_step
        inside = min(max(t, 0.0), 1.0)
        ox, oy = rx - inside * dx, ry - inside * dy
        square = ox * ox + oy * oy
        if square < best_square:
            best_square = square
            near = abs(t - inside) * math.sqrt(square_of_step) <= 1.0
            best = (dx * ry - dy * rx) / math.sqrt(square_of_step) if near else math.nan
        segment += 1
    return best


@kernel
def had_cause(
    points: Floats,
    arc: Floats,
    count: int,
    hint: int,
    states: Floats,
    kind: Ints,
    length: Floats,
    width: Floats,
    entities: int,
    ego: int,
) -> tuple[bool, int]:
    """Whether something was in the ego's way, and on which segment of the route the ego was.

    Args:
        points: ``f8[>=count, 2]`` of the route (m).
        arc: ``f8[>=count]`` arc length (m).
        count: Number of points.
        hint: Segment of the route near which the ego was.
        states: ``f8[N, 4]`` x, y, heading and speed of all entities at that time.
        kind: ``i8[N]``.
        length: ``f8[N]`` (m).
        width: ``f8[N]`` (m).
        entities: Number of entities.
        ego: Which of them is the ego.
    """
    x, y, speed = states[ego, 0], states[ego, 1], states[ego, 3]
    cos_e, sin_e = cos_sin(None, states[ego, 2])
    segment, _, beside = project_on_route(points, arc, count, hint, x, y)
    for other in range(entities):
        if other == ego or kind[other] == _LANDMARK:
            continue
        reach = CAUSE_GAP_M + CAUSE_TIME_S * speed + 0.5 * (length[ego] + length[other])
        near = CAUSE_LATERAL_M + 0.5 * (width[ego] + width[other])
        ox, oy, v = states[other, 0], states[other, 1], states[other, 3]
        cos_o, sin_o = cos_sin(None, states[other, 2])
        same = cos_e * cos_o + sin_e * sin_o > SAME_DIRECTION
        steps = 0 if same or kind[other] >= _OBSTACLE else CROSSING_S
        for ahead_s in range(steps + 1):
            px, py = ox + ahead_s * v * cos_o, oy + ahead_s * v * sin_o
            dx, dy = px - x, py - y
            if dx * dx + dy * dy > (reach + near) * (reach + near) or dx * cos_e + dy * sin_e <= 0.0:
                continue
            aside = _beside_stretch(points, arc, count, segment, arc[segment] + reach, px, py)
            if abs(aside - beside) <= near:
                return True, segment
    return False, segment


@kernel
def _flow(states: Floats, kind: Ints, entities: int, ego: int) -> float:
    """Mean speed of the traffic about the ego in its direction; NaN when there is none."""
    cos_e, sin_e = cos_sin(None, states[ego, 2])
    total, number = 0.0, 0
    for other in range(entities):
        if other == ego or kind[other] >= _OBSTACLE:
            continue
        dx, dy = states[other, 0] - states[ego, 0], states[other, 1] - states[ego, 1]
        if dx * dx + dy * dy > FLOW_RADIUS_M * FLOW_RADIUS_M:
            continue
        cos_o, sin_o = cos_sin(None, states[other, 2])
        if cos_e * cos_o + sin_e * sin_o > SAME_DIRECTION:
            total += states[other, 3]
            number += 1
    return total / number if number > 0 else math.nan


@kernel
def led_to_collision(
    points: Floats,
    arc: Floats,
    count: int,
    hint: int,
    history: Floats,
    newest: int,
    length_of_history: int,
    braking_window: int,
    stopped_window: int,
    kind: Ints,
    length: Floats,
    width: Floats,
    entities: int,
    ego: int,
) -> tuple[float, bool, float]:
    """Facts about the time before a collision.

    Args:
        points: As in :func:`had_cause`.
        arc: The same.
        count: The same.
        hint: The same.
        history: ``f8[H, N, 4]``, a ring of the latest states.
        newest: Its row of the state just before the touch.
        length_of_history: How many rows are filled.
        braking_window: Steps over which braking and flow are looked at.
        stopped_window: Steps over which the ego must have stood.
        kind: As in :func:`had_cause`.
        length: The same.
        width: The same.
        entities: The same.
        ego: The same.

    Returns:
        Hardest braking without cause (m/s², 0 if none); whether the ego stood without cause; the ego's speed
        as a share of the flow's where there was flow and no cause (NaN when that was less than half of the
        time).
    """
    rows = history.shape[0]
    hardest, stood = 0.0, length_of_history > stopped_window
    own, flow, steps = 0.0, 0.0, 0
    for back in range(min(braking_window, length_of_history - 1)):
        row = (newest - back + rows) % rows
        earlier = (newest - back - 1 + rows) % rows
        state = history[row]
        speed = state[ego, 3]
        cause, hint = had_cause(
            points, arc, count, hint, history[earlier], kind, length, width, entities, ego
        )
        if not cause:
            hardest = max(hardest, (history[earlier, ego, 3] - speed) * SIMULATION_HZ)
            traffic = _flow(state, kind, entities, ego)
            if not math.isnan(traffic) and traffic > STOPPED_MPS:
                own, flow, steps = own + speed, flow + traffic, steps + 1
        if back < stopped_window and (cause or speed > STOPPED_MPS):
            stood = False
    share = own / flow if 2 * steps >= braking_window else math.nan
    return hardest, stood, share
