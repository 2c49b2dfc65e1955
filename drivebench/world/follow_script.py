"""What scripts do before a decision: the compiled part of ``script``."""

import numpy as np
import numpy.typing as npt

from drivebench.compiled import kernel
from drivebench.world.actions import STEERING_RANGE_RAD
from drivebench.world.layout import EntityFloat, WorldInt
from drivebench.world.script import ScriptInt

__all__ = ["follow_scripts"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_TARGET_SPEED, _DECISIONS = int(EntityFloat.TARGET_SPEED), int(WorldInt.DECISIONS)
_HELD_AFTER, _GUSTS = int(ScriptInt.HELD_AFTER), int(ScriptInt.GUSTS)
_SPEEDS, _ACTOR = int(ScriptInt.SPEEDS), int(ScriptInt.ACTOR)


@kernel
def follow_scripts(
    world_int: Ints,
    script_int: Ints,
    gusts: Floats,
    actor_speeds: Floats,
    active: npt.NDArray[np.bool_],
    entity_float: Floats,
    commands: Floats,
) -> None:
    """Give the actors of all active worlds their speeds, and turn the wheels of the egos by the gusts.

    A held script leaves the actors the speed that they want, and repeats the gust of the last decision.

    Args:
        world_int: [B, columns ``WorldInt``] before the decision is counted.
        script_int: [B, columns ``ScriptInt``].
        gusts: [B, T] rad.
        actor_speeds: [B, T, M] m/s.
        active: [B].
        entity_float: [B, rows ``EntityFloat``, N], written.
        commands: [B, A, 2] acceleration and front wheel angle, the ego's first; written.
    """
    for world in range(world_int.shape[0]):
        if not active[world]:
            continue
        held_after = script_int[world, _HELD_AFTER]
        now = world_int[world, _DECISIONS]
        if held_after >= 0:
            now = held_after - 1
        if 0 <= now < script_int[world, _GUSTS]:
            gust = gusts[world, now]
            if gust != 0.0:
                angle = commands[world, 0, 1] + gust
                commands[world, 0, 1] = min(max(angle, -STEERING_RANGE_RAD), STEERING_RANGE_RAD)
        last = script_int[world, _SPEEDS] - 1
        if held_after >= 0 or last < 0:
            continue
        for place in range(actor_speeds.shape[2]):
            actor = script_int[world, _ACTOR + place]
            if actor >= 0:
                entity_float[world, _TARGET_SPEED, actor] = actor_speeds[world, min(now, last), place]
