"""How drivebench compiles its kernels with numba.

The decorators below fix the settings in one place:

* never ``fastmath``: LLVM may then neither reorder nor fuse floating-point operations, which is what makes
  a canonical episode the same bits on every machine;
* ``error_model="numpy"``: a division by zero gives an infinity, as NumPy does, and no Python exception check;
* ``cache=True``, in a folder whose name digests the module of the kernel and all that it imports: numba's
  own cache looks only at the file of the function it compiles and misses an edit in a constant or a function
  of another module (https://numba.readthedocs.io/en/stable/developer/caching.html); a folder per digest
  cannot go stale, and an edit recompiles only what depends on it.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
import platformdirs

__all__ = ["borrowing_kernel", "inlined_kernel", "kernel", "parallel_kernel", "source_digest"]

P = ParamSpec("P")
R = TypeVar("R")

_PACKAGE = Path(__file__).parent
_IMPORT = re.compile(
    r"^\s*(?:from (drivebench[\w.]*) import (\([^)]*\)|.*)|import (drivebench[\w.]*))", re.MULTILINE
)
_KERNELS = re.compile(r"from drivebench\.compiled import .*kernel")
_njit: Any = numba.njit
_config: Any = numba.config


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _file_of(module: str) -> Path | None:
    """The source file of a module of the engine, None if there is none of this name."""
    place = _PACKAGE.joinpath(*module.split(".")[1:])
    candidates = (
        (place.with_suffix(".py"), place / "__init__.py") if place != _PACKAGE else (place / "__init__.py",)
    )
    return next((path for path in candidates if path.is_file()), None)


@cache
def _imported(path: Path) -> tuple[Path, ...]:
    """The engine's files that a source file imports, names of submodules included."""
    modules = []
    for origin, names, module in _IMPORT.findall(_text(path)):
        modules += (
            [module] if module else [origin, *(f"{origin}.{name}" for name in re.findall(r"\w+", names))]
        )
    found = (_file_of(module) for module in modules)
    return tuple(sorted({file for file in found if file is not None}))


def _closure(paths: Iterable[Path]) -> tuple[Path, ...]:
    """These files and all of the engine's files that they import, directly or not."""
    reached: set[Path] = set()
    waiting = list(paths)
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting.extend(_imported(path))
    return tuple(sorted(reached))


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    for path in paths:
        name = path.relative_to(_PACKAGE).as_posix() if path.is_relative_to(_PACKAGE) else path.name
        digest.update(f"{name}\0{_text(path)}\0".encode())
    return digest.hexdigest()[:16]


@cache
def source_digest() -> str:
    """Digest of all kernels of the engine, of what their modules import, and of numba's version.

    Returns:
        The first 16 hexadecimal digits of a SHA-256.
    """
    kernels = [path for path in sorted(_PACKAGE.rglob("*.py")) if _KERNELS.search(_text(path))]
    return _digest(_closure(kernels))


@cache
def _cache_folder(source: Path) -> str:
    """Where the compiled functions of a source file are kept."""
    given = _config.CACHE_DIR
    root = Path(given) if given else Path(platformdirs.user_cache_dir("drivebench")) / "kernels"
    return str(root / _digest(_closure([source])))


def _compiled(function: Callable[P, R], **settings: bool) -> Callable[P, R]:
    """Compile with the house's settings and cache; numba reads the folder when it decorates."""
    given = _config.CACHE_DIR
    folder = _cache_folder(Path(function.__code__.co_filename))
    try:
        _config.CACHE_DIR = folder
        return cast(Callable[P, R], _njit(cache=True, error_model="numpy", nogil=True, **settings)(function))
    finally:
        _config.CACHE_DIR = given


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function for one thread."""
    return _compiled(function)


def borrowing_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that creates no arrays, but only works on those of its caller.

    numba's reference counting is off in it: in a loop over slices and small calls, the atomic counters can
    take most of the time. (``_nrt`` is numba's own switch for device code, which has no reference counts.)
    """
    return _compiled(function, _nrt=False)


def inlined_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a small function into every loop that calls it, so that LLVM can vectorise that loop.

    It creates no arrays; see ``borrowing_kernel``.
    """
    return _compiled(function, forceinline=True, _nrt=False)


def parallel_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function whose ``prange`` loops run on all threads that numba was given."""
    return _compiled(function, parallel=True)
