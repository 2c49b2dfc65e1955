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
