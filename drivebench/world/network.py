"""A road network as arrays: lanes between nodes, in the order in which highway-env's graph lists them."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from drivebench.errors import ConfigurationError
from drivebench.world import geometry
from drivebench.world.layout import LaneFloat, LaneInt

__all__ = ["LaneIndex", "RoadNetwork", "RouteStep", "array_digest"]

LaneIndex = tuple[str, str, int]
"""highway-env's name of a lane: from node, to node, number from the left."""

RouteStep = tuple[str, str, int | None]
"""A road of a route and, when fixed, the number of the lane on it."""


def array_digest(*parts: npt.NDArray[np.generic] | str) -> str:
    """SHA-256 over types, shapes and bytes of arrays and over texts.

    Args:
        parts: What to digest, in order.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            data = part.encode()
            digest.update(f"text:{len(data)};".encode() + data)
        else:
            digest.update(f"{part.dtype.str}:{part.shape};".encode() + np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


@dataclass(frozen=True, kw_only=True, eq=False)
class RoadNetwork:
    """Immutable arrays of one road network (built by ``drivebench.world.build`` or ``takeover``).

    Attributes:
        lane_float: [L, F] columns ``LaneFloat``; past ``OFFSET`` one offset per searched lane, and behind
            them the samples of polyline lanes.
        lane_int: [L, I] columns ``LaneInt``; past ``NEIGHBOUR`` one row number per searched lane.
        nodes: Names of the nodes; ``FROM`` and ``TO`` index them.
        lane_index: Name of each lane; row order is the insertion order of highway-env's graph.
    """

    lane_float: npt.NDArray[np.float64]
    lane_int: npt.NDArray[np.int64]
    nodes: tuple[str, ...]
    lane_index: tuple[LaneIndex, ...]
    _row: dict[LaneIndex, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        lanes = len(self.lane_index)
        if lanes == 0 or self.lane_float.shape[0] != lanes or self.lane_int.shape[0] != lanes:
            raise ConfigurationError(
                f"a road network needs one array row per lane and at least one lane; got {lanes} names, "
                f"{self.lane_float.shape[0]} float rows and {self.lane_int.shape[0]} integer rows"
            )
        self.lane_float.setflags(write=False)
        self.lane_int.setflags(write=False)
        object.__setattr__(self, "_row", {index: row for row, index in enumerate(self.lane_index)})

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the arrays and names, hexadecimal."""
        return array_digest(self.lane_float, self.lane_int, repr(self.nodes), repr(self.lane_index))

    @property
    def line_types(self) -> npt.NDArray[np.int8]:
        """[L, 2] highway-env ``LineType`` of the left and right line: 0 none, 1 striped, 2, 3 continuous."""
        return self.lane_int[:, [LaneInt.LINE_LEFT, LaneInt.LINE_RIGHT]].astype(np.int8)

    def lane(self, index: LaneIndex) -> int:
        """Row of a lane.

        Args:
            index: (from node, to node, number from the left).

        Raises:
            ConfigurationError: The network has no such lane.
        """
        try:
            return self._row[(index[0], index[1], int(index[2]))]
        except KeyError:
            raise ConfigurationError(
                f"no lane {index} in this road network; it has {', '.join(map(str, self.lane_index[:40]))}"
            ) from None

    @cached_property
    def road_lanes(self) -> npt.NDArray[np.int64]:
        """[nodes, nodes] how many lanes lead from one node to the other; 0 without a road."""
        counts = np.zeros((len(self.nodes), len(self.nodes)), dtype=np.int64)
        counts[self.lane_int[:, LaneInt.FROM], self.lane_int[:, LaneInt.TO]] = self.lane_int[
            :, LaneInt.ROAD_LANES
        ]
        counts.setflags(write=False)
        return counts

    def route_step(self, road: RouteStep) -> tuple[int, int, int]:
        """A road of a route as numbers: its two nodes, and the lane on it or -1.

        Args:
            road: (from node, to node, lane number or None).

        Raises:
            ConfigurationError: There is no such road, or no such lane on it.
        """
        origin, to, number = road
        if origin in self.nodes and to in self.nodes:
            place = self.nodes.index(origin), self.nodes.index(to)
            lanes = int(self.road_lanes[place])
            if lanes > 0 and (number is None or 0 <= number < lanes):
                return *place, -1 if number is None else number
        raise ConfigurationError(
            f"route step {road} names no road or lane of this network; its lanes are "
            f"{', '.join(map(str, self.lane_index[:40]))}"
        )

    def position(self, lane: int, longitudinal_m: float, lateral_m: float = 0.0) -> tuple[float, float]:
        """The point (x, y) at lane coordinates, in canonical numerics."""
        x, y = geometry.position(
            None, self.lane_float, self.lane_int, lane, float(longitudinal_m), float(lateral_m)
        )
        return x, y

    def local_coordinates(self, lane: int, x_m: float, y_m: float) -> tuple[float, float]:
        """Lane coordinates (longitudinal, lateral to the right) of a point, in canonical numerics."""
        s, r = geometry.local_coordinates(None, self.lane_float, self.lane_int, lane, float(x_m), float(y_m))
        return s, r

    def heading_at(self, lane: int, longitudinal_m: float) -> float:
        """Heading in rad of a lane's centre line, in canonical numerics."""
        return geometry.heading_at(None, self.lane_float, self.lane_int, lane, float(longitudinal_m))

    def closest_lane(self, x_m: float, y_m: float, heading_rad: float) -> int:
        """Row of the lane that highway-env would call closest: least L1 distance plus heading difference."""
        return geometry.closest_lane(
            None,
            self.lane_float,
            self.lane_int,
            len(self.lane_index),
            float(x_m),
            float(y_m),
            float(heading_rad),
        )

    def length_m(self, lane: int) -> float:
        """Length of a lane's centre line (of the axis, for a sine lane)."""
        return float(self.lane_float[lane, LaneFloat.LENGTH])

    def width_m(self, lane: int, longitudinal_m: float | None = None) -> float:
        """Width of a lane, where it changes along the way its largest one, or that at a place."""
        if longitudinal_m is None:
            return float(self.lane_float[lane, LaneFloat.WIDTH])
        return geometry.width_at(self.lane_float, self.lane_int, lane, float(longitudinal_m))

    def speed_limit_mps(self, lane: int) -> float | None:
        """Speed limit of a lane, None when it has none."""
        limit = float(self.lane_float[lane, LaneFloat.SPEED_LIMIT])
        return None if np.isnan(limit) else limit
