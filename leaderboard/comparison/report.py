"""A comparison as text, Markdown, LaTeX or one JSON object; and as one sentence that can be pasted."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict

from leaderboard.comparison.difference import Comparison, Line
from leaderboard.formats.cells import NOTHING, one_line
from leaderboard.formats.columns import in_columns, markdown_table
from leaderboard.formats.latex import escape as latex
from leaderboard.formats.markdown import escape as markdown
from leaderboard.scores import estimate_json
from leaderboard.statistics import LEVEL, Estimate

__all__ = ["FORMATS", "sentence"]

SCHEMA = 1
SIGNIFICANT = 1.0 - LEVEL
DIGITS = 12
SMALLEST_P = 1e-4
"""Smaller ones are printed as smaller than this."""


def sentence(found: Comparison) -> str:
    """What may be claimed, and no more.

    Args:
        found: The comparison.
    """
    first, second = map(one_line, found.names)
    line = found.overall
    where = f"suite {found.suite} of drivebench ({found.episodes} episodes, digest {found.digest[:DIGITS]})"
    scores = f"{first} scores {line.first:.1f} and {second} {line.second:.1f}"
    if line.difference.low is None or line.p is None:
        return (
            f"On {where}, {scores}, a difference of {line.difference.value:+.1f} points; nothing more "
            f"can be said, because {_why_not(found)}."
        )
    verdict = f"{100 * LEVEL:.0f} % interval; {_p(line.p)}, {found.test.partition(' (')[0]}"
    size = f"a difference of {_interval(line.difference, signed=True)} points ({verdict})"
    conclusion = "" if _told(line) else ", which cannot be told from none"
    return f"On {where}, {scores}, {size}{conclusion}. {_families(found)} {_about(found)}"


def _why_not(found: Comparison) -> str:
    if found.claim == "method":
        return "a method needs two training seeds or more"
    return "a family has a single common episode"


def _told(line: Line) -> bool:
    """Whether interval and test agree that there is a difference."""
    low, high, p = line.difference.low, line.difference.high, line.corrected
    if low is None or high is None or p is None:
        return False
    return (low > 0.0 or high < 0.0) and p < SIGNIFICANT


def _families(found: Comparison) -> str:
    tested = [line for line in found.families if line.corrected is not None]
    told = [line for line in tested if _told(line)]
    better = [line.what for line in told if line.difference.value > 0.0]
    worse = [line.what for line in told if line.difference.value < 0.0]
    if not told:
        return f"In none of {len(tested)} families is the difference significant after Holm's correction."
    parts = [f"better in {_listed(better)}"] * bool(better) + [f"worse in {_listed(worse)}"] * bool(worse)
    return (
        f"After Holm's correction over {len(tested)} families, {one_line(found.names[0])} is "
        f"{' and '.join(parts)}."
    )


def _listed(names: list[str]) -> str:
    *most, last = names or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _about(found: Comparison) -> str:
    if found.claim == "checkpoint":
        return "This is about two policies as they were trained, not about the methods that trained them."
    counts = [str(count) if count else "no" for count in found.seeds]
    return f"This is about methods, over {counts[0]} and {counts[1]} training seeds."


def _interval(estimate: Estimate, *, signed: bool = False) -> str:
    shape = "+.1f" if signed else ".1f"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:{shape}}"
    return f"{estimate.value:{shape}} [{estimate.low:{shape}}, {estimate.high:{shape}}]"


def _p(p: float | None) -> str:
    if p is None:
        return "no test"
    return f"p < {SMALLEST_P}" if p < SMALLEST_P else f"p = {p:.2g}" if p < 0.001 else f"p = {p:.3f}"


def _heads(found: Comparison) -> tuple[str, ...]:
    first, second = found.names
    effect = "g" if found.claim == "method" else "d_z"
    counted = "seeds" if found.claim == "method" else "pairs"
    return ("", first, second, "difference", "p", "corrected p", "P(first better) [%]", effect, counted)


def _rows(found: Comparison) -> Iterator[tuple[str, ...]]:
    for line in (found.overall, *found.families):
        corrected = _value(line.corrected) if line is not found.overall else NOTHING
        yield (
            line.what + " *" * (_told(line) and line is not found.overall),
            f"{line.first:.1f}",
            f"{line.second:.1f}",
            _interval(line.difference, signed=True),
            _value(line.p),
            corrected,
            _interval(line.improvement),
            NOTHING if line.effect is None else f"{line.effect:+.2f}",
            str(line.difference.n),
        )


def _value(p: float | None) -> str:
    return NOTHING if p is None else _p(p).removeprefix("p = ").removeprefix("p ")


def _notes(found: Comparison) -> Iterator[str]:
    yield sentence(found)
    effect = "Hedges' g over training seeds" if found.claim == "method" else "Cohen's d_z of the pairs"
    yield (
        f"p: {found.test}. corrected p: Holm, over the families; * where it is below {SIGNIFICANT:.2g} and "
        f"the interval excludes 0. Effect size: {effect}."
    )
    if found.left_out:
        yield f"{found.left_out} episodes that only one of both has driven are left out."


def as_text(found: Comparison) -> str:
    """For a terminal."""
    lines = [*in_columns([_heads(found), *_rows(found)]), "", *_notes(found)]
    if found.telling:
        lines += ["", "Where they differ most:"]
        for each in found.telling:
            lines += [f"  {each.key}: {each.first:.1f} and {each.second:.1f}", f"    {each.command}"]
    return "\n".join(lines) + "\n"


def as_markdown(found: Comparison) -> str:
    """For an issue or a README."""
    rows = [_heads(found), *_rows(found)]
    lines = [
        markdown_table([[markdown(cell) for cell in row] for row in rows]),
        "",
        *map(markdown, _notes(found)),
    ]
    lines += [f"- {markdown(t.key)}: {t.first:.1f} and {t.second:.1f}" for t in found.telling]
    return "\n".join(lines) + "\n"


def as_latex(found: Comparison) -> str:
    """For a paper, with booktabs."""
    heads, overall, *families = [[latex(cell) for cell in row] for row in (_heads(found), *_rows(found))]
    body = [" & ".join(row) + r" \\" for row in (heads, overall, *families)]
    lines = [
        r"% made by drivebench; needs \usepackage{booktabs} and \usepackage{graphicx}",
        r"\begin{table*}",
        r"  \centering",
        f"  \\caption{{{latex(sentence(found))}}}",
        r"  \label{tab:drivebench-comparison}",
        r"  \medskip",
        r"  \resizebox{\ifdim\width>\textwidth\textwidth\else\width\fi}{!}{%",
        f"  \\begin{{tabular}}{{l{'r' * (len(heads) - 1)}}}",
        r"    \toprule",
        f"    {body[0]}",
        r"    \midrule",
        f"    {body[1]}",
        r"    \midrule",
        *(f"    {row}" for row in body[2:]),
        r"    \bottomrule",
        r"  \end{tabular}}",
        r"\end{table*}",
    ]
    return "\n".join(lines) + "\n"


def as_json(found: Comparison) -> str:
    """One object: the fields of :class:`leaderboard.comparison.difference.Comparison`, and ``sentence``."""
    content = {
        "schema": SCHEMA,
        "claim": found.claim,
        "names": list(found.names),
        "training_seeds": list(found.seeds),
        "suite": found.suite,
        "suite_digest": found.digest,
        "episodes": found.episodes,
        "left_out": found.left_out,
        "level": LEVEL,
        "test": found.test,
        "overall": _object(found.overall),
        "families": [_object(line) for line in found.families],
        "telling": [asdict(each) for each in found.telling],
        "sentence": sentence(found),
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _object(line: Line) -> dict[str, object]:
    return {
        "what": line.what,
        "first": round(line.first, 6),
        "second": round(line.second, 6),
        "difference": estimate_json(line.difference),
        "p": line.p,
        "corrected_p": line.corrected,
        "improvement": estimate_json(line.improvement),
        "effect": None if line.effect is None else round(line.effect, 6),
    }


FORMATS: dict[str, Callable[[Comparison], str]] = {
    "text": as_text,
    "md": as_markdown,
    "latex": as_latex,
    "json": as_json,
}
