"""The attacks, read from their folders, and submissions that make them.

``python tests/attacks/attack_files.py`` prints the table of ``docs/isolation.md``.
"""

import importlib.util
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from drivebench.evaluation.isolation.tier import Tier

HERE = Path(__file__).parent
FIELDS = """\
name = "attack"
authors = ["A. Attacker"]
track = "camera"
sensors = ["speed"]
entry_point = "policy:load"
training_data = "none"
"""


@dataclass(frozen=True)
class Attack:
    """An attack: the first line of its file says what it tries, and the file which tier stops it, if any."""

    name: str
    what: str
    stopped_from: Tier | None
    module: ModuleType

    def stopped_in(self, tier: Tier) -> bool:
        return self.stopped_from is not None and list(Tier).index(tier) >= list(Tier).index(self.stopped_from)


def attacks(folder: str) -> list[Attack]:
    """All attacks of a folder, by name."""
    found = []
    for path in sorted((HERE / folder).glob("*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert module.__doc__ is not None
        what = module.__doc__.strip().rstrip(".")
        stopped_from = None if module.STOPPED_FROM is None else Tier(module.STOPPED_FROM)
        found.append(Attack(path.stem, what, stopped_from, module))
    return found


def attacking(where: Path, policy: str, settings: object, folder: str | None = None) -> Path:
    """A submission that is one of the policies beside this file, with the attacks of a folder."""
    where.mkdir(parents=True)
    (where / "submission.toml").write_text(FIELDS)
    shutil.copy(HERE / f"{policy}_policy.py", where / "policy.py")
    if folder is not None:
        shutil.copytree(HERE / folder, where / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (where / "settings.json").write_text(json.dumps(settings))
    return where


def table() -> str:
    """Which tier stops which attack, in Markdown."""
    lines = ["| attack | " + " | ".join(Tier) + " | file |", "|---|" + ":-:|" * len(Tier) + "---|"]
    for folder in ("reaching", "breaking"):
        for attack in attacks(folder):
            stopped = ("✓" if attack.stopped_in(tier) else "–" for tier in Tier)
            lines.append(f"| {attack.what} | {' | '.join(stopped)} | `{folder}/{attack.name}.py` |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())
