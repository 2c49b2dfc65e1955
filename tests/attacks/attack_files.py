"""The attacks, read from their folders, and submissions that make them."""

import importlib.util
import json
import shutil
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
    """An attack: the first line of its file says what it tries, and the file which tier stops it."""

    name: str
    what: str
    stopped_from: Tier
    module: ModuleType

    def stopped_in(self, tier: Tier) -> bool:
        return list(Tier).index(tier) >= list(Tier).index(self.stopped_from)


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
        found.append(Attack(path.stem, what, Tier(module.STOPPED_FROM), module))
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
