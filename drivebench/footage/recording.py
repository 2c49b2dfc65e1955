"""Recording where everybody was, at every simulation step of an episode."""

import dataclasses
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from drivebench import registry
from drivebench.errors import ConfigurationError, UnknownNameError
from drivebench.evaluation.rollout import DriverPilot, roll_out_batch
from drivebench.metric.measurement import EpisodeMeasurement, Reference
from drivebench.metric.monitor import Monitor
from drivebench.scenario import Episode
from drivebench.sensors import FRONT, GroundMap, Moments
from drivebench.sensors.faults import shown_decisions
from drivebench.sensors.scene import looks_of
from drivebench.world import WorldBatch
from drivebench.world.clock import POLICY_HZ, SIMULATION_HZ, SUBSTEPS

__all__ = ["IDLE", "Footage", "film_actions", "film_driver"]

IDLE = "idle"


@dataclass(frozen=True, kw_only=True, eq=False)
class Footage:
    """An episode as it was driven, in F frames, one for each simulation step and one for the start.

    Attributes:
        title: Who drives.
        episode: What is driven.
        states: ``f8[F, N, 4]`` x, y, heading, speed of all entities.
        sizes_m: ``f8[N, 2]`` length and width.
        kinds: ``i8[N]`` ``EntityKind``.
        progress_m: ``f8[F]`` arc length along the route.
        measurement: What was measured.
    """

    title: str
    episode: Episode
    states: NDArray[np.float64]
    sizes_m: NDArray[np.float64]
    kinds: NDArray[np.int64]
    progress_m: NDArray[np.float64]
    measurement: EpisodeMeasurement

    def __len__(self) -> int:
        return len(self.states)

    @property
    def duration_s(self) -> float:
        """From the first frame to the last."""
        return (len(self) - 1) / SIMULATION_HZ

    @property
    def ego(self) -> int:
        """Column of the ego."""
        return self.episode.world.ego

    @cached_property
    def ground(self) -> GroundMap:
        """The roads."""
        return GroundMap.of(self.episode.world.network)

    @cached_property
    def looks(self) -> NDArray[np.uint8]:
        """``u1[N]`` how everybody else looks."""
        looks: NDArray[np.uint8] = looks_of(self.kinds[None], np.array([self.ego]), self.sizes_m[None])[0]
        return looks

    def boxes(self, frame: int) -> NDArray[np.float64]:
        """``f8[N, 5]`` where everybody is."""
        return np.concatenate((self.states[frame, :, :3], self.sizes_m), axis=-1)

    def moment(self, frame: int, camera: str = FRONT.name) -> Moments:
        """A frame as a camera shows it: an earlier one while the camera is frozen.

        Args:
            frame: Which.
            camera: Its name.
        """
        episode = self.episode
        seeds, dropout = np.array([episode.seed], np.uint64), np.array([episode.weather.dropout])
        decision = np.array([frame // SUBSTEPS])
        shown = shown_decisions(camera, seeds, decision, dropout)
        if shown[0] < decision[0]:
            frame = int(shown[0]) * SUBSTEPS
        return Moments(
            grounds=[self.ground],
            ground=np.zeros(1, np.int64),
            poses=self.states[frame, None, self.ego, :3],
            boxes=self.boxes(frame)[None],
            looks=self.looks[None],
            weathers=(episode.weather,),
            seeds=seeds,
            decisions=shown,
        )


def film_actions(
    title: str, episode: Episode, actions: NDArray[np.int16], *, reference: Reference | None = None
) -> Footage:
    """Drive an action log once more and record it, to the end of the log or of the episode.

    Args:
        title: Who drove.
        episode: What was driven.
        actions: ``i2[T, 2]`` from ``quantise``.
        reference: What the expert did on it, if known: it limits the time to the goal.
    """
    worlds = WorldBatch([episode.world])
    worlds.refuse_open_traffic("filmed")
    monitor = Monitor(worlds, [episode], [reference])
    states = [np.stack((worlds.x, worlds.y, worlds.heading, worlds.speed), axis=-1)]
    progress, reached = [np.zeros(1)], 0.0
    everyone = np.ones(1, np.bool_)
    for action in actions:
        worlds.step(action[None], everyone)
        states.append(worlds.trace[0].copy())
        done = bool(monitor.update(everyone)[0])
        now = float(monitor.progress_m[0])
        progress.append(reached + (now - reached) * np.arange(1, SUBSTEPS + 1) / SUBSTEPS)
        reached = now
        if done:
            break
    measurement = monitor.finish(0)
    frames = min(round(measurement.duration_s * SIMULATION_HZ) + 1, 1 + SUBSTEPS * (len(states) - 1))
    return Footage(
        title=title,
        episode=episode,
        states=np.concatenate(states)[:frames],
        sizes_m=np.stack((worlds.length[0], worlds.width[0]), axis=-1),
        kinds=worlds.kind[0].copy(),
        progress_m=np.concatenate(progress)[:frames],
        measurement=measurement,
    )


def film_driver(episode: Episode, driver: str, *, duration_s: float) -> Footage:
    """Let a driver drive an episode and record it.

    Args:
        episode: What to drive.
        driver: Registered name of a privileged driver, or ``idle``, which never touches the controls.
        duration_s: Stop after this time, if the episode does not end before.

    Raises:
        UnknownNameError: No such driver; suggests the nearest.
    """
    if not duration_s > 0.0:
        raise ConfigurationError(f"a recording of {duration_s} s; expected more than 0")
    decisions = max(1, round(min(duration_s, episode.horizon_s) * POLICY_HZ))
    if driver == IDLE:
        return film_actions(driver, episode, np.zeros((decisions, 2), np.int16))
    names = registry.names("driver")
    if driver not in names:
        raise UnknownNameError("driver", driver, (*names, IDLE))
    filmed = dataclasses.replace(episode, horizon_s=decisions / POLICY_HZ)
    pilot = DriverPilot(registry.load("driver", driver)())
    return film_actions(driver, episode, roll_out_batch([filmed], [None], pilot)[0].actions)
