"""How long the rest will take, from what has been measured so far in the same working directory."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from statistics import fmean

from drivebench.progress import duration
from leaderboard.jobs.ledger import Ledger
from leaderboard.jobs.running import Running
from leaderboard.jobs.step import Step

__all__ = ["Forecast"]


class Forecast:
    """Expects of a step what steps of its kind have taken, else what those of the same command have taken."""

    def __init__(self, ledger: Ledger, steps: Sequence[Step]) -> None:
        """Take the steps of all jobs; one that several jobs share counts once.

        Args:
            ledger: Knows what finished steps have taken.
            steps: All of them.
        """
        self._ledger = ledger
        self._steps = {step.product: step for step in steps}

    def left(self, running: Iterable[Running], *, skip: Collection[Path], workers: int) -> str:
        """In words, such as ``about 12 min 5 s left``.

        Args:
            running: Commands at work; where one says how far it is, that counts as a measurement.
            skip: Products of steps that need not, or cannot, be done any more.
            workers: How many commands run at a time.
        """
        now = {each.step.product: each for each in running}
        measured: dict[str, list[float]] = {}
        for product, step in self._steps.items():
            seconds = self._ledger.seconds(step) if product not in now else _projected_s(now[product])
            if seconds is not None:
                for kind in (step.kind, step.verb):
                    measured.setdefault(kind, []).append(seconds)
        total_s, unknown = 0.0, False
        for product, step in self._steps.items():
            if product in skip:
                continue
            known = measured.get(step.kind) or measured.get(step.verb)
            if known is None:
                unknown = True
                continue
            gone_s = now[product].seconds if product in now else 0.0
            total_s += max(0.0, fmean(known) - gone_s)
        if unknown and not total_s:
            return "time left not known yet"
        return f"{'more than' if unknown else 'about'} {duration(total_s / workers)} left"


def _projected_s(running: Running) -> float | None:
    share = running.share
    return running.seconds / share if share else None
