"""What the harness and a policy's process say to each other.

Over a socket pair, of which the child gets one end: messages of ``u32`` length (little-endian) and a msgpack
map, no longer than a cap that is checked before anything is read. Observations lie in shared memory that the
child can only read: a sealed ``memfd`` on Linux. Nothing is ever unpickled. Both sides use this module; it
imports no more than the child needs. The template, from which policies' processes are forked, is spoken to
in the same way.

================  ==========================================  =========================================
operation         the harness sends                           the template answers
================  ==========================================  =========================================
``prepare``       modules, packages                           ``{"threads"}``
``begin``         nothing; then two open files                ``{"ok": true}``
``end``           patience_s                                  ``{"code"}``
================  ==========================================  =========================================

================  ==========================================  =========================================
operation         the harness sends                           the host answers
================  ==========================================  =========================================
``confine``       readable, listable, user, landlock          ``{"ok": true}``
``load``          directory, loader, weights only, seed,      ``{"libraries"}``: those of ``LIBRARIES``
                  layout                                      that are there now
``reset``         slots                                       ``{"ok": true}``
``act``           slots, texts                                ``{"dtype", "shape", "data"}``
any                                                           ``{"error": {"type", "message", "trace"}}``
================  ==========================================  =========================================
"""

import fcntl
import mmap
import os
import select
import socket
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CONNECTION",
    "LIBRARIES",
    "LONGEST_MESSAGE",
    "MEMORY",
    "WATCH_INTERVAL_S",
    "Array",
    "Layout",
    "ProtocolError",
    "SilenceError",
    "create_memory",
    "map_memory",
    "receive",
    "send",
    "views",
]

CONNECTION, MEMORY = 3, 4
"""Numbers of the open files that a policy's process is given."""
LIBRARIES = ("numba", "numpy", "scipy", "timm", "torch", "torchvision")
"""Imported once for all policies of a submission that import them; none starts a thread by that."""
LONGEST_MESSAGE = 1 << 20
WATCH_INTERVAL_S = 0.05
SHORTEST_TIMEOUT_S = 0.001
"""A timeout of 0 would mean something else to a socket: never to wait."""
_HEADER = struct.Struct("<I")
_ALIGNMENT = 64
_SEAL_FUTURE_WRITE = 0x10
"""``F_SEAL_FUTURE_WRITE`` of linux/fcntl.h (Linux 5.1); not in Python's ``fcntl`` yet."""


class ProtocolError(Exception):
    """The other side sent something that is not a message, or closed the connection (an empty text)."""


class SilenceError(Exception):
    """The other side did not read or answer in time."""


@dataclass(frozen=True, kw_only=True)
class Array:
    """One array in shared memory.

    Attributes:
        name: Of the sensor.
        dtype: As NumPy writes it.
        shape: The first axis runs over slots.
        offset: In bytes.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int

    @property
    def size(self) -> int:
        """Bytes."""
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the observation is: arrays in shared memory, texts in the message.

    Attributes:
        arrays: In memory.
        texts: Names of the sensors that are lists of texts.
    """

    arrays: tuple[Array, ...]
    texts: tuple[str, ...]

    @classmethod
    def of(cls, shapes: Mapping[str, tuple[str, tuple[int, ...]]], texts: Sequence[str]) -> "Layout":
        """Place arrays one after the other.

        Args:
            shapes: Type and shape by name.
            texts: Names of texts.
        """
        arrays, offset = [], 0
        for name, (dtype, shape) in shapes.items():
            array = Array(name=name, dtype=dtype, shape=shape, offset=offset)
            arrays.append(array)
            offset += -(-array.size // _ALIGNMENT) * _ALIGNMENT
        return cls(arrays=tuple(arrays), texts=tuple(texts))

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return max([1, *(array.offset + array.size for array in self.arrays)])

    def encode(self) -> dict[str, Any]:
        """As a message."""
        arrays = [[a.name, a.dtype, list(a.shape), a.offset] for a in self.arrays]
        return {"arrays": arrays, "texts": list(self.texts)}

    @classmethod
    def decode(cls, message: Mapping[str, Any]) -> "Layout":
        """From a message."""
        arrays = tuple(
            Array(name=name, dtype=dtype, shape=tuple(shape), offset=offset)
            for name, dtype, shape, offset in message["arrays"]
        )
        return cls(arrays=arrays, texts=tuple(message["texts"]))


def send(connection: socket.socket, message: Mapping[str, Any], *, deadline: float | None = None) -> None:
    """Send one message.

    Args:
        connection: One end of the pair.
        message: Numbers, texts, bytes, lists and maps.
        deadline: Of ``time.monotonic``; None waits for ever.

    Raises:
        ProtocolError: The other side is gone, or the message is too long.
        SilenceError: The deadline has passed, and the other side has not read what was sent before.
    """
    data = msgpack.packb(message)
    if len(data) > LONGEST_MESSAGE:
        raise ProtocolError(f"a message of {len(data)} bytes; the longest allowed is {LONGEST_MESSAGE}")
    try:
        if deadline is not None:
            connection.settimeout(max(SHORTEST_TIMEOUT_S, deadline - time.monotonic()))
        connection.sendall(_HEADER.pack(len(data)) + data)
    except TimeoutError as error:
        raise SilenceError from error
    except OSError as error:
        raise ProtocolError("") from error
    finally:
        connection.settimeout(None)


def receive(
    connection: socket.socket, *, deadline: float | None = None, watch: Callable[[], None] | None = None
) -> dict[str, Any]:
    """Receive one message.

    Args:
        connection: One end of the pair.
        deadline: Of ``time.monotonic``; None waits for ever.
        watch: Called every 50 ms while waiting; may raise.

    Raises:
        ProtocolError: Not a message, too long, or the connection was closed.
        SilenceError: The deadline has passed.
    """
    (length,) = _HEADER.unpack(_read(connection, _HEADER.size, deadline, watch))
    if length > LONGEST_MESSAGE:
        raise ProtocolError(
            f"announced a message of {length} bytes; the longest allowed is {LONGEST_MESSAGE}"
        )
    data = _read(connection, length, deadline, watch)
    try:
        message = msgpack.unpackb(data, strict_map_key=True)
    except Exception as error:  # msgpack raises several kinds, none of them its own
        raise ProtocolError(f"sent {length} bytes that are not msgpack ({error})") from error
    if not isinstance(message, dict):
        raise ProtocolError(f"sent a {type(message).__name__}; expected a map")
    return message


def _read(
    connection: socket.socket, count: int, deadline: float | None, watch: Callable[[], None] | None
) -> bytes:
    data = bytearray()
    for_ever = deadline is None and watch is None
    while len(data) < count:
        try:
            part = connection.recv(count - len(data), 0 if for_ever else socket.MSG_DONTWAIT)
        except BlockingIOError:
            _await(connection, deadline, watch)
            continue
        except OSError as error:
            raise ProtocolError("") from error
        if not part:
            raise ProtocolError("")
        data += part
    return bytes(data)


def _await(connection: socket.socket, deadline: float | None, watch: Callable[[], None] | None) -> None:
    """Wait until there is something to read, or for as long as nobody need look."""
    left = WATCH_INTERVAL_S if deadline is None else min(WATCH_INTERVAL_S, deadline - time.monotonic())
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    if not poll.poll(max(0.0, left) * 1000.0):
        if watch is not None:
            watch()
        if deadline is not None and time.monotonic() >= deadline:
            raise SilenceError


def create_memory(size: int) -> tuple[int, mmap.mmap]:
    """Shared memory that the one who makes it can write, and whoever inherits its descriptor can only read.

    Where there is no ``memfd`` (other systems than Linux) it is an unlinked file, which is not sealed.

    Args:
        size: Bytes.

    Returns:
        Descriptor and writable mapping.
    """
    if not hasattr(os, "memfd_create"):
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
        os.ftruncate(descriptor, size)
        return descriptor, mmap.mmap(descriptor, size)
    descriptor = os.memfd_create("drivebench-observation", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, size)
    memory = mmap.mmap(descriptor, size)
    seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
    try:
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals | _SEAL_FUTURE_WRITE)
    except OSError:  # a kernel before 5.1
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor, memory


def map_memory(descriptor: int, size: int) -> mmap.mmap:
    """Map inherited memory for reading."""
    return mmap.mmap(descriptor, size, prot=mmap.PROT_READ)


def views(memory: mmap.mmap, layout: Layout) -> dict[str, NDArray[Any]]:
    """The arrays in a mapping, by name; writable if the mapping is."""
    return {
        array.name: np.frombuffer(
            memory, array.dtype, count=int(np.prod(array.shape, dtype=np.int64)), offset=array.offset
        ).reshape(array.shape)
        for array in layout.arrays
    }


assert sys.byteorder == "little", "drivebench's records and messages are little-endian"
