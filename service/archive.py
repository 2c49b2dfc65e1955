"""Unpacking an archive that somebody sent, whatever is in it: in a process of its own.

Nothing is believed that an archive declares: bytes are counted as they come out. Names are taken apart and
put together again; links, devices and everything else that is neither file nor folder are refused, as are
names that lead elsewhere, and nothing of a refused archive stays. Limits on memory and on processor time are
put in force by the kernel, for headers that would unfold to gigabytes before a byte of content comes out.
"""

import gzip
import io
import json
import os
import re
import resource
import shutil
import stat
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from drivebench.evaluation import bare_python
from service.codes import Code, RefusedError, code_of

__all__ = ["Bounds", "unpack", "unpack_elsewhere"]

LONGEST_NAME = 1024
LONGEST_PART = 255
DEEPEST = 32
STEP_BYTES = 1 << 16
GRACE_BYTES = 16 << 20
"""An archive that unpacks to less is no bomb, whatever its ratio."""
MEMORY_BYTES = 256 << 20
"""Enough to unpack anything by small steps, and too little for a directory of a million names."""
PROCESSOR_S = 60
PATIENCE_S = 300.0
MANIFEST = "submission.toml"
_LEFT_OUT = {"__pycache__", ".git", ".DS_Store", "__MACOSX"}
"""What the digest of a submission does not cover, and what packing programs add: byte code that is not
covered could be other code than what is."""

_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    struct.error,
    EOFError,
    MemoryError,
    OSError,
    RuntimeError,  # encrypted, or headers in headers
    ValueError,
    OverflowError,
)
_ODD = re.compile(r"[\x00-\x1f\x7f\\]|^[A-Za-z]:")


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What an archive may come to.

    Attributes:
        content_bytes: Of all its files.
        entries: Files and folders.
        ratio: Of what comes out to what was sent.
    """

    content_bytes: int = 1 << 30
    entries: int = 4000
    ratio: int = 100


def unpack_elsewhere(archive: Path, folder: Path, bounds: Bounds) -> Path:
    """Unpack in a process of its own, with limits.

    Args:
        archive: A file.
        folder: Where to; it must not be there yet, and is not there afterwards if the archive is refused.
        bounds: What it may come to.

    Returns:
        The folder with the manifest: that one, or the only folder in it, and so on.

    Raises:
        RefusedError: With its code.
    """
    words = [*bare_python.command("service.archive"), str(archive), str(folder), json.dumps(asdict(bounds))]
    answer: dict[str, str] = {}
    try:
        ended = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False
        )
        if ended.returncode == 0:
            answer = json.loads(ended.stdout)
    except subprocess.TimeoutExpired:
        pass  # the same as one that ran out of processor time
    if "root" in answer:
        return folder / answer["root"]
    shutil.rmtree(folder, ignore_errors=True)
    if "code" in answer:
        raise RefusedError(code_of(answer["code"]), answer["problem"])
    raise RefusedError(Code.BROKEN, "it cannot be unpacked with the time and memory that is allowed")


def main() -> None:
    """Unpack as the arguments say, and print one JSON object."""
    archive, folder, bounds = sys.argv[1:]
    limits = Bounds(**json.loads(bounds))
    os.umask(0o022)
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, PROCESSOR_S),
        (resource.RLIMIT_FSIZE, limits.content_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    try:
        answer = {"root": unpack(Path(archive), Path(folder), limits)}
    except RefusedError as error:
        answer = {"code": error.code.value, "problem": error.problem}
    sys.stdout.write(json.dumps(answer))


def unpack(archive: Path, folder: Path, bounds: Bounds) -> str:
    """Unpack into a new folder, all of it or nothing; every file is on the disk in the end.

    Args:
        archive: A file.
        folder: Where to; it must not be there yet.
        bounds: What it may come to.

    Returns:
        The folder with the manifest, relative to ``folder``: ``.``, or one of which
        nothing but folders leads to it.

    Raises:
        RefusedError: With its code.
    """
    folder.mkdir()
    try:
        _write(folder, _members(archive, _Meter(archive.stat().st_size, bounds)), bounds)
        return _root(folder)
    except _BROKEN as error:
        shutil.rmtree(folder)
        raise RefusedError(Code.BROKEN, f"{type(error).__name__}: {_short(str(error))}") from error
    except RefusedError:
        shutil.rmtree(folder)
        raise


@dataclass(frozen=True)
class _Member:
    """A file or a folder of an archive; a folder has no content."""

    name: str
    content: Iterator[bytes] | None


class _Meter:
    """Counts what comes out of an archive."""

    def __init__(self, sent_bytes: int, bounds: Bounds) -> None:
        self._sent_bytes, self._bounds = sent_bytes, bounds
        self._bytes = 0

    def count(self, size: int) -> None:
        """So many bytes have come out.

        Raises:
            RefusedError: That was too much.
        """
        self._bytes += size
        if self._bytes > self._bounds.content_bytes:
            raise RefusedError(
                Code.CONTENT_SIZE, f"more than {self._bounds.content_bytes:,} bytes, the most that is allowed"
            )
        if self._bytes > max(GRACE_BYTES, self._bounds.ratio * self._sent_bytes):
            raise RefusedError(
                Code.RATIO,
                f"{self._sent_bytes:,} bytes unpack to more than {self._bounds.ratio} times as much",
            )


def _members(archive: Path, meter: _Meter) -> Iterator[_Member]:
    """What is in an archive, which is known by its first bytes and not by its name."""
    with archive.open("rb") as file:
        magic = file.read(4)
    if magic == b"PK\x03\x04":
        return _zipped(archive, meter)
    if magic[:2] == b"\x1f\x8b":
        return _tarred(archive, meter)
    raise RefusedError(Code.KIND, f"it begins with the bytes {magic.hex(' ') or '(none)'}")


def _zipped(archive: Path, meter: _Meter) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as members:
        for member in members.infolist():
            name, kind = member.orig_filename, stat.S_IFMT(member.external_attr >> 16)
            if kind == stat.S_IFLNK:
                raise RefusedError(Code.LINK, f"{_short(name)} is a symbolic link")
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise RefusedError(Code.SPECIAL, f"{_short(name)} is neither a file nor a folder")
            if member.flag_bits & 0x1:
                raise RefusedError(Code.BROKEN, f"{_short(name)} is encrypted")
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise RefusedError(
                    Code.BROKEN,
                    f"{_short(name)} is compressed by method {member.compress_type}; expected deflate",
                )
            yield _Member(name, None if name.endswith("/") else _unzipped(members, member, meter))


def _unzipped(members: zipfile.ZipFile, member: zipfile.ZipInfo, meter: _Meter) -> Iterator[bytes]:
    with members.open(member) as file:
        while content := file.read(STEP_BYTES):
            meter.count(len(content))
            yield content


def _tarred(archive: Path, meter: _Meter) -> Iterator[_Member]:
    with (
        gzip.open(archive) as unzipped,
        tarfile.open(fileobj=_Counted(unzipped, meter), mode="r|") as members,
    ):
        for member in members:
            if member.issym() or member.islnk():
                raise RefusedError(Code.LINK, f"{_short(member.name)} is a link")
            if member.issparse() or not (member.isreg() or member.isdir()):
                raise RefusedError(Code.SPECIAL, f"{_short(member.name)} is neither a file nor a folder")
            yield _Member(member.name, None if member.isdir() else _untarred(members, member))


def _untarred(members: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    file = members.extractfile(member)
    assert file is not None
    while content := file.read(STEP_BYTES):
        yield content


class _Counted(io.BufferedIOBase):
    """A stream, of which every byte is counted, headers and all."""

    def __init__(self, stream: io.BufferedIOBase, meter: _Meter) -> None:
        self._stream, self._meter = stream, meter

    def read(self, size: int | None = -1, /) -> bytes:
        """So many bytes, or what is left."""
        content = self._stream.read(size)
        self._meter.count(len(content))
        return content


def _write(folder: Path, members: Iterator[_Member], bounds: Bounds) -> None:
    """Write what may be written."""
    files: set[tuple[str, ...]] = set()
    folders: set[tuple[str, ...]] = {()}
    for number, member in enumerate(members):
        parts = _parts(member.name)
        if _LEFT_OUT & set(parts):
            continue
        above = {parts[:length] for length in range(len(parts))}
        if number >= bounds.entries or len(files) + len(folders | above) > bounds.entries:
            raise RefusedError(Code.COUNT, f"more than {bounds.entries}, the most that is allowed")
        if member.content is None:
            above.add(parts)
        if above & files or (member.content is not None and (parts in files or parts in folders)):
            raise RefusedError(Code.TWICE, f"{_short(member.name)} is there already")
        for new in sorted(above - folders):
            folder.joinpath(*new).mkdir()
        folders |= above
        if member.content is not None:
            files.add(parts)
            with folder.joinpath(*parts).open("xb") as file:
                for content in member.content:
                    file.write(content)
                file.flush()
                os.fsync(file.fileno())


def _parts(name: str) -> tuple[str, ...]:
    """A name as folders and a file, none of which leads anywhere else.

    Raises:
        RefusedError: It does, or no file system has such names.
    """
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    try:
        lengths = [len(part.encode()) for part in parts]
    except UnicodeEncodeError:
        lengths = [LONGEST_NAME + 1]
    if (
        not name
        or name.startswith("/")
        or ".." in parts
        or _ODD.search(name)
        or len(parts) > DEEPEST
        or max(lengths, default=0) > LONGEST_PART
        or sum(lengths) > LONGEST_NAME
    ):
        raise RefusedError(Code.NAME, f"{_short(name)} is not the name of a file in a folder")
    return parts


def _root(folder: Path) -> str:
    """The folder with the manifest: this one, or the only one in it, or the only one in that."""
    here = folder
    while not (here / MANIFEST).is_file():
        inner = [path for path in here.iterdir() if path.is_dir()]
        if len(inner) != 1:
            return "."
        (here,) = inner
    return here.relative_to(folder).as_posix()


def _short(text: str) -> str:
    """As much of a text that somebody else chose as can be read, as plain characters."""
    return ascii(text[:100])
