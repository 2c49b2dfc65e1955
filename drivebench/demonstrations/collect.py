"""Recording a privileged driver on training seeds."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from drivebench import progress, registry
from drivebench.demonstrations.fixed_point import encode
from drivebench.demonstrations.record import Demonstration, Demonstrations
from drivebench.errors import ConfigurationError
from drivebench.evaluation.rollout import BATCH_SIZE, DriverPilot, Pilot, Rollout, roll_out_batch
from drivebench.metric.measurement import Reference
from drivebench.metric.monitor import Monitor
from drivebench.metric.parts import is_success, parts
from drivebench.metric.score import dbs
from drivebench.policy import Actions, Driver, Slots
from drivebench.scenario import TRAIN, Episode, load_scenario, split_of
from drivebench.world import WorldBatch

__all__ = ["collect", "record", "refuse_other_splits"]


class _Recorder:
    """Lets a pilot drive and writes down what every entity does before each of its decisions."""

    def __init__(self, pilot: Pilot) -> None:
        self._pilot = pilot
        self.states: dict[int, list[NDArray[np.int32]]] = {}
        self.commands: dict[int, list[int]] = {}

    def begin(self, worlds: WorldBatch, monitor: Monitor, episodes: Mapping[int, Episode]) -> None:
        """A new batch: forget the last."""
        self._pilot.begin(worlds, monitor, episodes)
        worlds.refuse_open_traffic("recorded")
        self.states = {slot: [] for slot in episodes}
        self.commands = {slot: [] for slot in episodes}

    def decide(self, worlds: WorldBatch, monitor: Monitor, slots: Slots) -> Actions:
        """Ask the pilot, and write down the states in which it decides."""
        for slot in slots.tolist():
            entities = int(worlds.entities[slot])
            columns = (worlds.x, worlds.y, worlds.heading, worlds.speed)
            self.states[slot].append(encode(np.stack([c[slot, :entities] for c in columns], axis=-1)))
            self.commands[slot].append(int(monitor.command[slot]))
        return self._pilot.decide(worlds, monitor, slots)


def collect(
    scenarios: Sequence[str],
    *,
    episodes: int,
    driver: str = "expert",
    condition: str = "nominal",
    first_seed: int = 0,
) -> Demonstrations:
    """Let a privileged driver drive, and record it.

    Args:
        scenarios: Ids.
        episodes: How many of each scenario, with consecutive seeds.
        driver: Name of a registered driver.
        condition: Condition of all episodes.
        first_seed: The first seed, of the training split.

    Returns:
        The recorded episodes, scenario after scenario; the same for the same arguments, and those of the
        expert the same on every machine.

    Raises:
        ConfigurationError: A seed is not of the training split, or nothing is asked for.
        UnknownNameError: No such scenario, condition or driver.
    """
    seeds = range(first_seed, first_seed + episodes)
    _check(scenarios, seeds)
    families = [load_scenario(scenario) for scenario in scenarios]
    who: Driver = registry.load("driver", driver)()
    recorded: list[Demonstration] = []
    with progress.track(f"collect {driver}", len(families) * episodes, "episodes") as advance:
        for family in families:
            for first in range(0, episodes, BATCH_SIZE):
                batch = [family.episode(seed, condition) for seed in seeds[first : first + BATCH_SIZE]]
                recorded += record(batch, DriverPilot(who), driver, advance)
    return Demonstrations(episodes=tuple(recorded))


def record(
    episodes: Sequence[Episode], pilot: Pilot, name: str, advance: Callable[[int], None]
) -> list[Demonstration]:
    """Let somebody drive one batch of episodes, and record it.

    Args:
        episodes: Which, of training seeds.
        pilot: Who drives.
        name: What the driver is called.
        advance: Called with the number of episodes that have just finished.
    """
    recorder = _Recorder(pilot)
    rollouts = roll_out_batch(episodes, [None] * len(episodes), recorder, advance)
    return [_demonstration(recorder, slot, each, name) for slot, each in enumerate(rollouts)]


def _check(scenarios: Sequence[str], seeds: range) -> None:
    if not scenarios or not seeds:
        raise ConfigurationError(
            f"{len(scenarios)} scenarios with {len(seeds)} episodes; expected at least one of each"
        )
    refuse_other_splits((seeds[0], seeds[-1]))


def refuse_other_splits(seeds: Iterable[int]) -> None:
    """Refuse to record seeds that are not for training.

    Args:
        seeds: Of the episodes.

    Raises:
        ConfigurationError: A seed is of another split, or of none.
    """
    for seed in seeds:
        if split_of(seed) != "train":
            raise ConfigurationError(
                f"seed {seed} is of the split {split_of(seed)!r}; expected a training seed, {TRAIN.start} to "
                f"{TRAIN.stop - 1}. No policy may have seen what it is tested on: choose other seeds."
            )


def _demonstration(recorder: _Recorder, slot: int, rollout: Rollout, driver: str) -> Demonstration:
    episode, measurement = rollout.episode, rollout.measurement
    itself = Reference(time_s=measurement.duration_s, distance_m=max(measurement.progress_m, 1.0))
    world = episode.world
    batch = WorldBatch([world])
    return Demonstration(
        scenario=episode.scenario,
        condition=episode.condition,
        seed=episode.seed,
        driver=driver,
        world_digest=world.digest,
        success=is_success(measurement, itself),
        score=dbs(parts(measurement, itself)),
        actions=rollout.actions,
        commands=np.array(recorder.commands[slot], np.int8),
        states=np.stack(recorder.states[slot]),
        kinds=batch.kind[0].astype(np.int8),
        sizes_m=np.stack([batch.length[0], batch.width[0]], axis=-1),
        ego=world.ego,
    )
