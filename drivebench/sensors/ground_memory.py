"""How much memory is kept for the ground of roads that nobody drives on any more."""

from drivebench.sensors import ground

__all__ = ["keep_ground"]


def keep_ground(most_bytes: int) -> None:
    """Keep the ground maps that were asked for last, up to a size, in this process from now on.

    Those of worlds that are driven are always kept. (It stands here because :mod:`drivebench.sensors.ground`
    is part of what the digest of the compiled engine covers, which this cannot change.)

    Args:
        most_bytes: Of all maps together.
    """
    ground._cache.capacity_bytes = most_bytes
