"""Where the time of a policy step goes, and of its simulation steps, and how far that is from the least."""

import platform
import statistics
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import numba
import numpy as np

from drivebench.benchmarks import stock_face
from drivebench.benchmarks.floor import floor_s
from drivebench.benchmarks.row import Row
from drivebench.world import WorldBatch
from drivebench.world.phases import Phase

__all__ = ["IDS", "measure", "measure_id"]

IDS = ("highway-v0", "highway-fast-v0", "roundabout-v0", "intersection-v0")
WORLDS = 64
STEPS, ROUNDS = 20, 7

PARTS = {
    "drive": "road",
    "observe": "observation",
    "judge": "reward and ends of episodes",
    "begin_again": "resets from the bank",
}
"""Methods of the episodes that a step calls -> what they are."""
REST = "actions, information, gymnasium"


def measure() -> list[Row]:
    """Measure on one thread, in canonical numerics.

    Returns:
        For each id, the parts of a policy step, the phases of a simulation step, and its floor.
    """
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        return [row for env_id in IDS for row in measure_id(env_id)]
    finally:
        numba.set_num_threads(threads)


def measure_id(env_id: str, *, steps: int = STEPS, rounds: int = ROUNDS) -> list[Row]:
    """Measure one id.

    Args:
        env_id: highway-env's.
        steps: Policy steps of a round.
        rounds: How many; medians are reported.
    """
    side = stock_face.many(env_id, WORLDS, 0, "canonical")
    episodes = side.episodes
    spent = _watch(episodes)
    side.step()
    shares = [_round(side.step, spent, steps) for _ in range(rounds)]
    rows = _part_rows(env_id, {name: statistics.median(s[name] for s in shares) for name in shares[0]})
    if platform.machine() in ("x86_64", "AMD64"):
        rows += _phase_rows(env_id, episodes.batch, side.step, spent, side.road_steps, steps * rounds)
    return rows


def _watch(episodes: Any) -> dict[str, float]:
    """Count the seconds that each part takes from now on."""
    spent = dict.fromkeys(PARTS, 0.0)

    def watched(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def call(*arguments: Any) -> Any:
            begin = time.thread_time()
            try:
                return method(*arguments)
            finally:
                spent[name] += time.thread_time() - begin

        return call

    for name in PARTS:
        setattr(episodes, name, watched(name, getattr(episodes, name)))
    return spent


def _round(step: Callable[[], int], spent: dict[str, float], steps: int) -> dict[str, float]:
    """Seconds of each part of one policy step of one world."""
    spent.update(dict.fromkeys(spent, 0.0))
    begin = time.thread_time()
    for _ in range(steps):
        step()
    whole = time.thread_time() - begin
    parts = {PARTS[name]: seconds for name, seconds in spent.items()}
    return {
        name: seconds / (steps * WORLDS)
        for name, seconds in {**parts, REST: whole - sum(parts.values()), "": whole}.items()
    }


def _part_rows(env_id: str, seconds: dict[str, float]) -> list[Row]:
    return [
        Row(
            section=f"where a policy step of {env_id} goes, {WORLDS} worlds, one thread, canonical numerics",
            name=name,
            value=taken * 1e6,
            unit="µs of a world",
            peer="whole step",
            peer_value=seconds[""] * 1e6,
        )
        for name, taken in seconds.items()
        if name
    ]


def _phase_rows(
    env_id: str,
    batch: WorldBatch,
    step: Callable[[], int],
    spent: dict[str, float],
    substeps: int,
    steps: int,
) -> list[Row]:
    """Phases by time stamps within the step, which is compiled once more for them.

    The stamps say how large the part of each phase is, the processor time of the thread how long all took: a
    machine that interrupts the step adds to the stamps, but not to that.
    """
    batch.stamps = np.zeros(len(Phase), dtype=np.int64)
    step()
    batch.stamps[:] = 0
    spent["drive"], vehicle_steps = 0.0, 0
    for _ in range(steps):
        vehicle_steps += int(batch.vehicles.sum()) * substeps
        step()
    ticks, batch.stamps = batch.stamps, None
    ticks[Phase.PRESENT] = 0
    whole_ns = spent["drive"] * 1e9 / vehicle_steps
    vehicles = round(vehicle_steps / (steps * substeps * len(batch)))
    taken = [
        (phase.name.lower().replace("_", " "), float(whole_ns * ticks[phase] / ticks.sum()), "")
        for phase in Phase
        if ticks[phase] > 0
    ]
    least_ns = floor_s(vehicles, len(batch), substeps) * 1e9
    return [
        Row(
            section=f"where a simulation step of {env_id} goes, {vehicles} vehicles",
            name=name,
            value=value,
            unit="ns of a vehicle",
            peer="whole step",
            peer_value=whole_ns,
            note=note,
        )
        for name, value, note in (*taken, ("floor: nothing to decide", least_ns, FLOOR))
    ]


FLOOR = (
    "the elementary functions that a vehicle needs in any case, vectorised, and one pass over the state per "
    "decision; what is above is finding lanes and neighbours, and deciding"
)
