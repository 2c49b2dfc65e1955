"""Settings of a training: defaults of a budget, changed by name from the command line."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from baselines.driving_network import Spec
from drivebench.errors import ConfigurationError, UnknownNameError

__all__ = ["Settings", "with_settings"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What all methods have in common; each adds its own.

    Attributes:
        steps: Gradient steps.
        batch_size: Windows a step, for networks without a state.
        streams: Episodes side by side, for networks with a state.
        window: Decisions through which is differentiated, for networks with a state (truncated
            backpropagation through time: R. Williams, J. Peng, Neural Computation 2(4), 1990).
        learning_rate: The highest of the schedule.
        weight_decay: AdamW's.
        clip: Greatest norm of the gradient.
        augment: What is done to pictures: ``none``, or a name in :mod:`baselines.augmentation`.
        side_task: Weight of the side task in the loss (:func:`baselines.objectives.side_error`); 0 without.
        view, mirrors, encoder, command, memory, frames, stride, answer, width: See
            :class:`baselines.driving_network.Spec`.
        encoder_weights: File with weights for the encoder (safetensors), or the empty string.
    """

    steps: int
    batch_size: int = 64
    streams: int = 8
    window: int = 16
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    clip: float = 1.0
    augment: str = "none"
    view: str = "camera"
    mirrors: bool = True
    encoder: str = "small"
    encoder_weights: str = ""
    command: str = "film"
    memory: str = "none"
    frames: int = 1
    stride: int = 1
    answer: str = "l2"
    width: int = 128
    side_task: float = 0.0

    @property
    def spec(self) -> Spec:
        """The network that these settings ask for.

        Raises:
            ConfigurationError: They do not go together.
        """
        if not 0.0 <= self.side_task < math.inf:
            raise ConfigurationError(f"setting side_task is {self.side_task}; expected a weight, 0 or more")
        names = {each.name for each in fields(Spec)}
        chosen = {name: getattr(self, name) for name in names}
        chosen["mirrors"] = self.mirrors and self.view == "camera"
        chosen["side_task"] = self.side_task > 0.0
        try:
            return Spec(**chosen)
        except ValueError as error:
            raise ConfigurationError(str(error)) from error


AnySettings = TypeVar("AnySettings", bound=Settings)


def with_settings(settings: AnySettings, changes: Mapping[str, str]) -> AnySettings:
    """The same settings with some changed.

    Args:
        settings: Of a budget.
        changes: By name, as text.

    Raises:
        UnknownNameError: No such setting; suggests the nearest.
        ConfigurationError: A value is not of the setting's type, or a number that makes no sense.
    """
    known = {each.name: getattr(settings, each.name) for each in fields(settings)}
    values: dict[str, Any] = {}
    for name, text in changes.items():
        if name not in known:
            raise UnknownNameError("setting", name, known)
        values[name] = _value(name, text, type(known[name]))
    changed = replace(settings, **values)
    for each in fields(changed):
        value = getattr(changed, each.name)
        if type(value) is int and value < (
            1 if each.name in {"steps", "batch_size", "streams", "window"} else 0
        ):
            raise ConfigurationError(f"setting {each.name} is {value}; expected a positive number")
    _ = changed.spec
    return changed


def _value(name: str, text: str, kind: type) -> Any:
    if kind is bool:
        known = {"true": True, "false": False}
        if text.lower() not in known:
            raise ConfigurationError(f"setting {name} is {text!r}; expected true or false")
        return known[text.lower()]
    try:
        return kind(text)
    except ValueError as error:
        what = {int: "a whole number", float: "a number"}.get(kind, kind.__name__)
        raise ConfigurationError(f"setting {name} is {text!r}; expected {what}") from error
