"""From a diagnosis to one HTML file that loads nothing."""

from base64 import b64encode
from pathlib import Path

from drivebench.diagnosis.diagnosis import Diagnosis
from drivebench.diagnosis.figures import figures
from drivebench.diagnosis.intervals import LEVEL
from drivebench.diagnosis.words import number, sentences
from drivebench.html_templates import html_templates

__all__ = ["render_page"]


def render_page(diagnosis: Diagnosis) -> str:
    """The page as HTML.

    Every text is escaped by the template; figures are part of the file.

    Args:
        diagnosis: What was found.
    """
    environment = html_templates(Path(__file__).parent)
    shown = []
    for found in diagnosis.scenarios:
        drawn = figures(found)
        measures = [
            (measure, said, b64encode(drawn[measure]).decode("ascii"))
            for measure, said in sentences(found).items()
        ]
        shown.append((found, measures))
    return environment.get_template("page.html.jinja").render(
        policy=diagnosis.policy, shown=shown, number=number, level=f"{100 * LEVEL:.0f} %"
    )
