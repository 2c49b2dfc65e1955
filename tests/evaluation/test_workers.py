"""Workers: how they end, and that a fault before the first episode is counted, too."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from drivebench.evaluation.chunk import ChunkJob
from drivebench.evaluation.workers import HarnessError, _Worker, run_chunks


@dataclass(frozen=True)
class Job:
    """A job without episodes: a chunk takes as many seconds as its number says; notes its pilot's end."""

    folder: Path

    @contextmanager
    def runner(self) -> Iterator[Callable[[int, Callable[[int], None]], None]]:
        def run(chunk: int, progress: Callable[[int], None]) -> None:
            progress(1)
            time.sleep(chunk)

        try:
            yield run
        finally:
            (self.folder / "ended").touch()


@pytest.mark.parametrize("chunk", [0, 600], ids=["idle", "driving"])
def test_a_worker_that_is_stopped_ends_its_pilot(chunk: int, tmp_path: Path) -> None:
    worker = _Worker(cast(ChunkJob, Job(tmp_path)))
    worker.begin(chunk)
    assert worker.connection.recv() == ("progress", 1)
    if chunk == 0:
        assert worker.connection.recv() == ("done", 0)
        worker.chunk = -1
    worker.stop()
    assert (tmp_path / "ended").exists()
    assert not worker.process.is_alive()


class Broken:
    """A job whose pilot cannot even be made."""

    @contextmanager
    def runner(self) -> Iterator[Any]:
        raise OSError("no memory to share")
        yield


def test_a_pilot_that_cannot_be_made_ends_the_run(tmp_path: Path) -> None:
    def ignore(_: int) -> None:
        """Nobody counts."""

    with pytest.raises(HarnessError, match=r"chunk 4 failed 3 times .* no memory to share"):
        run_chunks(cast(ChunkJob, Broken()), [4, 5], 1, ignore, ignore)
