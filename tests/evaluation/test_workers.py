"""Workers: how they end, and that a fault before the first episode is counted, too."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from drivebench.evaluation.chunk import ChunkJob
from drivebench.evaluation.engines.engine import HarnessError, Order, Outcome, Supervisor
from drivebench.evaluation.engines.local import _Worker, local
from drivebench.evaluation.run_files import ChunkFiles

NOTHING = ChunkFiles(records=b"", actions=b"", timing=b"")


@dataclass(frozen=True)
class Job:
    """A job without episodes: a chunk takes as many seconds as its number says; notes its pilot's end."""

    folder: Path

    @contextmanager
    def runner(self) -> Iterator[Callable[[int, Callable[[int], None]], ChunkFiles]]:
        def run(chunk: int, progress: Callable[[int], None]) -> ChunkFiles:
            progress(1)
            time.sleep(chunk)
            return NOTHING

        try:
            yield run
        finally:
            (self.folder / "ended").touch()


@pytest.mark.parametrize("chunk", [0, 600], ids=["idle", "driving"])
def test_a_worker_that_is_stopped_ends_its_pilot(chunk: int, tmp_path: Path) -> None:
    worker = _Worker(cast(ChunkJob, Job(tmp_path)), None)
    worker.begin(chunk)
    assert worker.connection.recv() == 1
    if chunk == 0:
        assert worker.connection.recv() == Outcome(chunk=0, files=NOTHING)
        worker.chunk = None
    worker.stop()
    assert (tmp_path / "ended").exists()
    assert not worker.process.is_alive()


@dataclass(frozen=True)
class Placed:
    """A job without episodes that says where it is driven.

    Its second chunk costs the worker its life, and the others go on until the last chunk is driven: so all
    workers work at once, and the last chunk is that of the one that was hired anew.
    """

    folder: Path
    last: int

    @contextmanager
    def runner(self) -> Iterator[Callable[[int, Callable[[int], None]], ChunkFiles]]:
        def run(chunk: int, progress: Callable[[int], None]) -> ChunkFiles:
            (self.folder / str(chunk)).touch()
            if chunk == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            while not (self.folder / str(self.last)).exists():
                time.sleep(0.01)
            return replace(NOTHING, log=json.dumps(sorted(os.sched_getaffinity(0))))

        yield run


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs Linux, to say where a process runs")
@pytest.mark.parametrize("all_taken", [True, False])
def test_workers_stay_on_a_processor_of_their_own_where_all_are_taken(
    all_taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = sorted(os.sched_getaffinity(0))
    if not all_taken:
        monkeypatch.setattr(os, "sched_getaffinity", lambda process: {*here, max(here) + 1})
    order = Order(
        job=cast(ChunkJob, Placed(tmp_path, last=len(here))),
        chunks=len(here) + 1,
        workers=max(2, len(here)),
        options={},
        scratch=tmp_path,
        progress=lambda chunk, episodes: None,
    )
    if not all_taken and order.workers != len(here):
        pytest.skip("two workers take the only processor of this machine, and there is no more to take")
    found, lost = list[Any](), 0
    with local(order) as crew:
        for chunk in range(len(here) + 1):
            crew.submit(chunk)
        while len(found) < len(here) or not lost:
            for outcome in crew.wait():
                lost += outcome.files is None
                found += [json.loads(outcome.files.log)] if outcome.files else []
    assert lost == 1
    if all_taken:
        assert sorted(found) == [[processor] for processor in here]
    else:
        assert found == [here] * len(here)


class Broken:
    """A job whose pilot cannot even be made; two episodes a chunk."""

    def entries_of(self, chunk: int) -> tuple[None, None]:
        return (None, None)

    @contextmanager
    def runner(self) -> Iterator[Any]:
        raise OSError("no memory to share")
        yield


class LosesChunkTwo:
    """Workers of which one is lost with chunk 2, halfway, the first time; they finish in reverse order."""

    workers = 2

    def __init__(self, progress: Callable[[int, int], None]) -> None:
        self.progress = progress
        self.todo: list[int] = []
        self.lost = False

    def submit(self, chunk: int) -> None:
        self.todo.append(chunk)

    def wait(self) -> list[Outcome]:
        chunk = self.todo.pop()
        if chunk == 2 and not self.lost:
            self.lost = True
            self.progress(2, 1)
            return [Outcome(chunk=2, problem="its machine went down")]
        return [Outcome(chunk=chunk, files=NOTHING)]


def test_a_lost_chunk_is_driven_again_and_counted_once() -> None:
    counted: list[int] = []
    done: list[int] = []
    supervisor = Supervisor(
        cast(ChunkJob, Broken()), [0, 1, 2, 3], counted.append, lambda chunk, files: done.append(chunk)
    )
    supervisor.run(LosesChunkTwo(supervisor.count))
    assert done == [3, 2, 1, 0]
    assert counted == [2, 1, -1, 2, 2, 2]


def test_a_pilot_that_cannot_be_made_ends_the_run(tmp_path: Path) -> None:
    job = cast(ChunkJob, Broken())
    supervisor = Supervisor(job, [4, 5], lambda count: None, lambda chunk, files: None)
    order = Order(job=job, chunks=2, workers=1, options={}, scratch=tmp_path, progress=supervisor.count)
    with (
        local(order) as crew,
        pytest.raises(HarnessError, match=r"(?s)chunk 4 failed 3 times .* no memory to share"),
    ):
        supervisor.run(crew)
