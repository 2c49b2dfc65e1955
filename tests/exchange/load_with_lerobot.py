"""Load an exported LeRobot data set with lerobot itself, and compare it with the demonstrations.

    python tests/exchange/load_with_lerobot.py EXPORTED DEMONSTRATIONS

in an environment with ``lerobot[dataset]``, which needs Python 3.12 (0.6.1 was used). It reads frames,
windows, some episodes and batches, and compares every action with ``actions.npy``. Not a test of the gate,
which has another Python.
"""

import sys
from pathlib import Path

import lerobot
import numpy as np
import torch
from lerobot.datasets.lerobot_dataset import LeRobotDataset

NAME = "drivebench/demonstrations"
QUANTUM = 32767


def main(exported: Path, demonstrations: Path) -> None:
    data_set = LeRobotDataset(NAME, root=exported)
    recorded = np.load(demonstrations / "actions.npy")
    assert data_set.num_frames == len(recorded) == len(data_set)
    found = np.stack([data_set[number]["action"].numpy() for number in range(len(data_set))])
    assert np.array_equal(np.rint(found.astype(np.float64) * QUANTUM).astype(np.int16), recorded)
    assert all(isinstance(data_set[number]["task"], str) for number in (0, len(data_set) - 1))

    window = {"observation.state": [-0.4, -0.2, 0.0], "action": [0.0, 0.2, 0.4, 0.6]}
    windows = LeRobotDataset(NAME, root=exported, delta_timestamps=window)
    last = int(data_set.meta.episodes[0]["dataset_to_index"]) - 1
    assert windows[last]["action_is_pad"].tolist() == [False, True, True, True]
    assert windows[last]["observation.state"].shape[0] == 3

    training = [each["episode_index"] for each in data_set.meta.episodes if each["split"] == "train"]
    part = LeRobotDataset(NAME, root=exported, episodes=training)
    assert part.num_episodes == len(training)
    batch = next(iter(torch.utils.data.DataLoader(part, batch_size=8, shuffle=True)))
    for key in data_set.meta.camera_keys:
        assert batch[key].shape[1] == 3
        assert 0.0 <= batch[key].min() <= batch[key].max() <= 1.0
        assert data_set.meta.stats[key]["mean"].shape == (3, 1, 1)
    print(  # noqa: T201 (a script for people)
        f"lerobot {lerobot.__version__}: {data_set.num_episodes} episodes, {data_set.num_frames} frames, "
        f"{len(training)} of them to train on, cameras {data_set.meta.camera_keys}: all as recorded"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
