"""Computing the next items of an iterator in a thread while the present one is used."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Full, Queue
from typing import TypeVar

__all__ = ["ahead_of_time"]

Item = TypeVar("Item")

DEPTH = 4
"""Items that wait, at most."""

_POLL_S = 0.1


@contextmanager
def ahead_of_time(items: Iterator[Item]) -> Iterator[Iterator[Item]]:
    """Let one thread run ahead of the consumer; order and items are those of the iterator.

    It pays where the iterator's work releases the interpreter lock, as compiled kernels do. An exception in
    the iterator is raised at the consumer, in the place of the item that it prevented.

    Args:
        items: Finite or endless; only the thread touches it.

    Yields:
        The same items. The thread ends when the context is left.
    """
    waiting: Queue[tuple[Item | None, BaseException | None]] = Queue(DEPTH)
    leave = threading.Event()

    def put(entry: tuple[Item | None, BaseException | None]) -> bool:
        while not leave.is_set():
            try:
                waiting.put(entry, timeout=_POLL_S)
            except Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for item in items:
                if not put((item, None)):
                    return
            put((None, StopIteration()))
        except BaseException as error:  # raised again at the consumer
            put((None, error))

    def consume() -> Iterator[Item]:
        while True:
            item, error = waiting.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]

    thread = threading.Thread(target=work, name="drivebench-prefetch", daemon=True)
    thread.start()
    try:
        yield consume()
    finally:
        leave.set()
        while True:
            try:
                waiting.get_nowait()
            except Empty:
                break
        thread.join()
