"""Take the stream of random numbers of open traffic over from NumPy."""

from typing import Any

import numpy as np

from drivebench.errors import ConfigurationError

__all__ = ["random_words"]


def random_words(generator: np.random.Generator) -> tuple[int, ...]:
    """The state of NumPy's default generator, columns ``RandomInt``.

    Raises:
        ConfigurationError: It draws from another bit generator than PCG64.
    """
    state: Any = generator.bit_generator.state
    if state["bit_generator"] != "PCG64":
        raise ConfigurationError(
            f"a generator with {state['bit_generator']} cannot be taken over; expected NumPy's PCG64"
        )
    words = [half for name in ("state", "inc") for half in divmod(int(state["state"][name]), 1 << 64)]
    return (*words, int(state["has_uint32"]), int(state["uinteger"]))
