"""What a sensor is, and what it is given to look at.

A new sensor is a frozen dataclass with the members of :class:`Sensor`, and one entry point in the group
``drivebench.sensors`` that names an instance. Its fields other than ``name`` are the options that a policy
may set; it validates them itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import gymnasium
import numpy as np
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError, UnknownNameError
from drivebench.sensors.faults import PictureMemory, is_kept, shown_decisions
from drivebench.sensors.render import render
from drivebench.sensors.scene import Moments
from drivebench.world import WorldBatch

if TYPE_CHECKING:
    from drivebench.scenario import Episode
    from drivebench.sensors.camera import Camera

__all__ = ["Progress", "Sensor", "View", "with_options"]


class Progress(Protocol):
    """How far the episodes of a batch are (:class:`drivebench.metric.monitor.Monitor` is one)."""

    @property
    def episodes(self) -> "Sequence[Episode]":
        """The episode in each slot."""

    @property
    def progress_m(self) -> NDArray[np.float64]:
        """``f8[B]`` arc length along the route."""

    @property
    def command(self) -> NDArray[np.int64]:
        """``i8[B]`` the route command in force."""

    @property
    def decisions(self) -> NDArray[np.int64]:
        """``i8[B]`` decisions that were made so far."""

    def instruction(self, slot: int) -> str:
        """The command in force as a sentence."""


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """What sensors observe: some slots of a batch, at one moment.

    Attributes:
        worlds: The worlds.
        progress: How far along their routes they are.
        slots: ``i8[n]`` which of them.
        memory: What failing cameras showed at earlier moments.
    """

    worlds: WorldBatch
    progress: Progress
    slots: NDArray[np.int64]
    memory: PictureMemory = field(default_factory=PictureMemory)

    @cached_property
    def moments(self) -> Moments:
        """The same as cameras take it; made once for all cameras."""
        episodes = [self.progress.episodes[slot] for slot in self.slots.tolist()]
        weathers, seeds = [each.weather for each in episodes], [each.seed for each in episodes]
        moments = Moments.from_worlds(self.worlds, self.slots)
        self.memory.grounds = moments.grounds
        return moments.under(weathers, seeds, self.progress.decisions[self.slots])

    def pictures(self, camera: "Camera") -> NDArray[np.uint8]:
        """What a camera sees, ``u1[n, 3, height, width]``.

        Raises:
            ConfigurationError: It is frozen, and what it saw before was not observed.
        """
        moments = self.moments
        dropout = np.array([weather.dropout for weather in moments.weathers])[moments.weather]
        if not dropout.any():
            return render(camera, moments)
        decisions = moments.decisions
        shown = shown_decisions(camera.name, moments.seeds, decisions, dropout)
        pictures = np.empty((len(moments), *camera.shape), np.uint8)

        def of(row: int) -> tuple[str, int, int, int]:
            return camera.name, int(self.slots[row]), int(moments.seeds[row]), int(decisions[row])

        for row in np.flatnonzero(shown < decisions).tolist():
            pictures[row] = self.memory.recall(*of(row), int(shown[row]))
        render(camera, moments, pictures, wanted=shown == decisions)
        for row in np.flatnonzero((dropout > 0.0) & is_kept(decisions)).tolist():
            self.memory.remember(*of(row), pictures[row])
        return pictures

    @cached_property
    def ego(self) -> NDArray[np.int64]:
        """``i8[n]`` column of the ego in each world."""
        return self.worlds.ego[self.slots]


class Sensor(Protocol):
    """One entry of an observation."""

    @property
    def name(self) -> str:
        """Its key in the observation."""

    @property
    def leaks_label(self) -> bool:
        """Whether it tells what was just done, which an imitator can copy instead of looking at the road."""

    def space(self) -> gymnasium.Space[Any]:
        """Space of one observation, without a batch axis."""

    def observe(self, view: View) -> NDArray[Any] | list[str]:
        """One row for each slot of the view."""


AnySensor = TypeVar("AnySensor", bound=Sensor)


def with_options(sensor: AnySensor, options: Mapping[str, object]) -> AnySensor:
    """The same sensor with some options changed.

    Args:
        sensor: A registered sensor.
        options: By name.

    Raises:
        UnknownNameError: The sensor has no such option; suggests the nearest.
        ConfigurationError: The sensor does not accept a value.
    """
    if not options:
        return sensor
    known = {option.name for option in fields(sensor) if option.init} - {"name"}  # type: ignore[arg-type]
    for option in options:
        if option not in known:
            raise UnknownNameError(f"{sensor.name}-sensor option", option, known)
    try:
        return replace(sensor, **options)  # type: ignore[type-var]
    except TypeError as error:
        raise ConfigurationError(
            f"sensor {sensor.name!r} does not accept {dict(options)}: {error}"
        ) from error
