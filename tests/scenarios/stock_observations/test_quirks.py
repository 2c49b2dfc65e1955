"""What highway-env's observations do that one would not expect; and how observers behave in a batch."""

from collections.abc import Sequence
from typing import Any

import gymnasium
import numba
import numpy as np
import pytest

from drivebench.errors import ConfigurationError, DrivebenchError, UnknownNameError
from drivebench.world import EntityKind, World, WorldBatch
from drivebench.world.build import VehicleSpec, build_network, build_world
from drivebench.world.lane_spec import LaneSpec
from drivebench.world.layout import EntityInt, LaneKind
from scenarios.stock.observations import make_observer

EGO, OTHER = EntityKind.CONTROLLED, EntityKind.PLAIN
AXES = ("presence", "x", "y", "vx", "vy")


def road(others: Sequence[VehicleSpec], *, lanes: int = 2, length_m: float = 1000.0, **options: Any) -> World:
    """A straight road of some lanes; the ego at x = 500 m on the left one, 20 m/s; a wider one follows."""
    network = build_network(
        [
            *(("a", "b", LaneSpec.straight((0, 4 * k), (length_m, 4 * k))) for k in range(lanes)),
            *(("b", "c", LaneSpec.straight((length_m, 4 * k), (2000, 4 * k))) for k in range(lanes + 1)),
        ]
    )
    ego = VehicleSpec(kind=EGO, x_m=500.0, y_m=0.0, speed_mps=20.0, target_speed_mps=20.0)
    return build_world(network, [ego, *others], **options)


def car(x_m: float, y_m: float = 0.0, speed_mps: float = 20.0, **options: Any) -> VehicleSpec:
    return VehicleSpec(
        kind=options.pop("kind", OTHER), x_m=500.0 + x_m, y_m=y_m, speed_mps=speed_mps, **options
    )


def observe(world: World, config: dict[str, Any]) -> Any:
    batch = WorldBatch([world])
    observer = make_observer(config, policy_hz=1.0)
    observer.begin(batch, [0])
    return observer.observe(batch, [0])[0]


def places(world: World, **config: Any) -> list[float]:
    """The others' x, in the order of the rows."""
    plain = {"type": "Kinematics", "features": ["x", "presence"], "normalize": False, "vehicles_count": 9}
    rows = observe(world, plain | config)
    return [round(float(x), 3) for x, presence in rows[1:] if presence]


def test_rows_are_sorted_along_the_lane_and_equals_keep_their_order() -> None:
    world = road([car(30, 0), car(20, 40), car(10, 4), car(-10, 0), car(10, 0)])
    assert places(world, see_behind=True) == [10, -10, 10, 20, 30]
    assert places(world) == [10, 10, 20, 30]


def test_far_behind_is_not_seen_objects_never_and_nobody_200_m_away() -> None:
    stone = car(-12, 4, 0.0, kind=EntityKind.OBSTACLE)
    world = road([car(-10), car(-9.5), car(-150), car(200), car(199.5), stone])
    assert places(world) == [-9.5, 199.5]
    assert places(world, see_behind=True) == [-9.5, -10, -150, 199.5]
    nearer = road(
        [car(30), car(8, 4, 0.0, kind=EntityKind.OBSTACLE), car(12, 4, 0.0, kind=EntityKind.LANDMARK)]
    )
    assert places(nearer) == [8, 12, 30]
    assert places(nearer, include_obstacles=False) == [30]


def test_objects_have_no_heading_and_missing_rows_are_zeros() -> None:
    world = road([car(8, 4, 0.0, kind=EntityKind.OBSTACLE)])
    features = ["heading", "lat_off", "vx", "cos_h", "presence"]
    rows = observe(
        world, {"type": "Kinematics", "features": features, "normalize": False, "vehicles_count": 3}
    )
    np.testing.assert_array_equal(
        rows, np.array([[0, 0, 20, 1, 1], [np.nan, np.nan, -20, 1, 1], [0, 0, 0, 0, 0]], np.float32)
    )


def test_range_of_y_is_that_of_the_first_observation_of_an_episode() -> None:
    batch = WorldBatch([road([car(5, 4)]), road([car(5, 4)])])
    observer = make_observer({"type": "Kinematics"}, policy_hz=1.0)
    observer.begin(batch, [0, 1])
    first = observer.observe(batch, [0, 1])
    assert first[:, 1, 2].tolist() == [0.5, 0.5]  # 4 m of two lanes' 8 m
    batch.entity_int[:, EntityInt.LANE, 0] = 2  # of three lanes
    observer.begin(batch, [1])
    assert observer.observe(batch, [0, 1])[:, 1, 2].tolist() == [0.5, np.float32(4 / 12)]


def test_a_count_of_one_is_the_ego_alone_as_the_space_says() -> None:
    rows = observe(road([car(5)]), {"type": "Kinematics", "vehicles_count": 1, "normalize": False})
    assert rows.tolist() == [[1, 500, 0, 20, 0]]


def test_unsorted_rows_come_in_a_random_order_from_the_environments_stream() -> None:
    config = {
        "type": "Kinematics",
        "features": ["x"],
        "normalize": False,
        "order": "shuffled",
        "vehicles_count": 4,
    }
    batch = WorldBatch([road([car(30), car(20), car(10), car(15)])])
    observer = make_observer(config, policy_hz=1.0)
    assert observer.draws
    with pytest.raises(ConfigurationError, match="random is zero"):
        observer.begin(batch, [0])
    batch.random[0] = (0, 1, 0, 3, 0, 0)
    observer.begin(batch, [0])
    orders = {tuple(observer.observe(batch, [0])[0, 1:, 0].tolist()) for _ in range(60)}
    assert len(orders) == 6
    assert {tuple(sorted(order)) for order in orders} == {(10, 20, 30)}  # the first three of the road's list


GRID = {"type": "OccupancyGrid", "grid_size": [[-10, 10], [-6, 6]], "grid_step": [5, 4]}


def test_the_first_vehicle_of_the_road_counts_in_a_cell() -> None:
    world = road([car(6, 4, 60.0), car(7, 3, 20.0), car(-8, 0, 24.0), car(30, 0)])
    grid = observe(world, GRID | {"features": ["presence", "vx"]})
    assert grid.shape == (2, 4, 3)
    assert np.argwhere(grid[0]).tolist() == [[0, 1], [2, 1], [3, 2]]
    assert [grid[1, 0, 1], grid[1, 2, 1], grid[1, 3, 2]] == [np.float32(4 / 80), 0, 0.5]


def test_cells_without_vehicles_are_black_in_images_and_zero_is_grey() -> None:
    image = observe(road([car(6, 4, 60.0)]), GRID | {"features": ["vx", "on_road"], "as_image": True})
    assert image.dtype == np.uint8
    assert image[0].tolist() == [[0, 0, 0], [0, 0, 0], [0, 127, 0], [0, 0, 191]]
    assert image[1].tolist() == [[0, 255, 255]] * 4


def test_grids_turn_with_the_vehicle_on_demand() -> None:
    world = road([car(7, 0)])
    batch = WorldBatch([world])
    batch.heading[0, 0] = np.pi / 2  # to the right
    for aligned, cell in ((False, [3, 1]), (True, [2, 0])):
        config = GRID | {"features": ["presence"], "align_to_vehicle_axes": aligned}
        config |= {"grid_size": [[-10, 10], [-10, 10]], "grid_step": [5, 7]}
        observer = make_observer(config, policy_hz=1.0)
        grid = observer.observe(batch, [0])[0, 0]
        assert np.argwhere(grid).tolist() == sorted([[2, 1], cell]), aligned


def test_times_to_collision_by_speed_and_lane() -> None:
    world = road([car(25, 0, 10.0), car(40, 4, 10.0)], target_speeds_mps=(20.0, 25.0, 30.0))
    grid = observe(world, {"type": "TimeToCollision", "horizon": 6})
    assert grid.shape == (3, 3, 6)
    assert (grid[:, 0] == 1).all()  # there is no lane to the left
    # at 20 m/s, centres meet after 2.5 s, bumpers after 2 and 3 s; beside it after 4, 3.5 and 4.5 s
    assert grid[0, 1].tolist() == [0, 0, 1, 1, 0, 0]
    assert grid[0, 2].tolist() == [0, 0, 0, 0.5, 1, 0.5]
    assert (grid[0] == grid[1]).all()  # there is no slower choice
    assert grid[2, 1].tolist() == [0, 1, 1, 0, 0, 0]  # at 25 m/s: 1.67, 1.33 and 2 s


def test_vehicles_on_a_road_with_more_lanes_may_come_to_any_lane() -> None:
    world = road([car(30, 8, 10.0)], length_m=510.0)
    grid = observe(world, {"type": "TimeToCollision", "horizon": 5})
    assert grid[1, 1].tolist() == grid[1, 2].tolist() == [0, 0, 0.5, 1, 0.5]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"type": "Kinematics", "vehicle_count": 3}, "did you mean 'vehicles_count'"),
        ({"type": "Kinematics", "features": ["presence", "vz"]}, "'vz'; did you mean 'v"),
        ({"type": "Kinematics", "vehicles_count": 0}, "vehicles_count is 0"),
        ({"type": "Kinematics", "vehicles_count": True}, "vehicles_count is True"),
        ({"type": "Kinematics", "order": "sort"}, "did you mean 'sorted'"),
        ({"type": "Kinematics", "clip": None}, "clip is None; expected True or False"),
        ({"type": "Kinematics", "normalize": 1}, "normalize is 1; expected True or False"),
        ({"type": "Kinematics", "features_range": {"x": [3, 3]}}, "two different finite numbers for 'x'"),
        ({"type": "Kinematics", "features_range": {"speed": [0, 3]}}, "not 'speed'"),
        ({"type": "Kinematics", "features": ["x", "x"]}, "each name once"),
        ({"type": "Kinematics", "order": "shuffled", "vehicles_count": 1}, "at least 2"),
        ({"type": "OccupancyGrid", "absolute": True}, "absolute is True"),
        ({"type": "OccupancyGrid", "grid_step": [0, 1]}, "positive steps"),
        ({"type": "OccupancyGrid", "grid_size": [[3, -3], [-9, 9]]}, "room for a step"),
        ({"type": "OccupancyGrid", "features": ["onroad"]}, "did you mean 'on_road'"),
        ({"type": "TimeToCollision", "horizon": 0}, "horizon is 0; expected a positive number"),
        ({"type": "TimeToCollision", "horizon": 0.5}, "at least one decision of 1.0 s"),
        ({"type": "LidarObservation", "cells": 2.5}, "cells is 2.5"),
        ({"type": "KinematicsGoal", "features": ["x"]}, "scales is None"),
        ({"type": "KinematicsGoal", "features": ["heading"], "scales": [1]}, "'heading'"),
        ({"type": "AttributesObservation", "attributes": ["state"]}, "only lane-keeping-v0"),
        ({"type": "AttributesObservation", "attributes": ["speed"]}, "not 'speed'"),
        ({"type": "GrayscaleObservation"}, "GrayscaleObservation shows pygame's drawing"),
        ({"type": "Kinematic"}, "Did you mean 'Kinematics'"),
        ({"kind": "Kinematics"}, "expected settings with a type"),
        ({"type": "TupleObservation"}, "observation_configs is None"),
        ({"type": "MultiAgentObservation"}, "observation_config is None"),
    ],
)
def test_settings_that_cannot_be_are_named(config: dict[str, Any], message: str) -> None:
    with pytest.raises(DrivebenchError) as raised:
        make_observer(config, policy_hz=1.0)
    assert isinstance(raised.value, ConfigurationError | UnknownNameError)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"type": "ExitObservation"}, "from node '1' to node '2'"),
        ({"type": "KinematicsGoal", "features": ["x"], "scales": [1]}, "a goal for each agent"),
        ({"type": "TimeToCollision"}, "set action to DiscreteMetaAction"),
        ({"type": "MultiAgentObservation", "observation_config": {"type": "Kinematics"}}, "expected 2"),
    ],
)
def test_worlds_without_what_is_observed_are_refused(config: dict[str, Any], message: str) -> None:
    batch = WorldBatch([road([])])
    batch.kind[0, 0] = OTHER
    with pytest.raises(ConfigurationError, match=message):
        make_observer(config, policy_hz=1.0, agents=2).begin(batch, [0])
    with pytest.raises(ConfigurationError, match="agent 1 of worlds"):
        make_observer({"type": "Kinematics"}, policy_hz=1.0).observe(batch, [0], agent=1)


def crowd(seed: int) -> World:
    """Traffic at random on straight, circular and sine lanes, two agents, an obstacle and two goals."""
    rng = np.random.default_rng(seed)
    network = build_network(
        [
            *(("a", "b", LaneSpec.straight((0, 4 * k), (100, 4 * k))) for k in range(2)),
            *(
                ("b", "c", LaneSpec.circular((100, 30), 30 - 4 * k, -np.pi / 2, np.pi / 2, True))
                for k in range(2)
            ),
            ("c", "a", LaneSpec.sine((100, 60), (0, 60), 3.0, 0.1, 0.0)),
        ]
    )
    assert set(network.lane_int[:, 0].tolist()) == {LaneKind.STRAIGHT, LaneKind.SINE, LaneKind.CIRCULAR}
    cars = [
        VehicleSpec(
            kind=EGO if k < 2 else OTHER,
            x_m=float(rng.uniform(0, 130)),
            y_m=float(rng.uniform(0, 60)),
            heading_rad=float(rng.uniform(-4, 4)),
            speed_mps=float(rng.uniform(0, 30)),
            route=(("a", "b", 0), ("b", "c", None)),
        )
        for k in range(12)
    ]
    things = [
        VehicleSpec(kind=kind, x_m=float(rng.uniform(0, 130)), y_m=float(rng.uniform(0, 60)))
        for kind in (EntityKind.OBSTACLE, EntityKind.LANDMARK, EntityKind.LANDMARK)
    ]
    return build_world(network, [*cars, *things], agents=(0, 1))


ALL = {
    "kinematics": {
        "type": "Kinematics",
        "features": [*AXES, "heading", "cos_h", "cos_d", "sin_d", "long_off", "lat_off", "ang_off"],
        "vehicles_count": 7,
        "see_behind": True,
        "observe_intentions": True,
    },
    "grid": {"type": "OccupancyGrid", "align_to_vehicle_axes": True},
    "image": {"type": "OccupancyGrid", "as_image": True},
    "time to collision": {"type": "TimeToCollision"},
    "lidar": {"type": "LidarObservation"},
    "goal": {"type": "KinematicsGoal", "features": ["x", "cos_d"], "scales": [3, 1]},
}
ALL["tuple"] = {"type": "TupleObservation", "observation_configs": [ALL["grid"], ALL["goal"]]}
ALL["agents"] = {"type": "MultiAgentObservation", "observation_config": ALL["kinematics"]}


def arrays(observation: Any) -> list[np.ndarray]:
    if isinstance(observation, tuple):
        return [array for part in observation for array in arrays(part)]
    if isinstance(observation, dict):
        return [array for part in observation.values() for array in arrays(part)]
    return [observation]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("numerics", ["canonical", "parity"])
def test_a_batch_observes_what_each_of_its_worlds_would(name: str, numerics: Any) -> None:
    worlds = [crowd(seed) for seed in range(40)]
    batch = WorldBatch(worlds, numerics=numerics)
    observer = make_observer(ALL[name], policy_hz=2.0, agents=2)
    slots = np.arange(40)[::-1]
    before = numba.get_num_threads()
    together = []
    try:
        for threads in {1, min(2, before)}:
            numba.set_num_threads(threads)
            observer.begin(batch, slots)
            together.append(observer.observe(batch, slots))
    finally:
        numba.set_num_threads(before)
    for k, slot in enumerate(slots):
        alone = make_observer(ALL[name], policy_hz=2.0, agents=2)
        single = WorldBatch([worlds[slot]], numerics=numerics)
        alone.begin(single, [0])
        for one, *others in zip(arrays(alone.observe(single, [0])), *map(arrays, together), strict=True):
            assert all(one[0].tobytes() == other[k].tobytes() for other in others)
    assert len({array[k].tobytes() for array in arrays(together[0]) for k in range(40)}) > 20


@pytest.mark.parametrize("name", ALL)
def test_observations_are_written_where_they_are_wanted_and_are_in_their_space(name: str) -> None:
    batch = WorldBatch([crowd(seed) for seed in range(3)])
    observer = make_observer(ALL[name], policy_hz=2.0, agents=2)
    observer.begin(batch, [0, 1, 2])
    wanted = observer.observe(batch, [2, 0])
    out = observer.observe(batch, [0, 1])
    for array in arrays(out):
        array.fill(77)
    again = observer.observe(batch, [2, 0], out)
    for one, other, kept in zip(arrays(wanted), arrays(again), arrays(out), strict=True):
        assert other is kept
        assert one.tobytes() == other.tobytes()
    space = observer.space()
    batched = gymnasium.vector.utils.batch_space(space, 2)
    flat = gymnasium.vector.utils.iterate(batched, again)
    if name not in {"agents", "kinematics"}:  # objects have no heading: NaN is in no space
        assert all(space.contains(each) for each in flat)


@pytest.mark.parametrize("name", ALL)
def test_both_numerics_see_the_same(name: str) -> None:
    worlds = [crowd(seed) for seed in range(10)]
    seen = []
    for numerics in ("canonical", "parity"):
        batch = WorldBatch(worlds, numerics=numerics)  # type: ignore[arg-type]
        observer = make_observer(ALL[name], policy_hz=2.0, agents=2)
        observer.begin(batch, range(10))
        seen.append(arrays(observer.observe(batch, range(10))))
    for canonical, parity in zip(*seen, strict=True):
        np.testing.assert_allclose(canonical, parity, rtol=1e-5, atol=1e-6)
