"""LeRobot v3.0: the layout is what lerobot 0.6.1 writes, the content what was recorded.

lerobot itself needs another Python and another torch than the gate has; ``load_with_lerobot.py`` in this
folder loads an exported data set with it. What is held here was taken from one that lerobot 0.6.1 wrote.
"""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from drivebench.demonstrations import Demonstrations, FrameBatches
from drivebench.demonstrations.collect import collect
from drivebench.errors import ConfigurationError
from drivebench.exchange import lerobot_export
from drivebench.exchange.lerobot_export import export_lerobot
from drivebench.exchange.lerobot_statistics import of_frames, of_pixels, pixel_counts
from drivebench.exchange.trajectory import STATE_SENSORS
from drivebench.sensors import FRONT
from drivebench.world import quantise

STATISTICS = ["count", "max", "mean", "min", "q01", "q10", "q50", "q90", "q99", "std"]
SCALARS = {
    "next.reward": "float",
    "next.done": "bool",
    "next.success": "bool",
    "timestamp": "float",
    "frame_index": "int64",
    "episode_index": "int64",
    "index": "int64",
    "task_index": "int64",
}


@pytest.fixture(scope="module")
def demonstrations() -> Demonstrations:
    parts = [collect((scenario,), episodes=2, driver="idm") for scenario in ("merge-v1", "lane-keeping-v1")]
    return Demonstrations(episodes=tuple(each for part in parts for each in part.episodes))


@pytest.fixture(scope="module")
def exported(demonstrations: Demonstrations, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("lerobot") / "data"
    export_lerobot(demonstrations, out, (*STATE_SENSORS, "front", "mirror-left"))
    return out


@pytest.fixture(scope="module")
def frames(exported: Path) -> pa.Table:
    return pq.read_table(exported / "data/chunk-000/file-000.parquet")


@pytest.fixture(scope="module")
def episodes(exported: Path) -> list[dict[str, object]]:
    return pq.read_table(exported / "meta/episodes/chunk-000/file-000.parquet").to_pylist()


def test_the_files_are_those_of_the_layout(exported: Path) -> None:
    files = sorted(str(path.relative_to(exported)) for path in exported.rglob("*") if path.is_file())
    assert files == [
        "README.md",
        "data/chunk-000/file-000.parquet",
        "meta/episodes/chunk-000/file-000.parquet",
        "meta/info.json",
        "meta/stats.json",
        "meta/tasks.parquet",
    ]


def test_info_has_the_fields_of_the_layout(exported: Path, demonstrations: Demonstrations) -> None:
    info = json.loads((exported / "meta/info.json").read_text())
    features = info.pop("features")
    assert info == {
        "codebase_version": "v3.0",
        "fps": 5,
        "total_episodes": 4,
        "total_frames": demonstrations.frames,
        "total_tasks": 4,
        "chunks_size": 1000,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "video_path": None,
        "robot_type": "drivebench",
        "splits": {"train": "0:4"},
    }
    assert all(set(feature) == {"dtype", "shape", "names"} for feature in features.values())
    assert features["observation.state"]["shape"] == [17]
    assert features["observation.state"]["names"][:2] == ["speed", "command_0"]
    assert features["observation.environment_state"]["shape"] == [40]
    assert features["observation.images.front"] == {
        "dtype": "image",
        "shape": [64, 160, 3],
        "names": ["height", "width", "channels"],
    }
    assert features["action"]["names"] == ["acceleration", "steering"]


def test_columns_have_the_types_of_the_layout(exported: Path, frames: pa.Table) -> None:
    info = json.loads((exported / "meta/info.json").read_text())
    types = {field.name: str(field.type) for field in frames.schema}
    assert set(types) == set(info["features"])
    assert types["action"] == "fixed_size_list<element: float>[2]"
    assert types["observation.state"] == "fixed_size_list<element: float>[17]"
    assert types["observation.images.front"] == "struct<bytes: binary, path: string>"
    for name, kind in SCALARS.items():
        assert types[name] == kind
    stored = pq.ParquetFile(exported / "data/chunk-000/file-000.parquet")
    assert stored.num_row_groups == 4  # one for each episode


def test_frames_are_what_was_recorded(frames: pa.Table, demonstrations: Demonstrations) -> None:
    column = {name: frames[name].to_numpy() for name in SCALARS}
    lengths = [each.frames for each in demonstrations.episodes]
    assert np.array_equal(column["index"], np.arange(sum(lengths)))
    assert np.array_equal(column["episode_index"], np.repeat(np.arange(4), lengths))
    assert np.array_equal(column["frame_index"], np.concatenate([np.arange(length) for length in lengths]))
    assert np.array_equal(column["timestamp"], (column["frame_index"] / 5).astype(np.float32))
    ends = np.cumsum(lengths) - 1
    assert np.flatnonzero(column["next.done"]).tolist() == ends.tolist()
    succeeded = [end for end, each in zip(ends, demonstrations.episodes, strict=True) if each.success]
    assert np.flatnonzero(column["next.success"]).tolist() == succeeded
    actions = np.array(frames["action"].to_pylist(), np.float32)
    assert np.array_equal(
        quantise(actions), np.concatenate([each.actions for each in demonstrations.episodes])
    )
    state = np.array(frames["observation.state"].to_pylist(), np.float32)
    commands = np.concatenate([each.commands for each in demonstrations.episodes])
    assert np.array_equal(state[:, 1:7].argmax(axis=1), commands)
    speeds = np.concatenate([each.trajectories[:, each.ego, 3] for each in demonstrations.episodes])
    assert np.abs(state[:, 0] - speeds).max() < 1e-4


def test_images_are_lossless(frames: pa.Table, demonstrations: Demonstrations) -> None:
    some = np.arange(0, demonstrations.frames, 20)
    stored = frames["observation.images.front"].take(some).to_pylist()
    pictures = [np.asarray(Image.open(io.BytesIO(each["bytes"]))) for each in stored]
    rendered = FrameBatches(demonstrations.episodes, cameras=(FRONT,))
    wanted = rendered.batch(some, np.zeros(len(some), np.int64)).image
    assert np.array_equal(np.stack(pictures).transpose(0, 3, 1, 2), wanted)


def test_the_task_is_the_instruction(
    exported: Path, frames: pa.Table, episodes: list[dict[str, object]], demonstrations: Demonstrations
) -> None:
    tasks = pd.read_parquet(exported / "meta/tasks.parquet")
    assert tasks.index.name == "task"
    assert tasks["task_index"].tolist() == [0, 1, 2, 3]
    text = dict(zip(tasks["task_index"], tasks.index, strict=True))
    said = [text[number] for number in frames["task_index"].to_pylist()]
    assert "Merge to the left" in " ".join(text.values())
    commands = np.concatenate([each.commands for each in demonstrations.episodes])
    of_command = {(name, int(command)) for name, command in zip(said, commands, strict=True)}
    # an instruction says one command only, in each episode's own words
    assert len({name for name, _ in of_command}) == len(of_command)
    first = 0
    for row, each in zip(episodes, demonstrations.episodes, strict=True):
        assert row["tasks"] == list(dict.fromkeys(said[first : first + each.frames]))
        first += each.frames


def test_episodes_have_their_place_names_and_figures(
    episodes: list[dict[str, object]], demonstrations: Demonstrations
) -> None:
    first = 0
    for number, (row, each) in enumerate(zip(episodes, demonstrations.episodes, strict=True)):
        assert (row["episode_index"], row["length"]) == (number, each.frames)
        assert (row["dataset_from_index"], row["dataset_to_index"]) == (first, first + each.frames)
        for name in (
            "data/chunk_index",
            "data/file_index",
            "meta/episodes/chunk_index",
            "meta/episodes/file_index",
        ):
            assert row[name] == 0
        for name in ("seed", "scenario", "condition", "driver", "score", "success", "world_digest", "digest"):
            assert row[name] == getattr(each, name)
        first += each.frames
    assert [row["split"] for row in episodes] == ["train", "train", "train", "held-out"]


def test_statistics_are_those_of_the_frames(
    exported: Path, frames: pa.Table, episodes: list[dict[str, object]]
) -> None:
    stats = json.loads((exported / "meta/stats.json").read_text())
    features = json.loads((exported / "meta/info.json").read_text())["features"]
    assert set(stats) == set(features)
    assert all(sorted(figures) == STATISTICS for figures in stats.values())
    actions = np.array(frames["action"].to_pylist())
    assert stats["action"]["mean"] == pytest.approx(actions.mean(axis=0))
    assert stats["action"]["std"] == pytest.approx(actions.std(axis=0))
    assert stats["action"]["count"] == [len(actions)]
    length = episodes[0]["length"]
    assert episodes[0]["stats/action/max"] == pytest.approx(actions[:length].max(axis=0))
    assert np.shape(stats["observation.images.front"]["mean"]) == (3, 1, 1)
    assert np.shape(episodes[0]["stats/observation.images.front/q50"]) == (3, 1, 1)
    assert stats["next.done"]["mean"] == pytest.approx([4 / len(actions)])


def test_statistics_of_pixels_are_those_of_numpy() -> None:
    images = np.random.default_rng(0).integers(3, 200, (7, 3, 11, 13)).astype(np.uint8)
    found = of_pixels(pixel_counts(images), len(images))
    flat = images.transpose(1, 0, 2, 3).reshape(3, -1) / 255.0
    expected = of_frames(flat.T)
    assert found["count"] == [7]
    for name in STATISTICS:
        if name != "count":
            assert np.ravel(found[name]) == pytest.approx(expected[name], abs=1 / 255), name
    for name in ("min", "max", "mean", "std"):
        assert np.ravel(found[name]) == pytest.approx(expected[name], abs=1e-9), name


def test_large_data_goes_into_several_files(
    demonstrations: Demonstrations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lerobot_export, "DATA_FILE_BYTES", 30_000)
    monkeypatch.setattr(lerobot_export, "FILES_IN_CHUNK", 2)
    export_lerobot(demonstrations, tmp_path / "data", STATE_SENSORS)
    rows = pq.read_table(tmp_path / "data/meta/episodes/chunk-000/file-000.parquet").to_pylist()
    places = [(row["data/chunk_index"], row["data/file_index"]) for row in rows]
    assert len(set(places)) > 2
    assert {chunk for chunk, _ in places} >= {0, 1}
    for row in rows:
        place = "chunk-{data/chunk_index:03d}/file-{data/file_index:03d}.parquet".format(**row)
        part = pq.read_table(tmp_path / "data" / "data" / place)
        numbers = part["index"].to_numpy()[part["episode_index"].to_numpy() == row["episode_index"]]
        assert (numbers[0], numbers[-1] + 1) == (row["dataset_from_index"], row["dataset_to_index"])


def test_without_pyarrow_the_error_names_the_extra(
    demonstrations: Demonstrations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'drivebench\[exchange\]'"):
        export_lerobot(demonstrations, tmp_path / "out", ("speed",))
    assert not list(tmp_path.iterdir())
