"""Lessons: what a policy would have observed, from where it is asked for, in an order that can be resumed."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from drivebench.demonstrations import Demonstrations, FrameBatches
from drivebench.demonstrations.collect import collect
from drivebench.demonstrations.lessons import Lessons
from drivebench.demonstrations.orders import shuffled, streams
from drivebench.demonstrations.other_routes import OTHER_COMMAND, OTHER_GEOMETRY, other_routes
from drivebench.demonstrations.scenes import RecordedScenes, Roads
from drivebench.demonstrations.sensed import sensed
from drivebench.errors import ConfigurationError, DataError
from drivebench.scenario import Command
from drivebench.sensors import FRONT, LEFT
from drivebench.sensors.kinematics import KINEMATICS, ROUTE_GEOMETRY
from drivebench.sensors.rig import load_sensor


@pytest.fixture(scope="module")
def demonstrations() -> Demonstrations:
    return collect(("lane-keeping-v1",), episodes=2)


def test_pictures_speed_and_command_are_those_of_the_frames(demonstrations: Demonstrations) -> None:
    lessons = Lessons(demonstrations.episodes, [FRONT, load_sensor("speed"), load_sensor("command")])
    frame = np.array([[3, 4], [len(lessons) - 2, len(lessons) - 1]])
    lesson = lessons.observe(frame)
    batch = FrameBatches(demonstrations.episodes, cameras=(FRONT,)).batch(
        frame.ravel(), np.zeros(4, np.int64)
    )
    assert np.array_equal(lesson.observation["front"].reshape(batch.image.shape), batch.image)
    assert np.array_equal(lesson.observation["speed"].reshape(batch.speed.shape), batch.speed)
    assert np.array_equal(lesson.observation["command"].reshape(batch.command.shape), batch.command)
    assert np.array_equal(lesson.steering_rad.ravel(), batch.steering_rad)
    assert np.array_equal(lesson.acceleration_mps2.ravel(), batch.acceleration_mps2)


def seen_from(demonstrations: Demonstrations, frame: np.ndarray, pose: tuple[float, float]) -> np.ndarray:
    poses = np.tile(pose, (1, demonstrations.frames, 1))
    lessons = Lessons(demonstrations.episodes, [FRONT], poses=poses)
    return lessons.observe(frame[:, None]).observation["front"][:, 0].astype(int)


def test_a_metre_to_the_left_is_what_the_left_camera_shows(demonstrations: Demonstrations) -> None:
    """The left camera is mounted as the front one of a car that stands a metre to the left."""
    frame = np.arange(0, demonstrations.frames, 40)
    side = FrameBatches(demonstrations.episodes, cameras=(LEFT,)).batch(frame, np.zeros(len(frame), np.int64))
    plain = seen_from(demonstrations, frame, (0.0, 0.0))
    assert np.abs(seen_from(demonstrations, frame, (-1.0, 0.0)) - side.image.astype(int)).mean() < 0.5
    assert np.abs(plain - side.image.astype(int)).mean() > 5.0
    turned = seen_from(demonstrations, frame, (0.0, 0.2))  # to the right: all moves to the left, by 22 pixels
    moved = np.abs(turned[:, :, 30:, :-22] - plain[:, :, 30:, 22:]).mean()
    assert moved < 0.5 * np.abs(turned[:, :, 30:] - plain[:, :, 30:]).mean()


def test_each_row_is_seen_from_its_view(demonstrations: Demonstrations) -> None:
    poses = np.zeros((2, demonstrations.frames, 2))
    poses[1, :, 0] = 1.0
    lessons = Lessons(demonstrations.episodes, [FRONT], poses=poses)
    lesson = lessons.observe(np.array([[7], [7]]), np.array([0, 1]))
    assert lesson.pose[:, 0].tolist() == [[0.0, 0.0], [1.0, 0.0]]
    for row, pose in enumerate([(0.0, 0.0), (1.0, 0.0)]):
        alone = seen_from(demonstrations, np.array([7]), pose)
        assert np.array_equal(lesson.observation["front"][row, 0], alone[0])


def test_only_cameras_can_look_from_elsewhere(demonstrations: Demonstrations) -> None:
    lessons = Lessons(demonstrations.episodes, [KINEMATICS])
    assert lessons.observe(np.array([[0]])).observation["kinematics"].shape == (1, 1, 8, 5)
    with pytest.raises(ConfigurationError, match="kinematics"):
        Lessons(demonstrations.episodes, [KINEMATICS], poses=np.ones((1, demonstrations.frames, 2)))


def test_labels_are_learnt_where_there_are_any(demonstrations: Demonstrations) -> None:
    episode = demonstrations.episodes[0]
    labelled = replace(episode, labels=-episode.actions)
    lessons = Lessons([labelled], [load_sensor("speed")])
    plain = Lessons([episode], [load_sensor("speed")])
    frame = np.arange(5)[:, None]
    assert np.array_equal(lessons.observe(frame).steering_rad, -plain.observe(frame).steering_rad)


def test_windows_stop_at_the_beginning_of_their_episode(demonstrations: Demonstrations) -> None:
    lessons = Lessons(demonstrations.episodes, [load_sensor("speed")])
    second = demonstrations.episodes[0].frames
    window = lessons.window(np.array([0, 5, second, second + 3]), frames=3, stride=2)
    assert window.tolist() == [
        [0, 0, 0],
        [1, 3, 5],
        [second, second, second],
        [second, second + 1, second + 3],
    ]


def test_history_is_observed_for_the_sensors_that_ask_for_it(demonstrations: Demonstrations) -> None:
    lessons = Lessons(demonstrations.episodes, [FRONT, load_sensor("speed")], history=("front",))
    lesson = lessons.observe(np.array([[1, 2, 3]]))
    assert lesson.observation["front"].shape[:2] == (1, 3)
    assert lesson.observation["speed"].shape == (1, 1, 1)
    assert np.array_equal(lesson.observation["speed"][0, 0, 0], np.float32(lesson.speed_mps[0, -1]))


def test_a_changed_scenario_is_told(demonstrations: Demonstrations) -> None:
    other = replace(demonstrations.episodes[0], world_digest="0" * 64)
    with pytest.raises(DataError, match="Collect the demonstrations again"):
        Lessons([other], [FRONT])


def test_an_order_can_be_entered_anywhere() -> None:
    whole = list(islice(shuffled(10, 4, seed=(1, 2)), 8))
    assert sorted(np.concatenate(whole)[:10].tolist()) == list(range(10))
    assert sorted(np.concatenate(whole)[10:20].tolist()) == list(range(10))
    later = list(islice(shuffled(10, 4, seed=(1, 2), start=3), 5))
    assert np.array_equal(whole[3:], later)
    assert not np.array_equal(whole, list(islice(shuffled(10, 4, seed=(1, 3)), 8)))
    tiny = list(islice(shuffled(3, 8, seed=(0,)), 2))  # a step takes several rounds
    assert sorted(tiny[0][:3].tolist()) == sorted(tiny[0][3:6].tolist()) == [0, 1, 2]


def test_streams_are_whole_episodes_one_after_the_other() -> None:
    lengths = [5, 3, 4]
    windows = list(streams(lengths, streams=2, frames=4, steps=6, seed=(0,)))
    frame = np.concatenate([window for window, _ in windows], axis=1)
    begins = np.concatenate([begin for _, begin in windows], axis=1)
    firsts = {0: 5, 5: 3, 8: 4}
    for row, marks in zip(frame, begins, strict=True):
        assert marks[0]
        episodes = np.split(row, np.flatnonzero(marks)[1:])
        for number, episode in enumerate(episodes):
            assert np.array_equal(episode, episode[0] + np.arange(len(episode)))
            if number < len(episodes) - 1:
                assert len(episode) == firsts[int(episode[0])]
        assert sorted(int(e[0]) for e in episodes[:3]) == [0, 5, 8]  # each once before any comes again
    assert not np.array_equal(frame[0], frame[1])
    later = list(streams(lengths, streams=2, frames=4, steps=6, seed=(0,), start=4))
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(windows[4:], later, strict=True))


def test_other_routes_are_offered_before_the_crossing_and_not_after() -> None:
    """Under the command of another episode, the geometry is what that episode's driver was told there."""
    crossing = collect(("intersection-v1",), episodes=4)
    roads = Roads()
    found = other_routes(crossing.episodes, roads)
    command, geometry = found[OTHER_COMMAND], found[OTHER_GEOMETRY]
    own = sensed(crossing.episodes, [ROUTE_GEOMETRY])["route-geometry"]
    scenes = RecordedScenes(crossing.episodes, roads)
    asked = {}
    for number, episode in enumerate(crossing.episodes):
        turn = {segment.command for segment in roads.route_of(episode).commands} - {Command.FOLLOW}
        asked[number] = turn.pop()
    assert len(set(asked.values())) >= 2
    for number, episode in enumerate(crossing.episodes):
        frames = scenes.first[number] + np.arange(episode.frames)
        offered = command[frames]
        at_crossing = (offered >= 0).any(axis=1)
        turning = episode.commands == asked[number]
        assert at_crossing[turning].any()
        assert (offered[at_crossing] != episode.commands[at_crossing, None]).all()
        assert not (episode.success and at_crossing[-1])  # it has left: nobody can be sent elsewhere
        # at the command's beginning the routes still lie together, and part ahead
        begin = int(np.flatnonzero(turning)[0])
        for other in np.flatnonzero(offered[begin] >= 0):
            here = geometry[frames[begin], other]
            assert here[:3] == pytest.approx(own[frames[begin]][:3], abs=1e-3)
            assert np.abs(here - own[frames[begin]]).max() > 0.01
