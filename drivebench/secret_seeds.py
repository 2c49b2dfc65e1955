"""Secret seeds: drawn from a key whose digest is published before, and the key itself after.

Whoever organises a competition makes a key and publishes its commitment. All seeds of the secret suite follow
from the key, so that nobody can choose them afterwards, and the commitment says nothing about them. When the
competition is over the key is published: anyone can check that it is the one that was committed to, and that
the suite's episodes are those of the key, in order.

The seeds are HMAC-SHA-256 values (RFC 2104) of the cell and a running number; the commitment is a SHA-256 of
the key behind a fixed prefix. A key has 256 random bits, so that neither can be searched.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Self

from drivebench.errors import DataError
from drivebench.scenario import SECRET
from drivebench.suite import Suite

__all__ = ["SecretKey", "check_revealed"]

_PREFIX = b"drivebench secret seeds, version 1\0"
_BYTES = 32


@dataclass(frozen=True)
class SecretKey:
    """What secret seeds follow from.

    Attributes:
        value: 32 bytes.
    """

    value: bytes

    def __post_init__(self) -> None:
        if len(self.value) != _BYTES:
            raise DataError(f"a secret key of {len(self.value)} bytes; expected {_BYTES}")

    @classmethod
    def fresh(cls) -> Self:
        """A new one, from the operating system's random numbers."""
        return cls(secrets.token_bytes(_BYTES))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a key from a file of 64 hexadecimal digits.

        Raises:
            DataError: There is no such file, or it holds something else.
        """
        try:
            text = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"cannot read a secret key from {path}: {error}") from error
        if not re.fullmatch(f"[0-9a-f]{{{2 * _BYTES}}}", text):
            raise DataError(f"{path} is not a secret key; expected {2 * _BYTES} hexadecimal digits")
        return cls(bytes.fromhex(text))

    def write(self, path: Path) -> None:
        """Write it to a new file that nobody else may read.

        Raises:
            DataError: The file is there already, or cannot be written.
        """
        try:
            path.touch(mode=0o600, exist_ok=False)
            path.write_text(self.value.hex() + "\n", encoding="ascii")
        except OSError as error:
            raise DataError(f"cannot write a secret key to {path}: {error}") from error

    @property
    def commitment(self) -> str:
        """What is published before: SHA-256, hexadecimal."""
        return hashlib.sha256(_PREFIX + self.value).hexdigest()

    def seed(self, scenario: str, condition: str, number: int) -> int:
        """One of the seeds of a cell.

        Args:
            scenario: Id of the scenario.
            condition: Name of the condition.
            number: From 0.
        """
        message = f"{scenario}/{condition}/{number}".encode()
        digest = hmac.new(self.value, message, hashlib.sha256).digest()
        return SECRET.start + int.from_bytes(digest[:16], "big") % len(SECRET)

    def seeds(self, scenario: str, condition: str) -> Iterator[int]:
        """All seeds of a cell, without end."""
        return (self.seed(scenario, condition, number) for number in count())


def check_revealed(suite: Suite, key: SecretKey, commitment: str) -> None:
    """Whether a suite is what was committed to.

    Args:
        suite: As it was driven.
        key: As it was revealed.
        commitment: As it was published before.

    Raises:
        DataError: The key is another one, or an episode does not follow from it.
    """
    if not hmac.compare_digest(key.commitment, commitment.strip().lower()):
        raise DataError(
            f"the key has the commitment {key.commitment}; what was published is {commitment}: it is another "
            "key"
        )
    refused = {line.partition(":")[0] for line in suite.refused}
    cells: dict[tuple[str, str], Iterator[int]] = {}
    for entry in suite.entries:
        cell = entry.scenario, entry.condition
        seeds = cells.setdefault(cell, key.seeds(*cell))
        expected = next(seeds)
        while f"{entry.scenario}/{entry.condition}/{expected}" in refused:
            expected = next(seeds)
        if entry.seed != expected:
            raise DataError(
                f"{entry.key} of the suite {suite.name!r} does not follow from the key: expected the seed "
                f"{expected} there, or its name among the refused episodes"
            )
