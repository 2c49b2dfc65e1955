"""Texts of the gallery that follow from what is shown: weather, captions, words for those who cannot see."""

import math

import numpy as np

from drivebench.conditions import DISTURBED, NOMINAL
from drivebench.footage import Footage
from drivebench.sensors.models import HIDDEN
from drivebench.weather import CLEAR, WEATHERS, Weather
from drivebench.world.clock import SIMULATION_HZ

__all__ = ["condition_text", "moment_text", "scene_text"]

_AROUND_M = 50.0


def condition_text(name: str, said: dict[str, str]) -> str:
    """What a condition is about.

    Args:
        name: Of the condition.
        said: By name: what the scenario's own page says.
    """
    if name in said:
        return said[name]
    if name == NOMINAL:
        return "As described above."
    if name == DISTURBED:
        return "Gusts push the steering for seconds at a time; no picture shows them but by where the car is."
    return weather_text(WEATHERS[name]) if name in WEATHERS else "The scenario's page does not describe it."


def weather_text(weather: Weather) -> str:
    """Weather in words: what differs from a clear day.

    Args:
        weather: Which.
    """
    sun = math.degrees(weather.sun_elevation_rad)
    shown = [
        (weather.sun_elevation_rad, CLEAR.sun_elevation_rad, _sun(sun)),
        (weather.cloudiness, CLEAR.cloudiness, f"{weather.cloudiness:.0%} clouds"),
        (weather.visibility_m, CLEAR.visibility_m, f"visibility {weather.visibility_m:g} m"),
        (weather.rain_mmph, CLEAR.rain_mmph, f"{weather.rain_mmph:g} mm/h of rain"),
        (weather.wetness, CLEAR.wetness, f"{weather.wetness:.0%} of the road wet"),
        (weather.headlights, CLEAR.headlights, "headlights on"),
        (weather.noise, CLEAR.noise, f"noise of up to {weather.noise} grey levels"),
        (weather.dropout, CLEAR.dropout, f"cameras fail {weather.dropout:.0%} of the time"),
    ]
    text = ", ".join(words for now, clear, words in shown if now != clear)
    return text[:1].upper() + text[1:] + "." if text else "A clear day."


def _sun(elevation_deg: float) -> str:
    return f"sun {abs(elevation_deg):.0f}° {'above' if elevation_deg > 0.0 else 'below'} the horizon"


def moment_text(footage: Footage, frame: int) -> str:
    """When a picture is from, and how fast the ego is.

    Args:
        footage: The drive.
        frame: Which frame.
    """
    speed_kmh = footage.states[frame, footage.ego, 3] * 3.6
    when = f"{frame / SIMULATION_HZ:.1f} s after the start" if frame else "At the start"
    return f"{when}, {footage.progress_m[frame]:.0f} m driven, {speed_kmh:.0f} km/h"


def scene_text(footage: Footage, frame: int) -> str:
    """Who is around the ego.

    Args:
        footage: The drive.
        frame: Which frame.
    """
    ego = footage.ego
    apart = footage.states[frame, :, :2] - footage.states[frame, ego, :2]
    near = (np.sqrt((apart * apart).sum(axis=1)) < _AROUND_M) & (footage.looks & 15 != HIDDEN)
    near[ego] = False
    number = int(near.sum())
    others = {0: "nobody else", 1: "one other"}.get(number, f"{number} others")
    return f"{others} within {_AROUND_M:.0f} m"
