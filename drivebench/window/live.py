"""One episode while it is being driven: the world, what is measured, and what can be seen in between."""

import numpy as np
from numpy.typing import NDArray

from drivebench.demonstrations.redrive import Log
from drivebench.metric.measurement import EpisodeMeasurement
from drivebench.metric.monitor import Monitor
from drivebench.scenario import Episode
from drivebench.sensors import GroundMap, Moments
from drivebench.sensors.faults import shown_decisions
from drivebench.sensors.scene import looks_of
from drivebench.world import WorldBatch
from drivebench.world.clock import POLICY_HZ, SIMULATION_HZ, SUBSTEPS

__all__ = ["DECISION_S", "LiveEpisode"]

DECISION_S = 1.0 / POLICY_HZ
"""For how long an action is held."""

Floats = NDArray[np.float64]
_EVERYONE = np.ones(1, np.bool_)


class LiveEpisode:
    """An episode that is driven decision by decision and looked at in between.

    A decision computes the world 0.2 s ahead, under the action that is held for so long; what is shown runs
    through these 0.2 s, from one simulation step to the next in a straight line. Nothing that is shown has
    any effect on the world.

    Attributes:
        episode: What is driven.
        actions: ``i2[2]`` each, as they acted.
        sizes_m: ``f8[N, 2]`` length and width of everybody.
        looks: ``u1[N]`` how everybody else looks.
        ground: The roads.
    """

    def __init__(self, episode: Episode) -> None:
        """Begin at the start.

        Args:
            episode: What to drive.

        Raises:
            ConfigurationError: Its traffic is open: it cannot be recorded.
        """
        self.episode = episode
        self.actions: list[NDArray[np.int16]] = []
        self._worlds = WorldBatch([episode.world])
        self._worlds.refuse_open_traffic("recorded")
        self._monitor = Monitor(self._worlds, [episode], [None])
        worlds = self._worlds
        self._steps = [np.stack((worlds.x[0], worlds.y[0], worlds.heading[0], worlds.speed[0]), axis=-1)]
        self._progress_m = [0.0]
        self.sizes_m: Floats = np.stack((worlds.length[0], worlds.width[0]), axis=-1)
        kinds, ego = worlds.kind[0].copy(), np.array([self.ego])
        self.looks: NDArray[np.uint8] = looks_of(kinds[None], ego, self.sizes_m[None])[0]
        self.ground = GroundMap.of(episode.world.network)
        self._measurement = self._monitor.finish(0)

    @property
    def ego(self) -> int:
        """Column of the ego."""
        return self.episode.world.ego

    @property
    def decisions(self) -> int:
        """How many were made."""
        return len(self.actions)

    @property
    def ended(self) -> bool:
        """Whether the episode has come to its end."""
        return bool(self._monitor.done[0])

    @property
    def measurement(self) -> EpisodeMeasurement:
        """What was measured up to the last decision."""
        return self._measurement

    @property
    def instruction(self) -> str:
        """The route command in force, as a sentence."""
        return self._monitor.instruction(0)

    @property
    def speed_mps(self) -> float:
        """Of the ego, after the last decision."""
        return float(self._worlds.speed[0, self.ego])

    def decide(self, action: NDArray[np.int16]) -> None:
        """Drive 0.2 s on.

        Args:
            action: ``i2[2]`` from ``quantise``.
        """
        self._worlds.step(action[None], _EVERYONE)
        self.actions.append(action)
        self._steps += list(self._worlds.trace[0].copy())
        self._monitor.update(_EVERYONE)
        self._progress_m.append(float(self._monitor.progress_m[0]))
        self._measurement = self._monitor.finish(0)

    def log(self, driver: str) -> Log:
        """What was done, to be driven again.

        Args:
            driver: Who drove.
        """
        episode = self.episode
        return Log(
            scenario=episode.scenario,
            condition=episode.condition,
            seed=episode.seed,
            driver=driver,
            actions=np.array(self.actions, np.int16).reshape(-1, 2),
            origin="what was driven",
        )

    def states(self, time_s: float) -> Floats:
        """Where everybody is.

        Args:
            time_s: Since the start, up to the end of the last decision.

        Returns:
            ``f8[N, 4]`` x, y, heading, speed, in a straight line between simulation steps.
        """
        at = min(max(time_s * SIMULATION_HZ, 0.0), len(self._steps) - 1.0)
        before = min(int(at), len(self._steps) - 2)
        if before < 0:
            return self._steps[0]
        start, end = self._steps[before], self._steps[before + 1]
        turned = (end[:, 2] - start[:, 2] + np.pi) % (2.0 * np.pi) - np.pi
        between: Floats = start + (at - before) * (end - start)
        between[:, 2] = start[:, 2] + (at - before) * turned
        return between

    def progress_m(self, time_s: float) -> float:
        """Arc length along the route at a time."""
        return float(np.interp(time_s * POLICY_HZ, np.arange(len(self._progress_m)), self._progress_m))

    def trail_m(self, time_s: float) -> Floats:
        """``f8[n, 2]`` where the ego has been until a time."""
        last = int(min(max(time_s * SIMULATION_HZ, 0.0), len(self._steps) - 1.0))
        return np.array([step[self.ego, :2] for step in self._steps[: last + 1]])

    def boxes(self, states: Floats) -> Floats:
        """``f8[N, 5]`` x, y, heading, length and width of everybody.

        Args:
            states: From :meth:`states`.
        """
        return np.concatenate((states[:, :3], self.sizes_m), axis=-1)

    def moment(self, time_s: float, camera: str) -> Moments:
        """What a camera shows: something earlier while it is frozen.

        Args:
            time_s: Since the start.
            camera: Its name.
        """
        episode = self.episode
        seeds, dropout = np.array([episode.seed], np.uint64), np.array([episode.weather.dropout])
        decision = np.array([int(min(time_s * POLICY_HZ + 1e-6, float(self.decisions)))])
        shown = shown_decisions(camera, seeds, decision, dropout)
        frozen = shown[0] < decision[0]
        states = self._steps[int(shown[0]) * SUBSTEPS] if frozen else self.states(time_s)
        return Moments(
            grounds=[self.ground],
            ground=np.zeros(1, np.int64),
            poses=np.ascontiguousarray(states[None, self.ego, :3]),
            boxes=self.boxes(states)[None],
            looks=self.looks[None],
            weathers=(episode.weather,),
            seeds=seeds,
            decisions=shown,
        )
