"""Roads to look at, with poses on them, and an independent account of what a camera there must see.

The account is plain NumPy in float64: pinhole rays, 6 x 6 per pixel, meet the plane, and each point is asked
for its lane coordinates, which are computed here from the description of the lane and from nothing else.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivebench.sensors import Camera
from drivebench.world import RoadNetwork
from drivebench.world.build import build_network
from drivebench.world.lane_spec import LaneSpec
from drivebench.world.layout import LaneKind
from scenarios.viewing_places import polyline_lanes

Pose = tuple[float, float, float]
Image = NDArray[np.float64]

SAMPLES = 6
FARTHEST_M = 500.0
STRIPE_PERIOD_M, STRIPE_M, MARK_M, SHOULDER_M, OVERLAP_M = 4.33, 3.0, 0.2, 0.6, 0.4


@dataclass(frozen=True)
class Road:
    lanes: tuple[LaneSpec, ...]
    poses: tuple[Pose, ...]

    @property
    def network(self) -> RoadNetwork:
        return build_network([(f"a{k}", f"b{k}", lane) for k, lane in enumerate(self.lanes)])


def motorway() -> Road:
    lines = [(2, 0), (1, 0), (1, 0), (1, 2)]
    lanes = [LaneSpec.straight((0.0, 4.0 * k), (700.0, 4.0 * k), line_types=lines[k]) for k in range(4)]
    return Road(tuple(lanes), ((100.0, 4.0, 0.0), (151.3, 8.4, 0.06), (263.7, 1.2, -0.12)))


def slanted() -> Road:
    c, s = math.cos(0.7), math.sin(0.7)
    lanes = [
        LaneSpec.straight((-s * y, c * y), (400 * c - s * y, 400 * s + c * y), line_types=lines)
        for y, lines in ((0.0, (2, 1)), (4.0, (0, 2)))
    ]
    return Road(tuple(lanes), ((60 * c, 60 * s, 0.7), (80 * c - s, 80 * s + c, 0.6)))


def bends() -> Road:
    left, right = math.pi / 2, -math.pi / 2
    lanes = [
        LaneSpec.circular((0.0, 40.0), 40.0, right, right + 1.5, True, line_types=(2, 1)),
        LaneSpec.circular((0.0, 40.0), 36.0, right, right + 1.5, True, line_types=(0, 2)),
        LaneSpec.circular((0.0, -60.0), 60.0, left, left - 1.2, False, line_types=(2, 2)),
    ]
    return Road(tuple(lanes), ((0.5, 0.3, 0.02), (15.0, 3.5, 0.4), (4.0, -1.0, -0.1)))


def swing() -> Road:
    lanes = (LaneSpec.sine((0.0, 0.0), (300.0, 0.0), 5.0, 0.06, 0.4, line_types=(2, 2)),)
    return Road(lanes, ((20.0, 5.0 * math.sin(1.6), -0.01), (60.0, 5.0 * math.sin(4.0), -0.2)))


def corners() -> Road:
    """Polylines."""
    return Road(polyline_lanes(), ((2.0, 0.5, 0.0), (30.0, 1.5, 0.2), (10.0, -12.0, 0.05)))


ROADS = {"motorway": motorway, "slanted": slanted, "bends": bends, "swing": swing, "corners": corners}


def expected(road: Road, pose: Pose, camera: Camera) -> tuple[Image, Image, NDArray[np.bool_]]:
    """Shares of asphalt and of marks in each pixel, and whether all of the pixel is ground."""
    height, width = camera.height, camera.width
    focal = width / 2 / math.tan(math.radians(camera.horizontal_fov_deg) / 2)
    pitch, yaw = math.radians(camera.pitch_deg), pose[2] + math.radians(camera.yaw_deg)
    v = ((np.arange(height * SAMPLES) + 0.5) / SAMPLES - height / 2) / focal
    u = ((np.arange(width * SAMPLES) + 0.5) / SAMPLES - width / 2) / focal
    v, u = np.meshgrid(v, -u if camera.mirrored else u, indexing="ij")
    ahead, down = math.cos(pitch) - math.sin(pitch) * v, math.sin(pitch) + math.cos(pitch) * v
    reach = np.where(down > camera.z_m / FARTHEST_M, camera.z_m / np.maximum(down, 1e-9), np.nan)
    x0 = pose[0] + camera.x_m * math.cos(pose[2]) - camera.y_m * math.sin(pose[2])
    y0 = pose[1] + camera.x_m * math.sin(pose[2]) + camera.y_m * math.cos(pose[2])
    x = x0 + reach * (ahead * math.cos(yaw) - u * math.sin(yaw))
    y = y0 + reach * (ahead * math.sin(yaw) + u * math.cos(yaw))
    asphalt, marks = np.zeros(x.shape, bool), np.zeros(x.shape, bool)
    for lane in road.lanes:
        s, r, length, scale = _coordinates(lane, x, y)
        width = _width(lane, s)
        with np.errstate(invalid="ignore"):
            beside = np.abs(r) - width / 2
            asphalt |= (s > -OVERLAP_M) & (s < length + OVERLAP_M) & (beside * scale < SHOULDER_M)
            for side, line in ((-0.5, lane.line_types[0]), (0.5, lane.line_types[1])):
                on = (s > 0) & (s < length) & (np.abs(r - side * width) * scale < MARK_M / 2)
                marks |= on & ((s % STRIPE_PERIOD_M < STRIPE_M) if line == 1 else line > 0)
    return _mean(asphalt | marks), _mean(marks), _mean(np.isfinite(x)) == 1


def _width(lane: LaneSpec, s: Image) -> Image | float:
    """Of the only lane here whose width changes: it widens along its straight boundaries."""
    return 4.0 + s * (4.0 / 120.0) if lane.left_m else lane.width_m


def _to_polyline(lane: LaneSpec, x: Image, y: Image) -> tuple[Image, Image, float]:
    """The nearest piece decides; the first and the last one go on beyond the ends."""
    points = np.array(lane.points_m)
    steps = np.diff(points, axis=0)
    lengths = np.hypot(*steps.T)
    best = [np.full(x.shape, np.nan), np.full(x.shape, np.nan), np.full(x.shape, np.inf)]
    for k, ((x0, y0), (dx, dy), length) in enumerate(zip(points, steps, lengths, strict=False)):
        low, high = (-np.inf if k == 0 else 0.0), (np.inf if k == len(steps) - 1 else length)
        along = np.clip(((x - x0) * dx + (y - y0) * dy) / length, low, high)
        away_x, away_y = x - x0 - along * dx / length, y - y0 - along * dy / length
        distance = np.hypot(away_x, away_y)
        nearer = distance < best[2]
        sign = np.where(dx * away_y - dy * away_x >= 0, 1.0, -1.0)
        for place, values in enumerate((lengths[:k].sum() + along, sign * distance, distance)):
            best[place] = np.where(nearer, values, best[place])
    return best[0], best[1], float(lengths.sum())


def _coordinates(lane: LaneSpec, x: Image, y: Image) -> tuple[Image, Image, float, Image | float]:
    if lane.kind is LaneKind.POLYLINE:
        return *_to_polyline(lane, x, y), 1.0
    if lane.kind is LaneKind.CIRCULAR:
        turn = 1 if lane.clockwise else -1
        angle = np.arctan2(y - lane.origin_m[1], x - lane.origin_m[0]) - lane.start_phase_rad
        angle = (angle + np.pi) % (2 * np.pi) - np.pi
        r = turn * (lane.radius_m - np.hypot(x - lane.origin_m[0], y - lane.origin_m[1]))
        length = lane.radius_m * abs(lane.end_phase_rad - lane.start_phase_rad)
        return turn * angle * lane.radius_m, r, length, 1.0
    dx, dy = lane.end_m[0] - lane.origin_m[0], lane.end_m[1] - lane.origin_m[1]
    length = math.hypot(dx, dy)
    along = ((x - lane.origin_m[0]) * dx + (y - lane.origin_m[1]) * dy) / length
    aside = ((y - lane.origin_m[1]) * dx - (x - lane.origin_m[0]) * dy) / length
    if lane.kind is LaneKind.STRAIGHT:
        return along, aside, length, 1.0
    wave = lane.pulsation_radpm * along + lane.phase_rad
    slope = lane.amplitude_m * lane.pulsation_radpm * np.cos(wave)
    return along, aside - lane.amplitude_m * np.sin(wave), length, 1 / np.sqrt(1 + slope**2)


def _mean(samples: NDArray[np.bool_]) -> Image:
    height, width = samples.shape[0] // SAMPLES, samples.shape[1] // SAMPLES
    means: Image = samples.reshape(height, SAMPLES, width, SAMPLES).mean(axis=(1, 3))
    return means
