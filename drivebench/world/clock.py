"""The one time grid of drivebench: 15 simulation steps and 5 decisions a second, as in highway-env."""

__all__ = ["POLICY_HZ", "REGULATION_HZ", "SIMULATION_HZ", "SUBSTEPS", "TIME_STEP_S", "regulation_period"]

SIMULATION_HZ = 15
"""Simulation steps a second (highway-env's ``simulation_frequency``)."""

POLICY_HZ = 5
"""Decisions of a policy a second (highway-env's ``policy_frequency`` of the continuous-control worlds)."""

SUBSTEPS = SIMULATION_HZ // POLICY_HZ
"""Simulation steps in one decision."""

TIME_STEP_S = 1 / SIMULATION_HZ
"""Length of one simulation step in seconds."""

REGULATION_HZ = 2
"""How often vehicles on a regulated road settle who gives way (``RegulatedRoad.REGULATION_FREQUENCY``)."""


def regulation_period(simulation_hz: int) -> int:
    """Simulation steps between two rounds of giving way (highway-env ``RegulatedRoad.step``).

    Args:
        simulation_hz: Steps in a second, at least ``REGULATION_HZ``; below it, highway-env divides by zero.
    """
    return int(1 / (1 / simulation_hz) / REGULATION_HZ)
