"""Archives that somebody sends: what is in an honest one arrives, and nothing of any other."""

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from running_service import submission, zipped

from service.archive import Bounds, unpack, unpack_elsewhere
from service.codes import Code, RefusedError

BOUNDS = Bounds(content_bytes=20 << 20, entries=50, ratio=100)
FILES = submission("steady")


def tarred(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz", format=tarfile.PAX_FORMAT) as writer:
        for member, content in members:
            member.size = len(content)
            writer.addfile(member, io.BytesIO(content))
    return archive.getvalue()


def special(kind: bytes, name: str = "mine/odd", target: str = "") -> bytes:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return tarred((member, b""))


def with_mode(mode: int) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        member = zipfile.ZipInfo("mine/odd")
        member.external_attr = mode << 16
        writer.writestr(member, "/etc/passwd")
    return archive.getvalue()


def compressed(method: int) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as writer:
        writer.writestr("mine/policy.py", "x" * 1000)
    return archive.getvalue()


def encrypted() -> bytes:
    """A flag says so, in the local header and in the directory."""
    content = bytearray(zipped({"a": "b"}))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic) + offset] |= 1
    return bytes(content)


def lying_about_its_size() -> bytes:
    """The directory declares one byte, and there are many more."""
    content = bytearray(zipped({"a": "x" * 100_000}))
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<I", 1)
    return bytes(content)


def header_bomb() -> bytes:
    """A header of gigabytes, which a reader of tar archives takes into memory before any content."""
    member = tarfile.TarInfo("mine/x")
    member.type, member.size = tarfile.XHDTYPE, (8 << 30) - 512
    return gzip.compress(member.tobuf(tarfile.USTAR_FORMAT)) + gzip.compress(bytes(17 << 20))


def of_names(*names: str) -> bytes:
    return tarred(*((tarfile.TarInfo(name), b"x") for name in names))


def twice() -> bytes:
    return zipped({"a": "1", "b": "2"}).replace(b"b", b"a")


HOSTILE: dict[str, tuple[Code, Callable[[], bytes]]] = {
    "no archive": (Code.KIND, lambda: b"#!/bin/sh\n"),
    "nothing": (Code.KIND, lambda: b""),
    "xz": (Code.KIND, lambda: b"\xfd7zXZ\x00" + bytes(100)),
    "truncated zip": (Code.BROKEN, lambda: zipped(FILES)[:-30]),
    "truncated tar": (Code.BROKEN, lambda: of_names("a", "b")[:-40]),
    "gzip of no tar": (Code.BROKEN, lambda: gzip.compress(b"x" * 5000)),
    "encrypted": (Code.BROKEN, encrypted),
    "lzma in zip": (Code.BROKEN, lambda: compressed(zipfile.ZIP_LZMA)),
    "lies about its size": (Code.BROKEN, lying_about_its_size),
    "header bomb": (Code.RATIO, header_bomb),
    "too much content": (Code.CONTENT_SIZE, lambda: gzip.compress(tar_of_noise(21 << 20), 0)),
    "zip bomb": (Code.RATIO, lambda: zipped({"a": "\0" * (17 << 20)})),
    "tar bomb": (Code.RATIO, lambda: tarred((tarfile.TarInfo("a"), bytes(17 << 20)))),
    "too many files": (Code.COUNT, lambda: zipped({f"{n}": "" for n in range(51)})),
    "too many folders": (Code.COUNT, lambda: of_names(*(f"{n}/{n}/x" for n in range(20)))),
    "absolute": (Code.NAME, lambda: of_names("/etc/cron.d/x")),
    "up": (Code.NAME, lambda: of_names("mine/../../x")),
    "up in zip": (Code.NAME, lambda: zipped({"../x": ""})),
    "backslash": (Code.NAME, lambda: of_names("..\\x")),
    "drive": (Code.NAME, lambda: of_names("C:x")),
    "control": (Code.NAME, lambda: of_names("a\nb")),
    "no text": (Code.NAME, lambda: of_names("a\udcff")),
    "long": (Code.NAME, lambda: of_names("a" * 256)),
    "deep": (Code.NAME, lambda: of_names("/".join("a" * 40))),
    "symbolic link": (Code.LINK, lambda: special(tarfile.SYMTYPE, target="/etc")),
    "hard link": (Code.LINK, lambda: special(tarfile.LNKTYPE, target="/etc/passwd")),
    "symbolic link in zip": (Code.LINK, lambda: with_mode(0o120777)),
    "device": (Code.SPECIAL, lambda: special(tarfile.CHRTYPE)),
    "pipe": (Code.SPECIAL, lambda: special(tarfile.FIFOTYPE)),
    "device in zip": (Code.SPECIAL, lambda: with_mode(0o020666)),
    "twice": (Code.TWICE, twice),
    "file and folder": (Code.TWICE, lambda: of_names("a", "a/b")),
    "folder and file": (Code.TWICE, lambda: of_names("a/b", "a")),
    "the folder itself": (Code.TWICE, lambda: of_names(".")),
}


def tar_of_noise(size: int) -> bytes:
    member = tarfile.TarInfo("a")
    member.size = size
    return member.tobuf() + bytes(range(256)) * (size // 256)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder, beside which nothing may appear."""
    inside = tmp_path / "outer" / "inner"
    inside.mkdir(parents=True)
    yield inside
    assert [path.name for path in (tmp_path / "outer").iterdir()] == ["inner"]
    assert {path.name for path in inside.iterdir()} <= {"archive", "unpacked"}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_and_leaves_nothing(name: str, place: Path) -> None:
    code, make = HOSTILE[name]
    (place / "archive").write_bytes(make())
    with pytest.raises(RefusedError) as refused:
        unpack(place / "archive", place / "unpacked", BOUNDS)
    assert refused.value.code is code
    assert refused.value.problem.isprintable()
    assert not (place / "unpacked").exists()


@pytest.mark.parametrize("packed", ["zip", "tar", "tar of the folder's content"])
def test_what_is_in_an_honest_archive_arrives(packed: str, place: Path) -> None:
    members = [(tarfile.TarInfo(name), content.encode()) for name, content in FILES.items()]
    if packed.endswith("content"):
        folder = tarfile.TarInfo("./")
        folder.type = tarfile.DIRTYPE
        for member, _ in members:
            member.name = member.name.replace("mine", ".")
        members.insert(0, (folder, b""))
    (place / "archive").write_bytes(zipped(FILES) if packed == "zip" else tarred(*members))
    root = unpack_elsewhere(place / "archive", place / "unpacked", BOUNDS)
    assert {f"mine/{path.name}": path.read_text() for path in root.iterdir()} == FILES
    assert {path.stat().st_mode & 0o777 for path in root.iterdir()} == {0o644}


def test_byte_code_that_no_digest_covers_is_left_out(place: Path) -> None:
    added = ("mine/__pycache__/policy.cpython-311.pyc", "__MACOSX/mine/._policy.py", "mine/.git/HEAD")
    (place / "archive").write_bytes(zipped(FILES | dict.fromkeys(added, "")))
    assert unpack(place / "archive", place / "unpacked", BOUNDS) == "mine"
    names = sorted(path.name for path in (place / "unpacked").rglob("*"))
    assert names == ["mine", "policy.py", "submission.toml"]


def test_a_refusal_comes_back_from_the_other_process(place: Path) -> None:
    (place / "archive").write_bytes(special(tarfile.SYMTYPE, target="/etc"))
    with pytest.raises(RefusedError, match="is a link") as refused:
        unpack_elsewhere(place / "archive", place / "unpacked", BOUNDS)
    assert refused.value.code is Code.LINK


def test_a_directory_of_very_many_names_costs_the_service_nothing(place: Path) -> None:
    """Two hundred thousand entries without a file, each of which would be Python objects."""
    entry = b"PK\x01\x02" + bytes(24) + struct.pack("<HHH", 1, 0, 0) + bytes(12) + b"a"
    count, local = 200_000, zipped({"a": ""})
    local = local[: local.index(b"PK\x01\x02")]
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, count * len(entry), len(local), 0)
    (place / "archive").write_bytes(local + entry * count + end)
    with pytest.raises(RefusedError) as refused:
        unpack_elsewhere(place / "archive", place / "unpacked", replace(BOUNDS, entries=4000))
    assert refused.value.code in (Code.BROKEN, Code.TWICE)  # by its memory, or by its second name
