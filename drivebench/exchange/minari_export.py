"""Demonstrations as a Minari data set: whole episodes of observations, actions and rewards in one HDF5 file.

Written through Minari's own storage classes, version 0.5.4 (``MinariStorage.new``, ``update_episodes``,
``update_episode_metadata``), so that the layout is Minari's. Its default compresses images lossily, as JPEG;
here ``jpeg_encoding=False`` keeps every byte. Each episode has its seed, so that the environment can be reset
to it, and metadata by which :mod:`.minari_import` drives it again.
"""

import re
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import gymnasium
import numpy as np

from drivebench import progress
from drivebench.demonstrations.card import CARD, Form, card
from drivebench.demonstrations.record import Demonstrations
from drivebench.exchange.packages import needed
from drivebench.exchange.sensors_card import described
from drivebench.exchange.trajectory import Trajectories, split_names
from drivebench.gymnasium_ids import NAMESPACE
from drivebench.new_folder import new_folder

__all__ = ["SCHEMA_VERSION", "data_set_id", "export_minari"]

SCHEMA_VERSION = 1
"""Of what stands under ``drivebench`` in the metadata."""

_LOADING = """\
import drivebench  # registers the environments
from minari import MinariDataset

data_set = MinariDataset("DATA/data")  # or minari.load_dataset({id!r}), see below
episode = data_set[0]
metadata = next(iter(data_set.storage.get_episode_metadata([0])))  # seed, scenario, driver, score, ...
"""

_ROOT = (
    "`minari.load_dataset({id!r})` finds it when it lies at `{id}` under Minari's root, which is "
    "`MINARI_DATASETS_PATH` or `~/.minari/datasets`."
)
_ENVIRONMENT = (
    "`data_set.recover_environment()` makes the environment; `reset(seed=metadata['seed'])` begins the "
    "episode, and the recorded actions lead to the recorded observations and rewards, bit for bit."
)
_ENVIRONMENTS = (
    "The episodes are of several scenarios or conditions, so that there is no one environment to recover: "
    'make `gymnasium.make("drivebench/" + metadata["scenario"], condition=metadata["condition"], '
    'sensors={sensors})` and `reset(seed=metadata["seed"])`.'
)
_ROUND_TRIP = "`drivebench import DATA --out FOLDER` makes the same demonstrations of it again."


def data_set_id(folder: Path) -> str:
    """The Minari id of a data set in a folder: ``drivebench/NAME-v0``, or the folder's own version."""
    name = re.sub(r"[^-_\w]", "-", folder.name)
    return f"{NAMESPACE}/{name}" if re.fullmatch(r".+-v\d+", name) else f"{NAMESPACE}/{name}-v0"


def export_minari(
    demonstrations: Demonstrations,
    out: Path,
    sensors: tuple[str, ...],
    whole: Demonstrations | None = None,
) -> None:
    """Write a Minari data set; it appears under its name only when it is complete.

    Labels of a teacher are not exported: what is in the data set is what was done.

    Args:
        demonstrations: What to write.
        out: A path at which nothing exists yet; ``data`` inside it is what Minari loads.
        sensors: Names of what is observed.
        whole: The set that they are a subset of; it decides which of them are held out.

    Raises:
        ConfigurationError: Minari is not installed.
        DataError: The path exists, or a demonstration does not replay.
    """
    storages = needed("minari.dataset.minari_storage")
    needed("h5py")
    buffers = needed("minari.data_collector.episode_buffer")
    trajectories = Trajectories(sensors)
    identity = data_set_id(out)
    with new_folder(out) as partial:
        storage = storages.MinariStorage.new(
            partial / "data",
            observation_space=trajectories.space,
            action_space=gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32),
            env_spec=_environment_of(demonstrations, sensors),
            data_format="hdf5",
            jpeg_encoding=False,
        )
        storage.update_metadata(_metadata(demonstrations, identity))
        with progress.track("export minari", len(demonstrations.episodes), "episodes") as advance:
            for number, each in enumerate(demonstrations.episodes):
                trajectory = trajectories.of(each)
                last = np.arange(each.frames) == each.frames - 1
                buffer = buffers.EpisodeBuffer(
                    id=number,
                    seed=each.seed,
                    observations=dict(trajectory.observations),
                    actions=trajectory.actions,
                    rewards=list(trajectory.rewards),
                    terminations=list(last & trajectory.terminated),
                    truncations=list(last & trajectory.truncated),
                    infos={},
                )
                storage.update_episodes([buffer])
                advance(1)
        storage.update_episode_metadata(_episode_metadata(demonstrations, whole))
        form = _form(demonstrations, identity, trajectories)
        (partial / CARD).write_text(card(demonstrations, form), encoding="utf-8")


def _environment_of(
    demonstrations: Demonstrations, sensors: tuple[str, ...]
) -> "gymnasium.envs.registration.EnvSpec | None":
    """The environment that all episodes are of, if there is one."""
    kinds = {(each.scenario, each.condition) for each in demonstrations.episodes}
    if len(kinds) > 1:
        return None
    ((scenario, condition),) = kinds
    spec = gymnasium.spec(f"{NAMESPACE}/{scenario}")
    kwargs = {**spec.kwargs, "condition": condition, "split": "train", "sensors": list(sensors)}
    return replace(spec, kwargs=kwargs)


def _metadata(demonstrations: Demonstrations, identity: str) -> dict[str, object]:
    scenarios = ", ".join(sorted({each.scenario for each in demonstrations.episodes}))
    return {
        "dataset_id": identity,
        "minari_version": version("minari"),
        "algorithm_name": ", ".join(demonstrations.drivers),
        "author": {"The drivebench authors"},
        "description": f"Demonstrations by {', '.join(demonstrations.drivers)} on {scenarios}.",
        "requirements": [f"drivebench=={version('drivebench')}"],
        "drivebench": {
            "schema_version": SCHEMA_VERSION,
            "version": version("drivebench"),
            "digest": demonstrations.digest,
        },
    }


def _episode_metadata(
    demonstrations: Demonstrations, whole: Demonstrations | None
) -> list[dict[str, object]]:
    return [
        {
            "scenario": each.scenario,
            "condition": each.condition,
            "driver": each.driver,
            "score": each.score,
            "success": each.success,
            "split": split,
            "world_digest": each.world_digest,
            "digest": each.as_driven.digest,
        }
        for each, split in zip(demonstrations.episodes, split_names(demonstrations, whole), strict=True)
    ]


def _form(demonstrations: Demonstrations, identity: str, trajectories: Trajectories) -> Form:
    alone = len({(each.scenario, each.condition) for each in demonstrations.episodes}) == 1
    environment = _ENVIRONMENT if alone else _ENVIRONMENTS.format(sensors=list(trajectories.sensors))
    return Form(
        name=f"Minari {version('minari')}, HDF5, images as raw bytes",
        sensors=described(trajectories.sensors.values()),
        loading=_LOADING.format(id=identity),
        notes=(_ROOT.format(id=identity), environment, _ROUND_TRIP),
    )
