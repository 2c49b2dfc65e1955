"""A submission: a directory with ``submission.toml`` and what drives. This module reads the first.

.. code-block:: toml

    name = "my-policy"
    authors = ["Ada Lovelace"]
    entry_point = "policy:load"      # module in this directory, and a function load(directory) -> Policy
    sensors = ["front", "speed", "command"]
    training_data = "drivebench expert demonstrations, lane-keeping-v1, seeds 0-99"
    paper = "https://arxiv.org/abs/1604.07316"

A sensor with options is a table: ``sensors = [{ name = "front", height = 48, width = 96 }, "speed"]``. The
track follows from the sensors; ``track`` may state it. Exactly one field says what drives:

================  ====================================  ===================================================
field             such as                               what drives
================  ====================================  ===================================================
``entry_point``   ``"policy:load"``                     code of the directory
``architecture``  ``"driving-network-v1"``              a registered network, with ``network.json`` and
                                                        ``weights.safetensors`` of the directory
``onnx``          ``"policy.onnx"``                     a file of the directory, in onnxruntime
================  ====================================  ===================================================

The last two are weights only: no code of the directory runs, and none is ever looked for there. An
architecture is an entry point in the group ``drivebench.architectures``: a function
``load(directory) -> Policy`` that reads those two files and nothing else.
"""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from drivebench import architectures
from drivebench.errors import UnknownNameError, nearest
from drivebench.submission_codes import Code, ContentError, ManifestError
from drivebench.weight_files import LARGEST_BYTES, MOST_FILES, refuse_unsafe

__all__ = [
    "MANIFEST",
    "NETWORK_FILE",
    "WEIGHTS_FILE",
    "Form",
    "Manifest",
    "SensorRequest",
    "Submission",
    "Track",
    "read_submission",
]

MANIFEST = "submission.toml"
NETWORK_FILE, WEIGHTS_FILE = "network.json", "weights.safetensors"
"""What a registered architecture reads: its settings and its weights."""
ONNX_LOADER = "drivebench.onnx_policy:load"
_IGNORED = {"__pycache__", ".git", ".DS_Store"}
_ENTRY_POINT = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")

Option = bool | int | float | str


class Form(StrEnum):
    """What drives a submission; each is the name of its field in the manifest but for the first."""

    CODE = "code"
    ARCHITECTURE = "architecture"
    ONNX = "onnx"

    @property
    def weights_only(self) -> bool:
        """Whether no code of the submission runs."""
        return self is not Form.CODE


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
    track: Track | None = None
    sensors: Annotated[tuple[SensorRequest, ...], Field(min_length=1)]
    entry_point: str | None = None
    architecture: Annotated[str | None, Field(min_length=1)] = None
    onnx: str | None = None
    training_data: str
    paper: str = ""

    @property
    def form(self) -> Form:
        """What drives."""
        if self.entry_point is not None:
            return Form.CODE
        return Form.ARCHITECTURE if self.architecture is not None else Form.ONNX

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

    @field_validator("onnx")
    @classmethod
    def _file_of_the_directory(cls, value: str) -> str:
        if not value.endswith(".onnx") or "/" in value or "\\" in value:
            raise ValueError("a file of the directory, such as 'policy.onnx'")
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

    @property
    def loader(self) -> str:
        """``module:function`` that makes the policy; of the directory only when it is code."""
        manifest = self.manifest
        if manifest.entry_point is not None:
            return manifest.entry_point
        if manifest.architecture is not None:
            return architectures.where(manifest.architecture)
        return ONNX_LOADER


def read_submission(directory: Path) -> Submission:
    """Read and check a submission's manifest and the kinds of its files; runs none of its code.

    Args:
        directory: The submission.

    Raises:
        ManifestError: The directory or its manifest is missing or wrong; names file, field, what was given,
            what was expected, and the nearest valid name.
        ContentError: It has a symbolic link, whose target the digest would not cover, or a file that would
            run code when it is loaded, or is larger than anything that drives has to be.
    """
    path = directory / MANIFEST
    if not path.is_file():
        what = "there is no such directory" if not directory.is_dir() else f"it has no {MANIFEST}"
        raise ManifestError(
            Code.NO_MANIFEST,
            f"{directory} is not a submission: {what}. Expected one with {MANIFEST}, code and weights, as "
            "`drivebench init-submission DIR` or `drivebench train BASELINE --out DIR` writes it.",
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestError(
            Code.NOT_TOML, f"{path} is not TOML: {error}. Correct the line that it names."
        ) from error
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        raise ManifestError(Code.SCHEMA, _explain(path, error)) from error
    directory = directory.resolve()
    _check_form(path, manifest)
    _check_files(path, directory, manifest)
    return Submission(directory=directory, manifest=manifest, digest=_digest(directory))


def _check_form(path: Path, manifest: Manifest) -> None:
    """Exactly one thing drives, and it is known."""
    fields = {name: getattr(manifest, name) for name in ("entry_point", "architecture", "onnx")}
    given = [name for name, value in fields.items() if value is not None]
    if len(given) != 1:
        raise ManifestError(
            Code.FORM,
            f"{path}: {' and '.join(given) or 'none'} of {', '.join(fields)} given. Expected exactly one of "
            "them, such as entry_point = 'policy:load'.",
        )
    if manifest.architecture is not None:
        try:
            architectures.where(manifest.architecture)
        except UnknownNameError as error:
            raise ManifestError(Code.ARCHITECTURE, f"{path}: {error}") from error


def _check_files(path: Path, directory: Path, manifest: Manifest) -> None:
    """What the manifest asks for is there."""
    if manifest.entry_point is not None:
        module = manifest.entry_point.partition(":")[0].replace(".", "/")
        if not any((directory / name).is_file() for name in (f"{module}.py", f"{module}/__init__.py")):
            raise ManifestError(
                Code.MISSING_FILE,
                f"{path}: entry_point is {manifest.entry_point!r}, but there is no {module}.py in the "
                "directory. Expected the name of a module that lies there.",
            )
        return
    wanted = (manifest.onnx,) if manifest.onnx is not None else (NETWORK_FILE, WEIGHTS_FILE)
    missing = [name for name in wanted if not (directory / name).is_file()]
    if missing:
        what = "onnx" if manifest.onnx is not None else "architecture"
        raise ManifestError(
            Code.MISSING_FILE,
            f"{path}: {what} is {getattr(manifest, what)!r}, but there is no {' and no '.join(missing)} in "
            "the directory. Expected the files that it is made of.",
        )


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
    "sensors": "a list such as ['front', 'speed', 'command']",
    "training_data": "a sentence on what it was trained on",
}


def _digest(directory: Path) -> str:
    """Digest of all files, each of which is looked at on the way."""
    digest, files, size = hashlib.sha256(), 0, 0
    for path in sorted(directory.rglob("*"), key=lambda p: p.relative_to(directory).as_posix()):
        relative = path.relative_to(directory)
        if path.is_symlink():
            raise ContentError(
                Code.SPECIAL_FILE,
                f"{path} is a symbolic link, and what it points to may change without a trace in the "
                "submission's digest. Expected files and folders: put a copy in its place.",
            )
        if _IGNORED & set(relative.parts) or path.is_dir():
            continue
        if not path.is_file():
            raise ContentError(
                Code.SPECIAL_FILE, f"{path} is neither a file nor a folder. Expected nothing else: remove it."
            )
        files, size = files + 1, size + path.stat().st_size
        if files > MOST_FILES or size > LARGEST_BYTES:
            raise ContentError(
                Code.TOO_LARGE,
                f"{directory} has more than {MOST_FILES} files, or more than {LARGEST_BYTES / 2**30:g} GiB. "
                "Expected what drives and nothing else: leave out data, checkpoints and environments.",
            )
        refuse_unsafe(path)
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{relative.as_posix()}\0{content}\n".encode())
    return digest.hexdigest()
