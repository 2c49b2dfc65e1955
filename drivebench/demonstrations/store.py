"""Demonstrations on disk: one folder of four files, whole or absent, checked when it is read.

======================  =====================================================================================
file                    holds
======================  =====================================================================================
``demonstrations.json`` the schema's version, the content's digest, one record per episode
``actions.npy``         ``i2[F, 2]`` quantised actions of all F frames, episode after episode
``states.npz``          ``states`` u1 packed grid steps (:mod:`.fixed_point`), ``commands`` i1[F],
                        ``kinds`` i1[E] and ``sizes_m`` f8[E, 2] of the E entities, episode after episode;
                        ``labels`` i2[G, 2] of the G frames of the episodes that have them
``README.md``           the data set's card, for people (:mod:`.card`); nothing reads it
======================  =====================================================================================

Images are not stored: they follow from the states, for any camera (:mod:`.frames`).
"""

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivebench.demonstrations.card import CARD, card
from drivebench.demonstrations.fixed_point import pack, unpack
from drivebench.demonstrations.record import Demonstration, Demonstrations
from drivebench.errors import DataError
from drivebench.new_folder import new_folder

__all__ = ["RECORD", "SCHEMA_VERSION", "read", "write"]

SCHEMA_VERSION = 4
READABLE = (3, SCHEMA_VERSION)
"""In version 3 no episode has labels."""
RECORD, _ACTIONS, _STATES = "demonstrations.json", "actions.npy", "states.npz"
_NO_LABELS = np.zeros((0, 2), np.int16)


def write(demonstrations: Demonstrations, folder: Path) -> None:
    """Write a folder of demonstrations; it appears under its name only when it is complete.

    Args:
        demonstrations: What to write.
        folder: A path at which nothing exists yet.

    Raises:
        DataError: The path exists.
    """
    episodes = demonstrations.episodes
    record = {
        "schema_version": SCHEMA_VERSION,
        "frames": demonstrations.frames,
        "digest": demonstrations.digest,
        "episodes": [
            {
                "scenario": episode.scenario,
                "condition": episode.condition,
                "seed": episode.seed,
                "driver": episode.driver,
                "world_digest": episode.world_digest,
                "frames": episode.frames,
                "entities": len(episode.kinds),
                "ego": episode.ego,
                "success": episode.success,
                "score": episode.score,
                "labelled": episode.labels is not None,
            }
            for episode in episodes
        ],
    }
    with new_folder(folder) as partial:
        np.save(partial / _ACTIONS, np.concatenate([episode.actions for episode in episodes]))
        np.savez_compressed(
            partial / _STATES,
            states=np.concatenate([pack(episode.states) for episode in episodes]),
            commands=np.concatenate([episode.commands for episode in episodes]),
            kinds=np.concatenate([episode.kinds for episode in episodes]),
            sizes_m=np.concatenate([episode.sizes_m for episode in episodes]),
            labels=np.concatenate([_NO_LABELS, *(e.labels for e in episodes if e.labels is not None)]),
        )
        (partial / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        (partial / CARD).write_text(card(demonstrations), encoding="utf-8")


def read(folder: Path) -> Demonstrations:
    """Read a folder of demonstrations and check it against its digest.

    Args:
        folder: What :func:`write` wrote.

    Raises:
        DataError: The folder is missing, truncated, edited, or of another schema version; the message names
            the file.
    """
    record = _read_record(folder)
    actions = _read_arrays(folder / _ACTIONS)[""]
    arrays = _read_arrays(folder / _STATES)
    try:
        demonstrations = _assemble(record, actions, arrays)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DataError(
            f"{folder} does not hold together ({type(error).__name__}: {error}); expected arrays of the "
            f"lengths that {RECORD} tells. It was truncated or edited: collect it again."
        ) from error
    if demonstrations.digest != record["digest"]:
        raise DataError(
            f"{folder} was edited: its content has the digest {demonstrations.digest[:12]}…, but {RECORD} "
            f"says {str(record['digest'])[:12]}…. Collect it again."
        )
    return demonstrations


def _read_record(folder: Path) -> dict[str, Any]:
    path = folder / RECORD
    if not path.is_file():
        raise DataError(
            f"{folder} holds no {RECORD}; expected a folder that `drivebench collect --out {folder}` wrote"
        )
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        version = record["schema_version"]
        _ = record["digest"], record["episodes"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is truncated or edited ({error}); collect it again") from error
    if version not in READABLE:
        raise DataError(
            f"{path} has schema version {version}; this drivebench reads {' and '.join(map(str, READABLE))}. "
            "Collect it again."
        )
    return dict(record)


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an ``.npz`` by name, or the one of an ``.npy`` under the empty name."""
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            return {"": loaded} if isinstance(loaded, np.ndarray) else {name: loaded[name] for name in loaded}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} is missing, truncated or edited ({error}); collect it again") from error


def _assemble(
    record: dict[str, Any], actions: NDArray[np.int16], arrays: dict[str, NDArray[Any]]
) -> Demonstrations:
    episodes = []
    labels = arrays.get("labels", _NO_LABELS)
    frame = entity = byte = label = 0
    for entry in record["episodes"]:
        frames, entities = int(entry["frames"]), int(entry["entities"])
        size = 16 * frames * entities
        labelled = frames if entry.get("labelled", False) else 0
        episodes.append(
            Demonstration(
                scenario=entry["scenario"],
                condition=entry["condition"],
                seed=entry["seed"],
                driver=entry["driver"],
                world_digest=entry["world_digest"],
                success=entry["success"],
                score=entry["score"],
                ego=entry["ego"],
                actions=actions[frame : frame + frames],
                commands=arrays["commands"][frame : frame + frames],
                states=unpack(arrays["states"][byte : byte + size], frames, entities),
                kinds=arrays["kinds"][entity : entity + entities],
                sizes_m=arrays["sizes_m"][entity : entity + entities],
                labels=labels[label : label + frames] if labelled else None,
            )
        )
        frame, entity, byte, label = frame + frames, entity + entities, byte + size, label + labelled
    found = len(actions), len(arrays["commands"]), len(arrays["kinds"]), len(arrays["states"]), len(labels)
    if found != (frame, frame, entity, byte, label):
        raise ValueError(f"lengths {found}, expected {(frame, frame, entity, byte, label)}")
    return Demonstrations(episodes=tuple(episodes))
