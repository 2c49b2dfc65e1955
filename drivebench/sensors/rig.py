"""The sensors that a policy declared, and the observations they make."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, runtime_checkable

import gymnasium
import numpy as np
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from drivebench import registry
from drivebench.errors import ConfigurationError
from drivebench.sensors.faults import PictureMemory
from drivebench.sensors.sensor import Progress, Sensor, View, with_options
from drivebench.world import WorldBatch

__all__ = ["SensorRequest", "SensorRig", "load_sensor"]


@runtime_checkable
class SensorRequest(Protocol):
    """A sensor by name, with options (:class:`drivebench.submission.SensorRequest` is one)."""

    @property
    def name(self) -> str:
        """Its registered name."""

    @property
    def options(self) -> Mapping[str, object]:
        """What is to differ from the registered sensor."""


def load_sensor(name: str, options: Mapping[str, object] | None = None) -> Sensor:
    """A registered sensor, with options if given.

    Args:
        name: Its registered name.
        options: What is to differ.

    Raises:
        UnknownNameError: No such sensor or option; suggests the nearest.
        ConfigurationError: An option has a value that the sensor does not accept.
    """
    sensor: Sensor = registry.load("sensor", name)
    if sensor.name != name:
        raise ConfigurationError(
            f"the entry point {name!r} of group drivebench.sensors names a sensor that calls itself "
            f"{sensor.name!r}; expected the same name"
        )
    return with_options(sensor, options or {})


class SensorRig:
    """Some sensors, mounted.

    Attributes:
        sensors: By name, in the order in which they were asked for.
    """

    def __init__(self, sensors: "Iterable[str | Mapping[str, object] | SensorRequest | Sensor]") -> None:
        """Mount sensors.

        Args:
            sensors: Each a registered name (``"front"``), a table (``{"name": "front", "height": 48}``), a
                request of a submission's manifest, or a sensor.

        Raises:
            UnknownNameError: No such sensor or option; suggests the nearest.
            ConfigurationError: No sensor, one of them twice, or a value that a sensor does not accept.
        """
        self.sensors: dict[str, Sensor] = {}
        self._memory = PictureMemory()
        for wanted in sensors:
            sensor = _sensor(wanted)
            if sensor.name in self.sensors:
                raise ConfigurationError(f"the sensor {sensor.name!r} is asked for twice; expected it once")
            self.sensors[sensor.name] = sensor
        if not self.sensors:
            known = ", ".join(registry.names("sensor"))
            raise ConfigurationError(f"no sensor is asked for; expected at least one of: {known}")

    @property
    def leaks_label(self) -> tuple[str, ...]:
        """Names of the sensors that tell what was just done."""
        return tuple(name for name, sensor in self.sensors.items() if sensor.leaks_label)

    def space(self, batch: int | None = None) -> gymnasium.spaces.Dict:
        """The observation space.

        Args:
            batch: Number of slots; None for one episode without a batch axis.
        """
        single = gymnasium.spaces.Dict({name: sensor.space() for name, sensor in self.sensors.items()})
        if batch is None:
            return single
        together = batch_space(single, batch)
        assert isinstance(together, gymnasium.spaces.Dict)
        return together

    def observe(
        self, worlds: WorldBatch, progress: Progress, slots: NDArray[np.int64]
    ) -> dict[str, NDArray[Any] | list[str]]:
        """Observe; at every decision, as a camera that freezes goes on showing what it saw before.

        Args:
            worlds: The worlds.
            progress: How far along their routes they are; a ``Monitor``, for example.
            slots: ``i8[n]`` which of them.

        Returns:
            By sensor: an array ``[n, ...]``, or a list of n texts. Row i belongs to ``slots[i]``.
        """
        view = View(worlds=worlds, progress=progress, slots=np.asarray(slots, np.int64), memory=self._memory)
        return {name: sensor.observe(view) for name, sensor in self.sensors.items()}


def _sensor(wanted: "str | Mapping[str, object] | SensorRequest | Sensor") -> Sensor:
    if isinstance(wanted, str):
        return load_sensor(wanted)
    if isinstance(wanted, Mapping):
        options = dict(wanted)
        name = options.pop("name", None)
        if not isinstance(name, str):
            raise ConfigurationError(f"a sensor is given as {dict(wanted)}; expected its name under 'name'")
        return load_sensor(name, options)
    if isinstance(wanted, SensorRequest):
        return load_sensor(wanted.name, wanted.options)
    return wanted
