"""What the code of a submission imports, read from its text: nothing is executed."""

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from drivebench.preflight.report import Finding
from drivebench.submission import Submission
from drivebench.submission_codes import Code

__all__ = ["import_findings"]

REFUSED = {
    "asyncio": "the network and other processes",
    "ftplib": "the network",
    "http": "the network",
    "httpx": "the network",
    "huggingface_hub": "the network",
    "multiprocessing": "other processes",
    "requests": "the network",
    "socket": "the network",
    "subprocess": "other processes",
    "urllib": "the network",
}
"""Modules by what they are for, which isolation keeps from a policy."""
WORLD = ("scenarios", "leaderboard", "highway_env")
WORLD_OF_ENGINE = ("scenario", "suite", "world", "evaluation", "secret_seeds", "environment", "registry")
"""Parts of drivebench that know of worlds and seeds: a policy sees its sensors and nothing else."""


def import_findings(submission: Submission) -> Iterator[Finding]:
    """Imports that a policy does not need, or that fail here; of the modules that its entry point leads to.

    Args:
        submission: Whose code to read; one of weights alone has none.
    """
    if submission.manifest.entry_point is None:
        return
    first = submission.manifest.entry_point.partition(":")[0]
    todo, seen = [first], set[str]()
    while todo:
        module = todo.pop()
        file = _file(submission.directory, module)
        if file is None or module in seen:
            continue
        seen.add(module)
        name = file.relative_to(submission.directory)
        for line, imported in _imports(file, module):
            top = imported.partition(".")[0]
            if _file(submission.directory, top) is not None:
                todo += [imported, top, imported.rpartition(".")[0]]
            elif top not in seen:
                if imported == top:
                    seen.add(top)
                problem = _problem(imported, top)
                if problem:
                    yield Finding(code=Code.IMPORTS, problem=f"{name}, line {line}: {problem}")


def _file(directory: Path, module: str) -> Path | None:
    place = directory.joinpath(*module.split(".")) if module else directory
    for file in (place.with_suffix(".py"), place / "__init__.py"):
        if file.is_file() and module:
            return file
    return None


def _imports(file: Path, module: str) -> Iterator[tuple[int, str]]:
    """Line and name of each import of a file; none of one that cannot be read, which says so when it runs."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for each in names:
                    yield node.lineno, each.name
            case ast.ImportFrom(module=source, level=level, names=names):
                above = package.split(".")[: len(package.split(".")) - level + 1] if level else []
                base = ".".join([*above, *([source] if source else [])])
                for each in names:
                    yield node.lineno, f"{base}.{each.name}" if base else each.name


def _problem(imported: str, top: str) -> str:
    if top in REFUSED:
        return f"imports {imported}, which is for {REFUSED[top]}: isolation keeps a policy from that"
    part = imported.split(".")[1] if "." in imported else ""
    if top in WORLD or (top == "drivebench" and part in WORLD_OF_ENGINE):
        return f"imports {imported}, which knows of worlds and seeds: a policy is given its sensors alone"
    try:
        found = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        found = None
    return "" if found is not None else f"imports {imported}, which is not installed here"
