"""Where egos are on their routes for as long as they drive, also after an episode would have ended."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from drivebench.metric.monitor import lane_boxes
from drivebench.metric.road import depth_off_road, project_on_route
from drivebench.scenario import Episode
from drivebench.world import WorldBatch
from drivebench.world.clock import SUBSTEPS

__all__ = ["RouteWatch"]


class RouteWatch:
    """Progress of a batch of egos, as sensors ask for it.

    A :class:`~drivebench.metric.monitor.Monitor` stops with an episode. This goes on, and is the same bits
    until then, so that a policy is shown what it is shown in an evaluation.

    Attributes:
        episodes: The episode in each slot.
        progress_m: ``f8[B]`` arc length along the route, 0 at the start.
        lateral_m: ``f8[B]`` distance from the route's middle, positive to the right.
        command: ``i8[B]`` the route command in force.
        decisions: ``i8[B]`` decisions that were made so far.
    """

    def __init__(self, worlds: WorldBatch, episodes: Sequence[Episode]) -> None:
        """Begin to watch.

        Args:
            worlds: At the initial states of the episodes.
            episodes: One for each world.
        """
        batch = len(episodes)
        self._worlds = worlds
        self.episodes: Sequence[Episode] = tuple(episodes)
        self.progress_m = np.zeros(batch)
        self.lateral_m = np.zeros(batch)
        self.command = np.zeros(batch, np.int64)
        self.decisions = np.zeros(batch, np.int64)
        self._segment = np.zeros(batch, np.int64)
        self._place = np.zeros(batch, np.int64)
        self._lane = np.zeros(batch, np.int64)
        self._starts = [np.array([each.start_m for each in one.route.commands]) for one in self.episodes]
        for slot, episode in enumerate(self.episodes):
            arc, ego = episode.route.arc_m, int(worlds.ego[slot])
            self._segment[slot] = min(int(np.searchsorted(arc, 0.0, "right")) - 1, len(arc) - 2)
            self._lane[slot] = worlds.lane[slot, ego]
            self._project(slot, float(worlds.x[slot, ego]), float(worlds.y[slot, ego]))
            self.progress_m[slot] = 0.0
            self._note_command(slot)

    def instruction(self, slot: int) -> str:
        """The command in force as a sentence.

        Args:
            slot: Which episode.
        """
        return self.episodes[slot].route.commands[int(self._place[slot])].text

    def update(self, active: NDArray[np.bool_]) -> None:
        """Follow the decision that the worlds have just made.

        Args:
            active: ``bool[B]`` which worlds have stepped.
        """
        worlds = self._worlds
        for slot in np.flatnonzero(active).tolist():
            ego = int(worlds.ego[slot])
            self._lane[slot] = worlds.lane[slot, ego]
            for k in range(SUBSTEPS):
                x, y = worlds.trace[slot, k, ego, :2].tolist()
                self._project(slot, x, y)
            self._note_command(slot)
            self.decisions[slot] += 1

    def depth_off_road_m(self, slot: int) -> float:
        """How far the ego's worst corner is off the drivable area (m); 0 when all are on it.

        Args:
            slot: Which episode.
        """
        worlds, ego = self._worlds, int(self._worlds.ego[slot])
        network = worlds.networks[int(worlds.network_of_world[slot])]
        heading, lane = float(worlds.heading[slot, ego]), int(self._lane[slot])
        return depth_off_road(
            network.lane_float,
            network.lane_int,
            lane_boxes(network),
            len(network.lane_index),
            lane,
            lane,
            float(worlds.x[slot, ego]),
            float(worlds.y[slot, ego]),
            float(np.cos(heading)),
            float(np.sin(heading)),
            0.5 * float(worlds.length[slot, ego]),
            0.5 * float(worlds.width[slot, ego]),
        )

    def _project(self, slot: int, x_m: float, y_m: float) -> None:
        route = self.episodes[slot].route
        segment, progress, lateral = project_on_route(
            route.points_m, route.arc_m, len(route.arc_m), int(self._segment[slot]), x_m, y_m
        )
        self._segment[slot], self.progress_m[slot], self.lateral_m[slot] = segment, progress, lateral

    def _note_command(self, slot: int) -> None:
        place = int(np.searchsorted(self._starts[slot], self.progress_m[slot], "right")) - 1
        self._place[slot] = max(place, 0)
        self.command[slot] = self.episodes[slot].route.commands[max(place, 0)].command
