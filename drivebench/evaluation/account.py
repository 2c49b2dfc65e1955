"""How often a machine has evaluated a policy on a suite: a line for each run, in a file of the user.

Whoever tries often and publishes the best reports luck. The count is disclosed in ``run.json``; it proves
nothing, as the file is the user's own, but an organiser's machine keeps an honest one.
"""

import json
import os
from contextlib import suppress
from pathlib import Path

import platformdirs

from drivebench.evaluation.manifest import Earlier, RunManifest
from drivebench.progress import say

__all__ = ["account_path", "count_evaluation"]


def account_path() -> Path:
    """Where the account is."""
    return Path(platformdirs.user_state_dir("drivebench")) / "evaluations.jsonl"


def count_evaluation(manifest: RunManifest) -> Earlier | None:
    """Note that a run was begun.

    Args:
        manifest: Of the run.

    Returns:
        What had been noted before; None, said aloud, where the account cannot be kept.
    """
    path = account_path()
    line = {"suite": manifest.suite.digest, "policy": manifest.policy.digest, "name": manifest.policy.name}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+", encoding="utf-8") as file:
            file.seek(0)
            before = file.read().splitlines()
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        say(f"how often this policy was evaluated is not counted: {error}")
        return None
    policy = name = 0
    for text in before:
        with suppress(json.JSONDecodeError):  # a line that was cut off
            noted = json.loads(text)
            if noted["suite"] == line["suite"]:
                policy += noted["policy"] == line["policy"]
                name += noted["name"] == line["name"]
    return Earlier(policy=policy, name=name)
