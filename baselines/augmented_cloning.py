"""Behaviour cloning with image augmentation: the same label under other light and a worse camera.

Reference
    Image augmentation for driving as in F. Codevilla et al., "End-to-end driving via conditional imitation
    learning", ICRA 2018, arXiv:1710.02410, section V-C (contrast, brightness, tone, blur, noise, dropped-out
    regions); the transforms are torchvision's (``augmentation.py``).

What it teaches
    Augmentation helps where the test looks different (night, fog, rain). It shows no state that the expert
    did not visit, so it does nothing for recovery: the two shifts of distribution, of the picture and of the
    state, need different remedies.

Deviations from the reference
    Each transform is drawn for eight pictures at once, as torchvision's take one setting for a batch. All
    else is ``behavior_cloning.py``. ``--set augment=photometric`` is the wider range that ``dagger.py`` uses.
"""

from dataclasses import dataclass

from baselines.settings import Settings
from baselines.trainer import Method, Training


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """Settings; the augmentation differs from cloning's.

    Attributes:
        augment: Name of the augmentation.
    """

    augment: str = "jitter"


def procedure(training: Training[Config]) -> None:
    """One phase: regression on the demonstrations, their pictures changed at random."""
    training.learn("cloning", training.training.episodes)


METHOD = Method(
    name="augmented-cloning",
    title="Behaviour cloning with image augmentation",
    paper="https://arxiv.org/abs/1710.02410",
    budgets={"smoke": Config(steps=300), "full": Config(steps=8000)},
    procedure=procedure,
)
BASELINE = METHOD.baseline()
