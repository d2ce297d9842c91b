"""The examples of a training, as texts with labels and as arrays. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from routing.classifier.arrays import SparseColumns, kernel_matrix, pack_rows, score_rows, transpose_rows
from routing.classifier.features import FeatureSpace, Votes, build_feature_space
from routing.classifier.fitting import RegressionProblem
from routing.classifier.hints import likeness_weights
from routing.classifier.router import belief_scores

if TYPE_CHECKING:
    from routing.classifier.arrays import Floats

#: The ridge penalty on large weights, against a loss summed over all examples. Measured; see docs/decisions.
RIDGE = 0.1
#: The bonus for the department that the rules name: `LOYALTY` with `FULL_LOYALTY_AT` corrections, 0 from
#: `NO_LOYALTY_AT` on.
LOYALTY, FULL_LOYALTY_AT, NO_LOYALTY_AT = 0.5, 50, 1_000


@dataclass(frozen=True, slots=True)
class Example:
    """A text, the department (slug) that a person chose for it, and the rules' votes."""

    text: str
    department: str
    votes: Votes


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The examples as arrays: n examples, k departments. Arrays are n × k unless noted otherwise."""

    examples: Sequence[Example]
    labels: list[str]
    departments: list[str]
    space: FeatureSpace
    #: The examples' features by column, and the product of every example with every other (n × n).
    columns: SparseColumns
    kernel: Floats
    #: 1 for the department that a person chose, else 0.
    targets: Floats
    #: The scores of the rules' votes, without loyalty for fitting and with loyalty for deciding.
    beliefs: Floats
    loyal_beliefs: Floats
    #: The similarity of the examples to each department's words, and the weights that compute it (features ×
    #: k).
    likenesses: Floats
    likeness_weights: Floats

    def build_problem(self, weights: Sequence[float]) -> RegressionProblem:
        """Return the regression problem with the given weights of the examples.

        The weights are balanced so that all departments have the same total weight.
        """
        import numpy as np

        weight = np.asarray(weights, np.float32)
        sizes = weight @ self.targets
        balance = weight.sum() / ((sizes > 0).sum() * np.maximum(sizes, 1.0))
        return RegressionProblem(
            self.kernel,
            self.targets,
            (weight * (self.targets @ balance)).astype(np.float32),
            self.beliefs + self.likenesses,
            RIDGE,
        )

    def decision_scores(self, learned: Floats, strength: float) -> Floats:
        """Return the scores that decide, with `learned` multiplied by `strength`.

        `strength` also multiplies the similarity to the rules' words.
        """
        return self.loyal_beliefs + (self.likenesses + learned) * strength


def build_training_data(examples: Sequence[Example], hints: Sequence[tuple[str, str]]) -> TrainingData:
    """Build the arrays from examples and `hints`: (words, department) of the rules."""
    import numpy as np

    labels = [example.department for example in examples]
    rule_departments = (example.votes.department for example in examples)
    departments = sorted({*labels, *rule_departments, *(department for _, department in hints)})
    votes = [example.votes for example in examples]
    space = build_feature_space([example.text for example in examples], (words for words, _ in hints), votes)
    rows = pack_rows((space.feature_row(example.text, example.votes) for example in examples), space.width)
    columns = transpose_rows(rows)
    targets = np.zeros((len(examples), len(departments)), np.float32)
    targets[range(len(examples)), [departments.index(label) for label in labels]] = 1.0
    hint_weights = likeness_weights(space, hints, departments)
    loyalty = loyalty_for(len(examples))
    return TrainingData(
        examples=examples,
        labels=labels,
        departments=departments,
        space=space,
        columns=columns,
        kernel=kernel_matrix(columns),
        targets=targets,
        beliefs=np.asarray([belief_scores(vote, departments) for vote in votes], np.float32),
        loyal_beliefs=np.asarray([belief_scores(vote, departments, loyalty) for vote in votes], np.float32),
        likenesses=score_rows(rows, hint_weights),
        likeness_weights=hint_weights,
    )


def loyalty_for(examples: int) -> float:
    """Return the bonus for the rules' department with so many examples.

    It falls linearly with the logarithm of `examples`.
    """
    return LOYALTY * max(0.0, math.log(NO_LOYALTY_AT / examples) / math.log(NO_LOYALTY_AT / FULL_LOYALTY_AT))
