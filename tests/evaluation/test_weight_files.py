"""Poisoned files: each runs code or lies when it is loaded, and is refused by its code before that."""

import io
import json
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save
from small_suites import submission

from drivebench.errors import DataError
from drivebench.submission import read_submission
from drivebench.submission_codes import Code, ContentError


class Bomb:
    """What runs when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("boom",)


def pickled(protocol: int) -> bytes:
    return pickle.dumps(Bomb(), protocol=protocol)


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def tarred(layout: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=layout) as archive:
        member = tarfile.TarInfo("storages")
        member.size = len(pickled(2))
        archive.addfile(member, io.BytesIO(pickled(2)))
    return out.getvalue()


def array_of_objects() -> bytes:
    out = io.BytesIO()
    np.save(out, np.array([Bomb()], object), allow_pickle=True)
    return out.getvalue()


def plain_array() -> bytes:
    out = io.BytesIO()
    np.save(out, np.arange(6.0))
    return out.getvalue()


PICKLES = {
    "a pickle behind a harmless suffix": ("weights.bin", pickled(4)),
    "a pickle without a suffix": ("weights", pickled(2)),
    "a pickle of protocol 0": ("weights.dat", pickled(0)),
    "a pickle of protocol 1": ("weights.txt", pickled(1)),
    "what torch.save writes": ("model.bin", zipped(("model/data.pkl", pickled(2)), ("model/version", b"3"))),
    "what torch.export writes": ("model.onnx", zipped(("data/sample_inputs/model.pt", pickled(2)))),
    "torch.save of before 1.6": ("model.zip", pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2) + pickled(2)),
    "what torch reads of a tar archive": ("model.weights", tarred(tarfile.USTAR_FORMAT)),
    "the suffix of torch": ("weights.PT", b""),
    "the suffix of Keras": ("weights.keras", b""),
    "HDF5": ("weights.data", b"\x89HDF\r\n\x1a\n"),
    "an array of objects": ("weights.npy", array_of_objects()),
    "an archive with an array of objects": (
        "weights.npz",
        zipped(("a.npy", plain_array()), ("b.npy", array_of_objects())),
    ),
    "an array with a header that is code": ("weights.npy", b"\x93NUMPY\x01\x00\x10\x00__import__('os')"),
    "a damaged archive": ("weights.npz", b"PK\x03\x04" + bytes(40)),
}


@pytest.mark.parametrize("what", PICKLES)
def test_what_runs_code_when_it_is_loaded_is_refused(what: str, tmp_path: Path) -> None:
    name, content = PICKLES[what]
    directory = submission(tmp_path / "s")
    (directory / "weights").mkdir()
    (directory / "weights" / name).write_bytes(content)
    with pytest.raises(ContentError, match=name) as caught:
        read_submission(directory)
    assert caught.value.code is Code.PICKLE
    assert isinstance(caught.value, DataError)


def safetensors(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(shape: Any, begin: Any, end: Any, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


ABSURD = {
    "no header": b"\0\0",
    "a pickle": pickled(4),
    "a header of 2^63 bytes": safetensors({}, length=1 << 63),
    "a header that ends behind the file": safetensors({}, length=3),
    "a header that is no JSON": safetensors(b"{'a': 1}"),
    "a header of a hundred thousand brackets": safetensors(b"[" * 100_000),
    "a header that is a list": safetensors([]),
    "a tensor that is larger than its bytes": safetensors({"a": tensor([1 << 40], 0, 8)}, bytes(8)),
    "axes whose product overflows to the size": safetensors(
        {"a": tensor([1 << 32, 1 << 32, 1 << 2], 0, 0)}, b""
    ),
    "a negative axis": safetensors({"a": tensor([-1, -2], 0, 8)}, bytes(8)),
    "tensors that overlap": safetensors({"a": tensor([2], 0, 8), "b": tensor([2], 4, 12)}, bytes(12)),
    "a gap": safetensors({"a": tensor([1], 0, 4), "b": tensor([1], 8, 12)}, bytes(12)),
    "bytes that nobody describes": safetensors({"a": tensor([1], 0, 4)}, bytes(400)),
    "fewer bytes than announced": safetensors({"a": tensor([2], 0, 8)}, bytes(4)),
    "an unknown type": safetensors({"a": tensor([2], 0, 8, "OBJECT")}, bytes(8)),
    "an offset that is a text": safetensors({"a": tensor([2], 0, "8")}, bytes(8)),
}


@pytest.mark.parametrize("what", ABSURD)
def test_safetensors_that_lie_are_refused(what: str, tmp_path: Path) -> None:
    directory = submission(tmp_path / "s")
    (directory / "weights.safetensors").write_bytes(ABSURD[what])
    with pytest.raises(ContentError, match=r"weights\.safetensors") as caught:
        read_submission(directory)
    assert caught.value.code is Code.SAFETENSORS


def test_honest_files_are_taken(tmp_path: Path) -> None:
    directory = submission(tmp_path / "s")
    weights = {"a": np.ones((3, 4), np.float32), "b": np.zeros(0, np.int64), "c": np.array(1, np.uint8)}
    (directory / "weights.safetensors").write_bytes(save(weights, metadata={"made": "here"}))
    (directory / "table.npy").write_bytes(plain_array())
    np.savez_compressed(directory / "tables.npz", a=np.eye(3), b=np.array(["text"]))
    (directory / "notes.txt").write_text("a text that begins as a pickle would, and ends with a stop.\n")
    (directory / "empty.bin").write_bytes(b"")
    assert read_submission(directory).manifest.name == "steady"


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivebench.submission.MOST_FILES", 3)
    directory = submission(tmp_path / "s")
    (directory / "third.txt").write_text("")
    read_submission(directory)
    (directory / "fourth.txt").write_text("")
    with pytest.raises(ContentError, match="more than 3 files") as caught:
        read_submission(directory)
    assert caught.value.code is Code.TOO_LARGE
