"""Statistics of features in the form of a LeRobot data set, computed exactly from all frames.

LeRobot estimates quantiles by histograms, and of images from a sample of them; learners normalise by these
figures, whichever way they were computed. Of images: per channel, with shape ``[3, 1, 1]``, scaled to [0, 1].
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["QUANTILES", "Statistics", "of_frames", "of_pixels", "pixel_counts"]

QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}

Statistics = dict[str, list[Any]]


def of_frames(values: NDArray[Any]) -> Statistics:
    """Statistics of each column.

    Args:
        values: ``[frames, columns]``.
    """
    exact = values.astype(np.float64)
    figures = {
        "min": exact.min(axis=0),
        "max": exact.max(axis=0),
        "mean": exact.mean(axis=0),
        "std": exact.std(axis=0),
    }
    figures |= {name: np.quantile(exact, share, axis=0) for name, share in QUANTILES.items()}
    return {"count": [len(values)], **{name: figure.tolist() for name, figure in figures.items()}}


def pixel_counts(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How often each value occurs in each channel, ``i8[3, 256]``.

    Args:
        images: ``u1[frames, 3, height, width]``.
    """
    return np.stack([np.bincount(images[:, channel].ravel(), minlength=256) for channel in range(3)])


def of_pixels(counts: NDArray[np.int64], frames: int) -> Statistics:
    """Statistics of images.

    Args:
        counts: ``i8[3, 256]`` of all their pixels.
        frames: How many images.
    """
    levels = np.arange(256) / 255.0
    pixels = counts.sum(axis=1, keepdims=True)
    mean = (counts * levels).sum(axis=1, keepdims=True) / pixels
    variance = (counts * (levels - mean) ** 2).sum(axis=1, keepdims=True) / pixels
    reached = np.cumsum(counts, axis=1)
    occurring = counts > 0
    figures = {
        "min": levels[occurring.argmax(axis=1)],
        "max": levels[255 - occurring[:, ::-1].argmax(axis=1)],
        "mean": mean[:, 0],
        "std": np.sqrt(variance[:, 0]),
    }
    for name, share in QUANTILES.items():
        figures[name] = levels[(reached >= share * pixels).argmax(axis=1)]
    return {"count": [frames], **{name: figure.reshape(3, 1, 1).tolist() for name, figure in figures.items()}}
