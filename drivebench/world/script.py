"""What happens to a world from outside, decision by decision, known when the world is built.

A script is part of what an episode is: the gusts that turn the ego's wheels, and the speeds that the actors,
vehicles that follow no model of traffic, want. Nobody in the world knows it in advance: who looks ahead does
so in a copy whose script is held (``WorldBatch.copy``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from drivebench.errors import ConfigurationError
from drivebench.world.actions import STEERING_RANGE_RAD
from drivebench.world.layout import EntityInt, EntityKind
from drivebench.world.network import array_digest

__all__ = ["Script", "ScriptInt", "script_row"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_STEERED = (EntityKind.EGO, EntityKind.PLAIN, EntityKind.BICYCLE)
"""Kinds whose front wheel angle is a command."""


class ScriptInt(IntEnum):
    """Columns of a batch's ``script_int``."""

    HELD_AFTER = 0
    """Decisions after which the script is held at what was then in force; -1 while it runs."""
    GUSTS = 1
    """How many decisions have a gust."""
    SPEEDS = 2
    """How many decisions have speeds."""
    ACTOR = 3
    """First of the actors; -1 past the last."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Script:
    """What happens from outside at each decision of an episode.

    Gusts and speeds may be given for different numbers of decisions.

    Attributes:
        steering_gust_rad: ``f8[T]``, added to the ego's front wheel angle during decision t (to the right
            where positive); the sum is clipped to the steering range. There is no gust beyond T.
        actors: M vehicles of kind CONTROLLED that are no agents.
        speeds_mps: ``f8[T, M]``, the speed that each actor wants from decision t on; the last one stays. It
            gets there with the time constant of highway-env's ``ControlledVehicle``, 0.6 s.
        held_after: None while the script runs; else what was in force after so many decisions stays so.
    """

    steering_gust_rad: Floats = field(default_factory=lambda: np.zeros(0))
    actors: tuple[int, ...] = ()
    speeds_mps: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    held_after: int | None = None

    def __post_init__(self) -> None:
        gusts, speeds = (np.array(a, dtype=np.float64) for a in (self.steering_gust_rad, self.speeds_mps))
        if gusts.ndim != 1:
            raise ConfigurationError(
                f"script: steering_gust_rad has shape {gusts.shape}; expected (T,), one for each decision"
            )
        if not (np.isfinite(gusts).all() and (np.abs(gusts) <= STEERING_RANGE_RAD).all()):
            raise ConfigurationError(
                "script: a steering_gust_rad is not finite or beyond the steering range; expected at most "
                f"{STEERING_RANGE_RAD} rad to each side"
            )
        if speeds.ndim != 2 or speeds.shape[1] != len(self.actors) or (self.actors and not len(speeds)):
            raise ConfigurationError(
                f"script: speeds_mps has shape {speeds.shape} for {len(self.actors)} actors; expected "
                f"(T, {len(self.actors)}), with T at least 1 where there are actors"
            )
        if not (np.isfinite(speeds).all() and (speeds >= 0.0).all()):
            raise ConfigurationError(
                "script: a number of speeds_mps is not finite or negative; expected m/s, 0 or more"
            )
        if self.held_after is not None and self.held_after < 0:
            raise ConfigurationError(f"script: held after {self.held_after} decisions; expected 0 or more")
        for name, array in (("steering_gust_rad", gusts), ("speeds_mps", speeds)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def held(self, decisions: int) -> Self:
        """The same, held at what is in force after so many decisions; as it is if it is held already.

        Args:
            decisions: That the episode has had.
        """
        return self if self.held_after is not None else replace(self, held_after=decisions)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that happens, hexadecimal."""
        held = -1 if self.held_after is None else self.held_after
        return array_digest(
            self.steering_gust_rad, np.array([held, *self.actors], dtype=np.int64), self.speeds_mps
        )

    def check(self, entity_int: Ints, agents: Sequence[int], ego: int, *, open_traffic: bool) -> None:
        """Refuse a script that does not fit a world.

        Args:
            entity_int: [rows ``EntityInt``, N] of the world.
            agents: Its controlled vehicles.
            ego: Its ego, -1 for none.
            open_traffic: Whether vehicles appear and leave, so that columns move.

        Raises:
            ConfigurationError: Names the actor, or what the ego is.
        """
        kinds = entity_int[EntityInt.KIND]
        if self.steering_gust_rad.any() and (ego < 0 or kinds[ego] not in _STEERED):
            found = "no ego" if ego < 0 else f"an ego of kind {EntityKind(kinds[ego]).name}"
            raise ConfigurationError(
                f"script: gusts in a world with {found}; expected an ego whose wheels are steered by commands"
            )
        if self.actors and open_traffic:
            raise ConfigurationError(
                f"script: actors {self.actors} in open traffic, where columns move; expected a world with "
                "the same vehicles from its first step to its last"
            )
        if len(set(self.actors)) != len(self.actors):
            raise ConfigurationError(f"script: actors {self.actors}; expected no two alike")
        for actor in self.actors:
            there = 0 <= actor < len(kinds)
            if not there or kinds[actor] != EntityKind.CONTROLLED or actor in agents:
                what = f"of kind {EntityKind(kinds[actor]).name}" if there else "not there"
                raise ConfigurationError(
                    f"script: actor {actor} is {what}{', an agent' if actor in agents else ''}; expected a "
                    "CONTROLLED vehicle that is no agent: it follows its lane at the speed of the script"
                )


def script_row(script: Script | None, actors: int) -> Ints:
    """Columns ``ScriptInt`` of a world.

    Args:
        script: Of the world; None without one.
        actors: Room for so many.
    """
    row = np.full(ScriptInt.ACTOR + actors, -1, dtype=np.int64)
    row[[ScriptInt.GUSTS, ScriptInt.SPEEDS]] = 0
    if script is not None:
        row[ScriptInt.HELD_AFTER] = -1 if script.held_after is None else script.held_after
        row[ScriptInt.GUSTS], row[ScriptInt.SPEEDS] = len(script.steering_gust_rad), len(script.speeds_mps)
        row[ScriptInt.ACTOR : ScriptInt.ACTOR + len(script.actors)] = script.actors
    return row
