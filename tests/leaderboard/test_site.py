"""The pages in a real browser: sorted, filtered, in the dark, on paper, on a phone, and attacked by names."""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import html5lib
import pytest
from invented_runs import Episode, failing, write_run
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright
from typer.testing import CliRunner

from drivebench import cli
from drivebench.evaluation.manifest import PolicyCard, SuiteCard
from drivebench.evaluation.record import load_run
from leaderboard.board import Part
from leaderboard.site.content import Site
from leaderboard.site.write import write_site

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / "leaderboard" / "records" / "recovery"
PHONE, DESK = ViewportSize(width=390, height=800), ViewportSize(width=1280, height=900)
TURN, INVISIBLE = "\u202e", "\u200b"
SCRIPT = "<script>alert(1)</script>"
HOSTILE = {
    "one": f"safe{TURN}gnp.exe",
    "two": '"><img src=x onerror=alert(1)>',
    "three": "</script><script>alert(1)</script>{{ 7 * 7 }}",
    "four": f"a{INVISIBLE}" + "long" * 40,
}
FAMILIES = ("elsewhere", "nowhere")
SUITE = SuiteCard(
    name="test",
    version=1,
    digest="a" * 64,
    abilities={f"{family}-v1": ("interaction",) for family in FAMILIES},
)


def episodes(every: int) -> list[Episode]:
    driven = [
        Episode(family=family, condition=condition, seed=2_000_000 + seed)
        for family in FAMILIES
        for condition in ("nominal", "night")
        for seed in range(4 if family == "elsewhere" else 3)
    ]
    return failing(driven, every)


def invented(folder: Path) -> list[Path]:
    """Runs of scenarios that nobody has registered, by policies with names that attack."""
    paths = []
    for k, (name, attack) in enumerate(HOSTILE.items()):
        path = write_run(folder / name, episodes(k + 2), name=name, training_seed=k, suite=SUITE)
        card = replace(
            load_run(path).manifest.policy,
            name=attack,
            authors=(SCRIPT, f"x{TURN}"),
            paper="javascript:alert(1)",
            training_data=SCRIPT,
            training={"seed": k, "demonstrations": {"episodes": 10 * (k + 1)}, "config": {"steps": SCRIPT}},
        )
        paths.append(rewritten(path, card))
    paths.append(
        write_run(folder / "expert", episodes(10**6), name="expert", track="privileged", suite=SUITE)
    )
    return paths


def rewritten(path: Path, card: PolicyCard) -> Path:
    """The same run under another card, with checksums that fit."""
    manifest = replace(load_run(path).manifest, policy=card)
    shutil.rmtree(path)
    every = list(HOSTILE).index(path.name) + 2
    return write_run(path, episodes(every), suite=SUITE, policy=manifest.policy)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory, fewer_resamples: None) -> tuple[Path, Site]:
    folder = tmp_path_factory.mktemp("attacked")
    return folder / "site", write_site(invented(folder), folder / "site")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, fewer_resamples: None) -> Path:
    """Real runs of one family, with pictures and replays."""
    out = tmp_path_factory.mktemp("published") / "site"
    publish(out, ("behavior-cloning-seed-0", "camera-correction-seed-0"))
    return out


def publish(out: Path, names: Sequence[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("leaderboard.site.replays.SHOWN", 1)
        write_site([RECORDS / f"{name}.zip" for name in names], out)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's chromium; playwright's own is never downloaded."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no chromium is installed: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A window in which every request beyond the file system, error and dialogue fails the test."""
    opened = browser.new_context(viewport=DESK)
    wrong: list[str] = []
    opened.on("request", lambda each: wrong.append(each.url) if not local(each.url) else None)
    opened.on("requestfailed", lambda each: wrong.append(f"failed: {each.url}"))
    opened.on("console", lambda each: wrong.append(each.text) if each.type in ("error", "warning") else None)
    opened.on("weberror", lambda each: wrong.append(str(each.error)))
    opened.on("dialog", lambda each: wrong.append(f"dialogue: {each.message}") or each.dismiss())
    yield opened
    opened.close()
    assert not wrong


def local(url: str) -> bool:
    return url.startswith(("file:", "data:"))


def visit(context: BrowserContext, site: Path, page: str = "index.html") -> Page:
    opened = context.new_page()
    opened.goto((site / page).as_uri())
    return opened


def names(page: Page) -> list[str]:
    """Of the rows that are shown, section by section."""
    return [
        each.inner_text() for each in page.locator("#leaderboard th[scope=row]").all() if each.is_visible()
    ]


def numbers(page: Page, cell: str) -> list[float]:
    texts = page.locator(f'#leaderboard tbody[data-section="0"] td[data-cell="{cell}"] .value')
    return [float(text) for text in texts.all_inner_texts()]


def test_every_page_opens_and_fits_on_a_phone(
    context: BrowserContext, attacked: tuple[Path, Site], published: Path
) -> None:
    page = context.new_page()
    page.set_viewport_size(PHONE)
    for site in (attacked[0], published):
        pages = sorted(site.rglob("*.html"))
        assert len(pages) >= 3 + 2 + 1
        for path in pages:
            page.goto(path.as_uri())
            wide, seen = page.evaluate(
                "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
            )
            assert wide <= seen, path.name
            for href in page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)"):
                target = href.partition("#")[0]
                assert href.startswith("https://arxiv.org/") or Path(target.removeprefix("file://")).is_file()


def test_heads_sort_by_keyboard_and_sections_stay_apart(
    context: BrowserContext, attacked: tuple[Path, Site]
) -> None:
    page = visit(context, attacked[0])
    assert numbers(page, "dbs") == sorted(numbers(page, "dbs"), reverse=True)
    head = page.locator('#leaderboard th[data-key="success"]')
    assert head.get_attribute("aria-sort") is None
    for direction, reverse in (("descending", True), ("ascending", False)):
        head.locator("button").focus()
        page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == direction
        assert numbers(page, "success") == sorted(numbers(page, "success"), reverse=reverse)
        assert names(page)[-1] == "expert"
    assert page.locator("#leaderboard th[aria-sort]").count() == 1
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"


def test_a_family_is_scored_and_ranked_by_itself(
    context: BrowserContext, attacked: tuple[Path, Site]
) -> None:
    path, site = attacked
    page = visit(context, path)
    before = numbers(page, "dbs")
    page.locator("select[name=part]").select_option(label="nowhere (n = 6)")
    view = next(each for each in site.policies.parts if each.part == Part("family", "nowhere"))
    for index, row in enumerate(site.policies.table.rows):
        cells = page.locator(f'#leaderboard tr[data-row="{index}"]')
        expected = site.board.scored("dbs", view.part).estimates[site.by_run[id(row.runs[0])].place]
        shown = cells.locator('[data-cell="dbs"]')
        assert shown.locator(".value").inner_text() == f"{expected.value:.1f}"
        assert shown.locator(".interval").inner_text() == f"[{expected.low:.1f}, {expected.high:.1f}]"
        at = float(cells.locator(".whisker .mark").get_attribute("x") or "nan")
        assert at == pytest.approx(1 + expected.value, abs=0.06)
    assert numbers(page, "dbs") != before
    assert numbers(page, "dbs") == sorted(numbers(page, "dbs"), reverse=True)


def test_rows_are_chosen_by_track_and_name(context: BrowserContext, attacked: tuple[Path, Site]) -> None:
    page = visit(context, attacked[0])
    assert page.locator("output").inner_text() == "5 of 5 rows"
    page.locator("select[name=track]").select_option(index=2)
    assert names(page) == ["expert"]
    page.locator("select[name=track]").select_option(index=0)
    page.locator("input[name=name]").fill("IMG SRC")
    assert names(page) == [HOSTILE["two"]]
    assert page.locator("output").inner_text() == "1 of 5 rows"


def test_a_name_is_shown_and_nothing_more(context: BrowserContext, attacked: tuple[Path, Site]) -> None:
    page = visit(context, attacked[0])
    assert set(names(page)) >= {HOSTILE["two"], HOSTILE["three"], "safe gnp.exe"}
    for path in attacked[0].rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(f"[{TURN}{INVISIBLE}]", text), path.name
        document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
        for element in document.iter():
            assert not [name for name in element.attrib if name.startswith("on") or name == "style"]
            assert not str(element.get("href", "")).startswith("javascript"), path.name
        scripts = [each for each in document.iter("script") if each.get("type") != "application/json"]
        assert all(each.get("src") and not each.text for each in scripts)
        assert re.fullmatch(r"[a-z0-9.-]+", path.name)


def test_it_can_be_read_without_seeing(attacked: tuple[Path, Site], published: Path) -> None:
    for path in [*attacked[0].rglob("*.html"), *published.rglob("*.html")]:
        document = html5lib.parse(path.read_text(encoding="utf-8"), namespaceHTMLElements=False)
        assert document.get("lang") == "en"
        assert len(list(document.iter("h1"))) == 1
        assert all("alt" in image.attrib for image in document.iter("img"))
        for table in document.iter("table"):
            assert table.find("caption") is not None
            assert all(head.get("scope") for head in table.iter("th"))
        identifiers = [element.get("id") for element in document.iter() if element.get("id")]
        assert len(identifiers) == len(set(identifiers))
        assert all(e.get("aria-labelledby", identifiers[0]) in identifiers for e in document.iter())


CONTRASTS = """() => {
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map((part) => {
      const share = Number(part) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const probe = document.createElement("i");
  document.body.append(probe);
  const of = (value) => { probe.style.color = value; return light(getComputedStyle(probe).color); };
  const paper = of("var(--paper)");
  return ["--ink", "--muted", "--accent"].map((name) => {
    const own = of(`var(${name})`);
    return (Math.max(own, paper) + 0.05) / (Math.min(own, paper) + 0.05);
  });
}"""


def test_text_has_contrast_in_the_light_in_the_dark_and_on_paper(
    context: BrowserContext, attacked: tuple[Path, Site]
) -> None:
    page = visit(context, attacked[0])
    papers = set()
    looks: list[Callable[[], None]] = [
        lambda: page.emulate_media(color_scheme="light"),
        lambda: page.emulate_media(color_scheme="dark"),
        lambda: page.emulate_media(media="print"),
    ]
    for look in looks:
        look()
        papers.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert min(page.evaluate(CONTRASTS)) >= 4.5, papers
    assert len(papers) == 3
    assert not page.locator("form.controls").is_visible()
    assert not page.locator(".top nav").is_visible()


def test_without_scripts_the_table_is_there_and_what_needs_them_is_not(
    browser: Browser, attacked: tuple[Path, Site]
) -> None:
    with browser.new_context(java_script_enabled=False) as quiet:
        page = quiet.new_page()
        page.goto((attacked[0] / "index.html").as_uri())
        assert len(names(page)) == len(HOSTILE) + 1
        assert not page.locator("form.controls").is_visible()
        assert page.locator("#leaderboard th button").count() == 0


def test_a_policy_is_played_beside_another(context: BrowserContext, published: Path) -> None:
    (path,) = (published / "policies").glob("behavior-cloning-*.html")
    page = visit(context, published, f"policies/{path.name}")
    panels = page.locator(".replay figcaption")
    panels.first.wait_for()
    texts = panels.all_inner_texts()
    assert len(texts) == 2
    assert texts[0].startswith("behavior-cloning off the road")
    assert texts[1].startswith("camera-correction")
    assert page.locator(".replay canvas").count() == 4
    assert page.locator(".replay canvas").first.bounding_box()


def test_a_scenario_that_is_not_here_is_neither_described_nor_replayed(attacked: tuple[Path, Site]) -> None:
    path, site = attacked
    family = (path / "families" / f"{site.families[0].file_name}.html").read_text(encoding="utf-8")
    policy = (path / "policies" / f"{site.entries[0].dossier.file_name}.html").read_text(encoding="utf-8")
    assert "is not registered where these pages were made" in family
    assert "can be driven again here" in policy
    assert not list(path.rglob("*.png"))


def test_same_records_in_another_order_same_bytes(
    attacked: tuple[Path, Site], tmp_path: Path, fewer_resamples: None
) -> None:
    write_site(invented(tmp_path)[::-1], tmp_path / "again")
    assert files(tmp_path / "again") == files(attacked[0])


def test_same_records_same_pictures_and_replays(
    published: Path, tmp_path: Path, fewer_resamples: None
) -> None:
    publish(tmp_path / "again", ("camera-correction-seed-0", "behavior-cloning-seed-0"))
    first = files(published)
    assert {".png", ".js"} <= {path.suffix for path in first}
    assert files(tmp_path / "again") == first


def files(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_is_overwritten_and_edited_records_are_refused(tmp_path: Path, fewer_resamples: None) -> None:
    path, *_ = invented(tmp_path)
    (tmp_path / "there").mkdir()
    result = CliRunner().invoke(cli.app, ["site", str(path), "--out", str(tmp_path / "there")])
    assert result.exit_code == cli.NOT_GOOD
    assert "exists already" in result.stderr
    (path / "episodes.jsonl").write_text((path / "episodes.jsonl").read_text().replace("12.0", "13.0"))
    result = CliRunner().invoke(cli.app, ["site", str(path), "--out", str(tmp_path / "out")])
    assert result.exit_code == cli.NOT_GOOD
    assert "checksum" in result.stderr
    assert not (tmp_path / "out").exists()
