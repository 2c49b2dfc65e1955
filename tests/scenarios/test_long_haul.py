"""Long haul: closed courses that bend to both sides, and errors that have time to compound."""

import math

import numpy as np
from numpy.typing import NDArray
from scenes import expert_drives

from drivebench.evaluation.rollout import roll_out
from drivebench.metric.measurement import Ending, Reference
from drivebench.metric.monitor import Monitor
from drivebench.metric.parts import parts
from drivebench.metric.score import dbs
from drivebench.scenario import episode_generator, load_scenario
from drivebench.world import RoadNetwork, WorldBatch
from drivebench.world.layout import LaneFloat, LaneInt, LaneKind
from scenarios.closed_road import TIGHTEST_M, closed_road
from scenarios.expert import Expert

FAMILY = "long-haul-v1"


def courses() -> list[RoadNetwork]:
    return [closed_road(episode_generator("test", "course", n), width_m=4.25) for n in range(8)]


def test_a_course_is_closed_and_bends_to_both_sides() -> None:
    for network in courses():
        numbers, kinds = network.lane_float, network.lane_int[:, LaneInt.KIND]
        arcs = kinds == LaneKind.CIRCULAR
        assert (arcs == (np.arange(len(kinds)) % 2 == 0)).all()
        assert (numbers[arcs, LaneFloat.RADIUS] >= TIGHTEST_M).all()
        assert set(numbers[arcs, LaneFloat.TURN].tolist()) == {-1.0, 1.0}
        for row in range(len(kinds)):
            following = (row + 1) % len(kinds)
            end = network.position(row, network.length_m(row), 0.0)
            assert math.dist(end, network.position(following, 0.0, 0.0)) < 1e-3
            turn = network.heading_at(row, network.length_m(row)) - network.heading_at(following, 0.0)
            assert abs((turn + math.pi) % (2.0 * math.pi) - math.pi) < 1e-4


def test_laps_are_unrolled_and_the_places_are_all_around() -> None:
    episodes = [load_scenario(FAMILY).episode(seed) for seed in range(1_300_000, 1_300_012)]
    assert len({episode.world.network.digest for episode in episodes}) > 3
    for episode in episodes:
        assert episode.route.arc_m[-1] > episode.speed_limit_mps * episode.horizon_s
        around = episode.world.network.lane_float[:, LaneFloat.LENGTH].sum()
        assert 1200.0 < around < 2200.0
        points, arc = episode.route.points_m, episode.route.arc_m
        again = int(np.searchsorted(arc, around))
        zero = int(np.searchsorted(arc, 0.0))
        assert math.dist(points[zero], points[again]) < 2.5


def test_the_expert_drives_to_the_end() -> None:
    drive = expert_drives(FAMILY, range(1_310_000, 1_310_003))
    assert not drive.failures
    assert min(drive.scores) > 98.0


def unsteady(seed: int, noise: float, episodes: int) -> NDArray[np.float64]:
    """How long a driver with an unsteady hand stays on the road in each episode (s).

    Args:
        seed: Of the noise.
        noise: Standard deviation of the steering, as a share of its range; it lasts for about two seconds.
        episodes: How many.
    """
    generator, expert, begun = np.random.default_rng(seed), Expert(), False
    found = [load_scenario(FAMILY).episode(1_320_000 + place) for place in range(episodes)]
    hand = np.zeros(episodes)

    def decide(worlds: WorldBatch, monitor: Monitor, slots: NDArray[np.int64]) -> NDArray[np.float32]:
        nonlocal begun
        del monitor
        if not begun:
            expert.reset(worlds, dict(enumerate(found)), slots)
            begun = True
        hand[:] = 0.9 * hand + math.sqrt(1.0 - 0.81) * noise * generator.standard_normal(episodes)
        actions = expert.act(worlds, slots)
        actions[:, 1] += hand[slots].astype(np.float32)
        return np.clip(actions, -1.0, 1.0)

    rollouts = roll_out(found, [None] * episodes, decide, batch_size=episodes)
    return np.array(
        [
            math.inf if each.measurement.ended_by is Ending.HORIZON else each.measurement.duration_s
            for each in rollouts
        ]
    )


def test_whoever_leaves_the_road_now_and_then_fails_in_five_minutes() -> None:
    """Cost against horizon: a hand that is good enough for lane keeping's 25 s is not for 300 s."""
    left = unsteady(0, 0.06, 24)
    by_then = [float((left < seconds).mean()) for seconds in (25.0, 100.0, 300.0)]
    assert by_then[0] <= 0.25
    assert by_then[2] >= 0.4
    assert by_then[0] < by_then[1] < by_then[2]


def test_who_drives_too_fast_keeps_his_route_and_loses_what_the_limit_is_worth() -> None:
    """A quarter above the limit for five minutes: the route once ended there, and all was lost with it."""
    expert, found = Expert(), [load_scenario(FAMILY).episode(1_330_000 + place) for place in range(3)]
    expert_reference = Reference(time_s=300.0, distance_m=300.0 * found[0].speed_limit_mps)
    limits = np.array([episode.speed_limit_mps for episode in found])

    def decide(worlds: WorldBatch, monitor: Monitor, slots: NDArray[np.int64]) -> NDArray[np.float32]:
        if not monitor.decisions.any():
            expert.reset(worlds, dict(enumerate(found)), slots)
        actions = expert.act(worlds, slots)
        lacking_mps = 1.25 * limits[slots] - worlds.speed[slots, worlds.ego[slots]]
        actions[:, 0] = np.clip(0.3 * lacking_mps, -1.0, 1.0)
        return actions

    for each in roll_out(found, [None] * len(found), decide, batch_size=len(found)):
        assert each.measurement.ended_by is Ending.HORIZON
        assert each.measurement.progress_m > 1.2 * each.episode.speed_limit_mps * 300.0
        scored = parts(each.measurement, expert_reference)
        assert scored.sl < 0.2  # 0.105 measured
        assert 50.0 < dbs(scored) < 90.0
