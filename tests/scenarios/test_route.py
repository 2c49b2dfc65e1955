"""A route measures its polyline from the ego's start, and refuses what is not a route."""

import math

import numpy as np
import pytest

from drivebench.errors import ConfigurationError
from drivebench.scenario import Command, CommandSegment, Route

FOLLOW = (CommandSegment(start_m=-math.inf, command=Command.FOLLOW, text="Follow the lane."),)


def _route(**changes: object) -> Route:
    settings: dict[str, object] = {
        "points_m": np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 14.0]]),
        "start_index": 1,
        "start_m": (9.0, 6.0),
        "half_width_m": 4.0,
        "commands": FOLLOW,
    }
    return Route.along(**(settings | changes))  # type: ignore[arg-type]


def test_arc_length_is_zero_beside_the_start() -> None:
    route = _route()
    # The first segment is 5 m long; the start lies beside a point 2 m along the second.
    np.testing.assert_allclose(route.arc_m, [-7.0, -2.0, 8.0])
    assert math.isinf(route.goal_m)


def test_the_points_are_rounded_to_the_grid() -> None:
    route = _route(points_m=np.array([[0.0, 0.1], [3.0, 4.0], [3.0, 14.0]]))
    np.testing.assert_array_equal(route.points_m * 2**20, np.rint(route.points_m * 2**20))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"points_m": np.zeros((1, 2)), "start_index": 0}, "index 0 is out of bounds|expected"),
        ({"points_m": np.array([[0.0, 0.0], [3.0, np.nan], [3.0, 14.0]])}, "not finite"),
        ({"points_m": np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 1.0]])}, "drop repeated points"),
        ({"start_m": (3.0, 40.0)}, "expected 0 m, the ego's start, to lie on it"),
        ({"half_width_m": 0.0}, "expected more than 0"),
        ({"goal_from_start_m": 9.0}, "expected it on the route"),
        ({"goal_from_start_m": -1.0}, "expected it on the route"),
        ({"commands": ()}, "expected at least one"),
        ({"commands": FOLLOW[::-1] * 2}, "expected at least one, increasing"),
        (
            {"commands": (CommandSegment(start_m=0.0, command=Command.LEFT, text="Turn left."),)},
            "no later than the route's first point",
        ),
    ],
)
def test_what_is_not_a_route_is_refused(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises((ConfigurationError, IndexError), match=complaint):
        _route(**changes)
