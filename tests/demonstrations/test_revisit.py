"""Driving demonstrations again: what sensors observed comes back, and a teacher answers for other poses."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from drivebench import registry
from drivebench.demonstrations import Demonstration, kept_readings
from drivebench.demonstrations.collect import collect
from drivebench.demonstrations.displaced import displaced_labels
from drivebench.demonstrations.gather import gather
from drivebench.demonstrations.sensed import sensed
from drivebench.errors import ConfigurationError, DataError
from drivebench.policy import Actions, Observation, Slots
from drivebench.scenario import load_scenario
from drivebench.sensors import Sensor, SensorRig

SENSORS = ("kinematics", "route-geometry", "goal-pose", "speed", "command", "last-action", "yaw-rate")
RIG = SensorRig(SENSORS)
SERIES = ("actions", "labels", "commands", "states")
POSES = ((0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 0.1))


class Straight:
    """Drives straight on and remembers what it has seen."""

    def __init__(self) -> None:
        self.seen: list[Observation] = []

    def reset(self, slots: Slots) -> None:
        self.seen.clear()

    def act(self, observation: Observation, slots: Slots) -> Actions:
        self.seen.append(observation)
        return np.zeros((len(slots), 2), np.float32)


@pytest.fixture(scope="module")
def driven() -> tuple[list[Demonstration], list[Observation]]:
    """Episodes of several lengths by a poor driver, labelled, and all that it saw."""
    names = (("lane-keeping-v1", 5), ("parking-v1", 0), ("merge-v1", 2))
    policy = Straight()
    found = gather(
        [load_scenario(scenario).episode(seed) for scenario, seed in names],
        policy,
        RIG,
        teacher=registry.load("driver", "expert")(),
        teacher_share=0.3,
        seed=0,
        driver="mix",
        advance=lambda finished: None,
    )
    return found, policy.seen


def test_what_was_observed_comes_back(driven: tuple[list[Demonstration], list[Observation]]) -> None:
    episodes, seen = driven
    again = sensed(episodes, list(RIG.sensors.values()))
    assert set(again) == set(SENSORS)
    for name, values in again.items():
        rows = [(slot, t) for slot, each in enumerate(episodes) for t in range(each.frames)]
        live = [np.asarray(seen[t][name])[slot] for slot, t in rows]
        assert values.dtype == live[0].dtype
        assert np.array_equal(values, np.array(live))
        assert values.any()


def test_labels_at_no_displacement_are_those_told_while_driving(
    driven: tuple[list[Demonstration], list[Observation]],
) -> None:
    episodes, _ = driven
    labels = displaced_labels(episodes, registry.load("driver", "expert")(), [(0.0, 0.0)])
    assert np.array_equal(labels[0], np.concatenate([each.taught for each in episodes]))
    assert not np.array_equal(labels[0], np.concatenate([each.actions for each in episodes]))


def test_displaced_labels_steer_back() -> None:
    episodes = collect(("lane-keeping-v1",), episodes=2).episodes
    expert = registry.load("driver", "expert")()
    here, right, left, turned = displaced_labels(episodes, expert, POSES)
    assert np.array_equal(here, np.concatenate([each.actions for each in episodes]))
    assert (right[:, 1] < here[:, 1]).all()
    assert (left[:, 1] > here[:, 1]).all()
    assert (turned[:, 1] < here[:, 1]).all()

    each_its_own = np.zeros((1, len(here), 2))
    each_its_own[0, ::2] = POSES[1]
    mixed = displaced_labels(episodes, expert, each_its_own)[0]
    assert np.array_equal(mixed[::2], right[::2])
    assert np.array_equal(mixed[1::2], here[1::2])


def test_several_poses_at_once_are_those_asked_for_one_by_one(
    driven: tuple[list[Demonstration], list[Observation]],
) -> None:
    few = [replace(each, **{name: getattr(each, name)[:8] for name in SERIES}) for each in driven[0]]
    expert = registry.load("driver", "expert")()
    together = displaced_labels(few, expert, POSES)
    for labels, pose in zip(together, POSES, strict=True):
        assert np.array_equal(labels, displaced_labels(few, expert, [pose])[0])
    assert (np.diff(together, axis=0).any(axis=(1, 2))).all()


def test_part_of_an_episode_is_enough(driven: tuple[list[Demonstration], list[Observation]]) -> None:
    lane, parking, _ = driven[0]
    part = replace(lane, **{name: getattr(lane, name)[:7] for name in SERIES})
    whole, some = (sensed((each, parking), [RIG.sensors["speed"]])["speed"] for each in (lane, part))
    assert np.array_equal(some, np.concatenate([whole[:7], whole[lane.frames :]]))


def test_what_has_changed_is_noticed(driven: tuple[list[Demonstration], list[Observation]]) -> None:
    lane = driven[0][0]
    speed = [RIG.sensors["speed"]]
    with pytest.raises(DataError, match=r"lane-keeping-v1/nominal/5.*the scenario has changed"):
        sensed([replace(lane, world_digest="0" * 64)], speed)
    actions = lane.actions.copy()
    actions[3, 0] ^= 1 << 12
    with pytest.raises(DataError, match="comes to other states at decision 4"):
        sensed([replace(lane, actions=actions)], speed)
    longer = {name: np.concatenate([getattr(lane, name)] * 2) for name in SERIES}
    with pytest.raises(DataError, match=f"ends after {lane.frames} of its {2 * lane.frames} actions"):
        sensed([replace(lane, **longer)], speed)  # type: ignore[arg-type]


def test_what_cannot_be_asked_for_is_refused(driven: tuple[list[Demonstration], list[Observation]]) -> None:
    lane = driven[0][0]
    with pytest.raises(ConfigurationError, match="texts"):
        sensed([lane], list(SensorRig(["instruction"]).sensors.values()))
    expert = registry.load("driver", "expert")()
    for poses in ((1.0, 0.0), np.zeros((2, 3, 2)), np.zeros((2, 3))):
        with pytest.raises(ConfigurationError, match=f"expected .K, 2. or .K, {lane.frames}, 2."):
            displaced_labels([lane], expert, poses)
    with pytest.raises(ConfigurationError, match="NaN"):
        displaced_labels([lane], expert, [(np.nan, 0.0)])


def test_readings_are_found_out_once_and_are_the_same(
    driven: tuple[list[Demonstration], list[Observation]], monkeypatch: pytest.MonkeyPatch
) -> None:
    lane, parking, merge = driven[0]
    sensors = [RIG.sensors[name] for name in ("speed", "route-geometry")]
    asked: list[list[str]] = []

    def counted(episodes: Sequence[Demonstration], which: Sequence[Sensor]) -> dict[str, np.ndarray]:
        asked.append([each.key for each in episodes])
        return sensed(episodes, which)

    monkeypatch.setattr(kept_readings, "sensed", counted)
    kept = kept_readings.KeptReadings()
    for some in ([merge, lane], [lane, parking, merge], [parking, parking]):
        found, anew = kept.of(some, sensors), sensed(some, sensors)
        assert {name: (values.dtype, values.tolist()) for name, values in found.items()} == {
            name: (values.dtype, values.tolist()) for name, values in anew.items()
        }
    assert asked == [[merge.key, lane.key], [parking.key]]
    kept.of([lane], [*sensors, RIG.sensors["kinematics"]])  # another sensor has to look
    assert asked[2:] == [[lane.key]]
