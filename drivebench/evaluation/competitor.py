"""Who is evaluated: a submission directory, a registered driver, or a baseline that needs no training."""

import hashlib
import importlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from drivebench import registry
from drivebench.baseline import TrainRequest, load_baseline
from drivebench.errors import ConfigurationError, UnknownNameError
from drivebench.evaluation.isolation.tier import Tier
from drivebench.evaluation.manifest import Driven, Limits, PolicyCard
from drivebench.evaluation.policy_process import PolicyProcess
from drivebench.evaluation.protocol import Layout
from drivebench.evaluation.rollout import DriverPilot, Pilot
from drivebench.metric.monitor import Monitor
from drivebench.policy import Actions, Driver, Slots
from drivebench.scenario import Episode
from drivebench.sensors import Camera, SensorRig
from drivebench.sensors.sensor import Progress
from drivebench.submission import MANIFEST, Form, Submission, Track, read_submission
from drivebench.submission_codes import Code, ContentError, ManifestError
from drivebench.world import WorldBatch

__all__ = ["Competitor", "PolicyPilot", "Seen", "competitor", "digest_here"]

Seen = dict[str, NDArray[Any] | list[str]]
"""An observation: by sensor, an array with a row for each slot, or a list of texts."""

CAMERA_TRACK = ("speed", "command", "instruction", "yaw-rate", "last-action")
"""What a policy of the camera track may sense besides cameras; the last two are marked in tables, as they
leak the label."""
RECORDING_ONLY = ("left", "right")
"""Cameras 1 m to each side of the front camera, for demonstrations: a car that drives has none there."""


@dataclass(frozen=True, kw_only=True)
class Competitor:
    """Who is to be evaluated. Can be sent to another process.

    Attributes:
        card: What is recorded of it.
        submission: Its directory; None for a driver.
    """

    card: PolicyCard
    submission: Submission | None

    @contextmanager
    def pilot(self, batch_size: int, limits: Limits, isolation: str) -> "Iterator[ChunkPilot]":
        """A pilot for chunks of episodes, and its end.

        Args:
            batch_size: Slots.
            limits: What a policy is allowed.
            isolation: Tier that must be in force around a submission.

        Raises:
            ConfigurationError: It does not come into force.
        """
        if self.submission is None:
            driver: Driver = registry.load("driver", self.card.name)()
            yield _DriverPilot(driver)
            return
        rig = SensorRig(self.submission.manifest.sensors)
        layout = _layout(rig, batch_size)
        with PolicyProcess(self.submission, layout, batch_size, limits, Tier(isolation)) as process:
            yield PolicyPilot(process, rig, batch_size)


class ChunkPilot(Pilot):
    """A pilot that is told with which chunk it goes on."""

    def prepare(self, seed: int) -> None:
        """A new chunk begins; whatever is random in it follows from the seed."""

    @property
    def latencies_s(self) -> list[float]:
        """Time of each answer in this chunk."""
        return []

    @property
    def log_tail(self) -> str:
        """The end of what the policy printed."""
        return ""

    @property
    def was_killed(self) -> bool:
        """Whether somebody killed the policy's process in this chunk; it may have been the policy itself."""
        return False


class _DriverPilot(DriverPilot, ChunkPilot):
    """A privileged driver in the harness's own process."""


class PolicyPilot(ChunkPilot):
    """A policy in its own process. The batch keeps its size; rows of ended episodes are zeros."""

    def __init__(self, process: PolicyProcess, rig: SensorRig, batch_size: int) -> None:
        self._process = process
        self._rig = rig
        self._batch_size = batch_size
        self._seed = 0

    def prepare(self, seed: int) -> None:
        """Note the seed of the next chunk."""
        self._seed = seed

    @property
    def latencies_s(self) -> list[float]:
        """Time of each answer in this chunk."""
        return self._process.latencies_s

    @property
    def peak_memory_bytes(self) -> int:
        """The most resident memory that was seen of the policy's process."""
        return self._process.peak_memory_bytes

    @property
    def log_tail(self) -> str:
        """The end of what the policy printed."""
        return self._process.log_tail

    @property
    def was_killed(self) -> bool:
        """Whether somebody killed the policy's process in this chunk; it may have been the policy itself."""
        return self._process.was_killed

    def begin(self, worlds: WorldBatch, monitor: Monitor, episodes: Mapping[int, Episode]) -> None:
        """Make the policy anew, so that nothing that it remembers reaches from one chunk into another."""
        del worlds, monitor, episodes
        self.load()

    def load(self) -> None:
        """Make the policy anew, and begin episodes in all slots."""
        self._process.load(self._seed)
        self.forget()  # in all slots: those beyond the episodes of a short chunk are asked for, too

    def decide(self, worlds: WorldBatch, monitor: Monitor, slots: Slots) -> Actions:
        """Observe, and ask the policy."""
        return self.answer(self.observe(worlds, monitor, slots), slots)

    def observe(self, worlds: WorldBatch, progress: Progress, slots: Slots) -> Seen:
        """What the policy is to be shown: its declared sensors, row i of ``slots[i]``.

        Args:
            worlds: The worlds.
            progress: How far along their routes they are.
            slots: ``i8[n]`` the episodes that go on.
        """
        return self._rig.observe(worlds, progress, slots)

    def answer(self, observation: Seen, slots: Slots) -> Actions:
        """Show the policy an observation, as it is or changed, and ask it.

        Args:
            observation: As :meth:`observe` makes it.
            slots: ``i8[n]``; the rows of all others are zeros.

        Returns:
            ``f4[n, 2]``; not yet checked for values.
        """
        ended = np.ones(self._batch_size, np.bool_)
        ended[slots] = False
        texts: dict[str, list[str]] = {}
        for name, values in observation.items():
            if name in self._process.observation:
                target = self._process.observation[name]
                target[slots] = values
                target[ended] = 0
            else:
                texts[name] = [""] * self._batch_size
                for slot, text in zip(slots.tolist(), values, strict=True):
                    texts[name][slot] = str(text)
        return self._process.act(texts)[slots]

    def forget(self) -> None:
        """Have the policy forget what it remembers of the episodes that it is driving."""
        self._process.reset(np.arange(self._batch_size))


def _layout(rig: SensorRig, batch_size: int) -> Layout:
    shapes, texts = {}, []
    for name, space in rig.space().spaces.items():
        if isinstance(space, gymnasium.spaces.Text):
            texts.append(name)
        else:
            assert space.shape is not None
            shapes[name] = (np.dtype(space.dtype).str, (batch_size, *space.shape))
    return Layout.of(shapes, texts)


@contextmanager
def competitor(what: str) -> Iterator[Competitor]:
    """Find out who is meant; what had to be made for it is removed in the end.

    Args:
        what: A submission directory, or the name of a driver, or of a baseline that learns nothing.

    Raises:
        ConfigurationError: The submission is not one.
        UnknownNameError: Neither a directory nor a name.
    """
    if Path(what).exists() or "/" in what:
        yield of_submission(read_submission(Path(what)))
    elif what in registry.names("driver"):
        yield Competitor(card=_driver_card(what), submission=None)
    elif what in registry.names("baseline"):
        with _untrained(what) as submission:
            yield of_submission(submission)
    else:
        known = [*registry.names("driver"), *registry.names("baseline")]
        raise UnknownNameError("submission directory, driver or baseline", what, known)


def of_submission(submission: Submission) -> Competitor:
    """A submission as a competitor.

    Args:
        submission: Read and checked.

    Raises:
        ManifestError: It asks for sensors that there are not, that are for recording only, or that are not
            of the track that it states.
        ContentError: Its ``training.json`` cannot be recorded.
    """
    manifest = submission.manifest
    path = submission.directory / MANIFEST
    try:
        rig = SensorRig(manifest.sensors)
    except (ConfigurationError, UnknownNameError) as error:
        raise ManifestError(Code.SENSOR, f"{path}: {error}") from error
    for name in rig.sensors:
        if name in RECORDING_ONLY:
            raise ManifestError(
                Code.RECORDING_ONLY,
                f"{path}: sensors has {name!r}, which records demonstrations and drives nobody. Expected "
                "'front', 'mirror-left' and 'mirror-right' for cameras.",
            )
    training = submission.directory / "training.json"
    named = f" {manifest.architecture}" if manifest.form is Form.ARCHITECTURE else ""
    return Competitor(
        card=PolicyCard(
            kind=Driven.SUBMISSION,
            name=manifest.name,
            track=_track(path, manifest.track, rig).value,
            digest=submission.digest,
            form=f"{manifest.form.value}{named}",
            sensors=tuple({"name": s.name, **s.options} for s in manifest.sensors),
            authors=manifest.authors,
            paper=manifest.paper,
            training_data=manifest.training_data,
            training=_read_training(training) if training.is_file() else None,
        ),
        submission=submission,
    )


def digest_here(competitor: Competitor) -> str:
    """The digest that a competitor has on this machine, which may be another than the one that chose it.

    Args:
        competitor: Who is meant.

    Raises:
        ConfigurationError: Its submission is not here.
    """
    if competitor.submission is None:
        return _driver_card(competitor.card.name).digest
    return read_submission(competitor.submission.directory).digest


def _track(path: Path, stated: Track | None, rig: SensorRig) -> Track:
    """The track that follows from the sensors.

    A row of the camera track knows of the road and of others what cameras show; a row of the kinematics track
    may be told. Nothing that is submitted is privileged.
    """
    if stated is Track.PRIVILEGED:
        raise ManifestError(
            Code.PRIVILEGED,
            f"{path}: track is 'privileged', which is for drivers that see the world. Expected sensors of "
            "the tracks 'camera' or 'kinematics', and no track: it follows from them.",
        )
    told = [
        name
        for name, sensor in rig.sensors.items()
        if not isinstance(sensor, Camera) and name not in CAMERA_TRACK
    ]
    follows = Track.KINEMATICS if told else Track.CAMERA
    if stated is not None and stated is not follows:
        why = (
            f"the sensor {told[0]!r} is not of the camera track"
            if told
            else f"no sensor is of more than the camera track: cameras, {', '.join(CAMERA_TRACK)}"
        )
        raise ManifestError(
            Code.TRACK,
            f"{path}: track is {stated.value!r}, but {why}. Expected {follows.value!r}, or no track: it "
            "follows from the sensors.",
        )
    return follows


@contextmanager
def _untrained(name: str) -> Iterator[Submission]:
    baseline = load_baseline(name)
    if baseline.demand is not None:
        raise ConfigurationError(
            f"the baseline {name!r} has to be trained first: `drivebench train {name} --out DIR`, then "
            "`drivebench evaluate DIR …`."
        )
    with TemporaryDirectory(prefix="drivebench-") as folder:
        report = baseline.train(TrainRequest(out=Path(folder) / name, data=None))
        yield read_submission(report.submission)


def _driver_card(name: str) -> PolicyCard:
    driver = registry.load("driver", name)
    module = importlib.import_module(driver.__module__.partition(".")[0])
    assert module.__file__ is not None
    digest = hashlib.sha256(name.encode())
    for source in sorted(Path(module.__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    return PolicyCard(
        kind=Driven.DRIVER,
        name=name,
        track="privileged",
        digest=digest.hexdigest(),
        training_data="none: a driver that sees the whole world",
    )


_TRAINING = TypeAdapter(dict[str, Any])


def _read_training(path: Path) -> dict[str, Any]:
    """Read it as it will be read from the record, where there is no NaN and no infinity."""
    try:
        content = _TRAINING.validate_json(path.read_bytes())
        json.dumps(content, allow_nan=False)
    except ValueError as error:
        raise ContentError(
            Code.TRAINING_RECORD,
            f"{path} is not a JSON object of texts and finite numbers: {error}. Write null for a number that "
            "there is not, or remove the file.",
        ) from error
    return content
