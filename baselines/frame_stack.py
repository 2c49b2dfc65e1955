"""Frame stacking: some pictures of the last second at once, so that motion can be seen.

Reference
    V. Mnih et al., "Human-level control through deep reinforcement learning", Nature 518, 2015, methods
    ("stacks the last four frames"); for driving, and with what goes wrong, F. Codevilla et al., "Exploring
    the limitations of behavior cloning for autonomous driving", ICCV 2019, arXiv:1904.08980, and P. de Haan,
    D. Jayaraman and S. Levine, "Causal confusion in imitation learning", NeurIPS 2019, arXiv:1905.11979.

What it teaches
    One picture does not tell how fast the gap to the leader closes; pictures of a second do. With them comes
    what the car itself has just done, which explains the expert's next action well open loop: a policy that
    copies it drives by inertia. ``drivebench diagnose`` measures how much.

Deviations from the reference
    Four pictures 0.4 s apart (1.2 s in all) and not successive ones. The mirrors show the present only.
    Before an episode begins there is its first picture, four times.
"""

from dataclasses import dataclass

from baselines.settings import Settings
from baselines.trainer import Method, Training


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """Settings; the memory differs from cloning's.

    Attributes:
        memory: A stack.
        frames: Pictures of it.
        stride: Decisions of 0.2 s from one to the next.
    """

    memory: str = "stack"
    frames: int = 4
    stride: int = 2


def procedure(training: Training[Config]) -> None:
    """One phase: regression on the demonstrations, seen as stacks."""
    training.learn("cloning", training.training.episodes)


METHOD = Method(
    name="frame-stack",
    title="Behaviour cloning with stacked frames",
    paper="https://arxiv.org/abs/1904.08980",
    budgets={"smoke": Config(steps=300), "full": Config(steps=8000)},
    procedure=procedure,
)
BASELINE = METHOD.baseline()
