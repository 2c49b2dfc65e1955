"""How drivebench compiles its kernels with numba.

The decorators below fix the settings in one place:

* never ``fastmath``: LLVM may then neither reorder nor fuse floating-point operations, which is what makes
  a canonical episode the same bits on every machine;
* ``error_model="numpy"``: a division by zero gives an infinity, as NumPy does, and no Python exception check;
* ``cache=True``, in a folder whose name digests the module of the kernel and all that it imports from the
  engine and from its own top-level package: numba's own cache looks only at the file of the function it
  compiles and misses an edit in a constant or a function of another module
  (https://numba.readthedocs.io/en/stable/developer/caching.html); a folder per digest cannot go stale, and an
  edit recompiles only what depends on it.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
import platformdirs

__all__ = ["borrowing_kernel", "inlined_kernel", "kernel", "source_digest"]

P = ParamSpec("P")
R = TypeVar("R")

_PACKAGE = Path(__file__).parent
_IMPORT = re.compile(r"^[ \t]*(?:from ([\w.]+) import (\([^)]*\)|.*)|import (.+))", re.MULTILINE)
_KERNELS = re.compile(r"from drivebench\.compiled import .*kernel")
_njit: Any = numba.njit
_config: Any = numba.config


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _package_of(path: Path) -> Path | None:
    """The folder of the top-level package that a source file lies in, None for a module on its own."""
    package = None
    for folder in path.parents:
        if not (folder / "__init__.py").is_file():
            break
        package = folder
    return package


def _file_of(module: str, package: Path) -> Path | None:
    """The source file of a module of a package, None if there is none of this name."""
    top, *names = module.split(".")
    if top != package.name:
        return None
    place = package.joinpath(*names)
    candidates = (place.with_suffix(".py"), place / "__init__.py") if names else (place / "__init__.py",)
    return next((path for path in candidates if path.is_file()), None)


def _absolute(origin: str, path: Path, package: Path | None) -> str:
    """The full name of what ``from origin import`` in a source file means; dots in front count upwards."""
    name = origin.lstrip(".")
    level = len(origin) - len(name)
    if level == 0 or package is None:
        return origin
    above = path.relative_to(package.parent).parts[:-level]
    return ".".join((*above, name) if name else above)


@cache
def _imported(path: Path) -> tuple[Path, ...]:
    """The files of the engine and of its own package that a source file imports, submodules included."""
    own = _package_of(path)
    modules = []
    for given, names, listed in _IMPORT.findall(_text(path)):
        if listed:
            modules += re.findall(r"(?:^|,)\s*([\w.]+)", listed)
        else:
            origin = _absolute(given, path, own)
            modules += [origin, *(f"{origin}.{name}" for name in re.findall(r"\w+", names))]
    packages = {_PACKAGE} if own is None else {_PACKAGE, own}
    found = (_file_of(module, package) for module in modules for package in packages)
    return tuple(sorted({file for file in found if file is not None}))


def _closure(paths: Iterable[Path]) -> tuple[Path, ...]:
    """These files and all that they import from the engine and their own packages, directly or not."""
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
        name = path.relative_to(_package_of(path) or path.parent).as_posix()
        digest.update(f"{name}\0{_text(path)}\0".encode())
    return digest.hexdigest()[:16]


@cache
def source_digest() -> str:
    """Digest of all kernels that decide results, of what their modules import, and of numba's version.

    Those of the benchmarks measure; they decide nothing.

    Returns:
        The first 16 hexadecimal digits of a SHA-256.
    """
    measuring = _PACKAGE / "benchmarks"
    kernels = [
        path
        for path in sorted(_PACKAGE.rglob("*.py"))
        if measuring not in path.parents and _KERNELS.search(_text(path))
    ]
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
