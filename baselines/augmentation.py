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
    n, length, _, height, width = pictures.shape
    device = pictures.device

    def draw(low: float, high: float, chance: float = 1.0, colours: int = 1, neutral: float = 0.0) -> Tensor:
        value = torch.empty(n, 1, colours, 1, 1).uniform_(low, high)
        value = torch.where(torch.rand(n, 1, 1, 1, 1) < chance, value, torch.full_like(value, neutral))
        return value.to(device)

    values = pictures * 0.5 + 0.5
    middle = values.mean(dim=(2, 3, 4), keepdim=True)
    contrast = draw(0.4, 1.3, chance=0.5, neutral=1.0)
    light = torch.exp(draw(-2.3, 0.4, chance=0.6)) * (1.0 + draw(-0.15, 0.15, colours=3))
    values.sub_(middle).mul_(contrast).add_(middle).mul_(light)
    uneven = functional.interpolate(torch.rand(n, 1, *LIGHTS), (height, width), mode="bilinear")[:, None]
    values.mul_(torch.exp(uneven.to(device) * draw(-4.0, 0.0, chance=0.4)))
    depth = torch.linspace(1.0, 0.0, height, device=device).reshape(1, 1, 1, height, 1)
    veil = draw(0.2, 1.0, chance=0.4) * depth ** draw(0.3, 3.0)
    colour = draw(0.0, 0.9) + draw(-0.05, 0.05, colours=3)
    values.mul_(1.0 - veil).add_(veil * colour)
    values.add_(torch.randn(n, length, 1, height, width).to(device) * draw(0.0, 0.08, chance=0.5))
    streak = _one_to(LONGEST_STREAK_PX)
    specks = torch.rand(n, length, 1, -(-height // streak), width).to(device) < draw(0.0, 0.04, chance=0.25)
    specks = specks.repeat_interleave(streak, dim=3)[:, :, :, :height]
    values = torch.where(specks, draw(0.2, 1.0), values)
    burst, patch = _one_to(LONGEST_BURST), _one_to(LARGEST_PATCH_PX)
    fate = torch.rand(n, -(-length // burst), 1, 1, 1).repeat_interleave(burst, dim=1)[:, :length].to(device)
    patchy = torch.rand(n, length, 1, -(-height // patch), -(-width // patch)).to(device) < draw(0.05, 0.7)
    patchy = patchy.repeat_interleave(patch, dim=3).repeat_interleave(patch, dim=4)[..., :height, :width]
    values.masked_fill_((fate < 0.04) | ((fate > 0.9) & patchy), 0.0)
    return values.clamp_(0.0, 1.0).mul_(2.0).sub_(1.0)


def _one_to(most: int) -> int:
    return int(torch.randint(1, most + 1, ()))
