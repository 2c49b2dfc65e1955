"""The network that the learning baselines share: what a policy senses in, steering and acceleration out.

This file is a whole policy. Training imports it, and a copy of it is the ``policy.py`` of every submission
directory that the baselines write, so it imports nothing but torch, numpy and safetensors, and timm where a
backbone of it is asked for. :class:`Spec` says which of its parts a network has:

======================  =====================================================================================
``view``                ``camera``: front picture and, if ``mirrors``, both mirrors, by convolutions.
                        ``kinematics``: the table of nearest vehicles, the route's geometry, the goal
``encoder``             of the front picture: ``small`` or the name of any timm backbone
``command``             how the route command acts: ``film``, ``branches`` or ``add``
``memory``              ``none``, ``stack`` (some pictures at once), ``gru`` or ``lstm``
``answer``              ``l2`` or ``l1`` (a value), ``gaussian`` (a mean and a spread; the mean drives)
``side_task``           in training, the surroundings are told, too (:func:`baselines.objectives.side_error`)
======================  =====================================================================================

**Pictures.** The small encoder follows PilotNet (M. Bojarski et al., arXiv:1604.07316, 2016): convolutions
with stride, then fully connected layers. It is smaller than PilotNet so that a CPU trains it in minutes; the
rows of the sky are left out and the picture is halved for the same reason.

**Kinematics.** Each vehicle of the table goes through the same layers and the greatest of each feature is
kept, as in PointNet (C. Qi et al., CVPR 2017, arXiv:1612.00593, section 4.2), so that the order of vehicles
does not matter; beside it goes the flat table, since the nearest is listed first.

**Commands.** ``film``: each feature is scaled and shifted by what the command says (E. Perez et al., FiLM,
AAAI 2018, arXiv:1709.07871, equation 2). ``branches``: one head for each command (F. Codevilla et al.,
ICRA 2018, arXiv:1710.02410, figure 3b). ``add``: the command is one more input (there figure 3a).

**Answers.** What is learnt is not the steering angle but the lateral acceleration that it means at the
present speed (PilotNet's 1/r, times the speed squared): one size for parking speed and for a motorway. Few
moments turn hard; asinh compresses these, so that the small corrections, which decide whether a lane is kept,
are not drowned. :func:`answer_of` and :func:`meant_by` are inverse to each other. ``l1`` is the loss that F.
Codevilla et al. (ICCV 2019, arXiv:1904.08980) published settings with; it drives worse here
(:mod:`baselines.dagger`).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

__all__ = [
    "NETWORK_FILE",
    "WEIGHTS_FILE",
    "DrivingNetwork",
    "DrivingPolicy",
    "Spec",
    "answer_of",
    "curvature_of",
    "load",
    "meant_by",
    "steering_for",
]

WEIGHTS_FILE, NETWORK_FILE = "weights.safetensors", "network.json"

# What the simulator does with an action in [-1, 1] (highway-env's ContinuousAction), and its vehicle.
ACCELERATION_RANGE_MPS2 = 5.0
STEERING_RANGE_RAD = float(np.pi / 4.0)
VEHICLE_LENGTH_M = 5.0
COMMANDS = 6

# Rows of a 64-row front picture that are kept: those below hold the road ahead, those above only the sky.
FIRST_ROW, LAST_ROW = 20, 64

# Typical sizes, by which inputs and answers are divided so that the network sees numbers near one.
SPEED_SCALE_MPS = 10.0
ACCELERATION_SCALE_MPS2 = 2.0
LATERAL_SCALE_MPS2 = 0.3
SLOWEST_MPS = 3.0
"""Below this speed the answer is as if at it: a standing car has a steering angle and no acceleration."""
TABLE_SCALE = (1.0, 30.0, 8.0, 10.0, 10.0)
GOAL_SCALE = (1.0, 10.0, 10.0, 1.0, 1.0)
OFFSET_SCALE_M, HEADING_SCALE_RAD, CURVATURE_SCALE_PER_M = 1.0, 0.2, 0.02
ROUTE_SCALE = (OFFSET_SCALE_M, HEADING_SCALE_RAD, *[CURVATURE_SCALE_PER_M] * 8)
TABLE_ROWS = 8
SURROUNDINGS = len(ROUTE_SCALE) + TABLE_ROWS * len(TABLE_SCALE)
"""Numbers of a side task: the route's geometry and the table of nearest vehicles, as sensors give them."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """Which network; see the module.

    Attributes:
        view: ``camera`` or ``kinematics``.
        mirrors: Whether a camera policy looks into the mirrors as well.
        encoder: ``small``, or the name of a timm backbone.
        command: ``film``, ``branches`` or ``add``.
        memory: ``none``, ``stack``, ``gru`` or ``lstm``.
        frames: Pictures of a stack, the present one among them.
        stride: Decisions from one of them to the next.
        answer: ``l2``, ``l1`` or ``gaussian``; a network is the same for the first two.
        width: Features between the encoder and the head.
        side_task: Whether a camera network also says, while it learns, where the road and the nearest
            vehicles are (:attr:`DrivingNetwork.surroundings`).
    """

    view: str = "camera"
    mirrors: bool = False
    encoder: str = "small"
    command: str = "film"
    memory: str = "none"
    frames: int = 1
    stride: int = 1
    answer: str = "l2"
    width: int = 128
    side_task: bool = False

    def __post_init__(self) -> None:
        choices = {
            "view": ("camera", "kinematics"),
            "command": ("film", "branches", "add"),
            "memory": ("none", "stack", "gru", "lstm"),
            "answer": ("l2", "l1", "gaussian"),
        }
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {getattr(self, name)!r}; expected one of: {', '.join(known)}")
        stacked = self.memory == "stack"
        if self.frames < 1 or self.stride < 1 or self.width < 1 or (self.frames > 1) != stacked:
            raise ValueError(
                f"memory {self.memory!r}, frames {self.frames}, stride {self.stride}, width {self.width}; "
                "expected two frames or more with the memory 'stack', one with any other, positive numbers"
            )
        if stacked and self.view != "camera":
            raise ValueError(
                "a stack of kinematics; expected the view 'camera', as only pictures are stacked"
            )
        if self.side_task and self.view != "camera":
            raise ValueError(
                "a side task for kinematics, which are what it asks for; expected the view 'camera'"
            )

    @property
    def sensors(self) -> tuple[str, ...]:
        """Names of the sensors that the network wants."""
        if self.view == "kinematics":
            return ("kinematics", "route-geometry", "goal-pose", "speed", "command")
        mirrors = ("mirror-left", "mirror-right") if self.mirrors else ()
        return ("front", *mirrors, "speed", "command")

    @property
    def recurrent(self) -> bool:
        """Whether the network has a state that it carries from one decision to the next."""
        return self.memory in {"gru", "lstm"}

    def look(self, camera: str, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What the network wants of pictures: without the rows of the sky, and halved for the small encoder.

        Args:
            camera: Name of the camera.
            pictures: ``u1[n, 3, height, width]``.

        Returns:
            ``u1[n, 3, 22, 80]`` of the front camera (``[n, 3, 44, 160]`` for a backbone of timm), ``[n, 3,
            16, 24]`` of a mirror: each pixel the mean of four, rounded.
        """
        front = camera == "front"
        kept = pictures[:, :, FIRST_ROW:LAST_ROW] if front else pictures
        if front and self.encoder != "small":
            return np.ascontiguousarray(kept)
        wide = kept.astype(np.uint16)
        pairs = wide[:, :, 0::2] + wide[:, :, 1::2]
        return ((pairs[..., 0::2] + pairs[..., 1::2] + 2) >> 2).astype(np.uint8)

    def write(self, folder: Path) -> None:
        """Write it down beside the weights."""
        (folder / NETWORK_FILE).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


# ------------------------------------------------------------------------------------------ answers
def curvature_of(steering_rad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Curvature of the path that the vehicle's centre follows under a constant steering angle.

    highway-env's bicycle has its reference point midway between the axles, which are one vehicle length L
    apart: the velocity points ``beta = atan(tan(steering) / 2)`` away from the heading and the heading turns
    by ``speed * sin(beta) / (L / 2)``; course = heading + beta, so the curvature is ``2 sin(beta) / L``.

    Args:
        steering_rad: Angle of the front wheels, clockwise positive, any shape.

    Returns:
        Curvature in 1/m, positive in a turn to the right.
    """
    slip_rad = np.arctan(0.5 * np.tan(steering_rad))
    return np.asarray(2.0 * np.sin(slip_rad) / VEHICLE_LENGTH_M)


def steering_for(curvature_per_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Steering angle that follows a curvature: the exact inverse of :func:`curvature_of`, within the range.

    Args:
        curvature_per_m: Wanted curvature in 1/m, any shape; beyond the tightest turn it is clipped.

    Returns:
        Angle of the front wheels in rad, within ``STEERING_RANGE_RAD``.
    """
    tightest = curvature_of(np.asarray(STEERING_RANGE_RAD))
    slip_rad = np.arcsin(np.clip(curvature_per_m, -tightest, tightest) * VEHICLE_LENGTH_M / 2.0)
    return np.asarray(np.arctan(2.0 * np.tan(slip_rad)))


def answer_of(
    acceleration_mps2: NDArray[np.float64],
    curvature_per_m: NDArray[np.float64],
    speed_mps: NDArray[np.float64],
) -> NDArray[np.float32]:
    """What the network should say to have a car accelerate and turn like this.

    Args:
        acceleration_mps2: Any shape.
        curvature_per_m: The same.
        speed_mps: The same.

    Returns:
        ``f4[..., 2]``: acceleration, scaled, and asinh of the lateral acceleration, scaled.
    """
    lateral_mps2 = curvature_per_m * np.square(np.maximum(np.abs(speed_mps), SLOWEST_MPS))
    both = (acceleration_mps2 / ACCELERATION_SCALE_MPS2, np.arcsinh(lateral_mps2 / LATERAL_SCALE_MPS2))
    return np.stack(both, axis=-1).astype(np.float32)


def meant_by(
    answer: NDArray[np.float64], speed_mps: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Acceleration in m/s² and curvature in 1/m that an answer means; the inverse of :func:`answer_of`.

    Args:
        answer: ``f8[..., 2]``.
        speed_mps: ``f8[...]``.
    """
    lateral_mps2 = LATERAL_SCALE_MPS2 * np.sinh(np.clip(answer[..., 1], -10.0, 10.0))
    curvature = lateral_mps2 / np.square(np.maximum(np.abs(speed_mps), SLOWEST_MPS))
    return answer[..., 0] * ACCELERATION_SCALE_MPS2, curvature


# ------------------------------------------------------------------------------------------ encoders
class SmallEncoder(nn.Module):
    """Front pictures ``f4[n, 3 k, 22, 80]`` to features ``f4[n, features]``."""

    def __init__(self, pictures: int, features: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3 * pictures, 24, kernel_size=5, stride=2),
            nn.ReLU(),
            nn.Conv2d(24, 32, kernel_size=3, stride=2),
            nn.ReLU(),
            nn.Conv2d(32, 48, kernel_size=3),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(48 * 2 * 16, features),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """See the class."""
        return cast(Tensor, self.layers(pictures))


class BackboneEncoder(nn.Module):
    """Front pictures ``f4[n, 3 k, 44, 160]`` to features, by a backbone of timm (Apache 2.0)."""

    def __init__(self, name: str, pictures: int, features: int) -> None:
        super().__init__()
        import timm

        self.backbone = timm.create_model(name, pretrained=False, num_classes=0, in_chans=3 * pictures)
        self.project = nn.Linear(cast(int, self.backbone.num_features), features)

    def forward(self, pictures: Tensor) -> Tensor:
        """See the class."""
        return cast(Tensor, self.project(self.backbone(pictures)))


class MirrorEncoder(nn.Module):
    """Mirror pictures ``f4[n, 3, 16, 24]`` to features; the same for both mirrors, which are mirrored."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 16, kernel_size=5, stride=2),
            nn.ReLU(),
            nn.Conv2d(16, 24, kernel_size=3, stride=2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(24 * 2 * 4, features),
        )

    def forward(self, picture: Tensor) -> Tensor:
        """See the class."""
        return cast(Tensor, self.layers(picture))


class TableEncoder(nn.Module):
    """Table of vehicles ``f4[n, 8, 5]``, route geometry ``f4[n, 10]`` and goal ``f4[n, 5]`` to features."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.vehicle = nn.Sequential(nn.Linear(len(TABLE_SCALE), 64), nn.ReLU(), nn.Linear(64, 64))
        known = 64 + SURROUNDINGS + len(GOAL_SCALE)
        self.mix = nn.Sequential(nn.Linear(known, 256), nn.ReLU(), nn.Linear(256, features))
        self.scale: Tensor
        self.route_scale: Tensor
        self.goal_scale: Tensor
        self.register_buffer("scale", torch.tensor(TABLE_SCALE), persistent=False)
        self.register_buffer("route_scale", torch.tensor(ROUTE_SCALE), persistent=False)
        self.register_buffer("goal_scale", torch.tensor(GOAL_SCALE), persistent=False)

    def forward(self, table: Tensor, route: Tensor, goal: Tensor) -> Tensor:
        """See the class."""
        scaled = table / self.scale
        each = functional.relu(self.vehicle(scaled)) * table[..., :1]
        route = torch.clamp(route / self.route_scale, -10.0, 10.0)
        known = [each.amax(dim=1), scaled.flatten(1), route, goal / self.goal_scale]
        return cast(Tensor, self.mix(torch.cat(known, dim=1)))


# ------------------------------------------------------------------------------------------ the network
State = Tensor | tuple[Tensor, Tensor]


class DrivingNetwork(nn.Module):
    """What is sensed to answers, for windows of T decisions of n episodes.

    :meth:`see` turns an observation into tensors; :meth:`forward` answers ``f4[n, T, 2]`` (``[n, T, 4]`` with
    the logarithm of each spread for ``gaussian``), and gives the state after the window. A stack of pictures
    is one decision: T = 1.
    """

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        width = spec.width
        self.front: nn.Module | None = None
        self.mirror: nn.Module | None = None
        self.table: nn.Module | None = None
        if spec.view == "camera":
            self.front = (
                SmallEncoder(spec.frames, width)
                if spec.encoder == "small"
                else BackboneEncoder(spec.encoder, spec.frames, width)
            )
            if spec.mirrors:
                self.mirror = MirrorEncoder(32)
        else:
            self.table = TableEncoder(width)
        seen = width + (64 if spec.mirrors and spec.view == "camera" else 0) + 1
        self.mix = nn.Linear(seen, width)
        if spec.command != "branches":
            # What a command changes starts at nothing: one that was never taught does not disturb.
            self.command = nn.Linear(COMMANDS, (2 if spec.command == "film" else 1) * width, bias=False)
            nn.init.zeros_(self.command.weight)
        self.memory: nn.GRU | nn.LSTM | None = None
        if spec.recurrent:
            self.memory = (nn.GRU if spec.memory == "gru" else nn.LSTM)(width, width, batch_first=True)
        outputs = 4 if spec.answer == "gaussian" else 2
        heads = COMMANDS if spec.command == "branches" else 1
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, outputs)) for _ in range(heads)
        )
        self.side = nn.Linear(width, SURROUNDINGS) if spec.side_task else None
        self.surroundings: Tensor | None = None
        """``f4[n, T, 50]`` of a side task: the answer of the first call in training since this was None."""
        self.to(memory_format=torch.channels_last)  # convolutions are a tenth faster on a CPU

    def see(self, observation: Mapping[str, Any], device: str | torch.device = "cpu") -> dict[str, Tensor]:
        """An observation of windows as tensors, pictures in [-1, 1].

        Args:
            observation: ``[n, T, ...]`` by sensor; pictures as :meth:`Spec.look` leaves them.
            device: Where the tensors shall be.
        """
        seen = {}
        for name in self.spec.sensors:
            # a copy: matrix products add in an order that depends on where in memory their operands begin
            value = torch.tensor(np.asarray(observation[name])).to(device)
            is_picture = value.dtype == torch.uint8
            seen[name] = value.float().mul_(1.0 / 127.5).sub_(1.0) if is_picture else value.float()
        return seen

    def forward(
        self, seen: Mapping[str, Tensor], state: State | None = None, begins: Tensor | None = None
    ) -> tuple[Tensor, State | None]:
        """Answer.

        Args:
            seen: From :meth:`see`, perhaps augmented.
            state: What the last window left; nothing at the beginning.
            begins: ``bool[n, T]`` where an episode begins and the state is cleared.
        """
        speed = seen["speed"][:, -1:] if self.spec.memory == "stack" else seen["speed"]
        command = seen["command"][:, -1:] if self.spec.memory == "stack" else seen["command"]
        n, length = speed.shape[:2]
        parts = self._perceive(seen)
        parts.append(speed.reshape(n * length, 1) / SPEED_SCALE_MPS)
        hidden = self.mix(functional.relu(torch.cat(parts, dim=1)))
        asked = command.reshape(n * length, COMMANDS)
        if self.spec.command == "film":
            scale, shift = self.command(asked).chunk(2, dim=1)
            hidden = hidden * (1.0 + scale) + shift
        elif self.spec.command == "add":
            hidden = hidden + self.command(asked)
        hidden = functional.relu(hidden)
        if self.memory is not None:
            hidden, state = self._remember(hidden.reshape(n, length, -1), state, begins)
            hidden = hidden.flatten(0, 1)
        if self.side is not None and self.training and self.surroundings is None:
            self.surroundings = self.side(hidden).reshape(n, length, -1)
        if self.spec.command == "branches":
            answers = torch.stack([head(hidden) for head in self.heads], dim=1)
            answer = (answers * asked[:, :, None]).sum(dim=1)
        else:
            answer = self.heads[0](hidden)
        return answer.reshape(n, length, -1), state

    def _perceive(self, seen: Mapping[str, Tensor]) -> list[Tensor]:
        if self.table is not None:
            known = (seen[name].flatten(0, 1) for name in ("kinematics", "route-geometry", "goal-pose"))
            return [self.table(*known)]
        assert self.front is not None
        front = seen["front"]
        stacked = self.spec.memory == "stack"
        parts = [self.front(front.flatten(1, 2) if stacked else front.flatten(0, 1))]
        if self.mirror is not None:
            for name in ("mirror-left", "mirror-right"):
                picture = seen[name][:, -1] if stacked else seen[name].flatten(0, 1)
                parts.append(self.mirror(picture))
        return parts

    def _remember(
        self, hidden: Tensor, state: State | None, begins: Tensor | None
    ) -> tuple[Tensor, State | None]:
        """Run the memory over the window; cleared where an episode begins within it."""
        assert self.memory is not None
        length = hidden.shape[1]
        if begins is None or not bool(begins.any()):
            return cast("tuple[Tensor, State]", self.memory(hidden, state))
        cuts = sorted({0, length, *(int(t) for t in torch.nonzero(begins.any(dim=0)).flatten())})
        outputs = []
        for first, last in pairwise(cuts):
            if state is not None:
                keep = (~begins[:, first]).to(hidden.dtype)[None, :, None]
                state = (state[0] * keep, state[1] * keep) if isinstance(state, tuple) else state * keep
            output, state = self.memory(hidden[:, first:last], state)
            outputs.append(output)
        return torch.cat(outputs, dim=1), state


# ------------------------------------------------------------------------------------------ the policy
class DrivingPolicy:
    """Drives a batch of episodes with a trained :class:`DrivingNetwork`."""

    def __init__(self, network: DrivingNetwork) -> None:
        self.network = network.eval()
        self.sensors = network.spec.sensors
        self._state: State | None = None
        self._past: Tensor | None = None  # f4[slots, (frames - 1) * stride + 1, 3, height, width]
        self._new = np.zeros(0, np.bool_)

    def reset(self, slots: NDArray[np.int64]) -> None:
        """Episodes start in these slots: what was remembered of the old ones is cleared."""
        self._make_room(slots)
        self._new[slots] = True

    def _make_room(self, slots: NDArray[np.int64]) -> None:
        """Slots that nobody has spoken of yet begin now."""
        more = int(slots.max(initial=-1)) + 1 - len(self._new)
        if more > 0:
            self._new = np.concatenate([self._new, np.ones(more, np.bool_)])

    def act(self, observation: Mapping[str, Any], slots: NDArray[np.int64]) -> NDArray[np.float32]:
        """Actions ``f4[n, 2]`` in [-1, 1]: acceleration and steering.

        Args:
            observation: What :attr:`sensors` names; ``front`` is u8[n, 3, 64, 160], for example.
            slots: ``i8[n]`` which episodes these are.
        """
        self._make_room(slots)
        with torch.inference_mode():
            seen = self.network.see({name: self._looked(name, observation[name]) for name in self.sensors})
            if self.network.spec.memory == "stack":
                seen["front"] = self._stacked(seen["front"][:, 0], slots)
            answer, state = self.network(seen, self._states(slots), None)
            self._keep(state, slots)
        self._new[slots] = False
        speed_mps = np.asarray(observation["speed"])[:, 0].astype(np.float64)
        acceleration, curvature = meant_by(answer[:, 0, :2].double().numpy(), speed_mps)
        actions = np.stack(
            [acceleration / ACCELERATION_RANGE_MPS2, steering_for(curvature) / STEERING_RANGE_RAD], axis=1
        )
        return np.asarray(np.clip(actions, -1.0, 1.0), dtype=np.float32)

    def _looked(self, name: str, value: Any) -> NDArray[Any]:
        """A row for each slot, with an axis for the one decision."""
        array = np.asarray(value)
        return (self.network.spec.look(name, array) if array.dtype == np.uint8 else array)[:, None]

    def _stacked(self, front: Tensor, slots: NDArray[np.int64]) -> Tensor:
        spec = self.network.spec
        kept = (spec.frames - 1) * spec.stride + 1
        if self._past is None or len(self._past) < len(self._new):
            past = torch.zeros(len(self._new), kept, *front.shape[1:])
            if self._past is not None:
                past[: len(self._past)] = self._past
            self._past = past
        rows = torch.from_numpy(slots)
        past = torch.roll(self._past[rows], -1, dims=1)
        past[:, -1] = front
        new = torch.from_numpy(self._new[slots])
        past[new] = front[new][:, None].expand(-1, kept, -1, -1, -1)
        self._past[rows] = past
        return past[:, :: spec.stride]

    def _states(self, slots: NDArray[np.int64]) -> State | None:
        """The memory's state in these slots, zero where an episode begins."""
        spec = self.network.spec
        if not spec.recurrent:
            return None
        parts = 2 if spec.memory == "lstm" else 1
        old = () if self._state is None else self._state if isinstance(self._state, tuple) else (self._state,)
        if not old or old[0].shape[1] < len(self._new):
            grown = [torch.zeros(1, len(self._new), spec.width) for _ in range(parts)]
            for whole, part in zip(grown, old, strict=False):
                whole[:, : part.shape[1]] = part
            self._state = (grown[0], grown[1]) if parts == 2 else grown[0]
        state = self._state if isinstance(self._state, tuple) else (cast(Tensor, self._state),)
        fresh = torch.from_numpy(self._new[slots])[None, :, None]
        now = [part[:, torch.from_numpy(slots)].masked_fill(fresh, 0.0).contiguous() for part in state]
        return (now[0], now[1]) if parts == 2 else now[0]

    def _keep(self, state: State | None, slots: NDArray[np.int64]) -> None:
        if state is None:
            return
        rows = torch.from_numpy(slots)
        if isinstance(state, tuple):
            assert isinstance(self._state, tuple)
            self._state[0][:, rows], self._state[1][:, rows] = state
        else:
            cast(Tensor, self._state)[:, rows] = state


def load(directory: str | Path) -> DrivingPolicy:
    """The policy of a submission directory: what the evaluation calls.

    Args:
        directory: Folder that holds ``network.json`` and ``weights.safetensors``.
    """
    torch.set_num_threads(1)  # one order of additions, whatever the machine
    folder = Path(directory)
    network = DrivingNetwork(Spec(**json.loads((folder / NETWORK_FILE).read_text(encoding="utf-8"))))
    network.load_state_dict(load_file(folder / WEIGHTS_FILE))
    return DrivingPolicy(network)
