"""The model and the cost: the world's own motion, and slopes that are those of finite differences."""

import numpy as np
import pytest
from numpy.typing import NDArray

from drivebench.scenario import load_scenario
from drivebench.world import WorldBatch, quantise
from drivebench.world.actions import ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD
from scenarios.mpc.bicycle import step, step_with_slopes
from scenarios.mpc.control_cost import control_cost
from scenarios.mpc.road_cost import road_cost
from scenarios.mpc.stage import PLACES, Weights
from scenarios.mpc.traffic_cost import traffic_cost
from scenarios.reference_path import ReferencePath

F8 = NDArray[np.float64]
HALF = np.array([2.5, 1.0])
WEIGHTS = Weights().as_array()


def _bend() -> ReferencePath:
    angle = np.arange(0.0, 2.0, 0.04)
    points = np.stack([30.0 * np.sin(angle), 30.0 * (1.0 - np.cos(angle))], axis=1)
    return ReferencePath.through(points, 30.0 * angle, speed_limit_mps=12.0)


def _near(generator: np.random.Generator) -> F8:
    """A state near the bend, seldom where a cost has a kink."""
    angle = generator.uniform(0.3, 1.6)
    radius = 30.0 - generator.uniform(-5.0, 5.0)
    return np.array(
        [
            radius * np.sin(angle),
            30.0 - radius * np.cos(angle),
            angle + generator.uniform(-0.8, 0.8),
            generator.uniform(0.5, 15.0),
            generator.uniform(-4.0, 2.0),
            generator.uniform(-0.4, 0.4),
        ]
    )


def test_the_model_is_the_world() -> None:
    episode = load_scenario("lane-keeping-v1").episode(1_300_000)
    worlds = WorldBatch([episode.world])
    generator = np.random.default_rng(0)
    after = np.zeros(6)
    for number in range(40):
        ego = int(worlds.ego[0])
        state = np.array(
            [worlds.x[0, ego], worlds.y[0, ego], worlds.heading[0, ego], worlds.speed[0, ego], 0.0, 0.0]
        )
        actions = quantise(generator.uniform(-0.6, 0.5, size=(1, 2)))
        control = actions[0] / 32767 * (ACCELERATION_RANGE_MPS2, STEERING_RANGE_RAD)
        step(state, control, 0.0, 0.5 * float(worlds.length[0, ego]), after)
        worlds.step(actions)
        there = [worlds.x[0, ego], worlds.y[0, ego], worlds.heading[0, ego], worlds.speed[0, ego]]
        np.testing.assert_allclose(after[:4], there, atol=1e-9, err_msg=f"decision {number}")


def test_slopes_of_the_model() -> None:
    generator = np.random.default_rng(1)
    slopes, up, down = np.zeros((4, 6)), np.zeros(6), np.zeros(6)
    for number in range(60):
        state, control = _near(generator), generator.uniform((-5.0, -0.7), (2.0, 0.7))
        if number % 10 == 0:
            state[3] = 0.3  # it comes to a stop within the decision
            control[0] = -4.0
        gust = generator.uniform(-0.05, 0.05)
        step_with_slopes(state, control, gust, 2.5, slopes)
        for place in range(6):
            high, low = np.r_[state[:4], control], np.r_[state[:4], control]
            high[place] += 1e-6
            low[place] -= 1e-6
            step(np.r_[high[:4], 0.0, 0.0], high[4:], gust, 2.5, up)
            step(np.r_[low[:4], 0.0, 0.0], low[4:], gust, 2.5, down)
            np.testing.assert_allclose(slopes[:, place], (up - down)[:4] / 2e-6, atol=1e-6)


def _others(generator: np.random.Generator, state: F8) -> F8:
    others = np.zeros((3, 7))
    for row in others:
        heading = state[2] + generator.uniform(-3.0, 3.0)
        away, bearing = generator.uniform(2.0, 20.0), generator.uniform(-3.0, 3.0)
        row[:] = (
            state[0] + away * np.cos(bearing),
            state[1] + away * np.sin(bearing),
            np.cos(heading),
            np.sin(heading),
            generator.uniform(0.0, 15.0),
            2.5,
            1.0,
        )
    return others


@pytest.mark.parametrize("term", ["road", "control", "traffic"])
def test_slopes_of_the_cost(term: str) -> None:
    generator = np.random.default_rng(2)
    path = _bend()
    corridor = np.tile([-2.0, 3.0], (len(path.knots), 1)) + 0.02 * np.arange(len(path.knots))[:, None]
    work, by = np.zeros(PLACES), np.zeros((4, 4))
    unequal = costly = 0
    for _ in range(60):
        state, control = _near(generator), generator.uniform((-5.0, -0.7), (2.0, 0.7))
        others = _others(generator, state)

        def cost(point: F8, slopes: bool, gradient: F8, hessian: F8, others: F8 = others) -> float:
            if term == "road":
                return road_cost(
                    path.knots, corridor, len(path.knots), 10, point[:6], 0.02, 1.0, WEIGHTS, 0.2, slopes,
                    work, gradient, hessian,
                )[0]  # fmt: skip
            if term == "control":
                return control_cost(
                    point[:6], point[6:], 0.02, 2.5, WEIGHTS, 0.2, slopes, work, gradient, hessian
                )
            return traffic_cost(
                point[:6], others, 3, 2.5, 1.0, WEIGHTS, 0.2, slopes, work, by, gradient, hessian
            )

        here = np.r_[state, control]
        gradient, hessian, nothing = np.zeros(8), np.zeros((8, 8)), np.zeros((8, 8))
        value = cost(here, True, gradient, hessian)
        assert value == cost(here, False, np.zeros(8), nothing)
        assert (nothing == 0.0).all()
        assert value >= 0.0
        costly += value > 0.0
        np.testing.assert_allclose(hessian, hessian.T)
        assert np.linalg.eigvalsh(hessian).min() > -1e-9 * max(np.abs(hessian).max(), 1.0)
        for place in range(PLACES):
            high, low = here.copy(), here.copy()
            high[place] += 1e-6
            low[place] -= 1e-6
            slope = (cost(high, False, np.zeros(8), nothing) - cost(low, False, np.zeros(8), nothing)) / 2e-6
            unequal += abs(slope - gradient[place]) > 1e-4 * max(abs(slope), 1.0)
    # One in a hundred may be a kink: the end of a segment, the begin of a bound.
    assert unequal <= 5
    assert costly > 20


def test_a_car_in_the_next_lane_costs_nothing_and_one_ahead_does() -> None:
    state = np.array([0.0, 0.0, 0.0, 25.0, 0.0, 0.0])
    work, by, gradient, hessian = np.zeros(8), np.zeros((4, 4)), np.zeros(8), np.zeros((8, 8))

    def cost(x: float, y: float, speed: float) -> float:
        others = np.array([[x, y, 1.0, 0.0, speed, 2.5, 1.0]])
        return traffic_cost(state, others, 1, 2.5, 1.0, WEIGHTS, 1.0, False, work, by, gradient, hessian)

    assert cost(0.0, 4.0, 25.0) == 0.0
    assert cost(10.0, 4.0, 20.0) == 0.0
    assert 0.0 < cost(25.0, 0.0, 25.0) < cost(12.0, 0.0, 25.0) < cost(4.0, 0.0, 25.0)
    assert cost(25.0, 0.0, 0.0) > cost(25.0, 0.0, 25.0)
    assert cost(60.0, 0.0, 25.0) == 0.0
