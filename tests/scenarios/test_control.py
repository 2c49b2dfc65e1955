"""The expert's law: no steady offset in curves, recovery, speed profiles, leaders."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError
from drivebench.world import EntityKind
from drivebench.world.build import VehicleSpec, build_network, build_world
from drivebench.world.lane_spec import LaneSpec
from scenarios import control
from scenarios.reference_path import ARC, CAP, CURVATURE, HEADING, ReferencePath
from scenarios.style import EXPERT

SUBSTEPS, STEP_S = 3, 1.0 / 15.0
LENGTH_M = 5.0
MANNER = EXPERT.manner


def _circle(radius_m: float, turn: float, degrees: float = 330.0, spacing_m: float = 1.0) -> ReferencePath:
    """A path that starts at the origin towards +x and turns to the right (turn = 1) or to the left."""
    angles = np.arange(0.0, math.radians(degrees), spacing_m / radius_m)
    points = np.stack([radius_m * np.sin(angles), turn * radius_m * (1.0 - np.cos(angles))], axis=1)
    return ReferencePath.through(points, angles * radius_m, speed_limit_mps=30.0)


def _straight(length_m: float, limit_mps: float = 30.0, stop_at_m: float = math.inf) -> ReferencePath:
    along = np.arange(0.0, length_m, 1.0)
    points = np.stack([along, np.zeros_like(along)], axis=1)
    return ReferencePath.through(points, along, speed_limit_mps=limit_mps, stop_at_m=stop_at_m)


def _drive(
    path: ReferencePath, right_m: float, heading_rad: float, speed_mps: float, seconds: float
) -> NDArray[np.float64]:
    """Offsets to the right (m), a row for each decision, at constant speed on highway-env's bicycle."""
    x, y, heading, hint = 0.0, right_m, heading_rad, 0
    knots, count = path.knots, len(path.knots)
    offsets = []
    for _ in range(round(seconds * 5)):
        hint, share, _, right = control.project(knots, count, hint, x, y)
        offsets.append(right)
        steering = control.steer(knots, count, hint, share, right, heading, speed_mps, LENGTH_M)
        for _ in range(SUBSTEPS):
            slip = math.atan(0.5 * math.tan(steering))
            x += speed_mps * math.cos(heading + slip) * STEP_S
            y += speed_mps * math.sin(heading + slip) * STEP_S
            heading += speed_mps * math.sin(slip) / (LENGTH_M / 2) * STEP_S
    return np.array(offsets)


@pytest.mark.parametrize("turn", [1.0, -1.0])
@pytest.mark.parametrize(("radius_m", "speed_mps"), [(15.0, 6.5), (20.0, 8.0), (60.0, 13.0), (300.0, 25.0)])
def test_there_is_no_steady_offset_in_a_curve(radius_m: float, speed_mps: float, turn: float) -> None:
    offsets = _drive(_circle(radius_m, turn), 0.0, 0.0, speed_mps, 0.8 * 5.7 * radius_m / speed_mps)
    assert np.abs(offsets[-5:]).max() < 0.015


@pytest.mark.parametrize("speed_mps", [5.0, 10.0, 20.0, 30.0])
@pytest.mark.parametrize("right_m", [-1.0, 0.9])
def test_it_comes_back_to_the_path_without_overshoot(speed_mps: float, right_m: float) -> None:
    offsets = _drive(_straight(500.0), right_m, 0.0, speed_mps, 8.0) / right_m
    assert offsets[25] < 0.1, "after 5 s"
    assert offsets.min() > -0.06
    assert np.abs(offsets[-5:]).max() < 0.01


def test_a_heading_error_is_corrected_with_bounded_acceleration() -> None:
    offsets = _drive(_straight(500.0), 0.0, 0.1, 20.0, 6.0)
    # 2 m/s to the side, taken away with at most 3 m/s²: 2²/(2·3) = 0.67 m at most.
    assert 0.4 < offsets.max() < 0.8
    assert abs(offsets[-1]) < 0.02


def test_headings_and_curvatures_of_a_path_are_those_of_the_circle() -> None:
    knots = _circle(20.0, 1.0).knots
    np.testing.assert_allclose(knots[1:-1, CURVATURE], 1.0 / 20.0, rtol=2e-3)
    np.testing.assert_allclose(knots[:, HEADING], knots[:, ARC] / 20.0, atol=2e-3)
    assert knots[-1, HEADING] > math.pi, "headings are continuous"


def test_the_speed_profile_keeps_to_lateral_acceleration_and_brakes_before() -> None:
    knots = _circle(20.0, -1.0).knots
    np.testing.assert_allclose(knots[2:-2, CAP], math.sqrt(3.2 * 20.0), rtol=2e-3)
    stop = _straight(200.0, 20.0, stop_at_m=150.0).knots
    assert (stop[stop[:, ARC] >= 150.0, CAP] == 0.0).all()
    before = stop[(stop[:, ARC] < 150.0) & (stop[:, CAP] < 20.0)]
    np.testing.assert_allclose(before[:, CAP] ** 2, 2.0 * 1.6 * (150.0 - before[:, ARC]), rtol=1e-9)
    with pytest.raises(ConfigurationError, match="a path through 2 points"):
        ReferencePath.through(np.zeros((2, 2)), np.arange(2.0), speed_limit_mps=1.0)


def test_projection_measures_to_the_curve_and_not_to_its_chords() -> None:
    path = _circle(20.0, 1.0, spacing_m=4.0)
    for arc in np.arange(10.0, 90.0, 1.3).tolist():
        angle, beside = arc / 20.0, 0.7
        radius = 20.0 - beside
        x, y = radius * math.sin(angle), 20.0 - radius * math.cos(angle)
        _, _, found, right = control.project(path.knots, len(path.knots), int(arc / 4.0) - 2, x, y)
        assert found == pytest.approx(arc, abs=0.08)
        assert right == pytest.approx(beside, abs=0.01)


def _leader(*others: tuple[float, float, float, float], right_m: float = 0.0) -> tuple[float, float]:
    network = build_network([("a", "b", LaneSpec.straight((0.0, 0.0), (400.0, 0.0)))])
    specs = [VehicleSpec(kind=EntityKind.EGO, x_m=50.0, y_m=right_m, speed_mps=10.0)]
    specs += [
        VehicleSpec(kind=EntityKind.IDM, x_m=x, y_m=y, heading_rad=heading, speed_mps=speed)
        for x, y, heading, speed in others
    ]
    states = build_world(network, specs).entity_float
    path = _straight(400.0)
    segment, _, arc, right = control.project(path.knots, len(path.knots), 0, 50.0, right_m)
    gap, speed = control.leader(path.knots, len(path.knots), segment, arc, right, states, 0, len(specs))
    return gap, speed


def test_the_leader_is_the_nearest_in_the_corridor() -> None:
    assert _leader((90.0, 0.0, 0.0, 7.0), (120.0, 0.0, 0.0, 3.0)) == pytest.approx((35.0, 7.0))
    assert _leader((90.0, 3.0, 0.0, 7.0))[0] == math.inf, "on the next lane"
    assert _leader((30.0, 0.0, 0.0, 7.0))[0] == math.inf, "behind"
    assert _leader((90.0, 3.0, 0.0, 7.0), right_m=3.0)[0] == pytest.approx(35.0), "on the lane that is left"
    gap, speed = _leader((90.0, 3.0, -math.pi / 2, 4.0))
    assert gap == pytest.approx(36.5), "crossing, its front is in the corridor, and its flank is nearer"
    assert speed == pytest.approx(0.0, abs=1e-5)


def test_acceleration_has_comfortable_bounds_and_stops_behind_a_leader() -> None:
    path = _straight(2000.0, 30.0)
    knots, count = path.knots, len(path.knots)
    assert control.accelerate(knots, count, 0, 0.0, 0.0, math.inf, math.inf, 0.0, MANNER) == pytest.approx(
        2.0
    )
    assert control.accelerate(knots, count, 0, 0.0, 30.0, math.inf, math.inf, 0.0, MANNER) == pytest.approx(
        0.0
    )
    assert control.accelerate(knots, count, 0, 0.0, 30.0, 10.0, math.inf, 0.0, MANNER) == pytest.approx(-3.0)
    assert control.accelerate(knots, count, 0, 0.0, 30.0, math.inf, 10.0, 0.0, MANNER) == -5.0
    gap, speed = 120.0, 20.0
    hardest = 0.0
    for _ in range(300):
        wanted = control.accelerate(knots, count, 0, 0.0, speed, math.inf, gap, 0.0, MANNER)
        hardest = min(hardest, wanted)
        speed = max(speed + 0.2 * wanted, 0.0)
        gap -= 0.2 * speed
    assert 1.0 < gap < 4.0
    assert hardest > -3.5
