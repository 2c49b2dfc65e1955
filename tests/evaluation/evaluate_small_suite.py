"""Evaluates a submission on a small suite, here or as a program that tests send signals to.

``python evaluate_small_suite.py SUBMISSION OUT WORKERS [--resume]``
"""

import sys
from pathlib import Path

import pytest
from small_suites import suite

from drivebench.evaluation import run
from drivebench.evaluation.run import EvaluationRequest, evaluate


def evaluate_small_suite(submission: Path, out: Path, workers: int, *, resume: bool = False) -> None:
    """Eight episodes in four chunks."""
    request = EvaluationRequest(
        what=str(submission),
        suite="small",
        out=out,
        workers=workers,
        chunk_size=2,
        isolation="process",  # where it sees the flags that tests set
        resume=resume,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "load_suite", lambda name: suite(name, 8))
        evaluate(request)


def main() -> None:
    submission, out, workers, *resume = sys.argv[1:]
    try:
        evaluate_small_suite(Path(submission), Path(out), int(workers), resume=resume == ["--resume"])
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
