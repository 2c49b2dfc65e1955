"""What the replay player is given: the episode as it was driven, the roads as they lie, in few bytes."""

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError, RecordError, UnknownNameError
from drivebench.evaluation.record import EpisodeRecord, Run, Status, load_run
from drivebench.footage.recorded import film_record
from drivebench.footage.recording import Footage, film_actions
from drivebench.footage.sketch import ROUGH_M, sketch_of
from drivebench.metric.measurement import Ending
from drivebench.world import EntityKind
from drivebench.world.clock import SUBSTEPS
from leaderboard.replay import player_html, replay_file, telling_episodes
from leaderboard.replay.packing import PER_M, PER_MPS, PER_RAD, packed

RECORDS = Path(__file__).parents[2] / "leaderboard" / "records"


@pytest.fixture(scope="module")
def clone() -> Run:
    return load_run(RECORDS / "recovery" / "behavior-cloning-seed-0.zip")


@pytest.fixture(scope="module")
def idle() -> Run:
    """Of the whole suite, with traffic."""
    return load_run(RECORDS / "test" / "idle.zip")


def record_of(run: Run, key: str) -> EpisodeRecord:
    return next(record for record in run.episodes if record.key == key)


def unpacked(text: str, columns: int) -> NDArray[np.int64]:
    """Read packed numbers back by their description."""
    numbers, value, shift = [], 0, 0
    for byte in base64.b64decode(text):
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(-(value + 1) // 2 if value % 2 else value // 2)
            value = shift = 0
    changes = np.array(numbers, np.int64).reshape(columns, -1).T
    changes[1:] = np.cumsum(changes[1:], axis=0)
    return np.cumsum(changes, axis=0)


def written(path: Path) -> dict[str, Any]:
    """The replays in a script file."""
    found = re.search(r'replays\["([^"]+)"\] = (.*);\n$', path.read_text())
    assert found
    assert found[1] == path.stem
    content: dict[str, Any] = json.loads(found[2])
    return content


@settings(max_examples=50, deadline=None)
@given(arrays(np.int64, array_shapes(min_dims=2, max_dims=2), elements=st.integers(-(2**40), 2**40)))
def test_packed_numbers_come_back(numbers: NDArray[np.int64]) -> None:
    columns = numbers.shape[1]
    assert np.array_equal(unpacked(packed(numbers.astype(float), [1] * columns), columns), numbers)


def test_a_steady_pace_takes_one_byte_a_number() -> None:
    steady = np.column_stack((np.arange(200) * 5.0, np.full(200, 3.25)))
    assert len(base64.b64decode(packed(steady, (PER_M, PER_M)))) <= 2 * 200 + 4
    with pytest.raises(ConfigurationError, match="finite"):
        packed(np.array([[np.nan]]), (1,))


def test_the_decoded_trajectory_is_what_was_driven(idle: Run, tmp_path: Path) -> None:
    """Of the ego and of everybody who comes near, within half a quantum."""
    key = next(record.key for record in idle.episodes if record.family == "merge")
    replay_file(idle, [key], tmp_path / "idle.js")
    episode = written(tmp_path / "idle.js")["episodes"][key]
    footage = film_record(idle, record_of(idle, key))
    frames = np.unique([*range(0, len(footage), SUBSTEPS), len(footage) - 1])
    assert episode["frames"] == len(frames)
    assert episode["end"] == pytest.approx(footage.duration_s, abs=1e-3)
    quanta = np.array([PER_M, PER_M, PER_RAD, PER_MPS])
    ego = unpacked(episode["ego"], 4) / quanta
    assert (np.abs(ego - footage.states[frames, footage.ego]) <= 0.5 / quanta + 1e-12).all()

    others = footage.states[frames, :, :3]
    assert len(episode["bodies"]) >= 3
    followed = []
    for look, _, _, first, count, text in episode["bodies"]:
        poses = unpacked(text, 3) / quanta[:3]
        assert len(poses) == count
        expected = others[first : first + count] if count > 1 else others[:1]
        away = np.abs(poses[:, None] - expected).max(axis=(0, 2))
        column = int(np.argmin(away))
        assert away[column] <= 0.5 / PER_M + 1e-12
        assert look == footage.looks[column]
        followed.append(column)
    away_m = np.hypot(*(footage.states[..., k] - footage.states[:, [footage.ego], k] for k in (0, 1)))
    near = (away_m.min(axis=0) < 100.0) & (footage.kinds < EntityKind.OBSTACLE)
    near[footage.ego] = False
    assert set(np.flatnonzero(near)) <= set(followed)


def roads_are_there(footage: Footage) -> None:
    """Each lane near the way lies on a line of the sketch, and each line on a lane."""
    sketch, network = sketch_of(footage), footage.episode.world.network
    starts = np.concatenate([line.centre_m[:-1] for line in sketch.lines])
    steps = np.concatenate([np.diff(line.centre_m, axis=0) for line in sketch.lines])
    squares = (steps * steps).sum(axis=1)
    checked = 0
    for lane in range(len(network.lane_index)):
        for s in np.arange(0.0, network.length_m(lane), 7.0):
            point = np.array(network.position(lane, float(s)))
            if np.hypot(*(footage.states[:: 2 * SUBSTEPS, footage.ego, :2] - point).T).min() > 150.0:
                continue
            shares = np.clip(((point - starts) * steps).sum(axis=1) / squares, 0.0, 1.0)
            away = np.hypot(*(starts + shares[:, None] * steps - point).T)
            assert away.min() < ROUGH_M + 0.02
            checked += 1
    assert checked > 20
    for line in sketch.lines:
        for point in line.centre_m[:: max(len(line.centre_m) // 5, 1)].tolist():
            on = [abs(network.local_coordinates(lane, *point)[1]) for lane in range(len(network.lane_index))]
            assert min(on) < ROUGH_M


@pytest.mark.parametrize("family", ["roundabout", "lane-keeping"])
def test_roads_lie_where_they_are(idle: Run, family: str) -> None:
    roads_are_there(film_record(idle, next(each for each in idle.episodes if each.family == family)))


def test_the_same_record_gives_the_same_bytes(clone: Run, tmp_path: Path) -> None:
    keys = [record.key for record in clone.episodes[:2]]
    for folder in ("once", "again"):
        (tmp_path / folder).mkdir()
        replay_file(clone, keys, tmp_path / folder / "clone.js")
    once, again = ((tmp_path / folder / "clone.js").read_bytes() for folder in ("once", "again"))
    assert once == again
    replay_file(clone, keys[:1], tmp_path / "clone.js")
    assert (tmp_path / "clone.js").read_bytes() != once


def test_a_tampered_log_is_refused(clone: Run, tmp_path: Path) -> None:
    record = clone.episodes[0]
    raw = bytearray(clone.files[record.actions.file])
    steered = len(raw) - 4 * sum(
        each.actions.decisions for each in clone.episodes if each.actions.file == record.actions.file
    )
    raw[steered + 2 : steered + 4] = np.array([12_000], "<i2").tobytes()
    tampered = replace(clone, files={**clone.files, record.actions.file: bytes(raw)})
    with pytest.raises(RecordError, match="is not what its action log gives"):
        replay_file(tampered, [record.key], tmp_path / "clone.js")
    praised = replace(record, measurement=replace(record.measurement, overspeed_m=0.123))
    with pytest.raises(RecordError, match="drivebench verify"):
        replay_file(replace(clone, episodes=(praised,)), [record.key], tmp_path / "clone.js")
    assert not (tmp_path / "clone.js").exists()
    with pytest.raises(UnknownNameError, match="Did you mean"):
        replay_file(clone, [record.key + "9"], tmp_path / "clone.js")


def test_a_policy_that_never_started_has_a_replay_of_one_frame(clone: Run, tmp_path: Path) -> None:
    record = clone.episodes[0]
    nothing = np.zeros((0, 2), np.int16)
    stood = film_actions("nobody", film_record(clone, record).episode, nothing, reference=record.reference)
    failed = replace(
        record,
        status=Status.START_UP,
        reason="no module",
        actions=replace(record.actions, decisions=0),
        measurement=stood.measurement,
    )
    replay_file(replace(clone, episodes=(failed,)), [failed.key], tmp_path / "clone.js")
    episode = written(tmp_path / "clone.js")["episodes"][failed.key]
    assert (episode["frames"], episode["end"]) == (1, 0.0)
    assert episode["outcome"] == "policy failed (start-up) at 0.0 s"
    assert len(unpacked(episode["ego"], 4)) == 1


def test_a_replay_is_small(idle: Run, tmp_path: Path) -> None:
    """The longest episode, and the choice of a whole suite."""
    longest = max(idle.episodes, key=lambda record: record.measurement.duration_s)
    replay_file(idle, [longest.key], tmp_path / "longest.js")
    assert len(json.dumps(written(tmp_path / "longest.js"))) < 60_000
    replay_file(idle, telling_episodes(idle), tmp_path / "idle.js")
    assert (tmp_path / "idle.js").stat().st_size < 400_000


def test_telling_episodes_show_each_way_to_fail_and_a_success(idle: Run) -> None:
    chosen = telling_episodes(idle)
    assert chosen == telling_episodes(idle)
    records = [record_of(idle, key) for key in chosen]
    assert len(set(chosen)) == len(chosen) == 6
    assert records[-1].success
    assert not any(record.success for record in records[:-1])
    for place, record in enumerate(records[:-1]):
        shown = {earlier.family for earlier in records[:place]}
        alike = [each for each in idle.episodes if each.measurement.ended_by is record.measurement.ended_by]
        assert record.family not in shown or {each.family for each in alike if not each.success} <= shown
    failed = {record.measurement.ended_by for record in idle.episodes if not record.success}
    assert len({record.measurement.ended_by for record in records[:-1]}) == min(len(failed), 5)
    assert len(telling_episodes(idle, limit=1)) == 1
    with pytest.raises(ConfigurationError, match="at least one"):
        telling_episodes(idle, limit=0)


def test_telling_episodes_of_few(clone: Run) -> None:
    """A policy's own failure is a way to fail; who never fails shows the worst; of few, all are shown."""
    lost = [record for record in clone.episodes if record.measurement.ended_by is Ending.OFF_ROAD][:3]
    raised = replace(lost[-1], status=Status.RAISED, reason="raised")
    best = max(clone.episodes, key=lambda record: record.score)
    assert best.success
    few = replace(clone, episodes=(*lost[:2], raised, best))
    assert telling_episodes(few, limit=3) == (lost[0].key, raised.key, best.key)
    assert set(telling_episodes(few)) == {record.key for record in few.episodes}
    done = [record for record in clone.episodes if record.success][:4]
    assert set(telling_episodes(replace(clone, episodes=tuple(done)))) == {record.key for record in done}


def test_the_place_of_a_player_escapes_names() -> None:
    html = player_html('a"><script>', ["x/y/1", "x/y/2"], against="b&c")
    assert "<script" not in html
    assert 'data-against="b&amp;c"' in html
    assert 'data-episodes="x/y/1 x/y/2"' in html
    assert "data-against" not in player_html("a", ["x/y/1"])
    with pytest.raises(ConfigurationError, match="at least one"):
        player_html("a", [])
