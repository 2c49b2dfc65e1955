"""The ground of a picture against an independent projection in float64."""

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray
from painted_roads import ROADS, Pose, Road, expected

from drivebench.sensors import FRONT, LEFT, MIRROR_LEFT, MIRROR_RIGHT, RIGHT, Camera, Moments, Palette, render

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
BARE = Palette(
    grass=BLACK, asphalt=BLACK, grain=BLACK, mark=BLACK, zenith=BLACK, horizon=BLACK, haze_per_m=0.0
)
MARKS = dataclasses.replace(BARE, mark=WHITE)
PAVED = dataclasses.replace(BARE, asphalt=WHITE, mark=WHITE)

WIDE = Camera(name="front", height=96, width=256, pitch_deg=3.0, yaw_deg=12.0)
SIDEWAYS = Camera(name="front", horizontal_fov_deg=100.0, yaw_deg=-75.0, z_m=1.9, pitch_deg=14.0)
CAMERAS = {
    "front": FRONT,
    "left": LEFT,
    "right": RIGHT,
    "mirror-left": MIRROR_LEFT,
    "mirror-right": MIRROR_RIGHT,
    "wide": WIDE,
    "sideways": SIDEWAYS,
}


def picture(road: Road, pose: Pose, camera: Camera, palette: Palette) -> NDArray[np.float64]:
    """The green channel, 0 to 1, of a picture without anybody else on the road."""
    state = np.array([[[*pose, 0.0]]])
    moments = Moments.from_states(
        networks=[road.network],
        network=np.zeros(1, np.int64),
        states=state,
        sizes_m=np.array([[[5.0, 2.0]]]),
        kinds=np.zeros((1, 1), np.int8),
        ego=np.zeros(1, np.int64),
    )
    return render(camera, moments, palette=palette)[0, 1] / 255.0


@pytest.mark.parametrize("name", ROADS)
@pytest.mark.parametrize("mounted", CAMERAS)
def test_marks_and_asphalt_are_where_they_must_be(name: str, mounted: str) -> None:
    road, camera = ROADS[name](), CAMERAS[mounted]
    pictures = []
    for pose in road.poses:
        asphalt, marks, ground = expected(road, pose, camera)
        seen_marks, paved = picture(road, pose, camera, MARKS), picture(road, pose, camera, PAVED)
        assert np.abs(paved - asphalt)[ground].mean() < 0.02
        pictures.append((seen_marks * ground, marks * ground))
    seen, wanted = (np.concatenate(each) for each in zip(*pictures, strict=True))
    if wanted.sum() < 20:
        pytest.skip(f"only {wanted.sum():.1f} pixels of marks are in view")
    assert np.corrcoef(seen.ravel(), wanted.ravel())[0, 1] > 0.95
    assert seen.sum() == pytest.approx(wanted.sum(), rel=0.04)
    assert abs(displacement(seen, wanted, axis=0)) < 0.06, "downwards, in pixels"
    assert abs(displacement(seen, wanted, axis=1)) < 0.06, "to the right, in pixels"


def displacement(seen: NDArray[np.float64], wanted: NDArray[np.float64], axis: int) -> float:
    """By how many pixels a picture is displaced, from the least squares of a shift to first order."""
    slope = np.gradient(wanted, axis=axis)
    return float(-(slope * (seen - wanted)).sum() / (slope * slope).sum())


def test_a_displacement_is_noticed() -> None:
    marks = expected(ROADS["bends"](), ROADS["bends"]().poses[0], FRONT)[1]
    for axis in (0, 1):
        shifted = 0.8 * marks + 0.2 * np.roll(marks, 1, axis=axis)
        assert displacement(shifted, marks, axis) > 0.06
