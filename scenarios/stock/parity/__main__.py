"""``python -m scenarios.stock.parity``: compare everything with stock highway-env and write the page."""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from drivebench.errors import ConfigurationError
from drivebench.progress import say
from scenarios.stock.parity.cases import CASES, VARIANTS
from scenarios.stock.parity.egos import EGOS
from scenarios.stock.parity.episode import EpisodeParity
from scenarios.stock.parity.page import page
from scenarios.stock.parity.store import Store
from scenarios.stock.parity.workers import Job, compare, work

WHOLE_STEPS = 50
"""Decisions of an id's first episode in which stock takes whole steps, with observation and reward."""


def main() -> int:
    """Run the comparison and write the page.

    Returns:
        0 if everything was compared and no bit differs, else 1.
    """
    parser = argparse.ArgumentParser(
        prog="python -m scenarios.stock.parity",
        description="Compare the compiled world with stock highway-env, simulation step by simulation step. "
        "Episodes that were compared with the same code before are not compared again.",
    )
    parser.add_argument("--seeds", type=int, default=30, help="episodes for each id and kind of ego")
    parser.add_argument("--variant-seeds", type=int, default=4, help="the same for each variant")
    parser.add_argument("--only", action="append", help="this id or variant alone; may be repeated")
    parser.add_argument("--out", type=Path, help="Markdown file to write; standard output if not given")
    parser.add_argument("--workers", type=int, default=2, help="processes that compare at the same time")
    parser.add_argument("--jobs", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.jobs:
        work(options.jobs)
        return 0
    names = options.only or [*CASES, *VARIANTS]
    unknown = [name for name in names if name not in CASES and name not in VARIANTS]
    if unknown:
        parser.error(f"no id or variant {unknown[0]!r}; there are {', '.join([*CASES, *VARIANTS])}")
    store = Store()
    counts = {name: options.seeds if name in CASES else options.variant_seeds for name in names}
    with ThreadPoolExecutor(options.workers) as pool:
        results = dict(
            zip(names, pool.map(lambda name: _compare(name, counts[name], store), names), strict=True)
        )
    text = page(results, f"python -m scenarios.stock.parity --seeds {options.seeds} --out docs/parity.md")
    if options.out is None:
        sys.stdout.write(text)
    else:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text)
    good = all(
        len(episodes) == counts[name] * len(EGOS) and all(e.stock_break is None for e in episodes)
        for name, episodes in results.items()
    )
    return 0 if good else 1


def _compare(name: str, seeds: int, store: Store) -> list[EpisodeParity]:
    """All episodes of a case, those that are stored and the others."""
    jobs = []
    for ego in EGOS:
        known = {episode.seed for episode in store.read(name, ego)}
        missing = tuple(seed for seed in range(seeds) if seed not in known)
        whole = WHOLE_STEPS if missing[:1] == (0,) and name in CASES else 0
        if missing:
            jobs.append(Job(case=name, ego=ego, seeds=missing, whole_steps=whole))
    if jobs:
        say(f"{name}: comparing {sum(len(job.seeds) for job in jobs)} episodes")
        try:
            for job, episode in compare(jobs):
                store.add(name, job.ego, episode)
                if episode.stock_break is not None:
                    say(f"{name}: {job.ego} ego, seed {episode.seed} DIFFERS: {episode.stock_break}")
        except ConfigurationError as error:
            say(f"{name}: {error}")
    found = [episode for ego in EGOS for episode in store.read(name, ego) if episode.seed < seeds]
    broken = sum(episode.stock_break is not None for episode in found)
    say(f"{name}: {len(found)} of {seeds * len(EGOS)} episodes compared, {broken} differ from stock")
    return found


if __name__ == "__main__":
    sys.exit(main())
