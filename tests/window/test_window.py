"""A real window on a virtual display, driven with real key events."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ImageGrab
from typer.testing import CliRunner

from drivebench import cli
from drivebench.demonstrations import read

START_S, LONGEST_S = 600.0, 120.0
DRIVE = "from drivebench.cli import main; main()"
NEEDED = ("Xvfb", "xdotool")


@pytest.fixture
def display() -> Iterator[str]:
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: apt-get install xvfb xdotool")
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        number = pipe.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait()


def environment(**changes: str | None) -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("SDL_")}
    known.pop("WAYLAND_DISPLAY", None)
    for name, value in changes.items():
        known.pop(name, None)
        if value is not None:
            known[name] = value
    return known


class Person:
    """Types at the keyboard of a display and looks at it."""

    def __init__(self, display: str) -> None:
        self.display = display
        self.window = ""

    def do(self, *arguments: str) -> str:
        command = ["xdotool", *arguments]
        result = subprocess.run(
            command, env=environment(DISPLAY=self.display), capture_output=True, text=True, check=False
        )
        return result.stdout.strip()

    def sees(self) -> NDArray[np.uint8]:
        return np.asarray(ImageGrab.grab(xdisplay=self.display).convert("RGB"))

    def says(self, words: str) -> bool:
        return words in self.title()

    def title(self) -> str:
        self.window = self.window or self.do("search", "--onlyvisible", "--class", ".")
        return self.do("getwindowname", self.window) if self.window else ""


def wait_for(what: Callable[[], bool], seconds: float, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, "it does not happen"
        time.sleep(0.2)


@pytest.mark.slow
def test_a_person_drives_saves_pauses_and_quits(display: str, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVE, "drive", "lane-keeping-v1", "--out", str(folder)],
        env=environment(DISPLAY=display),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    person = Person(display)
    try:
        wait_for(lambda: "ready" in person.title(), START_S, process)
        person.do("windowfocus", "--sync", person.window)
        before = person.sees()
        for saved in (1, 2):
            person.do("keydown", "Up")
            wait_for(lambda: "recording" in person.title(), LONGEST_S, process)
            wait_for(lambda: "not saved" in person.title(), LONGEST_S, process)
            person.do("keyup", "Up")
            after = person.sees()
            person.do("key", "Return")
            done = f"{saved} saved"
            wait_for(partial(person.says, done), LONGEST_S, process)
            assert len(read(folder).episodes) == saved, "on disk before the next begins"
        for column in (
            slice(80, 480),
            slice(500, 1320),
        ):  # both views are there, and move; the window is centred
            assert before[220:540, column].std() > 20
            assert (before[220:540, column] != after[220:540, column]).mean() > 0.1
        person.do("key", "w")
        wait_for(lambda: "recording" in person.title(), LONGEST_S, process)
        person.do("key", "p")
        wait_for(lambda: "paused" in person.title(), LONGEST_S, process)
        person.do("key", "q")
        assert process.wait(LONGEST_S) == 0
    finally:
        process.kill()
        out, _ = process.communicate()
    assert "2 episodes of human saved" in out
    episodes = read(folder).episodes
    assert [(each.seed, each.driver) for each in episodes] == [(0, "human"), (1, "human")]
    assert all(each.frames >= 10 and (each.actions[5:, 0] > 0).all() for each in episodes)
    picture = tmp_path / "show.png"
    shown = CliRunner().invoke(
        cli.app, ["show", str(folder), "--episode", "0", "--view", "top", "--out", str(picture)]
    )
    assert shown.exit_code == 0, shown.output
    command = ["train", "behavior-cloning", "--data", str(folder), "--budget", "smoke", "--set", "steps=3"]
    trained = CliRunner().invoke(cli.app, [*command, "--out", str(tmp_path / "policy")])
    assert trained.exit_code == 0, trained.output


@pytest.mark.parametrize("changes", [{"DISPLAY": None}, {"DISPLAY": ":987"}, {"SDL_VIDEODRIVER": "dummy"}])
def test_without_a_display_it_says_what_to_do(changes: dict[str, str | None], tmp_path: Path) -> None:
    code = "from drivebench.window.screen import Screen; Screen(640, 480)"
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment(**changes), capture_output=True, text=True, check=False
    )
    assert result.returncode != 0
    assert "no window can be opened" in result.stderr
    assert "xvfb-run" in result.stderr
