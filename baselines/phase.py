"""One phase of a training: gradient steps that can be interrupted after any of them.

Every draw is a function of the training's seed, the phase's name and the number of the step; what is not, the
weights, the optimiser's moments and a memory's state, is in the checkpoint.
"""

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from baselines.augmentation import augmentation
from baselines.checkpoint import Workspace
from baselines.driving_network import DrivingNetwork, State
from baselines.objectives import Objective, side_error
from baselines.settings import Settings
from drivebench.demonstrations.lessons import Lesson, Lessons
from drivebench.demonstrations.orders import shuffled, streams

__all__ = ["Phase"]

WARM_UP = 0.05
"""Share of the steps over which the learning rate rises; then it falls to zero along a cosine."""

Item = tuple[Lesson, NDArray[np.bool_] | None]


class Phase:
    """One phase of learning: its optimiser, its order of frames, its checkpoint.

    Attributes:
        size: Frames that are learnt from in one step.
    """

    def __init__(
        self,
        name: str,
        network: DrivingNetwork,
        settings: Settings,
        workspace: Workspace,
        *,
        steps: int,
        augment: str,
        seed: int,
        device: str,
    ) -> None:
        """Prepare to learn.

        Args:
            name: Of the phase; part of its seed.
            network: Is trained in place.
            settings: Of the optimiser, and of how much is learnt from in a step.
            workspace: Where its checkpoint is.
            steps: How many there will be.
            augment: What is done to pictures.
            seed: Of the training.
            device: Where to learn.
        """
        self._name, self._network, self._settings, self._workspace = name, network, settings, workspace
        self._steps, self._device = steps, device
        network.to(device).train()
        self._optimiser = torch.optim.AdamW(
            network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        self._augment = augmentation(augment)
        self._seed = (seed, zlib.crc32(name.encode()))
        recurrent = network.spec.recurrent
        self.size = settings.streams * settings.window if recurrent else settings.batch_size

    def batches(self, lessons: Lessons, start: int) -> Iterator[Item]:
        """What is learnt from, from a step on."""
        settings, spec = self._settings, self._network.spec
        if spec.recurrent:
            order = streams(
                lessons.lengths, streams=settings.streams, frames=settings.window, steps=self._steps,
                seed=self._seed, start=start,
            )  # fmt: skip
            for frame, begins in order:
                yield lessons.observe(frame), begins
            return
        frames = shuffled(len(lessons), settings.batch_size, seed=self._seed, start=start)
        for step, frame in enumerate(frames, start):
            view = np.random.default_rng([*self._seed, step]).integers(lessons.views, size=len(frame))
            yield lessons.observe(lessons.window(frame, spec.frames, spec.stride), view), None

    def step(
        self,
        step: int,
        lesson: Lesson,
        begins: NDArray[np.bool_] | None,
        state: State | None,
        objective: Objective,
    ) -> tuple[float, State | None]:
        """One gradient step; the loss, and the state to go on with."""
        network = self._network
        seen = network.see(lesson.observation, self._device)
        if self._augment is not None:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(zlib.crc32(repr((*self._seed, step)).encode()))
                seen = self._augment(seen)
        cleared = None if begins is None else torch.from_numpy(begins).to(self._device)
        network.surroundings = None
        value, after = objective(network, seen, lesson, state, cleared)
        if network.surroundings is not None:
            value = value + self._settings.side_task * side_error(network.surroundings, lesson)
        self._optimiser.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), self._settings.clip)
        for group in self._optimiser.param_groups:
            group["lr"] = self._settings.learning_rate * _rate(step / self._steps)
        self._optimiser.step()
        return value.item(), _detached(after)

    def validate(self, batches: Sequence[tuple[Lesson, Tensor | None]], objective: Objective) -> float:
        """Mean loss on held-out frames."""
        network = self._network.eval()
        with torch.inference_mode():
            values = [
                objective(
                    network, network.see(lesson.observation, self._device), lesson, None,
                    None if begins is None else begins.to(self._device),
                )[0].item()
                for lesson, begins in batches
            ]  # fmt: skip
        network.train()
        return float(np.mean(values))

    def keep(self, step: int, losses: list[float], state: State | None) -> None:
        """Write a checkpoint."""
        tensors = {f"network/{name}": tensor for name, tensor in self._network.state_dict().items()}
        for number, moments in self._optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser/{number}/{name}": tensor for name, tensor in moments.items()}
        parts = () if state is None else state if isinstance(state, tuple) else (state,)
        tensors |= {f"state/{number}": part for number, part in enumerate(parts)}
        self._workspace.write(self._name, "checkpoint", tensors, {"step": step, "losses": losses})

    def restore(self) -> tuple[int, list[float], State | None]:
        """Go back to the checkpoint, if there is one: steps done, losses, state."""
        saved = self._workspace.read(self._name, "checkpoint")
        if saved is None:
            return 0, [], None
        tensors = saved.tensors
        self._network.load_state_dict(_under(tensors, "network/"))
        moments: dict[int, dict[str, Tensor]] = {}
        weights = list(self._network.parameters())
        for name, tensor in _under(tensors, "optimiser/").items():
            number, _, what = name.partition("/")
            weight = weights[int(number)]
            # in the order in memory of its weight, which a fused step goes by
            moments.setdefault(int(number), {})[what] = (
                torch.empty_like(weight).copy_(tensor) if tensor.shape == weight.shape else tensor
            )
        content = self._optimiser.state_dict()
        self._optimiser.load_state_dict({**content, "state": moments})
        done = int(saved.facts["step"])
        state = tuple(tensor.to(self._device) for _, tensor in sorted(_under(tensors, "state/").items()))
        losses = [float(loss) for loss in saved.facts["losses"]]
        return done, losses, cast("State | None", state if len(state) > 1 else state[0] if state else None)


def _rate(done: float) -> float:
    """Share of the highest learning rate, by the share of the steps that is done."""
    if done < WARM_UP:
        return 0.5 - 0.5 * math.cos(math.pi * (done / WARM_UP * 0.9 + 0.1))
    return 0.5 + 0.5 * math.cos(math.pi * (done - WARM_UP) / (1.0 - WARM_UP))


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


def _detached(state: State | None) -> State | None:
    if isinstance(state, tuple):
        return state[0].detach(), state[1].detach()
    return None if state is None else state.detach()
