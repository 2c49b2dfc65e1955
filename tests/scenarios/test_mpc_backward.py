"""The backward pass: exact on a linear-quadratic problem, and the minimum over a box."""

import numpy as np
import pytest
from numpy.typing import NDArray

from scenarios.mpc.backward import backward, box_minimum

F8 = NDArray[np.float64]


def _positive(generator: np.random.Generator, size: int) -> F8:
    factor = generator.normal(size=(size, size))
    return factor @ factor.T + 0.1 * np.eye(size)


def _problem(generator: np.random.Generator, count: int) -> tuple[F8, F8, F8]:
    """Slopes of the bicycle's form, gradients and Hessians of an invented problem."""
    slopes = generator.normal(size=(count, 4, 6)) * 0.3
    slopes[:, :, :4] += np.eye(4)
    gradients = generator.normal(size=(count + 1, 8))
    hessians = np.stack([_positive(generator, 8) for _ in range(count + 1)])
    return slopes, gradients, hessians


def _whole(slopes: F8) -> tuple[F8, F8]:
    """Dynamics of the whole state, with the action before in it."""
    by_state, by_control = np.zeros((6, 6)), np.zeros((6, 2))
    by_state[:4, :4], by_control[:4] = slopes[:, :4], slopes[:, 4:]
    by_control[4:] = np.eye(2)
    return by_state, by_control


def test_it_is_the_riccati_solution_where_the_problem_is_linear_quadratic() -> None:
    generator = np.random.default_rng(0)
    count = 12
    slopes, gradients, hessians = _problem(generator, count)
    steps, gains, precisions = np.zeros((count, 2)), np.zeros((count, 2, 6)), np.zeros((count, 2, 2))
    free = np.array([[-1e6, -1e6], [1e6, 1e6]])
    promise = backward(
        slopes, gradients, hessians, np.zeros((count, 2)), free, count, steps, gains, precisions
    )
    value, slope = hessians[count, :6, :6], gradients[count, :6]
    fall = 0.0
    for k in range(count - 1, -1, -1):
        a, b = _whole(slopes[k])
        joint = np.hstack([a, b])
        total = hessians[k] + joint.T @ value @ joint
        linear = gradients[k] + joint.T @ slope
        gain = -np.linalg.solve(total[6:, 6:], total[6:, :6])
        best = -np.linalg.solve(total[6:, 6:], linear[6:])
        np.testing.assert_allclose(gains[k], gain, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(steps[k], best, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(precisions[k], total[6:, 6:], rtol=1e-9)
        fall -= linear[6:] @ best
        value = total[:6, :6] + total[:6, 6:] @ gain
        slope = linear[:6] + total[:6, 6:] @ best
    assert promise == pytest.approx(fall, rel=1e-9)


def test_bounds_are_kept_and_what_is_at_one_does_not_react() -> None:
    generator = np.random.default_rng(1)
    count = 8
    slopes, gradients, hessians = _problem(generator, count)
    controls = generator.uniform(-0.1, 0.1, size=(count, 2))
    bounds = np.array([[-0.1, -0.1], [0.1, 0.1]])
    steps, gains, precisions = np.zeros((count, 2)), np.zeros((count, 2, 6)), np.zeros((count, 2, 2))
    backward(slopes, gradients, hessians, controls, bounds, count, steps, gains, precisions)
    after = controls + steps
    assert (after >= bounds[0] - 1e-12).all()
    assert (after <= bounds[1] + 1e-12).all()
    at_bound = (np.abs(after - bounds[0]) < 1e-12) | (np.abs(after - bounds[1]) < 1e-12)
    assert at_bound.any()
    assert (gains[at_bound] == 0.0).all()
    assert (gains[~at_bound] != 0.0).all()


def test_the_minimum_over_a_box_is_no_worse_than_any_point_of_a_grid() -> None:
    generator = np.random.default_rng(2)
    kinds = set()
    for _ in range(300):
        hessian, gradient = _positive(generator, 2), generator.normal(size=2) * 3.0
        low, high = -generator.uniform(0.0, 2.0, size=2), generator.uniform(0.0, 2.0, size=2)
        best = np.zeros(2)
        kinds.add(box_minimum(hessian, gradient, low, high, best))
        assert (low <= best).all()
        assert (best <= high).all()
        grid = np.stack(np.meshgrid(*np.linspace(low, high, 21).T), -1).reshape(-1, 2)
        values = 0.5 * np.einsum("ni,ij,nj->n", grid, hessian, grid) + grid @ gradient
        assert 0.5 * best @ hessian @ best + best @ gradient <= values.min() + 1e-12
    assert kinds == {0, 1, 2, 3}
