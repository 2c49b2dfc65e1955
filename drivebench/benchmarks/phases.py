"""Where the time of a policy step goes, and of its simulation steps, and how far that is from the least."""

import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numba
import numpy as np
from numpy.typing import NDArray

from drivebench.benchmarks import stock_face
from drivebench.benchmarks.floor import floor_s
from drivebench.benchmarks.row import Row, rates, taken_in_turns, watch
from drivebench.world import WorldBatch
from drivebench.world.phases import Phase

__all__ = ["ABOUT", "IDS", "measure", "measure_id"]

ABOUT = """## Where the time goes

The parts of a policy step, by the processor time within it, and the phases of a simulation step, by time
stamps between them in a version of the step that is compiled only for this. The floor is an estimate of
what no version could do without; see `drivebench/benchmarks/floor.py`.
"""

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
        rounds: How many.
    """
    side = stock_face.many(env_id, WORLDS, 0, "canonical")
    batch: WorldBatch = side.episodes.batch
    spent = {name: watch(side.episodes, name) for name in PARTS}
    stamps = np.zeros(len(Phase), dtype=np.int64)
    vehicles = round(side.vehicles())

    def plain() -> Round:
        return _round(side.step, batch, spent, side.road_steps, steps)

    def stamped() -> Round:
        batch.stamps = stamps
        try:
            return _round(side.step, batch, spent, side.road_steps, steps)
        finally:
            batch.stamps = None

    has_stamps = platform.machine() in ("x86_64", "AMD64")
    kinds = [plain, stamped] if has_stamps else [plain]
    taken_in_turns(kinds, 1)  # whatever is to be compiled is compiled now
    whole, *others = taken_in_turns(kinds, rounds)
    (least_s,) = taken_in_turns([partial(floor_s, vehicles, WORLDS, side.road_steps)], rounds)
    rows = [*_part_rows(env_id, whole), _floor_row(env_id, vehicles, whole, least_s)]
    return [*rows, *_phase_rows(env_id, whole, others[0] if others else ())]


@dataclass(frozen=True, kw_only=True)
class Round:
    """Seconds of one round.

    Attributes:
        parts: Of a policy step of one world, by name; the whole under an empty name.
        vehicle_s: Of one simulation step of one vehicle.
        ticks: By phase, as far as there were stamps.
    """

    parts: Mapping[str, float]
    vehicle_s: float
    ticks: NDArray[np.int64] | None


def _round(
    step: Callable[[], int],
    batch: WorldBatch,
    spent: Mapping[str, list[float]],
    substeps: int,
    steps: int,
) -> Round:
    """Take some steps.

    The stamps say how large the part of each phase is, the processor time of the thread how long all took: a
    machine that interrupts the step adds to the stamps, but not to that.
    """
    for each in spent.values():
        each.clear()
    if batch.stamps is not None:
        batch.stamps[:] = 0
    whole_s, vehicle_steps = 0.0, 0
    for _ in range(steps):
        vehicle_steps += int(batch.vehicles.sum()) * substeps
        begin = time.thread_time()
        step()
        whole_s += time.thread_time() - begin
    parts = {PARTS[name]: sum(each) for name, each in spent.items()}
    parts |= {REST: whole_s - sum(parts.values()), "": whole_s}
    return Round(
        parts={name: seconds / (steps * len(batch)) for name, seconds in parts.items()},
        vehicle_s=sum(spent["drive"]) / vehicle_steps,
        ticks=None if batch.stamps is None else batch.stamps.copy(),
    )


def _part_rows(env_id: str, taken: Sequence[Round]) -> list[Row]:
    return [
        Row(
            section=f"where a policy step of {env_id} goes, {WORLDS} worlds, one thread, canonical numerics",
            name=name,
            ours=[each.parts[name] * 1e6 for each in taken],
            unit="µs of a world",
            peer="whole step",
            theirs=[each.parts[""] * 1e6 for each in taken],
            share=True,
        )
        for name in taken[0].parts
        if name
    ]


def _floor_row(env_id: str, vehicles: int, taken: Sequence[Round], least_s: Sequence[float]) -> Row:
    return Row(
        section=f"a simulation step of {env_id} against the least, {vehicles} vehicles",
        name="road, without time stamps",
        ours=rates([each.vehicle_s for each in taken]),
        unit="vehicle steps/s",
        peer="floor",
        theirs=rates(least_s),
        note=FLOOR,
    )


def _phase_rows(env_id: str, plain: Sequence[Round], taken: Sequence[Round]) -> list[Row]:
    """Phases by time stamps within the step, which is compiled once more for them."""
    shares: dict[str, list[float]] = {"phases": []}
    note = "there are time stamps for x86-64 only"
    if taken:
        more = statistics.median(b.vehicle_s / a.vehicle_s - 1 for a, b in zip(plain, taken, strict=True))
        note = f"the time stamps add {more:.0%} to a step of {env_id}"
        ticks = np.array([each.ticks for each in taken], dtype=np.float64)
        ticks[:, Phase.PRESENT] = 0.0
        ticks /= ticks.sum(axis=1, keepdims=True)
        names = {phase: phase.name.lower().replace("_", " ") for phase in Phase if ticks[:, phase].any()}
        shares = {name: ticks[:, phase].tolist() for phase, name in names.items()}
    whole_ns = [each.vehicle_s * 1e9 for each in taken]
    return [
        Row(
            section=f"where a simulation step of {env_id} goes",
            name=name,
            ours=[share * ns for share, ns in zip(values, whole_ns, strict=True)],
            unit="ns of a vehicle",
            peer="whole step",
            theirs=whole_ns,
            share=True,
            note=note,
        )
        for name, values in shares.items()
    ]


FLOOR = (
    "floor: the elementary functions that a vehicle needs in any case, vectorised, and one pass over the "
    "state per decision; what is above is finding lanes and neighbours, and deciding"
)
