"""Episodes that start elsewhere: beside the route, or from a standstill."""

from dataclasses import replace

import numpy as np

from drivebench.scenario import Episode
from drivebench.world import numerics
from drivebench.world.grid import round_to_grid
from drivebench.world.layout import EntityFloat, EntityInt

__all__ = ["displaced", "standing"]


def displaced(episode: Episode, lateral_m: float) -> Episode:
    """The same episode with the ego beside where it starts, along the route as before.

    Args:
        episode: Which.
        lateral_m: To the right of the route; negative to the left.
    """
    world, route = episode.world, episode.route
    place = min(max(int(np.searchsorted(route.arc_m, 0.0, "right")) - 1, 0), len(route.arc_m) - 2)
    dx, dy = (route.points_m[place + 1] - route.points_m[place]).tolist()
    cosine, sine = numerics.cos_sin(None, numerics.atan2(None, dy, dx))
    numbers, integers, ego = world.entity_float.copy(), world.entity_int.copy(), world.ego
    x = round_to_grid(float(numbers[EntityFloat.X, ego]) - lateral_m * sine)
    y = round_to_grid(float(numbers[EntityFloat.Y, ego]) + lateral_m * cosine)
    numbers[EntityFloat.X, ego], numbers[EntityFloat.Y, ego] = x, y
    lane = world.network.closest_lane(x, y, float(numbers[EntityFloat.HEADING, ego]))
    integers[[EntityInt.LANE, EntityInt.TARGET_LANE], ego] = lane
    return replace(episode, world=replace(world, entity_float=numbers, entity_int=integers))


def standing(episode: Episode) -> Episode:
    """The same episode with the ego at a standstill.

    Args:
        episode: Which.
    """
    world = episode.world
    numbers = world.entity_float.copy()
    numbers[EntityFloat.SPEED, world.ego] = 0.0
    return replace(episode, world=replace(world, entity_float=numbers))
