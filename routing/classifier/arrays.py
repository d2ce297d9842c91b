"""Sparse feature rows and the matrix operations on them.

numpy takes 25 MB, so it is imported inside the functions that use it: web processes and poll workers that
never ask the learned router do not load it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float32]
    Ints: TypeAlias = NDArray[np.int64]

#: One row: (feature number, value) pairs.
FeatureRow = Sequence[tuple[int, float]]
#: Features that occur in more than `_DENSE_FROM` rows are multiplied as dense matrices, `_BLOCK` features and
#: `_STRIPE` rows at a time.
_DENSE_FROM, _BLOCK, _STRIPE = 48, 512, 500


@dataclass(frozen=True, slots=True)
class SparseRows:
    """A sparse matrix by rows (CSR): feature numbers and values. Twelve bytes per value."""

    features: Ints
    values: Floats
    #: The index at which each row begins, and the end of the last row: `count + 1` entries.
    starts: Ints
    width: int

    @property
    def count(self) -> int:
        return len(self.starts) - 1


@dataclass(frozen=True, slots=True)
class SparseColumns:
    """The same matrix by columns (CSC): for each feature the numbers of its rows, and the values."""

    rows: Ints
    values: Floats
    #: The index at which each feature begins, and the end of the last one: `width + 1` entries.
    starts: Ints
    count: int

    @property
    def width(self) -> int:
        return len(self.starts) - 1


def pack_rows(rows: Iterable[FeatureRow], width: int) -> SparseRows:
    """Pack `rows` of at most `width` features.

    `rows` may be a generator, so that only one row at a time exists as Python numbers: thousands of them
    would take a hundred megabytes.
    """
    import numpy as np

    features, values, starts = array("q"), array("f"), array("q", [0])
    for row in rows:
        features.extend(feature for feature, _ in row)
        values.extend(value for _, value in row)
        starts.append(len(features))
    return SparseRows(
        np.frombuffer(features, np.int64) if features else np.zeros(0, np.int64),
        np.frombuffer(values, np.float32) if values else np.zeros(0, np.float32),
        np.frombuffer(starts, np.int64),
        width,
    )


def transpose_rows(sparse: SparseRows) -> SparseColumns:
    """Convert rows to columns."""
    import numpy as np

    row_numbers = np.repeat(np.arange(sparse.count), np.diff(sparse.starts))
    order = np.argsort(sparse.features, kind="stable")
    starts = np.searchsorted(sparse.features[order], np.arange(sparse.width + 1))
    return SparseColumns(row_numbers[order], sparse.values[order], starts, sparse.count)


def kernel_matrix(columns: SparseColumns) -> Floats:
    """Compute the kernel matrix K = X Xᵀ (n × n)."""
    import numpy as np

    product = np.zeros((columns.count, columns.count), np.float32)
    sizes = np.diff(columns.starts)
    common = np.flatnonzero(sizes > _DENSE_FROM)
    for at in range(0, len(common), _BLOCK):
        part = common[at : at + _BLOCK]
        dense = np.zeros((columns.count, len(part)), np.float32)
        for column, feature in enumerate(part):
            span = slice(columns.starts[feature], columns.starts[feature + 1])
            dense[columns.rows[span], column] = columns.values[span]
        for top in range(0, columns.count, _STRIPE):
            product[top : top + _STRIPE] += dense[top : top + _STRIPE] @ dense.T
    for feature in np.flatnonzero((sizes > 0) & (sizes <= _DENSE_FROM)):
        span = slice(columns.starts[feature], columns.starts[feature + 1])
        rows, values = columns.rows[span], columns.values[span]
        product[rows[:, None], rows] += np.outer(values, values)
    return product


def feature_weights(columns: SparseColumns, share: Floats) -> Floats:
    """Compute Xᵀ A, the weights of the features (width × k).

    `share` is A (n × k): the coefficient of each row.
    """
    import numpy as np

    weights = np.zeros((columns.width, share.shape[1]), np.float32)
    present = np.flatnonzero(np.diff(columns.starts))
    if len(present):
        starts = columns.starts[present]
        for column in range(share.shape[1]):
            weights[present, column] = np.add.reduceat(columns.values * share[columns.rows, column], starts)
    return weights


def score_rows(sparse: SparseRows, weights: Floats) -> Floats:
    """Compute X W, the scores of the rows (n × k)."""
    import numpy as np

    scores = np.zeros((sparse.count, weights.shape[1]), np.float32)
    for at in range(sparse.count):
        span = slice(sparse.starts[at], sparse.starts[at + 1])
        scores[at] = sparse.values[span] @ weights[sparse.features[span]]
    return scores
