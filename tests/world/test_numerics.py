"""Canonical elementary functions: accuracy against 80-bit references, domains; parity is the C library."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from drivebench.compiled import kernel
from drivebench.world import numerics
from drivebench.world.numerics import PARITY

LONG = np.longdouble
RNG = np.random.default_rng(20)
COUNT = 50_000

Floats = npt.NDArray[np.float64]


def over(function: Callable[..., float]) -> Callable[[Floats], Floats]:
    @kernel
    def loop(values: Floats, results: Floats) -> None:
        for i in range(values.size):
            results[i] = function(None, values[i])

    def apply(values: Floats) -> Floats:
        results = np.empty_like(values)
        loop(values, results)
        return results

    return apply


def largest_error_ulp(values: Floats, reference: npt.NDArray[np.longdouble]) -> float:
    spacing = np.spacing(np.abs(reference.astype(np.float64)))
    return float(np.max(np.abs(values.astype(LONG) - reference) / spacing))


def near_multiples_of_half_pi() -> Floats:
    turns = RNG.integers(-400, 400, COUNT) * (math.pi / 2)
    return turns + RNG.normal(0, 1e-8, COUNT)


@pytest.mark.skipif(np.finfo(LONG).nmant < 63, reason="needs 80-bit long doubles as the reference")
@pytest.mark.parametrize(
    ("name", "reference", "values", "bound_ulp"),
    [
        ("sin", np.sin, RNG.uniform(-1e3, 1e3, COUNT), 1.0),
        ("sin", np.sin, near_multiples_of_half_pi(), 1.0),
        ("cos", np.cos, RNG.uniform(-1e3, 1e3, COUNT), 1.0),
        ("cos", np.cos, near_multiples_of_half_pi(), 1.0),
        ("tan", np.tan, RNG.uniform(-20, 20, COUNT), 2.5),
        ("asin", np.arcsin, RNG.uniform(-1, 1, COUNT), 2.5),
        ("asin", np.arcsin, 1 - 10 ** RNG.uniform(-16, -1, COUNT), 2.5),
        ("atan", np.arctan, RNG.standard_cauchy(COUNT) * 3, 1.5),
        ("exp", np.exp, RNG.uniform(-700, 700, COUNT), 1.0),
        ("log", np.log, np.exp(RNG.uniform(-600, 600, COUNT)), 1.0),
        ("log", np.log, RNG.uniform(0.9, 1.1, COUNT), 1.0),
    ],
)
def test_error_is_bounded(
    name: str, reference: Callable[..., npt.NDArray[np.longdouble]], values: Floats, bound_ulp: float
) -> None:
    results = over(getattr(numerics, name))(values)
    assert largest_error_ulp(results, reference(values.astype(LONG))) < bound_ulp


def test_angle_of_a_vector() -> None:
    for y, x in [(0.0, 1.0), (1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (-0.0, -1.0), (3.0, -4.0), (0.0, 0.0)]:
        assert numerics.atan2(None, y, x) == pytest.approx(math.atan2(y, x), abs=5e-16)
    for y, x in RNG.normal(size=(2000, 2)) * 10.0 ** RNG.integers(-8, 8, (2000, 2)):
        assert abs(numerics.atan2(None, y, x) - math.atan2(y, x)) <= 3 * math.ulp(math.atan2(y, x))


def test_power_stays_within_its_bound() -> None:
    for x, y in zip(RNG.uniform(0, 4, 2000), RNG.uniform(3, 5, 2000), strict=True):
        bound = (2 + abs(y * math.log(x))) * 2**-52
        assert abs(numerics.power(None, x, y) / math.pow(x, y) - 1) <= bound
    assert numerics.power(None, 0.0, 4.0) == 0.0
    assert numerics.power(None, 1.0, 4.2) == 1.0


def test_wrapped_angles() -> None:
    for x in RNG.uniform(-math.pi, math.pi, 1000):
        assert numerics.wrap_angle(None, x) == numerics.wrap_angle(PARITY, x)
    for x in RNG.uniform(-1000, 1000, 1000):
        wrapped = numerics.wrap_angle(None, x)
        assert -math.pi <= wrapped < math.pi
        assert abs(math.remainder(wrapped - x, 2 * math.pi)) < 1e-12
    assert numerics.wrap_angle(None, math.pi) == -math.pi


def test_rounding() -> None:
    for x in [0.5, 1.5, 2.5, -0.5, -1.5, 0.49999999999999994, 1e15 + 0.5, -3.7]:
        assert numerics.rint(x) == round(x)
        assert numerics.floor(x) == math.floor(x)


def test_extremes() -> None:
    assert numerics.exp(None, -1000.0) == 0.0
    assert numerics.exp(None, 1000.0) == math.inf
    assert numerics.atan(None, math.inf) == math.pi / 2
    assert numerics.asin(None, -1.0) == -math.pi / 2
    assert math.isnan(numerics.asin(None, 1.5))


def test_parity_is_the_c_library() -> None:
    for x in RNG.uniform(-1, 1, 200):
        assert numerics.sin(PARITY, x) == math.sin(x)
        assert numerics.asin(PARITY, x) == math.asin(x)
        assert numerics.power(PARITY, abs(x), 4.1) == math.pow(abs(x), 4.1)


@kernel
def _squares(kind: int | None, values: Floats, squares: Floats) -> None:
    for i in range(values.size):
        squares[i] = numerics.square_of_scalar(kind, values[i])


def test_squares_of_scalars_are_those_of_python_and_numpy() -> None:
    values = RNG.uniform(-20, 20, COUNT)
    parity, canonical = np.empty_like(values), np.empty_like(values)
    _squares(PARITY, values, parity)
    _squares(None, values, canonical)
    assert parity.tolist() == [value**2 for value in values.tolist()] == [value**2 for value in values]
    assert np.array_equal(canonical, values * values)
    assert (parity != canonical).any(), "the compiler has multiplied: it saw that the exponent is two"
