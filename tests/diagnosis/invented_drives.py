"""Drives that nobody drove, for numbers that can be worked out by hand."""

from typing import Any

import numpy as np

from drivebench.diagnosis.drives import Drive


def drive(lateral_m: Any, **changes: Any) -> Drive:
    """A drive from the distances from the route's middle, ``[T + 1, N]``, at 10 m/s."""
    lateral = np.asarray(lateral_m, np.float64)
    rows, episodes = lateral.shape
    nothing = np.zeros((rows - 1, episodes, 2))
    along = np.repeat(2.0 * np.arange(rows)[:, None], episodes, axis=1)
    everything = np.ones((rows - 1, episodes), np.bool_)
    settings: dict[str, Any] = {
        "driven": everything,
        "within": everything,
        "acted": nothing,
        "asked": nothing,
        "actions": nothing.astype(np.int16),
        "lateral_m": lateral,
        "progress_m": along,
        "speed_mps": np.full((rows, episodes), 10.0),
        "depth_m": np.zeros((rows, episodes)),
        "crashed": np.zeros(episodes, np.bool_),
        "failed_s": np.full(episodes, np.nan),
    }
    return Drive(**settings | changes)


def acting(acted: Any, asked: Any = 0.0, **changes: Any) -> Drive:
    """A drive from the accelerations (m/s²) of the one who drives and of the other, ``[T, N]``."""
    both = [np.broadcast_to(np.asarray(values, np.float64), np.shape(acted)) for values in (acted, asked)]
    given, wanted = (np.stack([values, np.zeros_like(values)], axis=-1) for values in both)
    rows, episodes = np.shape(acted)
    return drive(np.zeros((rows + 1, episodes)), acted=given, asked=wanted, **changes)
