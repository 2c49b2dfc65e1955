"""Scenarios as gymnasium environments: one episode, or many that step together in one batch of worlds.

>>> import drivebench, gymnasium                                             # doctest: +SKIP
>>> env = gymnasium.make("drivebench/lane-keeping-v1", sensors=["front", "speed"])    # doctest: +SKIP
>>> envs = gymnasium.make_vec("drivebench/lane-keeping-v1", num_envs=64)              # doctest: +SKIP

Both are the same machinery, a single environment being a batch of one, and give the same bytes for the same
seeds. A seed is counted within a split: ``reset(seed=7)`` drives seed 7 of the training range, unless another
split is asked for.

Reward: the progress along the route in a decision, divided by what the speed limit allows in that time; minus
1 when a gate of the score is lost. It is for orientation and for reinforcement learning; tables report the
DriveBench Score, which needs the expert's reference and comes from ``drivebench evaluate``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError, UnknownNameError
from drivebench.metric.measurement import Ending, EpisodeMeasurement, Reference
from drivebench.metric.monitor import Monitor
from drivebench.metric.parts import is_success, parts, stand_in_reference
from drivebench.scenario import SPLITS, Episode, Scenario, load_scenario
from drivebench.sensors.rig import SensorRig
from drivebench.sensors.scene import Moments
from drivebench.sensors.topview import TopView, Window
from drivebench.world import WorldBatch, quantise
from drivebench.world.clock import POLICY_HZ

__all__ = ["DEFAULT_SENSORS", "DrivingEnv", "DrivingVectorEnv"]

DEFAULT_SENSORS = ("front", "speed", "command")

Observation = dict[str, Any]
Info = dict[str, Any]
Actions = NDArray[np.float32]
SensorNames = Iterable[str | Mapping[str, object]]


class _Episodes:
    """Episodes in the slots of a batch: what the two environments have in common."""

    def __init__(
        self, scenario: str | Scenario, sensors: SensorNames, condition: str, split: str, slots: int
    ) -> None:
        self.scenario = load_scenario(scenario) if isinstance(scenario, str) else scenario
        if condition not in self.scenario.every_condition:
            known = self.scenario.every_condition
            raise UnknownNameError(f"condition of {self.scenario.id}", condition, known)
        if split not in SPLITS:
            raise UnknownNameError("split", split, SPLITS)
        self.condition, self.seeds = condition, SPLITS[split]
        self.rig = SensorRig(sensors)
        self.generators: list[np.random.Generator | None] = [None] * slots
        self.worlds: WorldBatch | None = None
        self.monitor: Monitor | None = None

    def begin(self, slots: Sequence[int], seeds: Sequence[int | None]) -> None:
        """Begin episodes of the given seeds; where a seed is None, the slot's generator draws one."""
        episodes = {slot: self._episode(slot, seed) for slot, seed in zip(slots, seeds, strict=True)}
        if self.worlds is None or self.monitor is None:
            if len(slots) < len(self.generators):
                raise ConfigurationError("the first reset must be of all environments; got a part of them")
            in_order = [episodes[slot] for slot in range(len(slots))]
            self.worlds = WorldBatch([episode.world for episode in in_order])
            self.monitor = Monitor(self.worlds, in_order)
            return
        for slot, episode in episodes.items():
            self.worlds.load(slot, episode.world)
        for slot, episode in episodes.items():
            self.monitor.load(slot, episode, None)

    def _episode(self, slot: int, seed: int | None) -> Episode:
        generator = self.generators[slot]
        if seed is not None:
            generator, number = seeding.np_random(seed)[0], seed % len(self.seeds)
        else:
            generator = generator if generator is not None else seeding.np_random()[0]
            number = int(generator.integers(len(self.seeds)))
        self.generators[slot] = generator
        return self.scenario.episode(self.seeds[number], self.condition)

    def running(self) -> tuple[WorldBatch, Monitor]:
        """The batch and its monitor.

        Raises:
            ConfigurationError: There was no reset yet.
        """
        if self.worlds is None or self.monitor is None:
            raise ConfigurationError("no episode was begun; call reset() before anything else")
        return self.worlds, self.monitor

    def observe(self, slots: Sequence[int]) -> Observation:
        """What the sensors of these slots see, with a batch axis; texts as a tuple."""
        seen = self.rig.observe(*self.running(), np.array(slots, np.int64))
        return {name: tuple(rows) if isinstance(rows, list) else rows for name, rows in seen.items()}

    def first_info(self, slot: int) -> Info:
        """What a reset tells."""
        episode = self.running()[1].episodes[slot]
        return {"episode": f"{episode.scenario}/{episode.condition}/{episode.seed}"}

    def advance(self, actions: Actions, active: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Drive the active slots for one decision; rewards ``f8[B]`` without the loss of gates."""
        worlds, monitor = self.running()
        before = monitor.gained_m
        worlds.step(quantise(actions), active)
        monitor.update(active)
        limits = np.array([episode.speed_limit_mps for episode in monitor.episodes])
        rewards: NDArray[np.float64] = np.where(active, (monitor.gained_m - before) / limits * POLICY_HZ, 0.0)
        return rewards

    def done(self) -> NDArray[np.bool_]:
        """``bool[B]`` whose episode has ended."""
        return self.running()[1].done

    def outcome(self, slot: int) -> tuple[bool, bool, bool, Info]:
        """Whether a slot's episode is terminated, is truncated, has lost a gate; and what to tell."""
        monitor = self.running()[1]
        info: Info = {"progress_m": float(monitor.progress_m[slot])}
        if not monitor.done[slot]:
            return False, False, False, info
        measurement = monitor.finish(slot)
        reference = _reference(measurement)
        part = parts(measurement, reference)
        truncated = measurement.ended_by is Ending.HORIZON
        info["is_success"] = is_success(measurement, reference)
        info["ended_by"] = measurement.ended_by.value
        info["events"] = measurement.events
        return not truncated, truncated, part.nc * part.dac * part.ddc * part.rc == 0.0, info

    def picture(self, slot: int) -> NDArray[np.uint8]:
        """``u1[H, W, 3]`` the view from above about the ego of a slot, with the route ahead of it."""
        worlds, monitor = self.running()
        moment = Moments.from_worlds(worlds, np.array([slot]))
        x, y, _ = moment.poses[0].tolist()
        view = TopView(window=Window(x_m=x, y_m=y), ground=moment.grounds[int(moment.ground[0])])
        return view.render(
            boxes=moment.boxes[0],
            looks=moment.looks[0],
            ego=moment.boxes[0, worlds.ego[slot]],
            route=monitor.episodes[slot].route,
            progress_m=float(monitor.progress_m[slot]),
        )


def _reference(measurement: EpisodeMeasurement) -> Reference:
    """What success is measured against where no expert has driven: the limit, or the traffic's speed."""
    reference = stand_in_reference(measurement)
    if measurement.goal_m is None and measurement.flow_s > 0.0:
        in_flow_m = measurement.horizon_s * measurement.flow_m / measurement.flow_s
        return replace(reference, distance_m=min(reference.distance_m, max(in_flow_m, 1.0)))
    return reference


def _render_mode(render_mode: str | None) -> str | None:
    known = DrivingEnv.metadata["render_modes"]
    if render_mode is not None and render_mode not in known:
        raise UnknownNameError("render mode", render_mode, known)
    return render_mode


def _check_options(options: Mapping[str, Any] | None, known: Iterable[str]) -> None:
    for name in options or {}:
        if name not in known:
            raise UnknownNameError("reset option", str(name), known)


def _action_space() -> gymnasium.Space[Actions]:
    space: gymnasium.Space[Any] = gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)
    return space


class DrivingEnv(gymnasium.Env[Observation, Actions]):
    """One episode at a time.

    ``info`` has ``progress_m`` along the route and, when the episode has ended, ``is_success``, ``ended_by``
    and the typed ``events`` (:mod:`drivebench.metric.events`); after a reset it names the ``episode``.

    Attributes:
        episodes: Privileged: the worlds and the monitor, for experts and for debugging.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": POLICY_HZ}  # noqa: RUF012 (gymnasium's convention)

    def __init__(
        self,
        scenario: str | Scenario,
        *,
        sensors: SensorNames = DEFAULT_SENSORS,
        condition: str = "nominal",
        split: str = "train",
        render_mode: str | None = None,
    ) -> None:
        """Make an environment.

        Args:
            scenario: Id of a registered scenario, or a scenario.
            sensors: Names of sensors, or tables with a name and options.
            condition: One of the scenario's.
            split: ``train``, ``dev`` or ``test``: the range that seeds are counted in.
            render_mode: ``rgb_array`` for the view from above.

        Raises:
            UnknownNameError: No such scenario, condition, split, or sensor; suggests the nearest.
        """
        self.episodes = _Episodes(scenario, sensors, condition, split, 1)
        self.observation_space = self.episodes.rig.space()
        self.action_space = _action_space()
        self.render_mode = _render_mode(render_mode)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, Info]:
        """Begin an episode.

        Args:
            seed: Counted within the split; None for the next that is drawn.
            options: None are known; the condition and the split are set when the environment is made.

        Raises:
            UnknownNameError: An option.
        """
        _check_options(options, ())
        super().reset(seed=seed, options=options)
        self.episodes.begin([0], [seed])
        return self._observe(), self.episodes.first_info(0)

    def step(self, action: Actions) -> tuple[Observation, float, bool, bool, Info]:
        """Drive for 0.2 s.

        Args:
            action: ``f4[2]`` acceleration and steering in [-1, 1].
        """
        reward = float(self.episodes.advance(np.asarray(action, np.float32)[None], np.ones(1, np.bool_))[0])
        terminated, truncated, lost, info = self.episodes.outcome(0)
        return self._observe(), reward - float(lost), terminated, truncated, info

    def render(self) -> Any:
        """The view from above, ``u1[H, W, 3]``, in mode ``rgb_array``."""
        return self.episodes.picture(0) if self.render_mode else None

    def _observe(self) -> Observation:
        return {name: rows[0] for name, rows in self.episodes.observe([0]).items()}


class DrivingVectorEnv(gymnasium.vector.VectorEnv[Observation, Actions, NDArray[Any]]):
    """Many episodes that step together.

    Attributes:
        episodes: Privileged: the worlds and the monitor, for experts and for debugging.
    """

    def __init__(
        self,
        scenario: str | Scenario,
        *,
        num_envs: int = 1,
        sensors: SensorNames = DEFAULT_SENSORS,
        condition: str = "nominal",
        split: str = "train",
        render_mode: str | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    ) -> None:
        """Make a vector environment.

        Args:
            scenario: Id of a registered scenario, or a scenario.
            num_envs: How many episodes.
            sensors: As in :class:`DrivingEnv`.
            condition: As in :class:`DrivingEnv`.
            split: As in :class:`DrivingEnv`.
            render_mode: As in :class:`DrivingEnv`.
            autoreset_mode: One of gymnasium's three; see https://farama.org/Vector-Autoreset-Mode.

        Raises:
            UnknownNameError: No such scenario, condition, split, or sensor; suggests the nearest.
            ConfigurationError: No environment, or no such mode.
        """
        if num_envs < 1:
            raise ConfigurationError(f"num_envs={num_envs}; expected at least 1")
        self.episodes = _Episodes(scenario, sensors, condition, split, num_envs)
        self.num_envs = num_envs
        self.single_observation_space = self.episodes.rig.space()
        self.observation_space = self.episodes.rig.space(num_envs)
        self.single_action_space = _action_space()
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.render_mode = _render_mode(render_mode)
        try:
            self.autoreset_mode = AutoresetMode(autoreset_mode)
        except ValueError:
            modes = [mode.value for mode in AutoresetMode]
            raise UnknownNameError("autoreset mode", str(autoreset_mode), modes) from None
        self.metadata = {**DrivingEnv.metadata, "autoreset_mode": self.autoreset_mode}
        self._ended = np.zeros(num_envs, np.bool_)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, Info]:
        """Begin episodes in all environments, or in those that a mask names.

        Args:
            seed: Of the first environment, the others count on from it; or one for each.
            options: ``reset_mask``, ``bool[num_envs]``: which to reset, as in ``SyncVectorEnv``.

        Raises:
            UnknownNameError: Another option; suggests the nearest.
            ConfigurationError: Not one seed and one entry of the mask for each environment.
        """
        _check_options(options, ("reset_mask",))
        if not isinstance(seed, Sequence):
            seed = [None if seed is None else seed + slot for slot in range(self.num_envs)]
        mask = np.asarray((options or {}).get("reset_mask", np.ones(self.num_envs)), np.bool_)
        if len(seed) != self.num_envs or mask.shape != (self.num_envs,):
            raise ConfigurationError(
                f"{len(seed)} seeds and a reset mask of shape {mask.shape}; expected one of each for "
                f"{self.num_envs} environments"
            )
        info = self._begin({}, np.flatnonzero(mask).tolist(), seed)
        self._ended[mask] = False
        return self.episodes.observe(range(self.num_envs)), info

    def step(self, actions: Actions) -> tuple[Observation, NDArray[Any], NDArray[Any], NDArray[Any], Info]:
        """Drive for 0.2 s.

        Args:
            actions: ``f4[num_envs, 2]`` accelerations and steering in [-1, 1].
        """
        if self.autoreset_mode is AutoresetMode.DISABLED and self._ended.any():
            raise ConfigurationError(
                f"environments {np.flatnonzero(self._ended).tolist()} have ended; reset them with "
                "options={'reset_mask': ...} before the next step, or choose another autoreset mode"
            )
        active, again = ~self._ended, np.flatnonzero(self._ended).tolist()
        rewards = self.episodes.advance(np.asarray(actions, np.float32), active)
        terminated, truncated = np.zeros((2, self.num_envs), np.bool_)
        done = self.episodes.done() & active
        info = self._progress(active & ~done if self.autoreset_mode is AutoresetMode.SAME_STEP else active)
        for slot in np.flatnonzero(done).tolist():
            terminated[slot], truncated[slot], lost, told = self.episodes.outcome(slot)
            rewards[slot] -= float(lost)
            if self.autoreset_mode is AutoresetMode.SAME_STEP:
                again.append(slot)
                last = {name: rows[0] for name, rows in self.episodes.observe([slot]).items()}
                told = {"final_obs": last, "final_info": told}
            info = self._add_info(info, told, slot)
        self._ended = terminated | truncated
        if self.autoreset_mode is AutoresetMode.SAME_STEP:
            self._ended = np.zeros(self.num_envs, np.bool_)
        if again:
            info = self._begin(info, again, [None] * self.num_envs)
        return self.episodes.observe(range(self.num_envs)), rewards, terminated, truncated, info

    def render(self) -> Any:
        """One view from above for each environment, ``u1[H, W, 3]``, in mode ``rgb_array``."""
        return tuple(map(self.episodes.picture, range(self.num_envs))) if self.render_mode else None

    def _progress(self, told: NDArray[np.bool_]) -> Info:
        """The entry ``progress_m`` of the environments that tell it, as ``_add_info`` would make it."""
        if not told.any():
            return {}
        progress_m = self.episodes.running()[1].progress_m
        return {"progress_m": np.where(told, progress_m, 0.0), "_progress_m": told.copy()}

    def _begin(self, info: Info, slots: list[int], seeds: Sequence[int | None]) -> Info:
        self.episodes.begin(slots, [seeds[slot] for slot in slots])
        for slot in slots:
            info = self._add_info(info, self.episodes.first_info(slot), slot)
        return info
