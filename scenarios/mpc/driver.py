"""The driver ``mpc``: model predictive control by iLQR, a second expert beside ``expert``.

At every decision it drives each plan that is open (:mod:`scenarios.choices`) in a copy of the world by the
low-level law, which gives a first guess and predictions of the others, improves each guess by iLQR
(:mod:`scenarios.mpc.solver`), and begins the best of the trajectories. Nothing is remembered and nothing is
left to chance: its label is a function of the present state, and a smooth one between two states for which
the same plan is best. It labels any state: off the road, askew, at standstill.

Among plans, the best is the one of the greatest

    way driven + way that can be driven after that − comfort, safety and departures from the road, in metres

where being beside the path and below the speed profile costs only the way that is lost by it, so that a
change of path is not held against it. After a few rounds, plans that are far behind are given up.

Where it may teach: ``drivebench evaluate mpc --suite dev --limit 1``, one episode of each family and
condition, gave 99.9 and more on eleven families, 85.2 on the intersection and 45.1 on parking, whose ways
through gates and in reverse it does not plan. There, take ``expert``.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from drivebench.scenario import Episode
from drivebench.world import WorldBatch
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD
from drivebench.world.rehearsal import Rehearsal
from drivebench.world.threads import share_out
from scenarios.choices import Choices, Table, open_choices
from scenarios.expert import MANOEUVRES
from scenarios.manoeuvres import along_the_route
from scenarios.mpc.controller import LocalControllers
from scenarios.mpc.corridor import corridor
from scenarios.mpc.foresight import Foresight, foresee, prospects
from scenarios.mpc.solver import COST, FAR, ROUNDS_DONE, WAY, solve_shares
from scenarios.mpc.stage import CONTROLS, STATES, Weights
from scenarios.style import EXPERT, Manner, Style

__all__ = ["ModelPredictive"]

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

FEWER_CAPS = 2
"""Of the highest speeds to try, only every second one gives a first guess: iLQR finds what lies between."""
ROUNDS = 8
"""Of iLQR, at most."""
FIRST_ROUNDS = 3
"""Of these, for all plans; the others are for those that may be the best."""
GIVEN_UP_M = 10.0
"""Plans that are this much worse than the best one after the first rounds are given up."""


class ModelPredictive:
    """The driver ``mpc``; drives any number of episodes at once, each as if it were alone.

    Args:
        style: How it drives; of it, what matters is the greatest acceleration and the worth of a change.
        weights: Of the terms of the cost.
        rounds: Of iLQR, at most.
    """

    privileged = True

    def __init__(self, style: Style = EXPERT, weights: Weights | None = None, rounds: int = ROUNDS) -> None:
        self._manner = style.manner
        self._weights = (weights or Weights()).as_array()
        self._rounds = rounds
        self._table = Table()
        self._corridors: F8 = np.zeros((0, 1, 3, 2))
        self._rehearsal = Rehearsal()
        self._bounds = np.array(
            [
                [-ACCELERATION_RANGE_MPS2, -STEERING_RANGE_RAD],
                [self._manner[Manner.ACCELERATION], STEERING_RANGE_RAD],
            ]
        )

    def reset(self, worlds: WorldBatch, episodes: Mapping[int, Episode], slots: I8) -> None:
        """Take over episodes that start.

        Args:
            worlds: The batch, at the initial states.
            episodes: Of each slot.
            slots: ``i8[n]``, the slots where an episode starts.
        """
        for slot in slots.tolist():
            episode = episodes[slot]
            manoeuvres = MANOEUVRES.get(episode.scenario, along_the_route)(episode)
            manoeuvres = replace(manoeuvres, caps_mps=manoeuvres.caps_mps[::FEWER_CAPS])
            self._table.write(slot, manoeuvres)
            wanted = (*self._table.knots.shape[:3], 2)
            if self._corridors.shape != wanted:
                larger = np.zeros(wanted)
                larger[tuple(map(slice, self._corridors.shape))] = self._corridors
                self._corridors = larger
            for number, path in enumerate(manoeuvres.paths):
                self._corridors[slot, number, : len(path.knots)] = corridor(worlds, slot, path.knots)

    def act(self, worlds: WorldBatch, slots: I8) -> NDArray[np.float32]:
        """Actions ``f4[n, 2]`` (acceleration, steering) in [-1, 1] for the slots ``i8[n]``."""
        return self.label(worlds, slots, 0.0, 0.0)

    def label(
        self, worlds: WorldBatch, slots: I8, lateral_offset_m: float, heading_offset_rad: float
    ) -> NDArray[np.float32]:
        """What it would do if the ego stood elsewhere.

        Args:
            worlds: The batch in its present state.
            slots: ``i8[n]``.
            lateral_offset_m: The ego is thought to stand this far to its right.
            heading_offset_rad: The ego is thought to be turned by this to the right.

        Returns:
            ``f4[n, 2]`` actions.
        """
        found = self.solve(worlds, slots, lateral_offset_m, heading_offset_rad)
        wanted = found.controls[:, 0] / (ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD)
        return np.clip(wanted, -1.0, 1.0).astype(np.float32)

    def solve(
        self,
        worlds: WorldBatch,
        slots: I8,
        lateral_offset_m: float = 0.0,
        heading_offset_rad: float = 0.0,
    ) -> LocalControllers:
        """The best trajectories from where the egos are, or are thought to be, and the policies about them.

        Args:
            worlds: The batch in its present state.
            slots: ``i8[n]``.
            lateral_offset_m: As for :meth:`label`.
            heading_offset_rad: As for :meth:`label`.
        """
        choices, every, worth = self._solve_every(worlds, slots, lateral_offset_m, heading_offset_rad)
        firsts = np.flatnonzero(np.r_[True, choices.slot[1:] != choices.slot[:-1]])
        ends = np.r_[firsts[1:], len(choices)]
        return every.at(
            np.array(
                [first + int(np.argmax(worth[first:end])) for first, end in zip(firsts, ends, strict=True)]
            )
        )

    def solve_all(self, worlds: WorldBatch, slots: I8) -> LocalControllers:
        """The locally best trajectories of all plans that are open, those of a slot in a row.

        Args:
            worlds: The batch in its present state.
            slots: ``i8[n]``.
        """
        return self._solve_every(worlds, slots, 0.0, 0.0)[1]

    def _solve_every(
        self, worlds: WorldBatch, slots: I8, lateral_offset_m: float, heading_offset_rad: float
    ) -> tuple[Choices, LocalControllers, F8]:
        """The choices, their solutions, and what each is worth (m)."""
        table = self._table
        choices = open_choices(table, slots, worlds.ego, worlds.entity_float)
        seen = foresee(
            worlds,
            table,
            choices,
            self._rehearsal,
            self._manner,
            float(lateral_offset_m),
            float(heading_offset_rad),
        )
        hints = np.zeros((len(choices), table.counts.shape[1]), np.int64)
        rows = np.arange(len(choices))
        hints[rows, choices.then] = choices.then_hint
        hints[rows, choices.path] = choices.hint
        count, longest = seen.controls.shape[:2]
        gains = np.zeros((count, longest, CONTROLS, STATES))
        precisions = np.zeros((count, longest, CONTROLS, CONTROLS))
        told = np.zeros((count, 4))
        problems = (
            table.knots,
            self._corridors,
            table.counts,
            choices.slot,
            seen.paths,
            hints,
            seen.decisions,
            seen.gusts,
            seen.sizes,
            seen.others,
            seen.numbers,
            self._weights,
            self._bounds,
            seen.states,
            seen.controls,
            gains,
            precisions,
            told,
        )
        first = min(FIRST_ROUNDS, self._rounds)
        share_out(solve_shares, count, (rows, first, *problems))
        worth = self._worth(choices, seen, hints, told)
        if self._rounds > first:
            ahead = np.full(len(worlds), -np.inf)
            np.maximum.at(ahead, choices.slot, worth)
            left = np.flatnonzero(worth >= ahead[choices.slot] - GIVEN_UP_M)
            share_out(solve_shares, len(left), (left, self._rounds - first, *problems))
            worth = self._worth(choices, seen, hints, told)
        every = LocalControllers(
            decisions=seen.decisions,
            states=seen.states,
            controls=seen.controls,
            gains=gains,
            precisions=precisions,
            costs=told[:, COST],
            rounds=told[:, ROUNDS_DONE].astype(np.int64),
        )
        return choices, every, worth

    def _worth(self, choices: Choices, seen: Foresight, hints: I8, told: F8) -> F8:
        """What each choice is worth, in metres."""
        beyond = np.zeros(len(choices))
        table, (entities, world_ints) = self._table, seen.ends
        prospects(
            table.knots,
            table.counts,
            choices.slot,
            seen.paths,
            hints,
            seen.decisions,
            table.beyond_s,
            seen.crashed,
            seen.states,
            entities,
            world_ints,
            self._manner,
            beyond,
        )
        worth = told[:, WAY] + beyond - (told[:, COST] - told[:, FAR])
        worth += self._manner[Manner.RIGHTWARDS] * choices.to_the_right
        worth -= self._manner[Manner.CHANGE] * choices.change
        return worth
