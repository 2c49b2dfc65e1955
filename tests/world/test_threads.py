"""Every world is computed once, whoever takes it; errors of a helper are the caller's."""

import threading
import time

import numba
import numpy as np
import pytest

from drivebench.compiled import kernel
from drivebench.world import threads
from drivebench.world.threads import Shares, in_threads, share_out, take


@kernel
def count_up(shares: Shares, counts: np.ndarray) -> None:
    first, last = take(shares, 0)
    while first < last:
        for world in range(first, last):
            counts[world] += 1
        first, last = take(shares, last - first)


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
        def wake(self) -> None:
            waiting.extend(threads._jobs)

    monkeypatch.setattr(numba, "get_num_threads", lambda: 2)
    monkeypatch.setattr(threads, "_helper", lambda _number: Busy())
    counts = np.zeros(64, dtype=np.int64)
    share_out(count_up, 64, (counts,))
    assert counts.tolist() == [1] * 64
    (late,) = waiting
    late.help()
    assert counts.tolist() == [1] * 64
    assert not threads._jobs


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


def test_callers_on_several_threads_do_not_mix() -> None:
    """Each with helpers in common."""
    before = numba.get_num_threads()
    counts = [np.zeros(50, dtype=np.int64) for _ in range(3)]

    def call(mine: np.ndarray) -> None:
        numba.set_num_threads(min(2, before))
        for _ in range(300):
            share_out(count_up, 50, (mine,))

    callers = [threading.Thread(target=call, args=(mine,)) for mine in counts]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    assert [set(mine.tolist()) for mine in counts] == [{300}] * 3
    assert not threads._jobs


def test_after_an_error_of_the_caller_nobody_works_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba, "get_num_threads", lambda: 2)
    caller = threading.current_thread()
    begun, ended = threading.Event(), threading.Event()

    def work(first: int, last: int) -> None:
        if threading.current_thread() is caller:
            assert begun.wait(10)
            raise OSError("disk on fire")
        begun.set()
        time.sleep(0.2)
        ended.set()

    with pytest.raises(OSError, match="disk on fire"):
        in_threads(work, 64, ())
    assert ended.is_set()
