"""Parking: car parks that are as the page says, an expert that parks, and fools that do not."""

import math
from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray
from scenes import own_reference

from drivebench.evaluation.rollout import DriverPilot, Rollout, roll_out
from drivebench.metric.measurement import Ending
from drivebench.metric.monitor import Monitor
from drivebench.metric.parked import is_in_place, pose_error
from drivebench.metric.parts import is_success, parts
from drivebench.metric.score import dbs
from drivebench.scenario import Episode, load_scenario
from drivebench.sensors import SensorRig
from drivebench.world import EntityKind, WorldBatch, quantise
from drivebench.world.layout import EntityFloat, EntityInt
from scenarios.expert import Expert
from scenarios.parking import CAR_M, LIMIT_MPS, SCENARIO, car_park_of
from scenarios.parking_path import rows_of_gates

Floats = NDArray[np.float64]
CONDITIONS = SCENARIO.conditions
SEEDS = range(1_300_000, 1_300_012)


def episodes(condition: str = "nominal", seeds: range = SEEDS) -> list[Episode]:
    return [SCENARIO.episode(seed, condition) for seed in seeds]


@pytest.fixture(scope="module")
def by_expert() -> dict[str, list[Rollout]]:
    found = {}
    for condition in CONDITIONS:
        batch = episodes(condition)
        found[condition] = roll_out(batch, [None] * len(batch), DriverPilot(Expert()))
    return found


def test_all_layouts_and_both_sides_occur_and_there_are_free_and_full_bays() -> None:
    found = episodes(seeds=range(1_300_000, 1_300_040))
    assert len(Counter(car_park_of(each).layout for each in found)) == 4
    assert {each.route.commands[0].text.split()[7] for each in found} == {"left,", "right,"}
    for each in found:
        assert each.parking is not None
        kinds = [EntityKind(kind) for kind in each.world.entity_int[EntityInt.KIND]]
        cars = kinds.count(EntityKind.PLAIN)
        assert cars + 1 + len(each.parking.others) == len(car_park_of(each).bays)
        assert kinds.count(EntityKind.LANDMARK) == 1
        assert 2 <= kinds.count(EntityKind.OBSTACLE) <= 4


def test_in_dense_car_parks_both_neighbours_are_there_and_otherwise_one_is_not() -> None:
    for condition in ("nominal", "dense"):
        for each in episodes(condition):
            assert each.parking is not None
            goal, bays = each.parking.assigned, car_park_of(each).bays
            place = min(
                range(len(bays)), key=lambda k: math.hypot(bays[k].x_m - goal.x_m, bays[k].y_m - goal.y_m)
            )
            beside = [
                bays[k]
                for k in (place - 1, place + 1)
                if 0 <= k < len(bays) and bays[k].right == bays[place].right
            ]
            free = [(round(other.x_m, 3), round(other.y_m, 3)) for other in each.parking.others]
            empty = sum((round(bay.x_m, 3), round(bay.y_m, 3)) in free for bay in beside)
            assert empty == 0 if condition == "dense" else empty >= 1


def test_the_goal_is_on_the_route_and_marked_in_the_world() -> None:
    for each in episodes():
        assert each.parking is not None
        goal, route = each.parking.assigned, each.route
        assert route.points_m[-1] == pytest.approx((goal.x_m, goal.y_m))
        assert route.goal_m == route.arc_m[-1]
        mark = each.world.entity_float[:, -1]
        assert mark[EntityFloat.X] == goal.x_m
        assert mark[EntityFloat.Y] == goal.y_m
        x, y = each.world.entity_float[:2, 0]
        side = goal.y_m - y
        assert ("right" if side > 0.0 else "left") in route.commands[0].text
        assert pose_error(each.parking.rows[0], x, y, 1.0, 0.0, CAR_M[0]) > 4.0


def test_braking_at_a_stand_is_reversing_here_and_nowhere_else() -> None:
    for family, reverses in (("parking-v1", True), ("highway-v1", False)):
        batch = WorldBatch([load_scenario(family).episode(1_300_003).world])
        for _ in range(40):
            batch.step(quantise([[-0.5 if batch.speed[0, 0] > -0.5 else 0.0, 0.0]]))
        assert (batch.speed[0, 0] < 0.0) == reverses


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_expert_parks(condition: str, by_expert: dict[str, list[Rollout]]) -> None:
    for each in by_expert[condition]:
        measured, reference = each.measurement, own_reference(each)
        assert is_success(measured, reference), (each.episode.seed, measured.ended_by, measured.events)
        assert dbs(parts(measured, reference)) > 90.0
        assert measured.goal_m is not None
        assert measured.progress_m > measured.goal_m - 0.5


def test_the_expert_labels_states_and_not_histories(by_expert: dict[str, list[Rollout]]) -> None:
    """What it does in a state that it is shown out of order is what it did when it came there."""
    rollouts = by_expert["nominal"][:4]
    for each in rollouts:
        worlds = WorldBatch([each.episode.world])
        stop = len(each.actions) // 2
        for action in each.actions[:stop]:
            worlds.step(action[None])
        fresh = Expert()
        fresh.reset(worlds, {0: each.episode}, np.array([0]))
        assert np.array_equal(quantise(fresh.act(worlds, np.array([0])))[0], each.actions[stop])


def test_families_can_be_driven_in_one_batch() -> None:
    mixed = [SCENARIO.episode(1_300_000), load_scenario("lane-keeping-v1").episode(1_300_000)]
    alone = [roll_out([one], [None], DriverPilot(Expert()))[0] for one in mixed]
    together = roll_out(mixed, [None, None], DriverPilot(Expert()))
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one.actions, other.actions)


def test_the_goal_pose_by_hand() -> None:
    batch = [SCENARIO.episode(1_300_001), load_scenario("lane-keeping-v1").episode(1_300_000)]
    worlds = WorldBatch([each.world for each in batch])
    seen = SensorRig(["goal-pose"]).observe(worlds, Monitor(worlds, batch), np.arange(2))["goal-pose"]
    assert isinstance(seen, np.ndarray)
    assert batch[0].parking is not None
    goal = batch[0].parking.assigned
    x, y, heading = batch[0].world.entity_float[:3, 0]
    towards = math.atan2(goal.y_m - y, goal.x_m - x) - heading
    away, turned = math.hypot(goal.y_m - y, goal.x_m - x), goal.heading_rad - heading
    wanted = [1.0, away * math.cos(towards), away * math.sin(towards), math.cos(turned), math.sin(turned)]
    assert seen[0] == pytest.approx(wanted, abs=1e-5)
    assert (seen[1] == 0.0).all()


def test_gates_lead_into_the_place() -> None:
    from scenarios.parking_path import Gate, move

    lot, size = np.array((-15.0, -15.0, 15.0, 15.0)), np.array(CAR_M)
    gates = rows_of_gates(3.0, -2.0, 0.4, lot=lot, size=size)
    assert len(gates) > 100
    for gate in gates:
        pose = move(*gate[[Gate.X, Gate.Y, Gate.HEADING]], gate[Gate.FIRST], gate[Gate.FIRST_CURVATURE])
        pose = move(*pose, gate[Gate.ARC], gate[Gate.CURVATURE])
        x, y, heading = move(*pose, gate[Gate.STRAIGHT], 0.0)
        x, y = x + 2.5 * math.cos(heading), y + 2.5 * math.sin(heading)
        aside = (y + 2.0) * math.cos(0.4) - (x - 3.0) * math.sin(0.4)
        assert math.hypot(x - 3.0, y + 2.0) == pytest.approx(abs(aside), abs=1e-9)
        assert abs(aside) == pytest.approx(0.12 if gate[Gate.COST] > 0.0 else 0.0, abs=1e-9)
        assert abs(math.sin(heading - 0.4)) < 1e-9


def scores(rollouts: list[Rollout], by_expert: dict[str, list[Rollout]]) -> list[float]:
    references = [own_reference(each) for each in by_expert["nominal"]]
    return [
        dbs(parts(each.measurement, reference)) for each, reference in zip(rollouts, references, strict=True)
    ]


@pytest.mark.parametrize(
    ("name", "most"),
    [("parked", 5.0), ("random", 35.0), ("full speed", 35.0), ("straight on", 35.0), ("in reverse", 20.0)],
)
def test_fools_do_not_score(name: str, most: float, by_expert: dict[str, list[Rollout]]) -> None:
    generator = np.random.default_rng(3)

    def decide(worlds: WorldBatch, monitor: Monitor, slots: NDArray[np.int64]) -> NDArray[np.float32]:
        del monitor
        actions = np.zeros((len(slots), 2), np.float32)
        speed = worlds.speed[slots, 0]
        if name == "parked":
            actions[:, 0] = np.clip(-speed, -1.0, 1.0)
        elif name == "random":
            actions = generator.uniform(-1.0, 1.0, actions.shape).astype(np.float32)
        elif name == "full speed":
            actions[:, 0] = 1.0
        elif name == "straight on":
            actions[:, 0] = np.where(speed < 0.9 * LIMIT_MPS, 0.2, 0.0)
        else:
            actions[:, 0] = np.where(speed > -0.9 * LIMIT_MPS, -0.2, 0.0)
        return actions

    batch = episodes()
    references = [own_reference(each) for each in by_expert["nominal"]]
    assert np.mean(scores(roll_out(batch, references, decide), by_expert)) <= most


def test_stopping_before_the_bay_gets_no_more_than_the_share_of_the_pose_error(
    by_expert: dict[str, list[Rollout]],
) -> None:
    expert = by_expert["nominal"]
    references = [own_reference(each) for each in expert]
    for share in (0.25, 0.5, 0.75):
        turn = 0

        def decide(
            worlds: WorldBatch, monitor: Monitor, slots: NDArray[np.int64], stop: float = share
        ) -> NDArray[np.float32]:
            nonlocal turn
            actions = np.zeros((len(slots), 2), np.float32)
            for row, slot in enumerate(slots.tolist()):
                log = expert[slot].actions
                if turn < stop * len(log):
                    actions[row] = log[turn] / 32767
                else:
                    actions[row, 0] = np.clip(-worlds.speed[slot, 0], -0.5, 0.5)
            turn += 1
            return actions

        for each, reference in zip(roll_out(episodes(), references, decide), references, strict=True):
            ratio = max(each.measurement.progress_m, 0.0) / reference.distance_m
            assert dbs(parts(each.measurement, reference)) <= min(100.0 * ratio / 0.95, 80.0) + 1e-9
            assert not is_success(each.measurement, reference)


def test_parking_in_another_bay_scores_nothing() -> None:
    """An expert that is sent to another free bay, on the episode as it was."""
    from dataclasses import replace

    from drivebench.parking import ParkingTask

    found = 0
    for each in episodes(seeds=range(1_300_000, 1_300_006)):
        assert each.parking is not None
        goal = each.parking.assigned
        near = [
            place
            for place in each.parking.others
            if math.hypot(place.x_m - goal.x_m, place.y_m - goal.y_m) < 8.0
        ]
        if not near:
            continue
        told = replace(each, parking=ParkingTask(assigned=near[0]))

        class Misled(Expert):
            def reset(self, worlds, episodes, slots):  # type: ignore[no-untyped-def]
                super().reset(worlds, dict.fromkeys(episodes, told), slots)  # noqa: B023

        measured = roll_out([each], [None], DriverPilot(Misled()))[0].measurement
        assert measured.ended_by is Ending.OFF_ROUTE
        assert parts(measured, own_reference_of(each)).rc == 0.0
        found += 1
    assert found >= 2


def own_reference_of(episode: Episode) -> object:
    return own_reference(roll_out([episode], [None], DriverPilot(Expert()))[0])


def test_parked_cars_stand_within_their_bays() -> None:
    for each in episodes("dense"):
        places = car_park_of(each).bays
        floats = each.world.entity_float
        cars = np.flatnonzero(each.world.entity_int[EntityInt.KIND] == EntityKind.PLAIN)
        for car in cars.tolist():
            x, y, heading = floats[:3, car].tolist()
            assert any(
                is_in_place(
                    np.array([bay.x_m, bay.y_m, math.cos(bay.heading_rad), math.sin(bay.heading_rad)]),
                    x,
                    y,
                    math.cos(heading),
                    math.sin(heading),
                )
                for bay in places
            )
