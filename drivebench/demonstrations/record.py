"""One recorded episode, and a set of them."""

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivebench.demonstrations.fixed_point import decode
from drivebench.demonstrations.subsets import choose, refuse_ambiguous
from drivebench.errors import DataError
from drivebench.scenario import Episode, load_scenario

__all__ = ["Demonstration", "Demonstrations"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Demonstration:
    """What was seen and done in one episode, at each of its T decisions.

    Attributes:
        scenario: Id of the scenario.
        condition: Name of the condition.
        seed: The episode's seed, of the training split.
        driver: Name of who drove: a registered driver, a style of one, or a person.
        world_digest: Digest of the initial world that these three names meant when this was recorded.
        success: Whether the driver did everything that the scenario asks for.
        score: DBS, with the driver's own time and distance as the reference.
        actions: ``i2[T, 2]`` quantised (acceleration, steering), as they acted on the world.
        commands: ``i1[T]`` route command in force (:class:`drivebench.scenario.Command`).
        states: ``i4[T, N, 4]`` grid steps of x, y, heading and speed of all N entities before the action.
        kinds: ``i1[N]`` :class:`drivebench.world.EntityKind` of each entity.
        sizes_m: ``f8[N, 2]`` length and width of each entity.
        ego: Row of the vehicle that was driven.
        labels: ``i2[T, 2]`` quantised: what a teacher would have done in each of these states, where somebody
            else drove; None where what was done is what is to be learnt.
    """

    scenario: str
    condition: str
    seed: int
    driver: str
    world_digest: str
    success: bool
    score: float
    actions: NDArray[np.int16]
    commands: NDArray[np.int8]
    states: NDArray[np.int32]
    kinds: NDArray[np.int8]
    sizes_m: NDArray[np.float64]
    ego: int = 0
    labels: NDArray[np.int16] | None = None

    def __post_init__(self) -> None:
        frames, entities = self.states.shape[:2]
        expected: dict[str, tuple[NDArray[Any], type, tuple[int, ...]]] = {
            "actions": (self.actions, np.int16, (frames, 2)),
            "commands": (self.commands, np.int8, (frames,)),
            "states": (self.states, np.int32, (frames, entities, 4)),
            "kinds": (self.kinds, np.int8, (entities,)),
            "sizes_m": (self.sizes_m, np.float64, (entities, 2)),
        }
        if self.labels is not None:
            expected["labels"] = self.labels, np.int16, (frames, 2)
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
    def place(self) -> tuple[str, int]:
        """Scenario and seed: the road and the traffic, whoever drives and whatever the weather."""
        return self.scenario, self.seed

    @property
    def frames(self) -> int:
        """Number of decisions."""
        return len(self.actions)

    @property
    def taught(self) -> NDArray[np.int16]:
        """``i2[T, 2]`` quantised: what a learner is to do in each state, the labels or else the actions."""
        return self.actions if self.labels is None else self.labels

    def built(self) -> Episode:
        """The episode that was recorded, built anew.

        Raises:
            DataError: Its names mean another world now.
        """
        episode = load_scenario(self.scenario).episode(self.seed, self.condition)
        digest = episode.world.digest
        if digest != self.world_digest:
            raise DataError(
                f"{self.key} was recorded in the world {self.world_digest[:12]}…, but means the world "
                f"{digest[:12]}… now: the scenario has changed. Collect the demonstrations again."
            )
        return episode

    @property
    def as_driven(self) -> "Demonstration":
        """The same without labels: all that comes back when the actions are driven again."""
        return self if self.labels is None else replace(self, labels=None)

    @cached_property
    def trajectories(self) -> NDArray[np.float64]:
        """``f8[T, N, 4]``: x in m, y in m, heading in rad and speed in m/s of all entities."""
        return decode(self.states)

    def update(self, digest: "hashlib._Hash") -> None:
        """Feed everything into a hash: names as text, arrays as little-endian bytes."""
        outcome = (self.success, repr(self.score))
        digest.update(repr((self.key, self.world_digest, outcome, self.ego, self.states.shape)).encode())
        arrays: list[NDArray[Any]] = [self.actions, self.commands, self.states, self.kinds, self.sizes_m]
        if self.labels is not None:  # what has none keeps the digest that it had before there were labels
            digest.update(b"labels")
            arrays.append(self.labels)
        for array in arrays:
            digest.update(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything in it, the driver's name as well."""
        digest = hashlib.sha256(self.driver.encode())
        self.update(digest)
        return digest.hexdigest()


@dataclass(frozen=True, kw_only=True, eq=False)
class Demonstrations:
    """A set of recorded episodes, of one driver or of several: what a baseline learns from.

    Attributes:
        episodes: In the order of collection.
    """

    episodes: tuple[Demonstration, ...]

    def __post_init__(self) -> None:
        times = Counter((episode.key, episode.driver) for episode in self.episodes)
        repeated = sorted(f"{key} by {driver}" for (key, driver), count in times.items() if count > 1)
        if not times or repeated:
            what = f"episodes {', '.join(repeated)} more than once" if repeated else "no episode"
            raise DataError(f"a set of demonstrations holds {what}; expected at least one, each only once")
        refuse_ambiguous(self.drivers)

    @property
    def frames(self) -> int:
        """Number of decisions in all episodes."""
        return sum(episode.frames for episode in self.episodes)

    @cached_property
    def drivers(self) -> tuple[str, ...]:
        """Names of all who drove, sorted."""
        return tuple(sorted({episode.driver for episode in self.episodes}))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content: the same for the same recorded episodes, on every machine."""
        digest, driver = hashlib.sha256(), None
        for episode in self.episodes:
            if episode.driver != driver:  # a set by one driver names it once
                driver = episode.driver
                digest.update(driver.encode())
            episode.update(digest)
        return digest.hexdigest()

    def subset(self, *names: str) -> "Demonstrations":
        """The episodes that all of some names mean in this set; whole episodes (:mod:`.subsets`).

        Args:
            names: Such as ``train``, ``held-out``, ``expert``, ``better``, ``10%``; none for everything.

        Raises:
            UnknownNameError: No such subset; suggests the nearest.
            DataError: Nothing is left.
        """
        return Demonstrations(episodes=choose(self.episodes, names)) if names else self
