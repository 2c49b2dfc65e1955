"""Hold the compiled world against stock highway-env, simulation step by simulation step.

Three comparisons, along whole episodes of every environment that highway-env registers:

* **parity**: the kernel with the C library's functions against stock highway-env, which must agree in every
  bit of every quantity of every vehicle (``states``) after every simulation step;
* **one decision**: the kernel in canonical numerics, set to the parity state before each decision, against
  parity after it; they may differ by what the last bit of that state makes of itself (``sensitivity``);
* **free running**: canonical numerics from the same start to the end. Where it first takes another discrete
  decision, that decision is shown to be a near-tie (``near_tie``).

What is compared with starts from the world that highway-env has reset; the world that drivebench's own
environment builds from the same seed must be the same.

Stock highway-env itself depends on the processor: NumPy's AVX512 functions and the fused products of
OpenBLAS for such processors round differently. The comparison therefore runs in processes in which both are
switched off, one process for each case, because highway-env's intersection changes class constants for all
others.

``python -m scenarios.stock.parity --seeds 30 --out docs/parity.md`` runs everything and writes the page.
"""

from scenarios.stock.parity.cases import CASES, VARIANTS, ParityCase
from scenarios.stock.parity.episode import EpisodeParity, compare_episode
from scenarios.stock.parity.near_tie import Tie
from scenarios.stock.parity.workers import ORACLE_ENVIRONMENT, Job, compare

__all__ = [
    "CASES",
    "ORACLE_ENVIRONMENT",
    "VARIANTS",
    "EpisodeParity",
    "Job",
    "ParityCase",
    "Tie",
    "compare",
    "compare_episode",
]
