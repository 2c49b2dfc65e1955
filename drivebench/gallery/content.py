"""What the gallery shows, as data."""

from dataclasses import dataclass

from drivebench.conditions import COMMON_CONDITIONS
from drivebench.gallery.doc_page import DocPage

__all__ = ["ConditionView", "FamilyView", "Gallery", "GalleryPicture"]


@dataclass(frozen=True, kw_only=True)
class GalleryPicture:
    """A picture with what it shows, for those who cannot see it.

    Attributes:
        webp: The file.
        width: In pixels.
        height: The same.
        alt: In words.
    """

    webp: bytes
    width: int
    height: int
    alt: str


@dataclass(frozen=True, kw_only=True)
class ConditionView:
    """A scenario under a condition.

    Attributes:
        name: Of the condition.
        text: What it is about.
        moment: When and where the pictures are from.
        front: From the driver's seat.
        top: From above; None where the view from above is that of the nominal episode.
    """

    name: str
    text: str
    moment: str
    front: GalleryPicture
    top: GalleryPicture | None


@dataclass(frozen=True, kw_only=True)
class FamilyView:
    """A scenario.

    Attributes:
        id: Of the scenario.
        title: A few words.
        abilities: What it tests.
        horizon_s: Longest duration of an episode.
        open_ended: Whether there is no goal.
        page: What its docstring says.
        episode: Which one is shown, and who drives.
        front, top, left_mirror, right_mirror: The nominal episode's telling moment.
        conditions: All conditions, nominal first.
    """

    id: str
    title: str
    abilities: tuple[str, ...]
    horizon_s: float
    open_ended: bool
    page: DocPage
    episode: str
    front: GalleryPicture
    top: GalleryPicture
    left_mirror: GalleryPicture
    right_mirror: GalleryPicture
    conditions: tuple[ConditionView, ...]


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """The page.

    Attributes:
        families: In order.
        version: Of drivebench.
    """

    families: tuple[FamilyView, ...]
    version: str

    @property
    def conditions(self) -> tuple[str, ...]:
        """All names of conditions, each once: those of scenarios, then those that all scenarios have."""
        names = dict.fromkeys(each.name for family in self.families for each in family.conditions)
        return tuple(sorted(names, key=lambda name: name in COMMON_CONDITIONS))
