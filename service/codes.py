"""What the service says no to: stable codes, as those of ``drivebench check``, and the HTTP status of each.

The table in ``docs/serve.md`` is this one; a test holds them against each other.
"""

from enum import StrEnum

from drivebench.errors import DrivebenchError

__all__ = ["Code", "RefusedError", "code_of"]


class Code(StrEnum):
    """A code, with what it says and what to do.

    Attributes:
        status: Of the HTTP answer that says it; 0 for a verdict, which is no answer to a request.
        meaning: What was found.
        remedy: What to do about it.
    """

    status: int
    meaning: str
    remedy: str

    def __new__(cls, code: str, status: int, meaning: str, remedy: str) -> "Code":
        """A code with its texts."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.status, member.meaning, member.remedy = status, meaning, remedy
        return member

    # ------------------------------------------------------------------------------ archives
    KIND = ("DS101", 422, "neither a zip archive nor a gzipped tar archive", "send a .zip or a .tar.gz")
    BROKEN = (
        "DS102",
        422,
        "the archive is truncated, encrypted, or packed in an unusual way",
        "pack it again, without a password, with `zip -r` or `tar -czf`",
    )
    UPLOAD_SIZE = ("DS103", 413, "the archive is too large", "leave out what the policy does not read")
    CONTENT_SIZE = (
        "DS104",
        422,
        "the archive unpacks to too many bytes",
        "leave out what the policy does not read",
    )
    RATIO = (
        "DS105",
        422,
        "the archive unpacks to very much more than it is",
        "leave out files that are almost empty",
    )
    COUNT = ("DS106", 422, "too many files and folders", "leave out what the policy does not read")
    NAME = (
        "DS107",
        422,
        "a name that is absolute, leads out of the folder, is too long, or has odd characters",
        "pack the folder by a relative name, as `zip -r mine.zip mine`",
    )
    LINK = ("DS108", 422, "a symbolic or hard link", "put a copy in its place")
    SPECIAL = (
        "DS109",
        422,
        "a device, a pipe, a sparse file, or something else that is neither file nor folder",
        "leave it out",
    )
    TWICE = ("DS110", 422, "the same name twice, or one that is a file and a folder", "pack it again")
    # ------------------------------------------------------------------------------ requests
    TOKEN = (
        "DS201",
        401,
        "no token, or one that is not valid",
        "send `Authorization: Bearer TOKEN` with the token that the organiser gave you",
    )
    RATE = ("DS202", 429, "too many requests", "wait for as long as `Retry-After` says")
    DAILY = ("DS203", 429, "all uploads of a day are used up", "wait for as long as `Retry-After` says")
    WAITING = (
        "DS204",
        429,
        "too many submissions of this account are waiting",
        "wait for a verdict, or cancel one",
    )
    QUEUE = ("DS205", 503, "the queue is full", "try again later")
    UPLOADING = ("DS206", 429, "another upload of this account is going on", "send one after the other")
    MISSING = (
        "DS207",
        404,
        "there is nothing here, or it is somebody else's",
        "look at the list of your submissions",
    )
    LATE = ("DS208", 409, "it cannot be cancelled any more", "nothing: it has a verdict, or has it at once")
    HIDDEN = (
        "DS209",
        403,
        "the suite's seeds are secret until the organiser reveals them",
        "come back when the competition is over",
    )
    PATIENCE = ("DS210", 408, "the upload did not arrive in time", "try again, over a faster line")
    REQUEST = ("DS211", 422, "the request is not one that the service knows", "see /api/openapi.json")
    DISK = ("DS212", 507, "the service's disk is full", "tell the organiser")
    METHOD = ("DS213", 405, "this address knows other methods", "see /api/openapi.json")
    ERROR = ("DS214", 500, "an error of the service itself", "tell the organiser when it was")
    # ------------------------------------------------------------------------------ verdicts
    CHECK = ("DS301", 0, "the check refused it", "mend what its findings say, which have codes of their own")
    REPEATED = (
        "DS302",
        0,
        "the same submission was evaluated, or is being evaluated",
        "see the table; a changed submission is another one",
    )
    TIME = ("DS303", 0, "it took longer than a submission may", "be faster: the limit is on the page")
    FAILED = ("DS304", 0, "the service failed at it; nothing was scored", "tell the organiser")


def code_of(text: str) -> Code:
    """The code of a text, as it was kept or sent."""
    return next(code for code in Code if code.value == text)


class RefusedError(DrivebenchError):
    """The service says no.

    Attributes:
        code: Which no.
        problem: What exactly, for people.
        retry_s: After how many seconds it may be otherwise; None where waiting is of no use.
    """

    def __init__(self, code: Code, problem: str, retry_s: int | None = None) -> None:
        self.code = code
        self.problem = problem
        self.retry_s = retry_s
        super().__init__(f"{code.value}: {problem}")
