"""The reference that does nothing: what a scenario is worth without a driver.

There is nothing to learn. "Training" writes the submission directory: the smallest example of one.
"""

from baselines import idle_policy
from baselines.submission import write_untrained
from drivebench.baseline import Baseline, TrainReport, TrainRequest


def train(request: TrainRequest) -> TrainReport:
    """Write the submission; seed, data, budget and device make no difference."""
    write_untrained(request, BASELINE, policy=idle_policy, sensors=("speed",))
    return TrainReport(submission=request.out, metrics={})


BASELINE = Baseline(name="idle", title="Idle", paper="", demand=None, train=train)
