"""Privileged distillation: learn to act from the full state, then to see from the one who can act.

Reference
    D. Chen, B. Zhou, V. Koltun and P. Krähenbühl, "Learning by cheating", CoRL 2019, arXiv:1912.12294. Stage
    one: a teacher that sees the true state imitates the expert (section 3.2). Stage two: a student that sees
    the camera imitates the teacher, first on recorded states, then on its own (section 3.3). Because the
    teacher is a network, it can be asked anywhere, as often as wanted, under every route command.

What it teaches
    Two things are mixed in the method: a teacher that can be asked without end, and states that are the
    student's own. ``phases`` separates them: ``off`` (recorded states only), ``on`` (then the student's own).
    The expert is asked for the demonstrations and for ``teacher_iterations`` rounds of the teacher's own
    drives; the student never asks it.

Deviations from the reference
    The teacher's state is the kinematics table and the route's geometry, not a bird's-eye picture; it is
    trained by DAgger from few drives, where the paper shifts and turns the bird's-eye view. Actions are
    imitated in place of waypoints, and a squared error in place of the absolute one. Every command means:
    wherever another episode's route through the same crossing is still open, the student is also taught what
    the teacher would do on that route (``all_commands``); elsewhere no other command makes sense. A recurrent
    student is taught the route's command only, as its memory belongs to one way. Recorded and own states are
    learnt from together, with equal chance for each frame; the paper weights frames by their loss.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from baselines.driving_network import COMMANDS, DrivingNetwork, Spec, State
from baselines.objectives import error_of
from baselines.settings import Settings
from baselines.trainer import Method, Training
from drivebench.demonstrations.lessons import Lesson
from drivebench.demonstrations.other_routes import OTHER_COMMAND, OTHER_GEOMETRY
from drivebench.errors import ConfigurationError

PHASES = ("off", "on")


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """Settings; those of the common ones mean the student.

    Attributes:
        phases: ``off`` or ``on``.
        iterations: How often the student drives.
        episodes: Drives of each family in each iteration, the student's or the teacher's.
        steps_again: The student's gradient steps after each iteration but the last.
        steps_last: Its gradient steps after the last iteration.
        teacher_steps: The teacher's gradient steps on the demonstrations.
        teacher_iterations: How often the teacher drives and is labelled by the expert.
        teacher_steps_again: Its gradient steps after each of these.
        all_commands: Whether the student is taught under other routes' commands as well.
        augment: Name of the augmentation of the student's pictures.
    """

    phases: str = "on"
    iterations: int = 5
    episodes: int = 16
    steps_again: int = 3000
    steps_last: int = 8000
    teacher_steps: int = 8000
    teacher_iterations: int = 4
    teacher_steps_again: int = 4000
    all_commands: bool = True
    augment: str = "photometric"


def under_other_commands(
    network: DrivingNetwork, teacher: DrivingNetwork, seen: Mapping[str, Tensor], lesson: Lesson
) -> Tensor:
    """Error under the commands of other routes: summed over them, and divided by the number of frames.

    Args:
        network: The student, without a recurrent memory.
        teacher: Whom it shall answer like.
        seen: What the student sees.
        lesson: The same frames, with what other routes would ask for.
    """
    n = len(lesson.frame)
    commands = lesson.observation[OTHER_COMMAND][:, -1]
    geometry = lesson.observation[OTHER_GEOMETRY][:, -1]
    error = seen["speed"].new_zeros(())
    for other in range(commands.shape[1]):
        rows = np.flatnonzero(commands[:, other] >= 0)
        if not len(rows):
            continue
        asked = np.eye(COMMANDS, dtype=np.float32)[commands[rows, other]][:, None]
        known = {name: lesson.observation[name][rows][:, -1:] for name in teacher.spec.sensors}
        known |= {"command": asked, "route-geometry": geometry[rows, other][:, None]}
        device = seen["speed"].device
        with torch.no_grad():
            told = teacher(teacher.see(known, device))[0]
        its = {name: values[torch.from_numpy(rows).to(device)] for name, values in seen.items()}
        answer = network({**its, "command": torch.from_numpy(asked).to(device)})[0]
        error = error + error_of(answer, told, network.spec.answer) * (len(rows) / n)
    return error


def procedure(training: Training[Config]) -> None:
    """Stage one and stage two."""
    config = training.settings
    if config.phases not in PHASES or config.view != "camera":
        raise ConfigurationError(
            f"phases {config.phases!r} with view {config.view!r}; expected 'off' or 'on', and the student's "
            "view 'camera'"
        )
    value = "l1" if config.answer == "l1" else "l2"  # what the student is told has no spread
    teacher = training.make(Spec(view="kinematics", width=256, command=config.command, answer=value))
    known = list(training.training.episodes)
    training.learn("teacher", known, network=teacher, steps=config.teacher_steps, augment="none")
    for iteration in range(config.teacher_iterations):
        known += training.gather(
            f"teacher-drive-{iteration + 1}",
            partial(training.new_episodes, config.episodes, iteration),
            teacher_share=0.0,
            network=teacher,
        )
        training.learn(
            f"teacher-{iteration + 1}",
            known,
            network=teacher,
            steps=config.teacher_steps_again,
            augment="none",
        )
    teacher.eval().requires_grad_(False)

    def objective(
        network: DrivingNetwork,
        seen: Mapping[str, Tensor],
        lesson: Lesson,
        state: State | None,
        begins: Tensor | None,
    ) -> tuple[Tensor, State | None]:
        answer, after = network(seen, state, begins)
        with torch.no_grad():
            told = teacher(teacher.see(lesson.observation, answer.device))[0]
        error = error_of(answer, told, network.spec.answer)
        if OTHER_COMMAND in lesson.observation:
            error = error + under_other_commands(network, teacher, seen, lesson)
        return error, after

    commands = config.all_commands and not config.spec.recurrent
    sensors = teacher.spec.sensors
    training.learn("student", known, objective=objective, also=sensors, commands=commands)
    if config.phases == "off":
        return
    for iteration in range(config.iterations):
        known += training.gather(
            f"student-drive-{iteration + 1}",
            partial(training.new_episodes, config.episodes, config.teacher_iterations + iteration),
            teacher_share=None,
        )
        training.learn(
            f"student-{iteration + 1}",
            known,
            objective=objective,
            also=sensors,
            commands=commands,
            steps=config.steps_last if iteration + 1 == config.iterations else config.steps_again,
        )


METHOD = Method(
    name="privileged-distillation",
    title="Privileged distillation",
    paper="https://arxiv.org/abs/1912.12294",
    budgets={
        "smoke": Config(
            steps=150, iterations=1, episodes=1, steps_again=100, steps_last=100, teacher_steps=200,
            teacher_iterations=1, teacher_steps_again=100,
        ),
        "full": Config(steps=6000),
    },
    procedure=procedure,
)  # fmt: skip
BASELINE = METHOD.baseline()
