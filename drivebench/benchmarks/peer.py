"""What a simulator must offer to be measured against; found by entry points ``drivebench.peers``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from drivebench.world import World

__all__ = ["EnvironmentPeer", "Peer", "PeerEnvironments", "PeerPictures", "PeerRoad"]


@dataclass(frozen=True, kw_only=True)
class PeerRoad:
    """One world on both sides.

    Attributes:
        world: Its initial state, taken over.
        decide: Advances the peer by one decision of three simulation steps, road only: no observation, no
            reward.
    """

    world: World
    decide: Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class PeerPictures:
    """One world on both sides, as an environment whose observation is a picture.

    Attributes:
        world: Its initial state, taken over.
        step: A full step of 0.2 s: road, reward, and the picture, which it returns.
        picture: Draws the present picture once more and returns it.
    """

    world: World
    step: Callable[[], NDArray[np.uint8]]
    picture: Callable[[], NDArray[np.uint8]]


@dataclass(frozen=True, kw_only=True)
class PeerEnvironments:
    """Environments of one id that step together on one thread, as a learner would step them.

    Attributes:
        count: How many.
        step: One policy step of each under random actions, with observation and reward; an environment whose
            episode has ended is reset in the next call instead. Returns how many were stepped, not reset.
        reset: Resets all of them with fresh seeds.
        vehicles: Mean number of vehicles on their roads now.
        road_steps: Simulation steps of one policy step.
        observation: Its kind and shape.
    """

    count: int
    step: Callable[[], int]
    reset: Callable[[], None]
    vehicles: Callable[[], float]
    road_steps: int
    observation: str


class EnvironmentPeer(Protocol):
    """A simulator that has some of highway-env's environments.

    Attributes:
        name: As rows call it.
        compiled: Whether its environments step together in compiled code; else one is as fast as many.
        about: What a reader of its figures must know about it, in Markdown.
    """

    name: str
    compiled: bool
    about: str

    def missing(self) -> str | None:
        """Why it cannot be measured here; None if it can."""
        ...

    def environments(self, env_id: str, count: int, seed: int) -> PeerEnvironments | None:
        """Environments of one of highway-env's ids, after a reset; None if it does not have this one."""
        ...


class Peer(EnvironmentPeer, Protocol):
    """A simulator that can drive the same worlds."""

    def road(self, env_id: str, seed: int) -> PeerRoad:
        """A freshly reset world of one of its environments."""
        ...

    def pictures(self, env_id: str, seed: int) -> PeerPictures:
        """A freshly reset environment that decides five times a second and sees a picture."""
        ...
