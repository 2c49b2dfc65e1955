"""Car following: a leader that answers to nobody, and an expert that does not know what it will do."""

from dataclasses import replace

import numpy as np
from scenes import episodes, expert_drives, own_reference

from drivebench.evaluation.rollout import DriverPilot, roll_out
from drivebench.metric.monitor import Monitor
from drivebench.metric.parts import parts
from drivebench.metric.score import dbs
from drivebench.scenario import Episode
from drivebench.sensors import SensorRig
from drivebench.world import EntityKind, WorldBatch, quantise
from drivebench.world.clock import POLICY_HZ
from drivebench.world.layout import EntityFloat
from drivebench.world.script import Script
from scenarios.car_following import EGO, GAP_M, HORIZON_S, LEADER, LIMIT_ABOVE_TOP_MPS, SLOWEST_START_MPS
from scenarios.expert import Expert
from scenarios.leader_profile import SLOWEST_MPS

FAMILY = "car-following-v1"
FOLLOWER = 2


def leaders_way(some: list[Episode], action: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Speeds and accelerations [decisions, worlds] of the leaders while the egos do the same all the time."""
    worlds = WorldBatch([episode.world for episode in some])
    speeds, accelerations = [], []
    for _ in range(round(HORIZON_S * POLICY_HZ)):
        worlds.step(quantise([action] * len(some)))
        speeds.append(worlds.speed[:, LEADER].copy())
        accelerations.append(np.diff(worlds.trace[:, :, LEADER, 3], axis=1).ravel() * 15.0)
    return np.array(speeds), np.array(accelerations)


def test_a_leader_goes_and_brakes_within_its_bounds() -> None:
    some = episodes(FAMILY, 60)
    speeds, accelerations = leaders_way(some, (-1.0, 0.0))
    top = np.array([episode.speed_limit_mps - LIMIT_ABOVE_TOP_MPS for episode in some])
    assert (speeds < top + 0.01).all()
    assert (speeds > -1e-9).all()
    # A decision's change of speed comes by a fall of the difference, which begins 12 % steeper.
    assert -1.13 * 3.5 - 0.5 < accelerations.min() < -2.5
    assert 1.5 < accelerations.max() < 1.13 * 2.2 + 0.5
    stops = (speeds.min(axis=0) < 0.5).mean()
    assert 0.0 < stops < 0.3
    assert (speeds.min(axis=0) < SLOWEST_MPS + 1.5).mean() > 0.3
    turns = (np.diff(np.sign(np.diff(speeds, axis=0)), axis=0) != 0).sum(axis=0)
    assert np.median(turns) > 12, "it goes and brakes every few seconds"


def test_a_leader_answers_to_nobody() -> None:
    some = [without_contact(episode) for episode in episodes(FAMILY, 8)]
    ahead, _ = leaders_way(some, (1.0, 0.1))
    standing, _ = leaders_way(some, (-1.0, 0.0))
    assert ahead.tobytes() == standing.tobytes()


def without_contact(episode: Episode) -> Episode:
    """The same with an ego that nobody can touch: whoever is struck stops."""
    integers = episode.world.entity_int.copy()
    integers[6:8, EGO] = 0
    return replace(episode, world=replace(episode.world, entity_int=integers))


def test_gap_closing_speed_and_speed_are_drawn_independently() -> None:
    gaps, closing, speeds = [], [], []
    for episode in episodes(FAMILY, 300):
        world = episode.world
        assert world.kinds() == (EntityKind.EGO, EntityKind.CONTROLLED, EntityKind.IDM)
        x, y, _, speed = world.entity_float[:4]
        gaps.append(float(np.hypot(x[LEADER] - x[EGO], y[LEADER] - y[EGO])) - 5.0)
        closing.append(speed[EGO] - speed[LEADER])
        speeds.append(speed[LEADER])
        assert np.hypot(x[FOLLOWER] - x[EGO], y[FOLLOWER] - y[EGO]) > 12.0
    assert GAP_M[0] - 0.5 < min(gaps) < 7.0
    assert 17.0 < max(gaps) < GAP_M[1] + 0.5
    assert min(speeds) > SLOWEST_START_MPS - 0.01
    table = np.corrcoef([gaps, closing, speeds])
    assert np.abs(table[np.triu_indices(3, 1)]).max() < 0.2


def test_the_expert_keeps_its_distance() -> None:
    drive = expert_drives(FAMILY, range(1_310_000, 1_310_032))
    assert not drive.failures
    assert np.mean(drive.scores) > 97.0
    assert drive.crashes_among_others == 0


def test_the_expert_does_not_know_what_the_leader_will_do() -> None:
    """Two scripts that agree in what has happened, and a gust: the same actions bit for bit."""
    for moment in (0, 10, 35):
        taken = []
        for episode in episodes(FAMILY, 4):
            script = episode.world.script
            assert script is not None
            speeds, gusts = script.speeds_mps.copy(), np.zeros(150)
            speeds[moment:], gusts[moment:] = 0.0, 0.2
            other = Script(steering_gust_rad=gusts, actors=script.actors, speeds_mps=speeds)
            both = (episode, replace(episode, world=replace(episode.world, script=other)))
            worlds = WorldBatch([each.world for each in both])
            expert = Expert()
            expert.reset(worlds, dict(enumerate(both)), np.arange(2))
            for _ in range(moment):
                worlds.step(quantise(expert.act(worlds, np.arange(2))))
            actions = expert.act(worlds, np.arange(2))
            assert actions[0].tobytes() == actions[1].tobytes()
            for _ in range(4):
                worlds.step(quantise(actions))
            taken.append(float(worlds.speed[0, LEADER] - worlds.speed[1, LEADER]))
        assert min(taken) > 1.0, "what is to come does not differ"


def test_there_are_no_brake_lights() -> None:
    """The picture is the same whatever the leader is about to do."""
    some = episodes(FAMILY, 6)
    pictures = []
    for acceleration in (-3.5, 0.0, 2.0):
        worlds = WorldBatch([episode.world for episode in some])
        worlds.entity_float[:, EntityFloat.ACCELERATION, LEADER] = acceleration
        worlds.entity_float[:, EntityFloat.TARGET_SPEED, LEADER] += acceleration
        monitor = Monitor(worlds, some, [None] * len(some))
        seen = SensorRig(["front"]).observe(worlds, monitor, np.arange(len(some)))
        pictures.append(np.asarray(seen["front"]).tobytes())
    assert len(set(pictures)) == 1


def test_who_stands_or_creeps_scores_low() -> None:
    some = episodes(FAMILY, 16)
    best = [own_reference(each) for each in roll_out(some, [None] * 16, DriverPilot(Expert()), 16)]

    def mean_score(acceleration: float) -> float:
        standing = np.tile(np.array([[acceleration, 0.0]], np.float32), (16, 1))
        driven = roll_out(some, best, lambda _w, _m, slots: standing[: len(slots)], 16)
        pairs = zip(driven, best, strict=True)
        return float(np.mean([dbs(parts(each.measurement, reference)) for each, reference in pairs]))

    assert mean_score(-1.0) <= 5.0
    assert mean_score(1.0) <= 5.0, "who does not brake runs into the leader"
