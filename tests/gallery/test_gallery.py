"""The gallery: one valid page that loads nothing, with every scenario and condition, the same bytes again."""

import io
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import html5lib
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from drivebench import cli, registry
from drivebench.conditions import COMMON_CONDITIONS, NOMINAL
from drivebench.footage import Footage, film_driver
from drivebench.gallery.content import ConditionView, FamilyView, Gallery, GalleryPicture
from drivebench.gallery.doc_page import read_page
from drivebench.gallery.docstring import condition_texts, page_of
from drivebench.gallery.moments import frame_after, frame_in_weather, telling_frame, turning_rad
from drivebench.gallery.render import render_gallery
from drivebench.gallery.words import condition_text, weather_text
from drivebench.scenario import DEV, load_scenario
from drivebench.weather import CLEAR, WEATHERS
from drivebench.world.clock import SUBSTEPS

NASTY = "<img src=x onerror=alert(1)> & 'co' \"x\" https://evil.example"
XHTML = "{http://www.w3.org/1999/xhtml}"
NAME = "lane-keeping-v1"
NAMES = registry.names("scenario")
SECTIONS = {
    "Map",
    "Traffic",
    "Route and goal",
    "Success",
    "Failure",
    "Horizon",
    "Conditions",
    "Version history",
}

DOCSTRING = """``ring-v1``: go round, `slowly`.

About rings in general, over
two lines.

Map
    A ring (:mod:`scenarios.ring`).

    Its radius is 20 m.
Version history
    2: wider.
    1: first version.
Conditions
    ``nominal``; ``wide``: the ring is
    wider; ``thin``, as ``wide`` is not: it is thinner.
"""


def write(path: Path, *arguments: str) -> str:
    result = CliRunner().invoke(cli.app, ["scenarios", *arguments, "--gallery", str(path)])
    assert result.exit_code == 0, result.output
    assert not result.stdout, "results only"
    return path.read_text(encoding="utf-8")


def picture(alt: str) -> GalleryPicture:
    file = io.BytesIO()
    Image.new("RGB", (48, 32), (96, 128, 96)).save(file, "WEBP")
    return GalleryPicture(webp=file.getvalue(), width=48, height=32, alt=alt)


@pytest.fixture(scope="module")
def nasty() -> str:
    family = FamilyView(
        id="nasty-v1",
        title=NASTY,
        abilities=("memory",),
        horizon_s=12.5,
        open_ended=True,
        page=read_page(f"``nasty-v1``: {NASTY}\n\nMap\n    {NASTY} ``{NASTY}``\n"),
        episode="seed 1",
        front=picture(NASTY),
        top=picture("top"),
        left_mirror=picture("left"),
        right_mirror=picture("right"),
        conditions=(
            ConditionView(
                name="nominal", text=NASTY, moment="1 s", front=picture("front"), top=picture("above")
            ),
            ConditionView(name="odd name!", text="Odd.", moment="1 s", front=picture("odd"), top=None),
        ),
    )
    return render_gallery(Gallery(families=(family,), version="0"))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write(tmp_path_factory.mktemp("gallery") / "new" / "gallery.html", NAME)


def check_page(page: str) -> None:
    html5lib.HTMLParser(strict=True).parse(page)
    document = html5lib.parse(page)
    assert document.get("lang") == "en"
    attributes = [(name, value) for element in document.iter() for name, value in element.attrib.items()]
    sources = [value for name, value in attributes if name in {"src", "poster", "srcset", "action", "data"}]
    assert sources
    assert all(source.startswith("data:image/webp;base64,") for source in sources)
    assert not re.search(r"url\(|@import|<link|<script|<iframe", page)
    assert "default-src 'none'" in page
    assert not re.search(r"https?://", page.replace("https://evil.example", ""))
    assert all(image.get("alt") for image in document.iter(f"{XHTML}img"))
    identifiers = [value for name, value in attributes if name == "id"]
    assert len(identifiers) == len(set(identifiers))
    for name, value in attributes:
        assert name != "href" or value.removeprefix("#") in identifiers
        assert name != "aria-labelledby" or value in identifiers
    levels = [int(each.tag[-1]) for each in document.iter() if re.fullmatch(r".*}h[1-6]", str(each.tag))]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def names_shown(page: str) -> list[str]:
    document = html5lib.parse(page)
    figures = (each for each in document.iter(f"{XHTML}figure") if "view" in each.get("class").split())
    return [next(figure.iter(f"{XHTML}strong")).text for figure in figures]


def test_the_page_of_a_scenario_is_valid_and_whole(written: str) -> None:
    check_page(written)
    assert names_shown(written) == list(load_scenario(NAME).every_condition)
    text = " ".join("".join(html5lib.parse(written).itertext()).split())
    for section in page_of(load_scenario(NAME)).sections:
        assert section.title in text
        for paragraph in section.paragraphs:
            assert re.sub(r":\w+:`([^`]+)`|``([^`]+)``", r"\1\2", paragraph) in text


def test_the_same_bytes_again(written: str, tmp_path: Path) -> None:
    assert write(tmp_path / "again.html", NAME) == written
    assert not list(tmp_path.glob(".*")), "nothing half written is left"


@pytest.mark.slow
def test_all_scenarios_under_all_conditions(tmp_path: Path) -> None:
    page = write(tmp_path / "gallery.html")
    check_page(page)
    expected = [name for scenario in NAMES for name in load_scenario(scenario).every_condition]
    assert names_shown(page) == expected
    assert len(page) < 8_000_000


def test_texts_are_shown_and_nothing_more(nasty: str) -> None:
    check_page(nasty)
    document = html5lib.parse(nasty)
    assert not [element for element in document.iter() if "onerror" in element.attrib]
    assert NASTY in [element.text for element in document.iter(f"{XHTML}code")]


def test_wrong_use_is_refused_by_name(tmp_path: Path) -> None:
    out = tmp_path / "gallery.html"
    for arguments, complaint in (
        (["lane-keping-v1", "--gallery", str(out)], "Did you mean 'lane-keeping-v1'?"),
        (["--gallery", str(tmp_path / "gallery.png")], "ends with .html"),
        (["--gallery", str(out), "--json"], "--json says nothing about --gallery"),
        (["--gallery", str(tmp_path)], "ends with .html"),
    ):
        command = [sys.executable, "-c", "from drivebench.cli import main; main()", "scenarios", *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 2, result.stderr
        assert complaint in result.stderr
        assert not result.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_has_a_page(name: str) -> None:
    scenario = load_scenario(name)
    page = page_of(scenario)
    titles = {section.title for section in page.sections}
    assert titles >= SECTIONS, f"{scenario.id} does not say: {', '.join(SECTIONS - titles)}"
    assert titles & {"Ability", "Abilities"}
    assert "Version history" in titles
    said = condition_texts(page, scenario.conditions)
    assert set(said) >= set(scenario.conditions) - {NOMINAL}
    assert page.summary
    assert name not in page.summary


def test_a_docstring_is_taken_apart() -> None:
    page = read_page(DOCSTRING)
    assert page.summary == "Go round, `slowly`."
    assert page.paragraphs == ("About rings in general, over two lines.",)
    assert [section.title for section in page.sections] == ["Map", "Version history", "Conditions"]
    assert page.sections[0].paragraphs == ("A ring (:mod:`scenarios.ring`).", "Its radius is 20 m.")
    assert page.sections[1].paragraphs == ("2: wider.", "1: first version.")
    assert condition_texts(page, ("nominal", "wide", "thin")) == {
        "wide": "The ring is wider.",
        "thin": "As ``wide`` is not: it is thinner.",
    }
    assert read_page("Just a line.").summary == "Just a line."


def test_conditions_are_described_from_what_they_are() -> None:
    assert all(condition_text(name, {}) for name in COMMON_CONDITIONS)
    assert weather_text(CLEAR) == "A clear day."
    assert weather_text(WEATHERS["fog"]) == "100% clouds, visibility 60 m, headlights on."
    assert condition_text("fog", {"fog": "Thick."}) == "Thick."


@pytest.fixture(scope="module")
def drive() -> Footage:
    return film_driver(load_scenario(NAME).episode(DEV.start + 1), "idle", duration_s=6.0)


def test_a_moment_is_where_it_turns_or_gets_close(drive: Footage) -> None:
    states = np.zeros((91, 2, 4))
    states[:, 0, 0] = np.arange(91.0)
    states[:, 0, 3] = 15.0
    states[:, 1, :2] = (70.0, 3.0)
    approach = replace(
        drive,
        states=states,
        sizes_m=np.full((2, 2), (5.0, 2.0)),
        kinds=drive.kinds[[0, 0]],
        progress_m=states[:, 0, 0],
    )
    closest = telling_frame(approach)
    assert 55 <= closest <= 68
    assert closest % SUBSTEPS == 0
    bent = states.copy()
    bent[20:35, 0, 2] = np.linspace(0.0, 0.5, 15)
    bent[35:, 0, 2] = 0.5
    bent[:, 1, :2] = 1000.0
    assert 20 <= telling_frame(replace(approach, states=bent)) <= 35
    assert frame_after(approach, 40.0) == 39
    assert frame_after(approach, 400.0) == 90


def test_a_failing_camera_is_shown_while_it_fails(drive: Footage) -> None:
    failing = replace(drive, episode=drive.episode.under(replace(CLEAR, dropout=1.0)))
    assert frame_in_weather(failing, 0) > 0
    assert frame_in_weather(drive, 15) == 15


def test_a_way_that_turns_is_told_from_one_that_does_not() -> None:
    straight, bend = (load_scenario(name).episode(DEV.start) for name in ("two-way-v1", "u-turn-v1"))
    assert turning_rad(straight.route) == 0.0
    assert turning_rad(bend.route) == pytest.approx(np.pi, abs=0.1)


@pytest.mark.parametrize("width", [400, 1400])
def test_a_browser_shows_the_page_without_scrolling_sideways(
    written: str, tmp_path: Path, width: int
) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium is installed: apt-get install chromium")
    (tmp_path / "page.html").write_text(written, encoding="utf-8")
    (tmp_path / "frame.html").write_text(
        f"""<iframe src="page.html" style="width: {width}px; height: 900px"></iframe>
        <script>onload = () => {{
          const seen = document.querySelector("iframe").contentDocument;
          const broken = [...seen.images].filter(each => each.naturalWidth === 0).length;
          document.title = [seen.documentElement.scrollWidth, seen.documentElement.clientWidth, broken];
        }}</script>""",
        encoding="utf-8",
    )
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    options += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    options += ["--allow-file-access-from-files", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    result = subprocess.run(
        [browser, *options, (tmp_path / "frame.html").as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    found = re.search(r"<title>(\d+),(\d+),(\d+)</title>", result.stdout)
    assert found, result.stdout[-500:]
    assert int(found[1]) <= int(found[2])
    assert int(found[2]) == pytest.approx(width, abs=20)
    assert int(found[3]) == 0, "pictures that the browser cannot show"
