"""One stock episode with both numerics of the compiled world driven along with it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from drivebench.world import World, WorldBatch
from drivebench.world.layout import EntityInt
from scenarios.stock.building import RandomState, state_in, state_of
from scenarios.stock.ids import IDS
from scenarios.stock.parity.cases import ParityCase
from scenarios.stock.parity.egos import Ego, EgoKind
from scenarios.stock.parity.near_tie import Tie, closest_call
from scenarios.stock.parity.orders import orders
from scenarios.stock.parity.sensitivity import difference, excess
from scenarios.stock.parity.states import (
    FLOATS,
    INTEGERS,
    StockStates,
    discrete,
    first_difference,
    own_floats,
    own_integers,
)
from scenarios.stock.upstream import decide

__all__ = ["EpisodeParity", "compare_episode"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

UNBOUNDED_S = 40.0
"""Bound on an episode of an environment that has none (merge)."""

RUN_ON_S = 30.0
"""For how long an episode goes on when it has terminated, within its duration."""


@dataclass(frozen=True, kw_only=True)
class EpisodeParity:
    """What the three comparisons found in one episode.

    Attributes:
        seed: Of the stock environment.
        decisions: Decisions taken.
        steps: Simulation steps compared.
        changes: How often a discrete quantity of an entity changed, entities that appeared or left included,
            so that agreement means something.
        crashed: Whether a controlled vehicle crashed.
        hits: How many entities something drove against, landmarks such as a parking place included.
        stock_break: Where parity and stock first differ, in words; None if they never do.
        one_step_m: Largest difference of canonical and parity in x, y, heading or speed after one decision
            from the same state, over decisions without a tie.
        one_step_excess: By how much that is more than rounding explains (``sensitivity``), largest over the
            decisions.
        one_step_ties: Decisions at which canonical took another discrete decision from the same state.
        free_break: First decision at which free-running canonical differs from parity in a discrete decision.
        tie: The compared quantities there.
    """

    seed: int
    decisions: int
    steps: int
    changes: int
    crashed: bool
    hits: int
    stock_break: str | None
    one_step_m: float
    one_step_excess: float
    one_step_ties: tuple[Tie, ...]
    free_break: int | None
    tie: Tie | None


@dataclass(kw_only=True)
class _Lockstep:
    """Follows a stock environment, simulation step by simulation step."""

    environment: Any
    start: World
    built: World | None
    stock_break: str | None = None
    steps: int = 0
    changes: int = 0
    decision: int = 0
    one_step_m: float = 0.0
    one_step_excess: float = 0.0
    one_step_ties: list[Tie] = field(default_factory=list)
    free_break: int | None = None
    tie: Tie | None = None

    def __post_init__(self) -> None:
        self._parity = WorldBatch([self.start], numerics="parity")
        self._free, self._single = WorldBatch([self.start]), WorldBatch([self.start])
        self._stock = StockStates(self.start.network)
        self._commands, self._manoeuvres = np.zeros((1, 1, 2)), np.zeros((1, 1), dtype=np.int64)
        self._begins = True
        road = self.environment.road
        stock_step = road.step

        def step(dt: float) -> None:
            stock_step(dt)
            self._follow()

        road.step = step
        self._compare("at the start")
        if self.built is not None and self.built.digest != self.start.digest and self.stock_break is None:
            self.stock_break = "at the start: drivebench builds another world"

    def decide(self, action: Any, *, whole: bool) -> None:
        """One decision of stock, and the same of ours."""
        before, previous = self._parity.snapshot(0), discrete(self._parity)
        free_before = self._free.snapshot(0)
        self._commands, self._manoeuvres = orders(self.environment, action)
        self._begins = True
        decide(self.environment, action, whole=whole)
        after = discrete(self._parity)
        self.changes += _changes(previous, after)
        if self.free_break is None:
            self._run_free(before, free_before, after)
        self._decide_canonically(before, after)
        self.decision += 1

    def _follow(self) -> None:
        """One simulation step, after stock has taken its own."""
        self._parity.drive_substep(self._commands, self._manoeuvres, new_action=self._begins)
        self._begins = False
        self.steps += 1
        self._compare(f"decision {self.decision}, simulation step {self.steps}")

    def _compare(self, when: str) -> None:
        if self.stock_break is not None:
            return
        own = own_integers(self._parity)
        floats, integers = self._stock.read(self.environment.road, own[0])
        difference = first_difference(own, integers, INTEGERS) or first_difference(
            own_floats(self._parity), floats, FLOATS
        )
        if difference is None and self.start.open_traffic is not None:
            difference = self._random_difference()
        if difference is not None:
            self.stock_break = f"{when}: {difference}"

    def _random_difference(self) -> str | None:
        own = state_in(self._parity.random[0])
        return _unequal(own, self._stock_random())

    def _stock_random(self) -> RandomState:
        return state_of(self.environment.np_random)

    def finish(self) -> None:
        """Compare what vehicles that leave and appear after the last decision drew.

        Ours do so before the next one, stock's have done so already.
        """
        if self.stock_break is None and self.start.open_traffic is not None:
            own = state_in(self._parity.random_after(0))
            if (found := _unequal(own, self._stock_random())) is not None:
                self.stock_break = f"after decision {self.decision}: {found}"

    @property
    def hits(self) -> int:
        """Entities that were driven against."""
        return int(self._parity.entity_int[0, EntityInt.HIT, : self._parity.entities[0]].sum())

    def _run_free(self, before: World, free_before: World, after: Ints) -> None:
        self._free.drive(self._commands, self._manoeuvres)
        if not np.array_equal(discrete(self._free), after):
            self.free_break = self.decision
            self.tie = closest_call(before, free_before, self._commands, self._manoeuvres, self.decision)

    def _decide_canonically(self, before: World, after: Ints) -> None:
        """The same decision from the same state in canonical numerics."""
        self._single.load(0, before)
        self._single.drive(self._commands, self._manoeuvres)
        if np.array_equal(discrete(self._single), after):
            differs = difference(self._parity, self._single)
            exceeds = excess(differs, before, self._parity, self._commands, self._manoeuvres)
            self.one_step_m = max(self.one_step_m, differs)
            self.one_step_excess = max(self.one_step_excess, exceeds)
        else:
            tie = closest_call(before, before, self._commands, self._manoeuvres, self.decision)
            assert tie is not None
            self.one_step_ties.append(tie)


def _unequal(own: RandomState, stock: RandomState) -> str | None:
    return None if own == stock else f"random numbers {own}; stock has {stock}"


def _changes(previous: Ints, after: Ints) -> int:
    """How many discrete quantities changed, by identity (row 0); who appears or leaves counts once."""
    if previous.shape == after.shape and np.array_equal(previous[0], after[0]):
        return int((previous != after).sum())
    _, old, new = np.intersect1d(previous[0], after[0], return_indices=True)
    moved = int(previous.shape[1] + after.shape[1] - 2 * len(old))
    return moved + int((previous[:, old] != after[:, new]).sum())


def compare_episode(
    case: ParityCase, kind: EgoKind, seed: int, *, longest: int | None = None, whole: int = 0
) -> EpisodeParity:
    """Drive one stock episode and both numerics along with it.

    Args:
        case: Which environment.
        kind: How its controlled vehicles are driven.
        seed: Of its reset.
        longest: Bound on the decisions; None for whole episodes.
        whole: For how many decisions stock takes whole steps, with observation and reward, instead of only
            simulating.
    """
    environment = case.environment(seed)
    lockstep = _Lockstep(environment=environment, start=case.take(environment), built=case.build(seed))
    hz = float(environment.config["policy_frequency"])
    bound = _bound(case, environment)
    if longest is not None:
        bound = min(bound, longest)
    ego = Ego(environment, kind, seed)
    ends: int | None = None
    while lockstep.decision < (bound if ends is None else min(bound, ends)) and lockstep.stock_break is None:
        lockstep.decide(ego.action(), whole=lockstep.decision < whole)
        if ends is None and environment._is_terminated():
            ends = lockstep.decision + round(RUN_ON_S * hz)
    lockstep.finish()
    return EpisodeParity(
        seed=seed,
        decisions=lockstep.decision,
        steps=lockstep.steps,
        changes=lockstep.changes,
        crashed=any(bool(vehicle.crashed) for vehicle in environment.controlled_vehicles),
        hits=lockstep.hits,
        stock_break=lockstep.stock_break,
        one_step_m=lockstep.one_step_m,
        one_step_excess=lockstep.one_step_excess,
        one_step_ties=tuple(lockstep.one_step_ties),
        free_break=lockstep.free_break,
        tie=lockstep.tie,
    )


def _bound(case: ParityCase, environment: Any) -> int:
    """Decisions of an episode that nothing ends before."""
    duration = float(environment.config.get("duration", UNBOUNDED_S))
    bound = round(duration * float(environment.config["policy_frequency"]))
    return bound if case.config or case.scene else IDS[case.env_id].max_episode_steps or bound
