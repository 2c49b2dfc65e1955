"""Adding to a folder of demonstrations, and what a stop in the middle leaves."""

import shutil
from pathlib import Path

import pytest

from drivebench.demonstrations.append import append, recorded_in
from drivebench.demonstrations.collect import collect
from drivebench.demonstrations.store import read
from drivebench.errors import DataError


def test_append_and_recover(tmp_path: Path) -> None:
    first, second = collect(("lane-keeping-v1",), episodes=2, driver="idm").episodes
    folder = tmp_path / "data"
    assert recorded_in(folder) == ()
    append(first, folder)
    both = append(second, folder)
    assert read(folder).digest == both.digest
    with pytest.raises(DataError, match="more than once"):
        append(first, folder)
    assert read(folder).digest == both.digest

    folder.rename(tmp_path / ".data.old")  # as if it had stopped between the two renames, the new one damaged
    assert len(recorded_in(folder)) == 2
    shutil.copytree(folder, tmp_path / ".data.old")  # and as if it had stopped before the old one was removed
    assert len(recorded_in(folder)) == 2
    assert [each.name for each in tmp_path.iterdir()] == ["data"]
