"""Evaluates a submission on a small suite, here or as a program that tests send signals to.

``python evaluate_small_suite.py SUBMISSION OUT WORKERS [--isolation TIER] [--resume]``
"""

import argparse
import sys
from pathlib import Path

import pytest
from small_suites import suite

from drivebench.evaluation import run
from drivebench.evaluation.engines.engine import HarnessError
from drivebench.evaluation.run import EvaluationRequest, evaluate

CHUNKS = 4
GAVE_UP = 3
"""Exit code of an evaluation that lost too many workers over one chunk."""


def evaluate_small_suite(
    submission: Path, out: Path, workers: int, *, isolation: str | None = None, resume: bool = False
) -> None:
    """Chunks of two episodes."""
    request = EvaluationRequest(
        what=str(submission),
        suite="small",
        out=out,
        workers=workers,
        isolation=isolation,
        chunk_size=2,
        resume=resume,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "load_suite", lambda name: suite(name, 2 * CHUNKS))
        evaluate(request)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("submission", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("workers", type=int)
    parser.add_argument("--isolation")
    parser.add_argument("--resume", action="store_true")
    try:
        evaluate_small_suite(**vars(parser.parse_args()))
    except KeyboardInterrupt:
        sys.exit(130)
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(GAVE_UP)


if __name__ == "__main__":
    main()
