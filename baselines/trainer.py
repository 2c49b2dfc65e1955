"""The trainer that all learning baselines share.

A :class:`Method` is a name, settings for each budget, and a *procedure*: a few lines that say what is learnt
from which episodes, in phases. :class:`Training` gives them what they need: :meth:`Training.learn` minimises
the loss over some episodes and :meth:`Training.gather` lets the network drive while the expert labels. A
phase that has finished is on disk and is not repeated; one that is interrupted goes on where it was, to the
same bytes, because the order of frames and every random draw are functions of seed, phase and step.

The weights after the last step are the result: no checkpoint is chosen, so nothing is selected on data.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Generic

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from baselines.checkpoint import Workspace
from baselines.driving_network import BackboneEncoder, DrivingNetwork, DrivingPolicy, Spec
from baselines.objectives import SIDE_SENSORS, Objective, regression
from baselines.open_loop import open_loop
from baselines.phase import Phase
from baselines.reproducible import reproducible
from baselines.settings import AnySettings, with_settings
from baselines.submission import write_submission
from drivebench import progress, registry
from drivebench.baseline import Baseline, TrainReport, TrainRequest
from drivebench.demonstrations import Demand, Demonstration, Demonstrations, read, to_learn_from, write
from drivebench.demonstrations.gather import gather
from drivebench.demonstrations.kept_pictures import KeptPictures
from drivebench.demonstrations.kept_readings import KeptReadings
from drivebench.demonstrations.lessons import Lesson, Lessons
from drivebench.demonstrations.orders import streams
from drivebench.demonstrations.other_routes import other_routes
from drivebench.demonstrations.prefetch import ahead_of_time
from drivebench.demonstrations.scenes import Roads
from drivebench.errors import ConfigurationError
from drivebench.new_folder import refuse_existing
from drivebench.scenario import Episode, load_scenario
from drivebench.sensors.rig import SensorRig, load_sensor

__all__ = ["FAMILIES", "Method", "Training"]

FAMILIES = (
    "lane-keeping-v1",
    "car-following-v1",
    "highway-v1",
    "merge-v1",
    "exit-v1",
    "roundabout-v1",
    "intersection-v1",
    "two-way-v1",
    "u-turn-v1",
    "fork-v1",
    "occlusion-v1",
    "parking-v1",
)
"""What the baselines learn by default: all families but ``long-haul``, whose roads are those of lane keeping:
its drives of five minutes would be half of all frames."""

DEMAND = Demand(scenarios=FAMILIES, episodes={"smoke": 2, "full": 80})
"""80 drives of the expert in each family; two are enough to see that a method works."""

LOSS_EVERY = 50
CHECKPOINT_S = 60.0
VALIDATIONS, VALIDATION_FRAMES = 20, 512
FIRST_GATHERED_SEED = 100_000
"""Seeds of episodes that a learner drives in training: far from those of the demonstrations."""


@dataclass(frozen=True, kw_only=True)
class Method(Generic[AnySettings]):
    """A method that learns.

    Attributes:
        name: Of its entry point.
        title: A few words for a table.
        paper: The publication that it follows.
        budgets: Settings by the name of the budget.
        procedure: Trains ``training.network``.
        demand: What it is trained on by default.
    """

    name: str
    title: str
    paper: str
    budgets: Mapping[str, AnySettings]
    procedure: "Callable[[Training[AnySettings]], None]"
    demand: Demand = DEMAND

    def baseline(self) -> Baseline:
        """What the registry knows it by."""
        return Baseline(
            name=self.name, title=self.title, paper=self.paper, demand=self.demand, train=self.train
        )

    def train(self, request: TrainRequest) -> TrainReport:
        """Learn from the training part of the demonstrations, measure on the held-out part, write it down."""
        refuse_existing(request.out)
        settings = with_settings(self.budgets[request.budget], request.settings)
        if request.device == "cuda" and not torch.cuda.is_available():
            raise ConfigurationError("device 'cuda' is asked for, but torch finds none; expected 'cpu' here")
        demonstrations = read(request.demonstrations)
        workspace = Workspace(
            request.out,
            {
                "baseline": self.name,
                **asdict(settings),
                "demonstrations": demonstrations.digest,
                "subset": list(request.subset),
                "seed": request.seed,
                "device": request.device,
                "torch": version("torch"),
                "drivebench": version("drivebench"),
            },
        )
        with workspace.in_use(), reproducible(request.seed), ExitStack() as stack:
            training = Training(self.name, request, settings, demonstrations, workspace, stack)
            self.procedure(training)
            training.network.to("cpu").eval()
            metrics = open_loop(
                training.network, training.held_out.episodes,
                roads=training.roads, pictures=training.pictures, readings=training.readings,
            )  # fmt: skip
            write_submission(
                request, self.baseline(), network=training.network, demonstrations=demonstrations,
                config=asdict(settings), losses=training.losses, metrics=metrics, gathered=training.gathered,
            )  # fmt: skip
        workspace.remove()
        return TrainReport(submission=request.out, metrics=metrics, speed=training.speed)


@dataclass(eq=False)
class Training(Generic[AnySettings]):
    """One training under way.

    Attributes:
        name: Of the method.
        request: What was asked for.
        settings: Of the method.
        demonstrations: The whole set.
        workspace: Where what is finished is kept.
        stack: Closes what has to be closed at the end.
        losses: Mean losses of each stretch of 50 steps, by phase.
        gathered: Frames that the expert has labelled on the learner's drives, by phase.
        network: What becomes the submission.
        roads: Built so far.
        readings: Found out so far.
    """

    name: str
    request: TrainRequest
    settings: AnySettings
    demonstrations: Demonstrations
    workspace: Workspace
    stack: ExitStack
    losses: dict[str, list[float]] = field(default_factory=dict)
    gathered: dict[str, int] = field(default_factory=dict)
    roads: Roads = field(default_factory=Roads)
    readings: KeptReadings = field(default_factory=KeptReadings)
    speed: dict[str, float] = field(default_factory=dict)

    @cached_property
    def _parts(self) -> tuple[Demonstrations, Demonstrations]:
        return to_learn_from(self.demonstrations, self.request.subset)

    @property
    def training(self) -> Demonstrations:
        """What may be learnt from."""
        return self._parts[0]

    @property
    def held_out(self) -> Demonstrations:
        """What is only measured on."""
        return self._parts[1]

    @cached_property
    def pictures(self) -> KeptPictures:
        """What was rendered so far, as the settings' network wants it."""
        return KeptPictures(self.settings.spec.look)

    @cached_property
    def network(self) -> DrivingNetwork:
        """The network of the settings; the same initial weights for the same seed."""
        return self.make(self.settings.spec)

    def make(self, spec: Spec) -> DrivingNetwork:
        """A new network, with the weights of ``encoder_weights`` in its encoder where they are given.

        Raises:
            ConfigurationError: The encoder is unknown, or its weights are not there or not of it.
        """
        torch.manual_seed(self.request.seed)
        try:
            network = DrivingNetwork(spec)
        except RuntimeError as error:  # timm's, for a name that it does not know
            raise ConfigurationError(
                f"encoder {spec.encoder!r}: {error}. Expected 'small' or a name of timm.list_models()"
            ) from error
        if self.settings.encoder_weights and isinstance(network.front, BackboneEncoder):
            _load_backbone(network.front, self.settings.encoder_weights)
        return network

    @cached_property
    def _tensorboard(self) -> Any:
        if self.request.tensorboard is None:
            return None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ConfigurationError(
                "--tensorboard is given, but TensorBoard is not installed; `pip install tensorboard` first"
            ) from error
        writer = SummaryWriter(str(self.request.tensorboard))
        self.stack.callback(writer.close)
        return writer

    def lessons(
        self,
        spec: Spec,
        episodes: Sequence[Demonstration],
        *,
        also: Sequence[str] = (),
        poses: NDArray[np.float64] | None = None,
        commands: bool = False,
    ) -> Lessons:
        """Episodes as a network of a spec perceives them.

        Args:
            spec: Of the network.
            episodes: To learn from or to measure on.
            also: Further sensors, such as those of a teacher.
            poses: From where the cameras may look.
            commands: Whether other routes are looked for.
        """
        names = dict.fromkeys((*spec.sensors, *also, *(SIDE_SENSORS if spec.side_task else ())))
        return Lessons(
            episodes,
            [load_sensor(name) for name in names],
            history=("front",) if spec.memory == "stack" else None,
            poses=poses,
            more=other_routes(episodes, self.roads) if commands else None,
            roads=self.roads,
            pictures=self.pictures,
            readings=self.readings,
        )

    # ---------------------------------------------------------------------------------- learning
    def learn(
        self,
        phase: str,
        episodes: Sequence[Demonstration],
        *,
        network: DrivingNetwork | None = None,
        steps: int | None = None,
        objective: "Objective | None" = None,
        poses: NDArray[np.float64] | None = None,
        also: Sequence[str] = (),
        commands: bool = False,
        augment: str | None = None,
    ) -> None:
        """Minimise a loss by AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101), one batch a step.

        The learning rate rises over a twentieth of the steps and falls to zero along a cosine.

        Args:
            phase: Its name, for files and the progress bar.
            episodes: To learn from.
            network: To be trained in place; that of the submission when left out.
            steps: How many; those of the settings when left out.
            objective: The loss; regression to what the teacher did when left out.
            poses: ``f8[K, frames, 2]`` from where the cameras may look; each frame is seen from one of the K,
                drawn anew each time.
            also: Further sensors that the objective reads.
            commands: Whether the objective also reads what other routes would ask for
                (:mod:`drivebench.demonstrations.other_routes`).
            augment: What is done to pictures; as the settings say when left out.
        """
        if poses is not None and self.settings.side_task:
            raise ConfigurationError(
                f"side_task {self.settings.side_task}: what a camera sees from elsewhere is not what is "
                "recorded; expected 0 for this method"
            )
        network = network or self.network
        steps = steps or self.settings.steps
        objective = objective or regression
        saved = self.workspace.read(phase, "finished")
        if saved is not None:
            network.load_state_dict(saved.tensors)
            self.losses[phase] = saved.facts["losses"]
            return
        run = Phase(
            phase,
            network,
            self.settings,
            self.workspace,
            steps=steps,
            augment=self.settings.augment if augment is None else augment,
            seed=self.request.seed,
            device=self.request.device,
        )
        done, losses, state = run.restore()
        lessons = self.lessons(network.spec, episodes, also=also, poses=poses, commands=commands)
        validation = self._validation(network.spec, also)
        note, waited, started, kept = "", 0.0, time.monotonic(), time.monotonic()
        with (
            ahead_of_time(run.batches(lessons, done)) as batches,
            progress.track_with_note(f"{self.name}, {phase}", steps, "steps", done=done) as advance,
        ):
            for step in range(done, steps):
                before = time.monotonic()
                lesson, begins = next(batches)
                waited += time.monotonic() - before
                value, state = run.step(step, lesson, begins, state, objective)
                losses.append(value)
                last = step + 1 == steps
                if (step + 1) % max(steps // VALIDATIONS, 1) == 0 or last:
                    error = run.validate(validation, objective)
                    note = f"loss {np.mean(losses[-LOSS_EVERY:]):.4f}, validation {error:.4f}"
                    self._log(phase, step, losses[-1], error)
                advance(1, note)
                if time.monotonic() - kept > CHECKPOINT_S and not last:
                    run.keep(step + 1, losses, state)
                    kept = time.monotonic()
        took = time.monotonic() - started
        windows = (steps - done) * run.size
        if steps > done:
            self.speed = {"samples_per_s": windows / took, "waiting": waited / took}
            progress.say(
                f"{self.name}, {phase}: {windows / took:.0f} samples/s, "
                f"{100.0 * waited / took:.1f} % of the time spent waiting for data"
            )
        stretches = [float(np.mean(losses[i : i + LOSS_EVERY])) for i in range(0, len(losses), LOSS_EVERY)]
        self.losses[phase] = stretches
        self.workspace.write(phase, "finished", network.state_dict(), {"losses": stretches})
        self.workspace.drop(phase, "checkpoint")

    def _validation(self, spec: Spec, also: Sequence[str]) -> list[tuple[Lesson, Tensor | None]]:
        """Some held-out frames, rendered once."""
        lessons = self.lessons(spec, self.held_out.episodes, also=also)
        if spec.recurrent:
            order = streams(lessons.lengths, streams=8, frames=64, steps=1, seed=(0,))
            return [(lessons.observe(frame), torch.from_numpy(begins)) for frame, begins in order]
        count = min(VALIDATION_FRAMES, len(lessons))
        frame = lessons.window(np.arange(count) * len(lessons) // count, spec.frames, spec.stride)
        return [(lessons.observe(part), None) for part in np.array_split(frame, max(count // 64, 1))]

    def _log(self, phase: str, step: int, loss: float, error: float) -> None:
        if self._tensorboard is not None:
            self._tensorboard.add_scalar(f"{phase}/loss", loss, step)
            self._tensorboard.add_scalar(f"{phase}/validation", error, step)

    # ---------------------------------------------------------------------------------- driving
    def gather(
        self,
        phase: str,
        episodes: Callable[[], Sequence[Episode]],
        *,
        teacher_share: float | None,
        network: DrivingNetwork | None = None,
    ) -> tuple[Demonstration, ...]:
        """Let the network drive on training seeds while the expert labels every state (see ``gather``).

        Args:
            phase: Its name; also that of the driver in the demonstrations.
            episodes: Builds what is driven.
            teacher_share: With which probability the expert's action acts; None if nobody is to label.
            network: Who drives; that of the submission when left out.
        """
        folder = self.workspace.path(phase, "episodes")
        if not folder.exists():
            network = network or self.network
            training_device = next(network.parameters()).device
            driver = DrivingPolicy(network.to("cpu"))
            to_drive = episodes()
            with progress.track(f"{self.name}, {phase}", len(to_drive), "episodes") as advance:
                recorded = gather(
                    to_drive, driver, SensorRig(network.spec.sensors),
                    teacher=None if teacher_share is None else registry.load("driver", "expert")(),
                    teacher_share=teacher_share or 0.0, seed=self.request.seed, driver=phase, advance=advance,
                )  # fmt: skip
            write(Demonstrations(episodes=tuple(recorded)), folder)
            network.to(training_device)
        recorded_there = read(folder)
        if teacher_share is not None:
            self.gathered[phase] = recorded_there.frames
        return recorded_there.episodes

    def new_episodes(self, each: int, iteration: int) -> list[Episode]:
        """Episodes of training seeds that no demonstration has, of the demonstrations' scenarios.

        Args:
            each: How many of each scenario.
            iteration: Counts from 0; other seeds in each.
        """
        names = dict.fromkeys((e.scenario, e.condition) for e in self.training.episodes)
        first = FIRST_GATHERED_SEED + iteration * each
        with progress.track(f"{self.name}: episodes to drive", len(names) * each, "episodes") as advance:
            built = []
            for scenario, condition in names:
                family = load_scenario(scenario)
                for seed in range(first, first + each):
                    built.append(family.episode(seed, condition))
                    advance(1)
        return built


def _load_backbone(encoder: BackboneEncoder, path: str) -> None:
    """Weights of a backbone from a file of timm's, whose classifier is left out."""
    file = Path(path)
    if not file.is_file():
        raise ConfigurationError(
            f"encoder_weights: there is no file {file}; expected safetensors of the backbone. Nothing is "
            "downloaded while training: fetch it before, from the model's page"
        )
    weights = load_file(file)
    own = encoder.backbone.state_dict()
    fitting = {name: w for name, w in weights.items() if name in own and own[name].shape == w.shape}
    missing = sorted(set(own) - set(fitting))
    if missing:
        raise ConfigurationError(
            f"encoder_weights: {file} lacks {len(missing)} of the backbone's {len(own)} tensors, such as "
            f"{missing[0]}; expected weights of the same backbone, for pictures with three channels"
        )
    encoder.backbone.load_state_dict(fitting)
