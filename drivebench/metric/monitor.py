"""Watching a batch of episodes: the route command, when an episode ends, what was measured in it."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError
from drivebench.metric.account import account
from drivebench.metric.blame import led_to_collision
from drivebench.metric.boxes import FRONT, REAR, contact_side
from drivebench.metric.events import (
    Collision,
    Contact,
    Partner,
)
from drivebench.metric.limits import (
    BRAKING_WINDOW_S,
    LANE_CHANGE_WINDOW_S,
    LATE_TIME_FACTOR,
    LATE_TIME_TOLERANCE_S,
    STOPPED_WINDOW_S,
)
from drivebench.metric.measure import LONG_AGO, Count, Log, Outcome, Sum, measure
from drivebench.metric.measurement import EpisodeMeasurement, Reference
from drivebench.metric.parked import pose_error
from drivebench.metric.road import is_straddling
from drivebench.parking import places_of
from drivebench.world import EntityKind, RoadNetwork, WorldBatch
from drivebench.world.clock import SIMULATION_HZ, SUBSTEPS
from drivebench.world.layout import LaneInt
from drivebench.world.numerics import cos_sin
from drivebench.world.threads import in_threads

if TYPE_CHECKING:
    from drivebench.scenario import Episode

__all__ = ["Monitor"]

Number = TypeVar("Number", np.float64, np.int64)

BRAKING_STEPS = math.ceil(BRAKING_WINDOW_S * SIMULATION_HZ)
STOPPED_STEPS = math.ceil(STOPPED_WINDOW_S * SIMULATION_HZ)
HISTORY_STEPS = BRAKING_STEPS + 3
"""Rows of the ring of states: the window, the step before it, and the step of the collision."""
BOX_SAMPLES = 33
"""Points along a lane from which its bounding box is made; what lies between them is covered by a margin."""


class Monitor:
    """Watches the episodes of a :class:`~drivebench.world.WorldBatch`.

    Call :meth:`update` after each step of the worlds. An episode ends with a collision, with a gate of the
    score that is lost for good, at its goal, or at its horizon; what happens in its world afterwards is not
    measured. With a reference, the horizon of an episode with a goal is 1.5 times the expert's time.

    Attributes:
        progress_m: ``f8[B]`` signed arc length along the route.
        command: ``i8[B]`` the route command in force.
        done: ``bool[B]`` whether the episode has ended.
    """

    def __init__(
        self,
        worlds: WorldBatch,
        episodes: "Sequence[Episode]",
        references: Sequence[Reference | None] | None = None,
    ) -> None:
        """Begin to watch.

        Args:
            worlds: At the initial states of the episodes.
            episodes: One for each world.
            references: What the expert did on each; None where that is not known.
        """
        if len(episodes) != len(worlds):
            raise ConfigurationError(
                f"{len(episodes)} episodes for {len(worlds)} worlds; expected one for each"
            )
        references = references if references is not None else [None] * len(episodes)
        if len(references) != len(worlds):
            raise ConfigurationError(
                f"{len(references)} references for {len(worlds)} worlds; expected one for each"
            )
        batch = len(worlds)
        self._worlds = worlds
        self.episodes: list[Episode] = list(episodes)
        self._networks: list[RoadNetwork | None] = []
        self._boxes = np.zeros((0, 0, 4))
        self._points, self._arc = np.zeros((batch, 2, 2)), np.zeros((batch, 2))
        self._starts, self._commands = np.zeros((batch, 1)), np.zeros((batch, 1), np.int64)
        self._places = np.zeros((batch, 1, 4))
        self._sums = np.zeros((batch, len(Sum)))
        self._counts = np.zeros((batch, len(Count)), np.int64)
        self._log = np.zeros((batch, 1, len(Log)))
        self._history = np.zeros((batch, HISTORY_STEPS, 0, 4))
        self._road = self._road_since = self._road_before = np.zeros((batch, 0), np.int64)
        self._identity = np.zeros((batch, 0), np.int64)
        for slot, (episode, reference) in enumerate(zip(episodes, references, strict=True)):
            self.load(slot, episode, reference)

    @property
    def progress_m(self) -> NDArray[np.float64]:
        """``f8[B]`` signed arc length along the route, 0 at the start."""
        return self._sums[:, Sum.PROGRESS]

    @property
    def gained_m(self) -> NDArray[np.float64]:
        """``f8[B]`` progress as the score counts it.

        Along the route; where the ego has to park, by how much its pose error is less than at the start.
        """
        nearer = self._sums[:, Sum.POSE_ERROR_AT_START] - self._sums[:, Sum.POSE_ERROR]
        gained: NDArray[np.float64] = np.where(self._counts[:, Count.PLACES] > 0, nearer, self.progress_m)
        return gained

    @property
    def command(self) -> NDArray[np.int64]:
        """``i8[B]`` the :class:`~drivebench.scenario.Command` in force."""
        return self._counts[:, Count.COMMAND]

    @property
    def done(self) -> NDArray[np.bool_]:
        """``bool[B]`` whether the episode has ended."""
        ended: NDArray[np.bool_] = self._counts[:, Count.OUTCOME] != 0
        return ended

    @property
    def time_s(self) -> NDArray[np.float64]:
        """``f8[B]`` time driven."""
        times: NDArray[np.float64] = self._counts[:, Count.STEPS] / SIMULATION_HZ
        return times

    @property
    def decisions(self) -> NDArray[np.int64]:
        """``i8[B]`` decisions that were made so far."""
        made: NDArray[np.int64] = self._counts[:, Count.STEPS] // SUBSTEPS
        return made

    def instruction(self, slot: int) -> str:
        """The command in force as a sentence.

        Args:
            slot: Which episode.
        """
        return self.episodes[slot].route.commands[int(self._counts[slot, Count.SEGMENT_OF_COMMAND])].text

    def load(self, slot: int, episode: "Episode", reference: Reference | None) -> None:
        """Watch a new episode in a slot, whose world must be at its initial state.

        Args:
            slot: Which.
            episode: The new one.
            reference: What the expert did on it, if known.
        """
        self.episodes[slot] = episode
        route = episode.route
        points, commands = len(route.arc_m), len(route.commands)
        horizon_s = episode.horizon_s
        if reference is not None and math.isfinite(route.goal_m):
            horizon_s = LATE_TIME_FACTOR * reference.time_s
        horizon = max(1, math.floor((horizon_s + LATE_TIME_TOLERANCE_S) * SIMULATION_HZ))
        self._make_room(points, commands, horizon + 1)
        self._points[slot, :points], self._arc[slot, :points] = route.points_m, route.arc_m
        self._starts[slot, :commands] = [segment.start_m for segment in route.commands]
        self._commands[slot, :commands] = [segment.command for segment in route.commands]
        self._note_networks()
        places = places_of(episode)
        self._places = _grown(self._places, len(places), 1)
        self._places[slot, : len(places)] = places

        sums, counts = self._sums[slot], self._counts[slot]
        sums[:] = 0.0
        sums[Sum.SHORTEST_TTC] = math.inf
        sums[Sum.LIMIT], sums[Sum.HALF_WIDTH] = episode.speed_limit_mps, route.half_width_m
        sums[Sum.GOAL] = route.goal_m if episode.parking is None else math.inf
        ego = int(self._worlds.ego[slot])
        counts[:] = 0
        counts[Count.GOAL_STEP] = -1
        counts[Count.SEGMENT] = min(int(np.searchsorted(route.arc_m, 0.0, "right")) - 1, points - 2)
        counts[Count.LANE] = self._worlds.lane[slot, ego]
        counts[Count.ENTERED] = LONG_AGO
        counts[Count.POINTS], counts[Count.COMMANDS], counts[Count.HORIZON] = points, commands, horizon
        counts[Count.ONCOMING_OPEN], counts[Count.PLACES] = episode.oncoming_lane_open, len(places)
        counts[Count.REFERENCE] = -1 if reference is None else round(reference.time_s * SIMULATION_HZ)
        place = int(np.searchsorted(self._starts[slot, :commands], 0.0, "right")) - 1
        counts[Count.SEGMENT_OF_COMMAND] = max(place, 0)
        counts[Count.COMMAND] = self._commands[slot, max(place, 0)]

        states = self._history[slot, 0]
        for column, values in enumerate(
            (self._worlds.x, self._worlds.y, self._worlds.heading, self._worlds.speed)
        ):
            states[:, column] = values[slot]
        if len(places) > 0:
            x, y, heading = states[ego, :3].tolist()
            cos, sin = cos_sin(None, heading)
            length = float(self._worlds.length[slot, ego])
            sums[Sum.POSE_ERROR] = pose_error(self._places[slot, 0], x, y, cos, sin, length)
            sums[Sum.POSE_ERROR_AT_START] = sums[Sum.POSE_ERROR]
        self._log[slot, 0] = (states[ego, 3], states[ego, 2], 0.0, 0.0, math.inf)
        network = self._worlds.network_of_world[slot]
        self._road[slot] = self._worlds.lane_int[network, self._worlds.lane[slot], LaneInt.ROAD_FIRST]
        self._road_since[slot], self._road_before[slot] = LONG_AGO, -1
        self._identity[slot] = np.where(self._worlds.present[slot], self._worlds.identity[slot], -1)

    def update(self, active: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Measure the decision that the worlds have just made.

        Args:
            active: ``bool[B]`` which worlds have stepped.

        Returns:
            ``bool[B]`` which episodes have ended, now or before.
        """
        worlds = self._worlds
        if worlds.is_open:
            self._follow_columns(active)
        in_threads(
            measure,
            len(worlds),
            (
                worlds.lane_float, worlds.lane_int, self._boxes, worlds.entity_float, worlds.entity_int,
                worlds.world_int, worlds.trace, self._points, self._arc, self._starts, self._commands,
                self._places, self._sums, self._counts, self._log, self._history,
                self._road, self._road_since, self._road_before, active,
            ),
        )  # fmt: skip
        return self.done

    def _follow_columns(self, active: NDArray[np.bool_]) -> None:
        """Move what is remembered of each vehicle to its present column; some have left, others appeared.

        Of a vehicle that has just appeared, the past is its first state.
        """
        worlds = self._worlds
        self._make_room(0, 0, 0)
        for slot in np.flatnonzero(active).tolist():
            count = int(worlds.entities[slot])
            present, known = worlds.identity[slot, :count], self._identity[slot]
            if np.array_equal(present, known[:count]):
                continue
            order = np.argsort(known, kind="stable")
            place = np.minimum(np.searchsorted(known, present, sorter=order), len(known) - 1)
            column = order[place]
            new = known[column] != present
            self._history[slot, :, :count] = self._history[slot][:, column]
            self._history[slot, :, :count][:, new] = worlds.trace[slot, 0, :count][new]
            first = worlds.lane_int[
                worlds.network_of_world[slot], worlds.lane[slot, :count], LaneInt.ROAD_FIRST
            ]
            self._road[slot, :count] = np.where(new, first, self._road[slot, column])
            self._road_since[slot, :count] = np.where(new, LONG_AGO, self._road_since[slot, column])
            self._road_before[slot, :count] = np.where(new, -1, self._road_before[slot, column])
            self._identity[slot] = -1
            self._identity[slot, :count] = present

    def finish(self, slot: int) -> EpisodeMeasurement:
        """What was measured in an episode up to now.

        Args:
            slot: Which.
        """
        counts = self._counts[slot]
        collided = counts[Count.OUTCOME] == Outcome.COLLISION
        return account(
            self.episodes[slot],
            self._log[slot, : int(counts[Count.STEPS]) + 1],
            self._sums[slot],
            counts,
            self._collision(slot) if collided else None,
        )

    def _collision(self, slot: int) -> Collision:
        """The facts of the collision that ended an episode, from the states before it."""
        worlds, counts = self._worlds, self._counts[slot]
        ego, other = int(worlds.ego[slot]), int(worlds.struck[slot])
        steps = int(counts[Count.STEPS])
        row = (steps - 1) % HISTORY_STEPS
        before = self._history[slot, row]
        x, y, heading, speed = (float(value) for value in before[ego])
        other_x, other_y, other_heading, other_speed = (float(value) for value in before[other])
        cos_e, sin_e = cos_sin(None, heading)
        cos_o, sin_o = cos_sin(None, other_heading)
        half_length, half_width, other_length, other_width = (
            0.5 * float(size[slot, entity])
            for entity in (ego, other)
            for size in (worlds.length, worlds.width)
        )
        side = contact_side(
            other_x - x,
            other_y - y,
            cos_e,
            sin_e,
            half_length,
            half_width,
            cos_o,
            sin_o,
            other_length,
            other_width,
        )
        network, lane = worlds.network_of_world[slot], int(counts[Count.LANE])
        straddling = is_straddling(
            worlds.lane_float[network],
            worlds.lane_int[network],
            lane,
            x,
            y,
            cos_e,
            sin_e,
            half_length,
            half_width,
        )
        braking, stood, share = led_to_collision(
            self._points[slot],
            self._arc[slot],
            int(counts[Count.POINTS]),
            int(counts[Count.SEGMENT]),
            self._history[slot],
            row,
            min(steps, HISTORY_STEPS - 1),
            BRAKING_STEPS,
            STOPPED_STEPS,
            worlds.kind[slot],
            worlds.length[slot],
            worlds.width[slot],
            int(worlds.entities[slot]),
            ego,
        )
        is_vehicle = worlds.kind[slot, other] < EntityKind.OBSTACLE
        return Collision(
            time_s=steps / SIMULATION_HZ,
            partner=Partner.VEHICLE if is_vehicle else Partner.OBSTACLE,
            partner_index=other,
            contact=Contact.FRONT if side == FRONT else Contact.REAR if side == REAR else Contact.SIDE,
            ego_speed_mps=speed,
            partner_speed_mps=abs(other_speed),
            straddling=bool(straddling),
            braking_mps2=float(braking),
            stopped_without_cause=bool(stood),
            flow_share=None if math.isnan(share) else float(share),
            entered_lane_s=_within_window(steps - int(counts[Count.ENTERED])),
            joined_road_s=self._joined(slot, ego, other, steps),
            partner_has_priority=bool(is_vehicle) and self._goes_first(slot, before[other], before[ego]),
        )

    def _goes_first(self, slot: int, other: NDArray[np.float64], ego: NDArray[np.float64]) -> bool:
        """Whether the ego had to give way to the other, from x, y and heading of both."""
        world = self.episodes[slot].world
        if not world.regulated:
            return False
        theirs, own = (
            world.network.lane_int[
                world.network.closest_lane(float(state[0]), float(state[1]), float(state[2])),
                LaneInt.PRIORITY,
            ]
            for state in (other, ego)
        )
        return bool(theirs > own)

    def _joined(self, slot: int, ego: int, other: int, steps: int) -> float | None:
        """Time since the ego came from elsewhere onto the road on which the other already was."""
        road, since, before = self._road[slot], self._road_since[slot], self._road_before[slot]
        later = road[ego] == road[other] and since[ego] > since[other] and before[ego] != before[other]
        return _within_window(steps - int(since[ego])) if later else None

    def _make_room(self, points: int, commands: int, rows: int) -> None:
        """Grow the arrays to hold an episode; the entities of the batch may have grown, too."""
        self._points = _grown(self._points, points, 1)
        self._arc = _grown(self._arc, points, 1)
        self._starts, self._commands = _grown(self._starts, commands, 1), _grown(self._commands, commands, 1)
        self._log = _grown(self._log, rows, 1)
        entities = self._worlds.x.shape[1]
        self._history = _grown(self._history, entities, 2)
        self._road, self._road_since = _grown(self._road, entities, 1), _grown(self._road_since, entities, 1)
        self._road_before = _grown(self._road_before, entities, 1)
        known = self._identity.shape[1]
        self._identity = _grown(self._identity, entities, 1)
        self._identity[:, known:] = -1

    def _note_networks(self) -> None:
        """Make the bounding boxes of the lanes of networks that are new in the pool."""
        worlds = self._worlds
        pool, lanes = worlds.lane_float.shape[:2]
        if self._boxes.shape[:2] != (pool, lanes):
            self._boxes = np.zeros((pool, lanes, 4))
            self._networks = [None] * pool
        for place, network in enumerate(worlds.networks):
            if self._networks[place] is not network:
                boxes = lane_boxes(network)
                self._boxes[place, : len(boxes)] = boxes
                self._networks[place] = network


@lru_cache(maxsize=256)
def lane_boxes(network: RoadNetwork) -> NDArray[np.float64]:
    """Bounding boxes of lanes, never smaller than the lanes.

    Args:
        network: The roads.

    Returns:
        ``f8[L, 4]`` least x, least y, greatest x, greatest y.
    """
    boxes = np.zeros((len(network.lane_index), 4))
    for lane in range(len(boxes)):
        length = network.length_m(lane)
        points = np.array(
            [network.position(lane, length * k / (BOX_SAMPLES - 1)) for k in range(BOX_SAMPLES)]
        )
        # Between two samples a curve strays from their chord by less than its length.
        margin = 0.5 * network.width_m(lane) + length / (BOX_SAMPLES - 1)
        boxes[lane, :2], boxes[lane, 2:] = points.min(axis=0) - margin, points.max(axis=0) + margin
    return boxes


def _grown(array: NDArray[Number], size: int, axis: int) -> NDArray[Number]:
    """The array, with room for at least ``size`` along an axis; new places are zero."""
    if array.shape[axis] >= size:
        return array
    shape = list(array.shape)
    shape[axis] = size
    larger = np.zeros(shape, array.dtype)
    larger[tuple(slice(extent) for extent in array.shape)] = array
    return larger


def _within_window(steps: int) -> float | None:
    seconds = steps / SIMULATION_HZ
    return seconds if seconds <= LANE_CHANGE_WINDOW_S else None
