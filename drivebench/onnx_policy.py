"""A policy that is an ONNX file: weights only, in onnxruntime (MIT), on one thread.

Inputs are the declared sensors with an axis for slots in front, in the type of the sensor: pictures are
``u1``. The output ``actions`` is ``f4[n, 2]``. An input ``memory_x`` of the shape ``f4[n, …]`` is what the
output ``next_x`` was at the decision before in the same slot, and zeros when an episode begins: a recurrent
network, or the pictures of a moment ago. Texts are for code.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError
from drivebench.onnx_graph import ACTIONS, MEMORY, NEXT, Graph, read_graph
from drivebench.submission_codes import Code, ContentError

__all__ = ["OnnxPolicy", "load"]


class OnnxPolicy:
    """Drives a batch with an ONNX model."""

    def __init__(self, session: Any, graph: Graph) -> None:
        self._session = session
        self._graph = graph
        self._memory: dict[str, NDArray[np.float32]] = {
            name: np.zeros((0, *shape), np.float32) for name, shape in graph.memories.items()
        }

    def reset(self, slots: NDArray[np.int64]) -> None:
        """Episodes begin in these slots: what was remembered there is zeros."""
        for name, kept in self._memory.items():
            more = int(slots.max(initial=-1)) + 1 - len(kept)
            if more > 0:
                self._memory[name] = np.concatenate([kept, np.zeros((more, *kept.shape[1:]), np.float32)])
            self._memory[name][slots] = 0.0

    def act(self, observation: Mapping[str, Any], slots: NDArray[np.int64]) -> NDArray[np.float32]:
        """Actions ``f4[n, 2]``, as the model gives them."""
        feed = {name: np.asarray(observation[sensor]) for sensor, name in self._graph.sensors.items()}
        feed |= {f"{MEMORY}_{name}": kept[slots] for name, kept in self._memory.items()}
        wanted = [ACTIONS, *(f"{NEXT}_{name}" for name in self._memory)]
        actions, *remembered = self._session.run(wanted, feed)
        for name, value in zip(self._memory, remembered, strict=True):
            self._memory[name][slots] = value
        return np.asarray(actions)


def load(directory: str | Path) -> OnnxPolicy:
    """The policy of a submission directory.

    Args:
        directory: Folder that holds ``submission.toml`` and the file that its ``onnx`` names.

    Raises:
        ContentError: The model may not drive (:mod:`drivebench.onnx_graph`), or onnxruntime does not take it.
        ConfigurationError: onnxruntime is not installed.
    """
    try:
        import onnx  # noqa: F401 (read_graph needs it)
        import onnxruntime
    except ImportError as error:
        raise ConfigurationError(
            f"an ONNX submission needs what is not installed ({error.name}); expected the extra: "
            "pip install 'drivebench[onnx]'"
        ) from error
    folder = Path(directory)
    manifest = tomllib.loads((folder / "submission.toml").read_text(encoding="utf-8"))
    sensors = [each if isinstance(each, str) else each["name"] for each in manifest["sensors"]]
    content = (folder / manifest["onnx"]).read_bytes()
    graph = read_graph(content, sensors)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # one order of additions
    options.use_deterministic_compute = True
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a class for each of its own codes
        raise ContentError(
            Code.ONNX,
            f"onnxruntime {onnxruntime.__version__} does not take the model: {str(error)[:300]}. Expected "
            "one that onnx.checker accepts.",
        ) from error
    return OnnxPolicy(session, graph)
