"""The camera benchmark looks at what it says it looks at; nothing here depends on how fast the machine is."""

import dataclasses

import numpy as np
import pytest

from drivebench import registry
from drivebench.benchmarks import camera
from drivebench.errors import ConfigurationError
from drivebench.sensors import FRONT, render
from drivebench.sensors.solids import FARTHEST_M


def test_stock_pictures_are_not_black() -> None:
    """With a dummy video driver highway-env draws nothing, silently and quickly."""
    stock = registry.load("peer", "highway-env").pictures("highway-v0", 1)
    first = stock.step()
    assert first.shape == (1, 128, 64)
    assert first.std() > 5.0
    assert stock.world.vehicles == 51


def test_a_dummy_video_driver_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with pytest.raises(ConfigurationError, match="draws nothing"):
        registry.load("peer", "highway-env").pictures("highway-v0", 1)


def test_whole_steps_drive_the_peers_world() -> None:
    """All episodes are the peer's world, none ends on the way, and a step gives all that a step gives."""
    world = registry.load("peer", "highway-env").pictures("highway-v0", 1).world
    environment = camera.environment_of(world, 2)
    environment.reset(seed=0)
    worlds = environment.episodes.running()[0]
    assert [each.digest for each in worlds.worlds] == [world.digest] * 2
    for _ in range(camera.STEPS):
        seen, rewards, terminated, truncated, info = environment.step(np.zeros((2, 2), np.float32))
        assert seen["front"].shape == (2, *environment.single_observation_space["front"].shape)
        assert not (terminated | truncated).any()
        assert (rewards > 0.0).all()
    assert info["progress_m"][0] == info["progress_m"][1] > 10.0


def test_all_cars_are_in_sight() -> None:
    moments = camera.busy_road()
    assert len(moments) == camera.BATCH
    assert ((moments.looks != 0).sum(axis=1) == camera.CARS).all()
    ahead = moments.boxes[:, 1:, 0] - moments.poses[:, :1]
    assert (ahead > 3.0).all()
    assert (ahead < FARTHEST_M).all()
    empty = dataclasses.replace(moments, looks=np.zeros_like(moments.looks))
    without = render(FRONT, empty)
    for k in range(camera.CARS):
        shown = np.zeros_like(moments.looks)
        shown[:, 1 + k] = moments.looks[:, 1 + k]
        seen = (render(FRONT, dataclasses.replace(moments, looks=shown)) != without).any(axis=(1, 2, 3))
        assert seen.mean() > 0.9 if k > 2 else seen.mean() > 0.5
