"""Traffic: columns on lanes, scenes that get along with themselves, the ego in the place of a driver."""

import numpy as np
import pytest

from drivebench.errors import ConfigurationError
from drivebench.scenario import episode_generator
from drivebench.world import EntityKind, RoadNetwork, WorldBatch
from drivebench.world.build import VehicleSpec, build_network, build_world, vehicle_on_lane
from drivebench.world.grid import GRID
from drivebench.world.lane_spec import LaneSpec
from scenarios.sight import with_sight
from scenarios.traffic import column_of_vehicles, settled, start_offset, with_ego

LANE = ("a", "b", 0)


def _network(lanes: int = 1) -> RoadNetwork:
    return build_network(
        [("a", "b", LaneSpec.straight((0.0, 4.0 * k), (2000.0, 4.0 * k))) for k in range(lanes)]
    )


def _column(seed: int) -> list[VehicleSpec]:
    return column_of_vehicles(
        _network(),
        LANE,
        start_m=100.0,
        end_m=900.0,
        gaps_m=(40.0, 80.0),
        target_speed_mps=(18.0, 22.0),
        generator=np.random.Generator(np.random.PCG64(seed)),
    )


def test_a_column_keeps_to_its_ranges_and_depends_on_its_seed() -> None:
    column = _column(1)
    places = np.array([vehicle.x_m for vehicle in column])
    assert 100.0 <= places[0] <= 180.0
    assert places[-1] < 900.0
    assert 40.0 <= np.diff(places).min() <= np.diff(places).max() <= 80.0
    assert all(18.0 <= (vehicle.target_speed_mps or 0.0) <= 22.0 for vehicle in column)
    assert all(3.5 <= vehicle.delta <= 4.5 for vehicle in column)
    assert _column(1) == column
    assert _column(2) != column


def _on_lane(x_m: float, speed_mps: float, lane: int = 0) -> VehicleSpec:
    return vehicle_on_lane(
        _network(2), ("a", "b", lane), x_m, speed_mps=speed_mps, target_speed_mps=speed_mps
    )


def test_who_would_collide_is_taken_out_and_the_protagonist_stays() -> None:
    network = _network(2)
    # The second one stands too near before the first one: nobody can brake from 30 m/s within 25 m.
    doomed = [_on_lane(100.0, 30.0), _on_lane(130.0, 0.1), _on_lane(400.0, 15.0)]
    for protagonist in (0, 1):
        left = settled(
            network,
            doomed,
            [VehicleSpec(kind=EntityKind.OBSTACLE, x_m=1500.0, y_m=4.0)],
            protagonist=protagonist,
            warm_up_s=1.0,
            horizon_s=5.0,
        )
        assert len(left) == 2
        assert (left[0].target_speed_mps == pytest.approx(30.0)) == (protagonist == 0)
        assert not left[0].lane_changes, "the protagonist keeps its lane until the ego takes over"
        assert all(vehicle.min_speed_mps == 0.0 for vehicle in left)
    calm = settled(network, doomed[2:], protagonist=0, warm_up_s=1.0, horizon_s=5.0)
    assert calm[0].x_m == pytest.approx(415.0, abs=1.0)


def test_a_scene_that_cannot_be_mended_is_refused() -> None:
    obstacle = VehicleSpec(kind=EntityKind.OBSTACLE, x_m=130.0, y_m=0.0)
    with pytest.raises(ConfigurationError, match="still collides after 12 attempts; spawn it less densely"):
        settled(_network(), [_on_lane(100.0, 30.0)], [obstacle], protagonist=0, warm_up_s=2.0, horizon_s=2.0)


def test_the_ego_takes_the_place_of_the_protagonist() -> None:
    network = _network(2)
    start = settled(
        network,
        [_on_lane(100.0, 20.0), _on_lane(200.0, 20.0, 1)],
        protagonist=1,
        warm_up_s=1.0,
        horizon_s=5.0,
    )
    world = with_ego(network, start, lateral_m=-0.5, heading_error_rad=0.02)
    assert world.kinds() == (EntityKind.EGO, EntityKind.IDM)
    x, y, heading, speed = world.entity_float[:4, 0]
    assert (y, heading) == pytest.approx((3.5, 0.02), abs=1e-6)
    assert x == pytest.approx(220.0, abs=0.5)
    assert speed == pytest.approx(20.0, abs=0.1)
    np.testing.assert_array_equal(world.entity_float[:4] * GRID, np.rint(world.entity_float[:4] * GRID))


def test_start_offsets_depend_on_condition_and_seed_only() -> None:
    first = start_offset("highway-v1", "nominal", 7, turn_rad=0.03)
    assert first == start_offset("highway-v1", "nominal", 7, turn_rad=0.03)
    assert first != start_offset("highway-v1", "nominal", 8, turn_rad=0.03)
    assert first != start_offset("merge-v1", "nominal", 7, turn_rad=0.03)
    assert abs(first[0]) <= 0.3
    assert 0.4 <= abs(start_offset("highway-v1", "off-course", 7, turn_rad=0.03)[0]) <= 0.9
    assert (
        episode_generator("highway-v1", "nominal", 7).random()
        == episode_generator("highway-v1", "nominal", 7).random()
    )


def test_drivers_see_the_lanes_that_they_are_told_to_look_at() -> None:
    """Two roads that meet at b: a driver on the first brakes for one on the second only if it looks there."""
    roads = [
        ("a", "b", LaneSpec.straight((0.0, 0.0), (100.0, 0.0))),
        ("c", "b", LaneSpec.straight((0.0, 40.0), (100.0, 0.0))),
        ("b", "d", LaneSpec.straight((100.0, 0.0), (300.0, 0.0))),
    ]
    blind = build_network(roads, connected_lanes=True)
    first, second = ("a", "b", 0), ("c", "b", 0)
    offset = blind.length_m(blind.lane(first)) - blind.length_m(blind.lane(second))
    seeing = with_sight(blind, {first: [(("b", "d", 0), 100.0), (second, offset)]})
    assert seeing.digest != blind.digest
    speeds = []
    for network in (blind, seeing):
        vehicles = [
            vehicle_on_lane(network, first, 60.0, speed_mps=15.0, target_speed_mps=15.0),
            vehicle_on_lane(network, second, 75.0, speed_mps=15.0, target_speed_mps=15.0),
        ]
        batch = WorldBatch([build_world(network, vehicles, ego=-1)])
        batch.warm_up([0], 15)
        speeds.append(batch.speed[0].tolist())
    assert speeds[0] == pytest.approx([15.0, 15.0], abs=0.1)
    assert speeds[1][0] < 12.0
    assert speeds[1][1] == pytest.approx(15.0, abs=0.1)
