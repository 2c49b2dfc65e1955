"""Who hides whom: every sample of every pixel against the nearest hit of a ray in float64.

Each vehicle gets one colour of its own for all of its parts, chosen so that a pixel, the mean of four
samples, tells how many of its samples show which vehicle.
"""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from painted_roads import motorway

from drivebench.sensors import FRONT, LEFT, MIRROR_RIGHT, Camera, GroundMap, Moments, Palette, render
from drivebench.sensors.models import CAR, OBSTACLE, models
from drivebench.sensors.optics import Eye, optics_of
from drivebench.sensors.samples import NEAREST_M, empty_samples
from drivebench.sensors.solids import FARTHEST_M, draw_solids, solid_scratch

Floats = NDArray[np.float64]

BODY_BOTTOM, BODY_TOP, ROOF, BARRIER = 0.22, 0.86, 1.46, 1.0
WEIGHTS = (1, 5, 25)  # powers of five: four samples at most of each
SHOWN = len(WEIGHTS) * 3

CAMERAS = {
    "front": FRONT,
    "left": LEFT,
    "mirror": MIRROR_RIGHT,
    "high": Camera(name="front", height=80, width=120, z_m=3.0, pitch_deg=14.0, yaw_deg=20.0),
}


def crowd(rng: np.random.Generator) -> Floats:
    """Boxes around the origin, at random headings, without overlap: x, y, heading, length, width."""
    boxes: list[tuple[float, ...]] = []
    while len(boxes) < SHOWN:
        x, y = rng.uniform(-30.0, 40.0), rng.uniform(-14.0, 14.0)
        if math.hypot(x, y) > 4.5 and all(math.hypot(x - box[0], y - box[1]) > 5.5 for box in boxes):
            boxes.append((x, y, rng.uniform(-math.pi, math.pi), 5.0, 2.0))
    return np.array(boxes)


def counted(camera: Camera, boxes: Floats, shapes: NDArray[np.integer]) -> NDArray[np.int64]:
    """``[vehicle, H, W]``: samples of each pixel that show each vehicle, as rendered."""
    solids, optics = models(), optics_of(camera)
    polygons = solids.polygons.copy()
    polygons[:, 2], polygons[:, 3], polygons[:, 4] = 0, 0, 2  # own paint, at all degrees of detail
    polygons[solids.polygons[:, 5] != 64, 3] = 3  # no shadows
    of_face = solids.polygons_of_face.copy()
    of_face[:, 3:] = of_face[:, 5:]
    shapes_of = solids.shapes.copy()
    shapes_of[:, 1:] = shapes_of[:, 3:]
    plain = solids._replace(
        shapes=shapes_of, polygons_of_face=of_face, polygons=polygons, light=np.ones_like(solids.light)
    )
    paints = np.zeros((16, 3))
    for k in range(SHOWN):
        paints[k, k % 3] = 4 * WEIGHTS[k // 3]
    picture = np.zeros(camera.shape, np.uint8)
    samples = empty_samples(camera.height, camera.width)
    lens, yaw = optics.lens, math.radians(camera.yaw_deg)
    eye = Eye(lens.x_m, lens.y_m, math.cos(yaw), math.sin(yaw))
    looks = (shapes | np.arange(SHOWN) << 4).astype(np.uint8)
    draw_solids(picture, boxes, looks, paints, clear_air(), lens, eye, plain, samples, solid_scratch(SHOWN))
    assert not samples.nearness.any()
    assert not samples.colours.any()
    digits = [picture.astype(np.int64) // weight % 5 for weight in WEIGHTS]
    return np.stack([digits[k // 3][k % 3] for k in range(SHOWN)])


def clear_air() -> Floats:
    return Palette(haze_per_m=0.0, horizon=(0, 0, 0)).table


def nearest_hits(camera: Camera, boxes: Floats, shapes: NDArray[np.integer]) -> NDArray[np.int64]:
    """The same, from rays."""
    focal = camera.width / 2 / math.tan(math.radians(camera.horizontal_fov_deg) / 2)
    v = ((np.arange(2 * camera.height) + 0.5) / 2 - camera.height / 2) / focal
    u = ((np.arange(2 * camera.width) + 0.5) / 2 - camera.width / 2) / focal
    v, u = np.meshgrid(v, -u if camera.mirrored else u, indexing="ij")
    pitch, yaw = math.radians(camera.pitch_deg), math.radians(camera.yaw_deg)
    ahead, down = math.cos(pitch) - math.sin(pitch) * v, math.sin(pitch) + math.cos(pitch) * v
    x, y = ahead * math.cos(yaw) - u * math.sin(yaw), ahead * math.sin(yaw) + u * math.cos(yaw)
    depth = np.full((SHOWN, *u.shape), np.inf)
    for k, box in enumerate(boxes):
        c, s = math.cos(box[2]), math.sin(box[2])
        dx, dy = camera.x_m - box[0], camera.y_m - box[1]
        away = -dx * math.cos(yaw) - dy * math.sin(yaw)
        if away > FARTHEST_M:
            continue
        eye = np.array([dx * c + dy * s, dy * c - dx * s, camera.z_m])
        ray = np.stack([x * c + y * s, y * c - x * s, -down])
        depth[k] = _car(eye, ray) if shapes[k] == CAR else _convex(eye, ray, _block(0.0, BARRIER))
    depth[depth < NEAREST_M] = np.inf
    first = np.where(np.isfinite(depth.min(axis=0)), depth.argmin(axis=0), -1)
    owner = first.reshape(camera.height, 2, camera.width, 2)
    return np.stack([(owner == k).sum(axis=(1, 3)) for k in range(SHOWN)])


def _block(low: float, high: float) -> list[tuple[float, float, float, float]]:
    """Half-spaces n * p <= d of a box of 5 m by 2 m."""
    return [(1, 0, 0, 2.5), (-1, 0, 0, 2.5), (0, 1, 0, 1), (0, -1, 0, 1), (0, 0, 1, high), (0, 0, -1, -low)]


def _car(eye: Floats, ray: Floats) -> Floats:
    """Body, cabin with slanted sides, and the wheels, which are flat octagons on the flanks."""
    rise = ROOF - BODY_TOP
    cabin: list[tuple[float, float, float, float]] = [(0, 0, 1, ROOF), (0, 0, -1, -BODY_TOP)]
    cabin += [(rise, 0, 0.6, rise * 0.9 + 0.6 * BODY_TOP), (-rise, 0, 0.4, rise * 1.8 + 0.4 * BODY_TOP)]
    cabin += [(0, sign * rise, 0.16, rise * 0.92 + 0.16 * BODY_TOP) for sign in (-1, 1)]
    depth = np.minimum(_convex(eye, ray, _block(BODY_BOTTOM, BODY_TOP)), _convex(eye, ray, cabin))
    for sign in (-1.0, 1.0):
        if (eye[1] - sign) * sign <= 0:
            continue  # seen from behind
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (sign - eye[1]) / ray[1]
            x, z = eye[0] + t * ray[0], eye[2] + t * ray[2]
            for axle in (-1.55, 1.55):
                angles = np.arange(8) * math.pi / 4
                apothem = 0.33 * math.cos(math.pi / 8)
                sides = [np.cos(a) * (x - axle) + np.sin(a) * (z - 0.33) for a in angles]
                depth = np.minimum(depth, np.where((np.max(sides, axis=0) <= apothem) & (t > 0), t, np.inf))
    return depth


def _convex(eye: Floats, ray: Floats, half_spaces: list[tuple[float, float, float, float]]) -> Floats:
    """Where rays enter a convex solid from outside."""
    enter, leave = np.full(ray.shape[1:], -np.inf), np.full(ray.shape[1:], np.inf)
    for *normal, limit in half_spaces:
        towards = np.tensordot(normal, ray, axes=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (limit - np.dot(normal, eye)) / towards
        enter = np.where(towards < 0, np.maximum(enter, t), enter)
        leave = np.where(towards > 0, np.minimum(leave, t), leave)
    return np.where((enter <= leave) & (enter > 0), enter, np.inf)


@pytest.mark.parametrize("mounted", CAMERAS)
def test_the_nearest_vehicle_is_seen(mounted: str) -> None:
    rng = np.random.default_rng(11)
    samples = wrong = 0
    for _ in range(6):
        boxes = crowd(rng)
        shapes = np.where(rng.random(SHOWN) < 0.2, OBSTACLE, CAR)
        seen = counted(CAMERAS[mounted], boxes, shapes)
        wanted = nearest_hits(CAMERAS[mounted], boxes, shapes)
        samples += int(wanted.sum())
        wrong += int(np.abs(seen - wanted).sum())
    assert samples > 1000
    assert wrong == 0, f"{wrong} of {samples} samples"


def test_a_displaced_vehicle_is_noticed() -> None:
    boxes, shapes = crowd(np.random.default_rng(11)), np.full(SHOWN, CAR)
    displaced = boxes + np.array([0.0, 0.02, 0.0, 0.0, 0.0])
    assert np.abs(counted(FRONT, displaced, shapes) - nearest_hits(FRONT, boxes, shapes)).sum() > 0


@pytest.mark.parametrize("mounted", CAMERAS)
def test_order_of_vehicles_does_not_matter(mounted: str) -> None:
    rng = np.random.default_rng(3)
    ground = GroundMap.of(motorway().network)
    for _ in range(6):
        boxes = crowd(rng) + np.array([100.0, 4.0, 0.0, 0.0, 0.0])
        looks = (CAR | rng.integers(8, size=SHOWN) << 4).astype(np.uint8)
        shuffle = rng.permutation(SHOWN)
        pictures = [
            render(
                CAMERAS[mounted],
                Moments(
                    grounds=[ground],
                    ground=np.zeros(1, np.int64),
                    poses=np.array([[100.0, 4.0, 0.0]]),
                    boxes=boxes[order][None],
                    looks=looks[order][None],
                ),
            )
            for order in (np.arange(SHOWN), shuffle)
        ]
        assert np.array_equal(*pictures)
