"""What cameras look at: moments, each with its ground, the pose of the ego, and what stands around.

Poses are rounded to a grid before anything is drawn, so that a picture from states stored on that grid is the
same, byte for byte, as the one that was seen while driving.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError
from drivebench.sensors.ground import GroundMap
from drivebench.sensors.models import CAR, GOAL, HIDDEN, LORRY, LORRY_WIDTH_M, OBSTACLE, WALL, WALL_FROM_M
from drivebench.sensors.palette import PAINT
from drivebench.weather import CLEAR, Weather
from drivebench.world import EntityKind, RoadNetwork, WorldBatch

__all__ = ["ANGLE_STEP_RAD", "POSITION_STEP_M", "Moments", "looks_of"]

POSITION_STEP_M = 2.0**-16
ANGLE_STEP_RAD = 2.0**-20
"""Grid of positions and headings (``drivebench.demonstrations.fixed_point`` stores states on the same)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """What is to be rendered: n moments.

    Attributes:
        grounds: The ground maps that occur.
        ground: ``i8[n]`` which of them.
        poses: ``f8[n, 3]`` x, y, heading of the ego.
        boxes: ``f8[n, N, 5]`` x, y, heading, length, width of everything that may be seen.
        looks: ``u1[n, N]`` see ``looks_of``; 0 is not drawn.
        weathers: The weathers that occur.
        weather: ``i8[n]`` which of them; empty stands for the first at all moments.
        seeds: ``u8[n]`` seeds of the episodes, from which rain, noise and failures follow; empty for 0.
        decisions: ``i8[n]`` number of the decision, counted from 0, from which they follow, too;
            empty for 0.
    """

    grounds: Sequence[GroundMap]
    ground: NDArray[np.int64]
    poses: NDArray[np.float64]
    boxes: NDArray[np.float64]
    looks: NDArray[np.uint8]
    weathers: Sequence[Weather] = (CLEAR,)
    weather: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    seeds: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    decisions: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        for name in ("weather", "seeds", "decisions"):
            given = getattr(self, name)
            if given.size == 0:
                object.__setattr__(self, name, np.zeros(len(self.ground), given.dtype))
        n, many = self.looks.shape if self.looks.ndim == 2 else (-1, -1)
        expected = {"ground": (n,), "poses": (n, 3), "boxes": (n, many, 5), "looks": (n, many)}
        expected |= {"weather": (n,), "seeds": (n,), "decisions": (n,)}
        given = {name: getattr(self, name).shape for name in expected}
        if given != expected:
            raise ConfigurationError(f"moments have shapes {given}; expected {expected} for some n and N")
        if n and not 0 <= int(self.weather.min()) <= int(self.weather.max()) < len(self.weathers):
            raise ConfigurationError(
                f"moments name weather {int(self.weather.min())} to {int(self.weather.max())}; "
                f"expected 0 to {len(self.weathers) - 1}"
            )
        if n and not 0 <= int(self.ground.min()) <= int(self.ground.max()) < len(self.grounds):
            raise ConfigurationError(
                f"moments name ground {int(self.ground.min())} to {int(self.ground.max())}; "
                f"expected 0 to {len(self.grounds) - 1}"
            )

    def __len__(self) -> int:
        return len(self.ground)

    def under(
        self, weathers: Sequence[Weather], seeds: Sequence[int], decisions: NDArray[np.int64]
    ) -> "Moments":
        """The same moments in some weather.

        Args:
            weathers: One for each moment.
            seeds: Of the episodes, one for each moment.
            decisions: ``i8[n]`` number of the decision.
        """
        kinds: dict[Weather, int] = {}
        which = [kinds.setdefault(each, len(kinds)) for each in weathers]
        return replace(
            self,
            weathers=tuple(kinds) or (CLEAR,),
            weather=np.array(which, np.int64),
            seeds=np.array(seeds, np.uint64),
            decisions=np.ascontiguousarray(decisions, np.int64),
        )

    @classmethod
    def from_states(
        cls,
        *,
        networks: Sequence[RoadNetwork],
        network: NDArray[np.int64],
        states: NDArray[np.float64],
        sizes_m: NDArray[np.float64],
        kinds: NDArray[np.integer],
        ego: NDArray[np.int64],
    ) -> Self:
        """Moments of recorded episodes.

        Args:
            networks: The road networks that occur.
            network: ``i8[n]`` which of them.
            states: ``f8[n, N, 3 or more]`` x, y, heading of all entities, the ego among them.
            sizes_m: ``f8[n, N, 2]`` length and width.
            kinds: ``[n, N]`` ``EntityKind``, negative for a column that holds nothing.
            ego: ``i8[n]`` column of the ego.
        """
        rows = np.arange(len(network))
        return cls(
            grounds=[GroundMap.of(each) for each in networks],
            ground=np.ascontiguousarray(network, np.int64),
            poses=np.ascontiguousarray(states[rows, ego, :3]),
            boxes=np.concatenate((states[..., :3], sizes_m), axis=-1),
            looks=looks_of(kinds, ego, sizes_m),
        )

    @classmethod
    def from_worlds(cls, worlds: WorldBatch, slots: NDArray[np.int64]) -> Self:
        """The present moment of some worlds.

        Args:
            worlds: The batch.
            slots: ``i8[n]`` which of them; each must have an ego.
        """
        ego = worlds.ego[slots]
        if (ego < 0).any():
            raise ConfigurationError(
                f"worlds {slots[ego < 0].tolist()} have no ego; a camera needs one to be mounted on"
            )
        views = (worlds.x, worlds.y, worlds.heading, worlds.length, worlds.width)
        boxes = np.stack([view[slots] for view in views], axis=-1)
        kinds = np.where(worlds.present[slots], worlds.kind[slots], -1)
        used, ground = np.unique(worlds.network_of_world[slots], return_inverse=True)
        return cls(
            grounds=[GroundMap.of(worlds.networks[pool]) for pool in used],
            ground=ground.astype(np.int64),
            poses=np.ascontiguousarray(boxes[np.arange(len(slots)), ego, :3]),
            boxes=boxes,
            looks=looks_of(kinds, ego, boxes[..., 3:]),
        )


def looks_of(
    kinds: NDArray[np.integer], ego: NDArray[np.int64], sizes_m: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """How entities look: cars are painted by their number, long obstacles are walls, the ego is not drawn.

    Whatever is as wide as a lorry, vehicle or obstacle, is one.

    Args:
        kinds: ``[n, N]`` ``EntityKind``, negative for a column that holds nothing.
        ego: ``i8[n]`` column of the ego.
        sizes_m: ``f8[n, N, 2]`` length and width.

    Returns:
        ``u1[n, N]``: shape in the low four bits, number of the paint in the high ones.
    """
    columns = np.arange(kinds.shape[1])
    paint = (columns * 5 + columns // len(PAINT)) % len(PAINT)
    is_car = (kinds >= 0) & (kinds < EntityKind.OBSTACLE)
    looks = np.where(is_car, CAR | paint << 4, HIDDEN)
    is_lorry = sizes_m[..., 1] >= LORRY_WIDTH_M
    obstacle = np.where(sizes_m[..., 0] >= WALL_FROM_M, WALL, OBSTACLE)
    looks = np.where(kinds == EntityKind.OBSTACLE, obstacle, looks)
    looks = np.where(is_lorry & (kinds >= 0) & (kinds <= EntityKind.OBSTACLE), LORRY | paint << 4, looks)
    looks = np.where(kinds == EntityKind.LANDMARK, GOAL, looks)
    looks[columns == np.asarray(ego)[:, None]] = HIDDEN
    return looks.astype(np.uint8)
