"""The planner with the eyes of the camera track: what it can see, what it keeps in mind, how it drives."""

from dataclasses import replace

import numpy as np
import pytest
from scenes import own_reference

from drivebench.evaluation.rollout import DriverPilot, roll_out
from drivebench.metric.parts import parts
from drivebench.metric.score import dbs
from drivebench.scenario import Episode, load_scenario
from drivebench.world import EntityKind, World, WorldBatch, quantise
from drivebench.world.build import VehicleSpec, build_world, vehicle_on_lane
from scenarios.camera_expert import MEMORY, CameraExpert
from scenarios.highway import PARAMETERS
from scenarios.visibility import RIG, seen_by

EPISODE = load_scenario("highway-v1").episode(1_300_000)
START_M = 440.0


def road_with(*others: tuple[float, int] | VehicleSpec) -> World:
    """The motorway, the ego on lane 2, and cars so far ahead of it, on some lane."""
    network = EPISODE.world.network
    ego = VehicleSpec(kind=EntityKind.EGO, x_m=START_M, y_m=8.0, speed_mps=25.0)
    cars = [
        other
        if isinstance(other, VehicleSpec)
        else vehicle_on_lane(network, ("0", "1", other[1]), START_M + other[0], speed_mps=25.0)
        for other in others
    ]
    return build_world(network, [ego, *cars], traffic=PARAMETERS)


def seen(world: World) -> list[bool]:
    found = np.zeros(world.entities, np.bool_)
    seen_by(RIG, world.entity_float, world.entity_int, world.ego, world.entities, found)
    return found.tolist()[1:]


def test_it_sees_ahead_and_in_the_mirrors_as_far_as_pictures_tell() -> None:
    near = [(80.0, 2), (80.0, 0), (-35.0, 1), (-35.0, 3)]
    far = [(110.0, 1), (-60.0, 1), (2.0, 3), (2.0, 1)]  # the last two beside it, in the blind spot
    assert [seen(road_with(other)) for other in near] == [[True]] * 4
    assert [seen(road_with(other)) for other in far] == [[False]] * 4


def test_a_lorry_hides_who_is_behind_it() -> None:
    lorry = replace(
        vehicle_on_lane(EPISODE.world.network, ("0", "1", 2), START_M + 20.0, speed_mps=25.0), width_m=3.0
    )
    assert seen(road_with(lorry, (40.0, 2))) == [True, False]
    assert seen(road_with(lorry, (40.0, 0))) == [True, True]
    assert seen(road_with((20.0, 0), (40.0, 2))) == [True, True]


def actions_on(world: World, decisions: int) -> np.ndarray:
    worlds, driver, slots = WorldBatch([world]), CameraExpert(), np.zeros(1, np.int64)
    driver.reset(worlds, {0: replace(EPISODE, world=world)}, slots)
    taken = []
    for _ in range(decisions):
        taken.append(driver.act(worlds, slots)[0])
        worlds.step(quantise(taken[-1][None]))
    return np.array(taken)


def test_it_does_not_react_to_whom_it_cannot_see() -> None:
    """A slow car comes near from beyond its sight: at first both worlds look the same."""
    slow = replace(vehicle_on_lane(EPISODE.world.network, ("0", "1", 2), START_M + 105.0, speed_mps=20.0))
    empty, occupied = actions_on(road_with((-200.0, 0)), 20), actions_on(road_with((-200.0, 0), slow), 20)
    unlike = np.flatnonzero((empty != occupied).any(axis=1))
    assert unlike[0] >= 2


def test_it_keeps_someone_in_mind_for_five_seconds_and_no_longer() -> None:
    world = road_with((30.0, 2))
    worlds, driver, slots = WorldBatch([world]), CameraExpert(), np.zeros(1, np.int64)
    driver.reset(worlds, {0: replace(EPISODE, world=world)}, slots)
    driver.act(worlds, slots)
    mind = driver._mind
    assert mind is not None
    assert mind.x[0, 1] == pytest.approx(worlds.x[0, 1])
    worlds.heading[0, 0] = np.pi / 2.0  # it looks to the side from now on
    for decision in range(MEMORY + 3):
        worlds.step(np.zeros((1, 2), np.int16))
        worlds.x[0, 0], worlds.y[0, 0], worlds.speed[0, 0] = START_M, 8.0, 0.0
        driver.act(worlds, slots)
        known = mind.x[0, 1] < 1e6
        assert known == (decision < MEMORY - 1), decision
        if known:
            assert mind.x[0, 1] == pytest.approx(worlds.x[0, 1], abs=1.0)


@pytest.mark.parametrize("family", ["highway-v1", "merge-v1", "roundabout-v1"])
def test_what_cameras_see_is_enough(family: str) -> None:
    episodes: list[Episode] = [load_scenario(family).episode(seed) for seed in range(1_340_000, 1_340_010)]
    rollouts = roll_out(episodes, [None] * len(episodes), DriverPilot(CameraExpert()))
    scores = [dbs(parts(each.measurement, own_reference(each))) for each in rollouts]
    assert np.mean(scores) > 85.0


def test_it_does_the_same_alone_as_in_a_batch() -> None:
    episodes = [load_scenario("merge-v1").episode(seed) for seed in range(1_340_000, 1_340_003)]
    together = roll_out(episodes, [None] * 3, DriverPilot(CameraExpert()))
    pilot = DriverPilot(CameraExpert())
    for place in (2, 0):
        (alone,) = roll_out([episodes[place]], [None], pilot)
        np.testing.assert_array_equal(alone.actions, together[place].actions)
