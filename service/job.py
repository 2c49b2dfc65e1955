"""One submission, from the queue to its verdict: a process of its own, which may be killed at any moment.

What was done before is not done again: the check is a state of its own, the run resumes with its first
unfinished chunk, a record that was published is there. Nothing but this process writes the run; the kernel
lets go of its lock when it is gone, however that comes about.

``python -m service.job ID`` reads the settings as a line from its standard input, and ends with the service
that holds the other end.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from filelock import FileLock

from drivebench.evaluation.publish import is_published, publish, record_path
from drivebench.evaluation.record import Run, load_run
from drivebench.evaluation.run import EvaluationRequest, evaluate
from drivebench.evaluation.run_directory import is_begun
from drivebench.evaluation.verify import verify_loaded
from drivebench.preflight.check import check_submission
from drivebench.submission import read_submission
from service.codes import Code
from service.settings import Settings
from service.store import State, Store, Submission

__all__ = ["main"]

PATIENCE_S = 60.0
"""How long the job of a service that was killed may take to end."""
PROGRESS_S = 0.5
SHOWN_DISAGREEMENTS = 3


def main() -> None:
    """Bring a submission as far as it goes."""
    line = sys.stdin.readline()
    if not line:
        sys.exit("the service was gone before it said what to do")
    settings = Settings.decode(line)
    (name,) = sys.argv[1:]
    threading.Thread(target=_end_with_the_service, daemon=True).start()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with FileLock(settings.places.runs / f"{name}.lock", timeout=PATIENCE_S):
        _Job(settings, name).run()


def _end_with_the_service() -> None:
    """Wait until nobody holds the other end of the standard input, and end, workers and all."""
    sys.stdin.read()
    os.killpg(os.getpgrp(), signal.SIGKILL)


class _Job:
    """A submission on its way."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings, self._name = settings, name
        self._store = Store(settings.places.database)
        self._directory = settings.places.submissions / name
        self._run = settings.places.runs / name
        self._noted = 0.0

    def run(self) -> None:
        """Each step as long as it is this one's turn; another process may have cancelled it meanwhile."""
        if self._move(State.CHECKING, State.QUEUED):
            self._say("checking")
        if self._row.state is State.CHECKING and not self._check():
            return
        if self._row.state is State.EVALUATING:
            self._evaluate()
            self._move(State.VERIFYING, State.EVALUATING)
        if self._row.state is State.VERIFYING:
            self._verify(load_run(self._run))
            if self._move(State.PUBLISHING, State.VERIFYING):
                self._say("verified: every number is what its action log gives")
        if self._row.state is State.PUBLISHING:
            self._publish(load_run(self._run))

    @property
    def _row(self) -> Submission:
        return self._store.of_id(self._name)

    def _move(self, to: State, come_from: State, **changes: object) -> bool:
        return self._store.move(self._name, to, [come_from], **changes)

    def _say(self, line: str) -> None:
        self._store.say(self._name, line)
        sys.stderr.write(f"{line}\n")

    def _check(self) -> bool:
        """Whether it may go on."""
        settings = self._settings
        report = check_submission(
            self._directory, suite=settings.check_suite, isolation=settings.isolation, limits=settings.limits
        )
        found = self._without_places(report.as_dict())
        if not report.accepted:
            errors = [f"{f.code.value}: {f.problem}" for f in report.findings if not f.code.warning]
            self._refuse(Code.CHECK, self._without_places("; ".join(errors)), report=found)
            return False
        digest = read_submission(self._directory).digest
        other = self._store.claim(self._name, digest, found)
        if other is not None:
            self._refuse(Code.REPEATED, f"it has the same content as {other}", report=found)
            return False
        self._say(f"accepted by the check in {report.seconds:.1f} s")
        return True

    def _refuse(self, code: Code, problem: str, **changes: object) -> None:
        if self._move(State.REFUSED, State.CHECKING, code=code.value, problem=problem, **changes):
            self._say(f"refused: {code.value}")

    def _evaluate(self) -> None:
        """Drive what is not driven yet; the tier of a run that was begun stays what it is."""
        settings = self._settings
        begun = is_begun(self._run)
        self._say("driving goes on" if begun else "driving")
        request = EvaluationRequest(
            what=str(self._directory),
            suite=settings.suite,
            out=self._run,
            workers=settings.workers,
            isolation=None if begun else settings.isolation,
            resume=True,
            limits=settings.limits,
        )
        run = evaluate(request, self._progress)
        self._say(f"drove {len(run.episodes)} episodes")

    def _verify(self, run: Run) -> None:
        """Replay every episode, as ``drivebench leaderboard add`` does.

        Raises:
            RuntimeError: A number is not what its action log gives: a policy, or this machine, lied.
        """
        workers = self._settings.workers or os.cpu_count() or 1
        suite = self._settings.suite if self._settings.suite.endswith(".json") else None
        verified = verify_loaded(run, suite=suite, workers=min(workers, run.manifest.chunks))
        if not verified.agrees:
            shown = "; ".join(f"{d.episode}: {d.what}" for d in verified.disagreements[:SHOWN_DISAGREEMENTS])
            raise RuntimeError(f"{self._run} is not what its action logs give: {shown}")

    def _publish(self, run: Run) -> None:
        """Keep the run, put it on the table, and give the verdict, in this order: each may be done again."""
        from service.board import result_of, write_pages, write_table  # pandas: not for a job that begins

        places = self._settings.places
        record = record_path(run, places.records, self._name)
        if not is_published(run, record):
            publish(run, record)
        revealed = not self._settings.commitment or bool(self._store.fact("revealed"))
        write_table(places, revealed=revealed)
        score = result_of(run)
        if self._move(State.FINISHED, State.PUBLISHING, result=score):
            self._say(f"finished: DBS {score['dbs']['value']:.1f}")
        if revealed:  # last, as it may take a minute; who is killed here leaves the pages as they were
            write_pages(places)

    def _progress(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._noted >= PROGRESS_S or done == total:
            self._noted = now
            self._store.note_progress(self._name, done, total)

    def _without_places(self, value: Any) -> Any:
        """A text, or all texts in a report, without where the organiser keeps the submission."""
        match value:
            case str():
                here = str(self._directory)
                return value.replace(f"{here}/", "").replace(here, Path(here).name)
            case dict():
                return {name: self._without_places(each) for name, each in value.items()}
            case list():
                return [self._without_places(each) for each in value]
            case _:
                return value


if __name__ == "__main__":
    main()
