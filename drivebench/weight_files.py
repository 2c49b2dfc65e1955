"""Files that would run code when they are loaded, and weights that lie about themselves: refused before use.

A pickle runs whatever its author wanted as soon as it is read. It hides in more places than ``.pkl``: in
what ``torch.save`` writes, behind the suffix of something safe, in NumPy arrays of objects, in the archives
of ``torch.export`` and TorchScript, in Keras models with a lambda. Weights are therefore safetensors, ONNX or
plain NumPy arrays. All of it is told from suffixes, magic numbers and headers: nothing is loaded.

This keeps files honest that a reader, an organiser or a later tool may open outside of the isolation. It is
no defence against code: a policy that is code runs in isolation, whatever it unpickles there.
"""

import ast
import json
import pickletools
import struct
import tarfile
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from drivebench.submission_codes import Code, ContentError

__all__ = ["LARGEST_BYTES", "MOST_FILES", "refuse_unsafe"]

LARGEST_BYTES = 2 << 30
"""Of a submission; the driving networks of the field have a hundred million parameters, 400 MB, or fewer."""
MOST_FILES = 2000
LARGEST_HEADER = 4 << 20
"""Of a safetensors file; 100 bytes a tensor are usual."""
LARGEST_NUMPY_HEADER = 1 << 16
MOST_AXES = 16

_UNPICKLED = {
    ".pkl", ".pickle", ".joblib", ".dill", ".cloudpickle", ".pt", ".pth", ".pt2", ".ptl", ".ckpt", ".th",
    ".tar", ".jit", ".mar", ".h5", ".hdf5", ".keras", ".pb", ".skops",
}  # fmt: skip
"""Suffixes of what is unpickled, or otherwise runs code, by the library that is known for it."""
_OLDEST, _NEWEST = 2, 5
"""Protocols of pickle that begin with a byte 0x80 and their number."""
_LOADS_NAMES = {"GLOBAL", "STACK_GLOBAL", "INST", "REDUCE", "OBJ", "NEWOBJ", "NEWOBJ_EX", "BUILD", "EXT1"}
_LOOKED_AT = 1 << 20
"""Bytes of a file in which a pickle of a protocol without a magic number is looked for."""
_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16,
    "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "F64": 64, "I64": 64, "U64": 64, "C64": 64, "F4": 4,
    "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip
"""Types of safetensors."""


def refuse_unsafe(path: Path) -> None:
    """Raise if a file would run code when it is loaded, or is a safetensors file that lies about itself.

    Args:
        path: Of a file.

    Raises:
        ContentError: It is, with code and reason.
    """
    if path.suffix.lower() in _UNPICKLED:
        raise _pickle(path, f"the suffix {path.suffix} is of files that run code when they are loaded")
    if path.suffix.lower() == ".safetensors":
        _check_safetensors(path)
        return
    with path.open("rb") as file:
        for why in _runs_code(file):
            raise _pickle(path, why)


def _pickle(path: Path, why: str) -> ContentError:
    return ContentError(
        Code.PICKLE,
        f"{path}: {why}. Expected weights as safetensors, ONNX, or NumPy arrays without objects: a pickle "
        "could do anything to whoever loads it.",
    )


def _runs_code(file: BinaryIO) -> Iterator[str]:
    """Reasons why reading this would run code."""
    start = file.read(_LOOKED_AT)
    if start[:1] == b"\x80" and len(start) > 1 and _OLDEST <= start[1] <= _NEWEST:
        yield f"it begins as a pickle of protocol {start[1]}"
    elif start.startswith(b"\x93NUMPY"):
        if _has_objects(BytesIO(start)):
            yield "it is an array of objects, which NumPy pickles"
    elif start.startswith(b"\x89HDF"):
        yield "it is HDF5, as of Keras models, which may hold code"
    elif start[257:262] == b"ustar" or _is_old_tar(start):
        yield "it is a tar archive, of which torch unpickles members"
    elif start.startswith(b"PK"):
        file.seek(0)
        yield from _in_archive(file)
    elif _is_old_pickle(start):
        yield "it is a pickle of protocol 0 or 1"


def _is_old_tar(start: bytes) -> bool:
    """A tar archive of before 1988, which has no magic number but a checksum of its header."""
    try:
        tarfile.TarInfo.frombuf(start[:512], "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


def _in_archive(file: BinaryIO) -> Iterator[str]:
    """The same for a zip archive: torch's, TorchScript's and Keras', and that of several NumPy arrays."""
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist()[:MOST_FILES]:
                if not member.filename.endswith(".npy"):
                    yield f"it is an archive with {member.filename!r}, not of NumPy arrays alone"
                    return
                with archive.open(member) as array:
                    if _has_objects(BytesIO(array.read(LARGEST_NUMPY_HEADER))):
                        yield f"its array {member.filename!r} is of objects, which NumPy pickles"
                        return
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        yield f"it is a damaged archive ({error})"


def _has_objects(array: BinaryIO) -> bool:
    """Whether the header of a NumPy array names objects, or is not a header."""
    magic = array.read(8)
    width = "<H" if magic[6:7] == b"\x01" else "<I"
    try:
        (length,) = struct.unpack(width, array.read(struct.calcsize(width)))
        header = ast.literal_eval(array.read(length).decode("latin-1"))
        return "O" in str(header["descr"]) or magic[:6] != b"\x93NUMPY"
    except (struct.error, ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        return True


def _is_old_pickle(start: bytes) -> bool:
    """Whether it can be read as a pickle to its end, and calls or loads something by name on the way."""
    names = False
    try:
        for opcode, _, _ in pickletools.genops(start):
            names = names or opcode.name in _LOADS_NAMES
    except Exception:  # it raises whatever a wrong argument of an opcode leads to
        return False
    return names


def _check_safetensors(path: Path) -> None:
    """The header fits the file: what it announces is there, once, and nothing else is."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > min(LARGEST_HEADER, size - 8):
            raise _absurd(
                path,
                f"announces a header of {length} bytes; expected at most {LARGEST_HEADER} that are there",
            )
        try:
            header = json.loads(file.read(length), parse_constant=_not_a_number)
        except (ValueError, RecursionError) as error:
            raise _absurd(path, f"its header is not JSON ({error})") from error
    if not isinstance(header, dict):
        raise _absurd(path, "its header is not an object")
    header.pop("__metadata__", None)
    spans = sorted(_span(path, name, entry) for name, entry in header.items())
    end = 0
    for begin, until in spans:
        if begin != end:
            raise _absurd(path, f"its tensors overlap or leave a gap at byte {min(begin, end)}")
        end = until
    if end != size - 8 - length:
        raise _absurd(path, f"announces {end} bytes of tensors; the file has {size - 8 - length}")


def _not_a_number(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


def _span(path: Path, name: str, entry: object) -> tuple[int, int]:
    """First byte of a tensor and the one behind its last."""
    match entry:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [int(begin), int(end)]} if (
            dtype in _BITS
            and len(shape) <= MOST_AXES
            and all(type(axis) is int and 0 <= axis < 2**48 for axis in shape)
            and 0 <= begin <= end
        ):
            bits = _BITS[dtype]
            for axis in shape:
                bits *= axis
            if bits == 8 * (end - begin):
                return begin, end
            raise _absurd(path, f"the tensor {name[:80]!r} needs {bits / 8:g} bytes and has {end - begin}")
    raise _absurd(path, f"the tensor {name[:80]!r} is described by {str(entry)[:120]}")


def _absurd(path: Path, problem: str) -> ContentError:
    return ContentError(
        Code.SAFETENSORS, f"{path}: {problem}. Expected what safetensors writes: save the weights again."
    )
