"""What a canonical episode does not depend on: order, company, padding, the C library.

Batch sizes, threads and processors: ``test_digests.py``.
"""

import hashlib
import struct
import sys
from typing import Any

import numpy as np
import pytest
from invented_worlds import assorted, crossing, motorway, ring

from drivebench.world import Capacity, WorldBatch, quantise
from drivebench.world.appear_and_leave import change_traffic
from drivebench.world.layout import EntityFloat
from drivebench.world.numerics import PARITY
from drivebench.world.step import step_shares

WORLDS = 18
DECISIONS = 40
ORDER = list(range(WORLDS))
LIBRARY_FUNCTIONS = {
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "atan2",
    "pow",
    "exp",
    "log",
    "log1p",
    "fmod",
    "fma",
}


def digests(order: list[int], batch_size: int) -> list[str]:
    """One digest per world, traces included, in the worlds' own order."""
    worlds = assorted(WORLDS)
    found = [""] * WORLDS
    for begin in range(0, WORLDS, batch_size):
        places = order[begin : begin + batch_size]
        batch = WorldBatch([worlds[k] for k in places])
        episodes = [hashlib.sha256() for _ in places]
        for decision in range(DECISIONS):
            rng = [np.random.default_rng([k, decision]) for k in places]
            commands = np.zeros((*batch.agents.shape, 2))
            commands[:, 0] = [(g.uniform(-1.5, 1.5), g.uniform(-0.2, 0.2)) for g in rng]
            manoeuvres = np.ones(batch.agents.shape, dtype=np.int64)
            manoeuvres[:, -1] = [g.integers(5) for g in rng]
            batch.drive(commands, manoeuvres)
            for slot, episode in enumerate(episodes):
                n = int(batch.entities[slot])
                episode.update(np.ascontiguousarray(batch.entity_float[slot, :, :n]).tobytes())
                episode.update(np.ascontiguousarray(batch.entity_int[slot, :, :n]).tobytes())
                episode.update(np.ascontiguousarray(batch.trace[slot, :, :n]).tobytes())
        for k, episode in zip(places, episodes, strict=True):
            found[k] = episode.hexdigest()
    return found


def test_order_does_not_matter() -> None:
    shuffled = [int(k) for k in np.random.default_rng(0).permutation(WORLDS)]
    assert shuffled != ORDER
    expected = digests(ORDER, WORLDS)
    assert len(set(expected)) == WORLDS
    assert digests(shuffled, 5) == expected


def test_padding_does_not_matter() -> None:
    tight = WorldBatch([ring(1)])
    roomy = WorldBatch([ring(1)], capacity=Capacity(entities=40, lanes=50, route_steps=9, neighbour_lanes=8))
    n, lanes = int(roomy.entities[0]), len(roomy.networks[0].lane_index)
    roomy.entity_float[:, :, n:] = np.nan
    roomy.lane_float[:, lanes:] = np.nan
    for _ in range(20):
        for batch in (tight, roomy):
            batch.step(quantise([[0.1, 0.02]]))
    assert np.array_equal(tight.entity_float[0], roomy.entity_float[0, :, :n])
    assert np.array_equal(tight.entity_int[0], roomy.entity_int[0, :, :n])
    assert np.isnan(roomy.entity_float[0, EntityFloat.X, n:]).all()


def _object_code(numerics: int | None) -> bytes:
    """Machine code of the step in one kind of numerics, with its table of symbols, from numba's cache."""
    batch = WorldBatch([motorway(0, 2)], numerics="parity" if numerics == PARITY else "canonical")
    batch.step(quantise([[0.0, 0.0]]))
    wanted = "int64" if numerics == PARITY else "none"
    compiled = [s for s in step_shares.overloads if str(s[1][0]) == wanted]
    (signature,) = [s for s in compiled if str(s[1][-1]) == "none"]  # with time stamps it is for a benchmark
    return _cached(step_shares, signature)


def _cached(function: Any, signature: Any) -> bytes:
    """Machine code of a compiled function."""
    cache = function._cache
    stored = cache._cache_file.load(cache._index_key(signature, function.targetctx.codegen()))
    (_name, _kind, (object_code, _bitcode)), *_ = stored
    return bytes(object_code)


def _called(code: bytes) -> set[str]:
    """Undefined symbols of a 64-bit ELF object (System V ABI, chapters "Object files", "Symbol table")."""
    assert code[:5] == b"\x7fELF\x02"
    (headers,), (count,) = struct.unpack_from("<Q", code, 0x28), struct.unpack_from("<H", code, 0x3C)
    sections = [struct.unpack_from("<IIQQQQIIQQ", code, headers + 64 * k) for k in range(count)]
    names = set()
    for _, kind, _, _, offset, length, link, *_ in sections:
        if kind == 2:  # SHT_SYMTAB
            strings = sections[link][4]
            for at in range(offset, offset + length, 24):
                name, _, _, section = struct.unpack_from("<IBBH", code, at)
                if section == 0:
                    names.add(code[strings + name : code.index(b"\0", strings + name)].decode())
    return names


@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF objects")
def test_canonical_code_calls_no_function_of_the_c_library() -> None:
    canonical = _object_code(None)
    assert not _called(canonical) & LIBRARY_FUNCTIONS


@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF objects")
def test_canonical_traffic_appears_without_the_c_library() -> None:
    batch = WorldBatch([crossing(0)])
    batch.drive(np.zeros((1, 2, 2)), np.full((1, 2), -1))
    (signature,) = [s for s in change_traffic.overloads if str(s[2]) == "none"]
    assert not _called(_cached(change_traffic, signature)) & LIBRARY_FUNCTIONS


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF objects")
def test_parity_code_calls_the_c_library() -> None:
    """The twin of the test above: this way of looking does find calls."""
    parity = _object_code(PARITY)
    assert _called(parity) >= {"sin", "cos", "tan", "asin", "atan", "atan2", "pow"}
