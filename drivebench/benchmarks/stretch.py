"""Timed decisions from a state that stays as it is."""

from functools import partial

import numpy as np

from drivebench.benchmarks.row import seconds_per_call
from drivebench.world import WorldBatch

__all__ = ["seconds_of"]


def seconds_of(batch: WorldBatch, decisions: int, times: int) -> float:
    """Time of one decision of all worlds, the call from Python included; the egos idle.

    Args:
        batch: Whose state the decisions begin in; copies drive.
        decisions: How far.
        times: How many copies drive that far.
    """
    actions = np.zeros((len(batch), 2), dtype=np.int16)
    batch.copy(range(len(batch))).step(actions)  # whatever is to be compiled is so before the clock runs
    seconds = 0.0
    for _ in range(times):
        moving = batch.copy(range(len(batch)))
        seconds += seconds_per_call(partial(moving.step, actions), decisions)
    return seconds / times
