"""A recurrent policy: a memory of what was seen, as long as the episode.

Reference
    M. Hausknecht and P. Stone, "Deep recurrent Q-learning for partially observable MDPs", AAAI fall symposium
    2015, arXiv:1507.06527 (convolutions, then a recurrent layer, in place of stacked frames); the layer is a
    GRU (K. Cho et al., EMNLP 2014, arXiv:1406.1078) or, by ``--set memory=lstm``, an LSTM (S. Hochreiter,
    J. Schmidhuber, Neural Computation 9(8), 1997). Trained by truncated backpropagation through time
    (R. Williams and J. Peng, Neural Computation 2(4), 1990).

What it teaches
    What lies further back than a stack of frames reaches, such as a vehicle that was seen before a truck hid
    it, can only be known by a state. Like a stack, the state can carry what the car itself has just done.

Deviations from the reference
    Supervised, not Q-learning. Eight episodes run side by side in windows of 16 decisions (3.2 s); the state
    is carried from one window to the next and is cleared exactly where an episode begins
    (:func:`drivebench.demonstrations.orders.streams`), "bootstrapped sequential updates" in the paper's
    words.
"""

from dataclasses import dataclass

from baselines.settings import Settings
from baselines.trainer import Method, Training


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """Settings; the memory differs from cloning's.

    Attributes:
        memory: ``gru`` or ``lstm``.
    """

    memory: str = "gru"


def procedure(training: Training[Config]) -> None:
    """One phase: regression on the demonstrations, as streams of windows."""
    training.learn("cloning", training.training.episodes)


METHOD = Method(
    name="recurrent",
    title="Behaviour cloning with a recurrent network",
    paper="https://arxiv.org/abs/1507.06527",
    budgets={"smoke": Config(steps=150), "full": Config(steps=6000)},
    procedure=procedure,
)
BASELINE = METHOD.baseline()
