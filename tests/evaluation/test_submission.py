"""Reading ``submission.toml``: what is understood, and what an error says."""

from pathlib import Path

import pytest
from small_suites import submission

from drivebench.errors import ConfigurationError, DataError
from drivebench.evaluation.competitor import of_submission
from drivebench.submission import Track, read_submission


def test_everything_is_read(tmp_path: Path) -> None:
    sensors = '[{ name = "front", height = 48, width = 96 }, "speed"]'
    read = read_submission(submission(tmp_path / "s", sensors=sensors, paper='"https://example.org"'))
    assert read.manifest.name == "steady"
    assert read.manifest.track is Track.CAMERA
    front, speed = read.manifest.sensors
    assert (front.name, front.options) == ("front", {"height": 48, "width": 96})
    assert (speed.name, speed.options) == ("speed", {})
    assert read.directory.is_absolute()


def test_the_digest_is_of_names_and_contents(tmp_path: Path) -> None:
    one, same = (read_submission(submission(tmp_path / name)).digest for name in ("a", "b"))
    assert one == same
    (tmp_path / "b" / "weights.bin").write_bytes(b"1")
    with_weights = read_submission(tmp_path / "b").digest
    (tmp_path / "b" / "weights.bin").rename(tmp_path / "b" / "other.bin")
    assert len({one, with_weights, read_submission(tmp_path / "b").digest}) == 3
    (tmp_path / "a" / "__pycache__").mkdir()
    (tmp_path / "a" / "__pycache__" / "policy.pyc").write_bytes(b"0")
    assert read_submission(tmp_path / "a").digest == one


@pytest.mark.parametrize("target", ["folder", "folder/file.py", "nothing"])
def test_symbolic_links_are_refused(target: str, tmp_path: Path) -> None:
    directory = submission(tmp_path / "s")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file.py").write_text("")
    (directory / "link").symlink_to(tmp_path / target)
    with pytest.raises(DataError, match="s/link is a symbolic link"):
        read_submission(directory)


@pytest.mark.parametrize(
    "content", ['{"loss": NaN}', '{"a": {"b": [1e999]}}', "[1]", '{"a": ', '{"a": "\\ud800"}']
)
def test_a_training_record_that_cannot_be_recorded_is_refused_by_name(content: str, tmp_path: Path) -> None:
    directory = submission(tmp_path / "s")
    (directory / "training.json").write_text(content)
    with pytest.raises(DataError, match=r"s/training\.json is not a JSON object"):
        of_submission(read_submission(directory))


def test_a_training_record_is_taken_over(tmp_path: Path) -> None:
    directory = submission(tmp_path / "s")
    (directory / "training.json").write_text('{"loss": 0.1, "of": {"seeds": [1, 2], "best": null}}')
    training = of_submission(read_submission(directory)).card.training
    assert training == {"loss": 0.1, "of": {"seeds": [1, 2], "best": None}}


WRONG = {
    "a field is misspelt": ({"sensor": '["front"]'}, "unknown field 'sensor'. Did you mean 'sensors'?"),
    "the track is misspelt": ({"track": '"camra"'}, "field 'track' is 'camra'.*Did you mean 'camera'?"),
    "there is no sensor": ({"sensors": "[]"}, "field 'sensors'.*at least 1"),
    "a sensor is there twice": ({"sensors": '["speed", "speed"]'}, "speed is listed more often"),
    "a sensor is a number": ({"sensors": "[3]"}, "field 'sensors.0' is 3"),
    "the entry point is a path": ({"entry_point": '"policy.py"'}, "such as 'policy:load'"),
    "the module is not there": ({"entry_point": '"driver:load"'}, "there is no driver.py in the directory"),
    "the name is empty": ({"name": '""'}, "field 'name' is ''"),
    "it is not TOML": ({"name": "steady"}, "is not TOML"),
}


@pytest.mark.parametrize("how", WRONG)
def test_an_error_names_file_field_and_what_was_expected(how: str, tmp_path: Path) -> None:
    changes, message = WRONG[how]
    directory = submission(tmp_path / "s", **changes)
    with pytest.raises(ConfigurationError, match=message) as caught:
        read_submission(directory)
    assert "submission.toml" in str(caught.value)


def test_every_missing_field_is_named(tmp_path: Path) -> None:
    directory = submission(tmp_path / "s")
    (directory / "submission.toml").write_text('name = "x"\n')
    with pytest.raises(ConfigurationError) as caught:
        read_submission(directory)
    for field in ("authors", "sensors", "training_data"):
        assert f"field '{field}' is missing" in str(caught.value)


def test_what_is_not_a_submission_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no such directory"):
        read_submission(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match=r"it has no submission\.toml"):
        read_submission(tmp_path)
