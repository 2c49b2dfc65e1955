"""Ray and SLURM jobs (submitit's local executor) come to what one worker does, also when one of them dies.

Two workers of this machine are in ``test_killed_runs.py``.
"""

import importlib.util
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults import SLOW, descendants, results
from small_suites import submission, suite

from drivebench.errors import ConfigurationError, UnknownNameError
from drivebench.evaluation import run as run_module
from drivebench.evaluation.engines.engine import HarnessError
from drivebench.evaluation.record import load_run
from drivebench.evaluation.run import EvaluationRequest, evaluate

SUITE = suite(count=6)


@pytest.fixture(autouse=True, scope="module")
def _small_suite() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "load_suite", lambda name: SUITE)
        yield


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return submission(tmp_path_factory.mktemp("submissions") / "slow", SLOW)


def drive(
    policy: Path, out: Path, progress: Callable[[int, int], None] = lambda done, of: None, **how: object
) -> dict[str, bytes]:
    request = EvaluationRequest(what=str(policy), suite="small", out=out, chunk_size=2, **how)  # type: ignore[arg-type]
    evaluate(request, progress)
    return results(out)


@pytest.fixture(scope="module")
def alone(policy: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What one worker comes to, in the evaluator itself."""
    return drive(policy, tmp_path_factory.mktemp("runs") / "alone", workers=1)


def kill_one(having: str, seen: list[int]) -> Callable[[int, int], None]:
    """Kills, when the first chunk is done, a process of this one that has something in its command line."""

    def look(done: int, of: int) -> None:
        if done >= 2 and not seen:
            for pid in descendants(os.getpid()):
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                if having in command:
                    seen.append(pid)
                    os.kill(pid, signal.SIGKILL)
                    return

    return look


@pytest.mark.skipif(importlib.util.find_spec("submitit") is None, reason="needs drivebench[slurm]")
def test_slurm_jobs_come_to_the_same_bytes(policy: Path, alone: dict[str, bytes], tmp_path: Path) -> None:
    killed: list[int] = []
    look = kill_one("submitit.core._submit", killed)
    how = {"engine": "slurm", "engine_options": {"cluster": "local"}, "workers": 2}
    assert drive(policy, tmp_path / "run", look, **how) == alone
    assert killed
    (attempt,) = load_run(tmp_path / "run").manifest.attempts
    assert (attempt.engine, attempt.workers, attempt.outcome) == ("slurm", 2, "finished")
    assert not (tmp_path / "run" / "parts").exists()


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs drivebench[ray]")
def test_ray_comes_to_the_same_bytes(policy: Path, alone: dict[str, bytes], tmp_path: Path) -> None:
    killed: list[int] = []
    try:
        done = drive(policy, tmp_path / "run", kill_one("ray::_Driver", killed), engine="ray", workers=2)
    except HarnessError as error:
        if "Ray did not start" not in str(error):
            raise
        pytest.skip(f"this machine is too busy: {error}")
    assert done == alone
    assert killed
    (attempt,) = load_run(tmp_path / "run").manifest.attempts
    assert (attempt.engine, attempt.workers, attempt.outcome) == ("ray", 2, "finished")


def test_what_an_engine_cannot_do_is_said_before_anything_is_driven(policy: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'slurm'"):
        drive(policy, tmp_path / "run", engine="slrm")
    assert not (tmp_path / "run").exists()
    for engine, options, complaint in (
        ("local", {"partition": "gpu"}, "unknown option of the engine 'local' 'partition'"),
        ("slurm", {"partion": "gpu"}, "Did you mean 'partition'"),
        ("slurm", {"cluster": "local", "minutes": "soon"}, "the option minutes is 'soon'"),
        ("ray", {"gpus": "many"}, "the option gpus is 'many'"),
    ):
        with pytest.raises((UnknownNameError, ConfigurationError), match=complaint):
            drive(policy, tmp_path / "run", engine=engine, engine_options=options, resume=True)
    if shutil.which("sbatch") is None and importlib.util.find_spec("submitit") is not None:
        with pytest.raises(ConfigurationError, match="cluster=local"):
            drive(policy, tmp_path / "run", engine="slurm", resume=True)
