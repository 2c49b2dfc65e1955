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

What was measured
    Following a car (``docs/effects.md``) a state explains the expert best (acceleration R² 0.92 to 0.97 on
    held-out drives; a stack 0.85 to 0.87, one picture 0.32 to 0.36) and is not seen to drive better for it:
    on five training seeds 90.9 DBS, a stack 95.0, one picture 88.1. With windows of 16 decisions (90.7), in
    five of the drives that it lost, it began to brake about a second late, and then not hard enough: the
    expert, who keeps more distance, never has to. That is the pattern of de Haan et al. (arXiv:1905.11979):
    more of the past, a smaller error on the expert's states, and a policy that goes on with what it does. On
    128 development episodes (one picture 82.0, a stack 87.5 and 95.3, a state 86.7 and 92.9) nothing that was
    tried was better by more than training seeds differ: streams that begin at different moments 91.7 and
    87.5; windows of 32 decisions besides 94.5, 85.1 and 87.5; the picture's features beside the memory's 85.1
    and 87.5; the speed after the memory in place of before it 88.2; a state cleared now and then 82.0, with
    the best R² of all, 0.98.

    A window has to reach back to what is to be remembered. At the occlusion a vehicle is hidden for the last
    4 s, and the expert begins to brake within the first of them. Of 32 such drives on development seeds (64
    of occlusion, no test episode among them) windows of 16 decisions (3.2 s) saved 1, most having left the
    road, and, from 256 demonstrations in place of 96, 3, most having run into the vehicle; windows of 32
    (6.4 s) with half as many streams, so at the same cost, saved 29 and 27 (two training seeds) and, from
    256, 32 and 32. Five training seeds on test seeds: 84.9 DBS, a stack 71.4, one picture 47.7; with windows
    of 16 it was 60.7. Where one picture tells everything, on a road without traffic, the longer windows cost:
    75.6 DBS against 80.4, 78.1 with windows of 16. On 64 development drives (one training seed) eight streams
    of 32 scored 73.3 there, four 65.0: four are few different moments in a step.

Deviations from the reference
    Supervised, not Q-learning. Four episodes run side by side in windows of 32 decisions (6.4 s); the state
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
        streams: Half of the default, as windows are twice as long.
        window: Longer than what is to be remembered; see the module.
    """

    memory: str = "gru"
    streams: int = 4
    window: int = 32


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
