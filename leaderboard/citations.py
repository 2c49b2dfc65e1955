"""What to cite for a table: drivebench and its suite, highway-env, the policies' papers, the literature."""

import re
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from leaderboard.formats.cells import one_line
from leaderboard.formats.latex import escape
from leaderboard.literature import LiteratureRow
from leaderboard.outcomes import Outcomes

__all__ = ["bibtex"]

_ARXIV = re.compile(r"https?://arxiv\.org/(?:abs|pdf)/(\d{4}\.\d{4,5})(?:v\d+)?(?:\.pdf)?")


def bibtex(runs: Sequence[Outcomes], literature: Sequence[LiteratureRow] = ()) -> str:
    """Entries for BibTeX.

    Args:
        runs: Of the table; at least one.
        literature: Its rows from papers.
    """
    suite = runs[0].manifest.suite
    entries = [
        _entry(
            "software",
            "drivebench",
            {
                "author": "{The drivebench authors}",
                "title": "{drivebench: an autonomous-driving imitation benchmark on top of highway-env}",
                "version": version("drivebench"),
                "note": f"Suite {escape(suite.name)} v{suite.version}, digest {escape(suite.digest[:16])}, "
                f"DriveBench Score v{runs[0].manifest.metric_version}",
            },
        ),
        _entry(
            "misc",
            "highway-env",
            {
                "author": "Leurent, Edouard",
                "title": "{An Environment for Autonomous Driving Decision-Making}",
                "year": "2018",
                "howpublished": r"\url{https://github.com/Farama-Foundation/HighwayEnv}",
            },
        ),
        *_of_policies(runs),
    ]
    for row in literature:
        stated = row.bibtex.strip() or _entry(
            "misc", row.cite, {"title": f"{{{escape(row.name)}}}", "note": "no entry was given"}
        )
        if stated not in entries:
            entries.append(stated)
    return "\n\n".join(entries) + "\n"


def _of_policies(runs: Sequence[Outcomes]) -> Iterator[str]:
    """One entry for each policy that states a paper."""
    named = {run.name: run.manifest.policy for run in sorted(runs, key=lambda run: run.name)}
    for name, policy in named.items():
        paper = one_line(policy.paper)
        if not paper:
            continue
        fields = {"title": f"{{{escape(name)}}}", "note": "policy; as its submission states"}
        found = _ARXIV.fullmatch(paper)
        if found:
            fields |= {"eprint": found[1], "archiveprefix": "arXiv"}
        else:
            fields["howpublished"] = escape(paper)
        yield _entry("misc", name, fields)


def _entry(kind: str, key: str, fields: dict[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    key = re.sub(r"[^A-Za-z0-9:.-]+", "-", key).strip("-") or "unnamed"
    return "\n".join((f"@{kind}{{{key},", *lines, "}"))
