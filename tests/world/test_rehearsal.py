"""Copies to look ahead in: what happens in them is what will happen, near the ego."""

import numpy as np
import pytest

from drivebench.errors import ConfigurationError
from drivebench.scenario import load_scenario
from drivebench.world import World, WorldBatch
from drivebench.world.layout import EntityFloat, EntityInt, WorldInt
from drivebench.world.rehearsal import Rehearsal, rehearse

DECISIONS = 15
SLOTS = np.array([2, 0, 0, 1])


def some_worlds() -> list[World]:
    families = "merge-v1", "roundabout-v1", "highway-v1"
    return [load_scenario(family).episode(1_310_003).world for family in families]


def driven(batch: WorldBatch, commands: np.ndarray) -> None:
    batch.drive(commands, np.full((len(batch), 1), -1))


@pytest.fixture
def worlds() -> WorldBatch:
    """A batch that has driven for a while."""
    batch = WorldBatch(some_worlds())
    for _ in range(5):
        driven(batch, np.full((3, 1, 2), 0.01))
    return batch


def rehearsed(worlds: WorldBatch, near_m: float) -> Rehearsal:
    rehearsal = Rehearsal()
    arguments = rehearsal.copy(worlds, SLOTS, np.full(len(SLOTS), near_m))
    for _ in range(DECISIONS):
        rehearse(0, len(SLOTS), np.full((len(SLOTS), 1, 2), 0.02), np.ones(len(SLOTS), np.bool_), *arguments)
    return rehearsal


def test_copies_go_on_as_the_worlds_do(worlds: WorldBatch) -> None:
    rehearsal = rehearsed(worlds, np.inf)
    for _ in range(DECISIONS):
        driven(worlds, np.full((3, 1, 2), 0.02))
    np.testing.assert_array_equal(rehearsal.entity_float, worlds.entity_float[SLOTS])
    np.testing.assert_array_equal(rehearsal.entity_int, worlds.entity_int[SLOTS])


def test_the_worlds_stay_as_they_are(worlds: WorldBatch) -> None:
    before = worlds.entity_float.copy(), worlds.entity_int.copy(), worlds.world_int.copy()
    rehearsed(worlds, np.inf)
    for then, now in zip(before, (worlds.entity_float, worlds.entity_int, worlds.world_int), strict=True):
        np.testing.assert_array_equal(now, then)


def test_vehicles_that_are_far_are_left_out_and_the_others_keep_their_order(worlds: WorldBatch) -> None:
    near_m = 60.0
    rehearsal = Rehearsal()
    rehearsal.copy(worlds, SLOTS, np.full(len(SLOTS), near_m))
    for copy, slot in enumerate(SLOTS.tolist()):
        ego, count = int(worlds.ego[slot]), int(worlds.entities[slot])
        away = np.hypot(worlds.x[slot] - worlds.x[slot, ego], worlds.y[slot] - worlds.y[slot, ego])[:count]
        kept = np.flatnonzero(away <= near_m)
        assert 1 < len(kept) < count
        assert rehearsal.world_int[copy, WorldInt.ENTITIES] == len(kept)
        assert rehearsal.world_int[copy, WorldInt.VEHICLES] == (kept < worlds.vehicles[slot]).sum()
        assert kept[rehearsal.world_int[copy, WorldInt.EGO]] == ego
        np.testing.assert_array_equal(
            rehearsal.entity_float[copy, :, : len(kept)], worlds.entity_float[slot][:, kept]
        )
        identities = rehearsal.entity_int[copy, EntityInt.IDENTITY, : len(kept)]
        np.testing.assert_array_equal(identities, worlds.identity[slot, kept])


def test_who_is_left_out_matters_little_to_the_ego(worlds: WorldBatch) -> None:
    """The commands are fixed, so that the ego itself must come out the same."""
    whole, part = rehearsed(worlds, np.inf), rehearsed(worlds, 60.0)
    for copy in range(len(SLOTS)):
        places = [int(each.world_int[copy, WorldInt.EGO]) for each in (whole, part)]
        np.testing.assert_array_equal(
            whole.entity_float[copy, : EntityFloat.STEERING, places[0]],
            part.entity_float[copy, : EntityFloat.STEERING, places[1]],
        )


def test_room_is_used_again(worlds: WorldBatch) -> None:
    rehearsal = Rehearsal()
    rehearsal.copy(worlds, SLOTS, np.full(len(SLOTS), 60.0))
    first = rehearsal.entity_float
    rehearsal.copy(worlds, SLOTS[:2], np.full(2, np.inf))
    assert rehearsal.entity_float is first
    np.testing.assert_array_equal(rehearsal.entity_float[:2], worlds.entity_float[SLOTS[:2]])


def test_parity_numerics_are_refused() -> None:
    batch = WorldBatch(some_worlds()[:1], numerics="parity")
    with pytest.raises(ConfigurationError, match="canonical"):
        Rehearsal().copy(batch, np.zeros(1, np.int64), np.zeros(1))
