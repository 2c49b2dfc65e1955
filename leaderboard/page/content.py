"""What the page shows, as data; everything in it was measured or rendered, nothing is written by hand."""

from dataclasses import dataclass

from leaderboard.rows import Table
from leaderboard.statistics import Estimate

__all__ = ["Contender", "Lesson", "PageContent", "Picture", "Replay", "Scene", "Stage"]


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One of the two policies of the lesson.

    Attributes:
        name: Of the policy.
        steering_r2: Open loop: share of the expert's steering variance that it explains on held-out frames.
        frames: How many frames.
        nominal: Closed loop: its score on lane-keeping from nominal starts.
        off_course: The same from starts beside the lane's centre.
    """

    name: str
    steering_r2: float
    frames: int
    nominal: Estimate
    off_course: Estimate


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """Open loop next to closed loop.

    Attributes:
        plain: The policy that learnt from the front camera alone.
        corrected: The policy that learnt from side cameras with corrected labels as well.
    """

    plain: Contender
    corrected: Contender

    @property
    def separated(self) -> bool:
        """Whether the corrected policy's interval from off-course starts is above the plain one's."""
        low, high = self.corrected.off_course.low, self.plain.off_course.high
        return low is not None and high is not None and low > high

    @property
    def difference(self) -> float:
        """In score points, from off-course starts."""
        return self.corrected.off_course.value - self.plain.off_course.value


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture with what it shows, for those who cannot see it."""

    png: bytes
    alt: str


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A scenario family."""

    id: str
    title: str
    description: str
    driver: Picture
    top: Picture


@dataclass(frozen=True, kw_only=True)
class Replay:
    """Both policies from the same start, side by side.

    Attributes:
        mp4: H.264 video.
        poster: Its first picture.
        start: Scenario, condition and seed.
        choice: Why this start is shown.
        outcomes: For each policy, in the order of the picture, what became of it.
    """

    mp4: bytes
    poster: Picture
    start: str
    choice: str
    outcomes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A step of the quickstart: the command that did it, and how long it took."""

    command: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class PageContent:
    """Everything on the page.

    Attributes:
        budget: ``smoke`` or ``full``.
        table: The leaderboard.
        lesson: The contrast.
        scenes: One for each family.
        replay: The same start twice.
        stages: In order.
        facts: Provenance: name and value.
    """

    budget: str
    table: Table
    lesson: Lesson
    scenes: tuple[Scene, ...]
    replay: Replay
    stages: tuple[Stage, ...]
    facts: tuple[tuple[str, str], ...]
