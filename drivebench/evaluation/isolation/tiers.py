"""Which tiers of isolation can be put in force on this machine, found by trying; and choosing one.

A tier that is asked for is in force or the run does not start. When none is asked for it is the strongest
that comes into force here; which, and why none that is stronger, is said.
"""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from drivebench.errors import ConfigurationError, UnknownNameError
from drivebench.evaluation import bare_python
from drivebench.evaluation.isolation.kernel import ConfinementError
from drivebench.evaluation.isolation.launch import Launch, launch
from drivebench.evaluation.isolation.tier import Tier

__all__ = ["Found", "choose", "describe", "require", "try_tier"]

PATIENCE_S = 60.0
_TRIAL = "drivebench.evaluation.isolation.trial"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What came of trying a tier.

    Attributes:
        problem: Why it is not in force here; empty when it is.
        landlock: Version of Landlock's interface that was in force; 0 for none.
    """

    problem: str
    landlock: int = 0


@cache
def try_tier(tier: Tier) -> Found:
    """Start a process in a tier and have it try what must be refused; done once.

    Args:
        tier: Which.
    """
    if tier is Tier.PROCESS:
        return Found(problem="")
    if sys.platform != "linux":
        return Found(problem="it needs Linux")
    library = importlib.util.find_spec("numpy")
    with TemporaryDirectory(prefix="drivebench-") as folder:
        directory, secret, scratch = (Path(folder) / name for name in ("submission", "secret", "scratch"))
        Path(folder).chmod(0o755)  # so that no more than the tier keeps it from the secret
        directory.mkdir(mode=0o755)
        secret.write_text("secret")
        try:
            start = launch(
                tier, bare_python.command(_TRIAL), directory, environment=dict(os.environ), scratch=scratch
            )
        except ConfinementError as error:
            return Found(problem=str(error))
        assert start.confinement is not None
        assert library is not None
        task = {
            "confinement": start.confinement.encode(),
            "library": library.origin,
            "secret": str(secret),
            "process": os.getpid(),
        }
        return _ask(start, json.dumps(task))


def _ask(start: Launch, task: str) -> Found:
    try:
        ended = subprocess.run(
            start.command,
            input=task,
            env=start.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Found(problem=str(error))
    if ended.returncode != 0:
        last = ended.stderr.strip().splitlines()[-1:] or [f"the trial ended with code {ended.returncode}"]
        return Found(problem=last[0])
    return Found(**json.loads(ended.stdout))


def require(name: str) -> Tier:
    """The tier of a name, if it comes into force here.

    Args:
        name: As on the command line.

    Raises:
        UnknownNameError: There is no such tier; suggests the nearest.
        ConfigurationError: It does not come into force.
    """
    if name not in {tier.value for tier in Tier}:
        raise UnknownNameError("isolation tier", name, [tier.value for tier in Tier])
    tier = Tier(name)
    if try_tier(tier).problem:
        usable = ", ".join(other.value for other in Tier if not try_tier(other).problem)
        raise ConfigurationError(
            f"isolation tier {name!r} does not come into force on this machine: {try_tier(tier).problem}. "
            f"Expected one of: {usable}. A run never falls back to a weaker tier by itself: mend the cause, "
            "or ask for one of these."
        )
    return tier


def choose() -> Tier:
    """The strongest tier that comes into force here."""
    return next(tier for tier in reversed(Tier) if not try_tier(tier).problem)


def describe(tier: Tier) -> str:
    """A line for the user: what is in force, and why nothing stronger is.

    Args:
        tier: That is in force.
    """
    stronger = list(Tier)[list(Tier).index(tier) + 1 :]
    problems = {other.value: try_tier(other).problem for other in stronger}
    missing = [f"{name} is not in force: {problem}" for name, problem in problems.items() if problem]
    trust = " (the policy has all your rights: evaluate only code that you trust)"
    return "; ".join([f"isolation: {tier.value}{trust if tier is Tier.PROCESS else ''}", *missing])
