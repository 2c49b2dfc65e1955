"""Parking, measured: pose errors by hand, what ends an episode, what reversing changes in the other parts."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from straight_road import LANES, LENGTH_M, drive

from drivebench.metric.events import Collision, Contact, GoalReached, Overspeed
from drivebench.metric.fault import Fault, fault_of
from drivebench.metric.limits import MISPARKED_S, PARKED_ALONG_M, PARKED_ASIDE_M, PARKED_SINE
from drivebench.metric.measurement import Ending, EpisodeMeasurement, Reference
from drivebench.metric.parked import is_in_place, pose_error
from drivebench.metric.parts import is_success, parts
from drivebench.metric.score import dbs
from drivebench.parking import ParkingPlace, ParkingTask
from drivebench.scenario import Command, CommandSegment, Episode, Route
from drivebench.world import EntityKind
from drivebench.world.build import VehicleSpec, build_network, build_world
from drivebench.world.lane_spec import LaneSpec

X_M, Y_M = 500.0, 4.0
BACK = ("b", "a", LaneSpec.straight((LENGTH_M, Y_M), (0.0, Y_M)))
"""On top of the middle lane: as on a car park, there is no wrong way."""
LIMIT_MPS = 3.0
PLACE = np.array([3.0, -2.0, math.cos(0.4), math.sin(0.4)])
REFERENCE = Reference(time_s=20.0, distance_m=10.0)


def episode(
    *others: VehicleSpec, place_m: float = 10.0, other_m: float | None = None, speed_mps: float = 0.0
) -> Episode:
    """A place so far ahead of the ego, or behind it, and perhaps another one, on a road of three lanes."""
    ego = VehicleSpec(kind=EntityKind.EGO, x_m=X_M, y_m=Y_M, speed_mps=speed_mps, min_speed_mps=-5.0)
    others_m = [] if other_m is None else [other_m]
    first, *rest = (ParkingPlace(x_m=X_M + at_m, y_m=Y_M, heading_rad=0.0) for at_m in (place_m, *others_m))
    xs = np.arange(X_M - 40.0, X_M + 41.0)
    route = Route.along(
        np.stack([xs, np.full_like(xs, Y_M)], axis=1),
        start_index=40,
        start_m=(X_M, Y_M),
        half_width_m=2.0,
        goal_from_start_m=abs(place_m),
        commands=(CommandSegment(start_m=-100.0, command=Command.FOLLOW, text="Park."),),
    )
    return Episode(
        scenario="straight-v1",
        condition="nominal",
        seed=0,
        world=build_world(build_network([*LANES, BACK]), [ego, *others]),
        route=route,
        horizon_s=20.0,
        speed_limit_mps=LIMIT_MPS,
        parking=ParkingTask(assigned=first, others=tuple(rest)),
    )


def forth_and_stop(way_m: float) -> list[tuple[float, float]]:
    """Actions that drive so far, forwards or backwards, and stop: faster for 2 s, slower for 2 s.

    A decision of T at acceleration a makes a way of v T + a T² / 3, one at -a a third less than v T; up and
    down in n decisions each make n² a T².
    """
    steps = 10
    acceleration = way_m / (steps * steps * 0.04)
    return [(acceleration / 5.0, 0.0)] * steps + [(-acceleration / 5.0, 0.0)] * steps + [(0.0, 0.0)]


def test_the_pose_error_by_hand() -> None:
    cos, sin = math.cos(0.4), math.sin(0.4)
    assert pose_error(PLACE, 3.0, -2.0, cos, sin, 5.0) == pytest.approx(0.0, abs=1e-7)
    assert pose_error(PLACE, 3.0, -2.0, -cos, -sin, 5.0) == pytest.approx(0.0, abs=1e-7)
    assert pose_error(PLACE, 6.0, 2.0, cos, sin, 5.0) == pytest.approx(5.0)
    # Across its place, both bumpers are 2.5 √2 m from where they belong.
    assert pose_error(PLACE, 3.0, -2.0, -sin, cos, 5.0) == pytest.approx(2.5 * math.sqrt(2.0))
    bumpers = [
        math.hypot(
            4.0 + way * math.cos(0.7) - 3.0 - way * math.cos(0.4),
            -1.0 + way * math.sin(0.7) + 2.0 - way * math.sin(0.4),
        )
        for way in (2.5, -2.5)
    ]
    wanted = math.sqrt(0.5 * (bumpers[0] ** 2 + bumpers[1] ** 2))
    assert pose_error(PLACE, 4.0, -1.0, math.cos(0.7), math.sin(0.7), 5.0) == pytest.approx(wanted)


@pytest.mark.parametrize("side", [-1.0, 1.0])
@pytest.mark.parametrize("about", [0.0, math.pi])
def test_the_tolerances_are_edges(side: float, about: float) -> None:
    def stands(along: float, aside: float, turned: float) -> bool:
        x = PLACE[0] + along * PLACE[2] - aside * PLACE[3]
        y = PLACE[1] + along * PLACE[3] + aside * PLACE[2]
        heading = 0.4 + about + turned
        return bool(is_in_place(PLACE, x, y, math.cos(heading), math.sin(heading)))

    askew = math.asin(PARKED_SINE)
    assert stands(0.0, 0.0, 0.0)
    assert stands(side * 0.99 * PARKED_ALONG_M, -side * 0.99 * PARKED_ASIDE_M, side * 0.99 * askew)
    assert not stands(side * 1.01 * PARKED_ALONG_M, 0.0, 0.0)
    assert not stands(0.0, side * 1.01 * PARKED_ASIDE_M, 0.0)
    assert not stands(0.0, 0.0, side * 1.01 * askew)


def test_a_car_within_the_tolerances_is_within_the_lines() -> None:
    """The narrowest bay is 3.0 m by 6.2 m; the car 2 m by 5 m."""
    turned = math.asin(PARKED_SINE)
    assert 1.0 * math.cos(turned) + PARKED_ASIDE_M + 2.5 * PARKED_SINE <= 1.5
    assert 2.5 * math.cos(turned) + PARKED_ALONG_M + 1.0 * PARKED_SINE <= 3.1


@pytest.mark.parametrize("way_m", [10.0, -10.0])
def test_parking_forwards_or_in_reverse_is_the_goal(way_m: float) -> None:
    one = episode(place_m=way_m)
    measured = drive(one, forth_and_stop(way_m), REFERENCE)
    assert measured.ended_by is Ending.GOAL
    assert measured.goal_m == pytest.approx(10.0)
    assert measured.progress_m == pytest.approx(10.0, abs=PARKED_ALONG_M)
    assert measured.reference_progress_m == measured.progress_m
    assert any(isinstance(event, GoalReached) for event in measured.events)
    assert measured.against_m == 0.0


def test_driving_over_the_place_is_not_parking_in_it() -> None:
    measured = drive(episode(place_m=6.0, speed_mps=3.0), (0.0, 0.0), REFERENCE)
    assert not any(isinstance(event, GoalReached) for event in measured.events)
    assert measured.ended_by is not Ending.GOAL


def test_progress_without_having_parked_is_the_share_of_the_pose_error_and_at_most_08() -> None:
    found = []
    for way_m in (0.0, 2.0, 5.0, 8.0, 9.2):
        measured = drive(episode(), forth_and_stop(way_m), REFERENCE)
        found.append(parts(measured, REFERENCE).ep)
        assert measured.progress_m == pytest.approx(way_m, abs=0.05)
        assert found[-1] == pytest.approx(min(way_m / 9.5, 0.8), abs=0.01)
        assert not is_success(measured, REFERENCE)
    assert found == sorted(found)


def test_going_away_from_the_place_is_no_progress() -> None:
    measured = drive(episode(), forth_and_stop(-5.0), REFERENCE)
    assert measured.progress_m == pytest.approx(-5.0, abs=0.05)
    assert parts(measured, REFERENCE).ep == 0.0


def test_parking_in_another_place_leaves_the_route() -> None:
    measured = drive(episode(place_m=12.0, other_m=8.0), forth_and_stop(8.0), REFERENCE)
    assert measured.ended_by is Ending.OFF_ROUTE
    assert measured.off_route_m == pytest.approx(14.0)
    assert measured.duration_s == pytest.approx(4.0 + MISPARKED_S, abs=0.15)
    assert parts(measured, REFERENCE).rc == 0.0


def test_a_short_halt_in_another_place_is_none() -> None:
    there = forth_and_stop(8.0)[:-1]
    measured = drive(episode(place_m=12.0, other_m=8.0), [*there, (0.0, 0.0), (0.3, 0.0)], REFERENCE)
    assert measured.ended_by is not Ending.OFF_ROUTE or measured.off_route_m < 14.0


def obstacle(ahead_m: float) -> VehicleSpec:
    return VehicleSpec(kind=EntityKind.PLAIN, x_m=X_M + ahead_m, y_m=Y_M)


def test_reversing_into_something_is_at_fault() -> None:
    measured = drive(episode(obstacle(-9.0), place_m=10.0), (-0.2, 0.0), REFERENCE)
    (hit,) = [event for event in measured.events if isinstance(event, Collision)]
    assert hit.contact is Contact.REAR
    assert hit.ego_speed_mps < 0.0
    assert fault_of(hit) is Fault.STRUCK
    assert dbs(parts(measured, REFERENCE)) == 0.0


def test_time_to_collision_looks_backwards_in_reverse() -> None:
    behind = drive(episode(obstacle(-9.0)), [(-0.4, 0.0)] * 5 + [(0.0, 0.0)], REFERENCE)
    ahead = drive(episode(obstacle(9.0)), [(-0.4, 0.0)] * 5 + [(0.0, 0.0)], REFERENCE)
    assert behind.shortest_ttc_s is not None
    assert behind.short_ttc_s > 0.0
    assert ahead.shortest_ttc_s is None


def test_speeding_in_reverse_is_speeding() -> None:
    measured = drive(replace(episode(), horizon_s=4.0), (-1.0, 0.0))
    assert measured.overspeed_m > 0.0
    assert any(isinstance(event, Overspeed) for event in measured.events)


ERRORS = st.tuples(
    st.floats(-8.0, 8.0), st.floats(-8.0, 8.0), st.floats(-1.5, 1.5), st.floats(1.0, 3.0), st.floats(0.0, 1.5)
)


@given(ERRORS)
def test_a_pose_that_is_worse_in_any_part_has_no_smaller_error(given_error: tuple[float, ...]) -> None:
    along, aside, turned, factor, more = given_error

    def error(along: float, aside: float, turned: float) -> float:
        x = PLACE[0] + along * PLACE[2] - aside * PLACE[3]
        y = PLACE[1] + along * PLACE[3] + aside * PLACE[2]
        return float(pose_error(PLACE, x, y, math.cos(0.4 + turned), math.sin(0.4 + turned), 5.0))

    here = error(along, aside, turned)
    assert error(factor * along, aside, turned) >= here - 1e-9
    assert error(along, factor * aside, turned) >= here - 1e-9
    worse = math.copysign(min(abs(turned) + more, 0.5 * math.pi), turned)
    assert error(along, aside, worse) >= here - 1e-9


def measured_with(progress_m: float) -> EpisodeMeasurement:
    base = drive(episode(), (0.0, 0.0), REFERENCE)
    return replace(base, progress_m=progress_m, reference_progress_m=progress_m)


def test_a_greater_remaining_error_never_raises_the_score() -> None:
    base = measured_with(0.0)
    found = [
        dbs(parts(replace(base, progress_m=way, reference_progress_m=way), REFERENCE))
        for way in np.linspace(-5.0, 10.0, 61).tolist()
    ]
    assert found == sorted(found)
    assert found[0] == 0.0
