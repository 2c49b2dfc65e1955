"""The reference that acts at random: the floor of the table.

There is nothing to learn. "Training" writes the submission directory: the smallest example of one.
"""

from baselines import random_policy
from baselines.submission import write_untrained
from drivebench.baseline import Baseline, TrainReport, TrainRequest


def train(request: TrainRequest) -> TrainReport:
    """Write the submission; seed, data, budget and device make no difference."""
    write_untrained(request, BASELINE, policy=random_policy, sensors=("speed",))
    return TrainReport(submission=request.out, metrics={})


BASELINE = Baseline(name="random", title="Random actions", paper="", demand=None, train=train)
