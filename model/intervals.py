"""How far a number may be off: 10% and 90% quantiles of what is sold, by prediction.

Learnt from past months that were forecast from what precedes them, so that the errors
are those of forecasts: of the pairs with about this prediction, what did the lowest and
the highest tenth sell? (Split conformal prediction, by bins of the prediction; see
Vovk, "Conditional validity of inductive conformal predictors", 2012.)
"""

from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from feature_store.arrays import load_array
from feature_store.definitions import TARGET_RANGE

LOWER, UPPER = 0.1, 0.9

# A bin holds a twentieth of the rows from it upwards: the few large predictions, which
# differ most, have bins as fine as the many small ones.
_SHARE, _LEAST_ROWS = 0.05, 200
_DECIMALS = 3

Floats = NDArray[np.float32]


class Interval(msgspec.Struct, frozen=True):
    """Eight of ten such pairs sell from `lower` to `upper` units."""

    lower: float
    upper: float


class Intervals:
    """Looks intervals up in a table (bins, 3): from which prediction on, lower, upper.

    >>> table = np.array([[0, 0, 0], [0.5, 0, 1.75], [2, 1, 4]], np.float32)
    >>> Intervals(table).one(1.3)
    Interval(lower=0.0, upper=1.75)
    """

    def __init__(self, table: Floats) -> None:
        self._table = table
        starts, *bounds = (list(map(_shortest, column)) for column in table.T)
        self._starts = starts
        self._intervals = [Interval(*pair) for pair in zip(*bounds, strict=True)]

    @classmethod
    def open(cls, path: Path) -> "Intervals":
        """The table in a .npy file. Raises ArtifactError."""
        return cls(load_array(path))

    def one(self, prediction: float) -> Interval:
        """The interval of a prediction, units."""
        return self._intervals[bisect_right(self._starts, prediction) - 1]

    def many(self, predictions: Floats) -> tuple[Floats, Floats]:
        """Lower and upper bounds, units: two of shape (rows,), float32."""
        at = np.searchsorted(self._table[:, 0], predictions, side="right") - 1
        return self._table[at, 1], self._table[at, 2]


def _shortest(value: np.float32) -> float:
    """The float of a float32's shortest digits, as predictions are written."""
    return float(str(value))


def fine(rows: int) -> list[int]:
    """Where the bins of so many rows begin: all but the first, by rank."""
    above, firsts = _LEAST_ROWS, []
    while above <= rows - _LEAST_ROWS:
        firsts.append(rows - above)
        above += max(_LEAST_ROWS, int(above * _SHARE))
    return firsts


def tenths(rows: int) -> list[int]:
    """Where the bins begin that hold a tenth of the rows each: all but the first."""
    return [rows * i // 10 for i in range(1, 10)]


def learn(
    predicted: Floats, actual: Floats, bins: Callable[[int], list[int]] = fine
) -> Floats:
    """The table of Intervals, (bins, 3), from past forecasts and what was sold.

    Both have shape (rows,), at least one, clipped to TARGET_RANGE. Equal predictions
    share a bin. Bounds never fall as the prediction grows: where a bin's would, the
    wider interval stands.
    """
    order = np.argsort(predicted, kind="stable")
    predicted, actual = predicted[order], actual[order]
    starts = np.searchsorted(predicted, predicted[bins(len(predicted))])
    firsts = np.unique([0, *starts])
    table = np.zeros((len(firsts), 3), np.float32)
    table[1:, 0] = predicted[firsts[1:]]  # the first bin begins at 0
    for row, sold in zip(table, np.split(actual, firsts[1:]), strict=True):
        row[1:] = quantile(sold, LOWER), quantile(sold, UPPER)
    table[::-1, 1] = np.minimum.accumulate(table[::-1, 1])
    table[:, 2] = np.maximum.accumulate(table[:, 2])
    table[:, 1:] = table[:, 1:].round(_DECIMALS)
    return table


def quantile(sold: Floats, level: float) -> float:
    """The units that a share `level` of the rows does not exceed.

    Between two whole numbers, interpolated on the distribution's steps: the whole one
    would hold far more than `level` where most sell one or none. The end of
    TARGET_RANGE stands for all that is beyond it, and is taken whole.
    """
    values, counts = np.unique(sold, return_counts=True)
    share = np.cumsum(counts) / len(sold)
    if values[np.searchsorted(share, level)] == TARGET_RANGE[1]:
        return TARGET_RANGE[1]
    return float(np.interp(level, share, values))
