"""Writing what a baseline has learnt as a submission directory, the form that anybody's policy has.

======================= ===================================================================================
file                    holds
======================= ===================================================================================
``submission.toml``     name, authors, track, sensors, entry point, training data, paper
``policy.py``           the code that drives: a copy of one module of ``baselines``
``network.json``        which network (:class:`baselines.driving_network.Spec`)
``weights.safetensors`` its weights
``training.json``       settings, seed, digest of the demonstrations, losses, open-loop figures, versions
======================= ===================================================================================

The same request gives the same bytes in every file: nothing here tells the time, a path or a machine.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from safetensors.torch import save_file

from baselines import driving_network
from baselines.driving_network import WEIGHTS_FILE, DrivingNetwork
from drivebench.baseline import Baseline, TrainRequest
from drivebench.demonstrations import Demonstrations
from drivebench.new_folder import new_folder

__all__ = ["TRAINING_FILE", "write_submission", "write_untrained"]

TRAINING_FILE = "training.json"


def write_submission(
    request: TrainRequest,
    baseline: Baseline,
    *,
    network: DrivingNetwork,
    demonstrations: Demonstrations,
    config: Mapping[str, Any],
    losses: Mapping[str, Sequence[float]],
    metrics: Mapping[str, float],
    gathered: Mapping[str, int],
) -> None:
    """Write the directory of a trained policy; it appears only when it is complete.

    Args:
        request: Where to, and the seed and budget to be noted.
        baseline: What was trained.
        network: Its weights are written.
        demonstrations: The set of which it has learnt from the subset of the request.
        config: Settings of the training.
        losses: Course of the training loss, by phase.
        metrics: Open-loop figures.
        gathered: Frames that the expert has labelled on the learner's own drives, by phase.

    Raises:
        DataError: The path exists.
    """
    used = demonstrations.subset(*request.subset)
    drivers = f"driver{'s' if len(used.drivers) > 1 else ''} {', '.join(used.drivers)}"
    training = {
        "baseline": baseline.name,
        "budget": request.budget,
        "seed": request.seed,
        "device": request.device,
        "config": dict(config),
        "demonstrations": {
            "digest": demonstrations.digest,
            "subset": list(request.subset),
            "drivers": list(used.drivers),
            "episodes": len(used.episodes),
            "frames": used.frames,
        },
        "labelled_on_own_drives": dict(gathered),
        "open_loop": dict(metrics),
        "losses": {phase: list(course) for phase, course in losses.items()},
        "versions": {name: version(name) for name in ("drivebench", "torch", "numpy")},
    }
    scenarios = sorted({f"{e.scenario}/{e.condition}" for e in used.episodes})
    seeds = [episode.seed for episode in used.episodes]
    data = (
        f"{len(seeds)} episodes of the {drivers} on {', '.join(scenarios)}, seeds "
        f"{min(seeds)} to {max(seeds)}, digest {demonstrations.digest[:12]}"
        + (f", subset {' and '.join(request.subset)}" if request.subset else "")
        + (
            f", and {sum(gathered.values())} frames of its own drives, labelled by the expert"
            if gathered
            else ""
        )
        + (", beside what the simulator knows of the road and the vehicles" if network.spec.side_task else "")
    )
    with new_folder(request.out) as folder:
        _write_manifest(folder, baseline, network.spec.view, network.spec.sensors, data)
        _copy_policy(folder, driving_network)
        network.spec.write(folder)
        weights = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
        save_file(weights, folder / WEIGHTS_FILE)
        (folder / TRAINING_FILE).write_text(json.dumps(training, indent=1) + "\n", encoding="utf-8")


def write_untrained(
    request: TrainRequest, baseline: Baseline, *, policy: ModuleType, sensors: Sequence[str]
) -> None:
    """Write the directory of a policy that has learnt nothing.

    Args:
        request: Where to.
        baseline: Which one.
        policy: The module that drives.
        sensors: Names of the sensors that it wants.

    Raises:
        DataError: The path exists.
    """
    with new_folder(request.out) as folder:
        _write_manifest(folder, baseline, "camera", sensors, "none")
        _copy_policy(folder, policy)


def _write_manifest(folder: Path, baseline: Baseline, track: str, sensors: Sequence[str], data: str) -> None:
    fields = {
        "name": baseline.name,
        "authors": ["The drivebench authors"],
        "track": track,
        "sensors": list(sensors),
        "entry_point": "policy:load",
        "training_data": data,
        "paper": baseline.paper,
    }
    # a JSON string or list of strings is also one of TOML
    lines = [f"{key} = {json.dumps(value)}" for key, value in fields.items() if value]
    (folder / "submission.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _copy_policy(folder: Path, module: ModuleType) -> None:
    source = module.__file__
    assert source is not None
    shutil.copyfile(source, folder / "policy.py")
