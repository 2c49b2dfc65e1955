"""Reading the action logs of a run."""

import io

import numpy as np
from numpy.typing import NDArray

from drivebench.errors import RecordError
from drivebench.evaluation.record import Run

__all__ = ["read_action_logs"]


def read_action_logs(run: Run, file: str) -> NDArray[np.int16]:
    """The action logs of a chunk, episodes one after the other.

    Args:
        run: The run.
        file: Name of the file in the run.

    Returns:
        ``i2[decisions, 2]``.

    Raises:
        RecordError: The file holds something else.
    """
    try:
        actions = np.lib.format.read_array(io.BytesIO(run.files[file]), allow_pickle=False)
    except (ValueError, EOFError, MemoryError) as error:
        raise RecordError(f"{run.path}/{file} is not an action log ({error}).") from error
    if actions.dtype != np.dtype("<i2") or actions.ndim != 2 or actions.shape[1] != 2:
        raise RecordError(
            f"{run.path}/{file} holds {actions.dtype}{list(actions.shape)}; expected int16 [decisions, 2]."
        )
    return np.asarray(actions, np.int16)
