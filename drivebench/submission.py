"""A submission: a directory with ``submission.toml``, code, and weights. This module reads the first.

.. code-block:: toml

    name = "my-policy"
    authors = ["Ada Lovelace"]
    track = "camera"                 # camera, kinematics or privileged
    entry_point = "policy:load"      # module in this directory, and a function load(directory) -> Policy
    training_data = "drivebench expert demonstrations, lane-keeping-v1, seeds 0-99"
    paper = "https://arxiv.org/abs/1604.07316"
    sensors = ["front", "speed", "command"]

A sensor with options is a table: ``sensors = [{ name = "front", height = 48, width = 96 }, "speed"]``.
"""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from drivebench.errors import ConfigurationError, DataError, nearest

__all__ = ["MANIFEST", "Manifest", "SensorRequest", "Submission", "Track", "read_submission"]

MANIFEST = "submission.toml"
_IGNORED = {"__pycache__", ".git", ".DS_Store"}
_ENTRY_POINT = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")

Option = bool | int | float | str


class Track(StrEnum):
    """What a policy may sense; rows of different tracks never share a table."""

    CAMERA = "camera"
    KINEMATICS = "kinematics"
    PRIVILEGED = "privileged"


class SensorRequest(BaseModel):
    """One sensor that a policy asks for: its registered name and, if wanted, options of it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str

    @property
    def options(self) -> dict[str, Option]:
        """Options by name, as written."""
        return dict(self.model_extra or {})


class Manifest(BaseModel):
    """The content of ``submission.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=80)]
    authors: Annotated[tuple[str, ...], Field(min_length=1)]
    track: Track
    sensors: Annotated[tuple[SensorRequest, ...], Field(min_length=1)]
    entry_point: str
    training_data: str
    paper: str = ""

    @field_validator("sensors", mode="before")
    @classmethod
    def _names_are_sensors(cls, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return [{"name": item} if isinstance(item, str) else item for item in value]

    @field_validator("sensors")
    @classmethod
    def _no_sensor_twice(cls, value: tuple[SensorRequest, ...]) -> tuple[SensorRequest, ...]:
        seen = [sensor.name for sensor in value]
        repeated = sorted({name for name in seen if seen.count(name) > 1})
        if repeated:
            raise ValueError(f"each sensor once; {', '.join(repeated)} is listed more often")
        return value

    @field_validator("entry_point")
    @classmethod
    def _module_and_function(cls, value: str) -> str:
        if not _ENTRY_POINT.fullmatch(value):
            raise ValueError("a module of the directory and a function in it, such as 'policy:load'")
        return value


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A submission directory whose manifest was read.

    Attributes:
        directory: Where it is, absolute.
        manifest: What it declares.
        digest: SHA-256 over names and contents of all its files but byte code and version control, in
            hexadecimal.
    """

    directory: Path
    manifest: Manifest
    digest: str


def read_submission(directory: Path) -> Submission:
    """Read and check a submission's manifest; runs none of its code.

    Args:
        directory: The submission.

    Raises:
        ConfigurationError: The directory or its manifest is missing or wrong; names file, field, what was
            given, what was expected, and the nearest valid name.
        DataError: It has a symbolic link, whose target the digest would not cover.
    """
    path = directory / MANIFEST
    if not path.is_file():
        what = "there is no such directory" if not directory.is_dir() else f"it has no {MANIFEST}"
        raise ConfigurationError(
            f"{directory} is not a submission: {what}. Expected one with {MANIFEST}, code and weights, "
            "as `drivebench train BASELINE --out DIR` writes it."
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not TOML: {error}. Correct the line that it names.") from error
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError(_explain(path, error)) from error
    directory = directory.resolve()
    module = manifest.entry_point.partition(":")[0].replace(".", "/")
    if not any((directory / name).is_file() for name in (f"{module}.py", f"{module}/__init__.py")):
        raise ConfigurationError(
            f"{path}: entry_point is {manifest.entry_point!r}, but there is no {module}.py in the directory. "
            "Expected the name of a module that lies there."
        )
    return Submission(directory=directory, manifest=manifest, digest=_digest(directory))


def _explain(path: Path, error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        field = ".".join(str(part) for part in problem["loc"])
        given = problem["input"]
        if problem["type"] == "extra_forbidden":
            hint = nearest(field, Manifest.model_fields)
            known = ", ".join(Manifest.model_fields)
            suggestion = f" Did you mean {hint!r}?" if hint else ""
            lines.append(f"{path}: unknown field {field!r}.{suggestion} Known: {known}.")
        elif problem["type"] == "missing":
            lines.append(f"{path}: field {field!r} is missing. Expected {_EXPECTED.get(field, 'a value')}.")
        else:
            expected = problem["msg"].removeprefix("Value error, ")
            hint = nearest(str(given), [track.value for track in Track]) if field == "track" else None
            suggestion = f" Did you mean {hint!r}?" if hint else ""
            lines.append(f"{path}: field {field!r} is {given!r}. Expected: {expected}.{suggestion}")
    return "\n".join(lines)


_EXPECTED = {
    "name": "a short name for tables",
    "authors": "a list of names",
    "track": "one of " + ", ".join(repr(track.value) for track in Track),
    "sensors": "a list such as ['front', 'speed', 'command']",
    "entry_point": "a module and a function, such as 'policy:load'",
    "training_data": "a sentence on what it was trained on",
}


def _digest(directory: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(directory.rglob("*"), key=lambda p: p.relative_to(directory).as_posix()):
        relative = path.relative_to(directory)
        if path.is_symlink():
            raise DataError(
                f"{path} is a symbolic link, and what it points to may change without a trace in the "
                "submission's digest. Expected files and folders: put a copy in its place."
            )
        if not path.is_file() or _IGNORED & set(relative.parts):
            continue
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{relative.as_posix()}\0{content}\n".encode())
    return digest.hexdigest()
