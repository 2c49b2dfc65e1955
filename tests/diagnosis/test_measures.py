"""Each measure, on drives whose numbers can be worked out by hand."""

import numpy as np
import pytest
from invented_drives import acting, drive

from drivebench.diagnosis.cost_horizon import cost_against_horizon, costs_of, median_failure_s
from drivebench.diagnosis.covariate_shift import covariate_shift
from drivebench.diagnosis.divergence import survival, time_to_divergence
from drivebench.diagnosis.drives import ACCELERATION, joined
from drivebench.diagnosis.inertia import persistence, stops
from drivebench.diagnosis.intervals import rate
from drivebench.diagnosis.recovery import recovered
from drivebench.diagnosis.tampering import blanked, frozen, shuffled
from drivebench.diagnosis.yardstick import Yardstick, Zero, yardstick
from drivebench.errors import ConfigurationError

ROUTE = Yardstick(zero=Zero.ROUTE, ways=None)


def steps(values: list[float], episodes: int = 1) -> np.ndarray:
    return np.repeat(np.array(values)[:, None], episodes, axis=1)


def test_the_shift_is_the_ratio_of_mean_errors_while_episodes_last() -> None:
    expert = acting([[0.0, 0.0], [0.0, 0.0]], [[1.0, 3.0], [-1.0, 3.0]])
    within = np.array([[True, True], [True, False]])
    itself = acting([[6.0, 3.0], [6.0, 99.0]], 0.0, within=within)
    shift = covariate_shift(expert, itself)
    assert shift.acceleration.on_expert.value == pytest.approx(2.0)
    assert shift.acceleration.on_own.value == pytest.approx(5.0)
    assert shift.acceleration.ratio is not None
    assert shift.acceleration.ratio.value == pytest.approx(2.5)
    assert shift.acceleration.ratio.low == pytest.approx(1.0)  # the second episode alone: 3 / 3
    assert shift.acceleration.ratio.high == pytest.approx(6.0)  # the first alone: 6 / 1
    assert shift.steering.ratio is None
    assert (shift.expert_states, shift.own_states) == (4, 3)


def test_the_curve_is_that_of_kaplan_and_meier() -> None:
    times, happened = np.array([1.0, 2.0, 2.0, 3.0, 4.0]), np.array([True, True, False, True, False])
    found = survival(times, happened)
    assert found.times_s == (0.0, 1.0, 2.0, 3.0)
    assert found.share == pytest.approx((1.0, 0.8, 0.6, 0.3))
    variance = 1 / (5 * 4) + 1 / (4 * 3)  # Greenwood, at 2 s
    reach = 1.959964 * variance**0.5 / np.log(0.6)
    assert found.low[2] == pytest.approx(0.6 ** np.exp(-reach))
    assert found.high[2] == pytest.approx(0.6 ** np.exp(reach))
    assert found.low[2] < 0.6 < found.high[2]
    assert found.median_s == 3.0
    assert survival(times, np.zeros(5, np.bool_)).median_s is None


def test_divergence_is_the_first_time_beyond_the_yardstick() -> None:
    lateral = [[0.0, 0.0], [0.5, 0.5], [1.2, 0.9], [0.1, -0.9]]
    found = time_to_divergence(drive(lateral), ROUTE)
    assert (found.events, found.episodes) == (1, 2)
    assert found.times_s == pytest.approx((0.0, 0.4))


def test_the_yardstick_is_the_experts_way_where_the_expert_leaves_the_route() -> None:
    straight, passing = drive(steps([0.0, 0.3, 0.9])), drive(steps([0.0, 2.0, 4.0]))
    assert yardstick(straight).zero is Zero.ROUTE
    measure = yardstick(passing)
    assert (measure.zero, measure.diverged_m) == (Zero.EXPERT, 2.0)
    between = drive(steps([0.0, 0.0, 0.0]), progress_m=steps([0.0, 1.0, 9.0]))  # half way; beyond its end
    assert measure.deviation_m(between)[:, 0] == pytest.approx([0.0, 1.0, 4.0])


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_the_exponent_of_a_known_growth_is_found(power: float) -> None:
    t = np.arange(1, 126) / 5.0
    total = 0.01 * t**power
    costs = np.diff(total, prepend=0.0)[:, None] * np.array([0.5, 1.0, 1.5])
    found = cost_against_horizon(costs)
    assert found.exponent is not None
    assert found.exponent.value == pytest.approx(power, abs=1e-6)
    assert found.factor == pytest.approx(0.01)
    assert found.cost[-1] == pytest.approx(total[-1])
    assert (found.fit_from_s, found.fit_until_s) == (5.0, 25.0)
    assert cost_against_horizon(costs, fit_until_s=10.0).fit_from_s == 2.0


def test_costs_are_bounded_and_drives_that_ended_are_not_counted_as_free() -> None:
    driven = np.array([[True, True], [True, False], [True, False]])
    costs = costs_of(drive([[0.0, 0.0], [0.25, 0.75], [3.0, 0.75], [-0.5, 0.75]], driven=driven), ROUTE)
    assert costs[:, 0] == pytest.approx([0.25, 1.0, 0.5])
    assert np.isnan(costs[1:, 1]).all()
    assert cost_against_horizon(costs).cost == pytest.approx((0.5, 1.5, 2.0))


def test_a_cost_that_cannot_be_fitted_says_why() -> None:
    free = cost_against_horizon(np.zeros((50, 3)))
    assert (free.exponent, free.note) == (None, "no step cost anything")
    late = np.zeros((50, 3))
    late[40:] = 1.0
    assert cost_against_horizon(late).fit_from_s == pytest.approx(8.2)
    assert "too short" in cost_against_horizon(late).note
    with pytest.raises(ConfigurationError, match="more than 0"):
        cost_against_horizon(late, fit_until_s=0.0)


def test_the_median_failure_counts_those_that_never_fail() -> None:
    failing = drive(np.zeros((11, 3)), failed_s=np.array([0.4, 1.0, np.nan]))
    assert median_failure_s(failing) == 1.0
    assert median_failure_s(drive(np.zeros((11, 3)), failed_s=np.array([0.4, np.nan, np.nan]))) is None


def test_a_rate_has_the_exact_interval() -> None:
    found = rate(0, 10)
    assert found is not None
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(1.0 - 0.025**0.1)
    assert rate(0, 0) is None


def test_crossing_the_middle_is_not_coming_back() -> None:
    back, crossing, slow = [1.0, 0.6, 0.3, 0.2], [1.0, 0.2, -1.0, -2.0], [1.0, 0.9, 0.8, 0.7]
    lateral = np.array([back, crossing, slow, back, back]).T
    depth = np.zeros((4, 5))
    depth[-1, 3] = 0.4
    crashed = np.array([False, False, False, False, True])
    assert recovered(drive(lateral, depth_m=depth, crashed=crashed), ROUTE).tolist() == [True] + [False] * 4


def test_an_action_that_is_copied_predicts_the_next() -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(400, 4))
    random = persistence(acting(noise), ACCELERATION)
    copied = persistence(acting(np.repeat(noise[::20], 20, axis=0)), ACCELERATION)
    assert random.correlation is not None
    assert abs(random.correlation.value) < 0.1
    assert random.copying_r2 is not None
    assert random.copying_r2.value == pytest.approx(2.0 * random.correlation.value - 1.0, abs=0.05)
    assert copied.correlation is not None
    assert copied.correlation.value > 0.9
    assert persistence(acting(np.full((9, 2), 0.3)), ACCELERATION).correlation is None


def test_who_stands_though_the_expert_would_go_stays() -> None:
    going = np.full((20, 3), 2.0)
    speed = np.zeros((21, 3))
    speed[10:, 1] = 5.0  # moves off after 2 s
    waits = np.array([0.0])  # the expert waits, too
    made = acting(going, np.where([True, True, False], 2.0, waits), speed_mps=speed)
    found = stops(made)
    assert found.stayed is not None
    assert (found.stayed.value, found.stayed.n) == (0.5, 2)


def test_tampering_changes_one_sensor_and_nothing_else() -> None:
    slots = np.arange(3)
    seen = {
        "front": np.arange(3, dtype=np.uint8)[:, None],
        "speed": np.arange(3.0)[:, None],
        "instruction": ["a", "b", "c"],
    }
    shown, meant = blanked("front")(seen, slots)
    assert shown["front"].tolist() == [[128]] * 3
    assert shown["speed"] is seen["speed"]
    assert meant.all()
    assert blanked("instruction")(seen, slots)[0]["instruction"] == ["", "", ""]
    assert blanked("speed")(seen, slots)[0]["speed"].tolist() == [[0.0]] * 3
    assert shuffled("instruction")(seen, slots)[0]["instruction"] == ["b", "c", "a"]
    alone = {"speed": np.ones((1, 1))}
    assert not shuffled("speed")(alone, np.array([2]))[1].any()
    freeze = frozen("speed")
    for t in range(8):
        active = slots if t < 7 else slots[1:]
        shown, _ = freeze({"speed": (10.0 * t + active)[:, None]}, active)
    assert shown["speed"][:, 0].tolist() == [21.0, 22.0]  # of 5 decisions before, of those that go on


def test_drives_of_different_length_are_joined() -> None:
    long, short = drive(steps([0.0, 0.1, 0.2, 0.3])), drive(steps([0.0, 0.5], 2))
    both = joined([long, short])
    assert both.decisions.tolist() == [3, 1, 1]
    assert both.lateral_m[:, 1].tolist() == [0.0, 0.5, 0.5, 0.5]
    assert np.isnan(both.acted[1:, 1:]).all()
    assert both.episodes == 3
