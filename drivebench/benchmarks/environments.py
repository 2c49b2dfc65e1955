"""highway-env's ids as whole environments: observation, reward, ends of episodes and resets included.

All sides step under random actions, on one thread, and the processor time of the whole process is counted:
what a peer hands to a worker thread counts, too. A step that resets counts as time, but not as a step.
"""

import time
from dataclasses import dataclass
from typing import Any

import numba

from drivebench import registry
from drivebench.benchmarks import stock_face
from drivebench.benchmarks.peer import EnvironmentPeer, PeerEnvironments
from drivebench.benchmarks.row import Row, side_by_side

__all__ = ["BATCH", "SINGLE", "measure", "measure_id"]

BATCH = 64
ROUNDS = 3
COMPILED_S, LOOP_S = 0.3, 1.0
"""Processor time of one side in one round: compiled environments, and others, whose steps are long."""
RESET_TARGET_S = 1e-3
"""What a reset in a batch may cost on average."""
HIGHWAY_TARGET, TARGET = 1.5, 1.0
"""Ratios to a peer's compiled environments to reach: on motorways, and elsewhere."""

SINGLE = ("highway-v0", "highway-fast-v0", "merge-v0", "roundabout-v0", "racetrack-v0", "parking-v0")
"""Ids that are measured one world at a time as well."""

STEPS = f"{BATCH} environments, one thread: observation, reward and resets included"
CANONICAL = f"{STEPS}, canonical numerics"
ALONE = "one environment, gymnasium.make: observation, reward and resets included"
RESETS = f"resets in a batch of {BATCH}"


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of a comparison.

    Attributes:
        name: Our section, or the peer's name.
        environments: What steps.
        round_s: Processor time of one round.
    """

    name: str
    environments: PeerEnvironments
    round_s: float

    def step_s(self) -> float:
        """Processor time of one policy step of one environment."""
        stepped, begin = 0, time.process_time()
        while stepped == 0 or time.process_time() - begin < self.round_s:
            stepped += self.environments.step()
        return (time.process_time() - begin) / stepped

    def reset_s(self) -> float:
        """Processor time of one reset of one environment."""
        calls, begin = 0, time.process_time()
        while calls == 0 or time.process_time() - begin < self.round_s / 3:
            self.environments.reset()
            calls += 1
        return (time.process_time() - begin) / (calls * self.environments.count)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured of one side.

    Attributes:
        side: Which.
        steps: Policy steps a second.
        resets: Resets a second.
        vehicles: Mean number of vehicles on a road.
    """

    side: Side
    steps: float
    resets: float
    vehicles: float

    @property
    def facts(self) -> dict[str, Any]:
        """For ``--json``."""
        environments = self.side.environments
        return {
            "environments": environments.count,
            "vehicles": self.vehicles,
            "road_steps": environments.road_steps,
            "road_steps_per_s": self.steps * environments.road_steps,
            "observation": environments.observation,
        }


def stock_ids() -> list[str]:
    """highway-env's ids, as our environments are named.

    Intersections are last: highway-env's change constants of its traffic for the rest of the process.
    """
    prefix = "stock-"
    names = [
        environment.name.removeprefix(prefix)
        for name in registry.names("environment")
        for environment in registry.load("environment", name)
        if environment.name.startswith(prefix)
    ]
    return sorted(names, key=lambda name: (name.startswith("intersection"), name))


def measure() -> list[Row]:
    """Measure every id that highway-env registers.

    Returns:
        Rows by section: steps against each peer, one environment alone, resets.
    """
    rows = [row for env_id in stock_ids() for row in measure_id(env_id)]
    return sorted(rows, key=lambda row: (STEPS, CANONICAL, ALONE, RESETS).index(row.section))


def measure_id(env_id: str, *, round_s: float | None = None, rounds: int = ROUNDS) -> list[Row]:
    """Measure one id on all sides, which take turns.

    Args:
        env_id: highway-env's.
        round_s: Processor time of one side in one round, instead of the usual.
        rounds: How many.
    """
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        peers, absent = _peers(env_id, round_s)
        ours = _ours(env_id, round_s)
        measured = _measure([*ours, *peers], rounds)
        built_s = stock_face.building_s(env_id, BATCH // 4)
    finally:
        numba.set_num_threads(threads)
    found = {each.side.name: each for each in measured}
    rows = [_step_row(env_id, found[STEPS], found[peer.name]) for peer in peers]
    rows += [_absent_row(env_id, found[STEPS], name, why) for name, why in absent.items()]
    rows += [_step_row(env_id, found[CANONICAL], found[p.name]) for p in peers if p.environments.count > 1]
    if ALONE in found:
        rows += [_step_row(env_id, found[ALONE], found[p.name]) for p in peers if p.environments.count == 1]
    return [*rows, *_reset_rows(env_id, found[STEPS], [found[peer.name] for peer in peers], built_s)]


def _ours(env_id: str, round_s: float | None) -> list[Side]:
    sides = {
        STEPS: stock_face.many(env_id, BATCH, 0, "parity"),
        CANONICAL: stock_face.many(env_id, BATCH, 0, "canonical"),
    }
    if env_id in SINGLE:
        sides[ALONE] = stock_face.one(env_id, 0)
    return [
        Side(name=name, environments=environments, round_s=round_s or COMPILED_S)
        for name, environments in sides.items()
    ]


def _peers(env_id: str, round_s: float | None) -> tuple[list[Side], dict[str, str]]:
    """The peers that have this id, and of those that cannot be measured here, why."""
    sides, absent = [], {}
    for name in registry.names("peer"):
        peer: EnvironmentPeer = registry.load("peer", name)
        why = peer.missing()
        if why is not None:
            absent[peer.name] = why
            continue
        environments = peer.environments(env_id, BATCH if peer.compiled else 1, 0)
        if environments is not None:
            usual = COMPILED_S if peer.compiled else LOOP_S
            sides.append(Side(name=peer.name, environments=environments, round_s=round_s or usual))
    return sides, absent


def _measure(sides: list[Side], rounds: int) -> list[Measured]:
    for side in sides:
        side.environments.step()  # whatever is to be compiled is compiled before the clock runs
    steps = side_by_side([side.step_s for side in sides], rounds)
    vehicles = [side.environments.vehicles() for side in sides]
    resets = side_by_side([side.reset_s for side in sides], rounds)
    return [
        Measured(side=side, steps=1 / step_s, resets=1 / reset_s, vehicles=count)
        for side, step_s, reset_s, count in zip(sides, steps, resets, vehicles, strict=True)
    ]


def _name(env_id: str, vehicles: float) -> str:
    return f"{env_id}, {vehicles:.3g} vehicles"


def _step_row(env_id: str, ours: Measured, theirs: Measured) -> Row:
    compiled = theirs.side.environments.count > 1
    target = (HIGHWAY_TARGET if env_id.startswith("highway") else TARGET) if compiled else None
    differs = abs(ours.vehicles - theirs.vehicles) > 0.05 * ours.vehicles
    return Row(
        section=ours.side.name,
        name=_name(env_id, ours.vehicles),
        value=ours.steps,
        unit="policy steps/s",
        peer=theirs.side.name,
        peer_value=theirs.steps,
        target=target,
        note=f"{theirs.side.name} has {theirs.vehicles:.3g} vehicles in {env_id}"
        if differs and compiled
        else "",
        facts={"ours": ours.facts, "theirs": theirs.facts},
    )


def _absent_row(env_id: str, ours: Measured, peer: str, why: str) -> Row:
    return Row(
        section=ours.side.name,
        name=_name(env_id, ours.vehicles),
        value=ours.steps,
        unit="policy steps/s",
        peer=peer,
        peer_value=None,
        target=HIGHWAY_TARGET if env_id.startswith("highway") else TARGET,
        note=f"{peer} is {why}",
        facts={"ours": ours.facts},
    )


def _reset_rows(env_id: str, ours: Measured, peers: list[Measured], built_s: float) -> list[Row]:
    rows = [
        Row(
            section=RESETS,
            name=f"{env_id}, from the bank",
            value=ours.resets,
            unit="resets/s",
            peer=f"{RESET_TARGET_S * 1e3:g} ms each",
            peer_value=1 / RESET_TARGET_S,
            target=1.0,
        )
    ]
    rows += [
        Row(
            section=RESETS,
            name=f"{env_id}, {'built anew' if theirs.side.environments.count == 1 else 'from the bank'}",
            value=1 / built_s if theirs.side.environments.count == 1 else ours.resets,
            unit="resets/s",
            peer=theirs.side.name,
            peer_value=theirs.resets,
        )
        for theirs in peers
    ]
    return rows
