"""Scripts: what they do, what they refuse, and that nothing depends on anything but the episode."""

import pickle
from dataclasses import replace
from typing import Any

import numba
import numpy as np
import pytest
from invented_worlds import crossing, motorway, motorway_network

from drivebench.errors import ConfigurationError
from drivebench.world import Capacity, EntityKind, World, WorldBatch, quantise
from drivebench.world.actions import STEERING_RANGE_RAD
from drivebench.world.build import build_world, vehicle_on_lane
from drivebench.world.layout import EntityFloat
from drivebench.world.script import Script

DECISIONS = 30
LEADER = 1


def speeds_of(seed: int) -> np.ndarray:
    return np.abs(10.0 + 4.0 * np.random.default_rng(seed).standard_normal((20, 1)))


def scripted(seed: int, script: Script | None = None) -> World:
    """An ego behind an actor, with traffic behind and beside it."""
    network = motorway_network()
    cars = [
        vehicle_on_lane(network, ("0", "1", 1), 300.0, speed_mps=10.0, kind=EntityKind.EGO),
        vehicle_on_lane(network, ("0", "1", 1), 330.0, speed_mps=10.0, kind=EntityKind.CONTROLLED),
        vehicle_on_lane(network, ("0", "1", 1), 270.0 - seed % 5, speed_mps=11.0, target_speed_mps=12.0),
        vehicle_on_lane(network, ("0", "1", 2), 310.0, speed_mps=12.0, target_speed_mps=12.0),
    ]
    if script is None:
        gusts = 0.05 * np.sin(np.arange(12) + seed)
        script = Script(steering_gust_rad=gusts, actors=(LEADER,), speeds_mps=speeds_of(seed))
    return build_world(network, cars, script=script)


def actions_of(seed: int) -> np.ndarray:
    return np.random.default_rng([9, seed]).uniform(-0.1, 0.1, (DECISIONS, 2))


def driven(worlds: list[World], batch_size: int, order: list[int]) -> list[bytes]:
    """The states of each world after each decision, in the worlds' own order."""
    found = [b""] * len(worlds)
    for begin in range(0, len(order), batch_size):
        places = order[begin : begin + batch_size]
        batch = WorldBatch([worlds[k] for k in places])
        for decision in range(DECISIONS):
            batch.step(quantise([actions_of(k)[decision] for k in places]))
            for slot, k in enumerate(places):
                n = int(batch.entities[slot])
                found[k] += batch.entity_float[slot, :, :n].tobytes() + batch.trace[slot, :, :n].tobytes()
    return found


@pytest.mark.parametrize("threads", [1, 2])
def test_company_order_and_threads_do_not_matter(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    monkeypatch.setattr(numba, "get_num_threads", lambda: threads)
    worlds = [scripted(k) if k % 3 else motorway(k, 4) for k in range(14)]
    ordered = list(range(14))
    alone = driven(worlds, 1, ordered)
    assert len(set(alone)) == 14
    shuffled = [int(k) for k in np.random.default_rng(1).permutation(14)]
    for size, order in ((7, ordered), (7, shuffled), (14, shuffled)):
        assert driven(worlds, size, order) == alone


def test_a_gust_is_added_to_the_wheels_and_ends() -> None:
    gusts = np.array([0.02, -0.03, STEERING_RANGE_RAD])
    batch = WorldBatch([scripted(0, Script(steering_gust_rad=gusts)), scripted(0, Script())])
    steered = []
    for _ in range(5):
        batch.step(quantise([[0.0, 0.25], [0.0, 0.25]]))
        steered.append(batch.steering[:, 0].copy())
    own = steered[0][1]
    expected = [own + 0.02, own - 0.03, STEERING_RANGE_RAD, own, own]
    assert [float(row[0]) for row in steered] == expected
    assert all(row[1] == own for row in steered)


def test_without_gusts_a_script_leaves_every_bit_of_the_ego_alone() -> None:
    still = replace(scripted(3), script=None)
    speeds = np.full((4, 1), float(still.entity_float[EntityFloat.TARGET_SPEED, LEADER]))
    same = scripted(3, Script(actors=(LEADER,), speeds_mps=speeds))
    (a, b) = driven([still, same], 2, [0, 1])
    actions = actions_of(0)
    batches = [WorldBatch([world]) for world in (still, same)]
    for decision in range(DECISIONS):
        for batch in batches:
            batch.step(quantise([actions[decision]]))
    assert batches[0].entity_float.tobytes() == batches[1].entity_float.tobytes()
    assert a != b, "the two were driven by different actions"


def test_an_actor_wants_the_speed_of_the_decision_and_then_the_last() -> None:
    speeds = np.array([[8.0], [0.0], [15.0]])
    batch = WorldBatch([scripted(0, Script(actors=(LEADER,), speeds_mps=speeds))])
    wanted = []
    for _ in range(5):
        batch.step(quantise([[0.0, 0.0]]))
        wanted.append(float(batch.entity_float[0, EntityFloat.TARGET_SPEED, LEADER]))
    assert wanted == [8.0, 0.0, 15.0, 15.0, 15.0]
    assert 0.0 < float(batch.speed[0, LEADER]) < 15.0


def test_only_a_new_action_reads_the_next_line_of_a_script() -> None:
    whole, split = (WorldBatch([scripted(5)]) for _ in range(2))
    idle = WorldBatch([scripted(5)])
    for decision in range(8):
        action = quantise([actions_of(5)[decision]])
        whole.step(action)
        for substep in range(3):
            split.substep(action, new_action=substep == 0)
        idle.step(action, np.array([False]))
    assert whole.entity_float.tobytes() == split.entity_float.tobytes()
    assert idle.entity_float.tobytes() == WorldBatch([scripted(5)]).entity_float.tobytes()


def test_commands_of_the_caller_are_not_written() -> None:
    batch = WorldBatch([scripted(1)])
    commands = np.zeros((1, 1, 2))
    batch.drive(commands, np.full((1, 1), -1))
    assert not commands.any()
    assert float(batch.steering[0, 0]) != 0.0


def test_copies_snapshots_pickles_and_loads_go_on_alike() -> None:
    batch = WorldBatch([scripted(2), motorway(0, 3)])
    for decision in range(5):
        batch.step(quantise([actions_of(2)[decision]] * 2))
    roomy = WorldBatch([motorway(1, 3)], capacity=Capacity(gusts=3))
    roomy.load(0, batch.snapshot(0))
    others = [batch.copy([0]), WorldBatch([batch.snapshot(0)]), pickle.loads(pickle.dumps(batch)), roomy]
    for decision in range(5, DECISIONS):
        for each in (batch, *others):
            each.step(quantise([actions_of(2)[decision]] * len(each)))
    n = int(batch.entities[0])
    for other in others:
        assert other.entity_float[0, :, :n].tobytes() == batch.entity_float[0, :, :n].tobytes()


def test_a_slot_forgets_the_script_of_the_world_before() -> None:
    batch = WorldBatch([scripted(2)])
    batch.load(0, scripted(2, Script()))
    batch.step(quantise([[0.0, 0.0]]))
    assert float(batch.steering[0, 0]) == 0.0


@pytest.mark.parametrize("taken", ["copy", "snapshot of a copy", "copy of a copy"])
@pytest.mark.parametrize("now", [0, 1, 7])
def test_a_held_script_knows_nothing_of_what_is_to_come(now: int, taken: str) -> None:
    """Two scripts that agree in what has happened give the same bits ahead, whatever is to come."""
    first = scripted(4).script
    assert first is not None
    gusts, speeds = first.steering_gust_rad.copy(), first.speeds_mps.copy()
    gusts[now:], speeds[now:] = 0.3, 0.0
    second = Script(steering_gust_rad=gusts, actors=(LEADER,), speeds_mps=speeds)
    ahead = []
    for script in (first, second):
        batch = WorldBatch([scripted(4, script)])
        for decision in range(now):
            batch.step(quantise([actions_of(4)[decision]]))
        copy = batch.copy([0, 0], hold_script=True)
        if taken == "copy of a copy":
            copy.step(quantise([actions_of(4)[now]] * 2))
            copy = copy.copy([0], hold_script=True)
        elif taken == "snapshot of a copy":
            copy = WorldBatch([copy.snapshot(0)])
        target = copy.entity_float[0, EntityFloat.TARGET_SPEED, LEADER].copy()
        for _ in range(10):
            copy.step(quantise([[0.0, 0.0]] * len(copy)))
        assert copy.entity_float[0, EntityFloat.TARGET_SPEED, LEADER] == target
        assert float(copy.steering[0, 0]) == (gusts[now - 1] if now else 0.0)
        ahead.append(copy.entity_float.tobytes())
        batch.step(quantise([[0.0, 0.0]]))
        ahead.append(batch.entity_float.tobytes())
    assert ahead[0] == ahead[2]
    assert ahead[1] != ahead[3], "the scripts do not differ in what is to come"


def test_a_script_is_part_of_the_digest_and_no_script_is_not() -> None:
    bare = replace(scripted(0), script=None)
    script = scripted(0).script
    assert script is not None
    digests = [
        bare.digest,
        replace(bare, script=Script()).digest,
        replace(bare, script=script).digest,
        replace(bare, script=script.held(3)).digest,
        replace(bare, script=Script(steering_gust_rad=script.steering_gust_rad)).digest,
        replace(bare, script=Script(actors=(LEADER,), speeds_mps=script.speeds_mps)).digest,
    ]
    assert len(set(digests)) == len(digests)
    assert replace(bare, script=replace(script)).digest == replace(bare, script=script).digest


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"steering_gust_rad": np.zeros((2, 2))}, r"steering_gust_rad has shape \(2, 2\)"),
        ({"steering_gust_rad": np.array([np.nan])}, "steering_gust_rad is not finite"),
        ({"steering_gust_rad": np.array([1.0])}, "beyond the steering range"),
        ({"actors": (1,)}, r"speeds_mps has shape \(0, 0\) for 1 actors"),
        ({"actors": (1,), "speeds_mps": np.zeros((3, 2))}, r"expected \(T, 1\)"),
        ({"actors": (1,), "speeds_mps": np.full((3, 1), np.inf)}, "not finite or negative"),
        ({"actors": (1,), "speeds_mps": np.full((3, 1), -1.0)}, "not finite or negative"),
        ({"held_after": -1}, "held after -1"),
        ({"actors": (7,), "speeds_mps": np.zeros((1, 1))}, "actor 7 is not there"),
        ({"actors": (-1,), "speeds_mps": np.zeros((1, 1))}, "actor -1 is not there"),
        ({"actors": (2,), "speeds_mps": np.zeros((1, 1))}, "actor 2 is of kind IDM"),
        ({"actors": (0,), "speeds_mps": np.zeros((1, 1))}, "actor 0 is of kind EGO, an agent"),
        ({"actors": (1, 1), "speeds_mps": np.zeros((1, 2))}, "expected no two alike"),
    ],
)
def test_scripts_that_cannot_be_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        scripted(0, Script(**given))


def test_gusts_need_wheels_and_actors_need_columns_that_stay() -> None:
    gusts = Script(steering_gust_rad=np.array([0.1]))
    with pytest.raises(ConfigurationError, match="an ego of kind CONTROLLED"):
        replace(motorway(0, 3, ego=EntityKind.CONTROLLED), script=gusts)
    world = scripted(0)
    with pytest.raises(ConfigurationError, match="actor 0 is of kind CONTROLLED, an agent"):
        replace(
            motorway(0, 3, ego=EntityKind.CONTROLLED), script=Script(actors=(0,), speeds_mps=np.ones((1, 1)))
        )
    with pytest.raises(ConfigurationError, match="in open traffic"):
        replace(crossing(0), script=world.script)
