"""What isolation and transport cost in a run: the same chunks with the policy in the harness itself.

Run as ``python -m drivebench.benchmarks.transport SUBMISSION SUITE WORKER WORKERS``: it drives what one of
several workers would drive of a suite, and prints the processor time of each chunk, by tier, as JSON; the
first worker says on standard error how far it is. That is a process of its own because the numerical
libraries must have one thread each in the harness, too, and read that when they are imported.
"""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numba
import numpy as np

from drivebench.benchmarks.row import Row, rates
from drivebench.compiled import source_digest
from drivebench.evaluation.chunk import ChunkJob
from drivebench.evaluation.competitor import ChunkPilot, Competitor, of_submission
from drivebench.evaluation.engines.local import processors
from drivebench.evaluation.isolation.family import family
from drivebench.evaluation.isolation.tier import NO_TIER, Tier
from drivebench.evaluation.isolation.tiers import try_tier
from drivebench.evaluation.manifest import Limits
from drivebench.evaluation.rollout import BATCH_SIZE
from drivebench.metric.monitor import Monitor
from drivebench.policy import Actions, Slots
from drivebench.progress import track
from drivebench.scenario import Episode
from drivebench.sensors import SensorRig
from drivebench.submission import read_submission
from drivebench.suite import load_suite
from drivebench.world import WorldBatch

__all__ = ["measure", "rows"]

ROUNDS = 7
"""Every so many chunks of the suite are a round: six of ``test``, of different families."""
SHARE = 0.9
"""What driving itself must be of a run: isolation and transport cost less than a tenth."""
SECTION = "driving a suite with a small camera network, against the same policy in the harness itself"
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_USER_TO_CHILDREN = slice(11, 15)
"""Fields of ``/proc/PID/stat`` after the name: times of the process, and of children that have ended."""


class _PilotHere(ChunkPilot):
    """The policy in the harness, asked as it is in its own process: for a batch of constant size."""

    def __init__(self, submission: Path, loader: str, rig: SensorRig, batch_size: int) -> None:
        sys.path.insert(0, str(submission))
        module, _, function = loader.partition(":")
        self._make = getattr(importlib.import_module(module), function)
        self._submission, self._rig, self._batch_size = submission, rig, batch_size
        self._policy: Any = None

    def begin(self, worlds: WorldBatch, monitor: Monitor, episodes: Mapping[int, Episode]) -> None:
        del worlds, monitor, episodes
        self._policy = self._make(self._submission)
        self._policy.reset(np.arange(self._batch_size))

    def decide(self, worlds: WorldBatch, monitor: Monitor, slots: Slots) -> Actions:
        seen: dict[str, Any] = {}
        for name, values in self._rig.observe(worlds, monitor, slots).items():
            if isinstance(values, list):
                texts = dict(zip(slots.tolist(), values, strict=True))
                seen[name] = [texts.get(slot, "") for slot in range(self._batch_size)]
            else:
                seen[name] = np.zeros((self._batch_size, *values.shape[1:]), values.dtype)
                seen[name][slots] = values
        actions: Actions = np.asarray(self._policy.act(seen, np.arange(self._batch_size)), np.float32)
        return actions[slots]


class _CompetitorHere(Competitor):
    """A submission that is trusted: it drives in the harness."""

    @contextmanager
    def pilot(self, batch_size: int, limits: Limits, isolation: str) -> Iterator[ChunkPilot]:
        del limits, isolation
        assert self.submission is not None
        rig = SensorRig(self.submission.manifest.sensors)
        yield _PilotHere(self.submission.directory, self.submission.loader, rig, batch_size)


def rows(submission: Path, suite: str, workers: int) -> list[Row]:
    """Drive a suite in each tier that comes into force here, and in the harness, chunk by chunk in turns.

    Several processes share the chunks, as in a run: alone, each answer would wake a processor that has slept,
    with nothing in its caches, and that costs more than the answer's transport.

    Args:
        submission: A policy that is trusted.
        suite: What is driven.
        workers: Processes at a time.
    """
    command = [sys.executable, "-m", __name__, str(submission), suite]
    started = [
        subprocess.Popen(
            [*command, str(worker), str(workers)], env=os.environ | _ONE_THREAD, stdout=subprocess.PIPE
        )
        for worker in range(workers)
    ]
    texts = [each.communicate()[0] for each in started]
    for each in started:
        if each.returncode:
            raise subprocess.CalledProcessError(each.returncode, command)
    measured = [json.loads(text) for text in texts]
    spent_s = {
        name: _by_round([each["seconds"][name] for each in measured]) for name in measured[0]["seconds"]
    }
    notes = {name: note for each in measured for name, note in each["notes"].items()}
    return [
        Row(
            section=SECTION,
            name=f"tier {tier.value}",
            ours=rates(spent_s.get(tier.value, [])),
            unit="rounds of chunks in a second of processor time",
            peer="in the harness",
            theirs=rates(spent_s[NO_TIER]) if tier.value in spent_s else [],
            target=SHARE if tier.value in spent_s else None,
            note=notes.get(tier.value, ""),
            facts={
                "seconds": sum(spent_s.get(tier.value, [])),
                "seconds in the harness": sum(spent_s[NO_TIER]),
            },
        )
        for tier in Tier
    ]


def _by_round(seconds: Sequence[Mapping[str, float]]) -> list[float]:
    """Sums over the chunks of each round, of what each process has measured by chunk."""
    sums = [0.0] * ROUNDS
    for measured in seconds:
        for chunk, spent_s in measured.items():
            sums[int(chunk) % ROUNDS] += spent_s
    return [each for each in sums if each]


def measure(submission: Path, suite: str, worker: int, workers: int) -> dict[str, Any]:
    """Drive chunks, after each tier has driven one that does not count.

    Args:
        submission: A policy that is trusted.
        suite: What is driven.
        worker: Which of the workers this is.
        workers: Among whom the chunks are shared.

    Returns:
        ``seconds``: of the processor, by tier and chunk; ``notes``: what is to be said of a tier.
    """
    processor = processors(workers)[worker]
    if processor is not None:
        os.sched_setaffinity(0, {processor})
    driven = of_submission(read_submission(submission))
    competitors: dict[str, Competitor] = {
        NO_TIER: _CompetitorHere(card=driven.card, submission=driven.submission)
    }
    notes = {tier.value: try_tier(tier).problem for tier in Tier}
    competitors |= {name: driven for name, problem in notes.items() if not problem}
    entries = load_suite(suite).entries
    chunks = range(worker, -(-len(entries) // BATCH_SIZE), workers)
    seconds: dict[str, dict[int, float]] = {name: {} for name in competitors}
    with ExitStack() as stack:
        runs = {
            name: stack.enter_context(
                ChunkJob(
                    competitor=competitor,
                    entries=entries,
                    chunk_size=BATCH_SIZE,
                    limits=Limits(),
                    isolation=name,
                    engine_digest=source_digest(),
                ).runner()
            )
            for name, competitor in competitors.items()
        }
        for run in runs.values():  # the first time, processes are started
            run(chunks[0], _ignore)
        advance = stack.enter_context(
            track("isolation, by one of the workers", len(chunks), "chunks") if worker == 0 else _in_silence()
        )
        for number, chunk in enumerate(chunks):
            found = {NO_TIER: runs[NO_TIER](chunk, _ignore)}  # its episodes are built, its worlds compiled
            names = list(runs)
            for name in names[number % len(names) :] + names[: number % len(names)]:
                began = _processor_s()
                found[name] = runs[name](chunk, _ignore)
                seconds[name][chunk] = _processor_s() - began
            for name, files in found.items():
                if (files.records, files.actions) != (found[NO_TIER].records, found[NO_TIER].actions):
                    notes[name] = "it took other actions there than in the harness"
            advance(1)
    return {"seconds": seconds, "notes": notes}


def _ignore(finished: int) -> None:
    """Nobody counts."""


@contextmanager
def _in_silence() -> Iterator[Callable[[int], None]]:
    yield _ignore


def _processor_s() -> float:
    """Of this process and of all that it has started."""
    ticks = 0
    for member in family(os.getpid())[1:]:
        fields = Path(f"/proc/{member.process}/stat").read_text(errors="replace").rpartition(")")[2].split()
        ticks += sum(map(int, fields[_USER_TO_CHILDREN]))
    return sum(os.times()[:4]) + ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    numba.set_num_threads(1)
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:5]))))
