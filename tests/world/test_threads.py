"""Every world is computed once, whoever takes it; errors of a helper are the caller's."""

import threading

import numba
import numpy as np
import pytest

from drivebench.compiled import kernel
from drivebench.world import threads
from drivebench.world.threads import Shares, in_threads, share_out, take


@kernel
def count_up(shares: Shares, counts: np.ndarray) -> None:
    first, last = take(shares)
    while first < last:
        for world in range(first, last):
            counts[world] += 1
        first, last = take(shares)


@pytest.fixture(params=[1, 3])
def used(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many threads, whatever the machine has."""
    monkeypatch.setattr(numba, "get_num_threads", lambda: request.param)
    count: int = request.param
    return count


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 64, 1000])
def test_every_world_is_computed_once(used: int, count: int) -> None:
    for _ in range(20):
        counts = np.zeros(count + 1, dtype=np.int64)
        share_out(count_up, count, (counts,))
        assert counts.tolist() == [1] * count + [0]
        counts[:] = 0

        def work(first: int, last: int, counts: np.ndarray = counts) -> None:
            counts[first:last] += 1

        in_threads(work, count, ())
        assert counts.tolist() == [1] * count + [0]


def test_nobody_waits_for_a_helper_that_has_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine whose processors are all busy."""
    waiting = []

    class Busy:
        def put(self, job: object) -> None:
            waiting.append(job)

    monkeypatch.setattr(numba, "get_num_threads", lambda: 2)
    monkeypatch.setattr(threads, "_helper", lambda _number: Busy())
    counts = np.zeros(64, dtype=np.int64)
    share_out(count_up, 64, (counts,))
    assert counts.tolist() == [1] * 64
    (late,) = waiting
    late.run()
    assert counts.tolist() == [1] * 64


def test_an_error_in_a_helper_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba, "get_num_threads", lambda: 2)
    caller = threading.current_thread()
    begun = threading.Event()

    def work(first: int, last: int) -> None:
        if threading.current_thread() is caller:
            assert begun.wait(10)
        else:
            begun.set()
            raise OSError("disk on fire")

    with pytest.raises(OSError, match="disk on fire"):
        in_threads(work, 64, ())
