"""Progress goes to standard error, as plain lines when nobody looks at a terminal."""

import pytest

from drivebench import progress


def test_plain_lines_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.track("collect", total=3, unit="episodes") as advance:
        for _ in range(3):
            advance(1)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("collect: 3 episodes in ")
    assert len(printed.err.splitlines()) == 1


def test_long_work_says_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 0.0, 11.0, 12.0, 30.0, 31.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress.track("collect", total=6, unit="episodes") as advance:
        for _ in range(3):
            advance(2)
    assert capsys.readouterr().err.splitlines() == [
        "collect: 2 of 6 episodes, 22.0 s left",
        "collect: 6 episodes in 31.0 s",
    ]


def test_a_failure_is_not_reported_as_done(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with progress.track("collect", total=3, unit="episodes") as advance:
            advance(1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("seconds", "text"), [(8.21, "8.2 s"), (59.94, "59.9 s"), (185.0, "3 min 5 s"), (7440.0, "2 h 4 min")]
)
def test_durations_for_people(seconds: float, text: str) -> None:
    assert progress.duration(seconds) == text
