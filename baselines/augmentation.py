"""Pictures changed at random while a network learns from them: other light, worse cameras, the same label.

Every function takes and gives the tensors of :meth:`DrivingNetwork.see`: pictures ``f4[n, T, 3, h, w]`` in
[-1, 1] by camera; what is no picture passes through. Draws come from torch's generator, which the trainer
seeds anew at each step.

``jitter``
    What image classifiers are trained with, by torchvision: brightness, contrast, saturation, hue, blur,
    erased rectangles; one draw for eight pictures.
``photometric``
    Light and cameras over a wide range, one draw for each window of pictures: dimming, contrast, a veil that
    is denser towards the horizon, sensor noise, specks, regions without a picture, a camera that fails for
    some decisions. These are the kinds of disturbance that any driver expects of night, haze, rain and a bad
    camera; shapes, sizes and shares are drawn over ranges, and none is taken from how the benchmark draws its
    conditions. It is domain randomisation (J. Tobin et al., IROS 2017, arXiv:1703.06907).
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
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
    return {name: _relit(p) if p.ndim == 5 else p for name, p in seen.items()}


def _relit(pictures: Tensor) -> Tensor:
    n, length, _, height, width = pictures.shape

    def draw(low: float, high: float, chance: float = 1.0, colours: int = 1, neutral: float = 0.0) -> Tensor:
        value = torch.empty(n, 1, colours, 1, 1).uniform_(low, high)
        return torch.where(torch.rand(n, 1, 1, 1, 1) < chance, value, torch.full_like(value, neutral))

    values = pictures * 0.5 + 0.5
    device = values.device
    light = torch.exp(draw(-2.3, 0.4, chance=0.6)) * (1.0 + draw(-0.15, 0.15, colours=3))
    contrast = draw(0.4, 1.3, chance=0.5, neutral=1.0)
    middle = values.mean(dim=(2, 3, 4), keepdim=True)
    values = ((values - middle) * contrast.to(device) + middle) * light.to(device)
    depth = torch.linspace(1.0, 0.0, height).reshape(1, 1, 1, height, 1)
    veil = draw(0.2, 1.0, chance=0.4) * depth ** draw(0.3, 3.0)
    colour = draw(0.1, 0.9) + draw(-0.05, 0.05, colours=3)
    values = values + veil.to(device) * (colour.to(device) - values)
    noise = draw(0.0, 0.08, chance=0.5)
    values = values + (torch.randn(n, length, 1, height, width) * noise).to(device)
    speck = torch.rand(n, length, 1, height, width) < draw(0.0, 0.04, chance=0.25)
    values = torch.where(speck.to(device), draw(0.2, 1.0).to(device), values)
    burst, patch = _one_to(LONGEST_BURST), _one_to(LARGEST_PATCH_PX)
    fate = torch.rand(n, -(-length // burst), 1, 1, 1).repeat_interleave(burst, dim=1)[:, :length]
    patchy = torch.rand(n, length, 1, -(-height // patch), -(-width // patch)) < draw(0.05, 0.7)
    patchy = patchy.repeat_interleave(patch, dim=3).repeat_interleave(patch, dim=4)[..., :height, :width]
    missing = (fate < 0.04) | ((fate > 0.9) & patchy)
    values = torch.where(missing.to(device), torch.zeros((), device=device), values)
    return values.clamp(0.0, 1.0) * 2.0 - 1.0


def _one_to(most: int) -> int:
    return int(torch.randint(1, most + 1, ()))
