"""The tables of README.md and leaderboard/records/README.md, from the published records.

``python -m leaderboard.readme`` writes them between two comments each, with digests of the records and of the
table itself. ``--check`` compares these digests, in a moment, and changes nothing: exit code 1 when a record,
the score or the table has changed since. A test does the same.
"""

import argparse
import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from drivebench.evaluation.record import CHECKSUMS
from drivebench.evaluation.run_files import PACKED, run_files
from drivebench.metric.score import metric_digest
from leaderboard.board import Board
from leaderboard.comparable import check_comparable
from leaderboard.formats.columns import markdown_table
from leaderboard.index import read_runs
from leaderboard.marked import marked, replace_marked
from leaderboard.outcomes import Outcomes
from leaderboard.statistics import Estimate, mean_over_seeds

__all__ = ["Published", "documents", "main", "read_published", "records_digest", "stale", "steering_r2"]

ROOT = Path(__file__).parents[1]
RECORDS = ROOT / "leaderboard" / "records"
NOTHING = "–"
SHOWN = 16
"""Digits of a digest."""
PRIVILEGED = "privileged"

OFF_COURSE, LONG_HAUL = "lane-keeping-v1/off-course/", "long-haul-v1/"
"""With what the keys of these episodes begin."""

MANY_ANSWERS = ("fork", "occlusion", "parking")
"""Families that ask for more than one picture and one answer to it; the table has a column without them."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """The published runs of a policy with one training seed, or of a reference.

    Attributes:
        test: On the suite ``test``.
        recovery: On the suite ``recovery``, if that was published: of a policy that has learnt lane keeping
            alone, with the same method and seed.
    """

    test: Outcomes
    recovery: Outcomes | None

    @property
    def name(self) -> str:
        """Of the policy."""
        return self.test.name

    @property
    def track(self) -> str:
        """Of the policy."""
        return self.test.track

    @property
    def seed(self) -> int | None:
        """Of the training."""
        return self.test.training_seed

    def mean(self, without: Sequence[str] = ()) -> float:
        """The score on ``test``, without its interval and without some families."""
        families = self.test.by_family("dbs")
        return fmean(fmean(scores) for family, scores in families.items() if family not in without)


def steering_r2(run: Outcomes) -> float | None:
    """Open loop, on held-out frames of the expert, what a run's policy explains of the steering.

    Args:
        run: Of any policy; None for one that was not trained.
    """
    value = (run.manifest.policy.training or {}).get("open_loop", {}).get("steering_r2")
    return value if isinstance(value, float) else None


def read_published(folder: Path = RECORDS) -> list[Published]:
    """All published runs, the best method first, by training seed within a method; references in the end.

    Args:
        folder: Of the records.
    """
    paths = sorted(folder.glob(f"*/*{PACKED}"))
    runs = dict(zip(paths, read_runs(paths, "read the published runs"), strict=True))
    found = [
        Published(test=run, recovery=runs.get(folder / "recovery" / path.name))
        for path, run in runs.items()
        if path.parent.name == "test"
    ]
    by_name = {name: fmean([each.mean() for each in runs]) for name, runs in _methods(found).items()}
    return sorted(
        found, key=lambda each: (each.track == PRIVILEGED, -by_name[each.name], each.name, each.seed or 0)
    )


def _methods(published: Sequence[Published]) -> dict[str, list[Published]]:
    methods: dict[str, list[Published]] = {}
    for each in published:
        methods.setdefault(each.name, []).append(each)
    return methods


# ---------------------------------------------------------------------------------------------- tables
def _methods_table(published: Sequence[Published]) -> str:
    """A line for each method, over training seeds; what nobody trained has no interval over them."""
    rows = [
        (
            "policy",
            "senses",
            "DBS, `test`",
            f"without {', '.join(MANY_ANSWERS)}",
            "training seeds",
        )
    ]
    for name, runs in _methods(published).items():
        means = [each.mean() for each in runs]
        trained = runs[0].seed is not None
        without = fmean([each.mean(MANY_ANSWERS) for each in runs])
        seeds = ", ".join(f"{mean:.1f}" for mean in means) if trained else "not trained"
        rows.append((f"`{name}`", runs[0].track, _shown(mean_over_seeds(means)), f"{without:.1f}", seeds))
    return markdown_table(rows)


def _lesson_table(published: Sequence[Published]) -> str:
    """Open loop beside the way back from off course, for each method that was driven from there."""
    rows = [
        ("policy", "steering R² on held-out expert frames", "DBS from starts beside the lane, `recovery`")
    ]
    for name, runs in _methods(published).items():
        driven = [each.recovery for each in runs if each.recovery is not None]
        explained = [steering_r2(run) for run in driven]
        if len(driven) < len(runs) or None in explained:
            continue
        scores = [estimate.value for estimate in _dbs(driven)]
        rows.append(
            (
                f"`{name}`",
                ", ".join(f"{r2:.3f}" for r2 in explained if r2 is not None),
                ", ".join(f"{score:.0f}" for score in scores),
            )
        )
    return markdown_table(rows)


def _runs_table(published: Sequence[Published]) -> str:
    """A line for each published run."""
    rows = [
        (
            "policy",
            "training seed",
            "steering R², open loop",
            "DBS, lane keeping off-course, `test`",
            "DBS, long haul, `test`",
            "DBS, `test`",
        )
    ]
    columns = [_dbs([each.test for each in published], of) for of in (OFF_COURSE, LONG_HAUL, "")]
    for each, *scores in zip(published, *columns, strict=True):
        seed = NOTHING if each.seed is None else str(each.seed)
        rows.append((each.name, seed, _explained(each.test), *map(_shown, scores)))
    return markdown_table(rows)


def _dbs(runs: Sequence[Outcomes], prefix: str = "") -> tuple[Estimate, ...]:
    """The scores of runs on the episodes whose key begins with something."""
    check_comparable(runs)
    keys = [key for key in runs[0].manifest.episodes if key.startswith(prefix)]
    return Board(runs, keys).scored("dbs").estimates


def _recovery_table(published: Sequence[Published]) -> str:
    """A line for each published run on the suite ``recovery``."""
    rows = [("policy", "training seed", "steering R², open loop", "DBS, `recovery`")]
    driven = [(each, each.recovery) for each in published if each.recovery is not None]
    for (each, run), score in zip(driven, _dbs([run for _, run in driven]), strict=True):
        seed = NOTHING if each.seed is None else str(each.seed)
        rows.append((each.name, seed, _explained(run), _shown(score)))
    return markdown_table(rows)


def _explained(run: Outcomes) -> str:
    value = steering_r2(run)
    return NOTHING if value is None else f"{value:.4f}"


def _shown(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.1f}"
    low, high = max(0.0, estimate.low), min(100.0, estimate.high)
    return f"{estimate.value:.1f} [{low:.1f}, {high:.1f}]"


TABLES: Mapping[Path, Mapping[str, Callable[[Sequence[Published]], str]]] = {
    ROOT / "README.md": {"methods": _methods_table, "first lesson": _lesson_table},
    RECORDS / "README.md": {"methods": _methods_table, "runs": _runs_table, "recovery": _recovery_table},
}
"""By document, the parts that are made from the records."""


def documents(published: Sequence[Published]) -> dict[Path, str]:
    """The documents as they should be.

    Args:
        published: The records.
    """
    made: dict[Path, str] = {}
    digest = records_digest()
    for path, tables in TABLES.items():
        made[path] = path.read_text(encoding="utf-8")
        for name, table in tables.items():
            made[path] = replace_marked(made[path], name, _stamped(table(published), digest))
    return made


def records_digest(folder: Path = RECORDS) -> str:
    """Of all that the tables depend on: which records there are, with which results, and the score's formula.

    Args:
        folder: Of the records.
    """
    digest = hashlib.sha256(metric_digest().encode())
    for path in sorted(folder.glob(f"*/*{PACKED}")):
        checksums = hashlib.sha256(run_files(path)[CHECKSUMS]).hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()} {checksums}\n".encode())
    return digest.hexdigest()


def _stamped(table: str, records: str) -> str:
    """A table below a comment with the digests that :func:`stale` looks at."""
    return f"<!-- records {records[:SHOWN]}, table {_digest(table)} -->\n{table.strip()}"


def _digest(table: str) -> str:
    return hashlib.sha256(table.strip().encode()).hexdigest()[:SHOWN]


def stale(folder: Path = RECORDS) -> list[str]:
    """Which tables are not what the records give, as ``document: table``.

    Args:
        folder: Of the records.
    """
    records = records_digest(folder)
    found = []
    for path, tables in TABLES.items():
        text = path.read_text(encoding="utf-8")
        for name in tables:
            body = marked(text, name)
            if body != _stamped(body.partition("\n")[2], records):
                found.append(f"{path}: {name}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the tables, or check them.

    Args:
        arguments: Of the command line.

    Returns:
        The exit code: 1 when ``--check`` has found a table that is not what the records give.
    """
    parser = argparse.ArgumentParser(description="The tables of the READMEs, from the published records.")
    parser.add_argument("--check", action="store_true", help="change nothing, and say what is stale")
    check: bool = parser.parse_args(arguments).check
    if check:
        for each in (found := stale()):
            sys.stderr.write(f"{each} is not what the records give; run `python -m leaderboard.readme`\n")
        return 1 if found else 0
    for path, text in documents(read_published()).items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
