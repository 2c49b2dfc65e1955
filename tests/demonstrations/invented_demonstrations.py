"""Demonstrations that nobody drove: random numbers of the right shapes."""

import numpy as np

from drivebench.demonstrations import Demonstration


def a_demonstration(
    seed: int,
    *,
    frames: int = 20,
    entities: int = 3,
    driver: str = "expert",
    scenario: str = "toy-v1",
    condition: str = "nominal",
    score: float = 98.7654,
    success: bool = True,
    labelled: bool = False,
) -> Demonstration:
    rng = np.random.default_rng(seed)
    return Demonstration(
        scenario=scenario,
        condition=condition,
        seed=seed,
        driver=driver,
        world_digest="ab" * 32,
        success=success,
        score=score,
        actions=rng.integers(-32767, 32768, (frames, 2)).astype(np.int16),
        commands=rng.integers(0, 6, frames).astype(np.int8),
        states=rng.integers(-(2**20), 2**20, (frames, entities, 4)).astype(np.int32),
        kinds=np.arange(entities, dtype=np.int8),
        sizes_m=np.full((entities, 2), (5.0, 2.0)),
        labels=rng.integers(-32767, 32768, (frames, 2)).astype(np.int16) if labelled else None,
    )
