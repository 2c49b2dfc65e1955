"""The page: one file that loads nothing, valid, readable without pictures, and the same bytes again."""

import io
import re
import shutil
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import html5lib
import pytest
from invented_runs import FAMILIES, failing, run_of, suite
from PIL import Image

from leaderboard.outcomes import outcomes_of
from leaderboard.page.chart import lesson_chart
from leaderboard.page.content import Contender, Lesson, PageContent, Picture, Replay, Scene, Stage
from leaderboard.page.render import render_page
from leaderboard.statistics import Estimate
from leaderboard.table import make_table

NASTY = "<img src=x onerror=alert(1)> & 'co' \"x\" https://evil.example"
XHTML = "{http://www.w3.org/1999/xhtml}"


def picture(width: int, height: int, alt: str) -> Picture:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (96, 128, 96)).save(file, "PNG")
    return Picture(png=file.getvalue(), alt=alt)


def contender(name: str, off_course: float) -> Contender:
    around = Estimate(value=off_course, low=off_course - 4.0, high=off_course + 4.0, n=20)
    nominal = Estimate(value=80.0, low=70.0, high=88.0, n=20)
    return Contender(name=name, steering_r2=0.97, frames=4000, nominal=nominal, off_course=around)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory, fewer_resamples: None) -> PageContent:
    folder = tmp_path_factory.mktemp("runs")
    table = make_table(
        [
            outcomes_of(run_of(folder / "one", failing(suite(), 2), name=NASTY)),
            outcomes_of(run_of(folder / "other", suite(), name="camera-correction")),
            outcomes_of(run_of(folder / "expert", suite(), name="expert", track="privileged")),
        ]
    )
    return PageContent(
        budget="smoke",
        table=table,
        lesson=Lesson(plain=contender(NASTY, 10.0), corrected=contender("camera-correction", 70.0)),
        scenes=tuple(
            Scene(
                id=f"{family}-v1",
                title=family,
                description="A road.",
                driver=picture(480, 64, f"{family} from the cameras"),
                top=picture(480, 300, f"{family} from above"),
            )
            for family in FAMILIES
        ),
        replay=Replay(
            mp4=b"not a video",
            poster=picture(960, 400, "two views"),
            start="lane-keeping-v1, off-course, seed 7",
            choice="the first",
            outcomes=("one leaves the road", "the other arrives"),
        ),
        stages=(Stage(command="drivebench collect --out x", seconds=61.0),),
        facts=(("drivebench", "0.1.0"), (NASTY, NASTY)),
    )


@pytest.fixture(scope="module")
def page(content: PageContent) -> str:
    return render_page(content)


def test_the_page_is_valid_html(page: str) -> None:
    html5lib.HTMLParser(strict=True).parse(page)


def test_the_page_loads_nothing(page: str) -> None:
    document = html5lib.parse(page)
    sources = [
        value
        for element in document.iter()
        for name, value in element.attrib.items()
        if name in {"src", "href", "poster", "srcset", "action", "data", "xlink:href"}
    ]
    assert sources
    assert all(source.startswith("data:") for source in sources)
    assert not re.search(r"url\(|@import|<link|<script|<iframe", page)
    assert "default-src 'none'" in page
    text = re.sub(r"https://evil\.example", "", page)
    assert not re.search(r"https?://", text)


def test_a_name_is_shown_and_nothing_more(page: str) -> None:
    document = html5lib.parse(page)
    assert not [element for element in document.iter() if "onerror" in element.attrib]
    names = [element.text for element in document.iter(f"{XHTML}th") if element.get("scope") == "row"]
    assert NASTY in names


def test_the_page_can_be_read_without_seeing(page: str) -> None:
    document = html5lib.parse(page)
    assert document.get("lang") == "en"
    assert all(image.get("alt") for image in document.iter(f"{XHTML}img"))
    assert all(video.get("aria-label") for video in document.iter(f"{XHTML}video"))
    identifiers = [element.get("id") for element in document.iter() if element.get("id")]
    assert len(identifiers) == len(set(identifiers))
    for element in document.iter():
        assert element.get("aria-labelledby", identifiers[0]) in identifiers
    levels = [
        int(element.tag[-1]) for element in document.iter() if re.fullmatch(r".*}h[1-6]", str(element.tag))
    ]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for table in document.iter(f"{XHTML}table"):
        assert table.find(f"{XHTML}caption") is not None
        assert all(head.get("scope") for head in table.iter(f"{XHTML}th"))


def test_same_content_same_bytes(content: PageContent, page: str) -> None:
    assert render_page(content) == page


def test_the_page_says_what_the_intervals_say(content: PageContent, page: str) -> None:
    assert "The intervals do not touch." in page
    closer = replace(content.lesson, corrected=contender("camera-correction", 12.0))
    touching = render_page(replace(content, lesson=closer))
    assert "The intervals touch, so this run does not show a difference" in touching
    assert "+2.0" in touching


def test_the_chart_puts_marks_where_the_numbers_are(content: PageContent) -> None:
    chart = lesson_chart(content.lesson)
    at = [float(x) for x in re.findall(r'<circle class="dot plain" cx="([\d.]+)"', chart)]
    ticks = [float(x) for x in re.findall(r'<text class="tick" x="([\d.]+)"', chart)]
    for panel, share in enumerate((0.97, 0.10, 0.80)):
        left, right = ticks[3 * panel], ticks[3 * panel + 2]
        assert at[panel] == pytest.approx(left + share * (right - left), abs=0.1)
    assert "<img" not in chart


@pytest.mark.parametrize("width", [390, 1200])
def test_a_browser_shows_the_page_without_scrolling_sideways(page: str, tmp_path: Path, width: int) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium is installed: apt-get install chromium")
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    (tmp_path / "frame.html").write_text(
        f"""<iframe src="page.html" style="width: {width}px; height: 900px"></iframe>
        <script>onload = () => {{
          const seen = document.querySelector("iframe").contentDocument.documentElement;
          document.title = seen.scrollWidth + " of " + seen.clientWidth;
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
    )
    found = re.search(r"<title>(\d+) of (\d+)</title>", result.stdout)
    assert found, result.stdout[-500:]
    assert int(found[1]) <= int(found[2])
    assert int(found[2]) == pytest.approx(width, abs=20)
