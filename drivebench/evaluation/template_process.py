"""The template of a submission's policies (:mod:`drivebench.evaluation.template`), as the harness sees it."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

from drivebench import architectures
from drivebench.errors import ConfigurationError
from drivebench.evaluation import bare_python
from drivebench.evaluation.isolation.family import family
from drivebench.evaluation.isolation.launch import Launch, launch
from drivebench.evaluation.isolation.tier import Tier
from drivebench.evaluation.protocol import LIBRARIES, ProtocolError, SilenceError, receive, send
from drivebench.submission import Submission

__all__ = ["DYING_S", "KILLED", "TemplateProcess"]

LOG_BYTES = 64 * 1024
"""How much of what a policy prints is kept, from the end."""
KILLED = frozenset((-signal.SIGKILL, -signal.SIGTERM))
"""How a process ends that was killed."""
DYING_S = 5.0
"""How long a process may take to end, with all its memory."""
_KEPT = {
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV",
}  # fmt: skip
_KEPT_PREFIXES = ("CUDA_", "NVIDIA_", "DYLD_")
_FIXED = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONUNBUFFERED": "1",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
}
"""The last two (glibc) keep the memory of one answer for the next: else the kernel clears the same pages for
each activation of a network again, a sixth of the time that a small one takes."""
_IMPORTED = re.compile(r"^(?:import|from) +(\w+)", re.MULTILINE)
_LONGEST_SOURCE = 1 << 20
_SIGNALLED = 128
"""Bubblewrap and runsc report a signal as a shell does: its number and this."""


class TemplateProcess:
    """Forks the processes of a submission's policies, one at a time."""

    def __init__(self, submission: Submission, tier: Tier, log: bytearray) -> None:
        """Start it; it is ready after :meth:`prepare`.

        Args:
            submission: Whose policies; nothing of it is imported.
            tier: Of isolation.
            log: Receives the end of what is printed.

        Raises:
            ConfinementError: The tier needs what is not there.
        """
        self._tier, self._submission, self._log = tier, submission, log
        self._scratch = Path(tempfile.gettempdir()) / f"drivebench-{uuid.uuid4().hex}"
        self._control, theirs = socket.socketpair()
        try:
            with theirs:
                start = self._launch()
                try:
                    self._process = subprocess.Popen(
                        start.command,
                        stdin=theirs.fileno(),
                        stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT,
                        env=start.environment,
                        cwd=submission.directory,
                        pass_fds=start.descriptors,
                        start_new_session=True,
                    )
                finally:
                    for descriptor in start.descriptors:
                        os.close(descriptor)
        except BaseException:
            self._control.close()
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise
        self.confinement = start.confinement
        self._reader = threading.Thread(target=self._keep_log, daemon=True)
        self._reader.start()
        self._named = _named(submission)
        self._imported: set[str] | None = None
        self._idle = (0, 0)

    def prepare(self, libraries: Set[str], deadline: float) -> None:
        """Have it import what policies import each time, if it has not; no policy's process may be there.

        Args:
            libraries: Of ``LIBRARIES``, besides those that the submission names.
            deadline: Of ``time.monotonic``.

        Raises:
            ProtocolError: It has ended.
            SilenceError: It has not answered by then.
            ConfigurationError: A library has started a thread, of which a fork would have none.
        """
        wanted = self._named | libraries
        if wanted == self._imported:
            return
        weights_only = self._submission.manifest.form.weights_only
        packages = architectures.packages() if weights_only else {}
        answer = self._ask(
            {
                "operation": "prepare",
                "modules": sorted(wanted),
                "packages": {name: str(folder) for name, folder in packages.items()},
            },
            deadline,
        )
        if answer["threads"] != 1:
            raise ConfigurationError(
                f"one of the libraries {', '.join(sorted(wanted))} started a thread when it was imported; "
                "expected none, because a policy's process is forked after that. Install the versions that "
                "drivebench was tested with."
            )
        self._imported = wanted
        self._idle = self._usage()

    def begin(self, memory: int, deadline: float) -> socket.socket:
        """Fork a policy's process.

        Args:
            memory: Descriptor of what it is to see.
            deadline: Of ``time.monotonic``.

        Returns:
            The connection to it.

        Raises:
            ProtocolError: The template has ended.
            SilenceError: It does not answer.
        """
        ours, theirs = socket.socketpair()
        seen = _again(memory)
        try:
            send(self._control, {"operation": "begin"}, deadline=deadline)
            socket.send_fds(self._control, [b"\0"], [theirs.fileno(), seen])
            receive(self._control, deadline=deadline)
        except BaseException as error:
            ours.close()
            if isinstance(error, OSError):
                raise ProtocolError("") from error
            raise
        finally:
            theirs.close()
            os.close(seen)
        return ours

    def end(self, patience_s: float = 0.0) -> int | None:
        """End the policy's process that was forked last.

        Args:
            patience_s: How long to wait for it to end of its own accord.

        Returns:
            How it ended, as ``Popen.returncode`` has it, or how the template did, if that is gone; None if it
            had to be killed.
        """
        deadline = time.monotonic() + patience_s + DYING_S
        try:
            code: int | None = self._ask({"operation": "end", "patience_s": patience_s}, deadline)["code"]
        except (ProtocolError, SilenceError):
            return self._code()
        return code

    @property
    def has_ended(self) -> bool:
        """Whether somebody has killed it."""
        return self._process.poll() is not None

    def usage(self) -> tuple[int, int]:
        """Bytes of resident memory and number of threads that came with the policy."""
        memory, threads = self._usage()
        return memory - self._idle[0], threads - self._idle[1]

    def close(self) -> None:
        """End it, the policy's process, and everything that that has started."""
        members = family(self._process.pid)
        if not members:  # where processes cannot be seen, the template ends the policy's
            self.end()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for member in members:  # those that have left the session
            with contextlib.suppress(ProcessLookupError):
                os.kill(member.process, signal.SIGKILL)
        self._process.wait()
        self._control.close()
        self._reader.join(timeout=1.0)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _code(self) -> int | None:
        """How the template itself has ended; None if it has not, within some seconds."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=DYING_S)
        code: int | None = self._process.returncode
        if code is not None and code > _SIGNALLED and self._tier in {Tier.BUBBLEWRAP, Tier.GVISOR}:
            return _SIGNALLED - code
        return code

    def _launch(self) -> Launch:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name in _KEPT or name.startswith(_KEPT_PREFIXES)
        }
        return launch(
            self._tier,
            bare_python.command("drivebench.evaluation.template"),
            self._submission.directory,
            environment=environment | _FIXED,
            scratch=self._scratch,
        )

    def _ask(self, request: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        send(self._control, request, deadline=deadline)
        return receive(self._control, deadline=deadline)

    def _usage(self) -> tuple[int, int]:
        members = family(self._process.pid)
        return sum(member.resident_bytes for member in members), sum(member.threads for member in members)

    def _keep_log(self) -> None:
        """Drain what is printed, so that nobody blocks, and keep the end."""
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            while part := os.read(pipe.fileno(), 65536):
                self._log += part
                del self._log[:-LOG_BYTES]


def _named(submission: Submission) -> set[str]:
    """What a submission is sure to import: what reads weights, or libraries at the top of its modules."""
    if submission.manifest.form.weights_only:
        return {submission.loader.partition(":")[0]}
    named = set[str]()
    for file in submission.directory.rglob("*.py"):
        with file.open(encoding="utf-8", errors="replace") as source:
            named |= set(_IMPORTED.findall(source.read(_LONGEST_SOURCE)))
    return named & set(LIBRARIES)


def _again(memory: int) -> int:
    """The memory opened once more: the position in an open file outlives the process that moved it."""
    if sys.platform == "linux":
        return os.open(f"/proc/self/fd/{memory}", os.O_RDONLY)
    return os.dup(memory)
