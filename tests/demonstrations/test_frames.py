"""Batches of frames: every picture once in an epoch, in an order that the generator alone decides."""

import threading
import time
from collections.abc import Iterator

import numba
import numpy as np
import pytest

from drivebench.demonstrations import Batch, Demonstrations, FrameBatches
from drivebench.demonstrations.collect import collect
from drivebench.demonstrations.prefetch import ahead_of_time
from drivebench.sensors import FRONT, LEFT


@pytest.fixture(scope="module")
def demonstrations() -> Demonstrations:
    return collect(("lane-keeping-v1",), episodes=2)


def draw(demonstrations: Demonstrations, count: int, seed: int) -> list[Batch]:
    frames = FrameBatches(demonstrations.episodes, cameras=(FRONT, LEFT))
    with frames.shuffled(50, rng=np.random.default_rng(seed)) as batches:
        return [batch for batch, _ in zip(batches, range(count), strict=False)]


def test_an_epoch_holds_each_frame_of_each_camera_once(demonstrations: Demonstrations) -> None:
    batches = draw(demonstrations, 2 * demonstrations.frames // 50, seed=0)
    seen = {(f, c) for b in batches for f, c in zip(b.frame.tolist(), b.camera.tolist(), strict=True)}
    assert len(seen) == 2 * demonstrations.frames
    first = batches[0]
    assert sorted(first.frame.tolist()) != first.frame.tolist()


def test_batches_depend_on_the_generator_and_not_on_threads(demonstrations: Demonstrations) -> None:
    once = draw(demonstrations, 3, seed=0)
    threads = numba.get_num_threads()
    numba.set_num_threads(1 if threads > 1 else min(2, numba.config.NUMBA_NUM_THREADS))
    again = draw(demonstrations, 3, seed=0)
    numba.set_num_threads(threads)
    other = draw(demonstrations, 3, seed=1)
    for one, two in zip(once, again, strict=True):
        for name in ("image", "speed", "command", "acceleration_mps2", "steering_rad", "camera", "frame"):
            assert np.array_equal(getattr(one, name), getattr(two, name))
    assert not np.array_equal(once[0].frame, other[0].frame)


def test_pictures_do_not_depend_on_their_batch(demonstrations: Demonstrations) -> None:
    batch = draw(demonstrations, 1, seed=0)[0]
    frames = FrameBatches(demonstrations.episodes, cameras=(FRONT, LEFT))
    for row in (0, 17, 49):
        alone = frames.batch(batch.frame[row : row + 1], batch.camera[row : row + 1])
        assert np.array_equal(alone.image[0], batch.image[row])


def test_in_order_thins_out_evenly(demonstrations: Demonstrations) -> None:
    frames = FrameBatches(demonstrations.episodes, cameras=(FRONT,))
    every = [batch.frame for batch in frames.in_order(64)]
    assert np.concatenate(every).tolist() == list(range(len(frames)))
    some = np.concatenate([batch.frame for batch in frames.in_order(64, at_most=10)])
    assert some.tolist() == [i * len(frames) // 10 for i in range(10)]


def test_running_ahead_keeps_order_and_ends() -> None:
    with ahead_of_time(iter(range(100))) as items:
        assert list(items) == list(range(100))


def test_an_error_arrives_in_its_place() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise RuntimeError("no more")

    with ahead_of_time(broken()) as items:
        assert next(items) == 1
        with pytest.raises(RuntimeError, match="no more"):
            next(items)


def test_leaving_early_stops_the_thread() -> None:
    def endless() -> Iterator[int]:
        number = 0
        while True:
            yield number
            number += 1

    before = threading.active_count()
    with ahead_of_time(endless()) as items:
        assert next(items) == 0
        time.sleep(0.05)
    assert threading.active_count() == before
