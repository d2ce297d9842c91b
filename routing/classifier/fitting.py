"""Multinomial logistic regression with an offset, over a kernel matrix.

The weights are a sum over the examples, W = Xᵀ A, so fitting needs only K = X Xᵀ. With a few thousand
examples and ten times as many features that is cheaper, and one K serves every fold of a cross-validation.
The minimiser is L-BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.4) in the inner product ⟨A,
B⟩ = tr(Aᵀ K B), which takes the same steps as L-BFGS over W.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from routing.classifier.arrays import Floats

#: The number of step pairs that L-BFGS stores, the largest number of steps, and the length of the gradient,
#: per unit of example weight, at which fitting ends.
_MEMORY, _MAX_STEPS, _SMALL_GRADIENT = 8, 40, 2e-4
_LEAST_STEP = 1e-5


@dataclass(slots=True)
class _StepPair:
    """A step and the change of the gradient that it caused, each with its product with K."""

    step: Floats
    step_k: Floats
    turn: Floats
    turn_k: Floats
    product: float


@dataclass(frozen=True, slots=True)
class RegressionProblem:
    """The input of a fit: n examples, k departments.

    `kernel` is n × n. `targets` is n × k with one 1 in each row. `weights` has n entries, 0 for examples that
    are left out. `offset` (n × k) are the scores known before learning. `ridge` is the factor of the penalty
    ½‖W‖².
    """

    kernel: Floats
    targets: Floats
    weights: Floats
    offset: Floats
    ridge: float

    def value_and_gradient(self, share: Floats, scores: Floats) -> tuple[float, Floats]:
        """Return the value and its gradient at A = `share`.

        `scores` must be K A.
        """
        import numpy as np

        total = self.offset + scores
        top = total.max(axis=1, keepdims=True)
        raised = np.exp(total - top)
        sums = raised.sum(axis=1, keepdims=True)
        loss = (top + np.log(sums))[:, 0] - (self.targets * total).sum(axis=1)
        value = float(self.weights @ loss) + 0.5 * self.ridge * float((share * scores).sum())
        return value, self.weights[:, None] * (raised / sums - self.targets) + self.ridge * share


def fit_regression(problem: RegressionProblem) -> tuple[Floats, Floats]:
    """Find the A with the least value; return A and K A.

    Both are n × k. Deterministic.
    """
    import numpy as np

    share = np.zeros_like(problem.offset)
    scores = np.zeros_like(problem.offset)
    value, gradient = problem.value_and_gradient(share, scores)
    gradient_k = problem.kernel @ gradient
    small = (_SMALL_GRADIENT * float(problem.weights.sum())) ** 2
    pairs: list[_StepPair] = []
    for _ in range(_MAX_STEPS):
        length = float((gradient * gradient_k).sum())
        if length <= small:
            break
        direction, direction_k = _direction(pairs, gradient, gradient_k, length)
        slope = float((gradient * direction_k).sum())
        step = 1.0
        while step > _LEAST_STEP:
            new_value, new_gradient = problem.value_and_gradient(
                share + step * direction, scores + step * direction_k
            )
            if new_value <= value + 1e-4 * step * slope:
                break
            step /= 2
        else:
            break
        new_gradient_k = problem.kernel @ new_gradient
        pair = _StepPair(
            step * direction, step * direction_k, new_gradient - gradient, new_gradient_k - gradient_k, 0.0
        )
        pair.product = float((pair.step_k * pair.turn).sum())
        share, scores, value = share + pair.step, scores + pair.step_k, new_value
        gradient, gradient_k = new_gradient, new_gradient_k
        if pair.product > 1e-10:
            pairs = [*pairs[1 - _MEMORY :], pair]
    return share, scores


def _direction(
    pairs: list[_StepPair], gradient: Floats, gradient_k: Floats, length: float
) -> tuple[Floats, Floats]:
    """Return the descent direction and its product with K.

    This is the two-loop recursion of L-BFGS.
    """
    direction, direction_k = gradient.copy(), gradient_k.copy()
    shares: list[float] = []
    for pair in reversed(pairs):
        share = float((pair.step_k * direction).sum()) / pair.product
        shares.append(share)
        direction -= share * pair.turn
        direction_k -= share * pair.turn_k
    scale = 1.0 / max(1.0, length**0.5)
    if pairs:
        scale = pairs[-1].product / float((pairs[-1].turn * pairs[-1].turn_k).sum())
    direction *= scale
    direction_k *= scale
    for pair, share in zip(pairs, reversed(shares), strict=True):
        correction = share - float((pair.turn_k * direction).sum()) / pair.product
        direction += correction * pair.step
        direction_k += correction * pair.step_k
    return -direction, -direction_k
