"""Read the settings of an observation; what highway-env would swallow or stumble over is refused by name."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from drivebench.errors import ConfigurationError, nearest

__all__ = ["Settings"]

Floats = npt.NDArray[np.float64]


class Settings:
    """The settings of one observation, with checks.

    Attributes:
        kind: The observation's type, for messages.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        known: Iterable[str],
        ignored: Mapping[str, Any] | None = None,
    ) -> None:
        """Check the names of the settings.

        Args:
            config: As given to highway-env, its ``type`` included.
            known: Names that mean something.
            ignored: Names that highway-env takes without any effect, each with the only value that it may
                have: highway-env's default.

        Raises:
            ConfigurationError: Another name, or another value of one that has no effect; highway-env would
                ignore either silently.
        """
        self.kind = str(config["type"])
        self._config = config
        names = ["type", *known]
        without_effect = dict(ignored or {})
        for name, value in config.items():
            if name in without_effect:
                if not np.array_equal(value, without_effect[name]):
                    raise self.error(
                        name, f"{without_effect[name]!r} or no such setting, for highway-env never reads it"
                    )
            elif name not in names:
                similar = nearest(str(name), names)
                hint = f" did you mean {similar!r}?" if similar else ""
                raise ConfigurationError(
                    f"{self.kind} has no setting {name!r};{hint} known: {', '.join(names)}"
                )

    def error(self, name: str, expected: str) -> ConfigurationError:
        """What to raise for a value that cannot be."""
        return ConfigurationError(f"{self.kind}: {name} is {self._config.get(name)!r}; expected {expected}")

    def value(self, name: str, default: Any) -> Any:
        """A setting as it stands; None counts as not given, as highway-env means it here."""
        given = self._config.get(name)
        return default if given is None else given

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false."""
        given = self._config.get(name, default)
        if not isinstance(given, bool | np.bool_):
            raise self.error(name, "True or False")
        return bool(given)

    def whole(self, name: str, *, default: int, least: int) -> int:
        """A whole number."""
        given = self._config.get(name, default)
        if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < least:
            raise self.error(name, f"a whole number, at least {least}")
        return int(given)

    def positive(self, name: str, *, default: float) -> float:
        """A positive number."""
        given = self._config.get(name, default)
        if (
            isinstance(given, bool)
            or not isinstance(given, int | float | np.number)
            or not 0 < given < math.inf
        ):
            raise self.error(name, "a positive number")
        return float(given)

    def choice(self, name: str, choices: Sequence[str], *, default: str) -> str:
        """One of some words."""
        given = self._config.get(name, default)
        if given not in choices:
            similar = nearest(str(given), choices)
            hint = f"; did you mean {similar!r}?" if similar else ""
            raise self.error(name, f"one of {', '.join(map(repr, choices))}{hint}")
        return str(given)

    def names(self, name: str, known: Sequence[str], *, default: Sequence[str]) -> tuple[str, ...]:
        """A list of different words out of those known."""
        given = self.value(name, default)
        if isinstance(given, str) or not isinstance(given, Sequence) or not given:
            raise self.error(name, f"a list of names out of {', '.join(known)}")
        for word in given:
            if word not in known:
                similar = nearest(str(word), known)
                hint = f"; did you mean {similar!r}?" if similar else ""
                raise self.error(name, f"names out of {', '.join(known)}, not {word!r}{hint}")
        if len(set(given)) != len(given):
            raise self.error(name, "each name once")
        return tuple(given)

    def numbers(self, name: str, *, default: Any, shape: tuple[int, ...]) -> Floats:
        """An array of finite numbers."""
        given = self.value(name, default)
        try:
            array = np.array(given, dtype=np.float64)
        except (TypeError, ValueError):
            raise self.error(name, f"numbers of shape {shape}") from None
        if array.shape != shape or not np.isfinite(array).all():
            raise self.error(name, f"finite numbers of shape {shape}")
        return array

    def ranges(self, name: str, known: Sequence[str]) -> dict[str, tuple[float, float]]:
        """Ranges [low, high] by feature; empty when not given."""
        given = self.value(name, {})
        if not isinstance(given, Mapping):
            raise self.error(name, "a range [low, high] for each feature")
        for feature, bounds in given.items():
            if feature not in known:
                similar = nearest(str(feature), known)
                hint = f"; did you mean {similar!r}?" if similar else ""
                raise self.error(name, f"features out of {', '.join(known)}, not {feature!r}{hint}")
            numbers = np.array(bounds, dtype=np.float64) if np.ndim(bounds) == 1 else np.empty(0)
            if numbers.shape != (2,) or not np.isfinite(numbers).all() or numbers[0] == numbers[1]:
                raise self.error(name, f"two different finite numbers for {feature!r}, not {bounds!r}")
        return {str(feature): (float(low), float(high)) for feature, (low, high) in given.items()}
