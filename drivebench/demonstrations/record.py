"""One recorded episode, and a set of them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivebench.demonstrations.fixed_point import decode
from drivebench.errors import DataError, UnknownNameError

__all__ = ["HELD_OUT", "TRAINING", "Demonstration", "Demonstrations"]

TRAINING, HELD_OUT = "train", "held-out"
_HELD_OUT_EVERY = 8
"""One episode of so many is held out: the last of each group, in the order of collection."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Demonstration:
    """What was seen and done in one episode, at each of its T decisions.

    Attributes:
        scenario: Id of the scenario.
        condition: Name of the condition.
        seed: The episode's seed, of the training split.
        world_digest: Digest of the initial world that these three names meant when this was recorded.
        success: Whether the driver did everything that the scenario asks for.
        score: DBS, with the driver's own time and distance as the reference.
        actions: ``i2[T, 2]`` quantised (acceleration, steering), as they acted on the world.
        commands: ``i1[T]`` route command in force (:class:`drivebench.scenario.Command`).
        states: ``i4[T, N, 4]`` grid steps of x, y, heading and speed of all N entities before the action.
        kinds: ``i1[N]`` :class:`drivebench.world.EntityKind` of each entity.
        sizes_m: ``f8[N, 2]`` length and width of each entity.
        ego: Row of the vehicle that was driven.
    """

    scenario: str
    condition: str
    seed: int
    world_digest: str
    success: bool
    score: float
    actions: NDArray[np.int16]
    commands: NDArray[np.int8]
    states: NDArray[np.int32]
    kinds: NDArray[np.int8]
    sizes_m: NDArray[np.float64]
    ego: int = 0

    def __post_init__(self) -> None:
        frames, entities = self.states.shape[:2]
        expected: dict[str, tuple[NDArray[Any], type, tuple[int, ...]]] = {
            "actions": (self.actions, np.int16, (frames, 2)),
            "commands": (self.commands, np.int8, (frames,)),
            "states": (self.states, np.int32, (frames, entities, 4)),
            "kinds": (self.kinds, np.int8, (entities,)),
            "sizes_m": (self.sizes_m, np.float64, (entities, 2)),
        }
        for name, (array, dtype, shape) in expected.items():
            if array.shape != shape or array.dtype != dtype:
                raise DataError(
                    f"demonstration {self.key}: {name} is {array.dtype}{list(array.shape)}; expected "
                    f"{np.dtype(dtype)}{list(shape)}"
                )

    @property
    def key(self) -> str:
        """The three names of the episode, for messages."""
        return f"{self.scenario}/{self.condition}/{self.seed}"

    @property
    def frames(self) -> int:
        """Number of decisions."""
        return len(self.actions)

    @cached_property
    def trajectories(self) -> NDArray[np.float64]:
        """``f8[T, N, 4]``: x in m, y in m, heading in rad and speed in m/s of all entities."""
        return decode(self.states)

    def update(self, digest: "hashlib._Hash") -> None:
        """Feed everything into a hash: names as text, arrays as little-endian bytes."""
        outcome = (self.success, repr(self.score))
        digest.update(repr((self.key, self.world_digest, outcome, self.ego, self.states.shape)).encode())
        for array in (self.actions, self.commands, self.states, self.kinds, self.sizes_m):
            digest.update(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes())


@dataclass(frozen=True, kw_only=True, eq=False)
class Demonstrations:
    """A set of recorded episodes: what a baseline learns from.

    Attributes:
        driver: Name of the driver that was recorded.
        episodes: In the order of collection.
    """

    driver: str
    episodes: tuple[Demonstration, ...]

    def __post_init__(self) -> None:
        keys = [episode.key for episode in self.episodes]
        repeated = sorted({key for key in keys if keys.count(key) > 1})
        if not keys or repeated:
            what = f"episodes {', '.join(repeated)} more than once" if repeated else "no episode"
            raise DataError(f"a set of demonstrations holds {what}; expected at least one, each only once")

    @property
    def frames(self) -> int:
        """Number of decisions in all episodes."""
        return sum(episode.frames for episode in self.episodes)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content: the same for the same recorded episodes, on every machine."""
        digest = hashlib.sha256(self.driver.encode())
        for episode in self.episodes:
            episode.update(digest)
        return digest.hexdigest()

    def subset(self, name: str) -> tuple[Demonstration, ...]:
        """Episodes of a named part: ``train`` to learn from, ``held-out`` to measure on, whole episodes each.

        Every eighth episode is held out (of fewer than eight, the last), so that frames of one drive, which
        look alike, are never in both parts.

        Args:
            name: ``train`` or ``held-out``.

        Raises:
            UnknownNameError: No such part.
            DataError: The part is empty.
        """
        if name not in {TRAINING, HELD_OUT}:
            raise UnknownNameError("part of the demonstrations", name, (TRAINING, HELD_OUT))
        every = min(_HELD_OUT_EVERY, len(self.episodes))
        chosen: Sequence[Demonstration] = [
            episode
            for i, episode in enumerate(self.episodes)
            if (i % every == every - 1) == (name == HELD_OUT)
        ]
        if not chosen:
            raise DataError(
                f"{len(self.episodes)} demonstration leaves none for the part {name!r}; collect two or more"
            )
        return tuple(chosen)
