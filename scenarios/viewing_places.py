"""Where the contact sheet looks at each of highway-env's worlds from, and a road of polylines to look at.

At a reset the car under test stands where an episode begins, which is seldom where a world is peculiar. A
place moves the car, on the pictures only: all others stay where highway-env's reset put them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from drivebench.world import EntityKind, World
from drivebench.world.build import build_network, build_world, vehicle_on_lane
from drivebench.world.lane_spec import LaneSpec
from drivebench.world.network import LaneIndex

__all__ = ["OURS", "STOCK", "Place", "polyline_lanes", "polyline_world"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A world, and from where it is looked at.

    Attributes:
        text: What is to be seen.
        lane: Along which the car under test looks; None for where it is.
        along_m: How far along it; bays of a car park are looked at from before their beginning.
    """

    text: str
    lane: LaneIndex | None = None
    along_m: float = 0.0


STOCK: Mapping[str, Place] = {
    "highway-v0": Place(
        text="Four lanes, 10 km, dense traffic that keeps or changes lanes.",
        lane=("0", "1", 2),
        along_m=442.0,
    ),
    "highway-fast-v0": Place(
        text="The same with three lanes and fewer vehicles.", lane=("0", "1", 1), along_m=232.0
    ),
    "merge-v0": Place(text="A ramp joins a motorway; its end is blocked.", lane=("b", "c", 2), along_m=58.0),
    "merge-generic-v0": Place(
        text="The same with other lengths and numbers of lanes; here on the ramp.",
        lane=("j", "k", 0),
        along_m=140.0,
    ),
    "exit-v0": Place(
        text="A motorway of six lanes with an exit on the right.", lane=("1", "2", 6), along_m=94.0
    ),
    "two-way-v0": Place(
        text="Overtaking into oncoming traffic on a road of two lanes.", lane=("a", "b", 1), along_m=496.0
    ),
    "u-turn-v0": Place(text="Two lanes about a bend of half a turn.", lane=("b", "c", 0), along_m=3.0),
    "roundabout-v0": Place(
        text="Four arms, two lanes, traffic that has the right of way; here inside.",
        lane=("wx", "we", 1),
        along_m=2.0,
    ),
    "roundabout-generic-v0": Place(
        text="The same with other radii and numbers of lanes; here before it.",
        lane=("ses", "se", 0),
        along_m=10.0,
    ),
    "intersection-v0": Place(
        text="Four arms with priorities; vehicles appear and leave; here turning left inside.",
        lane=("ir0", "il1", 0),
        along_m=15.0,
    ),
    "intersection-v1": Place(
        text="The same with a car under continuous control; here before it.",
        lane=("o0", "ir0", 0),
        along_m=94.0,
    ),
    "intersection-multi-agent-v0": Place(
        text="The same with two cars under control; here turning right inside.",
        lane=("ir0", "il3", 0),
        along_m=5.0,
    ),
    "lane-keeping-v0": Place(
        text="A winding road that another one joins, for a car with tyre forces.",
        lane=("a", "b", 0),
        along_m=88.0,
    ),
    "racetrack-v0": Place(text="A closed track with bends of many radii.", lane=("b", "c", 1), along_m=12.0),
    "racetrack-large-v0": Place(text="A longer track.", lane=("b", "c", 1), along_m=12.0),
    "racetrack-oval-v0": Place(
        text="A closed track of straights and quarter turns.", lane=("a", "b", 1), along_m=99.0
    ),
    "parking-v0": Place(
        text="A car park: bays between walls, and a goal that is painted on the ground.",
        lane=("b", "c", 10),
        along_m=-5.0,
    ),
    "parking-parked-v0": Place(text="The same with parked cars.", lane=("b", "c", 9), along_m=-6.0),
}
"""highway-env's worlds by the first id that has them. The connected-lane versions differ in the traffic's
rules only."""


OURS: Mapping[str, Place] = {
    "lane-keeping-v1": Place(text="A winding road, new for each seed."),
    "car-following-v1": Place(text="Behind a leader without brake lights, on a country road."),
    "highway-v1": Place(text="Following and overtaking on a motorway."),
    "merge-v1": Place(text="Joining a motorway from a ramp."),
    "roundabout-v1": Place(text="Taking a given exit of a roundabout with traffic."),
    "exit-v1": Place(
        text="Leaving a motorway at an exit, or passing it; here beside the others, before the fork.",
        lane=("1", "2", 3),
        along_m=112.0,
    ),
    "intersection-v1": Place(
        text="Turning at a crossing where others go first; here before it.",
        lane=("m0", "ir0", 0),
        along_m=8.0,
    ),
    "two-way-v1": Place(text="Overtaking by the lane of the oncoming traffic."),
    "u-turn-v1": Place(
        text="Half a turn among slower drivers; here at its beginning.", lane=("a", "b", 1), along_m=508.0
    ),
    "long-haul-v1": Place(text="A closed course, for five minutes."),
    "fork-v1": Place(text="A lorry that is about to lose a car, to be passed on either side."),
    "occlusion-v1": Place(text="Parked lorries that will hide who comes from the side."),
    "parking-v1": Place(text="A car park; the assigned bay is marked on the ground."),
}
"""drivebench's own families: from where an episode begins, or from another place."""


def polyline_lanes() -> tuple[LaneSpec, LaneSpec]:
    """One around a bend with corners, and one beside it that widens from 4 m to 8 m."""
    bend = [(0.0, 0.0), (25.0, 0.0), (34.0, 2.0), (42.0, 6.0), (50.0, 12.0), (70.0, 30.0), (110.0, 30.0)]
    left, right = (
        [(float(x), -12.0 + side * (2.0 + x / 60.0)) for x in range(0, 121, 10)] for side in (-1, 1)
    )
    return (
        LaneSpec.polyline(bend, width_m=4.0, line_types=(2, 1)),
        LaneSpec.polyline([(0.0, -12.0), (120.0, -12.0)], boundaries_m=(left, right), line_types=(1, 2)),
    )


def polyline_world() -> World:
    """The road of ``polyline_lanes`` with a car under test before the bend, and one car on either lane."""
    bend, widening = ("a", "b", 0), ("c", "d", 0)
    network = build_network(
        [(*lane[:2], spec) for lane, spec in zip((bend, widening), polyline_lanes(), strict=True)]
    )
    places = ((EntityKind.EGO, bend, 14.0), (EntityKind.IDM, bend, 58.0), (EntityKind.IDM, widening, 60.0))
    return build_world(
        network,
        [
            vehicle_on_lane(network, lane, along_m, kind=kind, speed_mps=10.0)
            for kind, lane, along_m in places
        ],
    )
