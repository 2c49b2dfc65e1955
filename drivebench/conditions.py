"""Names of conditions that the engine knows something about; a scenario may define others."""

from drivebench.weather import WEATHER_CONDITIONS

__all__ = [
    "COMMON_CONDITIONS",
    "DISTURBED",
    "DROPOUT",
    "NOMINAL",
    "OFF_COURSE",
    "SHIFTED_TRAFFIC",
    "UNSEEN_ROAD",
]

NOMINAL = "nominal"
OFF_COURSE = "off-course"
"""Conditions whose name begins so start beside the lane's centre."""
DISTURBED = "disturbed"
"""Gusts on the steering, see ``drivebench.disturbance``."""
SHIFTED_TRAFFIC = ("dense", "aggressive")
UNSEEN_ROAD = "unseen-road"
"""Roads that nobody trains on: there are no training seeds of it."""
DROPOUT = "dropout"
"""A camera that fails for a while."""
COMMON_CONDITIONS = (DISTURBED, *WEATHER_CONDITIONS)
"""Conditions of every scenario: the nominal episode of the seed, disturbed or in some weather."""
