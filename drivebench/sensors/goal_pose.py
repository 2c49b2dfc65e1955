"""Where the assigned parking place is: what the goal of a goal-conditioned policy is."""

from dataclasses import dataclass
from typing import ClassVar

import gymnasium
import numpy as np
from numpy.typing import NDArray

from drivebench.parking import places_of
from drivebench.sensors.sensor import View
from drivebench.world.numerics import cos_sin

__all__ = ["GOAL_POSE", "GoalPose"]

COLUMNS = 5


@dataclass(frozen=True, kw_only=True)
class GoalPose:
    """The place where the ego has to park, in the ego's frame: x ahead, y to the right.

    Columns: presence (1, or 0 for an episode in which nobody parks; all others are 0 then), x and y of the
    middle of the place in m, cosine and sine of its heading, clockwise positive. A place can be taken either
    way round.
    """

    leaks_label: ClassVar[bool] = False

    name: str = "goal-pose"

    def space(self) -> gymnasium.Space[NDArray[np.float32]]:
        """``f4[5]``."""
        return gymnasium.spaces.Box(-np.inf, np.inf, (COLUMNS,), np.float32)

    def observe(self, view: View) -> NDArray[np.float32]:
        """``f4[n, 5]``."""
        worlds = view.worlds
        values = np.zeros((len(view.slots), COLUMNS), np.float32)
        for row, (slot, ego) in enumerate(zip(view.slots.tolist(), view.ego.tolist(), strict=True)):
            places = places_of(view.progress.episodes[slot])
            if len(places) == 0:
                continue
            x, y, along_x, along_y = places[0].tolist()
            dx, dy = x - float(worlds.x[slot, ego]), y - float(worlds.y[slot, ego])
            cosine, sine = cos_sin(None, float(worlds.heading[slot, ego]))
            values[row] = (
                1.0,
                dx * cosine + dy * sine,
                dy * cosine - dx * sine,
                along_x * cosine + along_y * sine,
                along_y * cosine - along_x * sine,
            )
        return values


GOAL_POSE = GoalPose()
