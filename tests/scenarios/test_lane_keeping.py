"""Lane keeping: other roads in every split, starts as the conditions say, and well posed."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from drivebench.evaluation.rollout import DriverPilot, Pilot, roll_out
from drivebench.metric.measurement import Reference
from drivebench.metric.monitor import Monitor
from drivebench.metric.parts import parts
from drivebench.metric.score import dbs
from drivebench.scenario import SPLITS, Episode
from drivebench.world import WorldBatch
from scenarios.lane_follower import LaneFollower
from scenarios.lane_keeping import SCENARIO, comfortable_speed_mps
from scenarios.reference_path import CURVATURE, ReferencePath

SEEDS = 40


def _episodes(split: str, condition: str, count: int = SEEDS) -> list[Episode]:
    return [SCENARIO.episode(seed, condition) for seed in SPLITS[split][:count]]


def _beside_route(episode: Episode) -> tuple[float, float]:
    """Lateral offset (m) and heading (rad) of the ego relative to its route."""
    x, y, heading = episode.world.entity_float[:3, 0].tolist()
    points = episode.route.points_m
    index = int(np.argmin(np.abs(episode.route.arc_m)))
    dx, dy = points[index + 1] - points[index - 1]
    along = np.hypot(dx, dy)
    lateral = ((y - points[index, 1]) * dx - (x - points[index, 0]) * dy) / along
    off = heading - np.arctan2(dy, dx)
    return lateral, (off + np.pi) % (2 * np.pi) - np.pi


@pytest.mark.parametrize(
    ("condition", "least", "most"),
    [("nominal", 0.0, 0.0), ("off-course", 0.4, 1.0), ("off-course-far", 1.05, 1.8)],
)
def test_starts_are_as_far_beside_the_lane_as_the_condition_says(
    condition: str, least: float, most: float
) -> None:
    laterals, errors = np.array([_beside_route(e) for e in _episodes("test", condition)]).T
    # 3 cm: the nearest point of the route stands for the lane's centre; a curve lies beside its chord.
    assert np.abs(laterals).min() >= least - 0.03
    assert np.abs(laterals).max() <= most + 0.03
    if condition == "off-course":
        assert (laterals > 0).any()
        assert (laterals < 0).any()
        assert (errors * laterals > 0).any()
        assert (errors * laterals < 0).any()
        assert np.abs(errors).max() > np.radians(10.0)
    # In a curve of 10 m the car's heading is 14° short of its course; on top of that up to 14°.
    assert np.abs(errors).max() < np.radians(30.0 if most else 16.0)


def test_racetracks_and_winding_roads_are_divided_over_the_splits() -> None:
    roads = {
        split: {e.world.network.digest: e.world.network.nodes for e in _episodes(split, "nominal", 120)}
        for split in SPLITS
    }
    for one, other in combinations(roads, 2):
        assert not set(roads[one]) & set(roads[other])
    tracks = {split: sum("a" in nodes for nodes in networks.values()) for split, networks in roads.items()}
    assert tracks == {"train": 0, "dev": 2, "test": 1, "secret": 0}
    assert min(len(networks) for networks in roads.values()) > 15


def test_far_starts_have_a_second_lane_to_stand_on() -> None:
    for episode in _episodes("test", "off-course-far"):
        assert len({lane for _, _, lane in episode.world.network.lane_index}) >= 2


def test_comfortable_speed_is_rounded_down() -> None:
    # sqrt(3 m/s² x 15 m) = 6.708 m/s; sqrt(3 x 12) = 6 exactly.
    assert comfortable_speed_mps(15.0) == 6.5
    assert comfortable_speed_mps(12.0) == 6.0


def test_the_limit_is_comfortable_along_the_route() -> None:
    for episode in _episodes("test", "nominal"):
        route, limit = episode.route, episode.speed_limit_mps
        path = ReferencePath.through(route.points_m, route.arc_m, speed_limit_mps=limit)
        assert np.abs(path.knots[1:-1, CURVATURE]).max() * limit * limit < 4.0


def _scores(
    pilot: Pilot | Callable[..., NDArray[np.float32]], episodes: list[Episode]
) -> NDArray[np.float64]:
    references = [Reference(time_s=e.horizon_s, distance_m=e.horizon_s * e.speed_limit_mps) for e in episodes]
    rollouts = roll_out(episodes, references, pilot)
    return np.array(
        [dbs(parts(r.measurement, reference)) for r, reference in zip(rollouts, references, strict=True)]
    )


@pytest.mark.parametrize("condition", SCENARIO.conditions)
def test_a_lane_follower_masters_it_from_every_start(condition: str) -> None:
    scores = _scores(DriverPilot(LaneFollower()), _episodes("test", condition))
    assert scores.min() > 95.0


def test_neither_standing_still_nor_driving_blindly_pays() -> None:
    def parked(worlds: WorldBatch, monitor: Monitor, slots: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.tile(np.array([-1.0, 0.0], np.float32), (len(slots), 1))

    def straight_on(worlds: WorldBatch, monitor: Monitor, slots: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.zeros((len(slots), 2), np.float32)

    episodes = _episodes("test", "nominal")
    assert _scores(parked, episodes).mean() < 5.0
    assert _scores(straight_on, episodes).mean() < 10.0
