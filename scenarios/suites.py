"""The suites that drivebench ships: manifests in the folder beside this file.

Build them again after a change of a scenario or of the expert with ``python -m scenarios.suites build``, and
raise ``VERSION`` if they had been published.
"""

from pathlib import Path

__all__ = ["DEV", "FOLDER", "GENERALISATION", "RECOVERY", "SMOKE", "TEST"]

FOLDER = Path(__file__).with_suffix("")
SMOKE = FOLDER / "smoke.json"
DEV = FOLDER / "dev.json"
TEST = FOLDER / "test.json"
GENERALISATION = FOLDER / "generalisation.json"
RECOVERY = FOLDER / "recovery.json"

if __name__ == "__main__":
    from scenarios.suite_building import main

    main()
