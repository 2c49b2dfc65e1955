"""Starting the service: what must hold before it answers anybody."""

import uvicorn
from filelock import FileLock, Timeout

from drivebench.errors import ConfigurationError
from drivebench.evaluation.isolation.tier import Tier
from drivebench.evaluation.isolation.tiers import choose, describe, require
from drivebench.progress import say
from drivebench.scenario import split_of
from drivebench.suite import Suite, load_suite
from service.accounts import Accounts
from service.api import Service
from service.settings import Settings
from service.store import Store
from service.web import make_app

__all__ = ["serve_here", "tier_for"]

LOCALHOST = ("127.0.0.1", "::1", "localhost")
CONNECTIONS = 200
PATIENCE_S = 10


def tier_for(asked: str | None) -> str:
    """The tier around every policy; the weakest is in force only when it is asked for by name.

    Args:
        asked: Its name; None for the strongest that comes into force here.

    Raises:
        ConfigurationError: It does not come into force, or only ``process`` does.
    """
    tier = choose() if asked is None else require(asked)
    if asked is None and tier is Tier.PROCESS:
        raise ConfigurationError(
            f"{describe(tier)}. Strangers send code to a service: expected tier 'landlock' or 'bubblewrap'. "
            "Mend the cause, or ask for --isolation process if you trust everybody who has a token."
        )
    say(describe(tier))
    return tier.value


def serve_here(settings: Settings, host: str, port: int) -> None:
    """Answer requests until the process is told to end.

    Args:
        settings: As the organiser decided.
        host: Address to listen on.
        port: The same.

    Raises:
        ConfigurationError: Another service works in the folder, it is of another suite, or a suite of secret
            seeds would not be kept secret.
    """
    suite = load_suite(settings.suite)
    _check_secrecy(suite, settings)
    places = settings.places
    places.make()
    try:
        with FileLock(places.private / "service.lock", timeout=0):
            accounts, store = Accounts(places.database), Store(places.database)
            _check_suite(store, suite, settings)
            app = make_app(Service(settings=settings, accounts=accounts, store=store, suite=suite))
            say(f"serving suite {suite.name} on http://{host}:{port} out of {settings.data}")
            if host in LOCALHOST:
                say("only this machine reaches it; docs/serve.md says how to put it behind a reverse proxy")
            else:
                say("others reach it, and nothing encrypts tokens: put a reverse proxy with TLS before it")
            config = uvicorn.Config(
                app,
                host,
                port,
                log_level="warning",
                access_log=False,
                server_header=False,
                limit_concurrency=CONNECTIONS,
                timeout_graceful_shutdown=PATIENCE_S,
            )
            uvicorn.Server(config).run()
    except Timeout as error:
        raise ConfigurationError(
            f"another service works in {settings.data}. Stop it first, or give another --data."
        ) from error


def _check_secrecy(suite: Suite, settings: Settings) -> None:
    """Nothing is hidden by mistake, and nothing shown by mistake."""
    if _is_secret(load_suite(settings.check_suite)):
        raise ConfigurationError(
            f"the check would show what happens on the secret suite {settings.check_suite}. Expected a "
            "--check-suite that anybody may know, such as smoke."
        )
    secret = _is_secret(suite)
    if secret and not settings.commitment:
        raise ConfigurationError(
            f"the suite {suite.name!r} has secret seeds, and everything would be shown. Give the commitment "
            "that `drivebench secret-suite` printed: --commitment HEX."
        )
    if settings.commitment and not secret:
        raise ConfigurationError(
            f"a commitment is given, but the seeds of the suite {suite.name!r} are known to everybody. "
            "Expected a suite that `drivebench secret-suite` made, or no --commitment."
        )


def _is_secret(suite: Suite) -> bool:
    return any(split_of(entry.seed) == "secret" for entry in suite.entries)


def _check_suite(store: Store, suite: Suite, settings: Settings) -> None:
    """A folder is of one suite: its submissions share a table."""
    before = store.fact("suite digest")
    if before and before != suite.digest:
        raise ConfigurationError(
            f"{settings.data} is of a suite with the digest {before[:12]}; {suite.name!r} has "
            f"{suite.digest[:12]}. Give another --data."
        )
    for name, value in (
        ("suite digest", suite.digest),
        ("suite", settings.suite),
        ("commitment", settings.commitment),
    ):
        store.note_fact(name, value)
