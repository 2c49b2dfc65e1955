"""Light, air and road surface of an episode, and how its cameras fail.

Weather changes what cameras see and nothing else: cars drive as on a dry day. What is drawn at random (rain
streaks, noise, failures) follows from the episode's seed, the number of the decision and the name of the
camera, by a hash; nothing is remembered but the picture that a frozen camera goes on showing.

CARLA's ``WeatherParameters`` describe the same things as percentages and degrees: ``sun_altitude_angle``,
``sun_azimuth_angle``, ``cloudiness``, ``precipitation``, ``wetness``, ``fog_density``. Here they are physical
quantities in SI units where there is one: visibility in metres in place of a fog density, and a rain rate in
place of a precipitation percentage. CARLA has no failing cameras and no noise among them.
(https://carla.readthedocs.io/en/latest/python_api/#carla.WeatherParameters)
"""

import math
from dataclasses import dataclass, fields, replace

from drivebench.errors import ConfigurationError, UnknownNameError

__all__ = ["CLEAR", "WEATHERS", "WEATHER_CONDITIONS", "Weather", "weather_named"]

_LIMITS = {
    "sun_elevation_rad": (-math.pi / 2, math.pi / 2),
    "sun_azimuth_rad": (-math.pi, math.pi),
    "cloudiness": (0.0, 1.0),
    "visibility_m": (5.0, 100_000.0),
    "rain_mmph": (0.0, 200.0),
    "wetness": (0.0, 1.0),
    "noise": (0, 64),
    "dropout": (0.0, 1.0),
}


@dataclass(frozen=True, kw_only=True)
class Weather:
    """One kind of weather; the default is a clear day on a dry road.

    Attributes:
        sun_elevation_rad: Of the sun above the horizon, negative at night. Daylight fades from 6 degrees
            above to 6 degrees below, the end of civil twilight.
        sun_azimuth_rad: Heading towards the sun in the world's frame: 0 along x, clockwise.
        cloudiness: Share of the sky that is covered, 0 to 1; clouds take away glare and contrast.
        visibility_m: Meteorological optical range: where the contrast of a dark object against the horizon
            has fallen to 5 per cent. Contrast falls as exp(-3 d / visibility) with the distance d
            (Koschmieder's law, with ln 20 rounded to 3, as in WMO-No. 8, Guide to Instruments, part I ch. 9).
        rain_mmph: Rain rate in mm/h: 2 light, 10 moderate, 50 violent.
        wetness: Share of the asphalt under a film of water, which darkens it and mirrors the sky.
        headlights: Whether all cars have their lamps on; those of the ego light its way at night.
        noise: Greatest error of a pixel, in whole grey levels.
        dropout: Share of the time during which a camera fails: black, frozen, or with blocks missing.
    """

    sun_elevation_rad: float = math.pi / 3
    sun_azimuth_rad: float = 0.0
    cloudiness: float = 0.0
    visibility_m: float = 750.0
    rain_mmph: float = 0.0
    wetness: float = 0.0
    headlights: bool = False
    noise: int = 0
    dropout: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "headlights":
                if not isinstance(value, bool):
                    raise ConfigurationError(f"weather: headlights is {value!r}; expected true or false")
                continue
            low, high = _LIMITS[field.name]
            kind, expected = (int, "whole number") if field.name == "noise" else (int | float, "number")
            is_number = isinstance(value, kind) and not isinstance(value, bool)
            if not is_number or not low <= value <= high:
                raise ConfigurationError(
                    f"weather: {field.name} is {value!r}; expected a {expected} from {low:g} to {high:g}"
                )

    def facing(self, heading_rad: float) -> "Weather":
        """The same with a low sun straight ahead of who drives with this heading.

        Args:
            heading_rad: In the world's frame.
        """
        if not 0.0 < self.sun_elevation_rad < math.pi / 12:
            return self
        azimuth = math.remainder(heading_rad, 2.0 * math.pi)  # exact, unlike the modulus of a product
        return replace(self, sun_azimuth_rad=round(azimuth * 2**20) / 2**20)


CLEAR = Weather()

WEATHERS = {
    "clear": CLEAR,
    "night": Weather(sun_elevation_rad=-0.3, headlights=True, noise=4),
    "fog": Weather(visibility_m=60.0, cloudiness=1.0, headlights=True),
    "rain": Weather(rain_mmph=20.0, cloudiness=1.0, wetness=0.7, visibility_m=400.0, headlights=True),
    "low-sun": Weather(sun_elevation_rad=0.11),
    "wet": Weather(wetness=1.0, cloudiness=0.4),
    "dropout": Weather(dropout=0.3),
}
"""By name."""

WEATHER_CONDITIONS = tuple(name for name in WEATHERS if name != "clear")
"""Conditions of every scenario: the nominal episode of the seed in the weather of that name."""


def weather_named(name: str) -> Weather:
    """The weather of a name.

    Raises:
        UnknownNameError: No such weather; suggests the nearest.
    """
    if name not in WEATHERS:
        raise UnknownNameError("weather", name, WEATHERS)
    return WEATHERS[name]
