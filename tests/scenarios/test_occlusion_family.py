"""Occlusion: pairs that are alike until it is too late, and that only memory of pictures tells apart.

The probes are small convolutional networks that say from pictures of the cameras whether somebody comes, at
the last moment before the expert brakes for it; judged on pairs that they were not fitted to. Measured
figures stand beside the bounds.
"""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scenes import own_reference

from drivebench.evaluation.rollout import DriverPilot, Rollout, roll_out
from drivebench.metric.fault import Fault
from drivebench.metric.monitor import Monitor
from drivebench.metric.parts import faults, is_success, parts
from drivebench.metric.score import dbs
from drivebench.scenario import Episode, load_scenario
from drivebench.sensors import FRONT, MIRROR_LEFT, MIRROR_RIGHT
from drivebench.sensors.render import render
from drivebench.sensors.scene import Moments
from drivebench.world import WorldBatch
from drivebench.world.clock import POLICY_HZ
from drivebench.world.layout import EntityFloat, WorldInt
from scenarios.expert import Expert
from scenarios.lane_follower import LaneFollower
from scenarios.occlusion import CROSSING, meeting_s

I8 = NDArray[np.int64]
F4 = NDArray[np.float32]

FAMILY = "occlusion-v1"
HIDDEN_S = 4.0
"""Before the two meet, the crossing vehicle is out of sight from this moment on at the latest."""
WINDOW = 3 * POLICY_HZ + 1
ROWS = slice(12, 36)
"""Of the front picture: about the horizon."""


def pairs(first: int, count: int, condition: str = "nominal") -> list[Episode]:
    return [load_scenario(FAMILY).episode(seed, condition) for seed in range(first, first + 2 * count)]


def scored(rollouts: list[Rollout], references: list[Rollout]) -> tuple[float, float]:
    """Mean score without the crossing vehicle and with it."""
    found = [
        dbs(parts(each.measurement, own_reference(reference)))
        for each, reference in zip(rollouts, references, strict=True)
    ]
    return float(np.mean(found[::2])), float(np.mean(found[1::2]))


@pytest.mark.parametrize("condition", ["nominal", "off-course"])
def test_a_pair_differs_in_the_crossing_vehicle_alone(condition: str) -> None:
    found = pairs(1_300_000, 8, condition)
    for without, coming in zip(found[::2], found[1::2], strict=True):
        assert without.task_digest == coming.task_digest
        others = np.arange(without.world.entities) != CROSSING
        np.testing.assert_array_equal(
            without.world.entity_float[:, others], coming.world.entity_float[:, others]
        )
        assert without.world.entity_float[EntityFloat.SPEED, CROSSING] == 0.0
        assert coming.world.entity_float[EntityFloat.SPEED, CROSSING] > 3.0


@pytest.mark.parametrize("condition", ["nominal", "off-course"])
def test_the_expert_does_the_same_in_both_until_the_vehicle_is_hidden_and_succeeds(condition: str) -> None:
    found = pairs(1_310_000, 20, condition)
    rollouts = roll_out(found, [None] * len(found), DriverPilot(Expert()))
    for each in rollouts:
        assert is_success(each.measurement, own_reference(each))
    assert min(scored(rollouts, rollouts)) > 95.0
    for without, coming in zip(rollouts[::2], rollouts[1::2], strict=True):
        assert without.measurement.progress_m > 1.5 * coming.measurement.progress_m
        shorter = min(len(without.actions), len(coming.actions))
        differ = (without.actions[:shorter] != coming.actions[:shorter]).any(axis=1)
        before_s = meeting_s(without.episode.seed) - int(np.flatnonzero(differ)[0]) / POLICY_HZ
        assert 2.5 < before_s < HIDDEN_S  # 3.6 s measured


class Braking(LaneFollower):
    """Stops before the first crossing and waits until a vehicle could have passed, in every episode."""

    def act(self, worlds: WorldBatch, slots: I8) -> F4:
        actions = super().act(worlds, slots)
        ego = worlds.x[slots, 0]
        waiting = (
            (ego > -24.0) & (ego < -6.0) & (worlds.world_int[slots, WorldInt.DECISIONS] < 11.5 * POLICY_HZ)
        )
        return np.where(waiting[:, None], [[-0.5, 0.0]], actions).astype(np.float32)


def test_never_braking_fails_in_half_of_the_episodes_and_always_braking_costs_much() -> None:
    found = pairs(1_320_000, 16)
    expert = roll_out(found, [None] * len(found), DriverPilot(Expert()))
    never = roll_out(found, [None] * len(found), DriverPilot(LaneFollower()))
    assert [bool(faults(each.measurement)) for each in never] == [False, True] * 16
    assert {fault for each in never for fault in faults(each.measurement)} == {Fault.STRUCK}
    without, coming = scored(never, expert)
    assert without > 95.0
    assert coming == 0.0
    always = roll_out(found, [None] * len(found), DriverPilot(Braking()))
    without, coming = scored(always, expert)
    assert without < 65.0
    assert 0.5 * (without + coming) <= 80.0


# ----------------------------------------------------------------------------------------------- the probes


@dataclass(frozen=True)
class Seen:
    """Pictures at the last decision that is the same in both episodes of a pair, and of 3 s before it.

    now: u1[E, C, H, W] rows of the front camera's picture and both mirrors, side by side, three colours;
    lately: u1[E, 16, 24, 160] of the front camera in grey; coming: b1[E].
    """

    now: NDArray[np.uint8]
    lately: NDArray[np.uint8]
    coming: NDArray[np.bool_]


def look(first: int, count: int) -> Seen:
    found = pairs(first, count)
    pilot = DriverPilot(Expert())
    pictures: list[NDArray[np.uint8]] = []
    grey: list[NDArray[np.uint8]] = []
    for begin in range(0, len(found), 40):
        part = found[begin : begin + 40]
        film: list[NDArray[np.uint8]] = []
        whole: list[NDArray[np.uint8]] = []
        taken: list[F4] = []

        def decide(worlds: WorldBatch, monitor: Monitor, slots: I8) -> F4:
            if not taken:  # noqa: B023
                pilot.begin(worlds, monitor, dict(enumerate(part)))  # noqa: B023
            actions = pilot.decide(worlds, monitor, slots)
            if len(taken) < 45 and len(slots) == len(part):  # noqa: B023
                moments = Moments.from_worlds(worlds, slots)
                front = render(FRONT, moments)[:, :, ROWS]
                mirrors = [render(each, moments) for each in (MIRROR_LEFT, MIRROR_RIGHT)]
                film.append(front.mean(axis=1).astype(np.uint8))  # noqa: B023
                whole.append(np.concatenate([front, *(each[:, :, :24] for each in mirrors)], axis=3))  # noqa: B023
                taken.append(actions)  # noqa: B023
            return actions

        roll_out(part, [None] * len(part), decide, batch_size=len(part))
        actions = np.stack(taken)
        for row in range(0, len(part), 2):
            last = int(np.flatnonzero((actions[:, row] != actions[:, row + 1]).any(axis=1))[0])
            for episode in (row, row + 1):
                pictures.append(whole[last][episode])
                grey.append(np.stack([film[last - back][episode] for back in range(WINDOW)]))
    coming = np.arange(len(found)) % 2 == 1
    return Seen(now=np.stack(pictures), lately=np.stack(grey), coming=coming)


def area_under_curve(score: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """How often somebody who comes gets a higher score than nobody; ties count half."""
    higher = score[truth][:, None] - score[~truth][None]
    return float(((higher > 0.0) + 0.5 * (higher == 0.0)).mean())


def probe(shown: NDArray[np.uint8], coming: NDArray[np.bool_], held_out: int, epochs: int = 25) -> float:
    """Area under the curve of a small network, on the last episodes."""
    torch.manual_seed(0)
    inputs = torch.as_tensor((shown.astype(np.float32) - 128.0) / 64.0)
    target = torch.as_tensor(coming.astype(np.float32))
    network = torch.nn.Sequential(
        *(torch.nn.Conv2d(shown.shape[1], 16, 5, 2, 2), torch.nn.ReLU()),
        *(torch.nn.Conv2d(16, 24, 3, 2, 1), torch.nn.ReLU(), torch.nn.AdaptiveMaxPool2d((2, 10))),
        *(torch.nn.Flatten(), torch.nn.Linear(24 * 20, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1)),
    )
    optimiser = torch.optim.Adam(network.parameters(), lr=2e-3)
    for _ in range(epochs):
        order = torch.randperm(len(inputs) - held_out)
        for first in range(0, len(order), 32):
            rows = order[first : first + 32]
            said = network(inputs[rows])[:, 0]
            loss = torch.nn.functional.binary_cross_entropy_with_logits(said, target[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    with torch.no_grad():
        said = network(inputs[-held_out:])[:, 0].numpy().astype(np.float64)
    return area_under_curve(said, coming[-held_out:])


@pytest.fixture(scope="module")
def seen() -> Seen:
    return look(0, 150)


@pytest.mark.slow
def test_at_that_moment_the_pictures_of_a_pair_are_the_same(seen: Seen) -> None:
    np.testing.assert_array_equal(seen.now[::2], seen.now[1::2])


@pytest.mark.slow
def test_pictures_of_one_moment_do_not_tell(seen: Seen) -> None:
    assert probe(seen.now, seen.coming, 80) <= 0.6


@pytest.mark.slow
def test_pictures_of_three_seconds_tell(seen: Seen) -> None:
    assert probe(seen.lately, seen.coming, 80) >= 0.9
