"""From what the page shows to one HTML file that loads nothing."""

from base64 import b64encode
from pathlib import Path

from markupsafe import Markup

from drivebench.html_templates import html_templates
from drivebench.progress import duration
from leaderboard.formats.cells import head_of, interval_of, is_left, name_of, one_line, rank_of, value_of
from leaderboard.page.chart import lesson_chart
from leaderboard.page.content import PageContent
from leaderboard.statistics import LEVEL

__all__ = ["render_page"]


def render_page(content: PageContent) -> str:
    """The page as HTML.

    Every text is escaped by the template; pictures and the video are part of the file.

    Args:
        content: What to show.
    """
    environment = html_templates(Path(__file__).parent)
    environment.filters.update(data=_data, duration=duration, one_line=one_line)
    return environment.get_template("page.html.jinja").render(
        content=content,
        lesson=content.lesson,
        table=content.table,
        chart=Markup(lesson_chart(content.lesson)),  # made of numbers and escaped names
        level=f"{100 * LEVEL:.0f} %",
        total_s=sum(stage.seconds for stage in content.stages),
        head_of=head_of,
        interval_of=interval_of,
        is_left=is_left,
        name_of=name_of,
        rank_of=rank_of,
        value_of=value_of,
    )


def _data(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
