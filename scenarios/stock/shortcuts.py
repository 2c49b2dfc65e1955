"""highway-env's questions about its roads, answered faster while it lays worlds out.

Most of the time of its resets goes into geometry: the coordinates of every vehicle on the lane of each new
one, the closest of all lanes, and the lanes themselves, which are the same each time. What is answered here
depends on its arguments alone, and the answer has the same bits on every machine, however its NumPy rounds:

* along a lane that is parallel to an axis, products are exact, so that no other way of rounding is possible;
* the closest lane is a compiled comparison; where two lanes are so near that rounding may decide between
  them, highway-env is asked;
* paths are looked up again;
* roads are kept if laying them out took no random number.

Random numbers are drawn by highway-env alone.
"""

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from drivebench.compiled import borrowing_kernel, kernel
from drivebench.world.geometry import angle_to_lane, local_coordinates, longitudinal_excess
from drivebench.world.layout import LaneFloat, LaneInt, LaneKind
from drivebench.world.numerics import PARITY
from drivebench.world.takeover import take_network

__all__ = ["share_roads"]

TIE = 1e-9
"""How near to each other two lanes are compared by highway-env, in metres and radians; places of some km are
known to 1e-12 m."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_KIND, _RADIUS = int(LaneInt.KIND), int(LaneFloat.RADIUS)
_CIRCULAR = int(LaneKind.CIRCULAR)


@borrowing_kernel
def _closest(
    lane_float: Floats, lane_int: Ints, exact: Flags, distances: Floats, x: float, y: float, heading: float
) -> int:
    """The row of ``RoadNetwork.get_closest_lane_index``, or -1 where rounding may decide.

    Beside ties these are the points across the circle from the start of an arc, where its coordinate jumps.
    """
    best, least = -1, np.inf
    for lane in range(len(distances)):
        s, r = local_coordinates(PARITY, lane_float, lane_int, lane, x, y)
        if lane_int[lane, _KIND] == _CIRCULAR:
            half = np.pi * lane_float[lane, _RADIUS]
            if abs(abs(s) - half) <= TIE * half:
                return -1
        distance = longitudinal_excess(lane_float, lane, s, r)
        distance = distance + abs(angle_to_lane(PARITY, lane_float, lane_int, lane, s, heading))
        distances[lane] = distance
        if distance < least:
            best, least = lane, distance
    for lane in range(len(distances)):
        near = not distances[lane] - least > TIE
        if near and lane != best and not (exact[lane] and exact[best]):
            return -1
    return best


@kernel
def _closest_lane(
    lane_float: Floats, lane_int: Ints, exact: Flags, distances: Floats, position: Floats, heading: float
) -> int:
    """``_closest`` of a position as highway-env holds it."""
    return _closest(lane_float, lane_int, exact, distances, position[0], position[1], heading)


def share_roads(environment: Any) -> None:
    """Let an environment lay its roads out once, and use them again in its next resets, with fast answers.

    Args:
        environment: A bare environment of highway-env, whose roads follow from its configuration.
    """
    name = next(name for name in ("_make_road", "_create_road") if hasattr(environment, name))
    lay_out: Callable[[], None] = getattr(environment, name)
    kept: list[Any] = []

    def make_road() -> None:
        if kept:
            environment.road = _anew(kept[0], environment.np_random)
            return
        before = environment.np_random.bit_generator.state
        lay_out()
        if environment.np_random.bit_generator.state == before and not environment.road.vehicles:
            kept.append(_anew(environment.road, None))
            _answer_fast(environment.road.network)

    setattr(environment, name, make_road)


def _anew(road: Any, generator: Any) -> Any:
    """A road that nobody has driven on, with the objects that stand on it."""
    other = copy.copy(road)
    other.np_random, other.vehicles, other.objects = generator, [], []
    for item in road.objects:
        standing = copy.copy(item)
        standing.road, standing.position = other, item.position.copy()
        other.objects.append(standing)
    return other


def _answer_fast(network: Any) -> None:
    """Replace methods of a network and of its lanes."""
    lanes = network.lanes_list()
    for lane in lanes:
        if _parallel_to_axis(lane):
            lane.local_coordinates = _coordinates_along(lane)
    network.shortest_path = _looked_up(network.shortest_path)
    if {type(lane).__name__ for lane in lanes} <= {"StraightLane", "SineLane", "CircularLane"}:
        network.get_closest_lane_index = _compared(network)


def _parallel_to_axis(lane: Any) -> bool:
    return type(lane).__name__ == "StraightLane" and all(abs(part) in (0.0, 1.0) for part in lane.direction)


def _coordinates_along(lane: Any) -> Callable[[Any], tuple[float, float]]:
    """``StraightLane.local_coordinates``; a dot product begins with 0.0, which makes -0.0 positive."""
    (x0, y0), (along_x, along_y) = lane.start.tolist(), lane.direction.tolist()
    across_x, across_y = lane.direction_lateral.tolist()

    def local_coordinates(position: Any) -> tuple[float, float]:
        x, y = position.tolist()
        dx, dy = x - x0, y - y0
        return 0.0 + dx * along_x + dy * along_y, 0.0 + dx * across_x + dy * across_y

    return local_coordinates


def _looked_up(search: Callable[[str, str], list[str]]) -> Callable[[str, str], list[str]]:
    """``RoadNetwork.shortest_path``; errors are raised anew."""
    found: dict[tuple[str, str], list[str]] = {}

    def shortest_path(start: str, goal: str) -> list[str]:
        if (start, goal) not in found:
            found[start, goal] = search(start, goal)
        return [*found[start, goal]]

    return shortest_path


def _compared(network: Any) -> Callable[..., tuple[str, str, int]]:
    """``RoadNetwork.get_closest_lane_index``."""
    ask: Callable[..., tuple[str, str, int]] = network.get_closest_lane_index
    graph: Mapping[str, Mapping[str, Iterable[Any]]] = network.graph
    roads = take_network(graph, connected_lanes=False, exact=True)
    floats, ints, index = roads.lane_float, roads.lane_int, roads.lane_index
    exact = np.array([_parallel_to_axis(lane) for lane in network.lanes_list()])
    distances = np.empty(len(exact))

    def get_closest_lane_index(position: Any, heading: Any = None) -> tuple[str, str, int]:
        if heading is not None:
            row = _closest_lane(floats, ints, exact, distances, position, float(heading))
            if row >= 0:
                return index[row]
        return ask(position, heading)

    return get_closest_lane_index
