"""Feature vectors in, predicted units out, with the trees of the pickled booster.

Many rows are scored by the booster itself; few by ONNX Runtime, which starts ten times
quicker, from a file that the build derives from the booster and proves equal to it.
Both add up a row's leaves in the order of the trees: the digits are the same.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime as ort
import xgboost as xgb
from numpy.typing import NDArray

from feature_store.definitions import FEATURES, TARGET_RANGE
from feature_store.errors import ArtifactError, BuildError
from model.onnx_trees import INPUT, OUTPUT, base_margin, link_of, to_onnx

# Relative to predictions over 1: what rounding alone may do.
TOLERANCE = 1e-5
_BLOCK_ROWS = 8192
_MANY = 128  # rows: from here on the booster is quicker

Vectors = NDArray[np.float32]


class Scorer:
    """Scores vectors with a booster's trees.

    "Raw" predictions are after the link, before clipping; the others are clipped to
    TARGET_RANGE, as the target was. `threads` share the work on many rows.
    """

    def __init__(self, onnx: bytes, booster: xgb.Booster, threads: int = 1) -> None:
        options = ort.SessionOptions()
        # One thread a call: the sum over the trees is then in one order, always.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = ort.InferenceSession(
            onnx, options, providers=["CPUExecutionProvider"]
        )
        self._booster = booster
        self._base = base_margin(booster)
        self._link: Callable[[Vectors], Vectors] = (
            np.exp if link_of(booster) == "exp" else np.copy
        )
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self.derived(np.zeros((1, len(FEATURES)), np.float32))

    @classmethod
    def open(cls, path: Path, booster: xgb.Booster) -> "Scorer":
        """The scorer in a file, with a thread a core. Raises ArtifactError."""
        try:
            threads = len(os.sched_getaffinity(0))
            return cls(path.read_bytes(), booster, threads)
        except OSError as error:
            raise ArtifactError(f"{path}: {error.strerror}") from error
        except Exception as error:  # ONNX Runtime's errors have no base of their own
            raise ArtifactError(f"{path}: not a scorer: {error}") from error

    def raw(self, vectors: Vectors) -> Vectors:
        """Raw predictions, units: shape (rows,), float32, from (rows, 44)."""
        if len(vectors) < _MANY:
            return self.derived(vectors)
        starts = range(0, len(vectors), _BLOCK_ROWS)
        blocks = (vectors[start : start + _BLOCK_ROWS] for start in starts)
        scored = (self._pool.map if self._pool else map)(self._of_booster, blocks)
        return np.concatenate(list(scored))

    def _of_booster(self, vectors: Vectors) -> Vectors:
        leaves = self._booster.inplace_predict(
            vectors,
            predict_type="margin",
            validate_features=False,
            base_margin=np.zeros(len(vectors), np.float32),
        )
        return self._link(leaves + self._base)

    def derived(self, vectors: Vectors) -> Vectors:
        """What `raw` gives, by the derived trees alone."""
        leaves = self._session.run([OUTPUT], {INPUT: vectors})[0]
        return self._link(leaves[:, 0] + self._base)

    def many(self, vectors: Vectors) -> Vectors:
        """Predictions, units: shape (rows,), float32, from (rows, 44)."""
        return self.raw(vectors).clip(*TARGET_RANGE)

    def one(self, vector: Vectors) -> float:
        """The prediction, units, for one vector (44,): the shortest digits' float."""
        low, high = TARGET_RANGE
        return min(max(float(str(self.derived(vector[np.newaxis])[0])), low), high)


def derive(booster: xgb.Booster, path: Path, blocks: Iterable[Vectors]) -> float:
    """Write the scorer of a booster, and prove it over every vector of `blocks`.

    Returns the largest difference found, relative to predictions over 1. Raises
    BuildError where it is over TOLERANCE.
    """
    onnx = to_onnx(booster)
    scorer = Scorer(onnx, booster)
    largest = 0.0
    for vectors in blocks:
        expected = np.asarray(booster.inplace_predict(vectors), np.float64)
        found = scorer.derived(vectors)
        difference = np.abs(found - expected) / np.maximum(1, expected)
        largest = float(np.maximum(largest, difference.max()))  # NaN stays
    if not largest <= TOLERANCE:
        raise BuildError(
            f"the derived scorer differs from the booster by {largest:.2e},"
            f" more than {TOLERANCE:.0e}: not served"
        )
    path.write_bytes(onnx)
    return largest
