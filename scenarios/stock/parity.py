"""Hold the compiled world against stock highway-env, step by step.

Three comparisons, along whole episodes of stock environments:

* **parity**: the kernel with the C library's functions against stock highway-env, which must agree in every
  bit of every position, heading, speed and timer, and in every lane, target lane, crash and route;
* **one step**: the kernel in canonical numerics, set to the parity state before each decision, against
  parity;
* **free running**: canonical numerics from the same start to the end, compared after every simulation step.
  Where it first takes another discrete decision, that decision is shown to be a near-tie: ``margin`` is by
  how much the compared quantities differed.

Stock highway-env itself depends on the processor: NumPy's AVX512 functions and the fused products of
OpenBLAS for such processors round differently. The comparison therefore runs in processes in which both are
switched off, one process for each environment, because highway-env's intersection changes class constants
for all others.

``python -m scenarios.stock.parity --seeds 20 --out docs/parity.md`` runs everything and writes the table.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drivebench.errors import ConfigurationError
from drivebench.world import WorldBatch, dequantise, quantise
from drivebench.world.clock import POLICY_HZ, SUBSTEPS
from drivebench.world.layout import EntityFloat, EntityInt
from drivebench.world.network import RoadNetwork
from drivebench.world.takeover import take_world
from scenarios.stock.near_tie import Tie, closest_call
from scenarios.stock.upstream import environment_without_reward, set_traffic_constants

__all__ = ["ORACLE_ENVIRONMENT", "WORLDS", "EpisodeParity", "ParityWorld", "compare", "compare_episode"]

ORACLE_ENVIRONMENT = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
    "SDL_VIDEODRIVER": "dummy",
}
"""Makes NumPy and OpenBLAS round as the C library and unfused products do."""

OVERLAP = (
    "In racetrack-v1 the arcs (g, h) and (h, i) lie on the same circles and overlap by 2.6 m. A car in there "
    "is equally close to both lanes in exact arithmetic; which one is called closest is a matter of rounding."
)
"""Why free-running episodes part in one place of one road."""

LONGEST_S = 40.0
"""Bound on an episode of an environment that has none (merge)."""


@dataclass(frozen=True, kw_only=True)
class ParityWorld:
    """A stock environment to compare with.

    Attributes:
        env_id: Its id.
        config: Settings that differ from its defaults.
        follows_lane: Whether the ego must follow its lane to stay on the road; else it wanders at random.
        constants: Constants of the traffic's class that are changed first, as the intersection does.
        meta_actions: Whether it takes meta-actions (and obeys its lane) instead of continuous ones.
    """

    env_id: str
    config: Mapping[str, Any] = field(default_factory=dict)
    follows_lane: bool = False
    meta_actions: bool = False
    constants: Mapping[str, float] = field(default_factory=dict)


WORLDS = {
    "highway-v0": ParityWorld(env_id="highway-v0"),
    "racetrack-v1": ParityWorld(
        env_id="racetrack-v1",
        config={"other_vehicles": 8, "action": {"type": "ContinuousAction", "longitudinal": False}},
        follows_lane=True,
    ),
    "racetrack-v1, other traffic": ParityWorld(
        env_id="racetrack-v1",
        config={"other_vehicles": 8, "action": {"type": "ContinuousAction", "longitudinal": False}},
        follows_lane=True,
        constants={
            "POLITENESS": 0.3,
            "DISTANCE_WANTED": 7.0,
            "COMFORT_ACC_MAX": 6.0,
            "COMFORT_ACC_MIN": -3.0,
        },
    ),
    "roundabout-v1": ParityWorld(env_id="roundabout-v1"),
    "roundabout-v1, meta-actions": ParityWorld(
        env_id="roundabout-v1",
        config={"action": {"type": "DiscreteMetaAction", "target_speeds": [0, 8, 16]}},
        meta_actions=True,
    ),
    "merge-v1": ParityWorld(env_id="merge-v1"),
}
"""What is compared, by name."""


@dataclass(frozen=True, kw_only=True)
class EpisodeParity:
    """What the three comparisons found in one episode.

    Attributes:
        seed: Of the stock environment. decisions: Decisions taken. changes: How often a vehicle's lane,
        target lane or crash changed, so that agreement means something. stock_break: First decision at
        which parity and stock differ in a bit; None if they never do. one_step_m: Largest difference of
        canonical and parity in x, y, heading or speed after one decision from
            the same state, over decisions without a tie.
        one_step_ties: Decisions at which canonical took another discrete decision from the same state.
        free_break: First decision at which free-running canonical differs from parity in a discrete decision.
        tie: The compared quantities there.
    """

    seed: int
    decisions: int
    changes: int
    stock_break: int | None
    one_step_m: float
    one_step_ties: tuple[Tie, ...]
    free_break: int | None
    tie: Tie | None


def _discrete(batch: WorldBatch) -> npt.NDArray[np.int64]:
    return np.stack([batch.lane[0], batch.target_lane[0], batch.crashed[0]])


def _stock_state(
    entities: list[Any], network: RoadNetwork
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Positions, headings, speeds and timers; lanes, target lanes, crashes and lengths of routes."""
    floats = [
        [*e.position, e.heading, e.speed, getattr(e, "timer", 0.0), *_pending(getattr(e, "impact", None))]
        for e in entities
    ]
    ints = [
        [
            network.lane(e.lane_index),
            network.lane(getattr(e, "target_lane_index", e.lane_index)),
            int(e.crashed),
            len(getattr(e, "route", None) or ()),
        ]
        for e in entities
    ]
    return np.array(floats).T, np.array(ints).T


def _pending(impact: Any) -> tuple[float, float]:
    return (0.0, 0.0) if impact is None else (float(impact[0]), float(impact[1]))


def _own_state(
    batch: WorldBatch, follows: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """The same from the kernel; a vehicle without target lane reports its lane."""
    f, i = EntityFloat, EntityInt
    numbers, integers = batch.entity_float[0], batch.entity_int[0]
    pending = integers[i.HAS_IMPACT] != 0
    impact = np.where(pending, numbers[[f.IMPACT_X, f.IMPACT_Y]], 0.0)
    floats = np.concatenate([numbers[[f.X, f.Y, f.HEADING, f.SPEED, f.TIMER]], impact])
    target = np.where(follows, integers[i.TARGET_LANE], integers[i.LANE])
    return floats, np.stack([integers[i.LANE], target, integers[i.CRASHED], integers[i.ROUTE_LEFT]])


def _ego_action(
    world: ParityWorld, environment: Any, wander: npt.NDArray[np.float64], rng: np.random.Generator
) -> tuple[npt.NDArray[np.int16], Any]:
    """What the ego does, for the kernel and for stock: a random walk, about its lane where that is needed."""
    if world.meta_actions:
        choice = int(rng.integers(5))
        return np.array([choice, 0], dtype=np.int16), choice
    if not world.follows_lane:
        action = quantise(wander)
        return action, dequantise(action)
    ego = environment.vehicle
    s, r = ego.lane.local_coordinates(ego.position)
    error = (ego.lane.heading_at(s + 4.0) - ego.heading + np.pi) % (2 * np.pi) - np.pi
    action = quantise([0.0, (error - 0.12 * r) / (np.pi / 4) + 0.3 * wander[1]])
    return action, dequantise(action)[1:]


def compare_episode(world: ParityWorld, seed: int, longest: int | None = None) -> EpisodeParity:
    """Drive one stock episode and both numerics along with it.

    Args:
        world: Which environment.
        seed: Of its reset.
        longest: Bound on the decisions; None for whole episodes.
    """
    environment = environment_without_reward(world.env_id, seed=seed, config=world.config)
    start = take_world(environment.road, environment.vehicle, exact=True)
    parity, free = WorldBatch([start], numerics="parity"), WorldBatch([start])
    entities = [*environment.road.vehicles, *environment.road.objects]
    follows = np.array([hasattr(entity, "target_lane_index") for entity in entities])
    duration = min(float(environment.config.get("duration", LONGEST_S)), 1e9)
    bound = round(duration * POLICY_HZ) if longest is None else longest
    rng = np.random.default_rng([seed, 1])
    wander, changes = np.zeros(2), 0
    stock_break: int | None = None
    free_break: int | None = None
    worst = 0.0
    ties: list[Tie] = []
    tie: Tie | None = None
    for decision in range(bound):
        wander = np.clip(0.95 * wander + rng.normal(0.0, (0.08, 0.02)), -1.0, 1.0)
        action, given = _ego_action(world, environment, wander, rng)
        before = parity.snapshot(0)
        previous = _discrete(parity)
        environment.time += 1 / POLICY_HZ
        environment._simulate(given)
        free_before = free.snapshot(0)
        for substep in range(SUBSTEPS):
            for batch in (parity, free):
                batch.substep(action[None], new_action=substep == 0)
            if free_break is None and not np.array_equal(_discrete(free), _discrete(parity)):
                free_break, tie = decision, closest_call(before, free_before, action, decision)
        single = WorldBatch([before])
        single.step(action[None])
        changes += int((_discrete(parity) != previous).sum())
        for one, other in zip(
            _own_state(parity, follows), _stock_state(entities, start.network), strict=True
        ):
            if stock_break is None and one.tobytes() != np.ascontiguousarray(other).tobytes():
                stock_break = decision
        if np.array_equal(_discrete(single), _discrete(parity)):
            rows = slice(EntityFloat.X, EntityFloat.SPEED + 1)
            difference = np.abs(single.entity_float[0, rows] - parity.entity_float[0, rows])
            worst = max(worst, float(difference.max()))
        else:
            ties.append(closest_call(before, before, action, decision))
        if environment._is_terminated() or (longest is None and environment._is_truncated()):
            break
    return EpisodeParity(
        seed=seed,
        decisions=decision + 1,
        changes=changes,
        stock_break=stock_break,
        one_step_m=worst,
        one_step_ties=tuple(ties),
        free_break=free_break,
        tie=tie,
    )


def compare(name: str, seeds: Iterable[int], longest: int | None = None) -> list[EpisodeParity]:
    """Compare episodes of one environment, in a process of its own with AVX512 switched off.

    Args:
        name: A key of ``WORLDS``.
        seeds: Of the episodes.
        longest: Bound on the decisions of each; None for whole episodes.

    Raises:
        ConfigurationError: The process failed; the message has its output.
    """
    request = json.dumps({"name": name, "seeds": list(seeds), "longest": longest})
    result = subprocess.run(
        [sys.executable, "-m", "scenarios.stock.parity", "--episodes", request],
        env={**os.environ, **ORACLE_ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise ConfigurationError(f"the comparison with {name} failed:\n{result.stderr[-4000:]}")
    return [_episode(record) for record in json.loads(result.stdout.splitlines()[-1])]


def _episode(record: dict[str, Any]) -> EpisodeParity:
    ties = tuple(Tie(**tie) for tie in record.pop("one_step_ties"))
    tie = record.pop("tie")
    return EpisodeParity(**record, one_step_ties=ties, tie=None if tie is None else Tie(**tie))


def _table(results: Mapping[str, list[EpisodeParity]], command: str) -> str:
    """The Markdown page."""
    lines = [
        "# Parity with stock highway-env",
        "",
        f"Generated by `{command}`. What is compared is described in `scenarios/stock/parity.py`.",
        "",
        "| environment | episodes | decisions | discrete changes | bit-identical to stock | canonical, one "
        "decision from the same state: largest difference (m, rad, m/s) | decisions with a near-tie | "
        "free-running canonical identical in every discrete decision |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, episodes in results.items():
        count = len(episodes)
        lines.append(
            f"| {name} | {count} | {sum(e.decisions for e in episodes)} | "
            f"{sum(e.changes for e in episodes)} | "
            f"{sum(e.stock_break is None for e in episodes)}/{count} | "
            f"{max(e.one_step_m for e in episodes):.1e} | {sum(len(e.one_step_ties) for e in episodes)} | "
            f"{sum(e.free_break is None for e in episodes)}/{count} |"
        )
    lines += [
        "",
        f"Free running, in stock's settings {_identical(results, stock=True)}, with other constants of the "
        f"traffic {_identical(results, stock=False)} episodes are identical in every discrete decision.",
        OVERLAP,
        "",
        "Breaks of free-running canonical episodes, and near-ties from the same state:",
        "",
    ]
    found = [
        f"- {name}, seed {e.seed}, decision {tie.decision} ({kind}): {tie.what}; margin {tie.margin:.1e}"
        for name, episodes in results.items()
        for e in episodes
        for kind, tie in [
            *([("free running", e.tie)] if e.tie else []),
            *(("one step", tie) for tie in e.one_step_ties),
        ]
    ]
    return "\n".join([*lines, *(found or ["none."]), ""])


def _identical(results: Mapping[str, list[EpisodeParity]], *, stock: bool) -> str:
    """How many free-running episodes never differ, of how many."""
    breaks = [
        e.free_break for name, es in results.items() if bool(WORLDS[name].constants) != stock for e in es
    ]
    return f"{breaks.count(None)} of {len(breaks)}"


def main(arguments: list[str] | None = None) -> None:
    """Run the comparison and write the table."""
    parser = argparse.ArgumentParser(prog="python -m scenarios.stock.parity", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="episodes for each environment")
    parser.add_argument("--out", type=Path, help="Markdown file to write; standard output if not given")
    parser.add_argument("--episodes", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.episodes:
        request = json.loads(options.episodes)
        world = WORLDS[request["name"]]
        set_traffic_constants(world.constants)
        found = [compare_episode(world, seed, request["longest"]) for seed in request["seeds"]]
        sys.stdout.write("\n" + json.dumps([asdict(episode) for episode in found]) + "\n")
        return
    results = {}
    for name in WORLDS:
        results[name] = compare(name, range(options.seeds))
        sys.stderr.write(f"{name}: {len(results[name])} episodes compared\n")
    page = _table(results, f"python -m scenarios.stock.parity --seeds {options.seeds} --out docs/parity.md")
    if options.out is None:
        sys.stdout.write(page)
    else:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(page)


if __name__ == "__main__":
    main()
