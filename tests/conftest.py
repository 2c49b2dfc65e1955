"""One thread each for torch and its like, as the tests run in several processes; no trace of their runs."""

import os
from collections.abc import Iterator

import pytest

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")


@pytest.fixture(autouse=True, scope="session")
def _account_and_index_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The runs of tests are neither counted as the user's evaluations nor kept for the user's tables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("DRIVEBENCH_INDEX", str(tmp_path_factory.mktemp("index")))
        yield
