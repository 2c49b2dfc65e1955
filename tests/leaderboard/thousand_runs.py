"""How long the table of a thousand runs takes, and how much memory: for ``docs/tables.md``, not for the gate.

Runs are invented: each takes, for every episode of the suite ``test``, what one of the published runs did
there, the better ones more often. They are whole run directories, with checksums and a policy of their own::

    python tests/leaderboard/thousand_runs.py --runs 1000 --out /tmp/thousand
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from drivebench.evaluation.manifest import MANIFEST
from drivebench.evaluation.record import CHECKSUMS, EPISODES, checksums_of, encode, load_run

RECORDS = Path(__file__).parents[2] / "leaderboard" / "records" / "test"


def invent(out: Path, count: int) -> None:
    """Write run directories."""
    known = [load_run(path) for path in sorted(RECORDS.glob("*.zip"))]
    lines = [run.files[EPISODES].splitlines(keepends=True) for run in known]
    means = np.array([np.mean([record.score for record in run.episodes]) for run in known])
    ranked = np.argsort(means)
    for number in range(count):
        rng = np.random.default_rng(number)
        share = np.exp(-0.5 * (np.arange(len(known)) - (len(known) - 1) * number / count) ** 2)
        chosen = ranked[rng.choice(len(known), len(lines[0]), p=share / share.sum())]
        base = known[int(ranked[int(share.argmax())])]
        files = {name: content for name, content in base.files.items() if name != CHECKSUMS}
        files[EPISODES] = b"".join(lines[k][place] for place, k in enumerate(chosen))
        card = replace(
            base.manifest.policy, name=f"policy-{number:04d}", track="camera", digest=f"{number:064x}"
        )
        files[MANIFEST] = encode(replace(base.manifest, policy=card)).encode() + b"\n"
        path = out / f"policy-{number:04d}"
        (path / "actions").mkdir(parents=True)
        for name, content in files.items():
            (path / name).write_bytes(content)
        (path / CHECKSUMS).write_text(json.dumps(checksums_of(path)) + "\n")


def measure(arguments: list[str], index: Path) -> tuple[float, float, int]:
    """Seconds of the clock and of processors, and the most memory in MB, of a command in its own process."""
    started = time.perf_counter()
    command = [sys.executable, "-c", "from drivebench.cli import main; main()", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, env={**os.environ, "DRIVEBENCH_INDEX": str(index)}
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, process.returncode
    return time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss // 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    runs, index = options.out / "runs", options.out / "index"
    if not runs.is_dir():
        invent(runs, options.runs)
    paths = [str(path) for path in sorted(runs.iterdir())[: options.runs]]
    tables = [[], [], ["--by", "family"], ["--claim", "method"]]
    for number, more in enumerate(tables):
        wall_s, cpu_s, memory_mb = measure(["table", *paths, *more], index)
        what = "the first time" if number == 0 else "from the index"
        sys.stdout.write(
            f"table of {len(paths)} runs {' '.join(more)}, {what}: {wall_s:.1f} s ({cpu_s:.1f} s of "
            f"processors), {memory_mb} MB\n"
        )


if __name__ == "__main__":
    main()
