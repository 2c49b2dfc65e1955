"""Demonstrations as a LeRobot data set, codebase version v3.0.

The layout follows what lerobot 0.6.1 itself writes (its ``datasets/dataset_metadata.py``, ``utils.py`` and
``io_utils.py``), and is held against it by loading with that version; lerobot is not needed to write it.

============================================  =============================================================
file                                          holds
============================================  =============================================================
``meta/info.json``                            version, frame rate, features, totals, path templates
``meta/stats.json``                           statistics of each feature over all frames
``meta/tasks.parquet``                        the instructions and their numbers
``meta/episodes/chunk-000/file-000.parquet``  a row for each episode: place in the data, tasks, statistics,
                                              and what drivebench adds: seed, scenario, condition, driver,
                                              score, success, split, digests
``data/chunk-000/file-000.parquet``           a row for each frame, a row group for each episode
============================================  =============================================================

Images are PNG inside the Parquet files (``dtype: image``), not video, whose codecs are lossy.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drivebench import progress
from drivebench.demonstrations.card import CARD, Form, card
from drivebench.demonstrations.record import Demonstration, Demonstrations
from drivebench.exchange.lerobot_frames import INSTRUCTION, columns_of, features_of, png
from drivebench.exchange.lerobot_statistics import of_frames, of_pixels, pixel_counts
from drivebench.exchange.packages import needed
from drivebench.exchange.sensors_card import described
from drivebench.exchange.trajectory import Trajectories, split_names
from drivebench.new_folder import new_folder
from drivebench.world.clock import POLICY_HZ

__all__ = ["CODEBASE_VERSION", "export_lerobot"]

CODEBASE_VERSION = "v3.0"
DATA_FILE_BYTES = 100 * 2**20
"""A data file is closed when it is larger than this (lerobot's default)."""
FILES_IN_CHUNK = 1000

_PLACE = "chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"

_LOADING = """\
from lerobot.datasets.lerobot_dataset import LeRobotDataset

data_set = LeRobotDataset("drivebench/demonstrations", root="DATA")
frame = data_set[0]  # observation.state, action, task, ...
training = [each["episode_index"] for each in data_set.meta.episodes if each["split"] == "train"]
training_set = LeRobotDataset("drivebench/demonstrations", root="DATA", episodes=training)
"""

_NOTES = (
    "LeRobot's codebase version v3.0, which lerobot 0.6 reads. Images are PNG, lossless. The task of a frame "
    "is the instruction in force; an episode may have several.",
    "`data_set.meta.episodes` has the seed, scenario, condition, driver, score, success and split of each "
    "episode. The observation after the last action is not stored.",
    "A LeRobot data set cannot be imported by drivebench; keep the demonstrations it was made of.",
)


def export_lerobot(
    demonstrations: Demonstrations,
    out: Path,
    sensors: tuple[str, ...],
    whole: Demonstrations | None = None,
) -> None:
    """Write a LeRobot data set; it appears under its name only when it is complete.

    Labels of a teacher are not exported: what is in the data set is what was done.

    Args:
        demonstrations: What to write.
        out: A path at which nothing exists yet.
        sensors: Names of what is observed; the instruction, which becomes the task, is added.
        whole: The set that they are a subset of; it decides which of them are held out.

    Raises:
        ConfigurationError: pyarrow is not installed.
        DataError: The path exists, or a demonstration does not replay.
    """
    needed("pyarrow.parquet")
    trajectories = Trajectories(tuple(dict.fromkeys((*sensors, INSTRUCTION))))
    features = features_of(trajectories.sensors)
    with new_folder(out) as partial:
        writer = _Writer(partial, features)
        splits = split_names(demonstrations, whole)
        with progress.track("export lerobot", len(demonstrations.episodes), "episodes") as advance:
            for each, split in zip(demonstrations.episodes, splits, strict=True):
                writer.add(each, split, trajectories)
                advance(1)
        writer.finish()
        form = Form(
            name=f"LeRobot {CODEBASE_VERSION}",
            sensors=described(trajectories.sensors.values()),
            loading=_LOADING,
            notes=_NOTES,
        )
        (partial / CARD).write_text(card(demonstrations, form), encoding="utf-8")


class _Writer:
    """Writes episodes one after the other, and what is known of all of them at the end."""

    def __init__(self, folder: Path, features: dict[str, dict[str, Any]]) -> None:
        self._arrow, self._parquet = needed("pyarrow"), needed("pyarrow.parquet")
        self._folder, self._features = folder, features
        self._tasks: dict[str, int] = {}
        self._rows: list[dict[str, Any]] = []
        self._numbers: dict[str, list[NDArray[Any]]] = {}
        self._pixels: dict[str, NDArray[np.int64]] = {}
        self._frames, self._file, self._bytes = 0, -1, DATA_FILE_BYTES
        self._open: Any = None

    def add(self, demonstration: Demonstration, split: str, trajectories: Trajectories) -> None:
        """Write one episode."""
        trajectory = trajectories.of(demonstration)
        texts = list(dict.fromkeys(map(str, trajectory.observations[INSTRUCTION][: demonstration.frames])))
        for text in texts:
            self._tasks.setdefault(text, len(self._tasks))
        columns = columns_of(
            demonstration,
            trajectory,
            trajectories.sensors,
            episode=len(self._rows),
            first=self._frames,
            tasks=self._tasks,
        )
        chunk, file = self._write_frames(columns)
        row = {
            "episode_index": len(self._rows),
            "tasks": texts,
            "length": demonstration.frames,
            "data/chunk_index": chunk,
            "data/file_index": file,
            "dataset_from_index": self._frames,
            "dataset_to_index": self._frames + demonstration.frames,
            "meta/episodes/chunk_index": 0,
            "meta/episodes/file_index": 0,
            "seed": demonstration.seed,
            "scenario": demonstration.scenario,
            "condition": demonstration.condition,
            "driver": demonstration.driver,
            "score": demonstration.score,
            "success": demonstration.success,
            "split": split,
            "world_digest": demonstration.world_digest,
            "digest": demonstration.as_driven.digest,
        }
        for key, values in columns.items():
            if self._features[key]["dtype"] == "image":
                counts = pixel_counts(values)
                self._pixels[key] = self._pixels.get(key, 0) + counts
                figures = of_pixels(counts, len(values))
            else:
                flat = values.reshape(len(values), -1)
                self._numbers.setdefault(key, []).append(flat)
                figures = of_frames(flat)
            row |= {f"stats/{key}/{name}": figure for name, figure in figures.items()}
        self._rows.append(row)
        self._frames += demonstration.frames

    def finish(self) -> None:
        """Write what is known of all episodes."""
        self._close()
        meta = self._folder / "meta"
        episodes = meta / "episodes" / _PLACE.format(chunk_index=0, file_index=0)
        episodes.parent.mkdir(parents=True)
        self._parquet.write_table(self._arrow.Table.from_pylist(self._rows), episodes)
        index = pd.Index(list(self._tasks), name="task")
        pd.DataFrame({"task_index": list(self._tasks.values())}, index=index).to_parquet(
            meta / "tasks.parquet"
        )
        statistics = {key: of_frames(np.concatenate(parts)) for key, parts in self._numbers.items()}
        statistics |= {key: of_pixels(counts, self._frames) for key, counts in self._pixels.items()}
        _write_json(meta / "stats.json", statistics)
        _write_json(
            meta / "info.json",
            {
                "codebase_version": CODEBASE_VERSION,
                "fps": POLICY_HZ,
                "features": self._features,
                "total_episodes": len(self._rows),
                "total_frames": self._frames,
                "total_tasks": len(self._tasks),
                "chunks_size": FILES_IN_CHUNK,
                "data_files_size_in_mb": DATA_FILE_BYTES // 2**20,
                "video_files_size_in_mb": 200,
                "data_path": f"data/{_PLACE}",
                "video_path": None,
                "robot_type": "drivebench",
                "splits": {"train": f"0:{len(self._rows)}"},
            },
        )

    def _write_frames(self, columns: dict[str, NDArray[Any]]) -> tuple[int, int]:
        """Append an episode to the data; the numbers of its chunk and file."""
        table = self._arrow.table(
            {key: self._column(values, self._features[key]) for key, values in columns.items()}
        )
        if self._bytes >= DATA_FILE_BYTES:
            self._close()
            self._file, self._bytes = self._file + 1, 0
        chunk, file = divmod(self._file, FILES_IN_CHUNK)
        if self._open is None:
            path = self._folder / "data" / _PLACE.format(chunk_index=chunk, file_index=file)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open = self._parquet.ParquetWriter(path, table.schema, compression="snappy")
        self._open.write_table(table)  # one row group for each episode
        self._bytes += table.nbytes
        return chunk, file

    def _column(self, values: NDArray[Any], feature: dict[str, Any]) -> Any:
        arrow = self._arrow
        if feature["dtype"] == "image":
            kind = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
            return arrow.array([{"bytes": png(image), "path": None} for image in values], kind)
        if feature["shape"] == [1]:
            return arrow.array(values)
        return arrow.FixedSizeListArray.from_arrays(arrow.array(values.ravel()), values.shape[1])

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=4, ensure_ascii=False) + "\n", encoding="utf-8")
