"""Accounts and their tokens, of which only a hash is kept."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from drivebench.errors import ConfigurationError
from service.database import Database, now

__all__ = ["Account", "Accounts"]


@dataclass(frozen=True, kw_only=True)
class Account:
    """Somebody who may submit.

    Attributes:
        name: As the organiser gave it.
        made: When it got its token, UTC, ISO 8601.
        revoked: Whether its token is no longer valid.
        submissions: How many it has sent.
    """

    name: str
    made: str
    revoked: bool
    submissions: int


class Accounts(Database):
    """Who may submit."""

    def give_token(self, name: str) -> str:
        """A new token for an account, which is made if it is not there; an earlier one is no longer valid.

        Args:
            name: Of the account.

        Returns:
            The token. It is kept nowhere, but for its hash.
        """
        public, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        with self._transaction(writes=True) as rows:
            rows.execute(
                "INSERT OR REPLACE INTO accounts (name, public, hash, made) VALUES (?, ?, ?, ?)",
                (name, public, _hashed(secret), now()),
            )
        return f"{public}.{secret}"

    def revoke_token(self, name: str) -> None:
        """Make the token of an account invalid.

        Raises:
            ConfigurationError: There is no such account.
        """
        with self._transaction(writes=True) as rows:
            if not rows.execute("UPDATE accounts SET revoked = 1 WHERE name = ?", (name,)).rowcount:
                raise ConfigurationError(
                    f"there is no account {name!r}. Expected one that `drivebench serve accounts` lists."
                )

    def everybody(self) -> list[Account]:
        """All of them, by name."""
        with self._transaction() as rows:
            found = rows.execute(
                "SELECT name, made, revoked, (SELECT count(*) FROM submissions WHERE account = name) AS sent "
                "FROM accounts ORDER BY name"
            ).fetchall()
        return [
            Account(name=r["name"], made=r["made"], revoked=bool(r["revoked"]), submissions=r["sent"])
            for r in found
        ]

    def account_of(self, token: str) -> str | None:
        """The account of a token, compared in constant time; None when the token is not valid."""
        public, _, secret = token.partition(".")
        with self._transaction() as rows:
            row = rows.execute(
                "SELECT name, hash FROM accounts WHERE public = ? AND NOT revoked", (public,)
            ).fetchone()
        expected = _hashed("") if row is None else row["hash"]
        return row["name"] if hmac.compare_digest(_hashed(secret), expected) and row is not None else None


def _hashed(secret: str) -> bytes:
    """A token's secret has 256 random bits: a slow hash would protect nothing more."""
    return hashlib.sha256(secret.encode()).digest()
