"""Pictures changed at random while a network learns from them: other light, worse cameras, the same label.

Every function takes and gives the tensors of :meth:`DrivingNetwork.see`: pictures ``f4[n, T, 3, h, w]`` in
[-1, 1] by camera; what is no picture passes through. Draws come from torch's generator, which the trainer
seeds anew at each step.

``jitter``
    What image classifiers are trained with, by torchvision: brightness, contrast, saturation, hue, blur,
    erased rectangles; one draw for eight pictures.
``photometric``
    Light and cameras over a wide range, one draw for each window of pictures: dimming, contrast, light that
    falls on some regions more than on others, a veil that is denser towards the horizon, sensor noise, specks
    and streaks, regions without a picture, a camera that fails for some decisions; some windows stay as they
    are. These are the kinds of disturbance that any driver expects of night, haze, rain and a bad camera;
    shapes, sizes and shares are drawn over ranges, and none is taken from how the benchmark draws its
    conditions. It is domain randomisation (J. Tobin et al., IROS 2017, arXiv:1703.06907).
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.transforms import v2

from drivebench.errors import UnknownNameError

__all__ = ["augmentation", "jitter", "photometric"]

Seen = Mapping[str, Tensor]

GROUP = 8
"""Pictures that share one draw of torchvision's transforms, which take one setting for a batch."""
LONGEST_BURST = 8
"""Decisions for which a failing camera fails, at most."""
LARGEST_PATCH_PX = 6
"""Side of a region without a picture, at most, in pixels of the halved picture."""
LONGEST_STREAK_PX = 6
"""Height of a speck, at most; each is one pixel wide."""
UNCHANGED = 0.3
"""Share of windows that stay as they are: most drives are by day, with a good camera."""
LIGHTS = (3, 5)
"""Rows and columns of the places whose light is drawn; between them it changes smoothly."""


def augmentation(name: str) -> Callable[[Seen], dict[str, Tensor]] | None:
    """The function of a name; None for ``none``.

    Raises:
        UnknownNameError: No such augmentation.
    """
    known = {"jitter": jitter, "photometric": photometric}
    if name == "none":
        return None
    if name not in known:
        raise UnknownNameError("augmentation", name, ("none", *known))
    return known[name]


_JITTER = v2.Compose(
    [
        v2.ColorJitter(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1),
        v2.RandomApply([v2.GaussianBlur(kernel_size=3, sigma=(0.1, 1.0))], p=0.3),
        v2.RandomErasing(p=0.3, scale=(0.02, 0.15)),
    ]
)


def jitter(seen: Seen) -> dict[str, Tensor]:
    """Change pictures as image classifiers are trained; see the module."""
    changed = {}
    for name, pictures in seen.items():
        if pictures.ndim != 5:
            changed[name] = pictures
            continue
        n, length = pictures.shape[:2]
        flat = pictures * 0.5 + 0.5
        parts = [
            _JITTER(part.flatten(0, 1)).unflatten(0, (len(part), length))
            for part in torch.split(flat, max(GROUP // length, 1))
        ]
        changed[name] = torch.cat(parts)[:n] * 2.0 - 1.0
    return changed


def photometric(seen: Seen) -> dict[str, Tensor]:
    """Change light and lens over a wide range; see the module."""
    changed = {}
    for name, value in seen.items():
        changed[name] = value
        if value.ndim == 5:
            some = torch.rand(len(value)) >= UNCHANGED
            changed[name] = value.clone()
            changed[name][some] = _relit(value[some])
    return changed


def _relit(pictures: Tensor) -> Tensor:
    """Other light and a worse camera, ``f4[n, T, 3, h, w]``; each change is worked out where it is drawn."""
    values = _exposed(pictures)
    for change, chance in ((_uneven, 0.4), (_veiled, 0.4), (_noisy, 0.5), (_specked, 0.25)):
        windows = torch.nonzero(torch.rand(len(values)) < chance).flatten().to(values.device)
        if len(windows):
            values[windows] = change(values[windows])
    return _failing(values).clamp_(0.0, 1.0).mul_(2.0).sub_(1.0)


def _exposed(pictures: Tensor) -> Tensor:
    """From [-1, 1] to [0, 1], under another light: x becomes ((x - middle) contrast + middle) light."""
    contrast = torch.where(_drawn(pictures, 0.0, 1.0) < 0.5, _drawn(pictures, 0.4, 1.3), 1.0)
    light = torch.exp(torch.where(_drawn(pictures, 0.0, 1.0) < 0.6, _drawn(pictures, -2.3, 0.4), 0.0))
    gain = contrast * light * (1.0 + _drawn(pictures, -0.15, 0.15, colours=3))
    middle = 0.5 + 0.5 * pictures.mean(dim=(2, 3, 4), keepdim=True)
    added = 0.5 * gain + middle * (1.0 / contrast - 1.0) * gain
    return torch.addcmul(added, pictures, 0.5 * gain)


def _uneven(values: Tensor) -> Tensor:
    """Some places are darker, by up to e⁴; between the places the light changes smoothly."""
    places = torch.rand(len(values), 1, *LIGHTS)
    light = functional.interpolate(places, values.shape[-2:], mode="bilinear")[:, None]
    return values * torch.exp(light.to(values.device) * _drawn(values, -4.0, 0.0))


def _veiled(values: Tensor) -> Tensor:
    """A veil that is denser towards the horizon."""
    depth = torch.linspace(1.0, 0.0, values.shape[-2], device=values.device)[:, None]
    veil = _drawn(values, 0.2, 1.0) * depth ** _drawn(values, 0.3, 3.0)
    colour = _drawn(values, 0.0, 0.9) + _drawn(values, -0.05, 0.05, colours=3)
    return torch.addcmul(veil * colour, values, 1.0 - veil)


def _noisy(values: Tensor) -> Tensor:
    """A sensor's noise, the same in all colours."""
    n, length, _, height, width = values.shape
    return values + torch.randn(n, length, 1, height, width).to(values.device) * _drawn(values, 0.0, 0.08)


def _specked(values: Tensor) -> Tensor:
    """Specks and streaks of one brightness."""
    n, length, _, height, width = values.shape
    streak = _one_to(LONGEST_STREAK_PX)
    begins = torch.rand(n, length, 1, -(-height // streak), width).to(values.device)
    specks = (begins < _drawn(values, 0.0, 0.04)).repeat_interleave(streak, dim=3)[:, :, :, :height]
    return torch.where(specks, _drawn(values, 0.2, 1.0), values)


def _failing(values: Tensor) -> Tensor:
    """The camera gives nothing for some decisions, and lacks regions in others; changes what is given."""
    n, length, _, height, width = values.shape
    burst, patch = _one_to(LONGEST_BURST), _one_to(LARGEST_PATCH_PX)
    fate = torch.rand(n, -(-length // burst)).repeat_interleave(burst, dim=1)[:, :length]
    fate = fate.to(values.device)[..., None, None, None]
    values.masked_fill_(fate < 0.04, 0.0)
    windows = torch.nonzero((fate > 0.9).flatten(1).any(dim=1)).flatten()
    some = values[windows]
    lost = torch.rand(len(some), length, 1, -(-height // patch), -(-width // patch)).to(values.device)
    lost = (lost < _drawn(some, 0.05, 0.7)) & (fate[windows] > 0.9)
    lost = lost.repeat_interleave(patch, dim=3).repeat_interleave(patch, dim=4)[..., :height, :width]
    values[windows] = some.masked_fill(lost, 0.0)
    return values


def _drawn(values: Tensor, low: float, high: float, colours: int = 1) -> Tensor:
    """One number for each window, ``f4[n, 1, colours, 1, 1]``, by the processor's generator."""
    return torch.empty(len(values), 1, colours, 1, 1).uniform_(low, high).to(values.device)


def _one_to(most: int) -> int:
    return int(torch.randint(1, most + 1, ()))
