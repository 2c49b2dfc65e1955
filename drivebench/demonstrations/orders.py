"""In which order frames are learnt from: pure functions of a seed and the number of the step.

Nothing here is remembered from one step to the next, so that a training that was interrupted after any step
goes on with exactly the frames that it would have seen.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["shuffled", "streams"]


def shuffled(count: int, size: int, *, seed: Sequence[int], start: int = 0) -> Iterator[NDArray[np.int64]]:
    """All items in random order, then again in another, without end: ``i8[size]`` a step.

    Args:
        count: How many items there are.
        size: How many of them a step takes.
        seed: Of the orders, as words.
        start: The step to begin with.
    """
    orders: dict[int, NDArray[np.int64]] = {}

    def item(place: NDArray[np.int64]) -> NDArray[np.int64]:
        rounds, within = place // count, place % count
        for number in set(range(int(rounds[0]), int(rounds[-1]) + 1)) - set(orders):
            orders[number] = np.random.default_rng([*seed, number]).permutation(count)
        for number in [known for known in orders if known < rounds[0]]:
            del orders[number]
        return np.array([orders[r][w] for r, w in zip(rounds.tolist(), within.tolist(), strict=True)])

    step = start
    while True:
        yield item(np.arange(step * size, (step + 1) * size))
        step += 1


def streams(
    lengths: Sequence[int], *, streams: int, frames: int, steps: int, seed: Sequence[int], start: int = 0
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.bool_]]]:
    """Some streams of whole episodes side by side, cut into windows: for backpropagation through time.

    Each stream drives through all episodes in a random order of its own, one after the other. A window begins
    where the last one ended, so that a network's state can be carried over; where an episode begins within
    it, the state has to be cleared.

    Args:
        lengths: Frames of each episode.
        streams: How many.
        frames: Of a window.
        steps: How many windows there are to be at all; the orders do not depend on it.
        seed: Of the orders, as words.
        start: The window to begin with.

    Yields:
        ``i8[streams, frames]`` frames, counted over all episodes, and ``bool[streams, frames]`` which of them
        are the first of an episode.
    """
    first = np.cumsum([0, *lengths[:-1]])
    needed = steps * frames
    frame = np.empty((streams, needed), np.int64)
    begins = np.zeros((streams, needed), np.bool_)
    for stream in range(streams):
        rng, place = np.random.default_rng([*seed, stream]), 0
        while place < needed:
            for episode in rng.permutation(len(lengths)).tolist():
                here = min(lengths[episode], needed - place)
                frame[stream, place : place + here] = first[episode] + np.arange(here)
                begins[stream, place : place + 1] = True
                place += here
                if place == needed:
                    break
    for step in range(start, steps):
        window = slice(step * frames, (step + 1) * frames)
        yield frame[:, window], begins[:, window]
