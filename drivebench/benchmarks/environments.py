"""highway-env's ids as whole environments: observation, reward, ends of episodes and resets included.

All sides step under random actions, on one thread, and the processor time of the whole process is counted:
what a peer hands to a worker thread counts, too. A step that resets counts as time, but not as a step.
"""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numba

from drivebench import registry
from drivebench.benchmarks import stock_face
from drivebench.benchmarks.peer import EnvironmentPeer, PeerEnvironments
from drivebench.benchmarks.row import Row, rates, taken_in_turns
from drivebench.progress import track

__all__ = ["ABOUT", "BATCH", "SINGLE", "measure", "measure_id"]

BATCH = 64
ROUNDS = 7
COMPILED_S, LOOP_S = 0.25, 0.6
"""Processor time of one side in one round: compiled environments, and others, whose steps are long."""
RESET_TARGET_S = 1e-3
"""What a reset in a batch may cost on average."""
RUN = 10_000
"""Resets over which that average is taken, from an empty bank on."""
HIGHWAY_TARGET, TARGET = 1.5, 1.0
"""Ratios to a peer's compiled environments to reach: on motorways, and elsewhere."""

SINGLE = ("highway-v0", "highway-fast-v0", "merge-v0", "roundabout-v0", "racetrack-v0", "parking-v0")
"""Ids that are measured one world at a time as well."""

STEPS = f"{BATCH} environments, one thread: observation, reward, resets among {stock_face.BANK} built worlds"
CANONICAL = f"{BATCH} environments in canonical numerics, otherwise the same"
ALONE = "one environment, gymnasium.make: observation, reward and resets included"
RESETS = f"resets in a batch of {BATCH}"

ABOUT = f"""## Whole environments

`gymnasium.make_vec("drivebench/stock-<id>")` and `gymnasium.make` against highway-env's own environments and
EnvPool's port of them. Every side takes random actions, drawn before, and returns the id's own observation,
reward, ends of episodes and information; environments whose episode has ended are reset in their next step,
which counts as time, but not as a step. Ours are reset in worlds from a bank of {stock_face.BANK:,}, all
of them built before the clock runs. Simulation and policy frequencies are the same on both sides, so that
ratios hold per simulated step as well. Ours are highway-env's worlds bit for bit (`docs/parity.md`).

Resets: *built anew* is a world by highway-env's own `_reset`, taken over, loaded and observed; *built before*
is one from the bank. *First {RUN:,}* is the average reset of a run that begins with an empty bank, which
grows by a world in every {stock_face.DEAL_EVERY} resets up to {stock_face.DEFAULT_BANK:,}: building is
counted.
"""


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

    def step_s(self) -> tuple[float, float]:
        """Processor time, and time on the wall, of one policy step of one environment."""
        return self._of(self.environments.step, self.round_s)

    def reset_s(self) -> tuple[float, float]:
        """Processor time, and time on the wall, of one reset of one environment."""
        return self._of(self._reset, self.round_s / 3)

    def _reset(self) -> int:
        self.environments.reset()
        return self.environments.count

    @staticmethod
    def _of(function: Callable[[], int], enough_s: float) -> tuple[float, float]:
        done, begin, begin_wall = 0, time.process_time(), time.perf_counter()
        while done == 0 or time.process_time() - begin < enough_s:
            done += function()
        return (time.process_time() - begin) / done, (time.perf_counter() - begin_wall) / done


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured of one side.

    Attributes:
        side: Which.
        steps: Processor time and time on the wall of a policy step, in each round.
        vehicles: Mean number of vehicles on a road.
    """

    side: Side
    steps: Sequence[tuple[float, float]]
    vehicles: float

    @property
    def rates(self) -> list[float]:
        """Policy steps a second of processor time, in each round."""
        return rates([seconds for seconds, _ in self.steps])

    @property
    def facts(self) -> dict[str, Any]:
        """For ``--json``."""
        environments = self.side.environments
        return {
            "environments": environments.count,
            "vehicles": self.vehicles,
            "road_steps": environments.road_steps,
            "road_steps_per_s": statistics.median(self.rates) * environments.road_steps,
            "wall_s_per_step": statistics.median(wall for _, wall in self.steps),
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
    rows, names = [], stock_ids()
    with track("measuring: environments", len(names), "ids") as advance:
        for env_id in names:
            rows += measure_id(env_id)
            advance(1)
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
        measured = {each.side.name: each for each in _measure([*_ours(env_id, round_s), *peers], rounds)}
        ours = measured[STEPS]
        resets = _reset_rows(env_id, ours.side, peers, rounds)
    finally:
        numba.set_num_threads(threads)
    rows = [_step_row(env_id, ours, measured[peer.name]) for peer in peers]
    rows += [_absent_row(env_id, ours, name, why) for name, why in absent.items()]
    for peer in peers:
        ours_too = CANONICAL if peer.environments.count > 1 else ALONE
        if ours_too in measured:
            rows.append(_step_row(env_id, measured[ours_too], measured[peer.name]))
    return [*rows, *resets]


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


def _measure(sides: Sequence[Side], rounds: int) -> list[Measured]:
    for side in sides:
        side.environments.step()  # whatever is to be compiled is compiled before the clock runs
    steps = taken_in_turns([side.step_s for side in sides], rounds)
    return [
        Measured(side=side, steps=taken, vehicles=side.environments.vehicles())
        for side, taken in zip(sides, steps, strict=True)
    ]


def _name(env_id: str, vehicles: float) -> str:
    return f"{env_id}, {vehicles:.3g} vehicles"


def _step_row(env_id: str, ours: Measured, theirs: Measured) -> Row:
    name = theirs.side.name
    compiled = theirs.side.environments.count > 1
    differs = compiled and abs(ours.vehicles - theirs.vehicles) > 0.05 * ours.vehicles
    facts = {"theirs": theirs.facts}
    note = f"{name} has {theirs.vehicles:.3g} vehicles in {env_id}" if differs else ""
    return _row(env_id, ours, name, theirs.rates, _target(env_id) if compiled else None, note, facts)


def _absent_row(env_id: str, ours: Measured, peer: str, why: str) -> Row:
    return _row(env_id, ours, peer, (), _target(env_id), f"{peer} is {why}", {})


def _target(env_id: str) -> float:
    return HIGHWAY_TARGET if env_id.startswith("highway") else TARGET


def _row(
    env_id: str,
    ours: Measured,
    peer: str,
    theirs: Sequence[float],
    target: float | None,
    note: str,
    facts: dict[str, Any],
) -> Row:
    bank = {} if ours.side.name == ALONE else {"bank": stock_face.BANK}
    return Row(
        section=ours.side.name,
        name=f"{env_id}, {ours.vehicles:.3g} vehicles",
        ours=ours.rates,
        unit="policy steps/s",
        peer=peer,
        theirs=theirs,
        target=target,
        note=note,
        facts={"ours": {**ours.facts, **bank}, **facts},
    )


def _reset_rows(env_id: str, ours: Side, peers: Sequence[Side], rounds: int) -> list[Row]:
    """Worlds that are built anew, the average of a run, worlds that were built before."""
    building = Side(
        name="", environments=stock_face.anew(env_id, BATCH // 4, 0, "parity"), round_s=ours.round_s
    )
    sides = [building, ours, *peers]
    building.environments.reset()
    taken = taken_in_turns([side.reset_s for side in sides], rounds)
    anew_s, before_s, *peers_s = ([seconds for seconds, _ in each] for each in taken)
    share = built(RUN) / RUN
    average_s = [share * a + (1 - share) * b for a, b in zip(anew_s, before_s, strict=True)]
    row = partial(Row, section=RESETS, unit="resets/s")
    rows = [
        row(
            name=f"{env_id}, first {RUN:,}",
            ours=rates(average_s),
            peer=f"{RESET_TARGET_S * 1e3:g} ms each",
            theirs=[1 / RESET_TARGET_S],
            target=1.0,
            note=AVERAGE,
        )
    ]
    for peer, seconds in zip(peers, peers_s, strict=True):
        compiled = peer.environments.count > 1
        how, ours_s = ("built before", before_s) if compiled else ("built anew", anew_s)
        rows.append(row(name=f"{env_id}, {how}", ours=rates(ours_s), peer=peer.name, theirs=rates(seconds)))
    if not any(peer.environments.count > 1 for peer in peers):
        rows.append(
            row(
                name=f"{env_id}, built before",
                ours=rates(before_s),
                peer="built anew",
                theirs=rates(anew_s),
            )
        )
    return rows


def built(resets: int) -> int:
    """How many worlds are built in so many resets, the first of a batch included, from an empty bank on.

    Args:
        resets: Of all environments together.
    """
    grown = BATCH + math.ceil((resets - BATCH) / stock_face.DEAL_EVERY)
    return min(grown, stock_face.DEFAULT_BANK)


AVERAGE = (
    f"average of {RUN:,} resets from an empty bank on, from the cost of the two kinds of reset: "
    f"{built(RUN):,} of them build their world, the others do not"
)
