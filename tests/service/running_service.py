"""A service as an organiser starts it, submissions in archives, and requests as participants send them."""

import io
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from typer.testing import CliRunner

from drivebench.cli import app
from drivebench.secret_seeds import SecretKey

PATIENCE_S = 300.0
POLICY = """
import time
import numpy as np

class {name}:
    def __init__(self):
        self.decisions = 0

    def reset(self, slots):
        pass

    def act(self, observation, slots):
        self.decisions += 1
        {more}
        actions = np.zeros((len(slots), 2), np.float32)
        actions[:, 0] = {acceleration}
        return actions

def load(directory):
    return {name}()
"""


def submission(name: str, more: str = "pass", acceleration: str = "0.1") -> dict[str, str]:
    """The files of a submission whose policy keeps the wheel straight, and does something more besides."""
    return {
        "mine/submission.toml": f"""
name = {name!r}
authors = ["A. Tester"]
sensors = ["speed", "command"]
entry_point = "policy:load"
training_data = "none"
""",
        "mine/policy.py": POLICY.format(name="Straight", more=more, acceleration=acceleration),
    }


def zipped(files: Mapping[str, str]) -> bytes:
    """An archive of files."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, content in files.items():
            writer.writestr(name, content)
    return archive.getvalue()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def wait_for(what: Callable[[], Any], patience_s: float = PATIENCE_S, pause_s: float = 0.05) -> Any:
    """The first true answer."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(pause_s)
    raise AssertionError(f"not within {patience_s} s")


def client_of(address: str, token: str = "") -> httpx.Client:
    """Somebody who sends requests; with a token or without."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(base_url=address, headers=headers, timeout=PATIENCE_S)


class RunningService:
    """A service in a process of its own, by the command."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data, self._options = data, options
        self.address = f"http://127.0.0.1:{free_port()}"
        self._process: subprocess.Popen[bytes] | None = None

    def token(self, name: str) -> str:
        """A token, as the organiser gets it."""
        return run_here("token", name, "--data", str(self.data)).strip()

    def start(self) -> None:
        """Start it and wait until it answers."""
        port = self.address.rpartition(":")[2]
        words = [*COMMAND, "--data", str(self.data), "--port", port, *self._options]
        self._process = subprocess.Popen(words)
        wait_for(self._answers, pause_s=0.5)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "the service has ended"
        try:
            return httpx.get(f"{self.address}/api/suite").status_code == 200
        except httpx.TransportError:
            return False

    def reveal(self, key: SecretKey, file: Path) -> None:
        """Reveal a key, as the organiser does."""
        key.write(file)
        run_here("reveal", "--data", str(self.data), "--key", str(file))

    def kill(self) -> None:
        """Kill it, as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Stop it as systemd does."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()

    def job(self, of: str = "") -> int | None:
        """The process of the job of a submission, or of any."""
        assert self._process is not None
        pid = self._process.pid
        try:
            children = Path(f"/proc/{pid}/task").glob("*/children")
            found = [int(child) for file in children for child in file.read_text().split()]
        except OSError:
            return None
        return next((child for child in found if is_job(child, of)), None)


COMMAND = [sys.executable, "-c", "from drivebench.cli import main; main()", "serve"]


def run_here(*arguments: str) -> str:
    """What a command of the organiser prints."""
    result = CliRunner().invoke(app, ["serve", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def is_job(pid: int, of: str = "") -> bool:
    """Whether a process is there, and is the job of a submission."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"service.job" in line and of.encode() in line


def kill_job(pid: int) -> None:
    """Kill a job, and nothing else of it."""
    os.kill(pid, signal.SIGKILL)


@contextmanager
def running(data: Path, *options: str) -> Iterator[RunningService]:
    """A service, and its end."""
    service = RunningService(data, *options)
    service.start()
    try:
        yield service
    finally:
        service.stop()
