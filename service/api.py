"""The JSON API."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Security
from fastapi.responses import FileResponse, PlainTextResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import ClientDisconnect

from drivebench.evaluation.run_files import PACKED
from drivebench.suite import Suite
from service.accounts import Accounts
from service.answers import Problem, Row, SubmissionAnswer, SuiteAnswer, describe
from service.codes import Code, RefusedError
from service.intake import Intake
from service.settings import Settings
from service.store import State, Store, Submission
from service.throttle import Throttle

__all__ = ["Service", "make_api"]

LOG_BYTES = 64 << 10
ARCHIVES = ("application/zip", "application/gzip", "application/octet-stream")

_BEARER = HTTPBearer(auto_error=False, description="The token that the organiser gave you.")
_ID = Path(pattern=r"^[0-9a-f]{12}$", examples=["0123456789ab"], description="Of a submission.")
Id = Annotated[str, _ID]


@dataclass(frozen=True, kw_only=True)
class Service:
    """What all requests share.

    Attributes:
        settings: As the organiser decided.
        accounts: Who may submit.
        store: What was submitted.
        suite: What is driven.
    """

    settings: Settings
    accounts: Accounts
    store: Store
    suite: Suite

    @property
    def revealed(self) -> bool:
        """Whether anybody may know the suite."""
        return not self.settings.commitment or bool(self.store.fact("revealed"))

    def leaderboard(self) -> list[Row]:
        """Everything that is on the table, the best first."""
        revealed = self.revealed
        rows = []
        for row in self.store.finished():
            assert row.result is not None
            assert row.ended is not None
            kept = {name: row.result[name] for name in ("policy", "track", "digest", "dbs", "families")}
            rows.append(
                Row(
                    id=row.id,
                    account=row.account,
                    ended=row.ended,
                    record=_record(row, revealed=revealed),
                    **kept,
                )
            )
        return sorted(rows, key=lambda row: -row.dbs.value)

    def about_suite(self) -> SuiteAnswer:
        """What is driven here."""
        key = self.store.fact("revealed")
        return SuiteAnswer(
            name=self.suite.name,
            version=self.suite.version,
            digest=self.suite.digest,
            episodes=len(self.suite.entries),
            isolation=self.settings.isolation,
            hidden=not self.revealed,
            commitment=self.settings.commitment or None,
            key=key or None,
        )


def make_api(service: Service, intake: Intake) -> APIRouter:
    """The routes below ``/api``, and the records.

    Args:
        service: What they share.
        intake: Where archives arrive.
    """
    settings, store = service.settings, service.store
    throttle = Throttle(settings.requests_per_minute)

    def count(request: Request) -> None:
        throttle.count(f"address {request.client.host if request.client else ''}")

    def account_of(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
    ) -> str:
        name = None if credentials is None else service.accounts.account_of(credentials.credentials)
        if name is None:
            count(request)
            raise RefusedError(Code.TOKEN, "there is none" if credentials is None else "it is not valid")
        throttle.count(f"account {name}")
        return name

    def own(id: Id, account: Annotated[str, Depends(account_of)]) -> Submission:  # noqa: A002
        row = store.get(id)
        if row is None or row.account != account:
            raise RefusedError(Code.MISSING, f"you have no submission {id}")
        return row

    def answers(rows: list[Submission]) -> list[SubmissionAnswer]:
        revealed = service.revealed
        places = {row.id: place for place, row in enumerate(store.active(), 1)}
        return [
            describe(
                row,
                place=places.get(row.id),
                journal=store.journal(row.id),
                revealed=revealed,
                record=_record(row, revealed=revealed),
            )
            for row in rows
        ]

    anybody, account, one = [Depends(count)], Depends(account_of), Depends(own)
    api = APIRouter()

    @api.get("/api/suite", dependencies=anybody, responses=_says(429))
    def suite() -> SuiteAnswer:
        """What is driven here."""
        return service.about_suite()

    @api.get("/api/leaderboard", dependencies=anybody, responses=_says(429))
    def leaderboard() -> list[Row]:
        """Everything that is on the table, the best first."""
        return service.leaderboard()

    @api.get("/api/submissions", responses=_says(401, 429))
    def submissions(account: Annotated[str, account]) -> list[SubmissionAnswer]:
        """Your submissions, the latest first."""
        return answers(store.of_account(account))

    @api.post(
        "/api/submissions",
        status_code=201,
        responses=_says(401, 408, 413, 422, 429, 503, 507),
        openapi_extra={
            "requestBody": {
                "required": True,
                "description": "The archive itself: zip, or tar and gzip.",
                "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in ARCHIVES},
            }
        },
    )
    async def submit(request: Request, account: Annotated[str, account]) -> SubmissionAnswer:
        """Send a submission: the archive is the body of the request."""
        length = request.headers.get("content-length", "")
        try:
            name = await intake.take(account, request.stream(), int(length) if length.isdecimal() else None)
        except ClientDisconnect as error:
            raise RefusedError(Code.PATIENCE, "the connection broke off") from error
        return answers([store.of_id(name)])[0]

    @api.get("/api/submissions/{id}", responses=_says(401, 404, 422, 429))
    def submission(row: Annotated[Submission, one]) -> SubmissionAnswer:
        """One of your submissions, as far as it is."""
        return answers([row])[0]

    @api.post("/api/submissions/{id}/cancel", responses=_says(401, 404, 409, 422, 429))
    def cancel(row: Annotated[Submission, one]) -> SubmissionAnswer:
        """Stop one of your submissions; the upload stays counted."""
        if not store.ask_to_cancel(row.id):
            raise RefusedError(Code.LATE, f"{row.id} is {row.state.value}")
        return answers([store.of_id(row.id)])[0]

    @api.get(
        "/api/submissions/{id}/log",
        response_class=PlainTextResponse,
        responses=_says_in_json(401, 403, 404, 422, 429),
    )
    def log(row: Annotated[Submission, one]) -> str:
        """What your policy printed in the chunks that it failed in, the end of it."""
        if not service.revealed:
            raise RefusedError(Code.HIDDEN, "what a policy printed could be what it saw")
        folder = settings.places.runs / row.id / "logs"
        text = "".join(file.read_text("utf-8", "replace") for file in sorted(folder.glob("*.txt")))
        return text[-LOG_BYTES:]

    @api.get(
        "/records/{id}.zip",
        dependencies=anybody,
        response_class=FileResponse,
        responses=_says_in_json(403, 404, 422, 429)
        | {200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
    )
    def record(id: Id) -> FileResponse:  # noqa: A002
        """A finished run, packed: `drivebench verify` takes it as it is."""
        row = store.get(id)
        if row is None or row.state is not State.FINISHED:
            raise RefusedError(Code.MISSING, f"there is no record {id}")
        if not service.revealed:
            raise RefusedError(Code.HIDDEN, "its episodes have their seeds in their names")
        file = settings.places.records / service.suite.name / f"{id}{PACKED}"
        return FileResponse(file, media_type="application/zip", filename=f"{id}{PACKED}")

    return api


def _record(row: Submission, *, revealed: bool) -> str | None:
    return f"/records/{row.id}{PACKED}" if revealed and row.state is State.FINISHED else None


def _says(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documentation of answers that say no."""
    return {status: {"model": Problem, "description": _description(status)} for status in statuses}


def _says_in_json(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The same where the good answer is no JSON, of which FastAPI would take it for another."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"content": content, "description": _description(status)} for status in statuses}


def _description(status: int) -> str:
    return "; ".join(f"{code.value}: {code.meaning}" for code in Code if code.status == status)
