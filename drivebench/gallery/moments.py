"""Which moment of a drive to show: where most happens around the car under test.

The rule is the same for all scenarios and knows none of them: what is near, and ahead, counts by how near it
is; a bend, a lane change or a swerve counts by the acceleration to the side. Only basic arithmetic is used.
"""

import numpy as np
from numpy.typing import NDArray

from drivebench.footage import Footage
from drivebench.scenario import Route
from drivebench.sensors import FRONT
from drivebench.sensors.draws import key_of_camera
from drivebench.sensors.faults import Fault, fault_of
from drivebench.sensors.models import HIDDEN
from drivebench.world.clock import SIMULATION_HZ, SUBSTEPS

__all__ = ["frame_after", "frame_in_weather", "telling_frame", "turning_rad"]

NEAR_M = 18.0
"""Somebody at this distance counts half."""
MOST_NEAR = 1.5
"""More than this, a crowd does not count."""
SIDEWAYS_MPS2, MOST_SIDEWAYS = 2.0, 2.5
"""So much acceleration to the side counts as much as somebody very near, and at most so many of them."""
SMOOTHED_S = 1.0
FIRST_S = 1.0
"""Not before: everybody stands where the seed has put them."""
OPEN_ENDED_M = 300.0
GLARE_RAD = 0.2
"""A low sun is shown where the ego heads towards it no less than this."""


def telling_frame(footage: Footage) -> int:
    """The frame in which most happens.

    Args:
        footage: The drive.
    """
    window = round(SMOOTHED_S * SIMULATION_HZ)
    first = min(round(FIRST_S * SIMULATION_HZ), len(footage) - 1)
    sideways = np.minimum(_sideways_mps2(footage, window) / SIDEWAYS_MPS2, MOST_SIDEWAYS)
    interest = np.minimum(_nearness(footage), MOST_NEAR) + sideways
    return _decision(first + int(np.argmax(interest[first:])), footage)


def turning_rad(route: Route) -> float:
    """By how much a route turns, to either side, up to its goal; to two digits, so that equal ways are equal.

    Args:
        route: From the start on; of an open-ended one ``OPEN_ENDED_M``.
    """
    ahead = (route.arc_m >= 0.0) & (route.arc_m <= (route.goal_m if route.goal_m < np.inf else OPEN_ENDED_M))
    steps = np.diff(route.points_m[ahead], axis=0)
    headings = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    return round(float(np.abs(np.diff(headings)).sum()), 2)


def frame_after(footage: Footage, progress_m: float) -> int:
    """The first frame in which so much of the route is behind the ego, or the last one.

    Args:
        footage: The drive.
        progress_m: Arc length along the route.
    """
    reached = np.flatnonzero(footage.progress_m >= progress_m)
    return _decision(int(reached[0]) if len(reached) else len(footage) - 1, footage)


def frame_in_weather(footage: Footage, frame: int) -> int:
    """The nearest frame in which the weather shows: the sun ahead, a camera that loses blocks of its picture.

    Args:
        footage: The drive, in its weather.
        frame: Where to begin to look; the answer for weather that always shows.
    """
    weather = footage.episode.weather
    decisions = np.arange((len(footage) - 1) // SUBSTEPS + 1)
    if weather.dropout > 0.0:
        seed, key = np.uint64(footage.episode.seed), key_of_camera(FRONT.name)
        faults = np.array([fault_of(seed, key, int(at), weather.dropout) for at in decisions])
        for fault in (Fault.BLOCKS, Fault.BLACK, Fault.FROZEN):
            if (faults == fault).any():
                return _nearest(decisions[faults == fault] * SUBSTEPS, frame)
    if 0.0 < weather.sun_elevation_rad < GLARE_RAD:
        headings = footage.states[decisions * SUBSTEPS, footage.ego, 2]
        off = np.abs((headings - weather.sun_azimuth_rad + np.pi) % (2.0 * np.pi) - np.pi)
        if (off < GLARE_RAD).any():
            return _nearest(decisions[off < GLARE_RAD] * SUBSTEPS, frame)
    return frame


def _nearest(frames: NDArray[np.int64], frame: int) -> int:
    return int(frames[np.argmin(np.abs(frames - frame))])


def _decision(frame: int, footage: Footage) -> int:
    """The frame of the last decision: what a policy saw."""
    return min(frame, len(footage) - 1) // SUBSTEPS * SUBSTEPS


def _nearness(footage: Footage) -> NDArray[np.float64]:
    """``f8[F]`` how near everybody is who is ahead within the front camera's sight."""
    ego = footage.ego
    others = np.flatnonzero((footage.looks & 15 != HIDDEN) & (np.arange(len(footage.looks)) != ego))
    apart = footage.states[:, others, :2] - footage.states[:, ego, None, :2]
    heading = footage.states[:, ego, None, 2]
    along = apart[..., 0] * np.cos(heading) + apart[..., 1] * np.sin(heading)
    aside = np.abs(apart[..., 1] * np.cos(heading) - apart[..., 0] * np.sin(heading))
    seen = (along > 2.0) & (aside < 0.8 * along)
    square = along * along + aside * aside
    near: NDArray[np.float64] = np.where(seen, 1.0 / (1.0 + square / (NEAR_M * NEAR_M)), 0.0).sum(axis=1)
    return near


def _sideways_mps2(footage: Footage, window: int) -> NDArray[np.float64]:
    """``f8[F]`` acceleration to the side, over a window of frames."""
    heading, speed = footage.states[:, footage.ego, 2], footage.states[:, footage.ego, 3]
    turned = np.unwrap(heading)
    before = np.maximum(np.arange(len(turned)) - window // 2, 0)
    after = np.minimum(np.arange(len(turned)) + window // 2, len(turned) - 1)
    seconds = np.maximum(after - before, 1) / SIMULATION_HZ
    sideways: NDArray[np.float64] = np.abs(speed * (turned[after] - turned[before]) / seconds)
    return sideways
