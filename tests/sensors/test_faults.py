"""Failing cameras: how often, for how long, what they show, and the same from records as while driving."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from drivebench.demonstrations import FrameBatches
from drivebench.demonstrations.collect import collect
from drivebench.environment import DrivingVectorEnv
from drivebench.errors import ConfigurationError
from drivebench.metric.monitor import Monitor
from drivebench.scenario import Episode, load_scenario
from drivebench.sensors import FRONT, LEFT, Moments, SensorRig, render
from drivebench.sensors.draws import key_of_camera
from drivebench.sensors.faults import BLOCK_PX, BURST, MISSING, Fault, fault_of, shown_decisions
from drivebench.weather import Weather
from drivebench.world import WorldBatch, quantise

FAILING = Weather(dropout=0.6)
DECISIONS = 60


def schedule(seed: int, dropout: float, camera: str = "front", decisions: int = DECISIONS) -> list[Fault]:
    key = key_of_camera(camera)
    return [Fault(fault_of(np.uint64(seed), key, decision, dropout)) for decision in range(decisions)]


def test_failures_last_a_second_and_come_as_often_as_they_should() -> None:
    faults = np.array([schedule(seed, 0.3) for seed in range(300)])
    assert (faults[:, :BURST] == Fault.NONE).all(), "a policy sees where it starts"
    bursts = faults.reshape(300, -1, BURST)
    assert (bursts == bursts[:, :, :1]).all()
    shares = [(bursts[:, 1:] == kind).mean() for kind in Fault]
    assert shares[0] == pytest.approx(0.7, abs=0.03)
    assert shares[1:] == pytest.approx([0.1] * 3, abs=0.02)
    assert set(schedule(1, 0.0)) == {Fault.NONE}
    assert Fault.NONE not in schedule(1, 1.0)[BURST:]


def test_cameras_and_episodes_fail_independently() -> None:
    assert schedule(1, 0.5) != schedule(2, 0.5)
    assert schedule(1, 0.5) != schedule(1, 0.5, "left")


def drive(episodes: list[Episode], cameras: tuple[str, ...] = ("front",)) -> NDArray[np.uint8]:
    """``u1[decisions, episodes, 3, H, W]`` what the first camera shows, through the sensors of a policy."""
    worlds = WorldBatch([episode.world for episode in episodes])
    monitor, rig, slots = Monitor(worlds, episodes), SensorRig(cameras), np.arange(len(episodes))
    shown = []
    for _ in range(DECISIONS):
        shown.append(rig.observe(worlds, monitor, slots)[cameras[0]])
        worlds.step(quantise(np.full((len(episodes), 2), (0.05, 0.0))))
        monitor.update(np.ones(len(episodes), np.bool_))
    return np.array(shown)


def test_a_failing_camera_shows_what_it_should() -> None:
    nominal = [load_scenario("highway-v1").episode(seed) for seed in (1, 2, 3)]
    good = drive(nominal)
    failing = drive([episode.under(FAILING) for episode in nominal])
    found = set()
    for slot, episode in enumerate(nominal):
        faults = schedule(episode.seed, FAILING.dropout)
        for decision, fault in enumerate(faults):
            picture, before = failing[decision, slot], failing[decision - 1, slot]
            if fault is Fault.NONE:
                assert np.array_equal(picture, good[decision, slot])
            elif fault is Fault.BLACK:
                assert not picture.any()
            elif fault is Fault.FROZEN:
                assert np.array_equal(picture, before)
            else:
                check_blocks(picture, good[decision, slot])
            found.add(fault)
    assert found == set(Fault)


def check_blocks(picture: NDArray[np.uint8], good: NDArray[np.uint8]) -> None:
    height, width = FRONT.height // BLOCK_PX, FRONT.width // BLOCK_PX
    in_blocks = (picture.reshape(3, height, BLOCK_PX, width, BLOCK_PX) for picture in (picture, good))
    seen, whole = (each.transpose(1, 3, 0, 2, 4).reshape(height * width, -1) for each in in_blocks)
    missing = ~seen.any(axis=1)
    assert np.array_equal(seen[~missing], whole[~missing])
    assert missing.mean() == pytest.approx(MISSING, abs=0.12)


def test_a_frozen_camera_that_was_not_looked_at_is_an_error() -> None:
    """Nobody can know what it showed; a wrong picture without a word would be worse."""
    seed = next(seed for seed in range(100) if Fault.FROZEN in schedule(seed, FAILING.dropout)[: 3 * BURST])
    episode = load_scenario("highway-v1").episode(seed).under(FAILING)
    first = schedule(seed, FAILING.dropout).index(Fault.FROZEN)
    worlds = WorldBatch([episode.world])
    monitor, rig = Monitor(worlds, [episode]), SensorRig(["front"])
    rig.observe(worlds, monitor, np.arange(1))
    for _ in range(first):
        worlds.step(quantise([[0.0, 0.0]]))
        monitor.update(np.ones(1, np.bool_))
    with pytest.raises(ConfigurationError, match=f"frozen at decision {first} .* decision {first - 1}"):
        rig.observe(worlds, monitor, np.arange(1))


def test_shown_decisions_reach_back_over_frozen_bursts() -> None:
    decisions = np.arange(400)
    seeds, dropout = np.full(400, 7, np.uint64), np.full(400, 1.0)
    shown = shown_decisions("front", seeds, decisions, dropout)
    faults = schedule(7, 1.0, decisions=400)
    assert all((shown[k] == k) == (faults[k] is not Fault.FROZEN) for k in range(400))
    assert all(faults[k] is not Fault.FROZEN for k in shown)
    assert (shown <= decisions).all()
    assert max(decisions - shown) > BURST, "two frozen bursts in a row"


@pytest.mark.parametrize("condition", ["night", "dropout", "rain"])
def test_pictures_from_records_are_those_seen_while_driving(condition: str) -> None:
    recorded = collect(["highway-v1"], episodes=2, condition=condition)
    frames = FrameBatches(recorded.episodes, cameras=(FRONT, LEFT))
    first = 0
    for each in recorded.episodes:
        episode = load_scenario(each.scenario).episode(each.seed, condition)
        worlds = WorldBatch([episode.world])
        monitor, rig = Monitor(worlds, [episode]), SensorRig(["front", "left"])
        for number, action in enumerate(each.actions):
            driven = rig.observe(worlds, monitor, np.arange(1))
            for place, name in enumerate(("front", "left")):
                stored = frames.batch(np.array([first + number]), np.array([place])).image
                assert np.array_equal(stored, driven[name]), f"{name}, decision {number}"
            worlds.step(action[None])
            monitor.update(np.ones(1, np.bool_))
        first += each.frames


def test_environments_observe_through_failing_cameras() -> None:
    """Over the ends of episodes, too: a new episode does not show pictures of the last one.

    Each picture is drawn again, from the moments of its own episode and from those of no other.
    """
    environment = DrivingVectorEnv("highway-v1", num_envs=6, sensors=["front"], condition="dropout")
    seen, _ = environment.reset(seed=3)
    actions = np.full((6, 2), (0.0, 0.2), np.float32)  # leave the road after a burst or two
    histories: list[dict[int, Moments]] = [{} for _ in range(6)]
    ended, found = 0, set()
    for _ in range(80):
        worlds, monitor = environment.episodes.running()
        for slot, history in enumerate(histories):
            episode, decision = monitor.episodes[slot], int(monitor.decisions[slot])
            if decision == 0:
                history.clear()
            history[decision] = Moments.from_worlds(worlds, np.array([slot]))  # the last may end within it
            faults, shown = schedule(episode.seed, episode.weather.dropout, decisions=90), decision
            while faults[shown] is Fault.FROZEN:
                shown -= 1
            then = history[shown].under([episode.weather], [episode.seed], np.array([shown]))
            assert np.array_equal(seen["front"][slot], render(FRONT, then)[0]), (
                f"{faults[decision]} at {decision}"
            )
            if ended >= 6:
                found.add(faults[decision])
        seen, _, terminated, truncated, _ = environment.step(actions)
        ended += int((terminated | truncated).sum())
    assert ended > 30
    assert found == set(Fault), "in new episodes, too"


def test_a_frozen_moment_is_drawn_as_it_is_told() -> None:
    """``render`` is given the moment that is shown, so it needs to know nothing of frozen cameras."""
    seed = next(seed for seed in range(100) if Fault.FROZEN in schedule(seed, FAILING.dropout))
    decision = schedule(seed, FAILING.dropout).index(Fault.FROZEN)
    episode = load_scenario("highway-v1").episode(seed)
    now = Moments.from_worlds(WorldBatch([episode.world]), np.arange(1))
    frozen = now.under([replace(FAILING)], [seed], np.array([decision]))
    assert np.array_equal(render(FRONT, frozen), render(FRONT, now))
