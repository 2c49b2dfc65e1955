"""The web application: the API, the pages, and what every answer has in common."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from drivebench.html_templates import html_templates
from service.answers import Problem
from service.api import Service, make_api
from service.codes import Code, RefusedError
from service.dispatcher import Dispatcher
from service.headers import SafeHeaders
from service.intake import Intake

__all__ = ["make_app"]

PAGES = Path(__file__).parent / "pages"


def make_app(service: Service) -> ASGIApp:
    """The application; jobs run as long as it does.

    Args:
        service: What all requests share.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with Dispatcher(service.settings, service.store):
            yield

    app = FastAPI(
        title="drivebench evaluation service",
        version=version("drivebench"),
        summary="Send a submission, get a verdict that anybody can verify.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    app.include_router(make_api(service, Intake(service.settings, service.store)))
    _add_pages(app, service)
    app.mount("/static", StaticFiles(directory=PAGES / "static"))
    app.mount("/pages", StaticFiles(directory=service.settings.places.pages, html=True, check_dir=False))
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(RequestValidationError, _misunderstood)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _failed)
    return SafeHeaders(app)  # outside of all else, so that an error of the service has the headers, too


def _add_pages(app: FastAPI, service: Service) -> None:
    pages = html_templates(PAGES)

    def page(template: str) -> Callable[[], HTMLResponse]:
        def show() -> HTMLResponse:
            table = service.settings.places.table
            return HTMLResponse(
                pages.get_template(template).render(
                    suite=service.about_suite(),
                    settings=service.settings,
                    waiting=len(service.store.active()),
                    rows=service.leaderboard(),
                    pages=service.settings.places.pages.is_dir(),
                    # written by a job, which has escaped every text in it
                    table=Markup(table.read_text("utf-8") if table.is_file() else ""),
                )
            )

        return show

    app.get("/", include_in_schema=False)(page("leaderboard.html.jinja"))
    app.get("/submit", include_in_schema=False)(page("submit.html.jinja"))


def _answer(code: Code, problem: str, status: int, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(Problem.of(code, problem).model_dump(), status, headers)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    headers = {}
    if error.retry_s is not None:
        headers["Retry-After"] = str(error.retry_s)
    if error.code is Code.TOKEN:
        headers["WWW-Authenticate"] = "Bearer"
    return _answer(error.code, error.problem, error.code.status, headers)


async def _misunderstood(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()[0]
    where = ".".join(str(part) for part in found["loc"])
    return _answer(Code.REQUEST, f"{where}: {found['msg']}", Code.REQUEST.status)


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    codes = {Code.MISSING.status: Code.MISSING, Code.METHOD.status: Code.METHOD}
    problem = HTTPStatus(error.status_code).phrase.lower()
    code = codes.get(error.status_code, Code.REQUEST)
    return _answer(code, problem, error.status_code, dict(error.headers or {}))


async def _failed(_: Request, error: Exception) -> Response:
    """The organiser finds the traceback in the service's log; nobody else sees it."""
    del error
    return _answer(Code.ERROR, "the organiser's log says which", Code.ERROR.status)
