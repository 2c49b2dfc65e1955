"""Several files as one zip archive: the same bytes for the same files; reading it trusts nobody."""

import io
import lzma
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from drivebench.errors import RecordError

__all__ = ["LARGEST_ARCHIVE_BYTES", "LARGEST_CONTENT_BYTES", "pack", "unpack"]

LARGEST_ARCHIVE_BYTES = 64 << 20
LARGEST_CONTENT_BYTES = 256 << 20
"""About a hundred times what a run of 1,316 episodes takes."""

_BEGINNING_OF_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_PLAIN_FILE = 0o100644 << 16
_STEP_BYTES = 4096
"""Of compressed content at a time, which bounds what a member unfolds to beyond what it declares."""

_BROKEN = (
    zipfile.BadZipFile,
    lzma.LZMAError,
    zlib.error,
    struct.error,
    EOFError,
    MemoryError,
    OSError,
    RuntimeError,  # a member is encrypted, or compressed in a way that is not supported
    ValueError,
)


def pack(files: Mapping[str, bytes]) -> bytes:
    """Put files into an archive, LZMA-compressed, in the order of their names, without times and owners.

    Args:
        files: Content by name, with ``/`` between folders.
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, _BEGINNING_OF_TIME)
            member.compress_type = zipfile.ZIP_LZMA
            member.create_system = _UNIX
            member.external_attr = _PLAIN_FILE
            writer.writestr(member, files[name])
    return archive.getvalue()


def unpack(path: Path, is_expected: Callable[[str], bool]) -> dict[str, bytes]:
    """Read all files of an archive into memory, each once; nothing is written anywhere.

    Args:
        path: The archive.
        is_expected: Whether a member may have this name.

    Returns:
        Content by name.

    Raises:
        RecordError: It is no archive, truncated, too large, or a member has an unexpected or repeated name.
    """
    try:
        if path.stat().st_size > LARGEST_ARCHIVE_BYTES:
            raise RecordError(
                f"{path} has {path.stat().st_size:,} bytes; expected a packed run of at most "
                f"{LARGEST_ARCHIVE_BYTES:,}."
            )
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check(path, members, is_expected)
            return {member.filename: _content(archive, member) for member in members}
    except _BROKEN as error:
        raise RecordError(
            f"{path} cannot be unpacked ({type(error).__name__}: {error}). It is not a zip archive, or was "
            "truncated or edited."
        ) from error


def _check(path: Path, members: Sequence[zipfile.ZipInfo], is_expected: Callable[[str], bool]) -> None:
    """Refuse an archive by what it declares, before any of it is unpacked."""
    names = Counter(member.orig_filename for member in members)
    for name, count in names.items():
        if not is_expected(name):
            raise RecordError(
                f"{path} holds {name[:200]!r}, which is not a file of a run. Nothing was unpacked."
            )
        if count > 1:
            raise RecordError(f"{path} holds {name} {count} times. Nothing was unpacked.")
    declared = sum(member.file_size for member in members)
    if declared > LARGEST_CONTENT_BYTES:
        raise RecordError(
            f"{path} declares {declared:,} bytes of content; expected a run of at most "
            f"{LARGEST_CONTENT_BYTES:,}. Nothing was unpacked."
        )


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A member's content, never more than it declares; its checksum is compared at its end."""
    with archive.open(member) as file:
        content = b"".join(iter(lambda: file.read(_STEP_BYTES), b""))
    if len(content) != member.file_size:
        raise zipfile.BadZipFile(
            f"{member.filename} has {len(content)} bytes, and declares {member.file_size}"
        )
    return content
