"""The whole road, on real episodes: an archive goes in, a verdict and a row come out, whatever is killed."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, sync_playwright
from running_service import RunningService, client_of, is_job, kill_job, running, submission, wait_for, zipped

from drivebench.errors import ConfigurationError
from drivebench.evaluation.record import load_run
from drivebench.evaluation.run import EvaluationRequest, evaluate
from drivebench.scenario import DEV, load_scenario
from drivebench.secret_seeds import SecretKey
from drivebench.suite import Suite, SuiteEntry, write_suite
from service.codes import Code
from service.server import serve_here
from service.settings import Settings

SCENARIO, CONDITION = "lane-keeping-v1", "nominal"
SECRET_EPISODES = 34
"""A chunk of 32, and one of two."""
NASTY = "<img src=x onerror=alert(1)>"
STEP_S = 0.02
SAW = "saw the road"
STOPS = f"time.sleep({STEP_S}); assert self.decisions <= 60, {SAW!r}"
"""Fails in every chunk, after it has passed the check, and says what it saw."""


def write_small_suite(path: Path, name: str, seeds: list[int]) -> Path:
    entries = []
    for seed in seeds:
        episode = load_scenario(SCENARIO).episode(seed, CONDITION)
        entries.append(
            SuiteEntry(
                scenario=SCENARIO,
                condition=CONDITION,
                seed=seed,
                reference_time_s=25.0,
                reference_distance_m=200.0,
                world_digest=episode.world.digest,
                task_digest=episode.task_digest,
            )
        )
    write_suite(Suite(name=name, version=1, description="For tests.", entries=tuple(entries)), path)
    return path


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite of two episodes that anybody may know."""
    path = tmp_path_factory.mktemp("suites") / "public.json"
    return write_small_suite(path, "public", [DEV.start + 700_000, DEV.start + 700_001])


@pytest.fixture(scope="module")
def key() -> SecretKey:
    return SecretKey(bytes(range(32)))


@pytest.fixture(scope="module")
def secret(public: Path, key: SecretKey) -> Path:
    """A suite of secret seeds."""
    seeds = [key.seed(SCENARIO, CONDITION, number) for number in range(SECRET_EPISODES)]
    return write_small_suite(public.with_name("secret.json"), "secret", seeds)


def state_of(client: httpx.Client, name: str) -> dict[str, Any]:
    content: dict[str, Any] = client.get(f"/api/submissions/{name}").json()
    return content


def send(client: httpx.Client, files: dict[str, str]) -> str:
    answer = client.post("/api/submissions", content=zipped(files))
    assert answer.status_code == 201, answer.text
    name: str = answer.json()["id"]
    return name


def ended(client: httpx.Client, name: str) -> dict[str, Any]:
    """Wait for the verdict."""
    content: dict[str, Any] = wait_for(
        lambda: state if (state := state_of(client, name))["verdict"] is not None else None, pause_s=1.0
    )
    return content


def test_a_secret_suite_is_shown_by_no_mistake(
    tmp_path: Path, public: Path, secret: Path, key: SecretKey
) -> None:
    unsaid = Settings(data=tmp_path, suite=str(secret), isolation="process", check_suite=str(public))
    with pytest.raises(ConfigurationError, match="everything would be shown"):
        serve_here(unsaid, "127.0.0.1", 1)
    checked = replace(unsaid, commitment=key.commitment, check_suite=str(secret))
    with pytest.raises(ConfigurationError, match="the check would show"):
        serve_here(checked, "127.0.0.1", 1)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_nothing_is_lost_or_driven_again_whatever_is_killed_and_nothing_hidden_is_shown(
    tmp_path: Path, public: Path, secret: Path, key: SecretKey
) -> None:
    options = ["--suite", str(secret), "--commitment", key.commitment, "--check-suite", str(public)]
    service = RunningService(tmp_path / "data", *options, "--workers", "1")
    service.start()
    try:
        ada, nobody = client_of(service.address, service.token("ada")), client_of(service.address)
        name = send(ada, submission("stops", STOPS, "-0.5"))
        run = tmp_path / "data" / "private" / "runs" / name
        kill_job(wait_for(service.job))
        (first,) = wait_for(lambda: list((run / "parts").glob("*.jsonl"))[:1])
        before = {path: path.stat().st_mtime_ns for path in (first, run / "actions" / f"{first.stem}.npy")}
        job = wait_for(service.job)
        kill_job(job)
        job = wait_for(lambda: found if (found := service.job()) not in (None, job) else None)
        service.kill()
        wait_for(lambda: not is_job(job))  # it ends with the service, and writes nothing any more
        left = {path: path.stat().st_mtime_ns for path in before}
        assert left == before
        service.start()
        kept: dict[Path, int] = {}

        def over() -> bool:
            kept.update({path: path.stat().st_mtime_ns for path in before if path.exists()})
            return state_of(ada, name)["verdict"] is not None

        wait_for(over, pause_s=1.0)
        assert kept == before, "a chunk was written again"
        found = state_of(ada, name)
        assert (found["state"], found["verdict"]["accepted"]) == ("finished", True), found
        said = [line.partition(" ")[2] for line in found["journal"]]
        assert sum(line.startswith("accepted by the check") for line in said) == 1
        assert "driving goes on" in said
        assert said.count("finished: DBS 0.0") == 1
        check_nothing_is_shown(service, ada, nobody, name, secret)
        undisturbed = evaluate(
            EvaluationRequest(
                what=str(tmp_path / "data" / "submissions" / name),
                suite=str(secret),
                out=tmp_path / "undisturbed",
                workers=1,
            )
        )
        assert load_run(run).results == undisturbed.results

        service.reveal(key, tmp_path / "key")
        assert nobody.get("/api/suite").json()["key"] == key.value.hex()
        assert SAW in next(iter(state_of(ada, name)["result"]["reasons"]))
        (tmp_path / "record.zip").write_bytes(nobody.get(f"/records/{name}.zip").content)
        assert load_run(tmp_path / "record.zip").results == undisturbed.results
    finally:
        service.stop()


def check_nothing_is_shown(
    service: RunningService, owner: httpx.Client, nobody: httpx.Client, name: str, secret: Path
) -> None:
    """Neither seeds nor keys of episodes nor what the policy said, in whatever is answered."""
    seeds = [str(entry["seed"]) for entry in json.loads(secret.read_text())["entries"]]
    worlds = [entry["world_digest"] for entry in json.loads(secret.read_text())["entries"]]
    found = state_of(owner, name)
    assert found["result"]["families"]["lane-keeping"]["n"] == SECRET_EPISODES
    assert set(found["result"]["failures"]) == {"raised"}
    assert found["result"]["reasons"] is None
    for client in (owner, nobody):
        for path in ("/", "/submit", "/api/suite", "/api/leaderboard", f"/api/submissions/{name}"):
            text = client.get(path).text
            assert not [hidden for hidden in (*seeds, *worlds, SAW) if hidden in text], path
        refused = client.get(f"/records/{name}.zip")
        assert (refused.status_code, refused.json()["code"]) == (403, Code.HIDDEN.value)
    assert owner.get(f"/api/submissions/{name}/log").json()["code"] == Code.HIDDEN.value
    assert "stops" in nobody.get("/").text


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of a real browser, which must have nothing to complain about."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium is installed: apt-get install chromium")
    complaints: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        shown = chromium.new_page()
        shown.set_default_timeout(300_000)
        shown.on("console", lambda message: complaints.append(message.text))
        shown.on("pageerror", lambda error: complaints.append(str(error)))
        shown.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        yield shown
        chromium.close()
    assert not complaints


@pytest.mark.slow
def test_a_browser_sends_a_submission_and_sees_the_verdict(tmp_path: Path, public: Path, page: Page) -> None:
    options = ["--suite", str(public), "--check-suite", str(public), "--workers", "1"]
    (tmp_path / "mine.zip").write_bytes(zipped(submission(NASTY)))
    with running(tmp_path / "data", *options) as service:
        token = service.token("ada")
        page.goto(f"{service.address}/")
        page.get_by_role("link", name="Send the first submission.").click()
        page.get_by_label("Token").fill(token)
        page.get_by_label("Archive").set_input_files(tmp_path / "mine.zip")
        page.get_by_role("button", name="Send").click()
        page.locator(".state.finished").wait_for()
        assert "verified" in page.get_by_label("journal").inner_text()
        assert NASTY in page.locator("dl").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("link", name="Leaderboard").click()
        row = page.get_by_role("table", name="The best first").get_by_role("row").nth(1)
        assert NASTY in row.inner_text()
        assert NASTY in page.get_by_role("table", name="Score", exact=True).inner_text()
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        with page.expect_download() as download:
            row.get_by_role("link").click()
        assert load_run(Path(shutil.copy(download.value.path(), tmp_path / "run.zip"))).failures == ()
        look_at_pages(page)
        kill_thrice_and_cancel(service, token)


def look_at_pages(page: Page) -> None:
    """Those of ``drivebench site``, which come last: the headers of the service let them draw a replay."""
    link = page.get_by_role("link", name="Policies, families and replays")
    wait_for(lambda: page.reload() and link.count())
    link.click()
    page.get_by_role("link", name=NASTY).first.click()
    page.get_by_role("button", name="Play").first.click()
    wait_for(lambda: page.locator("input[type=range]").first.input_value() not in ("", "0"))


def kill_thrice_and_cancel(service: RunningService, token: str) -> None:
    """A job that always ends without a verdict is given up; one that nobody wants is ended."""
    ada = client_of(service.address, token)
    killed = send(ada, submission("killed"))
    job = None
    for _ in range(3):
        job = wait_for(
            lambda last=job: found if (found := service.job(of=killed)) not in (None, last) else None
        )
        kill_job(job)
    found = ended(ada, killed)
    assert (found["state"], found["verdict"]["code"]) == ("failed", Code.FAILED.value)
    cancelled = send(ada, submission("unwanted"))
    job = wait_for(lambda: service.job(of=cancelled))
    assert ada.post(f"/api/submissions/{cancelled}/cancel").status_code == 200
    assert ended(ada, cancelled)["state"] == "cancelled"
    assert not is_job(job)
    assert [row["policy"] for row in ada.get("/api/leaderboard").json()] == [NASTY]
