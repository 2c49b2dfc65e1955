"""The network of the baselines as a registered architecture: what drives it is not code of the submission.

``architecture = "driving-network-v1"`` in a ``submission.toml`` asks for it, with ``network.json`` and
``weights.safetensors`` beside it, as every training of a baseline writes them. The sizes are bounded, and the
encoder is one of those that are installed: timm would fetch another from the network when it is asked by an
address.
"""

import json
import re
from dataclasses import fields
from pathlib import Path

from safetensors import SafetensorError

from baselines.driving_network import NETWORK_FILE, WEIGHTS_FILE, DrivingPolicy, Spec
from baselines.driving_network import load as load_network
from drivebench.submission_codes import Code, ContentError

__all__ = ["load"]

WIDEST, MOST_FRAMES, LONGEST_STRIDE = 4096, 64, 64
LARGEST_SETTINGS = 1 << 16
_NAME = re.compile(r"[A-Za-z0-9_.]+")
"""Of an encoder: an address has a colon or a slash."""


def load(directory: str | Path) -> DrivingPolicy:
    """The policy of a submission directory, after a look at what it asks for.

    Args:
        directory: Folder that holds ``network.json`` and ``weights.safetensors``.

    Raises:
        ContentError: The settings or the weights are not what the network takes.
    """
    folder = Path(directory)
    _check_settings(folder / NETWORK_FILE)
    try:
        return load_network(folder)
    except (RuntimeError, SafetensorError) as error:  # torch's word for weights of another network
        raise ContentError(
            Code.NETWORK,
            f"{WEIGHTS_FILE} does not fit {NETWORK_FILE}: {str(error)[:300]}. Expected the weights of "
            "the network that it describes.",
        ) from error


def _check_settings(path: Path) -> None:
    """Raise unless the settings are of a network that fits into this process."""
    try:
        problem = _problem(path)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        problem = str(error)[:300]
    if problem:
        raise ContentError(
            Code.NETWORK,
            f"{path.name}: {problem}. Expected an object of the settings of baselines.driving_network.Spec.",
        )


def _problem(path: Path) -> str:
    """What is wrong with the settings; empty when nothing is."""
    if path.stat().st_size > LARGEST_SETTINGS:
        return f"more than {LARGEST_SETTINGS} bytes"
    content = json.loads(path.read_bytes())
    types = {field.name: field.type for field in fields(Spec)}
    wrong = [name[:80] for name, value in content.items() if type(value) is not types.get(name)]
    if wrong:
        return f"{', '.join(wrong)} unknown or of another type"
    spec = Spec(**content)
    if spec.width > WIDEST or spec.frames > MOST_FRAMES or spec.stride > LONGEST_STRIDE:
        most = f"{WIDEST}, {MOST_FRAMES} and {LONGEST_STRIDE}"
        return f"width {spec.width}, frames {spec.frames}, stride {spec.stride}; the most are {most}"
    if spec.encoder != "small" and not (_NAME.fullmatch(spec.encoder) and _is_model(spec.encoder)):
        return f"timm has no model {spec.encoder[:80]!r}"
    return ""


def _is_model(encoder: str) -> bool:
    import timm

    return bool(timm.is_model(encoder))
