"""What the tests of the families look at: traffic about the ego, and the expert among it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivebench.evaluation.rollout import Rollout, roll_out_batch
from drivebench.metric.measurement import Reference
from drivebench.metric.monitor import Monitor
from drivebench.metric.parts import is_success, parts
from drivebench.metric.score import dbs
from drivebench.scenario import Episode, load_scenario
from drivebench.world import World, WorldBatch
from scenarios.expert import Expert


@dataclass(kw_only=True)
class Drive:
    """Episodes driven by the expert, and what the traffic did."""

    rollouts: list[Rollout]
    crashes_among_others: int
    slowest_mps: float
    left_about_the_ego: list[int]

    @property
    def scores(self) -> list[float]:
        return [dbs(parts(each.measurement, own_reference(each))) for each in self.rollouts]

    @property
    def failures(self) -> list[str]:
        return [
            f"seed {each.episode.seed}: {each.measurement.ended_by}, {each.measurement.events}"
            for each in self.rollouts
            if not is_success(each.measurement, own_reference(each))
        ]


def own_reference(rollout: Rollout) -> Reference:
    """What a suite would write down if this were the expert's drive."""
    return Reference(
        time_s=rollout.measurement.duration_s, distance_m=max(rollout.measurement.progress_m, 1.0)
    )


def expert_drives(family: str, seeds: Sequence[int], condition: str = "nominal") -> Drive:
    episodes = [load_scenario(family).episode(seed, condition) for seed in seeds]
    expert = Expert()
    crashed: set[tuple[int, int]] = set()
    slowest = np.inf
    left = [0] * len(episodes)
    begun = False

    def decide(worlds: WorldBatch, monitor: Monitor, slots: NDArray[np.int64]) -> NDArray[np.float32]:
        nonlocal begun, slowest
        del monitor
        if not begun:
            expert.reset(worlds, dict(enumerate(episodes)), slots)
            begun = True
        for slot in slots.tolist():
            others = np.arange(1, worlds.vehicles[slot])
            crashed.update((slot, int(place)) for place in others[worlds.crashed[slot, others] != 0])
            slowest = min(slowest, float(worlds.speed[slot, others].min(initial=0.0)))
            away = np.hypot(
                worlds.x[slot, others] - worlds.x[slot, 0], worlds.y[slot, others] - worlds.y[slot, 0]
            )
            left[slot] = int((away < 120.0).sum())
        return expert.act(worlds, slots)

    rollouts = roll_out_batch(episodes, [None] * len(episodes), decide)
    return Drive(
        rollouts=rollouts,
        crashes_among_others=len(crashed),
        slowest_mps=slowest,
        left_about_the_ego=left,
    )


def around(world: World) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The other vehicles as seen by the ego: metres ahead, metres to the right, speed."""
    x, y, heading, speed = world.entity_float[:4, : world.vehicles]
    dx, dy = x[1:] - x[0], y[1:] - y[0]
    cosine, sine = np.cos(heading[0]), np.sin(heading[0])
    return dx * cosine + dy * sine, dy * cosine - dx * sine, speed[1:]


def episodes(family: str, count: int, condition: str = "nominal", first: int = 1_300_000) -> list[Episode]:
    return [load_scenario(family).episode(seed, condition) for seed in range(first, first + count)]
