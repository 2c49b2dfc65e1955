"""The pictures of a scenario: an expert drives, and the telling moment is seen from above and from the seat.

A scenario is shown on one of the first seeds of the development split (roads that nobody trains on have no
training seeds): the one whose way turns most, as that is who has to leave the motorway, to turn, to merge.
Conditions that change nothing but the weather show the same drive. A start beside the course is shown as it
begins, any other condition at the place of the nominal picture, and on other roads at their own moment.
"""

import dataclasses
import io
import math
from collections.abc import Callable

from PIL import Image

from drivebench import registry
from drivebench.conditions import NOMINAL, OFF_COURSE
from drivebench.footage import Footage, film_driver
from drivebench.footage.panels import Picture
from drivebench.footage.recording import IDLE
from drivebench.footage.scenes import from_above, photograph
from drivebench.gallery.content import ConditionView, FamilyView, GalleryPicture
from drivebench.gallery.docstring import condition_texts, page_of
from drivebench.gallery.moments import frame_after, frame_in_weather, telling_frame, turning_rad
from drivebench.gallery.words import condition_text, moment_text, scene_text
from drivebench.scenario import DEV, Episode, Scenario
from drivebench.sensors import FRONT, MIRROR_LEFT, MIRROR_RIGHT, Camera
from drivebench.sensors.topview import Window
from drivebench.world.clock import SIMULATION_HZ

__all__ = ["DRIVER", "SEEDS", "family_view"]

SEEDS = range(DEV.start, DEV.start + 4)
"""From which one is chosen."""
DRIVER = "expert"
LONGEST_S = 60.0
"""Of a long episode, so much is driven."""
LATER = 1.5
"""Under a condition that slows the ego down, its picture may be later than the nominal one by this factor."""

_WINDSCREEN = dataclasses.replace(FRONT, height=352, width=880)
_SMALL = dataclasses.replace(FRONT, height=192, width=480)
_MIRRORS = tuple(dataclasses.replace(each, height=160, width=240) for each in (MIRROR_LEFT, MIRROR_RIGHT))
_TOP_PX, _SMALL_TOP_PX = (880, 550), (480, 300)
_SPAN_M, _SPAN_S = 76.0, 1.5
_START_SPAN_M = 48.0
"""The view from above is so wide, and wider for higher speed limits; a start is seen from closer."""
_AHEAD = 0.2
"""The ego is so far behind the middle of the view from above, as a share of its width."""
_SHORTEST_S = 1.0
_QUALITY = 78


def family_view(scenario: Scenario, progress: Callable[[int], None]) -> FamilyView:
    """Drive a scenario under all its conditions, and take pictures.

    Args:
        scenario: Which.
        progress: Called with 1 after each condition.
    """
    page = page_of(scenario)
    said = condition_texts(page, scenario.conditions)
    episode = max((scenario.episode(seed) for seed in SEEDS), key=lambda each: turning_rad(each.route))
    nominal = _filmed(episode, LONGEST_S)
    frame = telling_frame(nominal)
    views = []
    for name in scenario.every_condition:
        footage, shown = _under(
            nominal, frame, scenario.episode(episode.seed, name) if name != NOMINAL else None
        )
        views.append(_condition_view(footage, shown, name, condition_text(name, said), nominal))
        progress(1)
    left, right = (_seen(camera, nominal, frame) for camera in _MIRRORS)
    return FamilyView(
        id=scenario.id,
        title=scenario.title,
        abilities=tuple(str(ability) for ability in scenario.abilities),
        horizon_s=scenario.horizon_s,
        open_ended=scenario.open_ended,
        page=page,
        episode=f"seed {episode.seed}, {nominal.title} driving: {moment_text(nominal, frame)}",
        front=_seen(_WINDSCREEN, nominal, frame),
        top=_from_above(nominal, frame, _TOP_PX, _span_m(nominal)),
        left_mirror=left,
        right_mirror=right,
        conditions=tuple(views),
    )


def _filmed(episode: Episode, longest_s: float) -> Footage:
    driver = DRIVER if DRIVER in registry.names("driver") else IDLE
    return film_driver(episode, driver, duration_s=min(episode.horizon_s, longest_s))


def _under(nominal: Footage, frame: int, episode: Episode | None) -> tuple[Footage, int]:
    """The drive under a condition, and the frame that is shown of it; None is the nominal episode."""
    if episode is None:
        return nominal, frame
    if episode.world.digest == nominal.episode.world.digest:
        footage = dataclasses.replace(nominal, episode=episode)
        return footage, frame_in_weather(footage, frame)
    if episode.condition.startswith(OFF_COURSE):
        return _filmed(episode, _SHORTEST_S), 0
    if episode.world.network.digest != nominal.episode.world.network.digest:
        footage = _filmed(episode, LONGEST_S)
        return footage, telling_frame(footage)
    footage = _filmed(episode, LATER * frame / SIMULATION_HZ + _SHORTEST_S)
    return footage, frame_after(footage, float(nominal.progress_m[frame]))


def _condition_view(footage: Footage, frame: int, name: str, text: str, nominal: Footage) -> ConditionView:
    is_driven = footage.states is not nominal.states or footage is nominal
    span_m = _span_m(footage) if frame else _START_SPAN_M
    return ConditionView(
        name=name,
        text=text,
        moment=moment_text(footage, frame),
        front=_seen(_SMALL, footage, frame),
        top=_from_above(footage, frame, _SMALL_TOP_PX, span_m) if is_driven else None,
    )


def _span_m(footage: Footage) -> float:
    return _SPAN_M + _SPAN_S * footage.episode.speed_limit_mps


def _seen(camera: Camera, footage: Footage, frame: int) -> GalleryPicture:
    place = "windscreen" if camera.name == FRONT.name else camera.name.replace("-", " ")
    return _picture(photograph(camera, footage, frame), f"Through the {place}", footage, frame)


def _from_above(footage: Footage, frame: int, size_px: tuple[int, int], span_m: float) -> GalleryPicture:
    """From above, the ego in orange and heading to the right, its way ahead in blue."""
    width, height = size_px
    x, y, heading = (float(value) for value in footage.states[frame, footage.ego, :3])
    window = Window(
        x_m=x + _AHEAD * span_m * math.cos(heading),
        y_m=y + _AHEAD * span_m * math.sin(heading),
        heading_rad=heading - math.pi / 2,
        m_per_px=span_m / width,
        width=width,
        height=height,
    )
    return _picture(from_above(footage, frame, window), "From above", footage, frame)


def _picture(picture: Picture, what: str, footage: Footage, frame: int) -> GalleryPicture:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "WEBP", quality=_QUALITY, method=4)
    episode = footage.episode
    where = f"{episode.scenario}, {episode.condition}"
    return GalleryPicture(
        webp=file.getvalue(),
        width=picture.shape[1],
        height=picture.shape[0],
        alt=f"{what}, {where}, {moment_text(footage, frame)}: {scene_text(footage, frame)}",
    )
