"""Each weather does to pictures what it says, by numbers; the clear day leaves them as they always were."""

import json
import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from picture_digest import digests, moments, other_digests

from drivebench import registry
from drivebench.environment import DrivingVectorEnv
from drivebench.errors import ConfigurationError, UnknownNameError
from drivebench.scenario import load_scenario
from drivebench.sensors import DAY, FRONT, LEFT, MIRROR_LEFT, Camera, Moments, render
from drivebench.sensors.faults import BURST
from drivebench.sensors.light import NIGHT_LIGHT, extinction_per_m, palette_of
from drivebench.sensors.optics import optics_of
from drivebench.weather import CLEAR, WEATHER_CONDITIONS, WEATHERS, Weather, weather_named
from drivebench.world import EntityKind
from drivebench.world.build import build_network
from drivebench.world.lane_spec import LaneSpec

HERE = Path(__file__).parent

Picture = NDArray[np.float64]


def scene(*others: tuple[float, float], heading: float = 0.0) -> Moments:
    """The ego on a very wide straight road, and cars ahead of it and to its right."""
    pieces = [LaneSpec.straight((-300.0, 40.0 * k), (700.0, 40.0 * k), width_m=40.0) for k in (-1, 0, 1)]
    network = build_network([("a", "b", piece) for piece in pieces])
    states = np.array([[(0.0, 0.0, heading), *((x, y, 0.0) for x, y in others)]])
    kinds = np.array([[EntityKind.EGO] + [EntityKind.IDM] * len(others)])
    return Moments.from_states(
        networks=[network],
        network=np.zeros(1, np.int64),
        states=states,
        sizes_m=np.full((1, 1 + len(others), 2), (5.0, 2.0)),
        kinds=kinds,
        ego=np.zeros(1, np.int64),
    )


def seen(weather: Weather, what: Moments, camera: Camera = FRONT, decision: int = 0) -> Picture:
    """``f8[3, H, W]``."""
    under = what.under([weather] * len(what), [3] * len(what), np.full(len(what), decision))
    return render(camera, under)[0].astype(np.float64)


def row_at(distance_m: float) -> int:
    """The row of the front camera that sees the ground at a distance."""
    optics = optics_of(FRONT)
    ground = np.flatnonzero(optics.samples)
    return int(ground[np.argmin(np.abs(optics.distance[ground] - distance_m))])


def test_a_clear_day_is_what_it_was() -> None:
    """The pictures of policies on record are clear days: this digest may not change without a new record.

    When it fails on purpose: ``python tests/sensors/picture_digest.py > tests/sensors/clear_day.json``, and
    drive the records of camera policies again.
    """
    assert palette_of(CLEAR) == DAY
    known = json.loads((HERE / "clear_day.json").read_text())
    assert {name: digest for name, digest in digests().items() if name in known} == known


def test_weathers_polylines_goals_and_walls_are_what_they_were() -> None:
    """When it fails on purpose: write ``other_digests()`` of ``picture_digest.py`` to ``weathers.json``."""
    assert other_digests() == json.loads((HERE / "weathers.json").read_text())


@pytest.mark.parametrize("visibility_m", [40.0, 120.0, 2000.0])
def test_contrast_of_the_ground_in_fog_follows_koschmieder(visibility_m: float) -> None:
    weather = Weather(visibility_m=visibility_m)
    palette = replace(palette_of(weather), grain=(0, 0, 0))
    picture = render(FRONT, scene(), palette=palette)[0].astype(np.float64)
    optics, horizon = optics_of(FRONT), np.array(palette.horizon, np.float64)
    near = np.array(palette.asphalt)
    for distance_m in (5.0, 15.0, 30.0):
        row = row_at(distance_m)
        left = (horizon - picture[:, row].mean(axis=1)) / (horizon - near)
        assert left == pytest.approx(math.exp(-3.0 * optics.distance[row] / visibility_m), abs=0.012)


def test_contrast_of_a_car_in_fog_follows_koschmieder() -> None:
    weather = Weather(visibility_m=60.0)
    horizon = np.array(palette_of(weather).horizon)[:, None]
    contrast = []
    for distance_m in (12.0, 42.0):
        bright = seen(Weather(visibility_m=100_000.0), scene((distance_m, 0.0)))
        clear, foggy = bright, seen(weather, scene((distance_m, 0.0)))
        without = seen(Weather(visibility_m=100_000.0), scene())
        rear = (np.abs(clear - without).sum(axis=0) > 60) & (clear.max(axis=0) < 60)  # its dark windows
        day = np.array(DAY.horizon)[:, None]
        contrast.append(((horizon - foggy[:, rear]) / (day - clear[:, rear])).mean())
    middle = math.hypot(30.0, 0.0)  # the nearer car's part cancels
    assert contrast[1] / contrast[0] == pytest.approx(math.exp(-3.0 * middle / 60.0), rel=0.08)


def test_rain_is_opaque_and_grey() -> None:
    assert extinction_per_m(Weather(rain_mmph=25.0)) - extinction_per_m(CLEAR) == pytest.approx(
        1.076 * 25.0**0.67 / 4343.0, rel=1e-3
    )
    contrast = []
    for weather in (Weather(rain_mmph=40.0), CLEAR):
        with_car, without = (seen(weather, what) for what in (scene((60.0, 0.0)), scene()))
        car = (with_car != without).any(axis=0)
        contrast.append(DAY.horizon[0] - with_car[0][car].min())
    lost = math.exp(-60.0 * (extinction_per_m(Weather(rain_mmph=40.0)) - extinction_per_m(CLEAR)))
    assert contrast[0] == pytest.approx(lost * contrast[1], rel=0.05)


def test_streaks_of_rain_fall_anew_at_each_decision() -> None:
    weather, what = Weather(rain_mmph=20.0), scene()
    first, again, later = (seen(weather, what, decision=k) for k in (4, 4, 5))
    assert np.array_equal(first, again)
    changed = (first != later).any(axis=0)
    assert 0.02 < changed.mean() < 0.2
    other = [render(FRONT, what.under([weather], [seed], np.array([4])))[0] for seed in (1, 2)]
    assert not np.array_equal(*other)
    heavy = (seen(Weather(rain_mmph=60.0), what) != seen(Weather(rain_mmph=60.0), what, decision=9)).mean()
    assert heavy > 2.0 * changed.mean()


def test_night_is_dark_but_for_the_cone_of_the_headlights() -> None:
    night = replace(WEATHERS["night"], noise=0)
    day, dark = seen(CLEAR, scene()).sum(axis=0), seen(night, scene()).sum(axis=0)
    share = dark / day
    middle, edge = slice(70, 90), slice(0, 6)
    near, far = row_at(6.0), row_at(90.0)
    assert share[near, middle].min() > 0.5
    assert share[near, edge].max() < 0.5 * share[near, middle].min()
    assert share[far].max() < 0.12
    assert share[:10].max() < 0.12, "sky"
    columns = share[near:far:-1, middle].mean(axis=1)
    assert (np.diff(columns) < 0.05).all(), "never brighter again farther out"
    behind = seen(night, scene(), MIRROR_LEFT).sum(axis=0) / seen(CLEAR, scene(), MIRROR_LEFT).sum(axis=0)
    assert behind[20:].max() < NIGHT_LIGHT + 0.03, "headlights do not shine backwards"


def test_tail_lamps_shine_at_night() -> None:
    night = replace(WEATHERS["night"], noise=0)
    for distance_m in (15.0, 60.0):
        what = scene((distance_m, 6.0))
        lit, dark = seen(night, what), seen(replace(night, headlights=False), what)
        assert lit[0].max() > 40.0, f"a red spot at {distance_m} m"
        red = np.unravel_index(lit[0].argmax(), lit[0].shape)
        assert lit[1][red] < 0.5 * lit[0][red]
        assert dark.max() < 25.0


def test_glare_comes_from_the_sun() -> None:
    weather = WEATHERS["low-sun"]
    column = {}
    for azimuth in (-0.4, 0.0, 0.4):
        turned = replace(weather, sun_azimuth_rad=azimuth)
        extra = (seen(turned, scene()) - seen(replace(turned, sun_azimuth_rad=3.1), scene())).sum(axis=0)
        assert extra.min() >= -3.0, "light is only added"
        column[azimuth] = float((extra.sum(axis=0) * np.arange(160)).sum() / extra.sum())
        focal = 80.0 / math.tan(math.radians(40.0))
        brightest = np.flatnonzero(extra.sum(axis=0) > 0.98 * extra.sum(axis=0).max()).mean()
        assert brightest == pytest.approx(79.5 + focal * math.tan(azimuth), abs=3.0)
    assert column[-0.4] < column[0.0] < column[0.4]
    sun = seen(weather, scene())[:, : row_at(200.0)]
    assert sun.min(axis=0).max() > 250.0, "white at the sun"
    turned_away = seen(weather, scene(heading=math.pi))
    assert turned_away[:, :, 70:90].max() < 240.0
    cloudy = seen(replace(weather, cloudiness=1.0), scene())
    assert cloudy.max() < 240.0
    assert np.array_equal(seen(Weather(), scene()), seen(Weather(sun_azimuth_rad=1.0), scene())), "high sun"


def test_a_wet_road_mirrors_the_sky_the_more_the_farther() -> None:
    wet, dry = seen(Weather(wetness=1.0), scene()), seen(CLEAR, scene())
    sky = np.array(DAY.horizon, np.float64)
    near, middle, far = row_at(4.0), row_at(20.0), row_at(50.0)
    assert wet[:, near].mean() < 0.85 * dry[:, near].mean(), "darker before the car"

    def towards_sky(row: int) -> float:
        before, after = (np.abs(sky - each[:, row].mean(axis=1)).mean() for each in (dry, wet))
        return float(after / before)

    assert towards_sky(far) < 0.6
    assert towards_sky(far) < towards_sky(middle) < towards_sky(near)


def test_noise_is_small_even_and_new_at_each_decision() -> None:
    weather, what = Weather(noise=5), scene((15.0, 0.0))
    error = seen(weather, what) - seen(CLEAR, what)
    assert np.abs(error).max() == 5.0
    assert abs(error.mean()) < 0.1
    assert {int(each) for each in np.unique(error)} == set(range(-5, 6))
    assert not np.array_equal(seen(weather, what), seen(weather, what, decision=1))


def mixed() -> Moments:
    """Many moments, each in the next weather."""
    what = moments()
    names = list(WEATHERS)
    weathers = [WEATHERS[names[n % len(names)]] for n in range(len(what))]
    return what.under(weathers, list(range(len(what))), np.arange(len(what)) % 23)


@pytest.mark.parametrize("camera", [FRONT, MIRROR_LEFT])
def test_a_mixed_batch_is_its_pictures_one_by_one_in_any_order(camera: Camera) -> None:
    what = mixed()
    together = render(camera, what)
    order = np.random.default_rng(1).permutation(len(what))
    shuffled = replace(
        what,
        **{
            name: getattr(what, name)[order]
            for name in ("ground", "poses", "boxes", "looks", "weather", "seeds", "decisions")
        },
    )
    assert np.array_equal(render(camera, shuffled), together[order])
    for n in range(0, len(what), 5):
        alone = replace(
            what,
            weathers=(what.weathers[what.weather[n]],),
            weather=np.zeros(1, np.int64),
            **{
                name: getattr(what, name)[n : n + 1]
                for name in ("ground", "poses", "boxes", "looks", "seeds", "decisions")
            },
        )
        assert np.array_equal(render(camera, alone)[0], together[n])


def test_cameras_of_one_car_are_rained_upon_independently() -> None:
    weather, what = Weather(rain_mmph=40.0), scene()
    twin = replace(FRONT, name="twin")
    assert np.array_equal(seen(CLEAR, what), seen(CLEAR, what, twin))
    assert not np.array_equal(seen(weather, what), seen(weather, what, twin))
    assert LEFT.name != FRONT.name


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("visibility_m", -5.0),
        ("visibility_m", math.nan),
        ("visibility_m", "far"),
        ("rain_mmph", -1.0),
        ("cloudiness", 1.5),
        ("wetness", True),
        ("noise", math.inf),
        ("noise", 2.5),
        ("noise", 65),
        ("noise", True),
        ("dropout", 2.0),
        ("sun_elevation_rad", 2.0),
        ("headlights", 1),
    ],
)
def test_impossible_weather_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=field):
        Weather(**{field: value})  # type: ignore[arg-type]


def test_unknown_weather_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'night'"):
        weather_named("nigth")
    with pytest.raises(UnknownNameError, match="Did you mean 'fog'"):
        load_scenario("highway-v1").episode(0, "fogg")


@cache
def driven(scenario: str, condition: str) -> tuple[list[NDArray[np.float64]], NDArray[np.uint8]]:
    """States ``f8[episodes, 4, N]`` of each decision, pictures ``u1[1 + decisions, episodes, 3, H, W]``."""
    environment = DrivingVectorEnv(scenario, num_envs=4, sensors=["front"], condition=condition)
    pictures, states = [environment.reset(seed=5)[0]["front"]], []
    for _ in range(3 * BURST):
        pictures.append(environment.step(np.full((4, 2), (0.1, 0.02), np.float32))[0]["front"])
        worlds = environment.episodes.running()[0]
        states.append(np.stack((worlds.x, worlds.y, worlds.heading, worlds.speed), axis=1))
    return states, np.array(pictures)


@pytest.mark.parametrize("condition", WEATHER_CONDITIONS)
def test_every_scenario_is_driven_in_every_weather(condition: str) -> None:
    """All go where they go on a clear day, and every episode looks otherwise; some where cameras fail."""
    for name in registry.names("scenario"):
        states, pictures = driven(name, condition)
        on_a_clear_day, clear_pictures = driven(name, "nominal")
        assert all(map(np.array_equal, states, on_a_clear_day)), name
        assert not np.array_equal(states[0], states[-1]), name
        differs = (pictures != clear_pictures).any(axis=(2, 3, 4))
        if WEATHERS[condition].dropout:
            assert not differs[:BURST].any(), name
            assert differs.any(), name
        else:
            assert differs.all(), name


@pytest.mark.parametrize("condition", WEATHER_CONDITIONS)
def test_an_episode_in_some_weather_is_the_nominal_one_under_another_sky(condition: str) -> None:
    for name in registry.names("scenario"):
        episode, nominal = (load_scenario(name).episode(5, which) for which in (condition, "nominal"))
        assert episode.condition == condition
        assert episode.weather == WEATHERS[condition].facing(float(episode.world.entity_float[2, 0]))
        assert episode.world.digest == nominal.world.digest
        assert episode.task_digest != nominal.task_digest
        assert nominal.weather == CLEAR
