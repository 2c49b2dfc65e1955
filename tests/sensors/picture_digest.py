"""Pictures of many kinds and their digests; as a script, prints the digests as JSON."""

import hashlib
import json
import sys

import numpy as np
from painted_roads import ROADS

from drivebench.sensors import FRONT, LEFT, MIRROR_LEFT, MIRROR_RIGHT, RIGHT, Camera, Moments, render
from drivebench.weather import WEATHERS
from drivebench.world import EntityKind

CAMERAS = (
    FRONT,
    LEFT,
    RIGHT,
    MIRROR_LEFT,
    MIRROR_RIGHT,
    Camera(name="odd", height=37, width=53, yaw_deg=31.7, pitch_deg=11.3),
)
PER_ROAD = 12
NAMES = ("motorway", "slanted", "bends", "swing")


def moments() -> Moments:
    """Every road, seen from many poses, with traffic around."""
    rng = np.random.default_rng(5)
    roads = [ROADS[name]() for name in NAMES]
    count, entities = PER_ROAD * len(roads), 12
    states = np.zeros((count, entities, 4))
    for n in range(count):
        pose = roads[n // PER_ROAD].poses[n % len(roads[n // PER_ROAD].poses)]
        states[n, :, :3] = pose
        states[n, :, :3] += rng.uniform([-40, -12, -3.1], [60, 12, 3.1], (entities, 3))
        states[n, 0, :3] = pose + rng.uniform([-3, -1, -0.2], [3, 1, 0.2])
    kinds = rng.choice([EntityKind.IDM, EntityKind.OBSTACLE, -1], (count, entities))
    kinds[:, 0] = EntityKind.EGO
    return Moments.from_states(
        networks=[road.network for road in roads],
        network=np.repeat(np.arange(len(roads)), PER_ROAD),
        states=states,
        sizes_m=rng.uniform([3.5, 1.6], [6.0, 2.4], (count, entities, 2)),
        kinds=kinds,
        ego=np.zeros(count, np.int64),
    )


def digests() -> dict[str, str]:
    """SHA-256 of the pictures of each camera."""
    seen = moments()
    count = len(seen)
    weathers = [list(WEATHERS.values())[n % len(WEATHERS)] for n in range(count)]
    mixed = seen.under(weathers, list(range(count)), np.arange(count) % 23)
    clear = {camera.name: hashlib.sha256(render(camera, seen).tobytes()).hexdigest() for camera in CAMERAS}
    weather = {
        f"{camera.name} in every weather": hashlib.sha256(render(camera, mixed).tobytes()).hexdigest()
        for camera in CAMERAS
    }
    return clear | weather


def other_moments() -> Moments:
    """What ``moments`` lacks: polylines, a goal and a wall."""
    road = ROADS["corners"]()
    count = len(road.poses)
    states = np.zeros((count, 4, 4))
    for n, pose in enumerate(road.poses):
        places = [(0.0, 0.0, 0.0), (9.0, 1.0, 0.3), (30.0, -9.0, 0.2), (11.0, 3.0, 0.4)]
        states[n, :, :3] = np.array(pose) + np.array(places)
    kinds = [EntityKind.EGO, EntityKind.LANDMARK, EntityKind.OBSTACLE, EntityKind.IDM]
    return Moments.from_states(
        networks=[road.network],
        network=np.zeros(count, np.int64),
        states=states,
        sizes_m=np.tile([[5.0, 2.0], [5.0, 2.0], [40.0, 1.0], [5.0, 2.0]], (count, 1, 1)),
        kinds=np.tile(kinds, (count, 1)),
        ego=np.zeros(count, np.int64),
    )


def other_digests() -> dict[str, str]:
    """SHA-256 of pictures in weather, and of those of polylines, a goal and a wall."""
    others = {
        f"{camera.name}, polylines, goal and wall": hashlib.sha256(
            render(camera, other_moments()).tobytes()
        ).hexdigest()
        for camera in CAMERAS
    }
    return {name: digest for name, digest in digests().items() if "weather" in name} | others


if __name__ == "__main__":
    json.dump(digests(), sys.stdout)
