"""What the tests of the leaderboard share."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def fewer_resamples() -> Iterator[None]:
    """Intervals from few resamples, where a test is not about their ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("leaderboard.statistics.bootstrap.RESAMPLES", 500)
        yield
