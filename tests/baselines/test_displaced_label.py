"""The label of a displaced camera, held against what it promises: a car that obeys it comes back."""

import math

import numpy as np
import pytest

from baselines.displaced_label import displaced_curvature, virtual_offset
from baselines.driving_network import VEHICLE_LENGTH_M, curvature_of, steering_for

TIME_STEP_S = 1.0 / 15.0
SUBSTEPS = 3


def label(speed_mps: float, curvature: float, offset_m: float, yaw_rad: float, return_time_s: float) -> float:
    corrected = displaced_curvature(
        np.array([curvature]),
        np.array([speed_mps]),
        offset_m=offset_m,
        yaw_rad=yaw_rad,
        return_time_s=return_time_s,
    )
    return float(corrected[0])


def drive(
    *,
    speed_mps: float,
    curvature: float,
    return_time_s: float,
    offset_m: float,
    yaw_rad: float = 0.0,
    measured_from_course: bool = True,
) -> np.ndarray:
    """Offsets of highway-env's bicycle beside a path of constant curvature; the label steers at 5 Hz."""
    steady_slip = math.asin(curvature * VEHICLE_LENGTH_M / 2.0)
    offset, heading = offset_m, yaw_rad - steady_slip  # heading from the path's tangent
    offsets = []
    for step in range(int(10.0 / TIME_STEP_S)):
        if step % SUBSTEPS == 0:
            yaw = heading + (steady_slip if measured_from_course else 0.0)
            wanted = label(speed_mps, curvature, offset, yaw, return_time_s)
            steering = float(steering_for(np.array(wanted)))
        slip = math.atan(0.5 * math.tan(steering))
        along = speed_mps * math.cos(heading + slip) / (1.0 - curvature * offset)
        offset += speed_mps * math.sin(heading + slip) * TIME_STEP_S
        heading += (speed_mps * math.sin(slip) / (VEHICLE_LENGTH_M / 2.0) - curvature * along) * TIME_STEP_S
        offsets.append(offset)
    return np.array(offsets)


ROADS = [
    (8.0, 0.0),
    (8.0, 1 / 20),
    (8.0, -1 / 20),
    (12.0, 1 / 60),
    (20.0, -1 / 150),
    (25.0, 0.0),
    (25.0, 1 / 300),
]


@pytest.mark.parametrize("offset_m", [0.9, -0.9])
@pytest.mark.parametrize(("speed_mps", "curvature"), ROADS)
@pytest.mark.parametrize("return_time_s", [1.0, 1.5, 2.0])
def test_a_displaced_car_settles_within_twice_the_return_time(
    speed_mps: float, curvature: float, return_time_s: float, offset_m: float
) -> None:
    offsets = drive(
        speed_mps=speed_mps, curvature=curvature, return_time_s=return_time_s, offset_m=offset_m
    ) * math.copysign(1.0, offset_m)
    # on the shortest way back, slow cars take longer than T: D_min / v
    after = 2.0 * max(return_time_s, 8.0 / speed_mps)
    settled = offsets[int(after / TIME_STEP_S) + 2 :]
    assert np.abs(settled).max() < 0.05 * 0.9
    assert offsets.min() > -0.01  # overshoot
    assert abs(offsets[-1]) < 1e-3  # no offset remains, in curves neither


@pytest.mark.parametrize("yaw_rad", [0.1, -0.1])
@pytest.mark.parametrize(("speed_mps", "curvature"), ROADS)
def test_a_car_that_points_aside_comes_back_too(speed_mps: float, curvature: float, yaw_rad: float) -> None:
    offsets = drive(
        speed_mps=speed_mps, curvature=curvature, return_time_s=1.5, offset_m=0.0, yaw_rad=yaw_rad
    )
    widest = np.abs(offsets).max()
    assert widest < 0.35 * abs(yaw_rad) * max(1.5 * speed_mps, 8.0)
    assert np.abs(offsets[int(4.0 / TIME_STEP_S) :]).max() < 0.05 * widest + 1e-3


def test_heading_in_place_of_course_leaves_an_offset_in_a_curve() -> None:
    """The trap that the label avoids, so that this file would notice a swap."""
    offsets = drive(
        speed_mps=8.0, curvature=1 / 20, return_time_s=1.0, offset_m=0.5, measured_from_course=False
    )
    assert abs(offsets[-1]) > 0.3


def test_signs_by_hand() -> None:
    # 1 m to the right at 10 m/s, back within 15 m: 6 / 225 to the left
    assert label(10.0, 0.0, 1.0, 0.0, 1.5) == pytest.approx(-6.0 / 225.0)
    assert label(10.0, 0.0, -1.0, 0.0, 1.5) == pytest.approx(+6.0 / 225.0)
    # pointing 0.1 rad to the right: steer left
    assert label(10.0, 0.0, 0.0, 0.1, 1.5) == pytest.approx(-4.0 * math.tan(0.1) / 15.0)
    # nearer to the centre of a right turn of 20 m radius: 19 m
    assert label(10.0, 0.05, 1.0, 0.0, 1e9) == pytest.approx(1.0 / 19.0)
    # slower than 8 m / T: the way back is 8 m
    assert label(1.0, 0.0, 1.0, 0.0, 1.5) == pytest.approx(-6.0 / 64.0)


def test_a_yawed_camera_turns_about_its_mount_and_not_about_the_car() -> None:
    assert virtual_offset(y_m=1.0, yaw_rad=0.0, front_x_m=1.5) == 1.0
    # the virtual car of a camera on the middle line that looks right stands to the left, behind the lens
    assert virtual_offset(y_m=0.0, yaw_rad=0.1, front_x_m=1.5) == pytest.approx(-1.5 * math.sin(0.1))


def test_curvature_and_steering_are_inverse_and_the_bicycle_agrees() -> None:
    steering = np.linspace(-math.pi / 4.0, math.pi / 4.0, 41)
    assert np.allclose(steering_for(curvature_of(steering)), steering, atol=1e-14)
    # one circle of the simulated bicycle at a fixed steering angle has the radius 1 / curvature
    x = y = heading = 0.0
    slip = math.atan(0.5 * math.tan(0.3))
    points = []
    for _ in range(20_000):
        x, y = x + 1e-2 * math.cos(heading + slip), y + 1e-2 * math.sin(heading + slip)
        heading += 1e-2 * math.sin(slip) / (VEHICLE_LENGTH_M / 2.0)
        points.append((x, y))
    turn = np.array(points[: int(2.0 * math.pi / (math.sin(slip) / (VEHICLE_LENGTH_M / 2.0)) / 1e-2)])
    diameter = np.ptp(turn[:, 0])
    assert diameter / 2.0 == pytest.approx(1.0 / float(curvature_of(np.array(0.3))), rel=1e-2)


def test_a_curvature_tighter_than_the_tightest_turn_is_clipped() -> None:
    assert float(steering_for(np.array(1.0))) == pytest.approx(math.pi / 4.0)
    assert float(steering_for(np.array(-1.0))) == pytest.approx(-math.pi / 4.0)
