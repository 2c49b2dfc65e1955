"""Checking the options that a policy sets on a sensor."""

from drivebench.errors import ConfigurationError

__all__ = ["check_option"]


def check_option(sensor: str, option: str, value: object, low: float, high: float) -> None:
    """Check a number against its bounds.

    Args:
        sensor: Name of the sensor, for the message.
        option: Name of the option.
        value: What was given.
        low: The least that is accepted; where it is an ``int``, only whole numbers are.
        high: The greatest.

    Raises:
        ConfigurationError: Another type, or out of bounds.
    """
    whole = isinstance(low, int)
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        expected = "a whole number" if whole else "a number"
        raise ConfigurationError(
            f"sensor {sensor!r}: {option} is {value!r}; expected {expected} from {low:,} to {high:,}"
        )
    if not low <= value <= high:
        raise ConfigurationError(f"sensor {sensor!r}: {option} is {value}; expected {low:,} to {high:,}")
