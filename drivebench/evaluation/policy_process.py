"""A policy in a process of its own, as seen from the harness.

What the policy gets: its declared observation, in memory that it cannot write; one thread for each numerical
library; no standard input; what the tier of isolation leaves it (:mod:`drivebench.evaluation.isolation`).
What it may take: time to start and time to answer, on the harness's clock, resident memory, and a number of
processes and threads. The last two are watched rather than limited by ``RLIMIT_AS``, ``RLIMIT_DATA`` or
``RLIMIT_NPROC``, because what a process *reserves* says little (CUDA reserves hundreds of gigabytes, each
thread a stack), and because processes are counted for a user and not for a policy. They are looked at every
50 ms while an answer is awaited, and after an answer if that was longer ago (Linux only).

Each :meth:`PolicyProcess.load` has a process forked from a template (:mod:`drivebench.evaluation.template`),
in which nothing is left of the one before. Whatever it does wrong is raised as
:class:`~drivebench.evaluation.rollout.PolicyFaultError` with a status; template and process are then killed.
"""

import contextlib
import os
import re
import signal
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivebench.errors import ConfigurationError
from drivebench.evaluation.isolation.kernel import ConfinementError
from drivebench.evaluation.isolation.tier import Tier
from drivebench.evaluation.manifest import Limits
from drivebench.evaluation.protocol import (
    LIBRARIES,
    WATCH_INTERVAL_S,
    Layout,
    ProtocolError,
    SilenceError,
    create_memory,
    receive,
    send,
    views,
)
from drivebench.evaluation.record import Status
from drivebench.evaluation.rollout import PolicyFaultError
from drivebench.evaluation.template_process import DYING_S, KILLED, TemplateProcess
from drivebench.policy import Actions, Slots
from drivebench.submission import Submission

__all__ = ["PolicyProcess"]

MOST_THREADS = 512
"""Of all processes of a policy together. A library may start one for each processor of a large machine."""
START_S = 120.0
"""For what is drivebench's own and the libraries', before a policy's time to start begins."""
REASON_CHARACTERS = 500
"""How much of what a policy says of its failure is recorded."""
_NOT_TEXT = re.compile(r"[^\n\x20-\x7e\xa0-\U0010ffff]")
"""Control characters, with which a text could do more to a terminal than appear on it."""


class PolicyProcess:
    """Runs a submission's policy and asks it for actions.

    Attributes:
        observation: Arrays to fill before :meth:`act`, by sensor; the first axis has the batch size.
        latencies_s: Time of each answer since the last :meth:`load`.
        was_killed: Whether the process was killed since then, by whomever, and not for passing a limit.
        peak_memory_bytes: The most resident memory that was seen since the process was started.
    """

    def __init__(
        self, submission: Submission, layout: Layout, batch_size: int, limits: Limits, tier: Tier
    ) -> None:
        """Prepare; nothing runs yet.

        Args:
            submission: What to run.
            layout: Of its observation, for ``batch_size`` slots.
            batch_size: Slots.
            limits: What it is allowed.
            tier: Of isolation, which is in force before anything of the submission is imported.
        """
        self._tier = tier
        self._submission = submission
        self._layout = layout
        self._batch_size = batch_size
        self._limits = limits
        self._descriptor, self._memory = create_memory(layout.size)
        self.observation: dict[str, NDArray[Any]] = views(self._memory, layout)
        self.latencies_s: list[float] = []
        self.was_killed = False
        self.peak_memory_bytes = 0
        self._template: TemplateProcess | None = None
        self._libraries = set[str]()
        self._connection: socket.socket | None = None
        self._watched_s = 0.0
        self._log = bytearray()

    def __enter__(self) -> "PolicyProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self.observation = {}
        os.close(self._descriptor)

    @property
    def log_tail(self) -> str:
        """The end of what the policy wrote to standard output and standard error."""
        return bytes(self._log).decode(errors="replace")

    def load(self, seed: int) -> None:
        """Fork a process in which nothing of an earlier batch is left, and make the policy there.

        Args:
            seed: Of the generators of random numbers that a policy may use.

        Raises:
            PolicyFaultError: It cannot be imported or made.
            ConfigurationError: The tier does not come into force.
        """
        self.latencies_s = []
        self.was_killed = False
        self._leave()
        with self._faults(Status.START_UP, self._limits.start_up_s):
            self._begin(time.monotonic() + START_S)
            deadline = time.monotonic() + self._limits.start_up_s
            answer = self._ask(
                {
                    "operation": "load",
                    "directory": str(self._submission.directory),
                    "loader": self._submission.loader,
                    "weights_only": self._submission.manifest.form.weights_only,
                    "seed": seed,
                    "layout": self._layout.encode(),
                },
                deadline,
            )
        told = answer.get("libraries")  # it has seen nothing yet, so that this tells nothing of episodes
        if isinstance(told, list):
            self._libraries |= {name for name in LIBRARIES if name in told}

    def reset(self, slots: Slots) -> None:
        """Tell the policy that new episodes begin.

        Args:
            slots: Where.

        Raises:
            PolicyFaultError: It failed.
        """
        with self._faults(None, self._limits.start_up_s):
            self._ask(
                {"operation": "reset", "slots": slots.tolist()}, time.monotonic() + self._limits.start_up_s
            )

    def act(self, texts: Mapping[str, Sequence[str]]) -> Actions:
        """Ask for the actions of the whole batch, after filling :attr:`observation`.

        Args:
            texts: Sensors that are texts, one for each slot.

        Returns:
            ``f4[batch, 2]``; not yet checked for values.

        Raises:
            PolicyFaultError: It failed, or answered with something else than actions.
        """
        request = {
            "operation": "act",
            "slots": list(range(self._batch_size)),
            "texts": {name: list(values) for name, values in texts.items()},
        }
        started = time.monotonic()
        with self._faults(None, self._limits.decision_s):
            answer = self._ask(request, started + self._limits.decision_s)
            if time.monotonic() - self._watched_s > WATCH_INTERVAL_S:
                self._watch()
        self.latencies_s.append(time.monotonic() - started)
        with self._faults(None, self._limits.decision_s):
            return self._actions(answer)

    def close(self) -> None:
        """End the process and everything that it started; a later :meth:`load` starts another."""
        if self._connection is not None:
            self._connection.close()
        if self._template is not None:
            self._template.close()
        self._template = self._connection = None

    def _leave(self) -> None:
        """End the process of the batch before, and all if the template has ended as well."""
        if self._template is not None and self._connection is not None:
            self._connection.close()
            self._connection = None
            self._template.end()
            if self._template.has_ended:
                self.close()

    def _begin(self, deadline: float) -> None:
        """Have a process that is confined; nothing of the submission has been imported.

        Raises:
            ProtocolError: Somebody killed it.
            ConfigurationError: The tier does not come into force.
            TimeoutError: The machine is too busy: all of this is drivebench's own code.
        """
        try:
            if self._template is None:
                self._log.clear()
                self.peak_memory_bytes = 0
                self._template = TemplateProcess(self._submission, self._tier, self._log)
            self._template.prepare(self._libraries, deadline)
            self._connection = self._template.begin(self._descriptor, deadline)
            if self._template.confinement is not None:
                self._ask({"operation": "confine", **self._template.confinement.encode()}, deadline)
        except SilenceError as error:
            self.close()
            raise TimeoutError(f"a policy's process did not start within {START_S:g} s") from error
        except (ConfinementError, _RaisedError) as error:
            self.close()
            raise self._not_in_force(str(error)) from error
        except ProtocolError as error:
            assert self._template is not None
            if self._template.end(patience_s=DYING_S) in KILLED:
                raise
            self.close()
            raise self._not_in_force(str(error) or self.log_tail.strip()) from error

    def _not_in_force(self, problem: str) -> ConfigurationError:
        return ConfigurationError(
            f"isolation tier {self._tier.value!r} does not come into force: {problem}. A run never falls "
            "back to a weaker tier by itself: mend the cause, or ask for a weaker one with --isolation."
        )

    def _ask(self, request: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        if self._connection is None:
            raise ProtocolError("")
        send(self._connection, request, deadline=deadline)
        answer = receive(self._connection, deadline=deadline, watch=self._watch)
        error = answer.get("error")
        if isinstance(error, dict):
            raise _RaisedError(f"{error.get('type')}: {error.get('message')}")
        return answer

    @contextlib.contextmanager
    def _faults(self, status: Status | None, allowed_s: float) -> Iterator[None]:
        """Turn what goes wrong into a fault of the policy, and end its process.

        Args:
            status: The status of all faults in here; None for the one that fits.
            allowed_s: For the message.
        """
        try:
            yield
        except _RaisedError as error:
            fault = PolicyFaultError(status or Status.RAISED, str(error))
        except SilenceError:
            fault = PolicyFaultError(status or Status.TIMED_OUT, f"no answer within {allowed_s:g} s")
        except ProtocolError as error:
            fault = self._broken(status, str(error))
        except PolicyFaultError as error:
            fault = PolicyFaultError(status or error.status, error.reason)
        else:
            return
        self.close()
        raise PolicyFaultError(fault.status, _tame(fault.reason))

    def _broken(self, status: Status | None, problem: str) -> PolicyFaultError:
        if problem:
            return PolicyFaultError(status or Status.PROTOCOL, f"its process {problem}")
        assert self._template is not None
        code = self._template.end(patience_s=DYING_S)
        if code is None:
            return PolicyFaultError(status or Status.PROTOCOL, "its process closed the connection")
        self.was_killed = code in KILLED
        how = f"was killed by {_signal_name(-code)}" if code < 0 else f"exited with code {code}"
        return PolicyFaultError(status or Status.EXITED, f"its process {how}")

    def _actions(self, answer: Mapping[str, Any]) -> Actions:
        """Check type and shape of an answer."""
        dtype, shape, data = answer.get("dtype"), answer.get("shape"), answer.get("data")
        expected = [self._batch_size, 2]
        if not isinstance(dtype, str) or not isinstance(shape, list) or not isinstance(data, bytes):
            raise ProtocolError("answered with something else than actions")
        if not dtype.startswith("float"):
            raise PolicyFaultError(
                Status.WRONG_TYPE, f"actions of type {dtype[:40]}; expected float32 in [-1, 1]"
            )
        if shape != expected:
            raise PolicyFaultError(
                Status.WRONG_SHAPE, f"actions of shape {tuple(shape)}; expected {tuple(expected)}"
            )
        if len(data) != self._batch_size * 2 * 8:
            raise ProtocolError(f"sent {len(data)} bytes of actions; expected {self._batch_size * 2 * 8}")
        with np.errstate(over="ignore"):  # a number beyond float32 becomes an infinity, which is refused
            return np.frombuffer(data, np.float64).reshape(self._batch_size, 2).astype(np.float32)

    def _watch(self) -> None:
        assert self._template is not None
        self._watched_s = time.monotonic()
        resident, threads = self._template.usage()
        self.peak_memory_bytes = max(self.peak_memory_bytes, resident)
        if resident > self._limits.memory_bytes:
            raise PolicyFaultError(
                Status.MEMORY,
                f"more than {self._limits.memory_bytes / 2**30:g} GiB of memory",
            )
        if threads > MOST_THREADS:
            raise PolicyFaultError(Status.PROCESSES, f"more than {MOST_THREADS} processes and threads")


def _tame(reason: str) -> str:
    """What a policy says, no longer than is of use, and as text only."""
    return _NOT_TEXT.sub("�", reason[:REASON_CHARACTERS])


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal between the first and the last
        return f"signal {number}"


class _RaisedError(Exception):
    """The policy raised."""
