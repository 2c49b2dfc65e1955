"""How drivebench compiles its kernels with numba.

The decorators below fix the settings in one place:

* never ``fastmath``: LLVM may then neither reorder nor fuse floating-point operations, which is what makes
  a canonical episode the same bits on every machine;
* ``error_model="numpy"``: a division by zero gives an infinity, as NumPy does, and no Python exception check;
* ``cache=True``, in a folder whose name is a digest of all kernel sources. numba's own cache looks only at
  the file of the function it compiles and misses an edit in a function that is called from another module
  (https://numba.readthedocs.io/en/stable/developer/caching.html); a folder per digest cannot go stale.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
import platformdirs

__all__ = ["borrowing_kernel", "inlined_kernel", "kernel", "parallel_kernel", "source_digest"]

P = ParamSpec("P")
R = TypeVar("R")

_PACKAGE = Path(__file__).parent


@cache
def source_digest() -> str:
    """Digest of every Python source in the engine, and of the numba version: the key of the compile cache.

    Returns:
        The first 16 hexadecimal digits of a SHA-256.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(_PACKAGE.rglob("*.py")):
        text = path.read_bytes()
        if b"drivebench.compiled import" in text:
            digest.update(path.relative_to(_PACKAGE).as_posix().encode())
            digest.update(text)
    return digest.hexdigest()[:16]


def _cache_folder(base: str) -> str:
    root = Path(base) if base else Path(platformdirs.user_cache_dir("drivebench")) / "kernels"
    return str(root / source_digest())


_njit: Any = numba.njit
_config: Any = numba.config
_config.CACHE_DIR = _cache_folder(_config.CACHE_DIR)


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function for one thread."""
    return cast(Callable[P, R], numba.njit(cache=True, error_model="numpy", nogil=True)(function))


def borrowing_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that creates no arrays, but only works on those of its caller.

    numba's reference counting is off in it: in a loop over slices and small calls, the atomic counters can
    take most of the time. (``_nrt`` is numba's own switch for device code, which has no reference counts.)
    """
    decorator = _njit(cache=True, error_model="numpy", nogil=True, _nrt=False)
    return cast(Callable[P, R], decorator(function))


def inlined_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a small function into every loop that calls it, so that LLVM can vectorise that loop.

    It creates no arrays; see ``borrowing_kernel``.
    """
    decorator = _njit(cache=True, error_model="numpy", nogil=True, forceinline=True, _nrt=False)
    return cast(Callable[P, R], decorator(function))


def parallel_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function whose ``prange`` loops run on all threads that numba was given."""
    decorator = numba.njit(cache=True, error_model="numpy", nogil=True, parallel=True)
    return cast(Callable[P, R], decorator(function))
