"""Recorded moments as cameras see them: any frame of some episodes, from any camera and pose of the car."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from drivebench.demonstrations.record import Demonstration
from drivebench.scenario import Route
from drivebench.sensors import Camera
from drivebench.sensors.faults import shown_decisions
from drivebench.sensors.render import render
from drivebench.sensors.scene import Moments
from drivebench.weather import Weather
from drivebench.world import RoadNetwork

__all__ = ["RecordedScenes", "Roads"]


class Roads:
    """The roads and weathers of recorded episodes, each built once, however often it is asked for."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[RoadNetwork, Weather, Route]] = {}
        self._networks: dict[str, RoadNetwork] = {}

    def of(self, episode: Demonstration) -> tuple[RoadNetwork, Weather]:
        """Road network and weather of an episode.

        Args:
            episode: Recorded.

        Raises:
            DataError: The scenario has changed since it was recorded.
        """
        return self._built(episode)[:2]

    def route_of(self, episode: Demonstration) -> Route:
        """The route that was assigned in an episode.

        Args:
            episode: Recorded.

        Raises:
            DataError: The scenario has changed since it was recorded.
        """
        return self._built(episode)[2]

    def _built(self, episode: Demonstration) -> tuple[RoadNetwork, Weather, Route]:
        key = f"{episode.key} {episode.world_digest}"
        if key not in self._known:
            built = episode.built()
            network = self._networks.setdefault(built.world.network.digest, built.world.network)
            self._known[key] = network, built.weather, built.route
        return self._known[key]


class RecordedScenes:
    """All frames of some episodes, to be looked at from any camera on the car.

    Attributes:
        lengths: Frames of each episode.
        episode: ``i8[F]`` number of the episode of each frame.
        first: ``i8[E]`` first frame of each episode.
        speed_mps: ``f8[F]`` of the car, before each action.
        digests: Of the demonstrations.
    """

    def __init__(self, episodes: Sequence[Demonstration], roads: Roads | None = None) -> None:
        """Prepare to render.

        Args:
            episodes: Recorded episodes; their worlds are built anew and must be what they were.
            roads: Where roads that were built before are kept.

        Raises:
            DataError: A scenario has changed since it was recorded.
        """
        roads = roads or Roads()
        self.digests = [episode.digest for episode in episodes]
        networks: dict[str, tuple[int, RoadNetwork]] = {}
        network_of_episode = []
        self._weathers: list[Weather] = []
        for episode in episodes:
            network, weather = roads.of(episode)
            self._weathers.append(weather)
            place, _ = networks.setdefault(network.digest, (len(networks), network))
            network_of_episode.append(place)
        self._networks = [network for _, network in networks.values()]
        self.lengths = [episode.frames for episode in episodes]
        entities = max(len(episode.kinds) for episode in episodes)
        self._network = np.repeat(network_of_episode, self.lengths)
        self._ego = np.repeat([episode.ego for episode in episodes], self.lengths)
        self.episode = np.repeat(np.arange(len(episodes)), self.lengths)
        self._seeds = np.array([episode.seed for episode in episodes], np.uint64)
        self._dropout = np.array([weather.dropout for weather in self._weathers])
        self.first = np.cumsum([0, *self.lengths[:-1]])
        self._states = np.zeros((sum(self.lengths), entities, 4))
        self._sizes_m = np.ones((len(episodes), entities, 2))
        self._kinds = np.full((len(episodes), entities), -1, np.int64)
        first = 0
        for row, episode in enumerate(episodes):
            here = len(episode.kinds)
            self._states[first : first + episode.frames, :here] = episode.trajectories
            self._sizes_m[row, :here], self._kinds[row, :here] = episode.sizes_m, episode.kinds
            first += episode.frames
        self.speed_mps = self._states[np.arange(len(self._states)), self._ego, 3]

    def __len__(self) -> int:
        return len(self._states)

    def pictures(
        self, camera: Camera, frame: NDArray[np.int64], pose: NDArray[np.float64] | None = None
    ) -> NDArray[np.uint8]:
        """What a camera shows, ``u1[n, 3, height, width]``.

        Args:
            camera: Any mount will do: the recorded states know no camera.
            frame: ``i8[n]``.
            pose: ``f8[n, 2]``: the car is thought to stand this far to its right, in m, and to be turned by
                this to the right, in rad. Where it really stood when left out.
        """
        episode = self.episode[frame]
        first, dropout = self.first[episode], self._dropout[episode]
        shown = first + shown_decisions(camera.name, self._seeds[episode], frame - first, dropout)
        return render(camera, self._moments(shown, pose))

    def _moments(self, frame: NDArray[np.int64], pose: NDArray[np.float64] | None) -> Moments:
        episode, ego = self.episode[frame], self._ego[frame]
        used, network = np.unique(self._network[frame], return_inverse=True)
        states = self._states[frame]
        if pose is not None:
            row, heading = np.arange(len(frame)), states[np.arange(len(frame)), ego, 2]
            states[row, ego, 0] -= np.sin(heading) * pose[:, 0]
            states[row, ego, 1] += np.cos(heading) * pose[:, 0]
            states[row, ego, 2] += pose[:, 1]
        moments = Moments.from_states(
            networks=[self._networks[place] for place in used],
            network=network,
            states=states,
            sizes_m=self._sizes_m[episode],
            kinds=self._kinds[episode],
            ego=ego,
        )
        weathers = [self._weathers[each] for each in episode]
        return moments.under(weathers, self._seeds[episode].tolist(), frame - self.first[episode])
