"""What is left out of a picture is not in it, paint lies under shadows, and walls end where they end."""

import numpy as np
from numpy.typing import NDArray
from painted_roads import motorway

from drivebench.scenario import load_scenario
from drivebench.sensors import FRONT, Camera, GroundMap, Moments, render
from drivebench.sensors.ground import _cache
from drivebench.sensors.models import CAR, GOAL, WALL
from drivebench.sensors.topview import CONCRETE, TopView, Window
from drivebench.world import WorldBatch

EGO = (100.0, 4.0, 0.0)


def seen(camera: Camera, *things: tuple[float, float, int]) -> NDArray[np.int64]:
    """The picture of things at places relative to the ego: forward, right, look."""
    boxes = [(EGO[0] + x, EGO[1] + y, 0.0, 5.0, 2.0) for x, y, _ in things]
    moments = Moments(
        grounds=[GroundMap.of(motorway().network)],
        ground=np.zeros(1, np.int64),
        poses=np.array([EGO]),
        boxes=np.array(boxes).reshape(1, -1, 5),
        looks=np.array([[look for *_, look in things]], np.uint8).reshape(1, -1),
    )
    return render(camera, moments)[0].astype(np.int64)


def test_a_car_leaves_a_steep_picture_row_by_row() -> None:
    camera = Camera(name="steep", height=256, width=256, horizontal_fov_deg=120.0, z_m=10.0, pitch_deg=60.0)
    empty = seen(camera)
    shown = [(seen(camera, (x, 0.0, CAR)) != empty).any(axis=0).sum() for x in np.arange(2.0, -14.0, -0.05)]
    assert shown[0] > 500
    assert shown[-1] == 0
    assert np.abs(np.diff(shown)).max() < 100


def test_a_shadow_darkens_the_goal_and_does_not_wipe_it_out() -> None:
    camera = Camera(name="above", height=120, width=160, z_m=6.0, pitch_deg=30.0)
    goal, car = (14.0, 0.0, GOAL), (14.0, 2.1, CAR)  # its shadow reaches over an edge of the goal
    bare, with_car, both = seen(camera, goal), seen(camera, car), seen(camera, goal, car)
    ground = seen(camera)
    falls = (with_car != ground).any(axis=0) & (with_car > 0.3 * ground).all(axis=0)
    falls &= (with_car < ground).all(axis=0) & (bare[2] - bare[0] > 120)
    assert falls.sum() > 4
    darker = with_car[:, falls] / ground[:, falls]
    assert np.allclose(both[:, falls] / bare[:, falls], darker, atol=0.03), "as dark as the ground beside it"


def test_a_picture_that_is_not_wanted_stays_as_it_is() -> None:
    batch = WorldBatch([load_scenario("highway-v1").episode(seed).world for seed in range(3)])
    moments = Moments.from_worlds(batch, np.arange(3))
    out = np.full((3, *FRONT.shape), 7, np.uint8)
    render(FRONT, moments, out, wanted=np.array([True, False, True]))
    assert (out[1] == 7).all()
    assert np.array_equal(out[[0, 2]], render(FRONT, moments)[[0, 2]])


def test_a_wall_is_as_long_at_every_scale() -> None:
    ground = GroundMap.of(motorway().network)
    box = np.array([[100.0, -30.0, 0.0, 70.0, 1.0]])
    for m_per_px in (0.15, 0.6):
        window = Window(x_m=100.0, y_m=-30.0, m_per_px=m_per_px, width=640, height=64)
        top = TopView(window=window, ground=ground)
        picture = top.render(boxes=box, looks=np.array([WALL], np.uint8)).astype(np.int64)
        columns = np.flatnonzero((np.abs(picture[32] - CONCRETE) < 12).all(axis=1))
        ends = (columns[[0, -1]] + 0.5 - 320) * m_per_px
        assert np.abs(ends - (-35.0, 35.0)).max() < 2 * m_per_px


def test_ground_maps_of_a_mixed_batch_stay_within_300_mb() -> None:
    names = ("lane-keeping-v1", "highway-v1", "merge-v1", "roundabout-v1")
    for seed in range(16):
        for name in names:
            GroundMap.of(load_scenario(name).episode(seed).world.network)
    assert _cache.nbytes == sum(ground.nbytes for ground in _cache._maps.values()) <= 300e6
