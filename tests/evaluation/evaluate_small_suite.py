"""A script that evaluates a submission on a small suite, for tests that send it signals.

``python evaluate_small_suite.py SUBMISSION OUT WORKERS [--resume]``
"""

import sys
from pathlib import Path

from small_suites import suite

from drivebench.evaluation import run
from drivebench.evaluation.run import EvaluationRequest, evaluate


def main() -> None:
    submission, out, workers = sys.argv[1:4]
    run.load_suite = lambda name: suite(name, 8)
    request = EvaluationRequest(
        what=submission,
        suite="small",
        out=Path(out),
        workers=int(workers),
        chunk_size=2,
        resume="--resume" in sys.argv,
    )
    try:
        evaluate(request)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
