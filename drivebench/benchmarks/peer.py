"""What a simulator must offer to be measured against; found by entry points ``drivebench.peers``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from drivebench.world import World

__all__ = ["Peer", "PeerRoad"]


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


class Peer(Protocol):
    """A simulator that can drive the same worlds."""

    name: str

    def road(self, env_id: str, seed: int) -> PeerRoad:
        """A freshly reset world of one of its environments."""
        ...
