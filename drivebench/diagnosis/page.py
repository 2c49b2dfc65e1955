"""From a diagnosis to one HTML file that loads nothing."""

from base64 import b64encode
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from drivebench.diagnosis.diagnosis import Diagnosis
from drivebench.diagnosis.figures import figures
from drivebench.diagnosis.intervals import LEVEL
from drivebench.diagnosis.words import number, sentences

__all__ = ["render_page"]


def render_page(diagnosis: Diagnosis) -> str:
    """The page as HTML.

    Every text is escaped by the template; figures are part of the file.

    Args:
        diagnosis: What was found.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
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
