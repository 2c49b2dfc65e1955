"""Behaviour cloning: copy what the expert did, as regression. From the cameras, or from the kinematics table.

Reference
    D. A. Pomerleau, "ALVINN: an autonomous land vehicle in a neural network", NIPS 1988 (published 1989);
    the camera network after M. Bojarski et al., "End to end learning for self-driving cars",
    arXiv:1604.07316, 2016; the route command enters as in F. Codevilla et al., "End-to-end driving via
    conditional imitation learning", ICRA 2018, arXiv:1710.02410 (``command=branches`` and ``add`` are that
    paper's two networks, its figure 3; the default is FiLM, see ``driving_network.py``).

What it teaches
    The network explains the expert's steering on held-out frames almost perfectly and still leaves the road:
    the expert never strayed, so no frame shows how to come back from where a start off course or the car's
    own errors put it (Ross, Gordon and Bagnell, AISTATS 2011, arXiv:1011.0686). ``camera_correction.py`` and
    ``dagger.py`` differ from this file in where their frames come from, and in nothing else.

Deviations from the references
    The network also predicts the acceleration, and is given the speed; ALVINN and PilotNet steer only. It
    looks into the mirrors. Frames are not selected: Bojarski et al. add frames of curves.
    ``--set answer=gaussian`` learns a mean and a spread (D. Nix, A. Weigend, ICNN 1994); the mean drives.
"""

from dataclasses import dataclass

from baselines.settings import Settings
from baselines.trainer import Method, Training


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """Settings; nothing of its own."""


def procedure(training: Training[Config]) -> None:
    """One phase: regression on the demonstrations."""
    training.learn("cloning", training.training.episodes)


METHOD = Method(
    name="behavior-cloning",
    title="Behaviour cloning",
    paper="https://arxiv.org/abs/1604.07316",
    budgets={"smoke": Config(steps=300), "full": Config(steps=8000)},
    procedure=procedure,
)
BASELINE = METHOD.baseline()

KINEMATICS_METHOD = Method(
    name="behavior-cloning-kinematics",
    title="Behaviour cloning, kinematics",
    paper="https://arxiv.org/abs/1011.0686",
    budgets={
        "smoke": Config(steps=300, view="kinematics", width=256),
        "full": Config(steps=16000, view="kinematics", width=256),
    },
    procedure=procedure,
)
KINEMATICS = KINEMATICS_METHOD.baseline()
