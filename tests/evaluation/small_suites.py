"""Small suites of real episodes, and submissions that are a few lines of NumPy."""

from pathlib import Path

from drivebench.scenario import DEV, load_scenario
from drivebench.suite import Suite, SuiteEntry

STEADY = """
import numpy as np
from pathlib import Path

class Steady:
    def reset(self, slots):
        print("reset", slots.tolist())

    def act(self, observation, slots):
        actions = np.zeros((len(slots), 2), np.float32)
        actions[:, 0] = np.where(observation["speed"][:, 0] < 6.0, 0.3, 0.0)
        return actions

def load(directory: Path) -> Steady:
    return Steady()
"""


def suite(name: str = "small", count: int = 6, scenario: str = "lane-keeping-v1") -> Suite:
    """Episodes of a scenario, half of them off course, with a reference that is not driven but stated."""
    entries = []
    for number in range(count):
        seed, condition = DEV.start + 700_000 + number, ("nominal", "off-course")[number % 2]
        episode = load_scenario(scenario).episode(seed, condition)
        entries.append(
            SuiteEntry(
                scenario=scenario,
                condition=condition,
                seed=seed,
                reference_time_s=25.0,
                reference_distance_m=200.0,
                world_digest=episode.world.digest,
                task_digest=episode.task_digest,
            )
        )
    return Suite(name=name, version=1, description="For tests.", entries=tuple(entries))


def submission(folder: Path, code: str = STEADY, **changes: str) -> Path:
    """A submission directory whose policy is the given code."""
    fields = {
        "name": '"steady"',
        "authors": '["A. Tester"]',
        "track": '"camera"',
        "sensors": '["speed", "command", "instruction"]',
        "entry_point": '"policy:load"',
        "training_data": '"none"',
    } | changes
    folder.mkdir(parents=True)
    (folder / "submission.toml").write_text("".join(f"{name} = {value}\n" for name, value in fields.items()))
    (folder / "policy.py").write_text(code)
    return folder
