"""What a LeRobot data set stores of each frame: its features, and one episode as a table of them.

Numbers that describe the ego and its way go into ``observation.state``, tables of other vehicles into
``observation.environment_state``, images into ``observation.images.<camera>``: the names that LeRobot's
policies look for. What a frame's instruction says is its task.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from drivebench.demonstrations.record import Demonstration
from drivebench.exchange.trajectory import Trajectory, is_camera
from drivebench.sensors import Sensor
from drivebench.world.clock import POLICY_HZ

__all__ = [
    "ACTION",
    "ENVIRONMENT_STATE",
    "INSTRUCTION",
    "STATE",
    "columns_of",
    "features_of",
    "image_key",
    "png",
]

ACTION, STATE, ENVIRONMENT_STATE = "action", "observation.state", "observation.environment_state"
INSTRUCTION = "instruction"

_BOOKKEEPING = ("frame_index", "episode_index", "index", "task_index")


def image_key(camera: str) -> str:
    """Name of the feature that holds a camera's images."""
    return f"observation.images.{camera.replace('-', '_')}"


def features_of(sensors: Mapping[str, Sensor]) -> dict[str, dict[str, Any]]:
    """The ``features`` of ``meta/info.json``.

    Args:
        sensors: By name, the instruction among them or not.
    """
    features: dict[str, dict[str, Any]] = {}
    for key, names in ((STATE, _names(sensors, 1)), (ENVIRONMENT_STATE, _names(sensors, 2))):
        if names:
            features[key] = _feature("float32", [len(names)], names)
    for name, sensor in sensors.items():
        if is_camera(sensor):
            channels, height, width = _shape(sensor)
            features[image_key(name)] = _feature(
                "image", [height, width, channels], ["height", "width", "channels"]
            )
    features[ACTION] = _feature("float32", [2], ["acceleration", "steering"])
    features["next.reward"] = _feature("float32", [1], None)
    features["next.done"] = _feature("bool", [1], None)
    features["next.success"] = _feature("bool", [1], None)
    features["timestamp"] = _feature("float32", [1], None)
    features |= {name: _feature("int64", [1], None) for name in _BOOKKEEPING}
    return features


def columns_of(
    demonstration: Demonstration,
    trajectory: Trajectory,
    sensors: Mapping[str, Sensor],
    *,
    episode: int,
    first: int,
    tasks: Mapping[str, int],
) -> dict[str, NDArray[Any]]:
    """The features of an episode, ``[T, ...]`` each; images planar, ``u1[T, 3, height, width]``.

    Args:
        demonstration: The episode.
        trajectory: The same, driven again with these sensors.
        sensors: By name, the instruction among them.
        episode: Its number in the data set.
        first: Number of its first frame in the data set.
        tasks: Number of each instruction.
    """
    frames = demonstration.frames
    last = np.arange(frames) == frames - 1
    columns: dict[str, NDArray[Any]] = {}
    for key, dimensions in ((STATE, 1), (ENVIRONMENT_STATE, 2)):
        parts = [
            np.asarray(trajectory.observations[name])[:frames].reshape(frames, -1)
            for name in _numeric(sensors, dimensions)
        ]
        if parts:
            columns[key] = np.concatenate(parts, axis=1).astype(np.float32)
    for name, sensor in sensors.items():
        if is_camera(sensor):
            columns[image_key(name)] = np.asarray(trajectory.observations[name])[:frames]
    columns[ACTION] = trajectory.actions
    columns["next.reward"] = trajectory.rewards.astype(np.float32)
    columns["next.done"] = last
    columns["next.success"] = last & demonstration.success
    columns["timestamp"] = (np.arange(frames) / POLICY_HZ).astype(np.float32)
    columns["frame_index"] = np.arange(frames)
    columns["episode_index"] = np.full(frames, episode)
    columns["index"] = first + np.arange(frames)
    texts = trajectory.observations[INSTRUCTION][:frames]
    columns["task_index"] = np.array([tasks[str(text)] for text in texts], np.int64)
    return columns


def png(image: NDArray[np.uint8]) -> bytes:
    """A planar image ``u1[3, height, width]`` as PNG, which keeps every byte."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0))).save(buffer, format="PNG")
    return buffer.getvalue()


def _numeric(sensors: Mapping[str, Sensor], dimensions: int) -> list[str]:
    """Sensors that are no images and make arrays of so many dimensions."""
    return [
        name
        for name, sensor in sensors.items()
        if not is_camera(sensor)
        and isinstance(sensor.space(), gymnasium.spaces.Box)
        and len(_shape(sensor)) == dimensions
    ]


def _names(sensors: Mapping[str, Sensor], dimensions: int) -> list[str]:
    names = []
    for name in _numeric(sensors, dimensions):
        places = list(np.ndindex(*_shape(sensors[name])))
        alone = len(places) == 1
        names += [name if alone else f"{name}_{'_'.join(map(str, place))}" for place in places]
    return names


def _shape(sensor: Sensor) -> tuple[int, ...]:
    shape = sensor.space().shape
    return tuple(shape) if shape else ()


def _feature(dtype: str, shape: Sequence[int], names: Sequence[str] | None) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "names": None if names is None else list(names)}
