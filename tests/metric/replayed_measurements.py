"""Prints what action logs measure, in other surroundings: ``python replayed_measurements.py LOGS.npz``."""

import json
import sys

import numpy as np
from scripted_drivers import FAMILIES, episodes, references

from drivebench.evaluation.record import encode
from drivebench.evaluation.verify import replay


def measurements(logs: dict[str, np.ndarray]) -> dict[str, list[str]]:
    """Encoded measurements of each family, driven again from logs named ``family/number``."""
    found = {}
    for family in FAMILIES:
        count = len(episodes(family))
        actions = [logs[f"{family}/{k}"] for k in range(count)]
        found[family] = [
            encode(measured) for measured, _ in replay(episodes(family), references(family), actions)
        ]
    return found


if __name__ == "__main__":
    with np.load(sys.argv[1]) as stored:
        sys.stdout.write(json.dumps(measurements(dict(stored))))
