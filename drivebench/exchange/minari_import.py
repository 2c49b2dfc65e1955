"""Demonstrations out of a Minari data set: its actions are driven again from its seeds.

What can be imported is what can be driven again here: episodes of a drivebench scenario with their seeds and
all their actions. That is what ``drivebench export --format minari`` writes, and what was recorded from
``gymnasium.make("drivebench/<scenario>")``, by Minari's ``DataCollector`` or by hand. Observations are not
imported: states follow from the actions, and images from the states.

Data sets of highway-env's own environments (``highway-v0`` and its like) cannot be: their worlds, tasks and
ends of episodes are other ones, so that their seeds and actions mean nothing in a scenario.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivebench.demonstrations.record import Demonstration
from drivebench.demonstrations.redrive import Log
from drivebench.errors import ConfigurationError, DataError
from drivebench.exchange.packages import needed
from drivebench.gymnasium_ids import NAMESPACE
from drivebench.scenario import TRAIN
from drivebench.world import quantise

__all__ = ["MinariLogs", "read_minari"]

_HOW = (
    f'A data set can be imported when it was recorded from gymnasium.make("{NAMESPACE}/<scenario>") with the '
    "split 'train', or exported by drivebench"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class MinariLogs:
    """What a Minari data set tells about its episodes.

    Attributes:
        source: What was given.
        logs: One for each episode.
        promises: For each episode, what its metadata say should come of it, by name.
        speeds: For each episode, the speeds in m/s that were observed, ``[T + 1]``; None where none were.
    """

    source: str
    logs: tuple[Log, ...]
    promises: tuple[Mapping[str, Any], ...]
    speeds: tuple[NDArray[np.float32] | None, ...]

    def check(self, demonstration: Demonstration) -> None:
        """Compare what came of driving an episode again with what was recorded of it.

        Raises:
            DataError: They differ; names the episode and the first difference.
        """
        names = [(log.scenario, log.condition, log.seed, log.driver) for log in self.logs]
        each = demonstration
        number = names.index((each.scenario, each.condition, each.seed, each.driver))
        promised, speeds = self.promises[number], self.speeds[number]
        for name in ("world_digest", "success", "score", "digest"):
            if name in promised and promised[name] != getattr(each, name):
                raise _differs(self.logs[number], name, promised[name], getattr(each, name))
        if speeds is not None:
            seen = each.trajectories[:, each.ego, 3].astype(np.float32)
            wrong = np.flatnonzero(np.abs(speeds[: each.frames] - seen) > _SPEED_TOLERANCE_MPS)
            if wrong.size:
                first = int(wrong[0])
                what = f"speed at decision {first}"
                raise _differs(self.logs[number], what, float(speeds[first]), float(seen[first]))


_SPEED_TOLERANCE_MPS = 1e-4
"""Recorded states are on a grid of 2^-16 m/s, observed speeds are not."""


def read_minari(source: str, driver: str | None = None) -> MinariLogs:
    """Read the episodes of a Minari data set.

    Args:
        source: A folder with ``data/metadata.json`` or ``metadata.json``, or the id of a local data set.
        driver: Who drove, where the data set does not say.

    Raises:
        ConfigurationError: Minari is not installed, or the seeds are not of the training split.
        DataError: No such data set, or one that cannot be driven again; says what is missing.
    """
    data_set = _load(source)
    common = _common(source, data_set)
    logs, promises, speeds = [], [], []
    for number, (metadata, episode) in enumerate(_told(source, data_set)):
        origin = f"{source}, episode {number}"
        if metadata.get("seed") is None:
            raise DataError(
                f"{origin} has no seed; expected the seed that its environment was reset with, without which "
                f"nobody can drive it again. {_HOW}, with the seed of each reset."
            )
        plain = {
            name: value.item() if isinstance(value, np.generic) else value for name, value in metadata.items()
        }
        logs.append(
            Log(
                scenario=str(plain.get("scenario", common["scenario"])),
                condition=str(plain.get("condition", common["condition"])),
                seed=TRAIN[int(plain["seed"]) % len(TRAIN)],  # as the environment counts it within its split
                driver=str(plain.get("driver", driver or common["driver"])),
                actions=_actions(origin, episode.actions),
                origin=origin,
            )
        )
        promises.append(plain)
        speeds.append(_speeds(episode.observations))
    if not logs:
        raise DataError(f"{source} holds no episode; expected at least one")
    return MinariLogs(source=source, logs=tuple(logs), promises=tuple(promises), speeds=tuple(speeds))


def is_minari(folder: Path) -> bool:
    """Whether a folder looks like a Minari data set."""
    return (folder / "metadata.json").is_file() or (folder / "data" / "metadata.json").is_file()


def _load(source: str) -> Any:
    minari = needed("minari")
    folder = Path(source)
    with _reading(source):
        if folder.is_dir():
            return minari.MinariDataset(folder if (folder / "metadata.json").is_file() else folder / "data")
        return minari.load_dataset(source)


def _told(source: str, data_set: Any) -> Iterator[tuple[Any, Any]]:
    """Metadata and content of each episode, one at a time."""
    for index in data_set.episode_indices.tolist():
        with _reading(source):
            (metadata,) = data_set.storage.get_episode_metadata([index])
            (episode,) = data_set.iterate_episodes([index])
        yield metadata, episode


@contextmanager
def _reading(source: str) -> Iterator[None]:
    """Turn what Minari and its readers raise, which is of any type, into errors that name the source."""
    try:
        yield
    except ImportError as error:
        raise ConfigurationError(f"{source}: {error}. Or: pip install 'drivebench[exchange]'") from error
    except FileNotFoundError as error:
        raise DataError(
            f"{source} is no folder and no data set that Minari has on this machine; expected one of both. "
            f"`minari list local` shows them, `minari download {source}` brings one."
        ) from error
    except Exception as error:
        raise DataError(
            f"{source} cannot be read as a Minari data set ({type(error).__name__}: {error}); it is "
            "truncated, edited, or of another version of Minari"
        ) from error


def _common(source: str, data_set: Any) -> dict[str, str]:
    """Scenario, condition and driver of episodes that do not tell themselves."""
    box = data_set.action_space
    if getattr(box, "shape", None) != (2,) or not ((box.low == -1.0).all() and (box.high == 1.0).all()):
        raise DataError(
            f"{source} has the action space {box}; expected Box(-1, 1, (2,)): acceleration and steering. "
            f"{_HOW}."
        )
    spec, told = data_set.env_spec, data_set.storage.metadata
    driver = str(told.get("algorithm_name") or "imported")
    if spec is None:
        if "drivebench" not in told:
            raise DataError(f"{source} does not name the environment that it was recorded in. {_HOW}.")
        return {"scenario": "", "condition": "", "driver": driver}
    family = str(spec.kwargs.get("scenario", ""))
    if not spec.id.startswith(f"{NAMESPACE}/") or not family:
        raise DataError(
            f"{source} was recorded in {spec.id}, which is no scenario of drivebench: its worlds, tasks and "
            f"ends of episodes are other ones, and its actions mean nothing here. {_HOW}."
        )
    split = str(spec.kwargs.get("split", "train"))
    if split != "train":
        raise ConfigurationError(
            f"{source} was recorded on seeds of the split {split!r}; expected 'train': no policy may have "
            "seen what it is tested on"
        )
    return {"scenario": family, "condition": str(spec.kwargs.get("condition", "nominal")), "driver": driver}


def _actions(origin: str, actions: Any) -> NDArray[np.int16]:
    values = np.asarray(actions)
    if (
        values.ndim != 2
        or values.shape[1] != 2
        or not np.isfinite(values).all()
        or np.abs(values).max() > 1.0
    ):
        raise DataError(
            f"{origin} has actions {values.dtype}{list(values.shape)}; expected finite [decisions, 2] in "
            "[-1, 1]"
        )
    return quantise(values)


def _speeds(observations: Any) -> NDArray[np.float32] | None:
    speed = observations.get("speed") if isinstance(observations, dict) else None
    return None if speed is None else np.asarray(speed, np.float32).reshape(len(speed), -1)[:, 0]


def _differs(log: Log, name: str, promised: object, found: object) -> DataError:
    return DataError(
        f"{log.origin} ({log.scenario}/{log.condition}/{log.seed} by {log.driver}) gives another {name} when "
        f"it is driven again: {found}, recorded {promised}. It was edited, or recorded with another version "
        "of drivebench or through a wrapper that changes actions."
    )
