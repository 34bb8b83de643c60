"""scikit-learn's MLPClassifier: one network at a time, plain SGD; one `partial_fit` is one epoch.

For two classes it trains one sigmoid output where the others train two of a softmax: a little less work.
"""

from __future__ import annotations

import numpy as np

from benchmarks.contestants import Block, repeated
from benchmarks.networks import LEARNING_RATE, N_TRAIN, Task, examples


class ScikitLearn:
    """The classifier with the hidden layers of the task."""

    def __init__(self, task: Task) -> None:
        from sklearn.neural_network import MLPClassifier

        self.task = task
        self.x, self.y = examples(task, N_TRAIN)
        self.model = MLPClassifier(
            task.sizes[1:-1],
            solver="sgd",
            momentum=0.0,
            nesterovs_momentum=False,
            alpha=0.0,
            learning_rate_init=LEARNING_RATE,
            batch_size=task.batch_size,
            random_state=0,
        )
        self.classes = np.unique(self.y)
        self.info: dict[str, object] = {}
        self.epoch()

    def epoch(self) -> float:
        """One epoch; returns its number of steps."""
        self.model.partial_fit(self.x, self.y, classes=self.classes)
        return self.task.n_steps

    def block(self, seconds: float) -> Block:
        return repeated(self.epoch, seconds)
