"""The demonstrations that somebody needs, and where they are once they were collected."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Demand", "collected"]

NAMED = 3
"""Of more scenarios than this, the name of a folder tells the number and a digest."""


@dataclass(frozen=True, kw_only=True)
class Demand:
    """Demonstrations by what they are, not by where they lie.

    Attributes:
        scenarios: Ids of the scenarios.
        episodes: Episodes of each scenario, by the name of the budget.
        condition: Condition of all of them.
        driver: Name of the driver that is recorded.
        first_seed: Seeds count up from here, in the training split.
    """

    scenarios: tuple[str, ...]
    episodes: Mapping[str, int] = field(default_factory=dict)
    condition: str = "nominal"
    driver: str = "expert"
    first_seed: int = 0

    def name(self, budget: str) -> str:
        """A folder name that tells what is inside."""
        what = "-".join(self.scenarios)
        if len(self.scenarios) > NAMED:
            digest = hashlib.sha256(what.encode()).hexdigest()
            what = f"{len(self.scenarios)}-scenarios-{digest[:8]}"
        return f"{what}-{self.condition}-{self.driver}-{self.first_seed}-{self.episodes[budget]}"


def collected(demand: Demand, budget: str, root: Path) -> Path:
    """The folder under ``root`` with the demonstrations of a demand; collects them if there is none.

    Collecting gives the same content each time, so a folder that exists is as good as a new one.

    Args:
        demand: What is needed.
        budget: Which number of episodes.
        root: Folder of folders of demonstrations.

    Raises:
        DataError: The folder exists but is damaged.
    """
    from drivebench.demonstrations.collect import collect
    from drivebench.demonstrations.store import read, write

    folder = root / demand.name(budget)
    if folder.exists():
        read(folder)
    else:
        demonstrations = collect(
            demand.scenarios,
            episodes=demand.episodes[budget],
            driver=demand.driver,
            condition=demand.condition,
            first_seed=demand.first_seed,
        )
        write(demonstrations, folder)
    return folder
