"""Bounds of comfort, with their sources, and the window of the filter that they presume."""

from dataclasses import asdict, dataclass

__all__ = ["DRIVEBENCH_BOUNDS", "NUPLAN_BOUNDS", "WINDOW", "Bounds"]

WINDOW = 15
"""Samples of the Savitzky–Golay filter: one second of the simulation."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Bounds of comfort, named as in :class:`~drivebench.metric.measurement.Extremes`."""

    acceleration_mps2: float
    braking_mps2: float
    lateral_acceleration_mps2: float
    yaw_rate_radps: float
    yaw_acceleration_radps2: float
    longitudinal_jerk_mps3: float
    jerk_mps3: float

    def as_mapping(self) -> dict[str, float]:
        """The bounds by name."""
        return asdict(self)


NUPLAN_BOUNDS = Bounds(
    acceleration_mps2=2.40,
    braking_mps2=4.05,
    lateral_acceleration_mps2=4.89,
    yaw_rate_radps=0.95,
    yaw_acceleration_radps2=1.93,
    longitudinal_jerk_mps3=4.13,
    jerk_mps3=8.37,
)
"""Those of nuPlan (``ego_is_comfortable_statistics.yaml``), reported in a column of their own."""

DRIVEBENCH_BOUNDS = Bounds(
    acceleration_mps2=3.5,
    braking_mps2=4.05,
    lateral_acceleration_mps2=4.89,
    yaw_rate_radps=0.95,
    yaw_acceleration_radps2=1.93,
    longitudinal_jerk_mps3=6.0,
    jerk_mps3=8.37,
)
"""Those that the score uses."""
