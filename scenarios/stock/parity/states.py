"""The state that is compared, as highway-env's objects hold it and as the compiled world does.

Both sides give one column per entity, vehicles first: the floats compared bit by bit, the integers by value.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from drivebench.world import WorldBatch
from drivebench.world.layout import EntityFloat, EntityInt, EntityKind
from drivebench.world.network import RoadNetwork

__all__ = [
    "DISCRETE",
    "FLOATS",
    "INTEGERS",
    "StockStates",
    "discrete",
    "first_difference",
    "own_floats",
    "own_integers",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FLOATS = (
    "x",
    "y",
    "heading",
    "speed",
    "timer",
    "impact x",
    "impact y",
    "target speed",
    "steering",
    "acceleration",
    "lateral speed",
    "yaw rate",
    "delta",
)
INTEGERS = (
    "identity",
    "lane",
    "target lane",
    "crashed",
    "hit",
    "impact pending",
    "route length",
    "speed index",
    "yielding",
)

DISCRETE = tuple(name for name in INTEGERS if name != "impact pending")
"""What counts as a discrete decision."""

_FLOAT_ROWS = [
    EntityFloat.X,
    EntityFloat.Y,
    EntityFloat.HEADING,
    EntityFloat.SPEED,
    EntityFloat.TIMER,
    EntityFloat.IMPACT_X,
    EntityFloat.IMPACT_Y,
    EntityFloat.TARGET_SPEED,
    EntityFloat.STEERING,
    EntityFloat.ACCELERATION,
    EntityFloat.LATERAL_SPEED,
    EntityFloat.YAW_RATE,
    EntityFloat.DELTA,
]
_INT_ROWS = [
    EntityInt.IDENTITY,
    EntityInt.LANE,
    EntityInt.TARGET_LANE,
    EntityInt.CRASHED,
    EntityInt.HIT,
    EntityInt.HAS_IMPACT,
    EntityInt.ROUTE_LEFT,
    EntityInt.SPEED_INDEX,
    EntityInt.YIELDING,
]
_IMPACTS = [FLOATS.index("impact x"), FLOATS.index("impact y")]
_LANE, _TARGET_LANE = INTEGERS.index("lane"), INTEGERS.index("target lane")
_PENDING = INTEGERS.index("impact pending")
_NOTHING: dict[str, float] = {"steering": 0.0, "acceleration": 0.0}


class StockStates:
    """Reads the states of highway-env's entities; each keeps the number under which it was seen first.

    Attributes:
        entities: What was on the road when it was last read, vehicles first.
    """

    def __init__(self, network: RoadNetwork) -> None:
        self._network = network
        self._identities: dict[int, int] = {}
        self._seen: list[Any] = []
        self.entities: list[Any] = []

    def read(self, road: Any, identities: Ints) -> tuple[Floats, Ints]:
        """Floats [rows ``FLOATS``, N] and integers [rows ``INTEGERS``, N].

        Args:
            road: highway-env's road.
            identities: [N'] the compiled world's numbers of its entities. An entity that is seen for the
                first time takes the one at its place, if no other has it yet.
        """
        self.entities = [*road.vehicles, *road.objects]
        for place, entity in enumerate(self.entities):
            if id(entity) not in self._identities:
                number = int(identities[place]) if place < len(identities) else -1
                taken = number in self._identities.values()
                self._identities[id(entity)] = -2 if taken else number
                self._seen.append(entity)
        floats = [self._floats(entity) for entity in self.entities]
        integers = [self._integers(entity) for entity in self.entities]
        return np.array(floats).T, np.array(integers, dtype=np.int64).T

    @staticmethod
    def _floats(e: Any) -> tuple[float, ...]:
        action = getattr(e, "action", None)
        impact = None if action is None else e.impact
        action = action or _NOTHING
        x, y = e.position
        return (
            x,
            y,
            e.heading,
            e.speed,
            getattr(e, "timer", 0.0),
            0.0 if impact is None else impact[0],
            0.0 if impact is None else impact[1],
            getattr(e, "target_speed", 0.0),
            action["steering"],
            action["acceleration"],
            getattr(e, "lateral_speed", 0.0),
            getattr(e, "yaw_rate", 0.0),
            getattr(e, "DELTA", 4.0),
        )

    def _integers(self, e: Any) -> tuple[int, ...]:
        lane = self._network.lane(e.lane_index)
        target = getattr(e, "target_lane_index", None)
        return (
            self._identities[id(e)],
            lane,
            lane if target is None else self._network.lane(target),
            int(e.crashed),
            int(e.hit),
            int(hasattr(e, "action") and e.impact is not None),
            len(getattr(e, "route", None) or ()),
            int(getattr(e, "speed_index", 0)),
            int(getattr(e, "is_yielding", False)),
        )


def own_floats(batch: WorldBatch, slot: int = 0) -> Floats:
    """[rows ``FLOATS``, N] of one world of a batch; an impact that does not act any more counts as 0."""
    n = int(batch.entities[slot])
    floats: Floats = batch.entity_float[slot, _FLOAT_ROWS, :n]
    none = batch.entity_int[slot, EntityInt.HAS_IMPACT, :n] == 0
    floats[np.ix_(_IMPACTS, none)] = 0.0
    return floats


def own_integers(batch: WorldBatch, slot: int = 0) -> Ints:
    """[rows ``INTEGERS``, N] of one world of a batch; who has no target lane reports the lane."""
    n = int(batch.entities[slot])
    integers: Ints = batch.entity_int[slot, _INT_ROWS, :n]
    kind = batch.kind[slot, :n]
    free = (kind != EntityKind.IDM) & (kind != EntityKind.LINEAR) & (kind != EntityKind.CONTROLLED)
    integers[_TARGET_LANE, free] = integers[_LANE, free]
    return integers


def discrete(batch: WorldBatch, slot: int = 0) -> Ints:
    """[rows ``DISCRETE``, N] what one world of a batch decided: all integers but pending impacts."""
    return np.delete(own_integers(batch, slot), _PENDING, axis=0)


def first_difference(own: Floats | Ints, stock: Floats | Ints, names: tuple[str, ...]) -> str | None:
    """Which quantity of which entity differs first, None if all are the same bits."""
    if own.shape == stock.shape and own.tobytes() == stock.tobytes():
        return None
    if own.shape != stock.shape:
        return f"{own.shape[1]} entities; stock has {stock.shape[1]}"
    for name, ours, theirs in zip(names, own, stock, strict=True):
        for place, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            if one.tobytes() != other.tobytes():
                return f"{name} of entity {place}: {one!r}; stock has {other!r}"
    raise AssertionError("the bytes differ, but no entry does")
