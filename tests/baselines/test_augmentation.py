"""Augmented pictures: other ones, still pictures, the same for the same draw; and nothing else is touched."""

import pytest
import torch

from baselines.augmentation import augmentation, jitter, photometric
from drivebench.errors import UnknownNameError


def seen(n: int = 24, length: int = 7) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    ramp = torch.linspace(-1.0, 1.0, 22).reshape(1, 1, 1, 22, 1).expand(n, length, 3, 22, 80)
    return {"front": ramp.contiguous(), "speed": torch.ones(n, length, 1)}


@pytest.mark.parametrize(("change", "share"), [(jitter, 1.0), (photometric, 0.7)])
def test_pictures_change_and_stay_pictures(change, share: float) -> None:  # type: ignore[no-untyped-def]
    before = seen(n=200)
    torch.manual_seed(1)
    after = change(before)
    assert after["speed"] is before["speed"]
    assert after["front"].shape == before["front"].shape
    assert after["front"].abs().max() <= 1.0 + 1e-6
    moved = (after["front"] - before["front"]).abs().mean(dim=(2, 3, 4))
    assert abs(float((moved > 1e-3).float().mean()) - share) < 0.1
    assert torch.equal(before["front"], seen(n=200)["front"])  # what was given is as it was
    torch.manual_seed(1)
    assert torch.equal(change(before)["front"], after["front"])
    torch.manual_seed(2)
    assert not torch.equal(change(before)["front"], after["front"])


def test_a_camera_fails_for_some_decisions_and_light_lasts() -> None:
    torch.manual_seed(3)
    after = photometric(seen(n=200, length=24))["front"]
    black = (after <= -1.0).all(dim=(2, 3, 4))
    assert 0.01 < black.float().mean() < 0.15
    assert (black.any(dim=1) & ~black.all(dim=1)).any()
    light = after.mean(dim=(2, 3, 4))
    lit = ~black.any(dim=1)
    within, between = light[lit].std(dim=1).mean(), light[lit].mean(dim=1).std()
    assert within < 0.5 * between


def test_names() -> None:
    assert augmentation("none") is None
    assert augmentation("jitter") is jitter
    with pytest.raises(UnknownNameError, match="Did you mean 'photometric'"):
        augmentation("photometrik")
