"""Built worlds on disk, so that the next process does not build them again.

One file holds worlds of one bank, all on the same roads: the SHA-256 of what follows, then the file's name
and plain arrays in NumPy's ``npz`` format, without pickle. The name digests all that the worlds depend on. A
file that is damaged or renamed, or was written by other code or for another machine, is not read; its worlds
are built again. Files are a cache: deleting them costs time only.
"""

import contextlib
import hashlib
import importlib
import importlib.util
import io
import json
import os
import platform
import time
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError
from drivebench.world import RoadNetwork, World
from drivebench.world.layout import EntityKind
from drivebench.world.open_traffic import OpenTraffic
from drivebench.world.world import TrafficParameters
from scenarios.stock.building import Built, RandomState, state_in, words_of

__all__ = ["FOLDER_BYTES", "bank_path", "read_bank", "write_bank"]

FOLDER_BYTES = 2**29
"""All files together; beyond, those go that were not used for the longest."""

ABANDONED_S = 3600.0
"""After so long an unfinished file is one whose process ended while it was writing."""

_DIGEST_BYTES = 32
_ROOT = Path(__file__).parents[2]
_ARRAYS = ("network", "entity_float", "entity_int", "route")
Arrays = dict[str, NDArray[Any]]


def bank_path(digest: str, numerics: str) -> Path:
    """Where the worlds of a bank are kept.

    Args:
        digest: Of the environment and its configuration.
        numerics: In which its worlds are stepped.
    """
    name = hashlib.sha256(f"{digest} {numerics} {_fingerprint()}".encode()).hexdigest()[:40]
    return Path(platformdirs.user_cache_dir("drivebench")) / "banks" / f"{name}.bank"


@cache
def _fingerprint() -> str:
    """What else built worlds depend on: the code, the packages, and how this machine's NumPy rounds."""
    digest = hashlib.sha256()
    engine, stock = _ROOT / "drivebench", _ROOT / "scenarios" / "stock"
    ours = [engine / "compiled.py", *engine.glob("world/*.py"), *stock.glob("*.py")]
    ours += stock.glob("families/*.py")
    for source in [*sorted(ours), *sorted(_highway_env().rglob("*.py"))]:
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    numpy_core: Any = importlib.import_module("numpy._core._multiarray_umath")
    features: Mapping[str, bool] = numpy_core.__cpu_features__
    machine = [
        *(version(package) for package in ("highway-env", "gymnasium", "numba", "llvmlite")),
        np.__version__,
        platform.python_version(),
        platform.machine(),
        *platform.libc_ver(),
        os.environ.get("OPENBLAS_CORETYPE", ""),
        *sorted(name for name, there in features.items() if there),
    ]
    return digest.hexdigest() + " ".join(machine)


def _highway_env() -> Path:
    """Where highway-env's sources are; their version alone would not tell of an edit."""
    found = importlib.util.find_spec("highway_env")
    if found is None or found.origin is None:
        raise ImportError("highway_env is not installed")
    return Path(found.origin).parent


def _text(value: Any) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(value).encode(), dtype=np.uint8)


def _value(text: NDArray[np.uint8]) -> Any:
    return json.loads(text.tobytes())


def write_bank(path: Path, worlds: Mapping[RandomState, Built]) -> None:
    """Write worlds, in place of those that the file held.

    Args:
        path: From ``bank_path``.
        worlds: By the state of the random numbers before them; at least one, all on the same roads.

    Raises:
        OSError: The folder cannot be written to.
    """
    built = list(worlds.values())
    network = built[0].world.network
    scalars = [field.name for field in fields(World) if field.name not in _ARRAYS]
    rest = [{name: getattr(each.world, name) for name in scalars} for each in built]
    for values in rest:
        values["traffic"] = asdict(values["traffic"])
        if values["open_traffic"] is not None:
            values["open_traffic"] = asdict(values["open_traffic"])
    arrays: Arrays = {
        "key": _text(path.stem),
        "lane_float": network.lane_float,
        "lane_int": network.lane_int,
        "names": _text([network.nodes, network.lane_index]),
        "before": np.array([words_of(state) for state in worlds], dtype=np.uint64),
        "after": np.array([words_of(each.after) for each in built], dtype=np.uint64),
        "shapes": np.array([each.world.route.shape[:2] for each in built], dtype=np.int64),
        "entity_float": np.concatenate([each.world.entity_float.ravel() for each in built]),
        "entity_int": np.concatenate([each.world.entity_int.ravel() for each in built]),
        "route": np.concatenate([each.world.route.ravel() for each in built]),
        "rest": _text(rest),
    }
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    try:
        unfinished.write_bytes(hashlib.sha256(content.getvalue()).digest() + content.getvalue())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    _make_room(path.parent)


def _make_room(folder: Path) -> None:
    """Remove what others have left unfinished, and the files that were not used for the longest."""
    left, now = FOLDER_BYTES, time.time()
    for path in folder.glob("*.part"):
        if now - _state(path)[0] > ABANDONED_S:
            path.unlink(missing_ok=True)
    for (_, size), path in sorted(((_state(path), path) for path in folder.glob("*.bank")), reverse=True):
        left -= size
        if left < 0:
            path.unlink(missing_ok=True)


def _state(path: Path) -> tuple[float, int]:
    """When a file was used last, and its bytes; as if new and empty when another process has removed it."""
    try:
        state = path.stat()
    except FileNotFoundError:
        return time.time(), 0
    return state.st_mtime, state.st_size


def read_bank(path: Path) -> dict[RandomState, Built]:
    """The worlds of a file; none if there is no file, or if anything about it is wrong.

    Args:
        path: From ``bank_path``.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return {}
    if hashlib.sha256(content[_DIGEST_BYTES:]).digest() != content[:_DIGEST_BYTES]:
        return {}
    try:
        with np.load(io.BytesIO(content[_DIGEST_BYTES:]), allow_pickle=False) as file:
            if _value(file["key"]) != path.stem:
                return {}
            worlds = _worlds({name: file[name] for name in file.files})
    except (LookupError, TypeError, ValueError, ConfigurationError, zipfile.BadZipFile):
        return {}  # whole, but of another layout
    with contextlib.suppress(OSError):
        os.utime(path)
    return worlds


def _worlds(arrays: Mapping[str, NDArray[Any]]) -> dict[RandomState, Built]:
    nodes, lanes = _value(arrays["names"])
    network = RoadNetwork(
        lane_float=arrays["lane_float"],
        lane_int=arrays["lane_int"],
        nodes=tuple(nodes),
        lane_index=tuple((origin, to, number) for origin, to, number in lanes),
    )
    rest = _value(arrays["rest"])
    floats, ints, routes = arrays["entity_float"], arrays["entity_int"], arrays["route"]
    rows = len(floats) // int(arrays["shapes"][:, 0].sum()), len(ints) // int(arrays["shapes"][:, 0].sum())
    at, at_route, found = 0, 0, {}
    for number, (entities, steps) in enumerate(arrays["shapes"].tolist()):
        values, route = rest[number], routes[at_route : at_route + entities * steps * 3]
        values["traffic"] = TrafficParameters(**values["traffic"])
        values["open_traffic"] = _open_traffic(values["open_traffic"])
        values |= {name: tuple(values[name]) for name in ("agents", "target_speeds_mps")}
        world = World(
            network=network,
            entity_float=floats[at * rows[0] : (at + entities) * rows[0]].reshape(rows[0], entities),
            entity_int=ints[at * rows[1] : (at + entities) * rows[1]].reshape(rows[1], entities),
            route=route.reshape(entities, steps, 3),
            **values,
        )
        found[state_in(arrays["before"][number].tolist())] = Built(
            world=world, after=state_in(arrays["after"][number].tolist())
        )
        at, at_route = at + entities, at_route + entities * steps * 3
    return found


def _open_traffic(values: Mapping[str, Any] | None) -> OpenTraffic | None:
    if values is None:
        return None
    return OpenTraffic(
        entries=tuple((origin, to, number) for origin, to, number in values["entries"]),
        routes=tuple(
            tuple(tuple((a, b, lane) for a, b, lane in route) for route in row) for row in values["routes"]
        ),
        probability=values["probability"],
        random=tuple(values["random"]),
        kind=EntityKind(values["kind"]),
        gains=tuple((low, high) for low, high in values["gains"]),
    )
