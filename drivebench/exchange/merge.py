"""Demonstrations from several places, in one set."""

from collections.abc import Sequence
from pathlib import Path

from drivebench import progress
from drivebench.demonstrations.record import Demonstration, Demonstrations
from drivebench.demonstrations.redrive import Log, driven_again
from drivebench.demonstrations.store import RECORD, read
from drivebench.errors import DataError
from drivebench.exchange.minari_import import is_minari, read_minari

__all__ = ["brought_together"]


def brought_together(
    sources: Sequence[str], driver: str | None = None
) -> tuple[Demonstrations, tuple[Log, ...]]:
    """Read demonstrations of any form and put them into one set, in the order given.

    Args:
        sources: Folders that ``drivebench collect`` wrote, folders of Minari data sets, or ids of those.
        driver: Who drove, where a source does not say.

    Returns:
        The set, and the action logs that were left out because they stop before their episode does.

    Raises:
        DataError: A source is none of these, was edited, or two hold the same episode by the same driver.
        ConfigurationError: Minari is not installed but needed.
    """
    episodes: list[Demonstration] = []
    left_out: list[Log] = []
    for source in sources:
        folder = Path(source)
        if (folder / RECORD).is_file():
            episodes += read(folder).episodes
        elif (folder / "meta" / "info.json").is_file():
            raise DataError(
                f"{source} is a LeRobot data set, which can be exported to but not imported; expected a "
                "folder that `drivebench collect` or `drivebench export --format minari` wrote, or a Minari "
                "data set"
            )
        elif folder.is_dir() and not is_minari(folder):
            raise DataError(
                f"{source} holds neither {RECORD} nor a Minari data set; expected a folder that `drivebench "
                "collect` or `drivebench export --format minari` wrote, or a Minari data set"
            )
        else:
            found = read_minari(source, driver)
            with progress.track(f"import {source}", len(found.logs), "episodes") as advance:
                again, unfinished = driven_again(found.logs, advance)
            for demonstration in again:
                found.check(demonstration)
            episodes += again
            left_out += unfinished
    if not episodes:
        raise DataError(
            f"{', '.join(sources)}: all of {len(left_out)} action logs stop before their episodes do; "
            "expected at least one whole episode"
        )
    return Demonstrations(episodes=tuple(episodes)), tuple(left_out)
