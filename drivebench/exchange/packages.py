"""Packages that only the exchange of data needs."""

from importlib import import_module
from typing import Any

from drivebench.errors import ConfigurationError

__all__ = ["needed"]

EXTRA = "drivebench[exchange]"


def needed(module: str) -> Any:
    """An optional module, imported.

    Args:
        module: Its full name.

    Raises:
        ConfigurationError: It is not installed; names the extra that brings it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ConfigurationError(
            f"{module} cannot be imported ({error}); expected the packages for exchanging data. Install "
            f"them with: pip install '{EXTRA}'"
        ) from error
