"""The privileged expert: sees the whole world, looks ahead by simulating it, drives by a smooth law.

Two layers. The low-level law (:mod:`scenarios.control`) steers along a reference path and keeps to its speed
profile; it is a function of the present state alone, so that a camera picture and the speed can explain it.
Where there is traffic, a planner (:mod:`scenarios.planning`) chooses once a second which path to follow and
how fast, by trying the choices in copies of the world.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from drivebench.scenario import Episode
from drivebench.world import WorldBatch
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD
from scenarios import control
from scenarios.reference_path import KNOT_COLUMNS, ReferencePath

__all__ = ["Expert"]


class Expert:
    """The driver ``expert``; drives any number of episodes at once, each as if it were alone."""

    privileged = True

    def __init__(self) -> None:
        self._knots: NDArray[np.float64] = np.zeros((0, 1, 2, KNOT_COLUMNS))
        self._counts: NDArray[np.int64] = np.zeros((0, 1), np.int64)
        self._hint: NDArray[np.int64] = np.zeros(0, np.int64)
        self._path: NDArray[np.int64] = np.zeros(0, np.int64)
        self._cap_mps: NDArray[np.float64] = np.zeros(0)

    def reset(self, worlds: WorldBatch, episodes: Mapping[int, Episode], slots: NDArray[np.int64]) -> None:
        """Take over episodes that start.

        Args:
            worlds: The batch, at the initial states.
            episodes: Of each slot.
            slots: ``i8[n]``, the slots where an episode starts.
        """
        for slot in slots.tolist():
            episode = episodes[slot]
            route = episode.route
            paths = [
                ReferencePath.through(
                    route.points_m, route.arc_m, speed_limit_mps=episode.speed_limit_mps
                )
            ]
            self._reserve(len(worlds.x), len(paths), max(len(path.knots) for path in paths))
            for number, path in enumerate(paths):
                self._knots[slot, number, : len(path.knots)] = path.knots
                self._counts[slot, number] = len(path.knots)
            self._hint[slot] = np.searchsorted(route.arc_m, 0.0)
            self._path[slot] = 0
            self._cap_mps[slot] = np.inf

    def act(self, worlds: WorldBatch, slots: NDArray[np.int64]) -> NDArray[np.float32]:
        """Actions ``f4[n, 2]`` (acceleration, steering) in [-1, 1] for the slots ``i8[n]``."""
        return self._law(worlds, slots, 0.0, 0.0, self._hint)

    def label(
        self,
        worlds: WorldBatch,
        slots: NDArray[np.int64],
        lateral_offset_m: float,
        heading_offset_rad: float,
    ) -> NDArray[np.float32]:
        """What the low-level law would do if the ego stood elsewhere; changes nothing.

        Args:
            worlds: The batch in its present state.
            slots: ``i8[n]``.
            lateral_offset_m: The ego is thought to stand this far to its right.
            heading_offset_rad: The ego is thought to be turned by this to the right.

        Returns:
            ``f4[n, 2]`` actions.
        """
        return self._law(worlds, slots, lateral_offset_m, heading_offset_rad, self._hint.copy())

    def _law(
        self,
        worlds: WorldBatch,
        slots: NDArray[np.int64],
        lateral_offset_m: float,
        heading_offset_rad: float,
        hint: NDArray[np.int64],
    ) -> NDArray[np.float32]:
        near = hint[slots]
        wanted = np.empty((len(slots), 2))
        control.command(
            self._knots,
            self._counts,
            slots,
            self._path[slots],
            self._cap_mps[slots],
            near,
            slots,
            worlds.ego,
            worlds.entities,
            worlds.entity_float,
            float(lateral_offset_m),
            float(heading_offset_rad),
            wanted,
        )
        hint[slots] = near
        wanted /= (ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD)
        return np.clip(wanted, -1.0, 1.0).astype(np.float32)

    def _reserve(self, slots: int, paths: int, knots: int) -> None:
        """Make the table large enough."""
        old = self._counts.shape[0], *self._knots.shape[1:3]
        new = max(slots, old[0]), max(paths, old[1]), max(knots, old[2])
        if new == old:
            return
        table = np.zeros((*new, KNOT_COLUMNS))
        table[: old[0], : old[1], : old[2]] = self._knots
        counts = np.zeros(new[:2], np.int64)
        counts[: old[0], : old[1]] = self._counts
        self._knots, self._counts = table, counts
        missing = new[0] - old[0]
        self._hint = np.append(self._hint, np.zeros(missing, np.int64))
        self._path = np.append(self._path, np.zeros(missing, np.int64))
        self._cap_mps = np.append(self._cap_mps, np.full(missing, np.inf))
