"""A picture is the same bytes on every processor, in any number of threads, from worlds and from records."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from picture_digest import CAMERAS, digests, moments

from drivebench.demonstrations.fixed_point import decode, encode
from drivebench.errors import ConfigurationError
from drivebench.scenario import load_scenario
from drivebench.sensors import FRONT, GroundMap, Moments, render
from drivebench.sensors.grain import grain_table
from drivebench.world import WorldBatch, quantise

HERE = Path(__file__).parent


def test_cameras_and_moments_differ() -> None:
    pictures = render(FRONT, moments())
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)
    assert len(set(digests().values())) == 2 * len(CAMERAS)
    assert (pictures.std(axis=(1, 2, 3)) > 10).all()


@pytest.mark.slow
def test_the_processor_does_not_matter() -> None:
    result = subprocess.run(
        [sys.executable, HERE / "picture_digest.py"],
        env={**os.environ, "NUMBA_CPU_NAME": "generic"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == digests()


def test_the_number_of_threads_does_not_matter() -> None:
    threads = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = digests()
    finally:
        numba.set_num_threads(threads)
    if threads == 1:
        pytest.skip("numba was given one thread only")
    assert digests() == alone


def test_one_picture_does_not_depend_on_the_others() -> None:
    everything = moments()
    together = render(FRONT, everything)
    for n in (0, 17, 40):
        alone = Moments(
            grounds=[everything.grounds[everything.ground[n]]],
            ground=np.zeros(1, np.int64),
            poses=everything.poses[n : n + 1],
            boxes=everything.boxes[n : n + 1],
            looks=everything.looks[n : n + 1],
        )
        assert np.array_equal(render(FRONT, alone)[0], together[n])


def test_driving_and_records_give_the_same_pictures() -> None:
    """States that were stored as integers give the pictures that were seen while driving, byte for byte."""
    episodes = [load_scenario("highway-v1").episode(seed) for seed in range(3)]
    worlds = WorldBatch([episode.world for episode in episodes])
    slots = np.arange(3)
    for _ in range(5):
        worlds.step(quantise([[0.2, 0.03]] * 3))
        driving = Moments.from_worlds(worlds, slots)
        states = np.stack((worlds.x, worlds.y, worlds.heading, worlds.speed), axis=-1)
        recorded = Moments.from_states(
            networks=[episode.world.network for episode in episodes],
            network=slots,
            states=decode(encode(states)),
            sizes_m=np.stack((worlds.length, worlds.width), axis=-1),
            kinds=np.where(worlds.present, worlds.kind, -1),
            ego=worlds.ego,
        )
        for camera in CAMERAS:
            assert np.array_equal(render(camera, driving), render(camera, recorded))


def test_a_buffer_is_filled_and_checked() -> None:
    seen = moments()
    out = np.full((len(seen), *FRONT.shape), 7, np.uint8)
    assert render(FRONT, seen, out) is out
    assert np.array_equal(out, render(FRONT, seen))
    for wrong in (out[:, :, :, ::2], out.astype(np.int8), out[:-1]):
        with pytest.raises(ConfigurationError, match="expected a C-contiguous uint8"):
            render(FRONT, seen, wrong)


def test_ground_is_painted_once() -> None:
    network = load_scenario("lane-keeping-v1").episode(3).world.network
    ground = GroundMap.of(network)
    assert GroundMap.of(network) is ground
    assert np.array_equal(GroundMap.paint(network).texels, ground.texels)


def test_ground_of_a_road_is_small() -> None:
    """Many different roads must fit into one process."""
    for scenario in ("lane-keeping-v1", "highway-v1", "merge-v1", "roundabout-v1"):
        ground = GroundMap.of(load_scenario(scenario).episode(1).world.network)
        assert ground.nbytes < 15e6, f"{scenario}: {ground.nbytes / 1e6:.1f} MB"


def test_grain_is_the_same_everywhere() -> None:
    """The only table that comes from NumPy's floating-point arithmetic."""
    digest = hashlib.sha256(grain_table().tobytes()).hexdigest()
    assert digest == "2ee83f5ec0b443061a3b65c0c8452e87a3315c3ac1b91060a2e7529bcbb2a91a"
