"""Making the gallery: pictures of all scenarios, then one page."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from drivebench.errors import ConfigurationError
from drivebench.gallery.content import Gallery
from drivebench.gallery.photographs import family_view
from drivebench.gallery.render import render_gallery
from drivebench.progress import say, track
from drivebench.scenario import Scenario

__all__ = ["write_gallery"]


def write_gallery(scenarios: Sequence[Scenario], path: Path) -> None:
    """Write the page; it appears under its name only when it is whole.

    Args:
        scenarios: What to show, in order.
        path: Where; ends with ``.html``. Folders are made as needed, an earlier page is replaced.

    Raises:
        ConfigurationError: The name does not end so.
    """
    if path.suffix.lower() != ".html":
        raise ConfigurationError(f"--gallery is {path.name!r}; expected a name that ends with .html")
    total = sum(len(scenario.every_condition) for scenario in scenarios)
    with track("gallery", total, "conditions") as advance:
        families = tuple(family_view(scenario, advance) for scenario in scenarios)
    page = render_gallery(Gallery(families=families, version=version("drivebench")))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(page, encoding="utf-8")
    partial.replace(path)
    say(f"{path} written ({path.stat().st_size / 1e6:.1f} MB)")
