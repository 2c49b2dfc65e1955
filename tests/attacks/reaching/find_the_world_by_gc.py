"""Find the world, the suite or the record among all objects of the process."""

import gc

STOPPED_FROM = "process"
WANTED = {"WorldBatch", "Suite", "SuiteEntry", "Episode", "Monitor", "RunManifest", "EpisodeRecord"}


def attack(targets: dict[str, str]) -> None:
    if not any(type(thing).__name__ in WANTED for thing in gc.get_objects()):
        raise LookupError
