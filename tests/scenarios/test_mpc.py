"""The driver ``mpc``: drives well, labels any state, forgets everything, does the same in any company."""

import numba
import numpy as np
import pytest
from numpy.typing import NDArray
from scenes import episodes, own_reference

from drivebench import registry
from drivebench.evaluation.rollout import DriverPilot, roll_out
from drivebench.metric.parts import is_success, parts
from drivebench.metric.score import dbs
from drivebench.scenario import Episode, load_scenario
from drivebench.world import WorldBatch, quantise
from scenarios.mpc.driver import ModelPredictive

FAMILIES = ("lane-keeping-v1", "highway-v1", "merge-v1", "roundabout-v1")
SLOT = np.zeros(1, np.int64)


def _begun(found: list[Episode]) -> tuple[WorldBatch, ModelPredictive, NDArray[np.int64]]:
    worlds, driver = WorldBatch([episode.world for episode in found]), ModelPredictive()
    slots = np.arange(len(found))
    driver.reset(worlds, dict(enumerate(found)), slots)
    return worlds, driver, slots


def test_it_is_the_registered_driver() -> None:
    assert registry.load("driver", "mpc") is ModelPredictive
    assert ModelPredictive().privileged


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_it_succeeds(family: str) -> None:
    rollouts = roll_out(episodes(family, 4, "off-course"), [None] * 4, DriverPilot(ModelPredictive()))
    for each in rollouts:
        assert is_success(each.measurement, own_reference(each)), each.measurement
        assert dbs(parts(each.measurement, own_reference(each))) > 90.0


def test_it_does_the_same_alone_in_a_batch_in_another_order_and_on_more_threads() -> None:
    found = [load_scenario(family).episode(1_300_001) for family in FAMILIES] * 2
    worlds, driver, slots = _begun(found)
    for _ in range(3):
        together = driver.act(worlds, slots)
        np.testing.assert_array_equal(driver.act(worlds, slots), together)
        np.testing.assert_array_equal(driver.act(worlds, slots[::-1].copy())[::-1], together)
        if numba.config.NUMBA_NUM_THREADS > 1:
            before = numba.get_num_threads()
            numba.set_num_threads(1 if before > 1 else 2)
            np.testing.assert_array_equal(driver.act(worlds, slots), together)
            numba.set_num_threads(before)
        for place in (1, 2):
            there, newcomer, _ = _begun([found[place]])
            there = WorldBatch([worlds.snapshot(place)])  # one who sees this world for the first time
            np.testing.assert_array_equal(newcomer.act(there, SLOT)[0], together[place])
        for _ in range(5):
            worlds.step(quantise(together))
    assert len({row.tobytes() for row in together}) >= len(FAMILIES)


def test_a_label_is_what_it_would_do_if_the_ego_stood_there() -> None:
    worlds, driver, slots = _begun(episodes("lane-keeping-v1", 1))
    for _ in range(10):
        worlds.step(quantise(driver.act(worlds, slots)))
    here = driver.label(worlds, slots, 0.0, 0.0)
    displaced = driver.label(worlds, slots, 0.8, -0.05)
    np.testing.assert_array_equal(driver.act(worlds, slots), here)
    assert displaced[0, 1] < here[0, 1]  # from the right it steers to the left
    cosine, sine = np.cos(worlds.heading[0, 0]), np.sin(worlds.heading[0, 0])
    worlds.x[0, 0] -= 0.8 * sine
    worlds.y[0, 0] += 0.8 * cosine
    worlds.heading[0, 0] -= 0.05
    worlds.entity_float[0, 16:18, 0] = np.cos(worlds.heading[0, 0]), np.sin(worlds.heading[0, 0])
    np.testing.assert_allclose(driver.act(worlds, slots), displaced, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_it_labels_any_state(family: str) -> None:
    """Off the road, askew, at standstill, too fast: finite, within bounds, the same again."""
    generator = np.random.default_rng(5)
    found = episodes(family, 8)
    worlds, driver, slots = _begun(found)
    for _ in range(3):
        worlds.x[:, 0] += generator.uniform(-25.0, 25.0, size=8)
        worlds.y[:, 0] += generator.uniform(-25.0, 25.0, size=8)
        worlds.heading[:, 0] += generator.uniform(-np.pi, np.pi, size=8)
        worlds.speed[:, 0] = np.where(generator.random(8) < 0.3, 0.0, generator.uniform(0.0, 35.0, size=8))
        worlds.entity_float[:, 16, 0] = np.cos(worlds.heading[:, 0])
        worlds.entity_float[:, 17, 0] = np.sin(worlds.heading[:, 0])
        action = driver.act(worlds, slots)
        assert np.isfinite(action).all()
        assert np.abs(action).max() <= 1.0
        np.testing.assert_array_equal(driver.act(worlds, slots), action)
        found_there = driver.solve(worlds, slots)
        assert np.isfinite(found_there.states).all()
        assert np.isfinite(found_there.gains).all()
        assert np.isfinite(found_there.covariances(1.0)).all()


def test_it_leads_back_from_off_the_road() -> None:
    episode = episodes("lane-keeping-v1", 1)[0]
    for lateral, turn, speed in ((7.0, 0.5, 5.0), (-6.0, -0.9, 0.0), (2.0, 2.0, 4.0), (0.0, 3.1, 0.0)):
        worlds, driver, slots = _begun([episode])
        cosine, sine = np.cos(worlds.heading[0, 0]), np.sin(worlds.heading[0, 0])
        worlds.x[0, 0] -= lateral * sine
        worlds.y[0, 0] += lateral * cosine
        worlds.heading[0, 0] += turn
        worlds.entity_float[0, 16:18, 0] = np.cos(worlds.heading[0, 0]), np.sin(worlds.heading[0, 0])
        worlds.speed[0, 0] = speed
        for _ in range(75):
            worlds.step(quantise(driver.act(worlds, slots)))
        points = episode.route.points_m
        away = np.hypot(points[:, 0] - worlds.x[0, 0], points[:, 1] - worlds.y[0, 0])
        assert away.min() < 1.0, (lateral, turn, speed)
        assert worlds.speed[0, 0] > 2.0


def test_more_rounds_never_cost_more_and_the_first_ones_help() -> None:
    found = [load_scenario(family).episode(1_300_002, "off-course") for family in FAMILIES]
    for episode in found:
        costs = []
        for rounds in (0, 1, 2, 4, 8, 16):
            worlds, driver = WorldBatch([episode.world]), ModelPredictive(rounds=rounds)
            driver.reset(worlds, {0: episode}, SLOT)
            guessed = driver.solve_all(worlds, SLOT)
            costs.append(guessed.costs)
        falls = -np.diff(np.stack(costs), axis=0)
        assert (falls >= 0.0).all()
        assert (falls[0] > 0.0).any()


def test_its_controllers_react_to_where_the_ego_is() -> None:
    worlds, driver, slots = _begun(episodes("lane-keeping-v1", 2))
    for _ in range(5):
        worlds.step(quantise(driver.act(worlds, slots)))
    found = driver.solve(worlds, slots)
    variances = np.linalg.eigvalsh(found.covariances(0.5)[:, 0])
    assert (variances > 0.0).all()
    np.testing.assert_allclose(found.covariances(1.0)[:, 0], 2.0 * found.covariances(0.5)[:, 0])
    # The gain foretells the label at a displaced pose, to first order.
    shift = 0.02
    here, there = driver.label(worlds, slots, 0.0, 0.0), driver.label(worlds, slots, shift, 0.0)
    normal = np.stack([-np.sin(found.states[:, 0, 2]), np.cos(found.states[:, 0, 2])], axis=1)
    foretold = np.einsum("nij,nj->ni", found.gains[:, 0, :, :2], normal) * shift
    steering = (there - here)[:, 1] * np.pi / 4
    np.testing.assert_allclose(steering, foretold[:, 1], rtol=0.3, atol=2e-4)
