"""Requests over HTTP: who may send them, how many, and what is said to those that are not good.

The service answers real requests here, but starts no jobs: what is queued stays queued.
"""

import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from running_service import client_of, free_port, run_here, submission, wait_for, zipped
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from typer.testing import CliRunner

from drivebench.cli import WRONG_USAGE, app
from drivebench.errors import ConfigurationError
from drivebench.evaluation.isolation.tier import Tier
from drivebench.suite import load_suite
from service import server
from service.accounts import Accounts
from service.api import Service
from service.archive import Bounds
from service.codes import Code
from service.dispatcher import Dispatcher
from service.settings import Settings
from service.store import State, Store
from service.web import make_app

ARCHIVE = zipped(submission("steady"))
SUITE = load_suite("smoke")
EXAMPLES = 6
NOT_IN_A_SCHEMA = (positive_data_acceptance,)
"""No schema can say that bytes are an archive: what is invented for one is refused, with a code."""


class Serving:
    """A service in a thread of this process, without jobs."""

    def __init__(self, decided: Settings) -> None:
        decided.places.make()
        self.settings = decided
        self.accounts = Accounts(decided.places.database)
        self.store = Store(decided.places.database)
        service = Service(settings=decided, accounts=self.accounts, store=self.store, suite=SUITE)
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        config = uvicorn.Config(
            make_app(service), "127.0.0.1", port, log_level="critical", lifespan="off", server_header=False
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)

    def client(self, name: str = "") -> httpx.Client:
        """Of an account, or of nobody."""
        return client_of(self.address, self.accounts.give_token(name) if name else "")

    @contextmanager
    def answering(self) -> Iterator["Serving"]:
        self._thread.start()
        try:
            wait_for(lambda: self._server.started)
            yield self
        finally:
            self._server.should_exit = True
            self._thread.join()


Serve = Callable[..., Serving]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Services with settings of the test's own."""
    decided = Settings(
        data=tmp_path / "data", suite="smoke", isolation="process", bounds=Bounds(content_bytes=1 << 20)
    )
    with ExitStack() as stack:
        yield lambda **changes: stack.enter_context(Serving(replace(decided, **changes)).answering())


def send(client: httpx.Client, content: bytes = ARCHIVE) -> httpx.Response:
    return client.post("/api/submissions", content=content, headers={"Content-Type": "application/zip"})


def refused(answer: httpx.Response, code: Code) -> dict[str, Any]:
    content: dict[str, Any] = answer.json()
    assert (answer.status_code, content["code"]) == (code.status, code.value), content
    assert content["meaning"] == code.meaning
    return content


def test_a_submission_is_queued_with_its_files(serve: Serve) -> None:
    serving = serve()
    ada = serving.client("ada")
    sent = send(ada)
    assert sent.status_code == 201, sent.text
    content = sent.json()
    assert (content["state"], content["place"], content["archive_bytes"]) == ("queued", 1, len(ARCHIVE))
    folder = serving.settings.places.submissions / content["id"]
    assert sorted(path.name for path in folder.iterdir()) == ["policy.py", "submission.toml"]
    assert not list(serving.settings.places.incoming.iterdir())
    assert ada.get(f"/api/submissions/{content['id']}").json() == content
    assert ada.get("/api/submissions").json() == [content]


def test_nobody_else_gets_at_a_submission(serve: Serve) -> None:
    serving = serve()
    ada, eve, nobody = serving.client("ada"), serving.client("eve"), serving.client()
    address = f"/api/submissions/{send(ada).json()['id']}"
    assert eve.get("/api/submissions").json() == []
    for method, path in (("GET", address), ("GET", f"{address}/log"), ("POST", f"{address}/cancel")):
        refused(eve.request(method, path), Code.MISSING)
        answer = nobody.request(method, path)
        refused(answer, Code.TOKEN)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert ada.get(address).json()["state"] == "queued"
    for token in ("x", "x.y", f"{'0' * 16}.x", "ä"):
        headers = {b"Authorization": f"Bearer {token}".encode()}
        refused(httpx.get(f"{serving.address}/api/submissions", headers=headers), Code.TOKEN)


def test_a_token_is_valid_until_another_is_given_or_it_is_revoked(serve: Serve) -> None:
    serving = serve()
    first = serving.client("ada")
    assert first.get("/api/submissions").status_code == 200
    second = serving.client("ada")
    refused(first.get("/api/submissions"), Code.TOKEN)
    assert second.get("/api/submissions").status_code == 200
    serving.accounts.revoke_token("ada")
    refused(second.get("/api/submissions"), Code.TOKEN)
    with pytest.raises(ConfigurationError, match="no account 'bob'"):
        serving.accounts.revoke_token("bob")


def test_tokens_are_not_in_the_database(serve: Serve) -> None:
    serving = serve()
    token = serving.accounts.give_token("ada")
    for file in serving.settings.places.private.glob("service.sqlite*"):
        assert token.partition(".")[2].encode() not in file.read_bytes()
    assert serving.settings.places.private.stat().st_mode & 0o777 == 0o700


def test_uploads_are_limited_by_day_and_by_what_waits(serve: Serve) -> None:
    serving = serve(uploads_per_day=4, waiting=2, queue=3)
    ada, bob = serving.client("ada"), serving.client("bob")
    assert [send(ada).status_code for _ in range(2)] == [201, 201]
    refused(send(ada), Code.WAITING)
    assert send(bob).status_code == 201
    refused(send(bob), Code.QUEUE)
    for row in serving.store.active():
        assert serving.store.move(row.id, State.CANCELLED, [State.QUEUED])
    refused(send(ada, b"no archive"), Code.KIND)  # counts, too
    assert send(ada).status_code == 201
    answer = send(ada)
    assert "4 uploads" in refused(answer, Code.DAILY)["problem"]
    assert 86_000 < int(answer.headers["Retry-After"]) <= 86_400


def test_requests_are_limited_by_account_and_by_address(serve: Serve) -> None:
    serving = serve(requests_per_minute=5)
    ada, bob, nobody = serving.client("ada"), serving.client("bob"), serving.client()
    answers = [ada.get("/api/submissions") for _ in range(8)]
    assert [answer.status_code for answer in answers[:5]] == [200] * 5
    assert int(answers[-1].headers["Retry-After"]) >= 1
    refused(answers[-1], Code.RATE)
    assert bob.get("/api/submissions").status_code == 200
    assert nobody.get("/api/suite").status_code == 200
    refused([nobody.get("/api/submissions") for _ in range(8)][-1], Code.RATE)  # guessing tokens


def test_an_archive_is_refused_when_it_is_too_large(serve: Serve) -> None:
    serving = serve(upload_bytes=10_000)
    ada = serving.client("ada")
    refused(send(ada, bytes(10_001)), Code.UPLOAD_SIZE)

    def unannounced() -> Iterator[bytes]:
        for _ in range(20):
            yield bytes(1000)

    refused(ada.post("/api/submissions", content=unannounced()), Code.UPLOAD_SIZE)
    for folder in (serving.settings.places.incoming, serving.settings.places.submissions):
        assert not list(folder.iterdir())


def test_an_upload_that_dawdles_is_broken_off(serve: Serve) -> None:
    serving = serve(upload_s=0.3)
    ada = serving.client("ada")
    stop = threading.Event()

    def dawdling() -> Iterator[bytes]:
        yield b"PK"
        stop.wait(2.0)
        yield b"\x03\x04"

    refused(ada.post("/api/submissions", content=dawdling()), Code.PATIENCE)
    stop.set()


def test_an_upload_that_breaks_off_leaves_nothing(serve: Serve) -> None:
    serving = serve()
    token = serving.accounts.give_token("ada")
    places = serving.settings.places
    with socket.create_connection(("127.0.0.1", int(serving.address.rpartition(":")[2]))) as line:
        head = f"POST /api/submissions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        line.sendall(f"{head}Content-Length: 5000\r\n\r\n".encode() + bytes(100))
        wait_for(lambda: list(places.incoming.iterdir()))
    wait_for(lambda: not list(places.incoming.iterdir()))
    assert not list(places.submissions.iterdir())
    assert not serving.store.active()


def test_a_hostile_archive_is_refused_by_its_code(serve: Serve) -> None:
    serving = serve()
    refused(send(serving.client("ada"), zipped({"../up": ""})), Code.NAME)
    assert not list(serving.settings.places.submissions.iterdir())


def test_an_owner_cancels_what_is_not_published(serve: Serve) -> None:
    serving = serve()
    ada = serving.client("ada")
    name = send(ada).json()["id"]
    assert ada.post(f"/api/submissions/{name}/cancel").status_code == 200
    assert not serving.store.move(name, State.CHECKING, [State.QUEUED]), "a job took what was cancelled"
    other = send(ada).json()["id"]
    assert serving.store.move(other, State.PUBLISHING, [State.QUEUED])
    refused(ada.post(f"/api/submissions/{other}/cancel"), Code.LATE)
    refused(ada.get(f"/records/{other}.zip"), Code.MISSING)


def test_the_same_content_is_driven_once(serve: Serve) -> None:
    serving = serve()
    ada = serving.client("ada")
    one, two = (send(ada).json()["id"] for _ in range(2))
    for name in (one, two):
        serving.store.move(name, State.CHECKING, [State.QUEUED])
    assert serving.store.claim(one, "digest", {}) is None
    assert serving.store.claim(two, "digest", {}) == one
    assert [row.state for row in serving.store.active()] == [State.EVALUATING, State.CHECKING]


def test_every_answer_keeps_browsers_from_what_is_elsewhere(serve: Serve) -> None:
    nobody = serve().client()
    for path in ("/", "/submit", "/static/submit.js", "/api/suite", "/api/submissions", "/nowhere"):
        answer = nobody.get(path, headers={"Origin": "https://evil.example"})
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "server" not in answer.headers
        assert not any(name.startswith("access-control") for name in answer.headers)
        assert "set-cookie" not in answer.headers
        assert "<script>" not in answer.text
        assert "style=" not in answer.text
    refused(nobody.get("/nowhere"), Code.MISSING)
    refused(nobody.put("/api/suite"), Code.METHOD)
    assert nobody.get("/static/../../codes.py").status_code == 404


def test_an_error_of_the_service_tells_nothing_of_it(serve: Serve) -> None:
    serving = serve()
    ada = serving.client("ada")
    serving.settings.places.database.write_bytes(b"no database at all, nothing of the kind" * 100)
    for file in serving.settings.places.private.glob("service.sqlite-*"):
        file.unlink()
    answer = ada.get("/api/submissions")
    refused(answer, Code.ERROR)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sqlite" not in answer.text.lower()
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("commitment", ["", "00" * 32])
def test_a_suite_is_served_as_what_it_is(tmp_path: Path, commitment: str) -> None:
    """Seeds that everybody knows are not called secret; and a folder stays with its suite."""
    decided = Settings(data=tmp_path, suite="smoke", isolation="process", commitment=commitment)
    decided.places.make()
    Store(decided.places.database).note_fact("suite digest", "0" * 64)
    expected = "known to everybody" if commitment else "Give another --data"
    with pytest.raises(ConfigurationError, match=expected):
        server.serve_here(decided, "127.0.0.1", free_port())


def test_a_submission_that_takes_too_long_is_refused(serve: Serve) -> None:
    serving = serve(hours=1.0)
    ada = serving.client("ada")
    name = send(ada).json()["id"]
    serving.store.note_time(name, 3700.0)
    with Dispatcher(serving.settings, serving.store):
        wait_for(lambda: not serving.store.of_id(name).active, pause_s=0.5)
    verdict = ada.get(f"/api/submissions/{name}").json()["verdict"]
    assert (verdict["accepted"], verdict["code"]) == (False, Code.TIME.value)
    assert "1 h 1 min" in verdict["problem"]


def test_strangers_are_not_evaluated_without_isolation_unless_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "choose", lambda: Tier.PROCESS)
    with pytest.raises(ConfigurationError, match="ask for --isolation process if you trust"):
        server.tier_for(None)
    assert server.tier_for("process") == "process"


def test_the_organiser_has_accounts(tmp_path: Path) -> None:
    data = ["--data", str(tmp_path)]
    assert CliRunner().invoke(app, ["serve", "accounts", *data]).exit_code == WRONG_USAGE
    token = run_here("token", "ada", *data).strip()
    assert Accounts(tmp_path / "private" / "service.sqlite").account_of(token) == "ada"
    assert "valid token" in run_here("revoke", "ada", *data)
    assert re.fullmatch(r"ada: 0 submissions, token of .*, revoked\n", run_here("accounts", *data))
    wrong = CliRunner().invoke(app, ["serve", "token", "<b>", *data])
    assert (wrong.exit_code, "cannot be an account" in wrong.output) == (WRONG_USAGE, True)
    nothing = CliRunner().invoke(app, ["serve"])
    assert (nothing.exit_code, "expected --data DIR" in nothing.output) == (WRONG_USAGE, True)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
def test_invented_requests_are_answered_as_the_document_says(serve: Serve) -> None:
    many = 1_000_000
    serving = serve(requests_per_minute=many, uploads_per_day=many, waiting=many, queue=many)
    ada = serving.client("ada")
    document = schemathesis.openapi.from_url(f"{serving.address}/api/openapi.json")
    token = {"Authorization": ada.headers["Authorization"]}
    answered: Counter[str] = Counter()
    for found in document.get_all_operations():
        operation = found.ok()
        modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
        for mode in modes if operation.path_parameters else modes[:1]:

            @settings(
                max_examples=EXAMPLES,
                derandomize=True,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(mode))
            def ask(case: schemathesis.Case) -> None:
                answer = case.call_and_validate(headers=token, excluded_checks=[*NOT_IN_A_SCHEMA])
                answered[f"{case.operation.label} {answer.status_code // 100}"] += 1

            ask()
    assert len({label[:-2] for label in answered}) == 8
    assert {label[-1] for label in answered} == {"2", "4"}
