"""Wheel and pedals as functions of keys and time."""

import math

import pytest

from drivebench.window.keyboard import (
    BRAKING_MPS2,
    EMERGENCY_MPS2,
    LARGEST_STEERING_RAD,
    RETURN_S,
    STEERING_S,
    THROTTLE_MPS2,
    Hands,
    Keys,
    action_of,
    moved,
    steering_limit_rad,
)

FRAME_S = 1 / 30
FAST_MPS = 25.0


def held(keys: Keys, seconds: float, hands: Hands | None = None, speed_mps: float = FAST_MPS) -> Hands:
    hands = hands or Hands()
    for _ in range(round(seconds / FRAME_S)):
        hands = moved(hands, keys, speed_mps=speed_mps, elapsed_s=FRAME_S)
    return hands


def test_a_held_key_asks_for_the_same_lateral_acceleration_at_every_speed() -> None:
    for speed_mps in (10.0, 20.0, 30.0):
        lateral = speed_mps**2 * math.tan(steering_limit_rad(speed_mps)) / 5.0
        assert lateral == pytest.approx(4.0)
    assert steering_limit_rad(0.0) == LARGEST_STEERING_RAD
    assert steering_limit_rad(-20.0) == steering_limit_rad(20.0)


def test_the_wheel_goes_out_in_time_and_back_to_the_middle() -> None:
    limit = steering_limit_rad(FAST_MPS)
    half = moved(Hands(), Keys(right=True), speed_mps=FAST_MPS, elapsed_s=STEERING_S / 2)
    assert half.steering_rad == pytest.approx(limit / 2)
    out = held(Keys(right=True), 1.0)
    assert out.steering_rad == pytest.approx(limit)
    back = moved(out, Keys(), speed_mps=FAST_MPS, elapsed_s=RETURN_S / 2)
    assert back.steering_rad == pytest.approx(limit / 2)
    assert held(Keys(), 1.0, out).steering_rad == 0.0
    assert held(Keys(left=True), 1.0).steering_rad == pytest.approx(-limit)
    assert held(Keys(left=True, right=True), 1.0).steering_rad == 0.0


def test_one_long_step_is_as_many_short_ones() -> None:
    """Through the middle to the other side, where the rate changes on the way."""
    out = held(Keys(right=True), 1.0)
    long = moved(out, Keys(left=True), speed_mps=FAST_MPS, elapsed_s=0.4)
    short = out
    for _ in range(40):
        short = moved(short, Keys(left=True), speed_mps=FAST_MPS, elapsed_s=0.01)
    assert long.steering_rad == pytest.approx(short.steering_rad)
    assert long.steering_rad < 0.0


def test_at_speed_the_wheel_comes_back_to_what_is_safe() -> None:
    slow = held(Keys(right=True), 2.0, speed_mps=5.0)
    faster = held(Keys(right=True), 2.0, slow, speed_mps=20.0)
    assert faster.steering_rad == pytest.approx(steering_limit_rad(20.0))


def test_pedals_ramp_and_the_emergency_brake_does_not() -> None:
    first = held(Keys(faster=True), FRAME_S)
    assert 0.0 < first.acceleration_mps2 < 0.2
    assert held(Keys(faster=True), 2.0).acceleration_mps2 == pytest.approx(THROTTLE_MPS2)
    braking = held(Keys(slower=True), 2.0)
    assert braking.acceleration_mps2 == pytest.approx(-BRAKING_MPS2)
    assert held(Keys(), 1.0, braking).acceleration_mps2 == 0.0
    assert held(Keys(emergency=True), FRAME_S).acceleration_mps2 == -EMERGENCY_MPS2


def test_actions_are_quantised_as_everywhere() -> None:
    action = action_of(Hands(acceleration_mps2=5.0, steering_rad=-math.pi / 4))
    assert action.tolist() == [32767, -32767]
    assert action_of(Hands()).tolist() == [0, 0]
