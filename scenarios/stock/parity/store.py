"""Results of the comparison on disk, so that an interrupted run goes on where it stopped."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import platformdirs

import drivebench.world
from scenarios.stock import building, configuration, upstream, warm_up
from scenarios.stock.parity.egos import EgoKind
from scenarios.stock.parity.episode import EpisodeParity
from scenarios.stock.parity.workers import episode_of

__all__ = ["Store"]

_PRESENTATION = ("__main__.py", "page.py", "defects.py")
"""Modules that do not decide what is found."""


class Store:
    """One file of JSON lines per case and kind of ego, in a folder that is named after the code compared."""

    def __init__(self, folder: Path | None = None) -> None:
        """Open the store of the present code.

        Args:
            folder: Where; the user's cache folder if not given.
        """
        root = folder or Path(platformdirs.user_cache_dir("drivebench")) / "parity"
        self._folder = root / _key()
        self._folder.mkdir(parents=True, exist_ok=True)

    def _file(self, case: str, ego: EgoKind) -> Path:
        name = "".join(letter if letter.isalnum() or letter == "-" else "_" for letter in case)
        return self._folder / f"{name}.{ego}.jsonl"

    def read(self, case: str, ego: EgoKind) -> list[EpisodeParity]:
        """The stored episodes of a case, by seed."""
        file = self._file(case, ego)
        lines = file.read_text().splitlines() if file.exists() else []
        episodes = {(e := episode_of(json.loads(line))).seed: e for line in lines if line.endswith("}")}
        return [episodes[seed] for seed in sorted(episodes)]

    def add(self, case: str, ego: EgoKind, episode: EpisodeParity) -> None:
        """Store an episode."""
        with self._file(case, ego).open("a") as file:
            file.write(json.dumps(asdict(episode)) + "\n")


def _key() -> str:
    """Digest of what the results depend on: sources of the world and of the comparison, and versions."""
    digest = hashlib.sha256()
    for name in ("highway-env", "numba", "numpy"):
        digest.update(f"{name} {version(name)}\n".encode())
    for file in _sources():
        digest.update(f"{file.name}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    world = Path(drivebench.world.__file__).parent
    yield from sorted(world.glob("*.py"))
    yield from (Path(str(module.__file__)) for module in (building, configuration, upstream, warm_up))
    yield from (p for p in sorted(Path(__file__).parent.glob("*.py")) if p.name not in _PRESENTATION)
