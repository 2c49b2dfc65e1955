"""A policy in its own process: what it sees, what it may not do, and what each misbehaviour is called."""

import os
import py_compile
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faults import PROCESSES, command_line, descendants
from small_suites import STEADY, submission

from drivebench.errors import ConfigurationError
from drivebench.evaluation.isolation.tier import Tier
from drivebench.evaluation.manifest import Limits
from drivebench.evaluation.policy_process import PolicyProcess
from drivebench.evaluation.protocol import Layout
from drivebench.evaluation.record import Status
from drivebench.evaluation.rollout import PolicyFaultError
from drivebench.submission import read_submission

LAYOUT = Layout.of({"speed": ("<f4", (4, 1)), "front": ("|u1", (4, 3, 8, 8))}, ["instruction"])
TEXTS = {"instruction": ["Go on.", "Go on.", "Turn left.", ""]}


def policy(act: str, reset: str = "pass", load: str = "pass", top: str = "") -> str:
    """Source of a policy from statements."""
    return f"""
import os, sys, time
import numpy as np
{top}
class Policy:
    def reset(self, slots):
        {reset}
    def act(self, observation, slots):
        {act}

def load(directory):
    {load}
    return Policy()
"""


@contextmanager
def process(folder: Path, code: str, tier: Tier = Tier.PROCESS, **limits: float) -> Iterator[PolicyProcess]:
    """A process that runs a submission with this code."""
    settings = {"start_up_s": 60.0, "decision_s": 20.0, "memory_bytes": 1 << 30} | limits
    made = read_submission(submission(folder / "policy", code))
    with PolicyProcess(made, LAYOUT, 4, Limits(**settings), tier) as running:  # type: ignore[arg-type]
        yield running


def begin(running: PolicyProcess) -> None:
    running.load(seed=7)
    running.reset(np.arange(4))


def test_it_acts_on_what_it_is_shown(tmp_path: Path) -> None:
    code = policy(
        "o = observation; return np.stack([o['speed'][:, 0] / 100, o['front'][:, 0, 0, 0] / 255.0]"
        ", axis=1) + (0.5 if o['instruction'][2] == 'Turn left.' else 0)"
    )
    with process(tmp_path, code) as running:
        begin(running)
        running.observation["speed"][:, 0] = [1.0, 2.0, 3.0, 4.0]
        running.observation["front"][:] = 51
        actions = running.act(TEXTS)
        assert actions == pytest.approx(np.array([[0.51, 0.7], [0.52, 0.7], [0.53, 0.7], [0.54, 0.7]]))
        assert actions.dtype == np.float32
        assert len(running.latencies_s) == 1


def begin_and_act(running: PolicyProcess) -> np.ndarray:
    begin(running)
    return running.act(TEXTS)


MISBEHAVIOUR = {
    "raises": (
        policy("raise RuntimeError('my weights melted')"),
        Status.RAISED,
        "RuntimeError: my weights melted",
    ),
    "raises in reset": (policy("pass", reset="1 / 0"), Status.RAISED, "ZeroDivisionError"),
    "is not importable": (policy("pass", top="import no_such_thing"), Status.START_UP, "no_such_thing"),
    "raises while loading": (
        policy("pass", load="raise OSError('no weights')"),
        Status.START_UP,
        "no weights",
    ),
    "has no entry point": ("x = 1", Status.START_UP, "load"),
    "exits": (policy("os._exit(3)"), Status.EXITED, "exited with code 3"),
    "calls sys.exit": (policy("sys.exit(0)"), Status.EXITED, "exited with code 0"),
    "is killed by a real-time signal": (
        policy("os.kill(os.getpid(), 40)"),
        Status.EXITED,
        "killed by signal 40",
    ),
    "is killed": (policy("os.kill(os.getpid(), 11)"), Status.EXITED, "SIGSEGV"),
    "answers a wrong shape": (policy("return np.zeros((4, 3), np.float32)"), Status.WRONG_SHAPE, "(4, 3)"),
    "answers one action": (policy("return np.zeros(2, np.float32)"), Status.WRONG_SHAPE, "(2,)"),
    "answers integers": (policy("return np.zeros((4, 2), int)"), Status.WRONG_TYPE, "int64"),
    "answers nothing": (policy("return None"), Status.WRONG_TYPE, "object"),
    "answers a text": (policy("return 'left'"), Status.WRONG_TYPE, "<U4"),
    "writes to the connection": (
        policy("os.write(3, b'x' * 64); time.sleep(60)"),
        Status.PROTOCOL,
        "announced a message of",
    ),
    "answers with garbage": (
        policy("os.write(3, bytes([4, 0, 0, 0, 193, 193, 193, 193])); time.sleep(60)"),
        Status.PROTOCOL,
        "not msgpack",
    ),
    "writes to the observation": (
        policy("import mmap; m = mmap.mmap(4, 0); m[0] = 1"),
        Status.RAISED,
        "PermissionError",
    ),
}


@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_each_misbehaviour_has_a_status_and_a_reason(name: str, tmp_path: Path) -> None:
    code, status, reason = MISBEHAVIOUR[name]
    with process(tmp_path, code) as running:
        with pytest.raises(PolicyFaultError) as caught:
            begin_and_act(running)
        assert caught.value.status is status
        assert reason in caught.value.reason


def test_a_policy_that_hangs_is_stopped_in_time(tmp_path: Path) -> None:
    with process(tmp_path, policy("time.sleep(600)"), decision_s=0.3) as running:
        begin(running)
        started = time.monotonic()
        with pytest.raises(PolicyFaultError, match=r"no answer within 0\.3 s") as caught:
            running.act(TEXTS)
        assert caught.value.status is Status.TIMED_OUT
        assert time.monotonic() - started < 30.0


def test_a_policy_that_answers_without_reading_is_stopped_in_time(tmp_path: Path) -> None:
    code = policy(
        "while True: send(link, {'dtype': 'float64', 'shape': [4, 2], 'data': bytes(64)})",
        top="import socket; from drivebench.evaluation.protocol import send; "
        "link = socket.socket(fileno=os.dup(3))",
    )

    def ask_on(running: PolicyProcess) -> None:
        while True:
            running.act({"instruction": ["x" * 10_000] * 4})

    with process(tmp_path, code, decision_s=0.5) as running:
        begin(running)
        with pytest.raises(PolicyFaultError, match=r"no answer within 0\.5 s") as caught:
            ask_on(running)
        assert caught.value.status is Status.TIMED_OUT


def test_a_policy_that_hangs_while_it_loads_is_stopped_in_time(tmp_path: Path) -> None:
    with process(tmp_path, policy("pass", load="time.sleep(600)"), start_up_s=2.0) as running:
        with pytest.raises(PolicyFaultError, match="no answer within 2 s") as caught:
            running.load(seed=1)
        assert caught.value.status is Status.START_UP


def test_memory_is_limited(tmp_path: Path) -> None:
    code = policy("self.hoard = np.ones(1 << 28); time.sleep(60)")
    with process(tmp_path, code, memory_bytes=1 << 29) as running:
        begin(running)
        with pytest.raises(PolicyFaultError, match=r"more than 0\.5 GiB") as caught:
            running.act(TEXTS)
        assert caught.value.status is Status.MEMORY


def test_after_a_failure_another_process_can_be_started(tmp_path: Path) -> None:
    flag = str(tmp_path / "failed-once")
    code = policy(
        "return np.zeros((len(slots), 2), np.float32)",
        load=f"once = os.path.exists({flag!r}) or os.mkdir({flag!r}) or os._exit(1)",
    )
    with process(tmp_path, code) as running:
        with pytest.raises(PolicyFaultError):
            begin(running)
        assert begin_and_act(running).shape == (4, 2)


def test_its_children_end_with_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = policy(
        "import subprocess; child = subprocess.Popen(['sleep', '600']); "
        f"open({str(pid_file)!r}, 'w').write(str(child.pid)); return np.zeros((len(slots), 2), np.float32)"
    )
    with process(tmp_path, code) as running:
        begin(running)
        running.act(TEXTS)
        child = int(pid_file.read_text())
        os.kill(child, 0)
    for _ in range(100):
        try:
            state = Path(f"/proc/{child}/stat").read_text().split(")")[1].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the child of the policy still runs")


def test_what_it_prints_is_kept_from_the_end(tmp_path: Path) -> None:
    code = policy("print('x' * 200000); print('the end'); return np.zeros((len(slots), 2), np.float32)")
    with process(tmp_path, code) as running:
        begin(running)
        running.act(TEXTS)
        running.close()
        assert running.log_tail.endswith("the end\n")
        assert len(running.log_tail) <= 65536


def test_it_does_not_inherit_secrets_threads_or_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_SECRET", "hunter2")
    code = policy(
        "bad = [n for n in os.environ if 'SECRET' in n or 'PYTEST' in n]; "
        "assert not bad and os.environ['OMP_NUM_THREADS'] == '1' and sys.stdin.read() == '', bad; "
        "return np.zeros((len(slots), 2), np.float32)"
    )
    with process(tmp_path, code) as running:
        begin(running)
        running.act(TEXTS)


def test_every_batch_begins_from_the_same_state(tmp_path: Path) -> None:
    code = policy(
        "STATE.append(1); drawn = np.random.uniform(-1, 1, (len(slots), 2)); "
        "drawn[0, 0] = len(STATE) / 100; drawn[0, 1] = math.__dict__['batches'] / 100; return drawn",
        top="import math; STATE = []; math.__dict__['batches'] = math.__dict__.get('batches', 0) + 1",
    )
    with process(tmp_path, code) as running:
        drawn = []
        for seed in (3, 3, 4):
            running.load(seed=seed)
            running.reset(np.arange(4))
            drawn.append([running.act(TEXTS) for _ in range(3)])
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[1], drawn[2])
    assert drawn[2][0][0] == pytest.approx([0.01, 0.01])


def test_a_library_is_imported_once_for_all_batches(tmp_path: Path) -> None:
    code = policy("pass", load="print('scipy' in sys.modules); import scipy")
    with process(tmp_path, code) as running:
        for _ in range(3):
            begin(running)
        running.close()
        assert running.log_tail.split() == ["False", "True", "True"]


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_a_process_that_is_killed_between_batches_costs_nothing(tmp_path: Path) -> None:
    with process(tmp_path, STEADY) as running:
        begin(running)
        for pid in descendants(os.getpid()):
            if PROCESSES["policy"][0] in command_line(pid):
                os.kill(pid, signal.SIGKILL)
        assert begin_and_act(running).shape == (4, 2)


def test_what_it_keeps_of_an_observation_does_not_change(tmp_path: Path) -> None:
    code = policy(
        "self.kept = getattr(self, 'kept', []) + [observation['speed']]; "
        "return np.full((len(slots), 2), self.kept[0][0, 0], np.float32)"
    )
    with process(tmp_path, code) as running:
        begin(running)
        for speed in (0.25, 0.5, 0.75):
            running.observation["speed"][:] = speed
            assert running.act(TEXTS)[0, 0] == 0.25


def test_a_submission_cannot_shadow_the_host(tmp_path: Path) -> None:
    with process(tmp_path, STEADY) as running:
        (tmp_path / "policy" / "numpy.py").write_text("raise RuntimeError('shadowed')")
        begin(running)
        assert running.act(TEXTS).shape == (4, 2)


TORCH = """
class Generator:
    state = "fresh"

    def next(self):
        self.state = self.state * 31 % 1009 if isinstance(self.state, int) else 0
        return self.state / 1009

generator = Generator()
rand = generator.next

def manual_seed(seed):
    generator.state = seed % 1009
"""


@pytest.mark.parametrize(
    "draws",
    [
        {"top": "import torch; first = torch.rand()"},
        {"top": "import torch; first = 0", "load": "global first; first = torch.rand()"},
        {"top": "first = 0", "load": "global first; import torch; first = torch.rand()"},
        {"top": "first = 0", "reset": "global first; import torch; first = torch.rand()"},
    ],
    ids=["at import", "in load", "late in load", "late in reset"],
)
def test_what_torch_draws_does_not_depend_on_whether_a_batch_came_before(
    draws: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "libraries").mkdir()
    (tmp_path / "libraries" / "torch.py").write_text(TORCH)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "libraries"), prepend=os.pathsep)
    code = policy("return np.full((len(slots), 2), first)", **draws)
    with process(tmp_path, code) as running:
        first, again = begin_and_act(running), begin_and_act(running)
    assert first[0, 0] > 0.0
    assert np.array_equal(first, again)


def test_modules_in_folders_without_init_begin_anew(tmp_path: Path) -> None:
    top = "import parts.inner.state as s; import parts; parts.count = getattr(parts, 'count', 0) + 1"
    code = policy(
        "s.LIST.append(1); return np.full((len(slots), 2), (parts.count + len(s.LIST)) / 8)", top=top
    )
    with process(tmp_path, code) as running:
        (tmp_path / "policy" / "parts" / "inner").mkdir(parents=True)
        (tmp_path / "policy" / "parts" / "inner" / "state.py").write_text("LIST = []")
        assert begin_and_act(running)[0, 0] == begin_and_act(running)[0, 0] == 0.25


def test_byte_code_beside_a_submission_is_neither_read_nor_written(tmp_path: Path) -> None:
    made = submission(tmp_path / "policy", policy("return np.full((len(slots), 2), 0.75)"))
    py_compile.compile(
        str(made / "policy.py"), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    (stale,) = (made / "__pycache__").iterdir()
    (made / "policy.py").write_text(policy("import more; return np.full((len(slots), 2), 0.25)"))
    (made / "more.py").write_text("")
    with PolicyProcess(read_submission(made), LAYOUT, 4, Limits(), Tier.PROCESS) as running:
        assert begin_and_act(running)[0, 0] == 0.25
    assert list((made / "__pycache__").iterdir()) == [stale]


WRONG_LIMITS: list[dict[str, Any]] = [
    {"decision_s": -1.0},
    {"decision_s": float("nan")},
    {"start_up_s": 0.0},
    {"start_up_s": float("inf")},
    {"memory_bytes": 0},
]


@pytest.mark.parametrize("wrong", WRONG_LIMITS)
def test_limits_that_limit_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="expected"):
        Limits(**wrong)
