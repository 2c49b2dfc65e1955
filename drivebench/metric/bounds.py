"""Bounds of comfort, with their sources, and the window of the filter that they presume."""

from dataclasses import asdict, dataclass, replace

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

DRIVEBENCH_BOUNDS = replace(NUPLAN_BOUNDS, longitudinal_jerk_mps3=8.37)
"""Those that the score uses: nuPlan's, except for the longitudinal jerk, which may be as large as the jerk of
the acceleration's magnitude.

An action acts at once and is held for 0.2 s. Through the filter, a step of the acceleration by d looks like a
jerk of 1.9 d per second (15 · 784 / 6188, from its coefficients), so that nuPlan's 4.13 m/s³ allows steps of
2.2 m/s² from one decision to the next. The privileged expert exceeded that in 1.3 to 3.4 % of the time in
traffic, by going over from comfortable acceleration to comfortable braking in one decision, a step of
4.4 m/s²: that is what 8.37 m/s³ allows. From full throttle to full brakes, 10 m/s², is far outside of it.
"""
