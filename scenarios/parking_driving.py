"""How the parking expert drives along its path: steering and speed of the next decision, as kernels.

It steers by the curvature of the path over the way of the next decision, comes to a stand where the path
changes its direction and where it ends, and goes no faster than lets it stop before what lies straight ahead
of it, for the score's time to collision.
"""

import numpy as np
from numpy.typing import NDArray

from drivebench.compiled import kernel
from drivebench.metric.limits import PARKED_ALONG_M, PARKED_ASIDE_M, PARKED_SINE
from drivebench.world.clock import POLICY_HZ
from drivebench.world.follow_script import gust_in_force
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind, WorldInt
from drivebench.world.numerics import atan, cos_sin, tan
from scenarios.parking_path import (
    BRIEF_M as NO_PIECE_M,
)
from scenarios.parking_path import (
    CLEARANCE_M,
    MOST_PIECES,
    RADII_M,
    Box,
    cheapest_path,
    clearance_ahead,
    move,
    piece_is_free,
    way_out,
)

__all__ = ["decide"]

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

DECISION_S = 1.0 / POLICY_HZ
ON_ARCS_MPS, ARC_PER_M = 2.5, 0.1
"""Speed on arcs of more than this curvature. From one lock to the other within a decision, the yaw
acceleration is 1.7 rad/s² at this speed by the filter of the score; nuPlan's bound is 1.93 rad/s²."""
ACCELERATION_MPS2, BRAKING_MPS2, HARDEST_MPS2 = 1.4, 1.3, 3.0
TIME_AHEAD_S = 1.1
"""To what lies straight ahead; the score asks for 0.95 s."""
LOOK_M, LOOK_STEP_M = 5.0, 0.35
"""How far along the path, and how densely, the room straight ahead is looked at."""
BRIEF_M = 0.08
"""A path that begins with less than this in one direction is begun with the next one."""
WELL_IN = 0.6
"""Share of the tolerances within which the car stands well enough: it stops and stays."""
WELL_IN_MPS = 0.5
STANDING_MPS = 0.02
"""Slower than this is a stand; actions are rounded, so that a car does not stand exactly."""

_X, _Y, _HEADING, _SPEED = (
    int(EntityFloat.X), int(EntityFloat.Y), int(EntityFloat.HEADING), int(EntityFloat.SPEED)
)  # fmt: skip
_COS, _SIN, _LENGTH, _WIDTH = (
    int(EntityFloat.COS), int(EntityFloat.SIN), int(EntityFloat.LENGTH), int(EntityFloat.WIDTH)
)  # fmt: skip
_KIND, _LANDMARK = int(EntityInt.KIND), int(EntityKind.LANDMARK)
_EGO, _ENTITIES, _DECISIONS = int(WorldInt.EGO), int(WorldInt.ENTITIES), int(WorldInt.DECISIONS)
_STEERING = int(EntityFloat.STEERING)
_BOX_X, _BOX_Y, _BOX_COS, _BOX_SIN = int(Box.X), int(Box.Y), int(Box.COS), int(Box.SIN)
_BOX_LENGTH, _BOX_WIDTH = int(Box.HALF_LENGTH), int(Box.HALF_WIDTH)
_BOX_COLUMNS = len(Box)


@kernel
def decide(
    slots: I8, floats: F8, ints: I8, world_ints: I8, script_ints: I8, gusts: F8, gates: F8, numbers: I8,
    lots: F8, places: F8, limits: F8, briskness: float, lateral: F8, turned: F8, out: F8,
) -> None:  # fmt: skip
    """Decide for some slots.

    Args:
        slots: ``i8[n]``.
        floats: ``f8[B, EntityFloat, N]`` of the worlds.
        ints: ``i8[B, EntityInt, N]`` of the worlds.
        world_ints: ``i8[B, WorldInt]`` of the worlds.
        script_ints: ``i8[B, ScriptInt]`` of the worlds.
        gusts: ``f8[B, T]`` of the worlds; the one that blows now is steered against.
        gates: ``f8[B, G, Gate]`` of the places.
        numbers: ``i8[B]`` gates of each place.
        lots: ``f8[B, 4]`` least x and y, greatest x and y of the lots (m).
        places: ``f8[B, 4]`` x, y, cosine and sine of the places.
        limits: ``f8[B]`` highest speeds (m/s).
        briskness: Factor of the acceleration.
        lateral: ``f8[n]`` the ego is thought to be this far to its right (m).
        turned: ``f8[n]`` the ego is thought to be turned by this to the right (rad).
        out: ``f8[n, 2]`` written: acceleration (m/s²), front wheel angle (rad).
    """
    path = np.zeros((MOST_PIECES, 2))
    boxes = np.zeros((floats.shape[2], _BOX_COLUMNS))
    pose, size = np.zeros(3), np.zeros(2)
    for row in range(slots.shape[0]):
        slot = slots[row]
        states, ego = floats[slot], world_ints[slot, _EGO]
        count = _note_boxes(states, ints[slot], ego, world_ints[slot, _ENTITIES], boxes)
        size[0], size[1] = states[_LENGTH, ego], states[_WIDTH, ego]
        speed = states[_SPEED, ego]
        x = states[_X, ego] - lateral[row] * states[_SIN, ego]
        y = states[_Y, ego] + lateral[row] * states[_COS, ego]
        pose[0], pose[1], pose[2] = x, y, states[_HEADING, ego] + turned[row]
        cos, sin = cos_sin(None, pose[2])
        pose[0] -= 0.5 * size[0] * cos
        pose[1] -= 0.5 * size[0] * sin
        path[:] = 0.0
        target, curvature = 0.0, 0.0
        if abs(speed) > WELL_IN_MPS or not _is_well_in(places[slot], x, y, cos, sin):
            found = cheapest_path(
                pose, speed, gates[slot], numbers[slot], boxes, count, lots[slot], size, path
            )
            if not found < np.inf:
                way_out(pose, gates[slot], numbers[slot], boxes, count, lots[slot], size, path)
            onwards = _drop_brief(path)
            if onwards == 0.0 or onwards * speed < -STANDING_MPS:  # first come to a stand
                now = tan(None, states[_STEERING, ego]) / size[0]
                curvature = _curvature_to_stop(pose, speed, now, boxes, count, lots[slot], size)
            else:
                target = _next_speed(pose, onwards, speed, path, boxes, count, size, limits[slot], briskness)
                way = (2.0 * abs(speed) + abs(target)) / 3.0 * DECISION_S
                curvature = _mean_curvature(path, way)
        rate = (target - speed) / DECISION_S
        out[row, 0] = min(max(rate, -HARDEST_MPS2), HARDEST_MPS2)
        gust = gust_in_force(world_ints[slot, _DECISIONS], script_ints[slot], gusts[slot])
        out[row, 1] = atan(None, size[0] * curvature) - gust


@kernel
def _curvature_to_stop(pose: F8, speed: float, now: float, boxes: F8, count: int, lot: F8, size: F8) -> float:
    """Curvature (1/m) on which the car can stop and touches nothing: the present one if that will do."""
    way = speed * abs(speed) / (2.0 * HARDEST_MPS2) + speed * DECISION_S
    at = np.zeros(3)
    for curvature in (now, 0.0, 1.0 / RADII_M[0], -1.0 / RADII_M[0]):
        at[:] = pose
        if piece_is_free(at, way, curvature, 0.0, CLEARANCE_M[1], boxes, count, lot, size):
            return float(curvature)
    return now


@kernel
def _note_boxes(states: F8, integers: I8, ego: int, entities: int, boxes: F8) -> int:
    """Write down all that stands about; returns how much it is."""
    count = 0
    for k in range(entities):
        if k == ego or integers[_KIND, k] == _LANDMARK:
            continue
        boxes[count, _BOX_X], boxes[count, _BOX_Y] = states[_X, k], states[_Y, k]
        boxes[count, _BOX_COS], boxes[count, _BOX_SIN] = states[_COS, k], states[_SIN, k]
        boxes[count, _BOX_LENGTH], boxes[count, _BOX_WIDTH] = (
            0.5 * states[_LENGTH, k],
            0.5 * states[_WIDTH, k],
        )
        count += 1
    return count


@kernel
def _is_well_in(place: F8, x: float, y: float, cos: float, sin: float) -> bool:
    """Whether a car stands well within the tolerances."""
    dx, dy = x - place[0], y - place[1]
    along, aside = abs(dx * place[2] + dy * place[3]), abs(dy * place[2] - dx * place[3])
    askew = abs(sin * place[2] - cos * place[3])
    return bool(
        along <= WELL_IN * PARKED_ALONG_M
        and aside <= WELL_IN * PARKED_ASIDE_M
        and askew <= WELL_IN * PARKED_SINE
    )


@kernel
def _drop_brief(path: F8) -> float:
    """Drop the first way in one direction if it is brief; returns the direction of the first that is left."""
    for _ in range(MOST_PIECES):
        way, onwards, last = 0.0, 0.0, -1
        for k in range(MOST_PIECES):
            length = path[k, 0]
            if abs(length) < NO_PIECE_M:
                continue
            if onwards * length < 0.0:
                break
            onwards = 1.0 if length > 0.0 else -1.0
            way += abs(length)
            last = k
        if way >= BRIEF_M or last < 0:
            return onwards
        rest = 0.0
        for k in range(last + 1, MOST_PIECES):
            rest += abs(path[k, 0])
        if rest < BRIEF_M:
            return onwards
        for k in range(last + 1):
            path[k, 0] = 0.0
    return 0.0


@kernel
def _next_speed(
    pose: F8, onwards: float, speed: float, path: F8, boxes: F8, count: int, size: F8, limit: float,
    briskness: float,
) -> float:  # fmt: skip
    """Speed at the end of the decision (m/s, signed)."""
    braking = BRAKING_MPS2
    now = max(onwards * speed, 0.0)
    driven = now * DECISION_S
    room = LOOK_M
    wanted = limit
    at = pose.copy()
    way = 0.0
    for k in range(MOST_PIECES):
        length = path[k, 0]
        if abs(length) < NO_PIECE_M:
            continue
        if onwards * length < 0.0:
            break
        steps = int(abs(length) / LOOK_STEP_M) + 1
        for step in range(steps):
            s = way + abs(length) * step / steps
            if s > LOOK_M:
                break
            at[0], at[1], at[2] = move(pose[0], pose[1], pose[2], length * step / steps, path[k, 1])
            room = clearance_ahead(at, onwards, boxes, count, size, LOOK_M)
            allowed = room / TIME_AHEAD_S
            if abs(path[k, 1]) > ARC_PER_M:
                allowed = min(allowed, ON_ARCS_MPS)
            left = max(s - driven, 0.0)
            wanted = min(wanted, np.sqrt(allowed * allowed + 2.0 * braking * left))
        pose[0], pose[1], pose[2] = move(pose[0], pose[1], pose[2], length, path[k, 1])
        way += abs(length)
    # From v to w within a decision, the engine's steps make a way of (2 v + w) T / 3; then w² / 2a is left.
    third_s = DECISION_S / 3.0
    rest = max(way - 2.0 * now * third_s, 0.0)
    stopping = braking * (np.sqrt(third_s * third_s + 2.0 * rest / braking) - third_s)
    faster = now + briskness * ACCELERATION_MPS2 * DECISION_S
    return float(onwards * min(wanted, stopping, faster))


@kernel
def _mean_curvature(path: F8, way: float) -> float:
    """Curvature in the mean over the next way, no farther than the path keeps its direction."""
    onwards, left, turned, driven = 0.0, max(way, 0.02), 0.0, 0.0
    for k in range(MOST_PIECES):
        length = path[k, 0]
        if abs(length) < NO_PIECE_M:
            continue
        if onwards * length < 0.0:
            break
        onwards = length
        part = min(abs(length), left)
        turned += part * path[k, 1]
        driven += part
        left -= part
        if left <= 0.0:
            break
    return float(turned / driven) if driven > 0.0 else 0.0
