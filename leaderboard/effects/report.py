"""What ``drivebench effects`` prints, and writes into docs/effects.md."""

from collections.abc import Iterator, Sequence

from leaderboard.effects.result import Finding, StudyResult, Verdict
from leaderboard.effects.study import Arm, Claim, Expected, Study
from leaderboard.formats.columns import in_columns, markdown_table
from leaderboard.statistics import LEVEL, Estimate

__all__ = ["as_markdown", "as_text", "declared"]

NOTHING = "–"
FEW_SEEDS = 5


def as_text(results: Sequence[StudyResult]) -> str:
    """All studies for a terminal.

    Args:
        results: One a study.
    """
    return "\n".join("\n".join(_lines(result)) + "\n" for result in results)


def _lines(result: StudyResult) -> Iterator[str]:
    study = result.study
    yield f"{study.name}: {study.question}"
    yield ""
    yield from in_columns([_HEADS, *(_cells(study, finding) for finding in result.findings)])
    yield ""
    yield from (f"  {note}" for note in _notes(result))


_HEADS = ("claim", "measured by", "means", f"difference, {100 * LEVEL:.0f} %", "n", "k", "verdict")


def _cells(study: Study, finding: Finding) -> tuple[str, ...]:
    quantity = study.quantities[finding.claim.quantity]
    means = NOTHING
    if finding.means is not None:
        means = ", ".join(f"{mean:.{quantity.digits}f}" for mean in finding.means)
    return (
        _claim(finding.claim, quantity.digits),
        quantity.name,
        means,
        _difference(finding.difference, quantity.digits),
        str(finding.episodes or NOTHING),
        str(finding.difference.n) if finding.difference else NOTHING,
        finding.verdict.value + (f": {finding.why}" if finding.why else ""),
    )


def _claim(claim: Claim, digits: int) -> str:
    second = claim.second if isinstance(claim.second, str) else f"{claim.second:g}"
    if claim.expected is Expected.NEAR:
        return f"{claim.first} ≈ {second} (± {claim.margin:.{digits}f})"
    return f"{claim.first} > {second}"


def _difference(difference: Estimate | None, digits: int) -> str:
    if difference is None:
        return NOTHING
    value = f"{difference.value:+.{digits}f}"
    if difference.low is None or difference.high is None:
        return value
    return f"{value} [{difference.low:.{digits}f}, {difference.high:.{digits}f}]"


def _notes(result: StudyResult) -> Iterator[str]:
    yield "n: episodes of each policy; k: training seeds; the interval is Student's, over seeds."
    frames = [f"{arm} {count:,.0f}" for arm, count in result.labelled.items() if count is not None]
    if frames:
        yield f"frames that the expert has labelled, mean over seeds: {'; '.join(frames)}."
    yield from dict.fromkeys(
        f"{result.study.quantities[f.claim.quantity].name}: {f.basis}." for f in result.findings if f.basis
    )
    if len(result.seeds) < FEW_SEEDS:
        yield f"fewer than {FEW_SEEDS} training seeds: little can be said."
    if any(finding.verdict is Verdict.OPEN for finding in result.findings):
        yield "open: the interval is too wide to tell near from not near."


def declared(study: Study) -> str:
    """What a study consists of, as Markdown: the same before and after it was run.

    Args:
        study: The study.
    """
    rows = [("arm", "method", "demonstrations of the expert", "settings")]
    rows += [(arm.name, f"`{arm.baseline}`", _data(arm), _settings(arm)) for arm in study.arms]
    return f"{study.question}\n\n{markdown_table(rows)}"


def _data(arm: Arm) -> str:
    return "none" if arm.data is None else f"{arm.data.episodes} of {', '.join(arm.data.scenarios)}"


def _settings(arm: Arm) -> str:
    return ", ".join(f"`{setting}`" for setting in arm.settings) or "none"


def as_markdown(result: StudyResult) -> str:
    """A study and what was found, for docs/effects.md.

    Args:
        result: Of the study.
    """
    rows = [_HEADS, *(_cells(result.study, finding) for finding in result.findings)]
    per_seed = [("measured by", "arm", *(f"seed {seed}" for seed in result.seeds))]
    for name, arms in result.values.items():
        quantity = result.study.quantities[name]
        for arm, values in arms.items():
            shown = [NOTHING if v is None else f"{v:.{quantity.digits}f}" for v in values]
            per_seed.append((quantity.name, arm, *shown))
    notes = "\n".join(f"- {note}" for note in _notes(result))
    return f"{declared(result.study)}\n\n{markdown_table(rows)}\n\n{notes}\n\n{markdown_table(per_seed)}"
