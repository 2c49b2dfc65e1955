"""The expert of the parking family: plans a path into the bay anew at every decision and drives along it.

What it does is a function of the present state and of the task. :mod:`scenarios.parking_path` finds the path,
:mod:`scenarios.parking_driving` drives along it.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from drivebench.scenario import Episode
from drivebench.world import WorldBatch
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD
from drivebench.world.layout import EntityFloat
from scenarios.displacement import displacements
from scenarios.parking import car_park_of
from scenarios.parking_driving import decide
from scenarios.parking_path import Gate, rows_of_gates
from scenarios.style import EXPERT, Style

__all__ = ["ParkingExpert"]

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

LIMIT_SHARE = 0.99
"""Of the speed limit, so that rounding an action does not exceed it."""
_LENGTH, _WIDTH = int(EntityFloat.LENGTH), int(EntityFloat.WIDTH)


class ParkingExpert:
    """The driver of the parking family; drives any number of episodes at once, each as if it were alone.

    Args:
        style: How it drives: its speed and acceleration compared with the expert's.
    """

    privileged = True

    def __init__(self, style: Style = EXPERT) -> None:
        self._speed_share = style.speed_share
        self._briskness = style.acceleration_mps2 / EXPERT.acceleration_mps2
        self._gates: F8 = np.zeros((0, 0, len(Gate)))
        self._numbers: I8 = np.zeros(0, np.int64)
        self._lots: F8 = np.zeros((0, 4))
        self._places: F8 = np.zeros((0, 4))
        self._limits: F8 = np.zeros(0)

    def reset(self, worlds: WorldBatch, episodes: Mapping[int, Episode], slots: I8) -> None:
        """Take over episodes that start.

        Args:
            worlds: The batch.
            episodes: Of each slot; all of the parking family.
            slots: ``i8[n]``, the slots where an episode starts.
        """
        for slot in slots.tolist():
            episode = episodes[slot]
            assert episode.parking is not None
            place, lot = episode.parking.assigned, car_park_of(episode)
            size = episode.world.entity_float[[_LENGTH, _WIDTH], episode.world.ego]
            bounds = np.array((*lot.low_m, *lot.high_m))
            gates = rows_of_gates(place.x_m, place.y_m, place.heading_rad, lot=bounds, size=size)
            if slot >= len(self._limits) or len(gates) > self._gates.shape[1]:
                self._make_room(max(len(worlds), slot + 1, len(self._limits)), len(gates))
            self._gates[slot, : len(gates)], self._numbers[slot] = gates, len(gates)
            self._lots[slot] = bounds
            self._places[slot] = episode.parking.rows[0]
            self._limits[slot] = episode.speed_limit_mps

    def act(self, worlds: WorldBatch, slots: I8) -> NDArray[np.float32]:
        """Actions ``f4[n, 2]`` (acceleration, steering) in [-1, 1] for the slots ``i8[n]``."""
        return self.label(worlds, slots, 0.0, 0.0)

    def label(
        self, worlds: WorldBatch, slots: I8, lateral_offset_m: float | F8, heading_offset_rad: float | F8
    ) -> NDArray[np.float32]:
        """What it would do if the ego stood elsewhere.

        Args:
            worlds: The batch in its present state.
            slots: ``i8[n]``.
            lateral_offset_m: The ego is thought to stand this far to its right: one for all, or
                ``f8[..., n]`` for several poses of each.
            heading_offset_rad: The ego is thought to be turned by this to the right; the same.

        Returns:
            ``f4[..., n, 2]`` actions.
        """
        lateral, heading = displacements(len(slots), lateral_offset_m, heading_offset_rad)
        wanted = np.zeros((*lateral.shape, 2))
        poses = -1, len(slots)
        for aside, turned, out in zip(
            lateral.reshape(poses), heading.reshape(poses), wanted.reshape(*poses, 2), strict=True
        ):
            decide(
                slots,
                worlds.entity_float,
                worlds.entity_int,
                worlds.world_int,
                worlds.script_int,
                worlds.gusts,
                self._gates,
                self._numbers,
                self._lots,
                self._places,
                self._limits * (LIMIT_SHARE * self._speed_share),
                float(self._briskness),
                aside,
                turned,
                out,
            )
        wanted /= (ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD)
        return np.clip(wanted, -1.0, 1.0).astype(np.float32)

    def _make_room(self, slots: int, gates: int) -> None:
        """Room for so many slots and gates; what is there stays."""
        old = self._gates
        self._gates = np.zeros((slots, max(gates, old.shape[1]), len(Gate)))
        self._gates[: old.shape[0], : old.shape[1]] = old
        more = slots - len(self._limits)
        self._numbers = np.concatenate([self._numbers, np.zeros(more, np.int64)])
        self._lots = np.concatenate([self._lots, np.zeros((more, 4))])
        self._places = np.concatenate([self._places, np.zeros((more, 4))])
        self._limits = np.concatenate([self._limits, np.zeros(more)])
