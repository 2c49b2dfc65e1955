"""Work for processes of their own, begun at a word: what a machine gives to two that share nothing.

Run as ``python -m drivebench.benchmarks.two_processes KIND THREADS``: it answers each line that it reads,
once it has prepared its work, or done it.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import IO, Self

import numba
import numpy as np

from drivebench.benchmarks.motorway import motorway
from drivebench.compiled import kernel
from drivebench.world import WorldBatch

__all__ = ["VEHICLES", "Processes", "decisions", "road"]

VEHICLES = 51
"""In each world of the work ``road``."""
WORLD_DECISIONS = 2048
"""How many worlds decide, one after another or at once, in the work ``road``."""
_SPINS = 20_000_000
_FILLS = 10_000_000

Work = Callable[[], object]


@kernel
def _spin(rounds: int) -> float:
    """Arithmetic that touches no memory, and mostly waits for its own results."""
    a, b, c, d = 1.0, 2.0, 3.0, 4.0
    for _ in range(rounds):
        a = a * 0.999 + 1e-3
        b = b * 0.999 + 1e-3
        c = c * 0.999 + 1e-3
        d = d * 0.999 + 1e-3
    return a + b + c + d


@kernel
def _fill(rounds: int) -> int:
    """Arithmetic that touches no memory, and leaves nothing of a processor to whoever shares it.

    Eight independent xorshift generators (Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14),
    2003), of which two steps of the three are taken: more instructions at a time than a processor can issue.
    """
    a, b, c, d = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
    e, f, g, h = np.uint64(5), np.uint64(6), np.uint64(7), np.uint64(8)
    up, down = np.uint64(13), np.uint64(7)
    for _ in range(rounds):
        a, b, c, d = a ^ (a << up), b ^ (b << up), c ^ (c << up), d ^ (d << up)
        e, f, g, h = e ^ (e << up), f ^ (f << up), g ^ (g << up), h ^ (h << up)
        a, b, c, d = a ^ (a >> down), b ^ (b >> down), c ^ (c >> down), d ^ (d >> down)
        e, f, g, h = e ^ (e >> down), f ^ (f >> down), g ^ (g >> down), h ^ (h >> down)
    return int(a ^ b ^ c ^ d ^ e ^ f ^ g ^ h)


def road(worlds: int) -> str:
    """The kind of work that steps a batch of so many worlds."""
    return f"road-{worlds}"


def decisions(worlds: int) -> int:
    """In one piece of that work."""
    return WORLD_DECISIONS // worlds


def _road(count: int) -> Callable[[], Work]:
    """Steps of a batch of motorways, from the same state again and again."""
    worlds = [motorway(VEHICLES, seed) for seed in range(8)]
    batch = WorldBatch([worlds[k % len(worlds)] for k in range(count)])
    actions = np.zeros((count, 2), dtype=np.int16)

    def prepared() -> Work:
        moving = batch.copy(range(count))

        def work() -> None:
            for _ in range(decisions(count)):
                moving.step(actions)

        return work

    return prepared


class Processes:
    """Processes that wait for a word to work at the same time."""

    def __init__(self, kind: str, count: int, threads: int = 1) -> None:
        """Start them.

        Args:
            kind: ``road(worlds)``, ``spin`` or ``fill``.
            count: How many processes.
            threads: Of each of them.
        """
        command = [sys.executable, "-m", "drivebench.benchmarks.two_processes", kind, str(threads)]
        self._processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(count)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            _pipe(process.stdin).close()
            process.wait()

    def seconds(self) -> float:
        """Until the last has done its work, after all have done the same once to be warm."""
        self._all("prepare")
        begin = time.perf_counter()
        self._all("work")
        return time.perf_counter() - begin

    def _all(self, word: str) -> None:
        for process in self._processes:
            entry = _pipe(process.stdin)
            entry.write(f"{word}\n")
            entry.flush()
        for process in self._processes:
            if not _pipe(process.stdout).readline():
                raise RuntimeError(f"a process ended with {process.wait()} before its work was done")


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


_PREPARED: dict[str, Callable[[], Callable[[], Work]]] = {
    "spin": lambda: lambda: partial(_spin, _SPINS),
    "fill": lambda: lambda: partial(_fill, _FILLS),
}
"""Prepares each kind of work for good, and returns what prepares it each time."""


def _serve(kind: str, threads: int) -> None:
    numba.set_num_threads(threads)
    name, _, worlds = kind.partition("-")
    prepared = _road(int(worlds)) if name == "road" else _PREPARED[kind]()
    work = prepared()
    for word in sys.stdin:
        if word == "prepare\n":
            prepared()()
            work = prepared()
        else:
            work()
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
