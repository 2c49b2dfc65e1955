"""The camera benchmark looks at what it says it looks at; nothing here depends on how fast the machine is."""

import numpy as np
import pytest

from drivebench import registry
from drivebench.benchmarks import camera
from drivebench.errors import ConfigurationError
from drivebench.sensors import FRONT, render


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


def test_moments_show_the_nearest_cars() -> None:
    worlds = [registry.load("peer", "highway-env").pictures("highway-v0", seed).world for seed in range(2)]
    moments = camera._moments(worlds)
    assert len(moments) == camera.BATCH
    assert ((moments.looks != 0).sum(axis=1) == camera.CARS).all()
    shown = np.hypot(*(moments.boxes[0, :, :2] - moments.poses[0, :2]).T)
    assert shown[moments.looks[0] != 0].max() < shown[moments.looks[0] == 0][1:].min() + 1e-9
    assert (render(FRONT, moments).std(axis=(1, 2, 3)) > 10.0).all()
