"""What a simulator must offer to be measured against; found by entry points ``drivebench.peers``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from drivebench.world import World

__all__ = ["Peer", "PeerPictures", "PeerRoad"]


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


class Peer(Protocol):
    """A simulator that can drive the same worlds."""

    name: str

    def road(self, env_id: str, seed: int) -> PeerRoad:
        """A freshly reset world of one of its environments."""
        ...

    def pictures(self, env_id: str, seed: int) -> PeerPictures:
        """A freshly reset environment that decides five times a second and sees a picture."""
        ...
