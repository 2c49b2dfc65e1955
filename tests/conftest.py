"""One thread each for torch and its like, as the tests run in several processes; no account of their runs."""

import os
from collections.abc import Iterator

import pytest

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")


@pytest.fixture(autouse=True, scope="session")
def _account_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The runs of tests are not among the evaluations that the user's machine counts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
