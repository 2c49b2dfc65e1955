"""What makes a training give the same weights each time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numba
import torch

__all__ = ["reproducible"]


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Inside, the same seed gives the same weights, bit for bit, on one machine.

    One thread, because with more the order of additions depends on their timing; only operations that are
    deterministic (torch raises at others). The state of torch outside is not touched.

    Args:
        seed: Of torch's random numbers, which the initial weights are drawn from.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic with it
    numba.get_num_threads()  # starts its OpenMP layer, which gives torch all threads back when it starts
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    deterministic: Any = torch.utils.deterministic  # not all of it is declared
    filled = deterministic.fill_uninitialized_memory
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    deterministic.fill_uninitialized_memory = False  # costs 4 %, and nothing reads such memory
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            yield
    finally:
        deterministic.fill_uninitialized_memory = filled
        torch.use_deterministic_algorithms(strict)
        torch.set_num_threads(threads)
