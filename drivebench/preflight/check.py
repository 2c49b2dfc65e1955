"""The check: each part as far as the one before allows."""

import time
from pathlib import Path

from drivebench.errors import ConfigurationError
from drivebench.evaluation.competitor import of_submission
from drivebench.evaluation.isolation.tiers import choose, require
from drivebench.evaluation.manifest import Limits
from drivebench.preflight.imports import import_findings
from drivebench.preflight.report import Finding, Report
from drivebench.preflight.trial import try_out
from drivebench.sensors import SensorRig
from drivebench.submission import read_submission
from drivebench.submission_codes import Code, CodedError
from drivebench.suite import load_suite

__all__ = ["check_submission"]


def check_submission(directory: Path, *, suite: str, isolation: str | None, limits: Limits) -> Report:
    """Everything that can be said of a submission without evaluating it.

    Args:
        directory: The submission.
        suite: Of which some episodes are driven for a few seconds.
        isolation: Tier that must be in force around it; None for the strongest that comes into force here.
        limits: What it is allowed.

    Raises:
        ConfigurationError: There is no such directory, or the tier is not available here.
    """
    started = time.monotonic()
    if not directory.is_dir():
        raise ConfigurationError(
            f"{directory} is not a directory. Expected a submission, as `drivebench init-submission DIR` or "
            "`drivebench train BASELINE --out DIR` writes it."
        )
    tier = choose() if isolation is None else require(isolation)
    entries = load_suite(suite).entries
    findings: list[Finding] = []
    card = trial = None
    try:
        submission = read_submission(directory)
        driven = of_submission(submission)
        card = driven.card
        for name in SensorRig(submission.manifest.sensors).leaks_label:
            findings.append(Finding(code=Code.LEAKS_LABEL, problem=f"the sensor {name!r} is declared"))
        findings += import_findings(submission)
        trial = try_out(driven, entries, limits, tier.value)
        findings += trial.findings
    except CodedError as error:
        findings.append(Finding(code=error.code, problem=error.problem))
    return Report(
        path=str(directory),
        findings=findings,
        card=card,
        isolation=tier.value if trial is not None else None,
        limits=limits,
        trial=trial,
        seconds=time.monotonic() - started,
    )
