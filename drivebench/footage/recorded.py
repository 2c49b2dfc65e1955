"""Episodes that were recorded, in data sets and in runs, driven again to be looked at."""

from functools import lru_cache
from pathlib import Path

from drivebench.demonstrations.store import RECORD, read
from drivebench.errors import ConfigurationError, DataError, RecordError, UnknownNameError
from drivebench.evaluation.action_logs import read_action_logs
from drivebench.evaluation.manifest import MANIFEST
from drivebench.evaluation.record import EpisodeRecord, Run, load_run
from drivebench.evaluation.run_files import is_packed
from drivebench.footage.recording import Footage, film_actions
from drivebench.scenario import Episode, load_scenario

__all__ = ["film_record", "film_recorded", "is_recorded"]

REMEMBERED = 256
"""Built episodes: who looks at one drive wants to see another one from the same start next."""


def is_recorded(path: Path) -> bool:
    """Whether a path is a folder of demonstrations or a run."""
    return (path / RECORD).is_file() or (path / MANIFEST).is_file() or is_packed(path)


def film_recorded(path: Path, name: str) -> Footage:
    """Drive a recorded episode again, and record where everybody was.

    Args:
        path: A folder of demonstrations, or a run.
        name: Which episode: its number, counted from 0 in the order of the record, or
            ``scenario/condition/seed``; in a folder of several drivers also
            ``scenario/condition/seed/driver``.

    Raises:
        UnknownNameError: There is no such episode; suggests the nearest.
        ConfigurationError: Several drivers have driven it.
        DataError: The scenario has changed since, or the folder was edited.
    """
    return _of_demonstrations(path, name) if (path / RECORD).is_file() else film_of_run(path, name)


def film_of_run(path: Path, name: str) -> Footage:
    """The footage of an episode of a run; see :func:`film_recorded`."""
    recorded = load_run(path)
    keys = [record.key for record in recorded.episodes]
    return film_record(recorded, recorded.episodes[_place(f"episode of {path}", name, keys)])


def film_record(run: Run, record: EpisodeRecord) -> Footage:
    """Drive an episode of a run again, and make sure that it is what the record says.

    Args:
        run: The run.
        record: One of its episodes.

    Raises:
        DataError: The scenario has changed since.
        RecordError: The action log gives another measurement: one of the two was edited, or the run was
            measured by another version.
    """
    log = record.actions
    actions = read_action_logs(run, log.file)[log.start : log.start + log.decisions]
    episode = _built(record.scenario, record.seed, record.condition)
    _check_world(record.key, record.world_digest, episode.world.digest)
    footage = film_actions(run.manifest.policy.name, episode, actions, reference=record.reference)
    if footage.measurement != record.measurement:
        raise RecordError(
            f"{run.path}: {record.key} is not what its action log gives: record or log was edited, or it was "
            f"measured by another version (drivebench {run.manifest.drivebench}). `drivebench verify` names "
            "each number that differs."
        )
    return footage


@lru_cache(maxsize=REMEMBERED)
def _built(scenario: str, seed: int, condition: str) -> Episode:
    return load_scenario(scenario).episode(seed, condition)


def _of_demonstrations(path: Path, name: str) -> Footage:
    episodes = read(path).episodes
    keys = [episode.key for episode in episodes]
    if keys.count(name) > 1:
        drivers = [each.driver for each in episodes if each.key == name]
        raise ConfigurationError(
            f"{name} was driven by {', '.join(drivers)}; expected one of them behind it, as in "
            f"{name}/{drivers[0]}"
        )
    with_driver = [f"{episode.key}/{episode.driver}" for episode in episodes]
    known = with_driver if name in with_driver else keys
    demonstration = episodes[_place(f"episode of {path}", name, known)]
    episode = load_scenario(demonstration.scenario).episode(demonstration.seed, demonstration.condition)
    _check_world(demonstration.key, demonstration.world_digest, episode.world.digest)
    return film_actions(demonstration.driver, episode, demonstration.actions)


def _place(kind: str, name: str, keys: list[str]) -> int:
    """The index that a number or a key means."""
    if name.isdecimal() and int(name) < len(keys):
        return int(name)
    if name in keys:
        return keys.index(name)
    raise UnknownNameError(kind, name, (*keys, f"0 to {len(keys) - 1}"))


def _check_world(key: str, recorded: str, meant: str) -> None:
    if recorded != meant:
        raise DataError(
            f"{key} was recorded in the world {recorded[:12]}…, but means {meant[:12]}… now: the "
            "scenario has changed since. Show it with the drivebench that recorded it."
        )
