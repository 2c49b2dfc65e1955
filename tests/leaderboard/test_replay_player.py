"""The replay player in a real browser, from the file system: it plays, scrubs, jumps, shows what was seen."""

import io
import shutil
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from drivebench.evaluation.record import Run, load_run
from drivebench.footage.recorded import film_record
from drivebench.sensors import FRONT, render
from leaderboard.replay import PLAYER_CSS, PLAYER_JS, player_html, replay_file

RECORDS = Path(__file__).parents[2] / "leaderboard" / "records"
HOSTILE = "<img src=x onerror=document.title='hit'>"
STYLE = ":root{color-scheme:light dark} body{margin:16px;background:var(--paper)}"


@dataclass(frozen=True)
class Site:
    """Two pages in a folder, and what is in them."""

    folder: Path
    key: str
    other: str
    runs: tuple[Run, Run] = field(repr=False)

    def address(self, page: str, fragment: str = "") -> str:
        return (self.folder / page).as_uri() + fragment


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A clone that leaves the road, beside one that does not, and a page without its data."""
    folder = tmp_path_factory.mktemp("site")
    lost, kept = (
        load_run(RECORDS / "recovery" / f"{name}-seed-0.zip")
        for name in ("behavior-cloning", "camera-correction")
    )
    lost = replace(lost, manifest=replace(lost.manifest, policy=replace(lost.manifest.policy, name=HOSTILE)))
    failing = [
        one.key
        for one, two in zip(lost.episodes, kept.episodes, strict=True)
        if one.measurement.ended_by.value == "off-road" and two.success and one.measurement.duration_s > 3.0
    ]
    keys = failing[:2]
    replay_file(lost, keys, folder / "lost.js")
    replay_file(kept, keys, folder / "kept.js")
    (folder / "player.js").write_text(PLAYER_JS, encoding="utf-8")
    (folder / "player.css").write_text(PLAYER_CSS, encoding="utf-8")
    for page, names in (("one", ["lost"]), ("two", ["lost", "kept"]), ("none", ["gone"])):
        scripts = "".join(f'<script src="{name}.js"></script>' for name in names if name != "gone")
        place = player_html(names[0], keys, against=names[1] if len(names) > 1 else None)
        (folder / f"{page}.html").write_text(
            '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>replays</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<link rel="stylesheet" href="player.css"><style>{STYLE}</style>'
            f'{place}{scripts}<script src="player.js"></script>',
            encoding="utf-8",
        )
    return Site(folder, keys[0], keys[1], (lost, kept))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no chromium is installed: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that must not complain, nor ask for anything but files."""
    wrong: list[str] = []
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    opened = context.new_page()
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda asked: None if asked.url.startswith("file:") else wrong.append(asked.url))
    opened.on("requestfailed", lambda asked: wrong.append(asked.url))
    yield opened
    title = opened.title()
    context.close()
    assert wrong == []
    assert title == "replays"


def time_of(page: Page) -> float:
    return float(page.locator("input[type=range]").input_value())


def picture_of(page: Page, canvas: str, panel: int = 0) -> NDArray[np.uint8]:
    data = page.locator(f"canvas.replay-{canvas}").nth(panel).evaluate("each => each.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(b64decode(data.partition(",")[2]))).convert("RGB"))


def test_it_plays_and_stops(page: Page, site: Site) -> None:
    page.goto(site.address("two.html"))
    assert time_of(page) == 0.0
    before = [picture_of(page, view, panel) for view in ("top", "driver") for panel in (0, 1)]
    assert all(picture.std() > 5.0 for picture in before)
    button = page.get_by_role("button", name="Play")
    button.click()
    page.wait_for_function("document.querySelector('input[type=range]').value > 1")
    page.get_by_role("button", name="Pause").click()
    stopped = time_of(page)
    after = [picture_of(page, view, panel) for view in ("top", "driver") for panel in (0, 1)]
    assert all((one != other).any() for one, other in zip(before, after, strict=True))
    page.wait_for_timeout(200)
    assert time_of(page) == stopped
    assert "km/h" in page.locator("[aria-live=polite]").inner_text()


def test_keys_and_time_line(page: Page, site: Site) -> None:
    page.goto(site.address("one.html"))
    slider = page.get_by_label("Time in the episode")
    slider.focus()
    for key, expected in (("ArrowRight", 0.2), ("Shift+ArrowRight", 1.2), ("ArrowLeft", 1.0)):
        page.keyboard.press(key)
        assert time_of(page) == pytest.approx(expected)
    page.keyboard.press("End")
    lasts_s = next(each for each in site.runs[0].episodes if each.key == site.key).measurement.duration_s
    assert time_of(page) == pytest.approx(lasts_s, abs=0.2)
    assert "off the road" in page.locator(".replay-readout").inner_text()
    page.keyboard.press("Home")
    assert time_of(page) == 0.0
    slider.fill("2")
    assert page.locator(".replay-clock").inner_text().startswith("2.0 /")
    page.keyboard.press("Space")
    assert page.get_by_role("button", name="Pause").is_visible()
    page.keyboard.press("Space")
    page.get_by_label("Speed").select_option("4")
    page.get_by_role("button", name="Turn with the car").click()
    turned = picture_of(page, "top")
    page.get_by_label("Nearer from above").click()
    assert (picture_of(page, "top") != turned).any()


def test_it_jumps_to_the_infraction(page: Page, site: Site) -> None:
    page.goto(site.address("two.html"))
    event = next(
        event
        for event in next(each for each in site.runs[0].episodes if each.key == site.key).measurement.events
        if event.kind == "off-road"
    )
    assert page.locator(".replay-badge").first.is_hidden()
    page.get_by_role("button", name="off the road").click()
    assert time_of(page) == pytest.approx(event.start_s, abs=0.11)
    assert "off the road" in page.locator(".replay-badge").first.inner_text()
    assert "off the road" in page.locator("[aria-live=polite]").inner_text()
    page.keyboard.press("Home")
    while time_of(page) < event.start_s - 0.11:
        page.get_by_role("button", name="Next infraction").click()
    assert time_of(page) == pytest.approx(event.start_s, abs=0.11)
    page.get_by_role("button", name="Previous infraction").click()
    assert time_of(page) <= event.start_s
    marks = page.locator(".replay-marks span").count()
    assert marks == page.locator(".replay-events button").count() >= 1


def test_names_are_text_and_addresses_lead_to_moments(page: Page, site: Site) -> None:
    page.goto(site.address("two.html", f"#{site.other}@1.4"))
    assert time_of(page) == pytest.approx(1.4)
    assert page.get_by_role("combobox", name="Episode").input_value() == site.other
    assert page.locator("figcaption strong").first.inner_text() == HOSTILE
    assert page.locator("img").count() == 0
    page.get_by_role("combobox", name="Episode").select_option(site.key)
    assert time_of(page) == 0.0


def test_a_page_without_its_data_says_so(page: Page, site: Site) -> None:
    page.goto(site.address("none.html"))
    assert "data of this replay are missing: gone" in page.locator(".replay-note").inner_text()


def test_dark_print_phone_and_less_motion(page: Page, site: Site) -> None:
    page.goto(site.address("two.html"))
    light = picture_of(page, "top")
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(50)
    assert picture_of(page, "top").mean() < light.mean() - 60
    page.emulate_media(media="print")
    page.wait_for_timeout(50)
    assert page.locator(".replay-controls").is_hidden()
    assert page.locator("canvas").first.is_visible()
    assert picture_of(page, "top").mean() > light.mean() - 30
    page.emulate_media(media="screen", reduced_motion="reduce")
    page.set_viewport_size({"width": 360, "height": 800})
    widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('input[type=range]').value > 0")
    assert time_of(page) == pytest.approx(1.0)


def test_the_driver_sees_what_the_camera_sees(page: Page, site: Site) -> None:
    """Held against the engine's own front camera: the same pinhole, left where left is."""
    footage = film_record(site.runs[0], next(each for each in site.runs[0].episodes if each.key == site.key))
    frame = 30
    seen = render(FRONT, footage.moment(frame))[0].transpose(1, 2, 0).astype(float).mean(axis=-1)
    page.goto(site.address("one.html", f"#{site.key}@{frame / 15}"))
    drawn = Image.fromarray(picture_of(page, "driver")).resize((160, 64), Image.Resampling.BOX)
    grey = np.asarray(drawn, float).mean(axis=-1)
    right = np.corrcoef(seen.ravel(), grey.ravel())[0, 1]
    mirrored = np.corrcoef(seen.ravel(), grey[:, ::-1].ravel())[0, 1]
    assert right > 0.95
    assert right > mirrored + 0.03
    marks = [
        np.flatnonzero(picture[50] > picture[50].mean() + 2 * picture[50].std()) for picture in (seen, grey)
    ]
    assert np.median(marks[0]) == pytest.approx(np.median(marks[1]), abs=2.0)
