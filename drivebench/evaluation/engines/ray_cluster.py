"""Driving the chunks of a run on Ray (https://docs.ray.io, Apache-2.0): on a cluster, or a local one.

Each worker is an actor with one processor. All machines need drivebench in the same version, and the
submission at the same path; nothing else is shared, and only the numbers of chunks and the few kilobytes of
each chunk's records travel. An actor that dies, with its machine or alone, costs its chunk.
"""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numba

from drivebench.errors import ConfigurationError
from drivebench.evaluation.chunk import ChunkJob
from drivebench.evaluation.engines.engine import Crew, HarnessError, Order, Outcome, Shift, read_options
from drivebench.progress import say

__all__ = ["ray_cluster"]

OPTIONS = ("address", "gpus")
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is reported to anybody
    # under `uv run`, Ray would copy the folder and install everything again for its workers, and look hung
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}
"""What Ray reads when it is imported."""
PATIENCE_S = 60.0
"""After so long without any answer, it is said what is waited for: a cluster may well be full."""
STORE_BYTES = 100_000_000
"""Of a local cluster's shared memory, which chunks hardly use; Ray takes 30 % of the machine otherwise."""


@contextmanager
def ray_cluster(order: Order) -> Iterator[Crew]:
    """Actors, as many as the cluster has processors unless it is said how many.

    Options: ``address`` of a cluster (by default the one of ``RAY_ADDRESS``, or that runs on this machine,
    else a local one is started); ``gpus``, the share of a GPU that each worker gets.

    Args:
        order: What is to be driven.

    Raises:
        ConfigurationError: Ray is not installed, or there is no such cluster.
    """
    options = read_options("ray", order.options, OPTIONS)
    gpus = _share(options.get("gpus", "0"))
    os.environ.update(ENVIRONMENT)
    try:
        import ray
    except ImportError as error:
        raise ConfigurationError(
            "the engine 'ray' needs Ray, which is not installed: pip install 'drivebench[ray]'"
        ) from error
    ours = not ray.is_initialized()
    if ours:
        _connect(ray, options.get("address"), order)
    processors = int(ray.cluster_resources().get("CPU", 1))
    crew = _Actors(ray, order, min(order.workers or processors, order.chunks), gpus)
    try:
        yield crew
    finally:
        crew.stop()
        if ours:
            ray.shutdown()


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0.0 <= share < float("inf"):
        raise ConfigurationError(f"the option gpus is {text!r}; expected a share of a GPU, such as 0.25")
    return share


def _connect(ray: Any, address: str | None, order: Order) -> None:
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    try:
        ray.init(address=address or "auto", **quiet)
    except ConnectionError as error:
        if address is not None:
            raise ConfigurationError(
                f"there is no Ray cluster at {address!r} ({error}). Start one with `ray start --head`, or "
                "leave the option address out for a local one."
            ) from error
        processors = min(order.workers or os.cpu_count() or 1, order.chunks)
        _start(ray, processors, quiet)
        say(f"a local Ray cluster of {processors} processors was started")
        return
    say(f"connected to a Ray cluster of {ray.cluster_resources().get('CPU', 0):g} processors")


def _start(ray: Any, processors: int, settings: dict[str, Any]) -> None:
    """Start a local cluster; once more when Ray gives up, which it does on a busy machine after 30 s."""
    for last in (False, True):
        try:
            ray.init(
                address="local",
                num_cpus=processors,
                include_dashboard=False,
                object_store_memory=STORE_BYTES,
                **settings,
            )
        except Exception as error:  # Ray raises no kind of its own
            ray.shutdown()
            if last:
                raise HarnessError(f"Ray did not start on this machine: {error}") from error
        else:
            return


class _Actors:
    """Actors, and the chunks that none of them has yet."""

    def __init__(self, ray: Any, order: Order, workers: int, gpus: float) -> None:
        self.workers = workers
        self._ray = ray
        self._kind = ray.remote(num_cpus=1, num_gpus=gpus, max_restarts=0)(_Driver)
        self._job = ray.put(order.job)
        self._todo: deque[int] = deque()
        self._idle: list[Any] = []
        self._busy: dict[Any, tuple[Any, int]] = {}
        self._heard = False

    def submit(self, chunk: int) -> None:
        """Note a chunk."""
        self._todo.append(chunk)

    def wait(self) -> Sequence[Outcome]:
        """Keep all actors busy until one of them has finished."""
        while self._todo and (self._idle or len(self._busy) < self.workers):
            actor = self._idle.pop() if self._idle else self._kind.remote(self._job)
            chunk = self._todo.popleft()
            self._busy[actor.drive.remote(chunk)] = (actor, chunk)
        while self._idle:  # those that the cluster had no room for yet can take their place
            self._end(self._idle.pop())
        ready: list[Any] = []
        while not ready:
            ready, _ = self._ray.wait(list(self._busy), num_returns=1, timeout=PATIENCE_S)
            if not ready and not self._heard:
                say(f"nothing from Ray in {PATIENCE_S:g} s: a long chunk, or a full cluster (`ray status`)")
        return [self._hear(answer) for answer in ready]

    def stop(self) -> None:
        """End all actors, and with each the policy that it runs."""
        for actor in [*self._idle, *(actor for actor, _ in self._busy.values())]:
            self._ray.kill(actor)

    def _hear(self, answer: Any) -> Outcome:
        actor, chunk = self._busy.pop(answer)
        self._heard = True
        try:
            outcome: Outcome = self._ray.get(answer)
        except self._ray.exceptions.RayError as error:  # the actor died, or could not be made
            self._ray.kill(actor)
            return Outcome(chunk=chunk, problem=f"its worker was lost: {error}")
        self._idle.append(actor)
        return outcome

    def _end(self, actor: Any) -> None:
        """End an actor that is not needed any more; its process ends the policy on the way."""
        self._ray.wait([actor.end.remote()])
        self._ray.kill(actor)


class _Driver:
    """What an actor is."""

    def __init__(self, job: ChunkJob) -> None:
        numba.set_num_threads(1)
        self._shift = Shift(job, elsewhere=True)

    def drive(self, chunk: int) -> Outcome:
        """Drive a chunk."""
        return self._shift.drive(chunk, _ignore)

    def end(self) -> None:
        """End the policy's process."""
        self._shift.end()


def _ignore(episodes: int) -> None:
    """An actor tells of whole chunks only."""
