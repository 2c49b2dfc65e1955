"""What an organiser decides, and where the service keeps things."""

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from drivebench.errors import ConfigurationError
from drivebench.evaluation.manifest import Limits
from service.archive import Bounds

__all__ = ["Places", "Settings"]


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where things are.

    Attributes:
        data: The folder of the service.
    """

    data: Path

    @property
    def private(self) -> Path:
        """What the service's user alone may read: everything but submissions."""
        return self.data / "private"

    @property
    def database(self) -> Path:
        """Accounts, submissions and their states."""
        return self.private / "service.sqlite"

    @property
    def incoming(self) -> Path:
        """Archives on their way; empty when nobody uploads."""
        return self.private / "incoming"

    @property
    def submissions(self) -> Path:
        """A folder for each submission, as it was unpacked; open to the user that a policy becomes."""
        return self.data / "submissions"

    @property
    def runs(self) -> Path:
        """A run directory for each submission that passed the check."""
        return self.private / "runs"

    @property
    def logs(self) -> Path:
        """What each job printed, for the organiser."""
        return self.private / "logs"

    @property
    def records(self) -> Path:
        """Finished runs, packed, in a folder of their suite."""
        return self.private / "records"

    @property
    def table(self) -> Path:
        """The leaderboard's table as a piece of a page."""
        return self.private / "table.html"

    @property
    def pages(self) -> Path:
        """What ``drivebench site`` makes of the records; not there as long as the suite is hidden."""
        return self.private / "pages"

    def make(self) -> None:
        """Make the folders that are not there yet."""
        self.submissions.mkdir(parents=True, exist_ok=True)
        self.private.mkdir(mode=0o700, exist_ok=True)
        for folder in (self.incoming, self.runs, self.logs, self.records):
            folder.mkdir(exist_ok=True)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an organiser decides.

    Attributes:
        data: The folder of the service, absolute.
        suite: Name of the suite that is driven, or its manifest.
        isolation: Tier around every policy.
        commitment: To the key of a secret suite: nothing that tells of its seeds is shown before the key is
            revealed. Empty for a suite that anybody may know.
        check_suite: Of which some episodes are begun in the check; everybody may see what comes of them.
        workers: Processes that drive a submission; None for one for each processor.
        at_once: Submissions that are evaluated at the same time.
        limits: What a policy is allowed.
        hours: That a submission may take, check and all.
        upload_bytes: Of an archive.
        bounds: What an archive may unpack to.
        upload_s: Until an archive has arrived.
        uploads_per_day: Of an account, whatever came of them.
        waiting: Submissions of an account that have no verdict yet.
        queue: The same, of all accounts.
        requests_per_minute: Of an account, or of an address without one.
    """

    data: Path
    suite: str
    isolation: str
    commitment: str = ""
    check_suite: str = "smoke"
    workers: int | None = None
    at_once: int = 1
    limits: Limits = field(default_factory=Limits)
    hours: float = 6.0
    upload_bytes: int = 256 << 20
    bounds: Bounds = field(default_factory=Bounds)
    upload_s: float = 900.0
    uploads_per_day: int = 10
    waiting: int = 3
    queue: int = 100
    requests_per_minute: int = 300

    def __post_init__(self) -> None:
        counts = {
            name: getattr(self, name)
            for name in (
                "at_once",
                "hours",
                "upload_bytes",
                "uploads_per_day",
                "waiting",
                "queue",
                "requests_per_minute",
            )
        }
        for name, count in counts.items():
            if not count > 0:
                raise ConfigurationError(f"{name} is {count}; expected more than 0")

    @property
    def places(self) -> Places:
        """Where things are."""
        return Places(data=self.data)

    def encode(self) -> str:
        """As one line of JSON, for a job."""
        return _SETTINGS.dump_json(self).decode()

    @classmethod
    def decode(cls, line: str) -> "Settings":
        """What :meth:`encode` made."""
        return _SETTINGS.validate_json(line)


_SETTINGS = TypeAdapter(Settings)
