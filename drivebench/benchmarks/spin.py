"""Work for one process of its own, begun at a word: what the machine gives to two that share nothing.

Run as ``python -m drivebench.benchmarks.spin KIND``: it prepares, prints a line, and then, for each line that
it reads, works once and prints another.
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

__all__ = ["DECISIONS", "VEHICLES", "WORLDS", "Processes", "road"]

VEHICLES, WORLDS, DECISIONS = 51, 64, 20
"""Of the work ``road``."""
_SPINS = 20_000_000


@kernel
def _spin(rounds: int) -> float:
    """Arithmetic that touches no memory."""
    a, b, c, d = 1.0, 2.0, 3.0, 4.0
    for _ in range(rounds):
        a = a * 0.999 + 1e-3
        b = b * 0.999 + 1e-3
        c = c * 0.999 + 1e-3
        d = d * 0.999 + 1e-3
    return a + b + c + d


def road() -> Callable[[], None]:
    """Steps a batch of motorways from the same state again and again."""
    worlds = [motorway(VEHICLES, seed) for seed in range(8)]
    batch = WorldBatch([worlds[k % len(worlds)] for k in range(WORLDS)])
    actions = np.zeros((WORLDS, 2), dtype=np.int16)

    def work() -> None:
        moving = batch.copy(range(WORLDS))
        for _ in range(DECISIONS):
            moving.step(actions)

    return work


class Processes:
    """Processes that wait for a word to work at the same time."""

    def __init__(self, kind: str, count: int) -> None:
        """Start them, and wait until they are ready.

        Args:
            kind: ``road`` or ``spin``.
            count: How many.
        """
        command = [sys.executable, "-m", "drivebench.benchmarks.spin", kind]
        self._processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(count)
        ]
        self._wait(count)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            _pipe(process.stdin).close()
            process.wait()

    def seconds(self, count: int) -> float:
        """Until the last of the first ``count`` has done its work."""
        begin = time.perf_counter()
        for process in self._processes[:count]:
            entry = _pipe(process.stdin)
            entry.write("go\n")
            entry.flush()
        self._wait(count)
        return time.perf_counter() - begin

    def _wait(self, count: int) -> None:
        for process in self._processes[:count]:
            if not _pipe(process.stdout).readline():
                raise RuntimeError(f"a process ended with {process.wait()} before its work was done")


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def _serve(kind: str) -> None:
    numba.set_num_threads(1)
    work: Callable[[], object] = partial(_spin, _SPINS) if kind == "spin" else road()
    work()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        work()
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.argv[1])
